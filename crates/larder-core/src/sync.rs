//! The locks and atomics of the engine, in one place, so that a model checker's can take their place.

pub(crate) use crate::raw::{StripeGuard, StripeMutex};
pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard, RwLock};
pub(crate) use std::sync::Arc;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// A value with cache lines of its own, so that threads which write to neighbours do not slow each other down. Two
/// lines of 64 bytes, because processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct CachePadded<T>(pub(crate) T);

impl<T> std::ops::Deref for CachePadded<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}

/// Gives way to another thread after the `attempt`th failure in its favour: a moment at first, longer each time, and
/// from the seventh on the processor.
pub(crate) fn give_way(attempt: usize) {
    if attempt > 6 {
        return std::thread::yield_now();
    }
    for _ in 0..1 << attempt {
        std::hint::spin_loop();
    }
}
