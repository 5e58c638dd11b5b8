//! The timer: one thread that sleeps until the next deadline of any stripe, and the record of how late it was.
//!
//! It uses no processor while nothing is due. A write that brings an earlier deadline nudges it, and only such a write:
//! the moment it sleeps until is one atomic word that writers compare with.

use crate::histogram::Histogram;
use crate::sync::{AtomicU64, Condvar, Mutex, Ordering};
use std::fmt;
use std::time::Duration;

/// How late entries, and fields of hashes, were removed, in powers of two of a millisecond. Fields that one step
/// removes from one hash count as late as the latest of them.
#[derive(Debug, Default)]
pub struct Lateness(Histogram<{ Lateness::BUCKETS }>);

impl Lateness {
    /// How many buckets there are. Bucket 0 counts what was removed within the millisecond of its deadline, bucket `n`
    /// what was less than 2^n milliseconds late.
    pub const BUCKETS: usize = 20;

    pub(crate) fn record(&self, late_ms: u64, count: usize) {
        self.0.record(late_ms, count);
    }

    /// The counts.
    pub fn counts(&self) -> [u64; Lateness::BUCKETS] {
        self.0.counts()
    }

    /// The greatest lateness in milliseconds.
    pub fn max_ms(&self) -> u64 {
        self.0.max()
    }

    /// An upper bound of the lateness that `per_mille` of all removals stayed below, in milliseconds.
    pub fn quantile_ms(&self, per_mille: u64) -> u64 {
        self.0.quantile(per_mille, 1_000)
    }

    /// Forgets what was counted.
    pub fn reset(&self) {
        self.0.reset();
    }
}

#[derive(Debug, Default)]
struct Bell {
    rung: bool,
    closed: bool,
}

/// Where the timer thread sleeps.
pub(crate) struct Timer {
    /// The engine time the thread sleeps until; 0 while it is awake and will look at the deadlines anyway.
    sleeps_until_ms: AtomicU64,
    bell: Mutex<Bell>,
    ringing: Condvar,
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer").field("sleeps_until_ms", &self.sleeps_until_ms).finish_non_exhaustive()
    }
}

impl Timer {
    pub(crate) fn new() -> Timer {
        Timer {
            sleeps_until_ms: AtomicU64::new(0),
            bell: Mutex::new(Bell::default()),
            ringing: Condvar::new(),
        }
    }

    /// Tells the thread of a deadline. Called without any other lock.
    #[inline]
    pub(crate) fn nudge(&self, due_ms: u64) {
        if due_ms < self.sleeps_until_ms.load(Ordering::SeqCst) {
            self.bell.lock().rung = true;
            self.ringing.notify_one();
        }
    }

    /// Ends the thread.
    pub(crate) fn close(&self) {
        self.bell.lock().closed = true;
        self.ringing.notify_one();
    }

    /// Says that the thread is about to look at the deadlines and to sleep: from here on, nudges count.
    pub(crate) fn before_sleep(&self) {
        self.sleeps_until_ms.store(u64::MAX, Ordering::SeqCst);
    }

    /// Sleeps until `next_ms`, a nudge, or the end. Says whether to go on.
    pub(crate) fn sleep(&self, now_ms: u64, next_ms: u64) -> bool {
        let mut bell = self.bell.lock();
        if !bell.rung && !bell.closed {
            self.sleeps_until_ms.store(next_ms, Ordering::SeqCst);
            if next_ms == u64::MAX {
                self.ringing.wait(&mut bell);
            } else {
                // A day at most: nothing is gained by trusting one sleep with more.
                let wait = next_ms.saturating_sub(now_ms).min(86_400_000);
                self.ringing.wait_for(&mut bell, Duration::from_millis(wait));
            }
        }
        bell.rung = false;
        self.sleeps_until_ms.store(0, Ordering::SeqCst);
        !bell.closed
    }
}
