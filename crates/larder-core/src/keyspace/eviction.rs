//! Which entries go when memory is short, and the traces that uses leave for that.
//!
//! S3-FIFO keeps queues (see `s3fifo.rs`). The policies of Redis keep nothing but the access bits of each record, and
//! compare some keys each time: a pool remembers the best candidates of earlier comparisons, so that the sample is
//! larger than what is looked at. Either way a step works under the lock of one stripe and removes at most
//! [`EVICT_BATCH`] keys.

use super::s3fifo::{S3Fifo, USES, Verdict};
use super::stripe::{Db, Stripe};
use super::{Class, DbIndex, View};
use crate::engine::Shared;
use crate::error::{Error, Result};
use crate::limits::{EVICT_BATCH, EVICT_KEYS, EVICT_STEPS, STRIPES};
use crate::rng::Rng;
use crate::sync::Ordering;
use smallvec::SmallVec;
use std::cell::Cell;
use std::fmt;

/// So many bytes count as used even where there is nothing: a limit below what any entry takes leaves room for none, as
/// in Redis.
const USED_BYTES_MIN: i64 = 64;

/// An eviction policy, by Redis' names; `s3fifo` is Larder's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Policy {
    /// Nothing goes: writes that need memory are refused.
    #[default]
    NoEviction,
    /// Any key, by S3-FIFO.
    AllkeysS3Fifo,
    /// Keys with a deadline, by S3-FIFO.
    VolatileS3Fifo,
    /// Any key, the one not used for longest among some.
    AllkeysLru,
    /// Keys with a deadline, the one not used for longest among some.
    VolatileLru,
    /// Any key, the one used least among some.
    AllkeysLfu,
    /// Keys with a deadline, the one used least among some.
    VolatileLfu,
    /// Any key.
    AllkeysRandom,
    /// Any key with a deadline.
    VolatileRandom,
    /// The key with the nearest deadline among some.
    VolatileTtl,
}

impl Policy {
    /// Every policy with its name.
    pub const ALL: [(Policy, &'static str); 10] = [
        (Policy::NoEviction, "noeviction"),
        (Policy::AllkeysS3Fifo, "allkeys-s3fifo"),
        (Policy::VolatileS3Fifo, "volatile-s3fifo"),
        (Policy::AllkeysLru, "allkeys-lru"),
        (Policy::VolatileLru, "volatile-lru"),
        (Policy::AllkeysLfu, "allkeys-lfu"),
        (Policy::VolatileLfu, "volatile-lfu"),
        (Policy::AllkeysRandom, "allkeys-random"),
        (Policy::VolatileRandom, "volatile-random"),
        (Policy::VolatileTtl, "volatile-ttl"),
    ];

    /// The policy of this name.
    pub fn named(name: &str) -> Option<Policy> {
        Policy::ALL.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(policy, _)| *policy)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Policy::ALL.iter().find(|(policy, _)| *policy == self).map_or("noeviction", |(_, name)| name)
    }

    /// Whether only keys with a deadline may go.
    pub(crate) fn is_volatile(self) -> bool {
        matches!(
            self,
            Policy::VolatileS3Fifo
                | Policy::VolatileLru
                | Policy::VolatileLfu
                | Policy::VolatileRandom
                | Policy::VolatileTtl
        )
    }

    pub(crate) fn is_s3fifo(self) -> bool {
        matches!(self, Policy::AllkeysS3Fifo | Policy::VolatileS3Fifo)
    }

    fn is_lfu(self) -> bool {
        matches!(self, Policy::AllkeysLfu | Policy::VolatileLfu)
    }

    pub(crate) fn from_index(index: u32) -> Policy {
        Policy::ALL.get(index as usize).map_or(Policy::NoEviction, |(policy, _)| *policy)
    }

    pub(crate) fn index(self) -> u32 {
        Policy::ALL.iter().position(|(policy, _)| *policy == self).unwrap_or(0) as u32
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How the sampling policies are tuned; the names and meanings are those of Redis' settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// `maxmemory-samples`: keys that are compared.
    pub samples: u32,
    /// `lfu-log-factor`: the larger, the more uses a count of 255 means.
    pub lfu_log_factor: u32,
    /// `lfu-decay-time`: minutes after which an unused key's count goes down by one; 0 for never.
    pub lfu_decay_minutes: u32,
}

impl Default for Sampling {
    fn default() -> Self {
        Sampling { samples: 5, lfu_log_factor: 10, lfu_decay_minutes: 1 }
    }
}

impl Sampling {
    /// As one word, for an atomic: what no use could tell apart is cut.
    pub(crate) fn packed(self) -> u64 {
        let short = |n: u32| u64::from(n.min(0xffff));
        short(self.samples.clamp(1, SAMPLES_MAX))
            | short(self.lfu_log_factor) << 16
            | short(self.lfu_decay_minutes) << 32
    }

    pub(crate) fn unpacked(word: u64) -> Sampling {
        let short = |shift: u32| u32::from((word >> shift) as u16);
        Sampling { samples: short(0), lfu_log_factor: short(16), lfu_decay_minutes: short(32) }
    }
}

/// More are compared under one lock by nobody: the pool makes 10 as good as all.
const SAMPLES_MAX: u32 = 64;

/// What a key that was never used counts as: more than nothing, or it would go before it could be used.
const LFU_FRESH: u32 = 5;
const SECONDS: u32 = 0x00ff_ffff;
const MINUTES: u32 = 0xffff;

fn minute(seconds: u32) -> u32 {
    (seconds / 60) & MINUTES
}

/// The policy with what it needs to write and read access bits. For most policies these are the second of the last use;
/// for LFU a logarithmic count (Morris, CACM 1978) in the low eight bits, and the minute when it was last changed above
/// them; for S3-FIFO see `s3fifo.rs`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tracking {
    pub(crate) policy: Policy,
    pub(crate) sampling: Sampling,
}

impl Tracking {
    /// The access bits of a new entry.
    pub(crate) fn fresh(self, seconds: u32) -> u32 {
        match self.policy {
            policy if policy.is_s3fifo() => 0,
            policy if policy.is_lfu() => minute(seconds) << 8 | LFU_FRESH,
            _ => seconds & SECONDS,
        }
    }

    /// The access bits after one more use.
    #[inline]
    pub(crate) fn touched(self, touch: u32, seconds: u32) -> u32 {
        match self.policy {
            // S3-FIFO counts up to three uses, and after that writes nothing.
            policy if policy.is_s3fifo() => touch + u32::from(touch & USES != USES),
            policy if policy.is_lfu() => self.counted(touch, seconds),
            _ => seconds & SECONDS,
        }
    }

    fn counted(self, touch: u32, seconds: u32) -> u32 {
        let mut count = self.frequency(touch, seconds);
        let odds = u64::from(count.saturating_sub(LFU_FRESH)) * u64::from(self.sampling.lfu_log_factor) + 1;
        if count < 255 && chance().is_multiple_of(odds) {
            count += 1;
        }
        minute(seconds) << 8 | count
    }

    /// How often an entry was used: 0 to 255 for LFU, on a logarithmic scale; 0 to 3 for S3-FIFO.
    pub(crate) fn frequency(self, touch: u32, seconds: u32) -> u32 {
        if !self.policy.is_lfu() {
            return touch & USES;
        }
        let passed = minute(seconds).wrapping_sub(touch >> 8) & MINUTES;
        let decayed = passed.checked_div(self.sampling.lfu_decay_minutes).unwrap_or(0);
        (touch & 0xff).saturating_sub(decayed)
    }

    /// For how many seconds an entry has not been used, where the policy keeps that.
    pub(crate) fn idle_seconds(touch: u32, seconds: u32) -> u32 {
        seconds.wrapping_sub(touch) & SECONDS
    }

    /// The access bits of an entry that has not been used for so long, or those it has where the policy keeps no such
    /// thing.
    pub(crate) fn idle_since(self, touch: u32, seconds: u32, idle: u32) -> u32 {
        let keeps = !self.policy.is_lfu() && !self.policy.is_s3fifo();
        if keeps { seconds.wrapping_sub(idle.min(SECONDS)) & SECONDS } else { touch }
    }

    /// The access bits of an entry that was used so often, or those it has where the policy keeps no such thing.
    pub(crate) fn used_so_often(self, touch: u32, seconds: u32, count: u8) -> u32 {
        if self.policy.is_lfu() { minute(seconds) << 8 | u32::from(count) } else { touch }
    }

    /// The larger, the sooner it goes.
    fn rank(self, touch: u32, deadline_ms: Option<u64>, seconds: u32) -> u64 {
        match self.policy {
            Policy::VolatileTtl => u64::MAX - deadline_ms.unwrap_or(u64::MAX),
            policy if policy.is_lfu() => u64::from(255 - self.frequency(touch, seconds)),
            _ => u64::from(Tracking::idle_seconds(touch, seconds)),
        }
    }
}

/// Random bits for counts: one in so many uses, whoever counts.
fn chance() -> u64 {
    thread_local!(static RNG: Cell<u64> = const { Cell::new(1) });
    RNG.with(|seed| {
        let mut rng = Rng::seeded(seed.get());
        seed.set(seed.get().wrapping_add(1));
        rng.next_u64() >> 8
    })
}

/// A key that may go, as the pool remembers it.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    rank: u64,
    stripe: usize,
    db: DbIndex,
    /// The low half of the key's hash.
    hash: u32,
}

/// The best candidates seen so far, the best last.
#[derive(Debug, Default)]
pub(crate) struct Pool(Vec<Candidate>);

impl Pool {
    const LEN_MAX: usize = 16;

    fn add(&mut self, new: Candidate) {
        let same = |known: &Candidate| (known.stripe, known.db, known.hash) == (new.stripe, new.db, new.hash);
        self.0.retain(|known| !same(known));
        let at = self.0.partition_point(|known| known.rank <= new.rank);
        self.0.insert(at, new);
        if self.0.len() > Pool::LEN_MAX {
            self.0.remove(0);
        }
    }
}

impl Shared {
    /// Whether queues are kept, and then whether only for keys with a deadline.
    #[inline]
    pub(crate) fn fifo(&self) -> Option<bool> {
        let policy = self.policy().policy;
        (policy.is_s3fifo() && self.memory_max_bytes.load(Ordering::Relaxed) != 0)
            .then(|| policy.is_volatile())
    }

    #[inline]
    pub(crate) fn is_over_limit(&self) -> bool {
        let max = self.memory_max_bytes.load(Ordering::Relaxed);
        max != 0 && self.used_bytes.load(Ordering::Relaxed).max(USED_BYTES_MIN) > max as i64
    }

    pub(crate) fn make_room(&self) -> Result<()> {
        let policy = self.policy().policy;
        self.now_ms();
        if !self.is_over_limit() {
            Ok(())
        } else if policy == Policy::NoEviction {
            Err(Error::OutOfMemory)
        } else if policy.is_s3fifo() {
            self.evict_in_turn()
        } else {
            match self.pool.try_lock() {
                Some(mut pool) => self.evict_best(&mut pool),
                // Somebody else is at it: no reason to wait, the next best will do.
                None => self.evict_best(&mut Pool::default()),
            }
        }
    }

    /// The stripe that S3-FIFO takes from next: the one whose turn it is, or another by chance where that holds more.
    /// What goes then is about what would go if all stripes had one queue. By turns alone, a stripe that has a few keys
    /// more than its share by chance keeps them, at the cost of keys elsewhere that are used more: in a cache of some
    /// thousands, one hit in fifty.
    fn stripe_to_evict_from(&self) -> usize {
        let hand = self.hand.fetch_add(1, Ordering::Relaxed);
        let (first, second) = (hand as usize % STRIPES, Rng::seeded(hand).below(STRIPES));
        let volatile = self.policy().policy.is_volatile();
        // Somebody at work there is no reason to wait.
        let len = |index: usize| self.keyspace.cell(index).stripe.try_lock().map(|s| s.evictable(volatile));
        match (len(first), len(second)) {
            (Some(here), Some(there)) if there > here => second,
            (None, Some(1..)) => second,
            _ => first,
        }
    }

    /// S3-FIFO: a stripe after the other, each a few items of its queues.
    fn evict_in_turn(&self) -> Result<()> {
        let (mut fruitless, mut evicted) = (0, 0);
        for _ in 0..EVICT_STEPS {
            let index = self.stripe_to_evict_from();
            let mut view = View::one(self, index, None);
            let gone = view.evict_from_queues(index)?;
            drop(view);
            evicted += gone.unwrap_or(0);
            if !self.is_over_limit() || evicted >= EVICT_KEYS {
                break;
            }
            fruitless = if gone.is_some() { 0 } else { fruitless + 1 };
            if fruitless > STRIPES {
                return Err(Error::OutOfMemory);
            }
        }
        // The rest is for those who write next.
        Ok(())
    }

    /// The sampling policies: the best of some keys of some stripe, and of those remembered.
    fn evict_best(&self, pool: &mut Pool) -> Result<()> {
        let mut rng = Rng::seeded(self.random());
        for _ in 0..EVICT_KEYS {
            if !self.is_over_limit() {
                return Ok(());
            }
            let first = rng.below(STRIPES);
            let found =
                (0..STRIPES).any(|i| self.sample_stripe((first + i) % STRIPES, &mut rng, pool, false));
            if !found && pool.0.is_empty() {
                // Samples may have met leftovers only.
                let last = (0..STRIPES).any(|index| self.sample_stripe(index, &mut rng, pool, true));
                if !last {
                    return Err(Error::OutOfMemory);
                }
            }
            while let Some(best) = pool.0.pop() {
                if View::one(self, best.stripe, None).evict_candidate(best, pool)? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Puts some keys of a stripe into the pool; with `every`, any that it finds at all. Says whether it found one.
    fn sample_stripe(&self, index: usize, rng: &mut Rng, pool: &mut Pool, every: bool) -> bool {
        let tracking = self.policy();
        let mut stripe = self.keyspace.cell(index).stripe.lock();
        let Some(db) = stripe.some_db(tracking.policy.is_volatile(), rng) else { return false };
        let seconds = self.seconds();
        let mut found = false;
        let mut add = |key: &[u8], touch: u32, deadline_ms: Option<u64>| {
            let rank = match tracking.policy {
                Policy::AllkeysRandom | Policy::VolatileRandom => 0,
                _ => tracking.rank(touch, deadline_ms, seconds),
            };
            pool.add(Candidate { rank, stripe: index, db, hash: self.keyspace.hasher.hash(key) as u32 });
            found = true;
        };
        let part = stripe.db_mut(db);
        if every {
            let volatile = tracking.policy.is_volatile();
            part.table.for_each(|record| {
                if !volatile || record.deadline_ms().is_some() {
                    add(record.key(), record.touch(), record.deadline_ms());
                }
            });
        } else if let (true, Some(wheel)) = (tracking.policy.is_volatile(), &part.wheel) {
            let mut places: SmallVec<[usize; 8]> =
                (0..tracking.sampling.samples).map(|_| rng.below(wheel.len().max(1))).collect();
            places.sort_unstable();
            let mut items = SmallVec::<[u32; 8]>::new();
            wheel.sample(&places, |hash| items.push(hash));
            for hash in items {
                part.table.probe(hash, |record| {
                    let meant = self.keyspace.hasher.hash(record.key()) as u32 == hash;
                    if meant && record.deadline_ms().is_some() {
                        add(record.key(), record.touch(), record.deadline_ms());
                    }
                    meant
                });
            }
        } else if !tracking.policy.is_volatile() {
            for _ in 0..tracking.sampling.samples {
                if let Some(record) = part.table.sample(rng.next_u64()) {
                    add(record.key(), record.touch(), record.deadline_ms());
                }
            }
        }
        found
    }

    /// Forgets all queues: they would lack what is written while they are not kept.
    pub(crate) fn drop_queues(&self) {
        for index in 0..STRIPES {
            let mut stripe = self.keyspace.cell(index).stripe.lock();
            stripe.dbs.iter_mut().for_each(|db| db.fifo = None);
        }
        // Whoever evicts at the moment looks at each candidate again anyway.
        if let Some(mut pool) = self.pool.try_lock() {
            pool.0.clear();
        }
    }
}

impl Db {
    /// How many of its keys may go.
    fn evictable(&self, volatile: bool) -> usize {
        if volatile { self.expires } else { self.table.len() }
    }
}

impl Stripe {
    /// How many of its keys may go.
    fn evictable(&self, volatile: bool) -> usize {
        self.dbs.iter().map(|db| db.evictable(volatile)).sum()
    }

    /// A database by the number of its keys that may go.
    fn some_db(&self, volatile: bool, rng: &mut Rng) -> Option<DbIndex> {
        let len = |db: &Db| db.evictable(volatile);
        let all = self.evictable(volatile);
        if all == 0 {
            return None;
        }
        let mut chosen = rng.below(all);
        self.dbs().find_map(|(index, db)| {
            let here = chosen < len(db);
            chosen = chosen.saturating_sub(len(db));
            here.then_some(index)
        })
    }
}

impl View<'_> {
    /// Lets some items of one stripe's queues have their turn, and evicts those whose time it is. Says how many these
    /// were, or that there were no items at all.
    fn evict_from_queues(&mut self, index: usize) -> Result<Option<usize>> {
        let Some(volatile) = self.shared.fifo() else { return Ok(Some(0)) };
        let mut rng = Rng::seeded(self.random());
        let hasher = &self.shared.keyspace.hasher;
        let stripe = self.locked.stripe(index)?;
        let Some(db) = stripe.some_db(volatile, &mut rng) else { return Ok(None) };
        let part = stripe.db_mut(db);
        let hash_of = |key: &[u8]| hasher.hash(key);
        if part.fifo.is_none() {
            let queues = S3Fifo::of(&mut part.table, hash_of, |deadline| !volatile || deadline.is_some());
            part.fifo = Some(Box::new(queues));
        }
        // A short queue gets few turns a visit, so that the stripes share the work as one long queue would.
        let mut turns = part.fifo.as_ref().map_or(0, |fifo| fifo.len() / EVICT_BATCH).clamp(1, EVICT_BATCH);
        let mut evicted = None;
        let mut leftovers = 0;
        while turns > 0 && leftovers < 4 * EVICT_BATCH {
            let part = self.locked.stripe(index)?.db_mut(db);
            let Some(fifo) = part.fifo.as_mut() else { break };
            let mut gone: Option<SmallVec<[u8; 64]>> = None;
            match fifo.next(&mut part.table, hash_of, |key| gone = Some(key.into())) {
                Verdict::Empty => break,
                Verdict::Stale => leftovers += 1,
                Verdict::Stays | Verdict::Goes => turns -= 1,
            }
            let evicted = evicted.get_or_insert(0);
            if let Some(key) = gone {
                *evicted += 1;
                self.evict(db, &key)?;
                self.settle();
                if !self.shared.is_over_limit() {
                    break;
                }
            }
        }
        Ok(evicted)
    }

    /// Evicts a candidate, unless it is gone or was used meanwhile and others may be better. Says whether it did.
    fn evict_candidate(&mut self, candidate: Candidate, pool: &mut Pool) -> Result<bool> {
        let tracking = self.shared.policy();
        let seconds = self.shared.seconds();
        let hasher = &self.shared.keyspace.hasher;
        let mut rank = 0;
        let mut key: Option<SmallVec<[u8; 64]>> = None;
        if let Some(part) = self.locked.stripe(candidate.stripe)?.db_existing(candidate.db) {
            part.table.probe(candidate.hash, |record| {
                let meant = hasher.hash(record.key()) as u32 == candidate.hash;
                if meant && (!tracking.policy.is_volatile() || record.deadline_ms().is_some()) {
                    rank = tracking.rank(record.touch(), record.deadline_ms(), seconds);
                    key = Some(record.key().into());
                }
                meant
            });
        }
        let Some(key) = key else { return Ok(false) };
        let random = matches!(tracking.policy, Policy::AllkeysRandom | Policy::VolatileRandom);
        if !random && rank < candidate.rank && pool.0.last().is_some_and(|next| next.rank > rank) {
            pool.add(Candidate { rank, ..candidate });
            return Ok(false);
        }
        self.evict(candidate.db, &key)?;
        self.settle();
        Ok(true)
    }

    fn evict(&mut self, db: DbIndex, bytes: &[u8]) -> Result<()> {
        let key = self.key(db, bytes);
        if let Some(record) = self.take(&key)? {
            self.after.free(record.into_object());
            self.locked.stripe(key.stripe())?.counts.evicted += 1;
            self.report(&key, "evicted", Class::EVICTED)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
