/* A race on purpose: two threads have the library write to one length. A ThreadSanitizer that says nothing about this
 * does not look into the library, and its silence about the rest would mean nothing (make tsan).
 *
 * The call touches nothing that threads share, so no lock of the library puts the two writes in an order: they race
 * however the threads are scheduled. */

#include <larder.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>

static size_t len;

static void *ask(void *unused) {
  char words[64];
  larder_error_text(0, words, sizeof words, &len);
  return unused;
}

int main(void) {
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) {
    if (pthread_create(&threads[i], NULL, ask, NULL) != 0) {
      return 1;
    }
  }
  for (int i = 0; i < 2; i++) {
    pthread_join(threads[i], NULL);
  }
  printf("%zu\n", len);
  return 0;
}
