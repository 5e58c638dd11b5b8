//! The keyspace: sixteen databases over lock-striped tables of records.
//!
//! A key's hash chooses its stripe, whatever its database, so that a key moves between databases under one lock and two
//! databases swap by swapping tables. Operations do not lock stripes themselves: they run on a [`View`], the proof of
//! what is locked. [`Engine`](crate::Engine) hands views out.

pub(crate) mod changes;
mod condition;
mod deadlines;
mod entry;
pub(crate) mod eviction;
mod expiry;
#[cfg(test)]
mod field_deadline_tests;
mod hasher;
mod locks;
pub(crate) mod reclaim;
mod s3fifo;
mod scan;
mod slices;
pub(crate) mod stripe;
#[cfg(test)]
mod tests;
mod transfer;
pub(crate) mod view;
mod waiters;

pub use changes::{Change, ChangeListener, Class};
pub use condition::Condition;
pub use entry::Entry;
pub use eviction::{Policy, Sampling};
pub use hasher::KeyHasher;
pub use locks::{Durations, Locks};
pub use scan::ScanCursor;
pub use slices::Slice;
pub use stripe::Counts;
pub use view::{DbCount, Edit, Expiry, GiveUp, Missing, Number, Tools, View, WriteCost};
pub use waiters::{WaiterId, WatchMark};

use crate::error::{Error, Result};
use crate::limits::{DATABASES, STRIPES};
use crate::options::ValueLimits;
use crate::rng::Rng;
use crate::sync::{AtomicU64, CachePadded, Ordering, StripeMutex};
use stripe::Stripe;

/// The number of a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DbIndex(u8);

impl DbIndex {
    /// The database of this number, if there is one.
    pub fn new(index: usize) -> Result<DbIndex> {
        if index < usize::from(DATABASES) { Ok(DbIndex(index as u8)) } else { Err(Error::NoSuchDb) }
    }

    /// The number.
    pub fn get(self) -> usize {
        usize::from(self.0)
    }

    /// Every database there is.
    pub fn all() -> impl Iterator<Item = DbIndex> {
        (0..DATABASES).map(DbIndex)
    }
}

/// A key with its database and its hash, which is computed once.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// The database.
    pub db: DbIndex,
    /// The key itself.
    pub bytes: &'a [u8],
    pub(crate) hash: u64,
}

/// The hash of a key, for whoever makes the key again: hashing is a good part of what a short command costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyHash(u64);

impl Key<'_> {
    #[inline]
    pub(crate) fn hashed(db: DbIndex, bytes: &[u8], hash: KeyHash) -> Key<'_> {
        Key { db, bytes, hash: hash.0 }
    }

    /// Its hash, to be kept with the bytes it belongs to.
    #[inline]
    pub fn key_hash(&self) -> KeyHash {
        KeyHash(self.hash)
    }

    /// The same key without hashing it again, if `bytes` is the very slice that it was made from.
    #[inline]
    pub fn again<'b>(&self, db: DbIndex, bytes: &'b [u8]) -> Option<Key<'b>> {
        std::ptr::eq(self.bytes, bytes).then_some(Key { db, bytes, hash: self.hash })
    }

    /// The stripe that holds this key.
    #[inline]
    pub(crate) fn stripe(&self) -> usize {
        stripe_of(self.hash)
    }
}

#[inline]
pub(crate) fn stripe_of(hash: u64) -> usize {
    (hash >> (64 - STRIPES.trailing_zeros())) as usize
}

/// A key on its own, for after the locks are gone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OwnedKey {
    /// The database.
    pub db: DbIndex,
    /// The key itself.
    pub bytes: Box<[u8]>,
}

/// One stripe with what may be read of it without its lock.
#[derive(Debug)]
pub(crate) struct StripeCell {
    pub(crate) stripe: StripeMutex<Stripe>,
    /// When the timer must look at this stripe next; `u64::MAX` for never. Written under the lock.
    pub(crate) next_due_ms: AtomicU64,
}

/// All stripes.
#[derive(Debug)]
pub(crate) struct Keyspace {
    stripes: Box<[CachePadded<StripeCell>]>,
    pub(crate) hasher: KeyHasher,
}

impl Keyspace {
    pub(crate) fn new(hasher: KeyHasher, seed: u64, limits: ValueLimits) -> Keyspace {
        let mut seeds = Rng::seeded(seed);
        let cell = || {
            CachePadded(StripeCell {
                stripe: StripeMutex::new(Stripe::new(seeds.next_u64(), limits)),
                next_due_ms: AtomicU64::new(u64::MAX),
            })
        };
        Keyspace { stripes: std::iter::repeat_with(cell).take(STRIPES).collect(), hasher }
    }

    #[inline]
    pub(crate) fn cell(&self, index: usize) -> &StripeCell {
        &self.stripes[index]
    }

    #[inline]
    pub(crate) fn key<'a>(&self, db: DbIndex, bytes: &'a [u8]) -> Key<'a> {
        Key { db, bytes, hash: self.hasher.hash(bytes) }
    }

    /// When the timer must look at any stripe next.
    pub(crate) fn next_due_ms(&self) -> u64 {
        self.stripes.iter().map(|cell| cell.next_due_ms.load(Ordering::Acquire)).min().unwrap_or(u64::MAX)
    }
}
