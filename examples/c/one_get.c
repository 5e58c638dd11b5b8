/* What one GET costs a C program: nanoseconds, on a million keys of 16 bytes with values of 32, chosen at random.
 * `cargo xtask compare doors` runs it beside the same in Rust and JavaScript and over sockets. Another number of keys
 * may be given: `one_get 64` asks for hot ones. */

#define _POSIX_C_SOURCE 199309L
#include <larder.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CALLS = 2000000, KEY_LEN = 16 };

static double now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int main(int argc, char **argv) {
  int count = argc > 1 ? atoi(argv[1]) : 1000000;
  if (count < 1) {
    fputs("usage: one_get [number of keys]\n", stderr);
    return 1;
  }
  uint8_t value[64];
  char(*keys)[KEY_LEN + 1] = malloc(sizeof *keys * (size_t)count);
  larder_handle engine = 0;
  if (keys == NULL || larder_open(NULL, 0, &engine) != LARDER_OK) {
    return 1;
  }
  memset(value, 'v', 32);
  for (int n = 0; n < count; n++) {
    snprintf(keys[n], sizeof keys[n], "key:%012d", n);
    if (larder_set(engine, (const uint8_t *)keys[n], KEY_LEN, value, 32, 0, LARDER_ALWAYS) != LARDER_OK) {
      return 1;
    }
  }
  uint64_t at = 0;
  long found = 0;
  double began = now_ns();
  for (int n = 0; n < CALLS; n++) {
    size_t len = 0;
    at = (at * 48261 + 11) % (uint64_t)count;
    int32_t status = larder_get(engine, (const uint8_t *)keys[at], KEY_LEN, value, sizeof value, &len);
    found += status == LARDER_OK && len == 32;
  }
  double took = now_ns() - began;
  larder_close(engine);
  free(keys);
  if (found != CALLS) {
    return 1;
  }
  printf("%.1f\n", took / CALLS);
  return 0;
}
