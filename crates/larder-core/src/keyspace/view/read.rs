//! Reading a key, or several.

use super::View;
use super::after::After;
use super::locking::lock;
use crate::engine::Shared;
use crate::error::Result;
use crate::keyspace::changes::Class;
use crate::keyspace::deadlines::is_alive;
use crate::keyspace::entry::Entry;
use crate::keyspace::stripe::Stripe;
use crate::keyspace::{Key, locks};
use crate::value::Collection;
use crate::value::string::Str;

impl View<'_> {
    /// The entry of a key, as a read: it counts as a hit or a miss, and as a use of the entry.
    #[inline]
    pub fn get(&mut self, key: &Key<'_>) -> Result<Option<Entry<'_>>> {
        let View { shared, locked, now_ms, after, uses } = self;
        let found = read(shared, locked.stripe(key.stripe())?, key, now_ms, *uses);
        if found.is_none() {
            after.missed(shared, key);
        }
        Ok(found)
    }

    /// The entry of a key, as a read that is no use of it: EXISTS, TTL, TYPE. It counts as a hit or a miss.
    pub fn look(&mut self, key: &Key<'_>) -> Result<Option<Entry<'_>>> {
        let found = self.exists(key)?;
        let counts = &mut self.locked.stripe(key.stripe())?.counts;
        if found {
            counts.hits += 1;
        } else {
            counts.misses += 1;
            self.after.missed(self.shared, key);
        }
        self.peek(key)
    }

    /// The entry of a key, for looking at without using or counting it: OBJECT, and conditions of writes.
    pub fn peek(&mut self, key: &Key<'_>) -> Result<Option<Entry<'_>>> {
        let View { shared, locked, now_ms, .. } = self;
        let found = locked.stripe(key.stripe())?.db(key.db).and_then(|db| db.table.get(key.hash, key.bytes));
        Ok(found.filter(|record| is_alive(record, shared, now_ms)).map(Entry))
    }

    /// The entries of several keys at once, as reads.
    pub fn entries(&mut self, keys: &[Key<'_>]) -> Result<Vec<Option<Entry<'_>>>> {
        for key in keys {
            self.get(key)?;
        }
        self.peek_all(keys)
    }

    /// The entries of several keys at once, for looking at without using or counting them.
    pub fn peek_all(&mut self, keys: &[Key<'_>]) -> Result<Vec<Option<Entry<'_>>>> {
        let mut now = Some(self.now_ms());
        let look = |key: &Key<'_>| {
            let db = self.locked.stripe_ref(key.stripe())?.db(key.db);
            let found = db.and_then(|db| db.table.get(key.hash, key.bytes));
            Ok(found.filter(|record| is_alive(record, self.shared, &mut now)).map(Entry))
        };
        keys.iter().map(look).collect()
    }

    /// Takes back that a read of a key was counted: it is read again elsewhere.
    #[cold]
    pub fn uncount(&mut self, key: &Key<'_>) -> Result<()> {
        let found = self.exists(key)?;
        let counts = &mut self.locked.stripe(key.stripe())?.counts;
        let count = if found { &mut counts.hits } else { &mut counts.misses };
        *count = count.saturating_sub(1);
        Ok(())
    }

    /// Whether a key exists, without using it.
    pub fn exists(&mut self, key: &Key<'_>) -> Result<bool> {
        Ok(self.peek(key)?.is_some())
    }

    /// The string of a key, as a read.
    #[inline]
    pub fn string(&mut self, key: &Key<'_>) -> Result<Option<Str<'_>>> {
        self.get(key)?.map(|entry| entry.string()).transpose()
    }

    /// The collection of a key, as a read.
    pub fn collection<C: Collection>(&mut self, key: &Key<'_>) -> Result<Option<&C>> {
        self.get(key)?.map(|entry| entry.collection()).transpose()
    }
}

/// Reads a key of a locked stripe. It counts as a hit or a miss, and, where `uses` says so, as a use of the entry.
#[inline]
fn read<'s>(
    shared: &Shared,
    stripe: &'s mut Stripe,
    key: &Key<'_>,
    now_ms: &mut Option<u64>,
    uses: bool,
) -> Option<Entry<'s>> {
    let Stripe { dbs, counts, .. } = stripe;
    let (policy, seconds) = (shared.policy(), shared.seconds());
    let touched = |touch| if uses { policy.touched(touch, seconds) } else { touch };
    let db = dbs.get_mut(key.db);
    let found = db.and_then(|db| db.table.get_touching(key.hash, key.bytes, touched));
    let found = found.filter(|record| is_alive(record, shared, now_ms));
    if found.is_some() {
        counts.hits += 1;
    } else {
        counts.misses += 1;
    }
    found.map(Entry)
}

impl Shared {
    /// What [`View::get`] does on a view of one key, without the view: for the operation that programs do most. `look`
    /// runs while the stripe is locked.
    #[inline]
    pub(crate) fn read_one<R>(&self, key: &Key<'_>, look: impl FnOnce(Entry<'_>) -> R) -> Option<R> {
        let mut stripe = lock(self, key.stripe());
        let looked = read(self, &mut stripe, key, &mut None, true).map(look);
        locks::released(&self.locks, &*self.clock, &mut stripe);
        drop(stripe);
        if looked.is_some() {
            return looked;
        }
        if self.feed.wants(Class::KEY_MISS) {
            self.tell_missed(key);
        }
        None
    }

    #[cold]
    fn tell_missed(&self, key: &Key<'_>) {
        let mut after = After::default();
        after.missed(self, key);
        if let Some(work) = after.0 {
            work.run(self);
        }
    }
}
