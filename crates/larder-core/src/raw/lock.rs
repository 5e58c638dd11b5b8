//! The lock of a stripe.
//!
//! `parking_lot`'s own mutex gives the processor away a few times before a thread that waits lies down, in the hope
//! that the lock is free by then. On a machine that has nothing to spare each of these times lasts as long as another
//! thread may compute: milliseconds, in which the stripe is let go and taken again many times by whoever reads a large
//! value in slices, and nobody lies in the queue who could be handed it. Waits of 100 and of 700 milliseconds came of
//! that. Who waits here looks for a moment, for as long as most holds last, and then lies down where
//! [`RawMutexFair`] finds it.

use crate::clock::Patience;
use parking_lot::lock_api::{GuardNoSend, Mutex, MutexGuard, RawMutex, RawMutexFair, RawMutexTimed};
use parking_lot_core::{DEFAULT_PARK_TOKEN, DEFAULT_UNPARK_TOKEN, ParkResult, UnparkResult, UnparkToken};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

/// A value behind a [`StripeLock`].
pub(crate) type StripeMutex<T> = Mutex<StripeLock, T>;
/// Holds a [`StripeLock`], and with it the value.
pub(crate) type StripeGuard<'a, T> = MutexGuard<'a, StripeLock, T>;

const LOCKED: u8 = 1;
/// Somebody lies in the queue.
const AWAITED: u8 = 2;
/// Told to who was lying in the queue: the lock is theirs, it was never free.
const HANDED_OVER: UnparkToken = UnparkToken(1);
/// Who waits looks again after 2, 4, 8 and so on pauses of the processor, so many times: some microseconds.
const LOOKS: u32 = 6;

/// Whether something is locked, in one byte.
#[derive(Debug)]
pub(crate) struct StripeLock(AtomicU8);

impl StripeLock {
    fn address(&self) -> usize {
        self.0.as_ptr().addr()
    }

    /// Locks it as soon as it is free, or is handed over; `false` if that was not until the deadline.
    #[cold]
    fn wait(&self, deadline: Option<Instant>) -> bool {
        let mut looks = 0;
        loop {
            let state = self.0.load(Ordering::Relaxed);
            if state & LOCKED == 0 {
                if self.try_lock() {
                    return true;
                }
                continue;
            }
            if state & AWAITED == 0 {
                if looks < LOOKS {
                    looks += 1;
                    (0..1 << looks).for_each(|_| std::hint::spin_loop());
                    continue;
                }
                let (before, after) = (LOCKED, LOCKED | AWAITED);
                if self.0.compare_exchange(before, after, Ordering::Relaxed, Ordering::Relaxed).is_err() {
                    continue;
                }
            }
            let is_awaited = || self.0.load(Ordering::Relaxed) == LOCKED | AWAITED;
            let timed_out = |_, was_last: bool| {
                if was_last {
                    self.0.fetch_and(!AWAITED, Ordering::Relaxed);
                }
            };
            // SAFETY: the address is that of this lock, which nothing else parks at, and which is borrowed until this
            // returns. The closures only touch the lock's byte: they neither panic nor call into the parking lot.
            let parked = unsafe {
                parking_lot_core::park(
                    self.address(),
                    is_awaited,
                    || {},
                    timed_out,
                    DEFAULT_PARK_TOKEN,
                    deadline,
                )
            };
            match parked {
                ParkResult::Unparked(HANDED_OVER) => return true,
                ParkResult::Unparked(_) | ParkResult::Invalid => looks = 0,
                ParkResult::TimedOut => return false,
            }
        }
    }

    /// Unlocks it and wakes the first of those who wait. Where this is `fair`, or has not been for a while, the lock
    /// stays locked and is theirs.
    #[cold]
    fn wake_next(&self, fair: bool) {
        let next = |woken: UnparkResult| {
            let awaited = if woken.have_more_threads { AWAITED } else { 0 };
            if woken.unparked_threads > 0 && (fair || woken.be_fair) {
                self.0.store(LOCKED | awaited, Ordering::Release);
                return HANDED_OVER;
            }
            self.0.store(awaited, Ordering::Release);
            DEFAULT_UNPARK_TOKEN
        };
        // SAFETY: as above; while somebody lies in the queue, only who holds the lock changes its byte, and who has
        // called this holds it.
        unsafe {
            parking_lot_core::unpark_one(self.address(), next);
        }
    }

    #[inline]
    fn end(&self, fair: bool) {
        if self.0.compare_exchange(LOCKED, 0, Ordering::Release, Ordering::Relaxed).is_err() {
            self.wake_next(fair);
        }
    }
}

// SAFETY: the byte goes from unlocked to locked in one atomic step, which acquires what the last holder has released,
// or stays locked for the one thread that it is handed to; `unlock` belongs to the holder.
unsafe impl RawMutex for StripeLock {
    const INIT: StripeLock = StripeLock(AtomicU8::new(0));

    type GuardMarker = GuardNoSend;

    #[inline]
    fn lock(&self) {
        if !self.try_lock() {
            self.wait(None);
        }
    }

    #[inline]
    fn try_lock(&self) -> bool {
        let mut state = self.0.load(Ordering::Relaxed);
        while state & LOCKED == 0 {
            let locked = state | LOCKED;
            match self.0.compare_exchange_weak(state, locked, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    #[inline]
    unsafe fn unlock(&self) {
        self.end(false);
    }
}

// SAFETY: as above.
unsafe impl RawMutexFair for StripeLock {
    #[inline]
    unsafe fn unlock_fair(&self) {
        self.end(true);
    }
}

// SAFETY: as above.
unsafe impl RawMutexTimed for StripeLock {
    type Duration = Duration;
    type Instant = Instant;

    fn try_lock_for(&self, timeout: Duration) -> bool {
        self.try_lock() || self.wait(Patience::of(timeout).end())
    }

    fn try_lock_until(&self, deadline: Instant) -> bool {
        self.try_lock() || self.wait(Some(deadline))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot_core::FilterOp;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    use std::thread;

    /// How many lie in the queue.
    fn queue_len<T>(mutex: &StripeMutex<T>) -> usize {
        let mut len = 0;
        let count = |_| {
            len += 1;
            FilterOp::Skip
        };
        // SAFETY: the lock itself is only looked at; the closures touch nothing but a count, and wake nobody.
        unsafe {
            parking_lot_core::unpark_filter(mutex.raw().address(), count, |_| DEFAULT_UNPARK_TOKEN);
        }
        len
    }

    fn is_awaited<T>(mutex: &StripeMutex<T>) -> bool {
        // SAFETY: the lock itself is only looked at.
        let lock = unsafe { mutex.raw() };
        lock.0.load(Ordering::SeqCst) & AWAITED != 0
    }

    #[test]
    fn one_at_a_time_has_it() {
        const THREADS: usize = 4;
        const TURNS: usize = if cfg!(miri) { 50 } else { 20_000 };
        let mutex = Arc::new(StripeMutex::new(0));
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let mutex = mutex.clone();
                thread::spawn(move || {
                    let mut vain = 0;
                    for turn in 0..TURNS {
                        let most =
                            Duration::from_micros(if (thread + turn) % 3 == 0 { 1_000_000 } else { 5 });
                        let Some(mut guard) = mutex.try_lock_for(most) else {
                            vain += 1;
                            continue;
                        };
                        let before = *guard;
                        std::hint::black_box(&mut guard);
                        *guard = before + 1;
                        if turn % 2 == 0 {
                            StripeGuard::unlock_fair(guard);
                        }
                    }
                    vain
                })
            })
            .collect();
        let vain: usize = threads.into_iter().map(|thread| thread.join().expect("it does not panic")).sum();
        assert_eq!(*mutex.lock() + vain, THREADS * TURNS);
        assert!(queue_len(&mutex) == 0 && !is_awaited(&mutex), "nobody is left there");
    }

    #[test]
    fn who_waits_for_too_long_has_it_not() {
        let mutex = Arc::new(StripeMutex::new(()));
        let guard = mutex.lock();
        assert!(mutex.try_lock().is_none());
        assert!(mutex.try_lock_for(Duration::from_micros(50)).is_none());
        assert!(mutex.try_lock_until(Patience::of(Duration::ZERO).end().expect("it is now")).is_none());
        assert!(!is_awaited(&mutex), "who has left the queue is not expected there");
        drop(guard);
        // No clock knows this moment.
        assert!(mutex.try_lock_for(Duration::MAX).is_some());
    }

    #[test]
    fn who_lies_in_the_queue_is_handed_it() {
        let (mutex, had) = (Arc::new(StripeMutex::new(())), Arc::new(AtomicUsize::new(0)));
        for round in 0..100 {
            let guard = mutex.lock();
            let waits = thread::spawn({
                let (mutex, had) = (mutex.clone(), had.clone());
                move || {
                    let _guard = mutex.lock();
                    had.fetch_add(1, Ordering::SeqCst);
                }
            });
            while queue_len(&mutex) == 0 {
                thread::yield_now();
            }
            StripeGuard::unlock_fair(guard);
            // It is never free in between.
            drop(mutex.lock());
            assert_eq!(had.load(Ordering::SeqCst), round + 1);
            waits.join().expect("it does not panic");
        }
    }
}
