/* What ThreadSanitizer has to be told about fences, which it does not model. Linked into the programs of `make tsan`.
 *
 * An `Arc` of Rust counts its owners down with a release, and the last owner sees what the others did by an acquire
 * fence before it frees the memory. The standard library of Rust reads the counter again in the place of this fence
 * where it is itself built for ThreadSanitizer; the one that comes with the compiler is not, so every last owner would
 * look like a race. So the fence is done here as that library does it: it acquires the counter that its thread has
 * counted down just before. That is what the fence means in the memory model, neither more nor less: nothing is
 * suppressed, and no other order is added. */

#include <stdint.h>

void __tsan_acquire(void *address);
uint64_t __real___tsan_atomic64_fetch_sub(volatile uint64_t *counter, uint64_t by, int order);
void __real___tsan_atomic_thread_fence(int order);

static _Thread_local volatile uint64_t *counted_down;

uint64_t __wrap___tsan_atomic64_fetch_sub(volatile uint64_t *counter, uint64_t by, int order) {
  counted_down = counter;
  return __real___tsan_atomic64_fetch_sub(counter, by, order);
}

void __wrap___tsan_atomic_thread_fence(int order) {
  enum { RELAXED = 0, RELEASE = 3 };
  volatile uint64_t *counter = counted_down;
  __real___tsan_atomic_thread_fence(order);
  if (counter != 0 && order != RELAXED && order != RELEASE) {
    __tsan_acquire((void *)counter);
  }
  counted_down = 0;
}
