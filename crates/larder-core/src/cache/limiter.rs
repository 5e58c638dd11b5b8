//! A limiter: how often something may be done, with bursts, and when it may be done again.
//!
//! The generic cell rate algorithm (ITU-T I.371, as the virtual scheduling algorithm): a limiter remembers one moment,
//! the one at which everything taken so far will have been paid back. Taking moves it further away; what would move it
//! beyond the burst is refused. There are no windows at whose borders twice as much goes through, and nothing has to
//! drip in the background.
//!
//! That moment **is the deadline of the key**: when it has come, a limiter knows nothing that a missing one would not.
//! So an idle limiter takes no memory, time is the engine's (a wall clock that is set back locks nobody out), and
//! whatever keeps values with deadlines keeps limiters: dumps, copies, eviction, replicas. A deadline counts
//! milliseconds and the moment nanoseconds, so the deadline is the moment rounded up, and the value, a number, is how
//! much that was. All of it is whole numbers: nothing drifts.

use crate::api::Db;
use crate::clock::Deadline;
use crate::error::Result;
use crate::keyspace::{Class, Expiry, Key, Number, View};
use std::time::Duration;

const MS: u128 = 1_000_000;
/// A hundred years: longer makes no sense, and sums stay far from the ends of 64 bits.
const WINDOW_NS_MAX: u64 = 100 * 365 * 24 * 60 * 60 * 1_000_000_000;

/// How often: one every so many nanoseconds in the long run, and so many at once.
///
/// ```
/// use larder_core::Rate;
/// use std::time::Duration;
/// // Thirty a minute, sixteen of them at once.
/// let rate = Rate::new(30, Duration::from_secs(60)).and_then(|rate| rate.with_burst(15)).unwrap();
/// assert_eq!(rate.limit(), 16);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    interval_ns: u64,
    limit: u64,
}

impl Rate {
    /// `count` in a `period`, evenly, without bursts. `None` for nothing or in no time, and for more than a hundred
    /// years from one to the next. Where the period cannot be divided to the nanosecond, a little less than asked for.
    pub fn new(count: u64, period: Duration) -> Option<Rate> {
        let period_ns = u64::try_from(period.as_nanos()).ok().filter(|ns| *ns > 0)?;
        let interval_ns = (count > 0).then(|| period_ns.div_ceil(count))?;
        Rate { interval_ns, limit: 1 }.checked()
    }

    /// So many more at once. `None` where it would take more than a hundred years to pay them back.
    pub fn with_burst(self, burst: u64) -> Option<Rate> {
        Rate { limit: burst.checked_add(1)?, ..self }.checked()
    }

    fn checked(self) -> Option<Rate> {
        self.interval_ns.checked_mul(self.limit).filter(|ns| *ns <= WINDOW_NS_MAX).map(|_| self)
    }

    /// How much can be taken at once, at most.
    pub fn limit(self) -> u64 {
        self.limit
    }

    /// Decides on taking `cost` at a moment; and, where something is taken, what the limiter remembers.
    fn decide(self, now_ms: u64, old: Option<Number>, cost: u64) -> (Option<(i64, Expiry)>, Verdict) {
        let interval = u128::from(self.interval_ns);
        let window = interval * u128::from(self.limit);
        let owed = old.map_or(0, |old| {
            // Without a deadline it is none of ours any more: PERSIST makes a limiter forget.
            let left_ms = old.deadline.map_or(0, |deadline| deadline.ms().saturating_sub(now_ms));
            let rounded_up = u128::try_from(old.value).unwrap_or(0).min(MS - 1);
            (u128::from(left_ms) * MS).saturating_sub(rounded_up)
        });
        let price = interval.saturating_mul(u128::from(cost));
        let would_owe = owed.saturating_add(price);
        let is_allowed = would_owe <= window;
        let owes = if is_allowed { would_owe } else { owed };
        let verdict = Verdict {
            is_allowed,
            limit: self.limit,
            remaining: (window.saturating_sub(owes) / interval) as u64,
            retry_after: (!is_allowed && price <= window).then(|| duration(would_owe - window)),
            reset_after: duration(owes),
        };
        let new = (is_allowed && cost > 0).then(|| {
            let left_ms = owes.div_ceil(MS);
            let deadline = Deadline::at_ms(now_ms.saturating_add(left_ms as u64));
            ((left_ms * MS - owes) as i64, Expiry::At(deadline))
        });
        (new, verdict)
    }
}

fn duration(ns: u128) -> Duration {
    Duration::from_nanos(u64::try_from(ns).unwrap_or(u64::MAX))
}

/// What a limiter says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it may be done; then it has been taken.
    pub is_allowed: bool,
    /// How much can be taken at once, at most.
    pub limit: u64,
    /// How much could be taken at once now.
    pub remaining: u64,
    /// When to ask again; `None` where it is allowed, and where it never will be, being more than the limit.
    pub retry_after: Option<Duration>,
    /// When everything could be taken again.
    pub reset_after: Duration,
}

impl View<'_> {
    /// Takes `cost` from the limiter of a key if its rate allows that; nothing to take only looks. A limiter that does
    /// not exist has not been used. O(1).
    pub fn throttle(&mut self, key: &Key<'_>, rate: Rate, cost: u64) -> Result<Verdict> {
        let now_ms = self.now_ms();
        let verdict = self.update_int(key, |old| rate.decide(now_ms, old, cost))?;
        if verdict.is_allowed && cost > 0 {
            self.report(key, "set", Class::STRING)?;
            self.report(key, "expire", Class::GENERIC)?;
        }
        Ok(verdict)
    }
}

/// Limiters of one rate. See [`Db::limiter`].
#[derive(Clone, Copy, Debug)]
pub struct Limiter<'d> {
    db: &'d Db,
    rate: Rate,
}

impl Db {
    /// Limiters of this rate, one for each key.
    ///
    /// ```
    /// use larder_core::{Engine, Rate};
    /// use std::time::Duration;
    /// let db = Engine::new().db();
    /// let logins = db.limiter(Rate::new(1, Duration::from_secs(60)).and_then(|rate| rate.with_burst(2)).unwrap());
    /// for _ in 0..3 {
    ///     assert!(logins.take("login:ada")?.is_allowed);
    /// }
    /// let refused = logins.take("login:ada")?;
    /// assert!(!refused.is_allowed && refused.retry_after <= Some(Duration::from_secs(60)));
    /// assert!(logins.take("login:bob")?.is_allowed);
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    pub fn limiter(&self, rate: Rate) -> Limiter<'_> {
        Limiter { db: self, rate }
    }
}

impl Limiter<'_> {
    /// Takes one if that is allowed.
    pub fn take(&self, key: impl AsRef<[u8]>) -> Result<Verdict> {
        self.take_many(key, 1)
    }

    /// Takes several if that is allowed: all or none.
    pub fn take_many(&self, key: impl AsRef<[u8]>, cost: u64) -> Result<Verdict> {
        self.db.check_room()?;
        let key = self.db.key(key.as_ref())?;
        self.db.engine().view_one(&key, None).throttle(&key, self.rate, cost)
    }

    /// How things stand.
    pub fn look(&self, key: impl AsRef<[u8]>) -> Result<Verdict> {
        let key = self.db.key(key.as_ref())?;
        self.db.engine().view_one(&key, None).throttle(&key, self.rate, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Engine, ManualClock, Options};
    use std::sync::Arc;

    fn house() -> (Arc<ManualClock>, Db) {
        let clock = Arc::new(ManualClock::new());
        let db = Engine::with_options(Options { clock: clock.clone(), ..Options::default() }).db();
        (clock, db)
    }

    fn rate(burst: u64, count: u64, period: Duration) -> Rate {
        Rate::new(count, period).and_then(|rate| rate.with_burst(burst)).expect("a rate")
    }

    #[test]
    fn a_burst_then_one_after_the_other() {
        let (clock, db) = house();
        let limiter = db.limiter(rate(2, 1, Duration::from_secs(10)));
        for left in [2, 1, 0] {
            let verdict = limiter.take("k").expect("taken");
            assert!(verdict.is_allowed && verdict.remaining == left && verdict.retry_after.is_none());
        }
        clock.advance(Duration::from_millis(9_999));
        let refused = limiter.take("k").expect("asked");
        assert_eq!((refused.is_allowed, refused.retry_after), (false, Some(Duration::from_millis(1))));
        clock.advance(Duration::from_millis(1));
        assert!(limiter.take("k").expect("taken").is_allowed);
        assert!(!limiter.take("k").expect("asked").is_allowed);
        clock.advance(Duration::from_secs(30));
        assert_eq!(db.keys().count(), Ok(0), "a limiter that is full again is forgotten");
        assert_eq!(limiter.look("k").expect("looked").remaining, 3);
    }

    #[test]
    fn over_a_long_time_it_is_the_rate_and_never_more() {
        // Seven a minute cannot be divided to the nanosecond; three thousand a second are closer than milliseconds.
        for (count, period, step_ms, steps) in
            [(7, Duration::from_mins(1), 370, 10_000), (3_000, Duration::from_secs(1), 1, 2_000)]
        {
            let (clock, db) = house();
            let limiter = db.limiter(rate(count, count, period));
            let mut taken = 0_u64;
            for _ in 0..steps {
                while limiter.take("k").expect("asked").is_allowed {
                    taken += 1;
                }
                clock.advance(Duration::from_millis(step_ms));
            }
            let passed = u128::from(step_ms) * (steps - 1);
            let expected = u128::from(count) * passed / period.as_millis() + u128::from(count) + 1;
            assert!(u128::from(taken) <= expected, "{taken} of {expected}");
            assert!(u128::from(taken) + 1 >= expected - expected / 1_000_000, "{taken} of {expected}");
        }
    }

    #[test]
    fn what_can_never_be_taken_is_told() {
        let (_, db) = house();
        let limiter = db.limiter(rate(4, 1, Duration::from_secs(1)));
        let verdict = limiter.take_many("k", 6).expect("asked");
        assert_eq!((verdict.is_allowed, verdict.retry_after, verdict.remaining), (false, None, 5));
        assert!(limiter.take_many("k", 5).expect("taken").is_allowed);
        let verdict = limiter.take_many("k", u64::MAX).expect("asked");
        assert_eq!((verdict.is_allowed, verdict.retry_after), (false, None));
        assert_eq!(limiter.take_many("k", 2).expect("asked").retry_after, Some(Duration::from_secs(2)));
    }

    #[test]
    fn rates_have_bounds() {
        let day = Duration::from_hours(24);
        assert!(Rate::new(0, day).is_none() && Rate::new(1, Duration::ZERO).is_none());
        assert!(Rate::new(1, Duration::MAX).is_none() && Rate::new(1, day * 36_501).is_none());
        let daily = Rate::new(1, day).expect("a rate");
        assert!(daily.with_burst(u64::MAX).is_none() && daily.with_burst(36_500).is_none());
        assert_eq!(daily.with_burst(36_499).map(Rate::limit), Some(36_500));
        assert_eq!(Rate::new(u64::MAX, day).map(|rate| rate.interval_ns), Some(1));
    }

    #[test]
    fn a_limiter_is_a_key_like_any_other() {
        let (clock, db) = house();
        let limiter = db.limiter(rate(0, 1_500, Duration::from_secs(1)));
        assert!(limiter.take("k").expect("taken").is_allowed);
        // 666,667 nanoseconds, and the rest of a millisecond.
        assert_eq!(db.strings().get("k"), Ok(Some(b"333333".to_vec())));
        assert_eq!(db.keys().time_to_live("k"), Ok(Some(Duration::from_millis(1))));
        assert!(db.keys().expire_after("k", Duration::from_secs(9)).expect("there"));
        assert!(!limiter.take("k").expect("asked").is_allowed, "whoever moves the deadline locks out");
        assert!(db.keys().persist("k").expect("there"));
        assert!(limiter.take("k").expect("asked").is_allowed, "without a deadline nothing is owed");
        clock.advance(Duration::from_millis(1));
        db.strings().set("k", "text").expect("set");
        assert_eq!(limiter.take("k"), Err(crate::Error::NotInteger));
        db.lists().push_back("list", "x").map(drop).expect("pushed");
        assert_eq!(limiter.take("list"), Err(crate::Error::WrongType));
    }
}
