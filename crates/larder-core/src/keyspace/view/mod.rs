//! A view: the proof of what is locked, and every operation on it.
//!
//! An operation first says which keys it needs; the engine locks their stripes once, in index order, and gives a view.
//! The view cannot lock more: a key outside of it is [`Error::OutsideView`](crate::Error::OutsideView), never a second
//! lock and so never a deadlock. Only a roaming view locks what it needs when it needs it, and only one view roams at a
//! time; see [`Turn`]. What must not happen under a lock (dropping large values, telling listeners, serving waiters,
//! waking the timer) is collected here and done when the view ends, after its locks are gone.
//!
//! An entry whose deadline has come is gone for every read, at once; the timer removes it and reports its event. Writes
//! that meet such an entry remove and report it themselves. It is the same with fields of hashes: a view tells each
//! hash it finds the time, and one that has no field left is gone as a whole.

mod after;
mod edit;
mod interest;
mod locking;
mod open;
mod read;
mod whole;
mod write;

pub use edit::{Edit, Missing, Tools, WriteCost};
pub use locking::GiveUp;
pub(crate) use locking::Turn;
pub use whole::DbCount;
pub use write::{Expiry, Number};

use super::stripe::Stripe;
use super::{DbIndex, Key, locks};
use crate::engine::Shared;
use crate::rng::Rng;
use crate::sync::Ordering;
use after::After;
use locking::Locked;

/// The proof of what is locked. See the module's documentation.
pub struct View<'e> {
    pub(super) shared: &'e Shared,
    pub(super) locked: Locked<'e>,
    pub(super) now_ms: Option<u64>,
    pub(super) after: After,
    /// Whether reads and edits count as uses of entries.
    uses: bool,
}

impl<'e> View<'e> {
    /// Unlocks and does what had to wait for that, before the view ends: for what is read, and needs no lock from here
    /// on.
    pub fn release(&mut self) {
        self.note_hold(0);
        self.finish();
    }

    /// A key of this engine.
    #[inline]
    pub fn key<'a>(&self, db: DbIndex, bytes: &'a [u8]) -> Key<'a> {
        self.shared.keyspace.key(db, bytes)
    }

    /// The time of this view in engine milliseconds: read once, when first needed.
    #[inline]
    pub fn now_ms(&mut self) -> u64 {
        now_ms(self.shared, &mut self.now_ms)
    }

    /// Random bits.
    pub fn random(&mut self) -> u64 {
        self.shared.random()
    }

    /// What collections need.
    pub fn tools(&self) -> Tools<'e> {
        Tools {
            hasher: &self.shared.keyspace.hasher,
            limits: self.shared.value_limits(),
            rng: Rng::seeded(self.shared.random()),
        }
    }

    /// Says whether reads and edits from now on count as uses, by which eviction chooses: as long as nothing is said,
    /// they do. A value that is put anew always counts.
    pub fn count_uses(&mut self, uses: bool) {
        self.uses = uses;
    }
}

/// The end of a view.
impl View<'_> {
    /// Has the total know exactly what the locked stripes hold.
    pub(super) fn settle(&mut self) {
        self.report_bytes(0);
    }

    #[inline]
    fn report_batch(&mut self) {
        self.report_bytes(self.shared.used_bytes_batch.load(Ordering::Relaxed));
    }

    #[inline]
    fn report_bytes(&mut self, least: i64) {
        let settle = |stripe: &mut Stripe| {
            locks::released(&self.shared.locks, &*self.shared.clock, stripe);
            if stripe.unreported_bytes.unsigned_abs() >= least as u64 {
                self.shared.add_used_bytes(stripe);
            }
        };
        match &mut self.locked {
            Locked::None => {}
            Locked::One(_, guard) => settle(guard),
            Locked::Several(several) => {
                several.guards_mut().iter_mut().for_each(|(_, guard)| settle(guard));
            }
        }
    }

    /// Unlocks, and does what had to wait for that.
    fn finish(&mut self) {
        self.report_batch();
        self.locked = Locked::None;
        if let Some(work) = self.after.0.take() {
            work.run(self.shared);
        }
    }
}

impl Drop for View<'_> {
    #[inline]
    fn drop(&mut self) {
        self.report_batch();
        // Without work, the locks go with the view, in one step.
        if let Some(work) = self.after.0.take() {
            self.locked = Locked::None;
            work.run(self.shared);
        }
    }
}

#[inline]
pub(super) fn now_ms(shared: &Shared, known: &mut Option<u64>) -> u64 {
    *known.get_or_insert_with(|| shared.now_ms())
}
