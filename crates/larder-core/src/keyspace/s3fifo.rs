//! The queues of S3-FIFO (Yang, Zhang, Qiu, Yue, Vigfusson, SOSP 2023) for one stripe's part of a database.
//!
//! New keys enter a small queue, a tenth of all. Those used twice before they reach its end go on to the main queue;
//! the others leave, and a ghost remembers them: a key that comes back while it is remembered enters the main queue at
//! once. The main queue gives a key one more round for each use, up to three. A read therefore changes two bits at
//! most, and nothing is ever reordered.
//!
//! An item of a queue is the low half of a key's hash, four bytes; which queue a record stands in, and its count of
//! uses, are in the record's access bits. Items are not removed when their key is deleted: whoever takes one looks for
//! its record. When such leftovers outnumber the living the queues are rebuilt, which bounds their size.

use crate::raw::Table;
use crate::value::Object;
use std::collections::VecDeque;

/// How often a key was used, up to three: what counts for S3-FIFO.
pub(crate) const USES: u32 = 0b0011;
/// The record has an item in a queue.
pub(crate) const QUEUED: u32 = 0b0100;
/// It is the main queue.
const MAIN: u32 = 0b1000;
/// Tells, while queues are rebuilt, which records had their turn.
const TURN: u32 = 0b1_0000;

/// What became of the item at the end of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// There is no item.
    Empty,
    /// Its record is gone, or stands elsewhere by now.
    Stale,
    /// The record got another round.
    Stays,
    /// The record goes.
    Goes,
}

/// The queues.
#[derive(Debug, Default)]
pub(crate) struct S3Fifo {
    small: VecDeque<u32>,
    main: VecDeque<u32>,
    small_living: usize,
    main_living: usize,
    turn: u32,
    ghost: Ghost,
}

impl S3Fifo {
    /// Queues of all the records that `wanted` takes, in no particular order.
    pub(crate) fn of(
        table: &mut Table<Object>,
        hash_of: impl Fn(&[u8]) -> u64,
        wanted: impl Fn(Option<u64>) -> bool,
    ) -> S3Fifo {
        let mut queues = S3Fifo::default();
        table.for_each_mut(|record| {
            let uses = record.touch() & USES;
            let queued = wanted(record.deadline_ms());
            record.set_touch(if queued { uses | QUEUED } else { uses });
            if queued {
                queues.small.push_back(hash_of(record.key()) as u32);
            }
        });
        queues.small_living = queues.small.len();
        queues
    }

    /// How many records have an item.
    pub(crate) fn len(&self) -> usize {
        self.small_living + self.main_living
    }

    /// Bytes on the heap, this included.
    pub(crate) fn own_bytes(&self) -> usize {
        size_of::<S3Fifo>()
            + (self.small.capacity() + self.main.capacity()) * size_of::<u32>()
            + self.ghost.sets.len() * size_of::<[u32; WAYS]>()
    }

    /// Adds a record with these access bits; gives the new ones.
    pub(crate) fn add(&mut self, hash: u32, touch: u32) -> u32 {
        self.ghost.hold(self.len() + 1);
        let main = self.ghost.forget(hash) || touch & MAIN != 0;
        if main {
            self.main.push_back(hash);
            self.main_living += 1;
        } else {
            self.small.push_back(hash);
            self.small_living += 1;
        }
        touch & USES | QUEUED | if main { MAIN } else { 0 } | self.turn
    }

    /// A record that had an item is gone, or is to have none any more; gives its new access bits.
    pub(crate) fn remove(&mut self, touch: u32) -> u32 {
        if touch & QUEUED != 0 {
            let living = if touch & MAIN == 0 { &mut self.small_living } else { &mut self.main_living };
            *living = living.saturating_sub(1);
        }
        touch & !QUEUED
    }

    /// Takes the next item. If its record goes, `gone` is given its key; removing the record is the caller's.
    pub(crate) fn next(
        &mut self,
        table: &mut Table<Object>,
        hash_of: impl Fn(&[u8]) -> u64,
        mut gone: impl FnMut(&[u8]),
    ) -> Verdict {
        let small_first = self.main_living == 0 || self.small_living * 10 > self.len();
        let from_small = !self.small.is_empty() && (small_first || self.main.is_empty());
        let item = if from_small { self.small.pop_front() } else { self.main.pop_front() };
        let Some(hash) = item else { return Verdict::Empty };
        let here = if from_small { QUEUED } else { QUEUED | MAIN };
        let mut verdict = Verdict::Stale;
        table.probe(hash, |record| {
            let touch = record.touch();
            if touch & (QUEUED | MAIN) != here || hash_of(record.key()) as u32 != hash {
                return false;
            }
            let uses = touch & USES;
            let rounds = if from_small { uses.saturating_sub(1) } else { uses };
            if rounds == 0 {
                verdict = Verdict::Goes;
                gone(record.key());
                return true;
            }
            verdict = Verdict::Stays;
            // What comes from the small queue starts anew; in the main queue a round costs one use.
            let left = if from_small { 0 } else { uses - 1 };
            record.set_touch(touch & !USES | left | MAIN);
            true
        });
        match verdict {
            Verdict::Stays => {
                self.main.push_back(hash);
                if from_small {
                    self.small_living = self.small_living.saturating_sub(1);
                    self.main_living += 1;
                }
            }
            Verdict::Goes if from_small => self.ghost.remember(hash),
            _ => {}
        }
        verdict
    }

    /// Drops leftovers if there are too many. Paid for by the insertions since the last time.
    pub(crate) fn tidy(&mut self, table: &mut Table<Object>, hash_of: impl Fn(&[u8]) -> u64) {
        if self.small.len() + self.main.len() <= self.len() * 2 + 64 {
            return;
        }
        let turn = self.turn ^ TURN;
        for (queue, here) in [(&mut self.small, QUEUED), (&mut self.main, QUEUED | MAIN)] {
            let mut kept = VecDeque::new();
            // From the newest on: a key deleted and set again stands where it was set last.
            for hash in queue.drain(..).rev() {
                let mut found = false;
                table.probe(hash, |record| {
                    let touch = record.touch();
                    let stands = touch & (QUEUED | MAIN) == here && touch & TURN != turn;
                    if !stands || hash_of(record.key()) as u32 != hash {
                        return false;
                    }
                    record.set_touch(touch ^ TURN);
                    found = true;
                    true
                });
                if found {
                    kept.push_front(hash);
                }
            }
            *queue = kept;
        }
        self.turn = turn;
        (self.small_living, self.main_living) = (self.small.len(), self.main.len());
    }
}

const WAYS: usize = 8;

/// The hashes of keys that left the small queue unused: sets of eight, each a queue of its own, so that remembering and
/// forgetting touch one cache line. Zero is an empty place.
///
/// A set is cut to so many that all of them hold nine tenths as many as there are living keys: with a longer memory,
/// too many keys enter the main queue at once that will not be used again.
#[derive(Debug, Default)]
struct Ghost {
    sets: Box<[[u32; WAYS]]>,
    /// How many places of a set are used.
    ways: usize,
}

impl Ghost {
    fn set(&mut self, hash: u32) -> Option<&mut [u32; WAYS]> {
        let mask = self.sets.len().checked_sub(1)?;
        // The low bits chose the bucket of the table; others spread the sets as well.
        self.sets.get_mut((hash >> 5) as usize & mask)
    }

    /// Takes note of how many living keys there are; what is remembered stays as far as there is room.
    fn hold(&mut self, living: usize) {
        let wanted = living - living / 10;
        if wanted <= self.sets.len() * WAYS {
            self.ways = ((wanted + self.sets.len() / 2) / self.sets.len()).clamp(1, WAYS);
            return;
        }
        let sets = wanted.div_ceil(WAYS).next_power_of_two();
        self.ways = ((wanted + sets / 2) / sets).clamp(1, WAYS);
        let old = std::mem::replace(&mut self.sets, vec![[0; WAYS]; sets].into_boxed_slice());
        for hash in old.iter().flat_map(|set| set.iter().rev()) {
            if *hash != 0 {
                self.remember(*hash);
            }
        }
    }

    fn remember(&mut self, hash: u32) {
        let ways = self.ways;
        if let Some(set) = self.set(hash) {
            set[ways..].fill(0);
            set[..ways].rotate_right(1);
            set[0] = hash.max(1);
        }
    }

    fn forget(&mut self, hash: u32) -> bool {
        let Some(set) = self.set(hash) else { return false };
        let Some(at) = set.iter().position(|known| *known == hash.max(1)) else { return false };
        set[at..].rotate_left(1);
        set[WAYS - 1] = 0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::{Parts, Record};
    use crate::rng::Rng;

    fn hash(key: &[u8]) -> u64 {
        u64::from(u32::from_le_bytes(key.try_into().expect("four bytes"))).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            >> 8
    }

    #[derive(Default)]
    struct Cache {
        table: Table<Object>,
        queues: S3Fifo,
    }

    impl Cache {
        fn add(&mut self, n: u32) {
            let key = n.to_le_bytes();
            let mut record = Record::new(&key, Parts::Nothing, None, true);
            record.set_touch(self.queues.add(hash(&key) as u32, 0));
            self.table.insert(hash(&key), record, hash);
            self.queues.tidy(&mut self.table, hash);
        }

        fn remove(&mut self, n: u32) {
            let key = n.to_le_bytes();
            if let Some(record) = self.table.remove(hash(&key), &key) {
                self.queues.remove(record.touch());
            }
        }

        fn use_it(&mut self, n: u32) -> bool {
            let key = n.to_le_bytes();
            let found = self
                .table
                .get_touching(hash(&key), &key, |touch| if touch & USES == USES { touch } else { touch + 1 });
            found.is_some()
        }

        fn evict(&mut self) -> Option<u32> {
            loop {
                let mut gone = None;
                let n = |key: &[u8]| u32::from_le_bytes(key.try_into().expect("four bytes"));
                match self.queues.next(&mut self.table, hash, |key| gone = Some(n(key))) {
                    Verdict::Empty => return None,
                    Verdict::Goes => {
                        let n = gone.expect("its key was told");
                        self.remove(n);
                        return Some(n);
                    }
                    Verdict::Stale | Verdict::Stays => {}
                }
            }
        }
    }

    #[test]
    fn what_is_used_twice_outlives_what_is_not_and_what_returns_is_kept() {
        let mut cache = Cache::default();
        (0..100).for_each(|n| cache.add(n));
        for n in 0..10 {
            cache.use_it(n);
            cache.use_it(n);
        }
        cache.use_it(10);
        let gone: Vec<u32> = (0..80).filter_map(|_| cache.evict()).collect();
        assert_eq!(gone, (10..90).collect::<Vec<_>>());
        cache.add(89);
        (100..180).for_each(|n| cache.add(n));
        let gone: Vec<u32> = (0..80).filter_map(|_| cache.evict()).collect();
        assert!(!gone.contains(&89) && (0..10).all(|n| !gone.contains(&n)), "{gone:?}");
    }

    #[test]
    fn queues_stay_bounded_and_lose_nobody_while_keys_come_and_go() {
        let mut cache = Cache::default();
        let mut rng = Rng::seeded(5);
        for _ in 0..100_000 {
            let n = rng.below(300) as u32;
            match rng.below(10) {
                0 => {
                    cache.evict();
                }
                1..4 => cache.remove(n),
                _ if cache.use_it(n) => {}
                _ => {
                    cache.add(n);
                    let queues = &cache.queues;
                    assert!(queues.small.len() + queues.main.len() <= queues.len() * 2 + 64);
                }
            }
            assert_eq!(cache.queues.len(), cache.table.len());
            assert!(cache.queues.ghost.sets.len() * WAYS <= 600);
        }
        let left = cache.table.len();
        assert_eq!(
            (0..left).filter_map(|_| cache.evict()).count(),
            left,
            "each has an item that leads to it"
        );
        assert_eq!((cache.evict(), cache.table.len()), (None, 0));
    }

    #[test]
    fn a_ghost_remembers_about_as_many_as_live() {
        let mut rng = Rng::seeded(9);
        for living in [1, 7, 39, 64, 100, 1_000] {
            let mut ghost = Ghost::default();
            ghost.hold(living);
            let told: Vec<u32> = (0..20 * living).map(|_| rng.next_u64() as u32).collect();
            told.iter().for_each(|hash| ghost.remember(*hash));
            let known = told.iter().filter(|hash| ghost.forget(**hash)).count();
            assert!((living * 2 / 3..=living * 5 / 4 + 1).contains(&known), "{known} for {living}");
        }
    }

    #[test]
    fn a_ghost_remembers_through_its_growth() {
        let mut ghost = Ghost::default();
        ghost.hold(8);
        for n in 0..8_u32 {
            ghost.remember(n << 8);
        }
        ghost.hold(100);
        assert!((0..8_u32).all(|n| ghost.forget(n << 8)));
        assert!(!ghost.forget(0));
    }
}
