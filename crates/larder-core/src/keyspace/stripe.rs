//! One stripe: its part of every database, who is interested in its keys, and its counts. No lock and no clock: the
//! view that locked it brings both.

use super::DbIndex;
use super::expiry::Wheel;
use super::hasher::KeyHasher;
use super::s3fifo::{self, S3Fifo};
use super::waiters::Interest;
use crate::limits::HOLDS_PER_SAMPLE;
use crate::options::ValueLimits;
use crate::raw::{Record, Table};
use crate::rng::Rng;
use crate::value::{Dues, Object};

/// A stripe's part of one database.
#[derive(Default)]
pub(crate) struct Db {
    pub(crate) table: Table<Object>,
    pub(crate) wheel: Option<Box<Wheel>>,
    /// Records with a deadline.
    pub(crate) expires: usize,
    /// Records whose parts have deadlines of their own.
    pub(crate) inner: usize,
    /// Keys of which more parts are due than one step removes: looked at again in the next one, before the wheel.
    pub(crate) overdue: Vec<Box<[u8]>>,
    /// The queues of S3-FIFO, where that is the policy and there is a memory limit.
    pub(crate) fifo: Option<Box<S3Fifo>>,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db")
            .field("len", &self.table.len())
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// Databases up to the highest one used. Most keyspaces use the first alone, which lies here and not behind a pointer.
#[derive(Debug, Default)]
pub(crate) struct Dbs {
    first: Db,
    others: Vec<Db>,
}

impl Dbs {
    #[inline]
    pub(crate) fn get(&self, db: DbIndex) -> Option<&Db> {
        match db.get() {
            0 => Some(&self.first),
            other => self.others.get(other - 1),
        }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, db: DbIndex) -> Option<&mut Db> {
        match db.get() {
            0 => Some(&mut self.first),
            other => self.others.get_mut(other - 1),
        }
    }

    #[inline]
    fn get_or_make(&mut self, db: DbIndex) -> &mut Db {
        match db.get() {
            0 => &mut self.first,
            other => Dbs::get_or_make_other(&mut self.others, other - 1),
        }
    }

    fn get_or_make_other(others: &mut Vec<Db>, at: usize) -> &mut Db {
        if others.len() <= at {
            others.resize_with(at + 1, Db::default);
        }
        &mut others[at]
    }

    /// Exchanges two of them, which both exist.
    fn swap(&mut self, a: DbIndex, b: DbIndex) {
        match (a.get().min(b.get()), a.get().max(b.get())) {
            (0, 0) => {}
            (0, other) => std::mem::swap(&mut self.first, &mut self.others[other - 1]),
            (a, b) => self.others.swap(a - 1, b - 1),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Db> {
        std::iter::once(&self.first).chain(&self.others)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Db> {
        std::iter::once(&mut self.first).chain(&mut self.others)
    }
}

/// Counts of one stripe since the start, or since they were reset.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Reads that found a key.
    pub hits: u64,
    /// Reads that found none.
    pub misses: u64,
    /// Keys that died at their deadline.
    pub expired: u64,
    /// Fields of hashes that died at theirs.
    pub expired_fields: u64,
    /// Keys removed to make room.
    pub evicted: u64,
    /// Changes that somebody asked for: each key for itself, whatever it has gained or lost. Never forgotten.
    pub changes: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Counts) {
        self.hits += other.hits;
        self.misses += other.misses;
        self.expired += other.expired;
        self.expired_fields += other.expired_fields;
        self.evicted += other.evicted;
        self.changes += other.changes;
    }

    /// Forgets what may be forgotten.
    pub(crate) fn reset(&mut self) {
        *self = Counts { changes: self.changes, ..Counts::default() };
    }
}

/// One stripe. The order of its fields is that of a read: what it touches lies in the two lines of the cache that the
/// lock begins.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Stripe {
    pub(crate) dbs: Dbs,
    pub(crate) counts: Counts,
    /// Bytes of records and objects.
    pub(crate) used_bytes: i64,
    /// The part of it that the engine's total does not know yet.
    pub(crate) unreported_bytes: i64,
    /// Holds of its lock until one is timed.
    pub(crate) holds_left: u32,
    /// Since when the lock is held, where that is timed; 0 otherwise.
    pub(crate) held_since_ns: u64,
    /// What the engine's total knows of tables, wheels and queues.
    reported_index_bytes: i64,
    pub(crate) interest: Interest,
    /// Its own chance and its own copy of the limits, so that writers of different stripes share nothing.
    pub(crate) rng: Rng,
    /// See above.
    pub(crate) limits: ValueLimits,
    /// The part of its bytes that each database but the first has. The first, which most use alone, has the rest.
    bytes_of_others: Vec<i64>,
}

impl Stripe {
    pub(crate) fn new(seed: u64, limits: ValueLimits) -> Stripe {
        Stripe {
            rng: Rng::seeded(seed),
            limits,
            dbs: Dbs::default(),
            interest: Interest::default(),
            counts: Counts::default(),
            used_bytes: 0,
            unreported_bytes: 0,
            holds_left: HOLDS_PER_SAMPLE,
            held_since_ns: 0,
            reported_index_bytes: 0,
            bytes_of_others: Vec::new(),
        }
    }

    #[inline]
    pub(crate) fn db(&self, db: DbIndex) -> Option<&Db> {
        self.dbs.get(db)
    }

    /// The database if anything ever was in it.
    #[inline]
    pub(crate) fn db_existing(&mut self, db: DbIndex) -> Option<&mut Db> {
        self.dbs.get_mut(db)
    }

    #[inline]
    pub(crate) fn db_mut(&mut self, db: DbIndex) -> &mut Db {
        self.dbs.get_or_make(db)
    }

    pub(crate) fn swap(&mut self, a: DbIndex, b: DbIndex) {
        self.db_mut(a.max(b));
        let bytes = [a, b].map(|db| self.bytes_of(db));
        self.dbs.swap(a, b);
        for (db, bytes) in [b, a].into_iter().zip(bytes) {
            self.account(db, bytes - self.bytes_of(db));
        }
    }

    pub(crate) fn dbs(&self) -> impl Iterator<Item = (DbIndex, &Db)> {
        DbIndex::all().zip(self.dbs.iter())
    }

    /// Takes into account that a database has grown by so many bytes, or shrunk.
    #[inline]
    pub(crate) fn account(&mut self, db: DbIndex, delta: i64) {
        self.used_bytes += delta;
        self.unreported_bytes += delta;
        if db != DbIndex::default() {
            self.account_other(db, delta);
        }
    }

    fn account_other(&mut self, db: DbIndex, delta: i64) {
        if self.bytes_of_others.len() < db.get() {
            self.bytes_of_others.resize(db.get(), 0);
        }
        self.bytes_of_others[db.get() - 1] += delta;
    }

    /// Bytes of records and objects of one database.
    pub(crate) fn bytes_of(&self, db: DbIndex) -> i64 {
        match db.get() {
            0 => self.used_bytes - self.bytes_of_others.iter().sum::<i64>(),
            other => self.bytes_of_others.get(other - 1).copied().unwrap_or(0),
        }
    }

    /// Takes what the engine's total does not know yet: of records, and of what leads to them.
    pub(crate) fn take_unreported(&mut self) -> i64 {
        let index = self.index_bytes_by(Wheel::roughly_bytes) as i64;
        let grown = index - std::mem::replace(&mut self.reported_index_bytes, index);
        std::mem::take(&mut self.unreported_bytes) + grown
    }

    /// Bytes of everything in it: records and objects, tables, wheels and queues.
    pub(crate) fn all_bytes(&self) -> u64 {
        self.used_bytes.max(0) as u64 + self.index_bytes() as u64
    }

    /// Bytes of tables, wheels and queues, which are counted when asked for.
    pub(crate) fn index_bytes(&self) -> usize {
        self.index_bytes_by(Wheel::own_bytes)
    }

    fn index_bytes_by(&self, wheel_bytes: fn(&Wheel) -> usize) -> usize {
        let db = |db: &Db| {
            db.table.own_bytes()
                + db.wheel.as_ref().map_or(0, |wheel| wheel_bytes(wheel))
                + db.fifo.as_ref().map_or(0, |fifo| fifo.own_bytes())
        };
        self.dbs.iter().map(db).sum::<usize>() + self.dbs.others.capacity() * size_of::<Db>()
    }

    /// When the timer must come.
    pub(crate) fn next_due_ms(&self) -> u64 {
        let due = |db: &Db| match &db.wheel {
            _ if !db.overdue.is_empty() => Some(0),
            wheel => wheel.as_ref().and_then(|wheel| wheel.next_due_ms()),
        };
        self.dbs.iter().filter_map(due).min().unwrap_or(u64::MAX)
    }
}

impl Db {
    /// Bytes of records and objects, as a walk over them finds them.
    pub(crate) fn walked_bytes(&self) -> i64 {
        let mut bytes = 0;
        self.table.for_each(|record| bytes += used_bytes(&record));
        bytes
    }

    /// Puts a record that is in no queue into one, if `volatile` or its having no deadline do not speak against it, and
    /// makes the queues if there are none.
    pub(crate) fn enqueue(&mut self, hash: u64, key: &[u8], volatile: bool, hasher: &KeyHasher) {
        let hash_of = |key: &[u8]| hasher.hash(key);
        if self.fifo.is_none() {
            // This record is found along with the others.
            let queues = S3Fifo::of(&mut self.table, hash_of, |deadline| !volatile || deadline.is_some());
            self.fifo = Some(Box::new(queues));
            return;
        }
        let Some(fifo) = self.fifo.as_mut() else { return };
        if let Some(mut record) = self.table.get_mut(hash, key)
            && record.touch() & s3fifo::QUEUED == 0
            && (!volatile || record.deadline_ms().is_some())
        {
            let touch = fifo.add(hash as u32, record.touch());
            record.set_touch(touch);
        }
        fifo.tidy(&mut self.table, hash_of);
    }

    /// Makes sure that the wheel will come back to a record at this moment, at which it or a part of it is due.
    pub(crate) fn arm(&mut self, hash: u64, due_ms: u64, now_ms: u64, hasher: &KeyHasher) {
        let wheel = self.wheel.get_or_insert_with(|| Box::new(Wheel::new(now_ms)));
        wheel.insert(hash as u32, due_ms);
        if wheel.len() > (self.expires + self.inner) * 2 + 64 {
            self.rebuild_wheel(now_ms, hasher);
        }
    }

    /// Drops the leftovers of keys that were deleted or that live longer now. Paid for by the insertions since.
    fn rebuild_wheel(&mut self, now_ms: u64, hasher: &KeyHasher) {
        let mut wheel = Box::new(Wheel::new(now_ms));
        self.table.for_each_mut(|record| {
            let due = due_ms(record);
            if let Some(ms) = due {
                wheel.insert(hasher.hash(record.key()) as u32, ms);
            }
            record.set_armed(due.is_some());
        });
        self.wheel = Some(wheel);
    }

    /// Fetches what wheel items lead to into the cache, all of it at once: each is a bucket and a record that nobody
    /// has touched for a while.
    pub(crate) fn prefetch(&self, items: &[u32]) {
        self.table.prefetch_all(items.iter().map(|item| u64::from(*item)));
    }

    /// Looks at a wheel item whose time has come. Takes out the record that is due and gives it with its hash; where
    /// parts of one are due, adds its key to `due`; arms one that is not due again.
    pub(crate) fn take_due(
        &mut self,
        item: u32,
        now_ms: u64,
        hasher: &KeyHasher,
        due: &mut Vec<Box<[u8]>>,
    ) -> Option<(u64, Record<Object>)> {
        let mut hash = 0;
        let dead = self.table.remove_where(item, |record| {
            hash = hasher.hash(record.key());
            hash as u32 == item && !record.has_inner() && record.deadline_ms().is_some_and(|ms| ms <= now_ms)
        });
        if let Some(record) = dead {
            self.forget(&record);
            return Some((hash, record));
        }
        let mut again = None;
        self.table.probe(item, |record| {
            if hasher.hash(record.key()) as u32 != item {
                return false;
            }
            match due_ms(record) {
                Some(ms) if ms <= now_ms => {
                    due.push(record.key().into());
                    false
                }
                later => {
                    record.set_armed(later.is_some());
                    again = later;
                    true
                }
            }
        });
        if let (Some(ms), Some(wheel)) = (again, self.wheel.as_mut()) {
            wheel.insert(item, ms);
        }
        None
    }

    /// Takes note that a record has left the table.
    #[inline]
    pub(crate) fn forget(&mut self, record: &Record<Object>) {
        self.expires -= usize::from(record.deadline_ms().is_some());
        self.inner -= usize::from(record.has_inner());
        if let Some(fifo) = self.fifo.as_mut() {
            fifo.remove(record.touch());
        }
    }
}

/// When the wheel must have come back to a record: at its own deadline, or the nearest of its parts'.
pub(crate) fn due_ms(record: &Record<Object>) -> Option<u64> {
    let own = record.deadline_ms();
    if !record.has_inner() {
        return own;
    }
    own.into_iter().chain(dues(record).next_ms).min()
}

/// When parts of a record die.
pub(crate) fn dues(record: &Record<Object>) -> Dues {
    record.object().map_or_else(Dues::default, Object::dues)
}

/// Bytes that a record and its object take.
#[inline]
pub(crate) fn used_bytes(record: &Record<Object>) -> i64 {
    let object = record.object().map_or(0, Object::used_bytes);
    (record.own_bytes() + object) as i64
}
