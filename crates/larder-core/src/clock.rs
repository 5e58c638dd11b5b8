//! Time as the engine sees it: a trait, the system's clock, and one that tests move by hand.
//!
//! Deadlines are kept in *engine milliseconds*: they read like Unix milliseconds, but advance with the monotonic clock,
//! so a step of the wall clock neither expires a keyspace nor makes it immortal. Wall time appears only where a user
//! names or reads an absolute time; [`Clock::wall_us`] is for that.

#[cfg(target_os = "linux")]
use crate::raw::coarse_monotonic_ms;
use crate::sync::{AtomicU64, Mutex, Ordering};
use std::fmt;
use std::sync::Weak;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long a thread is willing to wait, by the machine's clock: one that is moved by hand must not hold it for ever.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience(Option<Instant>);

impl Patience {
    /// Without end.
    pub(crate) const ENDLESS: Patience = Patience(None);

    /// From now on, for so long.
    pub(crate) fn of(time: Duration) -> Patience {
        Patience(Instant::now().checked_add(time))
    }

    /// When it ends, on the machine's clock; `None` for never.
    pub(crate) fn end(self) -> Option<Instant> {
        self.0
    }

    /// What is left of it; `None` for no end.
    pub(crate) fn left(self) -> Option<Duration> {
        self.0.map(|until| until.saturating_duration_since(Instant::now()))
    }
}

/// Where the engine takes time from.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Microseconds on a clock that never goes back; at the start it reads as Unix time.
    fn now_us(&self) -> u64;

    /// Milliseconds on the same clock.
    fn now_ms(&self) -> u64 {
        self.now_us() / 1_000
    }

    /// Nanoseconds on the same clock, as fine as it goes.
    fn now_ns(&self) -> u64 {
        self.now_us() * 1_000
    }

    /// A cheap reading of the same clock, at most [`COARSE_LAG_MS`] behind [`Clock::now_ms`] and never ahead of it.
    fn coarse_ms(&self) -> u64 {
        self.now_ms()
    }

    /// Unix time in microseconds, as the machine has it now.
    fn wall_us(&self) -> u64;

    /// Asks to be told when the clock is moved by hand. A clock that moves by itself ignores this and gives `false`.
    fn notify_when_moved(&self, observer: Weak<dyn ClockMoved>) -> bool {
        drop(observer);
        false
    }
}

/// Told by a clock that it was moved by hand.
pub trait ClockMoved: Send + Sync {
    /// The clock was moved; called by the thread that moved it, with no lock held.
    fn clock_moved(&self);
}

/// How far [`Clock::coarse_ms`] may be behind: a few timer ticks of the slowest usual kernel configuration.
pub const COARSE_LAG_MS: u64 = 20;

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
    start_us: u64,
    #[cfg(target_os = "linux")]
    coarse_start_ms: u64,
}

impl SystemClock {
    /// A clock that reads Unix time now and is monotonic from here on.
    pub fn new() -> SystemClock {
        SystemClock {
            start: Instant::now(),
            start_us: system_us(),
            #[cfg(target_os = "linux")]
            coarse_start_ms: coarse_monotonic_ms(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        SystemClock::new()
    }
}

fn system_us() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64)
}

impl Clock for SystemClock {
    fn now_us(&self) -> u64 {
        self.start_us + self.start.elapsed().as_micros() as u64
    }

    fn now_ns(&self) -> u64 {
        self.start_us * 1_000 + self.start.elapsed().as_nanos() as u64
    }

    #[cfg(target_os = "linux")]
    fn coarse_ms(&self) -> u64 {
        // One less, because both readings were cut to milliseconds.
        let passed = coarse_monotonic_ms().saturating_sub(self.coarse_start_ms + 1);
        self.start_us / 1_000 + passed.saturating_sub(COARSE_LAG_MS / 4)
    }

    fn wall_us(&self) -> u64 {
        system_us()
    }
}

/// A clock that stands still until it is moved: for tests of deadlines, without sleeping.
///
/// ```
/// use larder_core::{Clock, ManualClock};
/// use std::time::Duration;
/// let clock = ManualClock::new();
/// let before = clock.now_ms();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now_ms(), before + 60_000);
/// ```
pub struct ManualClock {
    us: AtomicU64,
    observers: Mutex<Vec<Weak<dyn ClockMoved>>>,
}

impl ManualClock {
    /// A clock that stands at 2020-01-01 00:00:00 UTC.
    pub fn new() -> ManualClock {
        ManualClock::at_unix_ms(1_577_836_800_000)
    }

    /// A clock that stands at the given Unix time in milliseconds.
    pub fn at_unix_ms(ms: u64) -> ManualClock {
        ManualClock { us: AtomicU64::new(ms * 1_000), observers: Mutex::new(Vec::new()) }
    }

    /// Moves the clock forward. Engines that run on it expire what became due before this returns.
    pub fn advance(&self, by: Duration) {
        self.us.fetch_add(by.as_micros() as u64, Ordering::SeqCst);
        let observers: Vec<_> = {
            let mut observers = self.observers.lock();
            observers.retain(|observer| observer.strong_count() > 0);
            observers.iter().filter_map(Weak::upgrade).collect()
        };
        for observer in observers {
            observer.clock_moved();
        }
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        ManualClock::new()
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualClock").field("us", &self.us).finish_non_exhaustive()
    }
}

impl Clock for ManualClock {
    fn now_us(&self) -> u64 {
        self.us.load(Ordering::SeqCst)
    }

    fn wall_us(&self) -> u64 {
        self.now_us()
    }

    fn notify_when_moved(&self, observer: Weak<dyn ClockMoved>) -> bool {
        self.observers.lock().push(observer);
        true
    }
}

/// A moment at which an entry dies, in engine milliseconds (see the module's words on time).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(u64);

impl Deadline {
    /// The latest deadline of an entry: what fits in a signed number of 64 bits.
    pub const MAX: Deadline = Deadline(i64::MAX as u64);

    /// The latest deadline of a field of a hash: the year 10889.
    pub const FIELD_MAX: Deadline = Deadline((1 << 48) - 1);

    /// A deadline at an engine time, cut to what can be kept. Zero means the earliest possible moment, not "never".
    pub fn at_ms(ms: u64) -> Deadline {
        Deadline(ms.clamp(1, Deadline::MAX.0))
    }

    /// The engine time of the deadline.
    pub fn ms(self) -> u64 {
        self.0
    }

    /// Whether the deadline has come. An entry is gone from the millisecond of its deadline on.
    pub fn is_due(self, now_ms: u64) -> bool {
        self.0 <= now_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coarse_reading_stays_within_its_lag() {
        let clock = SystemClock::new();
        let mut late = 0;
        for _ in 0..100_000 {
            let before = clock.now_ms();
            let coarse = clock.coarse_ms();
            let after = clock.now_ms();
            assert!(coarse <= after, "{coarse} {after}");
            late += usize::from(coarse + COARSE_LAG_MS < before);
        }
        // A machine that was stopped for a moment has its tick late, for the few readings until it comes.
        assert!(late < 1_000, "{late} of 100,000 readings were too far behind");
    }
}
