//! How long stripes are held, and how long others wait for them.
//!
//! Two looks at the clock cost half as much as a look-up, so most holds are not timed: each stripe counts down, and one
//! of [`HOLDS_PER_SAMPLE`] is. Rare long ones would slip through that, so whoever knows that it was long (a command
//! that is timed anyway) says so. A wait is a slow path already, and every one is timed and counted beside its stripe.

use super::stripe::Stripe;
use crate::clock::Clock;
use crate::histogram::Histogram;
use crate::limits::{HOLDS_PER_SAMPLE, STRIPES};
use crate::sync::{AtomicU64, Ordering};

/// Durations, counted by powers of two of a nanosecond.
#[derive(Debug, Default)]
pub struct Durations(Histogram<{ Durations::BUCKETS }>);

impl Durations {
    /// How many buckets there are. Bucket `n` counts what took less than 2^n nanoseconds and not less than half of it;
    /// the last one also what took longer.
    pub const BUCKETS: usize = 40;

    pub(crate) fn record(&self, ns: u64) {
        self.0.record(ns, 1);
    }

    /// The counts.
    pub fn counts(&self) -> [u64; Durations::BUCKETS] {
        self.0.counts()
    }

    /// How many there were.
    pub fn total(&self) -> u64 {
        self.counts().iter().sum()
    }

    /// The longest, in nanoseconds.
    pub fn max_ns(&self) -> u64 {
        self.0.max()
    }

    /// An upper bound, in nanoseconds, of what so many in ten thousand took; 0 where there were none.
    pub fn quantile_ns(&self, per_ten_thousand: u64) -> u64 {
        self.0.quantile(per_ten_thousand, 10_000)
    }

    fn reset(&self) {
        self.0.reset();
    }
}

/// What is known of the locks of an engine's stripes, since its start or the last reset.
#[derive(Debug, Default)]
pub struct Locks {
    /// Waits for a stripe that others held: every one of them.
    pub waits: Durations,
    /// Holds: one of [`HOLDS_PER_SAMPLE`] of each stripe.
    pub holds: Durations,
    /// Holds of a millisecond and more by commands, scripts and transactions: all of them, as far as these are timed.
    pub long_holds: Durations,
    /// Large values that were gone through in slices, with the stripe let go in between.
    pub sliced: AtomicU64,
    /// How often that began anew, since the value was changed in between.
    pub sliced_again: AtomicU64,
    /// How often it changed so often that its stripe was held for the whole in the end.
    pub sliced_whole: AtomicU64,
    /// Waits for each stripe. Apart from the stripes, and written on the slow path only.
    waits_of: StripeCounts,
}

#[derive(Debug)]
struct StripeCounts(Box<[AtomicU64]>);

impl Default for StripeCounts {
    fn default() -> StripeCounts {
        StripeCounts(std::iter::repeat_with(AtomicU64::default).take(STRIPES).collect())
    }
}

impl Locks {
    /// The stripes that were waited for most often, the worst first: their numbers, and how often. At most `most`.
    pub fn contended(&self, most: usize) -> Vec<(usize, u64)> {
        let counts = self.waits_of.0.iter().map(|count| count.load(Ordering::Relaxed)).enumerate();
        let mut found: Vec<(usize, u64)> = counts.filter(|(_, count)| *count > 0).collect();
        found.sort_by_key(|(stripe, count)| (u64::MAX - count, *stripe));
        found.truncate(most);
        found
    }

    pub(crate) fn reset(&self) {
        [&self.waits, &self.holds, &self.long_holds].into_iter().for_each(Durations::reset);
        let sliced = [&self.sliced, &self.sliced_again, &self.sliced_whole];
        self.waits_of.0.iter().chain(sliced).for_each(|count| count.store(0, Ordering::Relaxed));
    }

    /// A stripe is held by others: counts that, and times what waiting for it takes.
    #[cold]
    pub(super) fn wait<R>(&self, clock: &dyn Clock, stripe: usize, lock: impl FnOnce() -> R) -> R {
        self.waits_of.0[stripe].fetch_add(1, Ordering::Relaxed);
        let began_ns = clock.now_ns();
        let got = lock();
        self.waits.record(clock.now_ns().saturating_sub(began_ns));
        got
    }

    #[cold]
    fn end(&self, clock: &dyn Clock, stripe: &mut Stripe) {
        let began_ns = std::mem::take(&mut stripe.held_since_ns);
        self.holds.record(clock.now_ns().saturating_sub(began_ns));
    }
}

#[cold]
fn begin(clock: &dyn Clock, stripe: &mut Stripe) {
    stripe.holds_left = HOLDS_PER_SAMPLE;
    // Zero means that nobody times it.
    stripe.held_since_ns = clock.now_ns().max(1);
}

/// Somebody has locked a stripe and will end that by [`released`].
#[inline]
pub(super) fn taken(clock: &dyn Clock, stripe: &mut Stripe) {
    stripe.holds_left -= 1;
    if stripe.holds_left == 0 {
        begin(clock, stripe);
    }
}

/// Somebody is about to let go of a stripe.
#[inline]
pub(super) fn released(locks: &Locks, clock: &dyn Clock, stripe: &mut Stripe) {
    if stripe.held_since_ns != 0 {
        locks.end(clock, stripe);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DbIndex, Engine, Expiry, Options};
    use std::sync::Arc;
    use std::thread;

    /// A clock on which every look takes a microsecond.
    #[derive(Debug)]
    struct Ticking(AtomicU64);

    impl Clock for Ticking {
        fn now_us(&self) -> u64 {
            self.0.fetch_add(1, Ordering::SeqCst)
        }
        fn wall_us(&self) -> u64 {
            self.now_us()
        }
    }

    fn engine() -> Engine {
        let clock = Arc::new(Ticking(AtomicU64::new(1_577_836_800_000_000)));
        Engine::with_options(Options { clock, seed: Some(1), ..Options::default() })
    }

    #[test]
    fn durations_are_counted_by_powers_of_two() {
        let durations = Durations::default();
        assert_eq!((durations.total(), durations.quantile_ns(5_000), durations.max_ns()), (0, 0, 0));
        for ns in [0, 1, 2, 3, 100, 1_000, u64::MAX] {
            durations.record(ns);
        }
        assert_eq!(durations.total(), 7);
        assert_eq!(&durations.counts()[..3], [1, 1, 2]);
        assert_eq!((durations.quantile_ns(5_000), durations.quantile_ns(7_000)), (3, 127));
        assert_eq!(durations.max_ns(), u64::MAX);
        durations.reset();
        assert_eq!((durations.total(), durations.max_ns()), (0, 0));
    }

    #[test]
    fn one_hold_of_so_many_is_timed() {
        let engine = engine();
        let key = engine.key(DbIndex::default(), b"key");
        for _ in 0..u64::from(HOLDS_PER_SAMPLE) * 3 {
            let _ = engine.view_one(&key, None).get(&key).expect("it is in the view");
        }
        let locks = engine.locks();
        assert_eq!(locks.holds.total(), 3);
        assert!(locks.holds.max_ns() >= 1_000, "{}", locks.holds.max_ns());
        assert_eq!((locks.waits.total(), locks.contended(3)), (0, vec![]));
        engine.reset_counts();
        assert_eq!(engine.locks().holds.total(), 0);
    }

    #[test]
    fn every_wait_is_counted_beside_its_stripe() {
        let engine = engine();
        let key = engine.key(DbIndex::default(), b"key");
        for round in 1..=3 {
            let view = engine.view_one(&key, None);
            let waiting = thread::spawn({
                let engine = engine.clone();
                move || {
                    let key = engine.key(DbIndex::default(), b"key");
                    engine
                        .view_one(&key, None)
                        .set(&key, b"value", Expiry::Never)
                        .expect("it is in the view");
                }
            });
            // It is counted before it waits.
            while engine.locks().contended(1).first().is_none_or(|(_, count)| *count < round) {
                thread::yield_now();
            }
            drop(view);
            waiting.join().expect("it gets the stripe");
        }
        assert_eq!(engine.locks().waits.total(), 3);
        assert_eq!(engine.locks().contended(9), [(key.stripe(), 3)]);
    }
}
