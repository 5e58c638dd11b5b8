//! Who waits for a key, and who wants to know whether it changed. Kept in the stripe, under its lock, because both
//! must be decided in the same instant as the change itself.

use super::{DbIndex, Key};
use crate::sync::{Arc, AtomicBool, Ordering};
use hashbrown::HashMap;
use smallvec::SmallVec;
use std::collections::VecDeque;

/// Names a waiter to whoever keeps its details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WaiterId(pub u64);

/// A mark that the first change of any watched key sets.
#[derive(Clone, Debug, Default)]
pub struct WatchMark(Arc<AtomicBool>);

impl WatchMark {
    /// Whether a watched key changed.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn is_same(&self, other: &WatchMark) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

type ByKey<T> = HashMap<(DbIndex, Box<[u8]>), T>;

/// The waiters and marks of one stripe.
#[derive(Debug, Default)]
pub(crate) struct Interest {
    waiting: ByKey<VecDeque<WaiterId>>,
    watched: ByKey<SmallVec<[WatchMark; 1]>>,
}

fn owned(key: &Key<'_>) -> (DbIndex, Box<[u8]>) {
    (key.db, key.bytes.into())
}

impl Interest {
    /// Nobody waits and nobody watches: the usual case, told in two loads.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.watched.is_empty()
    }

    pub(crate) fn wait(&mut self, key: &Key<'_>, id: WaiterId) {
        let queue = self.waiting.entry(owned(key)).or_default();
        if !queue.contains(&id) {
            queue.push_back(id);
        }
    }

    pub(crate) fn stop_waiting(&mut self, key: &Key<'_>, id: WaiterId) {
        let key = owned(key);
        if let Some(queue) = self.waiting.get_mut(&key) {
            queue.retain(|waiting| *waiting != id);
            if queue.is_empty() {
                self.waiting.remove(&key);
            }
        }
    }

    /// Those who wait for a key, first come first.
    pub(crate) fn waiting_for(&self, key: &Key<'_>) -> Option<&VecDeque<WaiterId>> {
        if self.waiting.is_empty() {
            return None;
        }
        self.waiting.get(&owned(key))
    }

    pub(crate) fn watch(&mut self, key: &Key<'_>, mark: &WatchMark) {
        let marks = self.watched.entry(owned(key)).or_default();
        if !marks.iter().any(|known| known.is_same(mark)) {
            marks.push(mark.clone());
        }
    }

    pub(crate) fn unwatch(&mut self, key: &Key<'_>, mark: &WatchMark) {
        let key = owned(key);
        if let Some(marks) = self.watched.get_mut(&key) {
            marks.retain(|known| !known.is_same(mark));
            if marks.is_empty() {
                self.watched.remove(&key);
            }
        }
    }

    /// Sets the marks of a key that changed.
    pub(crate) fn mark(&self, key: &Key<'_>) {
        if !self.watched.is_empty()
            && let Some(marks) = self.watched.get(&owned(key))
        {
            marks.iter().for_each(WatchMark::set);
        }
    }

    /// The keys of a database that somebody watches or waits for: for operations on whole databases.
    pub(crate) fn keys_of(&self, db: DbIndex) -> Vec<Box<[u8]>> {
        let watched = self.watched.keys().filter(|(of, _)| *of == db).map(|(_, key)| key.clone());
        let waiting = self.waiting.keys().filter(|(of, _)| *of == db).map(|(_, key)| key.clone());
        watched.chain(waiting).collect()
    }
}
