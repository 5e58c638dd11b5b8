//! Whole databases. Where the view holds every stripe these run under its locks; where it holds none they lock stripe
//! after stripe, and what they see is not a cut in time.

use super::View;
use super::locking::{Locked, lock};
use crate::error::Result;
use crate::keyspace::deadlines::is_alive;
use crate::keyspace::entry::Entry;
use crate::keyspace::scan::ScanCursor;
use crate::keyspace::stripe::Counts;
use crate::keyspace::{DbIndex, OwnedKey};
use crate::limits::STRIPES;
use crate::rng::Rng;

/// Counts of a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DbCount {
    /// Keys.
    pub keys: usize,
    /// Keys with a deadline.
    pub expires: usize,
    /// Keys of hashes that have fields with deadlines.
    pub with_field_deadlines: usize,
}

impl View<'_> {
    /// Runs `f` with one stripe at hand.
    fn on_stripe<R>(&mut self, index: usize, f: impl FnOnce(&mut Self) -> Result<R>) -> Result<R> {
        if !matches!(self.locked, Locked::None) {
            return f(self);
        }
        self.locked = Locked::One(index, lock(self.shared, index));
        let result = f(self);
        self.finish();
        result
    }

    /// How many keys a database has, those included whose deadline came this millisecond.
    pub fn len(&mut self, db: DbIndex) -> Result<usize> {
        Ok(self.count(db)?.keys)
    }

    /// Counts of a database.
    pub fn count(&mut self, db: DbIndex) -> Result<DbCount> {
        let mut count = DbCount::default();
        for index in 0..STRIPES {
            self.on_stripe(index, |view| {
                if let Some(db) = view.locked.stripe(index)?.db(db) {
                    count.keys += db.table.len();
                    count.expires += db.expires;
                    count.with_field_deadlines += db.inner;
                }
                Ok(())
            })?;
        }
        Ok(count)
    }

    /// Bytes of keys and values, tables and wheels included.
    pub fn used_bytes(&mut self) -> Result<u64> {
        let mut used = 0;
        for index in 0..STRIPES {
            self.on_stripe(index, |view| {
                used += view.locked.stripe(index)?.all_bytes();
                Ok(())
            })?;
        }
        Ok(used)
    }

    /// Counts since the start or the last reset.
    pub fn counts(&mut self) -> Result<Counts> {
        let mut counts = Counts::default();
        for index in 0..STRIPES {
            self.on_stripe(index, |view| {
                counts.add(view.locked.stripe(index)?.counts);
                Ok(())
            })?;
        }
        Ok(counts)
    }

    /// Forgets counts, lateness, and what is known of locks.
    pub fn reset_counts(&mut self) -> Result<()> {
        for index in 0..STRIPES {
            self.on_stripe(index, |view| {
                view.locked.stripe(index)?.counts.reset();
                Ok(())
            })?;
        }
        self.shared.lateness.reset();
        self.shared.locks.reset();
        Ok(())
    }

    /// Visits some more entries of a database: about `count` of them, and where to go on; [`ScanCursor::START`] at the
    /// end. An entry that exists from the first call to the last is visited exactly once.
    pub fn scan(
        &mut self,
        db: DbIndex,
        from: ScanCursor,
        count: usize,
        mut visit: impl FnMut(Entry<'_>),
    ) -> Result<ScanCursor> {
        let (mut stripe, mut position) = from.parts();
        let mut now = Some(self.now_ms());
        let shared = self.shared;
        let hash_of = |key: &[u8]| shared.keyspace.hasher.hash(key);
        let mut visited = 0;
        let mut buckets = 0;
        while stripe < STRIPES {
            let most = count.saturating_mul(10);
            position = self.on_stripe(stripe, |view| {
                let Some(db) = view.locked.stripe(stripe)?.db(db) else { return Ok(0) };
                // What was emptied costs nothing: whoever scans a few keys gets them at once.
                if db.table.len() == 0 {
                    return Ok(0);
                }
                let mut position = position;
                loop {
                    position = db.table.scan(position, hash_of, |record| {
                        if is_alive(&record, shared, &mut now) {
                            visited += 1;
                            visit(Entry(record));
                        }
                    });
                    buckets += 1;
                    if position == 0 || visited >= count || buckets >= most {
                        return Ok(position);
                    }
                }
            })?;
            stripe += usize::from(position == 0);
            if visited >= count || buckets >= most {
                break;
            }
        }
        Ok(ScanCursor::at(stripe, position))
    }

    /// Visits every entry of a database.
    pub fn for_each(&mut self, db: DbIndex, mut visit: impl FnMut(Entry<'_>)) -> Result<()> {
        self.scan(db, ScanCursor::START, usize::MAX, &mut visit).map(|_| ())
    }

    /// Some key of a database: a stripe by the number of its keys, then a key of it.
    pub fn random_key(&mut self, db: DbIndex) -> Result<Option<Box<[u8]>>> {
        // A key may be due, or its stripe may have emptied since: then another try.
        for _ in 0..100 {
            let mut lens = Vec::with_capacity(STRIPES);
            for index in 0..STRIPES {
                let len = self.on_stripe(index, |view| {
                    Ok(view.locked.stripe(index)?.db(db).map_or(0, |db| db.table.len()))
                })?;
                lens.push(len);
            }
            let all: usize = lens.iter().sum();
            if all == 0 {
                return Ok(None);
            }
            let mut chosen = Rng::seeded(self.random()).below(all);
            let index = lens.iter().position(|len| {
                let here = chosen < *len;
                chosen = chosen.saturating_sub(*len);
                here
            });
            let (index, mut rng) = (index.unwrap_or(0), Rng::seeded(self.random()));
            let (mut now, shared) = (Some(self.now_ms()), self.shared);
            let key = self.on_stripe(index, |view| {
                let record =
                    view.locked.stripe(index)?.db(db).and_then(|db| db.table.sample_evenly(&mut rng));
                let alive = record.filter(|record| is_alive(record, shared, &mut now));
                Ok(alive.map(|record| record.key().into()))
            })?;
            if key.is_some() {
                return Ok(key);
            }
        }
        Ok(None)
    }

    /// Empties a database. Values are dropped after the locks are gone. Says how many keys there were.
    pub fn flush(&mut self, db: DbIndex) -> Result<usize> {
        let (mut flushed, mut dbs) = (0, Vec::new());
        for index in 0..STRIPES {
            flushed += self.on_stripe(index, |view| {
                let stripe = view.locked.stripe(index)?;
                let bytes = stripe.bytes_of(db);
                let Some(old) = stripe.db_existing(db).map(std::mem::take) else { return Ok(0) };
                debug_assert_eq!(bytes, old.walked_bytes(), "bytes of a database");
                stripe.account(db, -bytes);
                for bytes in stripe.interest.keys_of(db) {
                    let key = view.shared.keyspace.key(db, &bytes);
                    if old.table.get(key.hash, key.bytes).is_some() {
                        stripe.interest.mark(&key);
                        view.after.work().ready.push(OwnedKey { db, bytes });
                    }
                }
                let len = old.table.len();
                stripe.counts.changes += len as u64;
                dbs.push(old);
                Ok(len)
            })?;
        }
        self.after.work().dbs.append(&mut dbs);
        Ok(flushed)
    }

    /// Exchanges two databases. Needs a view of everything.
    pub fn swap(&mut self, a: DbIndex, b: DbIndex) -> Result<()> {
        for index in 0..STRIPES {
            let stripe = self.locked.stripe(index)?;
            // Entries whose deadlines have come take no part: who watches for one sees no change when it moves.
            let names = [a, b].map(|db| stripe.interest.keys_of(db)).into_iter().flatten();
            for bytes in names.collect::<Vec<_>>() {
                for db in [a, b] {
                    self.purge(&self.shared.keyspace.key(db, &bytes))?;
                }
            }
            let stripe = self.locked.stripe(index)?;
            stripe.swap(a, b);
            let mut ready = Vec::new();
            for (db, other) in [(a, b), (b, a)] {
                for bytes in stripe.interest.keys_of(db) {
                    let key = self.shared.keyspace.key(db, &bytes);
                    let in_db = |db: DbIndex| {
                        stripe.db(db).is_some_and(|db| db.table.get(key.hash, &bytes).is_some())
                    };
                    if in_db(db) || in_db(other) {
                        stripe.interest.mark(&key);
                        ready.push(OwnedKey { db, bytes });
                    }
                }
            }
            if !ready.is_empty() {
                self.after.work().ready.extend(ready);
            }
        }
        Ok(())
    }
}
