//! What must not happen under a lock, collected until the locks are gone.

use super::View;
use crate::engine::Shared;
use crate::keyspace::changes::{Change, Class};
use crate::keyspace::reclaim::Remains;
use crate::keyspace::stripe::Db;
use crate::keyspace::{Key, OwnedKey};
use crate::raw::Record;
use crate::sync::Ordering;
use crate::value::Object;

/// What waits for the locks to be gone.
#[derive(Default)]
pub(in crate::keyspace) struct Work {
    pub(super) changes: Vec<Change>,
    pub(super) ready: Vec<OwnedKey>,
    #[expect(
        clippy::vec_box,
        reason = "they come boxed: moving a pointer is cheaper than moving the object"
    )]
    objects: Vec<Box<Object>>,
    pub(super) dbs: Vec<Db>,
    records: Vec<Record<Object>>,
    /// Keys that were looked for in vain, while nobody removes those that are due.
    overdue: Vec<OwnedKey>,
    /// A deadline that the timer may not know of yet.
    due_ms: Option<u64>,
    /// Since when the locks are held, where they were let go and taken again.
    pub(super) held_since_us: Option<u64>,
}

/// The same, for the many views that leave nothing to do: a null pointer.
#[derive(Default)]
pub(in crate::keyspace) struct After(pub(super) Option<Box<Work>>);

impl After {
    #[inline]
    pub(super) fn work(&mut self) -> &mut Work {
        self.0.get_or_insert_default()
    }

    /// Drops an object, if there is one.
    #[inline]
    pub(in crate::keyspace) fn free(&mut self, object: Option<Box<Object>>) {
        if let Some(object) = object {
            self.work().objects.push(object);
        }
    }

    /// Drops records.
    pub(in crate::keyspace) fn free_records(&mut self, records: impl IntoIterator<Item = Record<Object>>) {
        self.work().records.extend(records);
    }

    /// Tells the timer of a deadline.
    pub(in crate::keyspace) fn tell(&mut self, due_ms: u64) {
        let known = &mut self.work().due_ms;
        *known = Some(known.map_or(due_ms, |earlier| earlier.min(due_ms)));
    }

    /// A read found nothing.
    #[inline]
    pub(super) fn missed(&mut self, shared: &Shared, key: &Key<'_>) {
        if shared.feed.wants(Class::KEY_MISS) {
            let key = OwnedKey { db: key.db, bytes: key.bytes.into() };
            self.work().changes.push(Change { key, event: "keymiss", class: Class::KEY_MISS });
        }
        if shared.expiry_paused.load(Ordering::Relaxed) {
            self.work().overdue.push(OwnedKey { db: key.db, bytes: key.bytes.into() });
        }
    }
}

impl Work {
    #[cold]
    pub(super) fn run(self, shared: &Shared) {
        let Work { changes, ready, objects, dbs, records, overdue, due_ms, held_since_us: _ } = self;
        if let Some(due) = due_ms {
            shared.timer.nudge(due);
        }
        for object in objects.into_iter().chain(records.into_iter().filter_map(Record::into_object)) {
            shared.reclaimer.free(Remains::Object(object));
        }
        if !dbs.is_empty() {
            shared.reclaimer.free(Remains::Dbs(dbs));
        }
        if !changes.is_empty() {
            shared.feed.emit(&changes);
        }
        for owned in overdue {
            let key = shared.keyspace.key(owned.db, &owned.bytes);
            // A view of the key's own stripe holds the key.
            let _ = View::one(shared, key.stripe(), None).purge(&key);
        }
        if !ready.is_empty() {
            shared.serve(ready);
        }
    }
}
