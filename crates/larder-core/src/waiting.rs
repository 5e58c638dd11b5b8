//! Who waits for keys, whatever door they came through.
//!
//! A waiter is in the queues of its keys (see `keyspace/waiters.rs`). When a change of a key is over and its locks are
//! gone, those in the key's queue are served, first come first served: the engine's own waiters here, those of others
//! through their [`ReadyListener`]. One thread at a time does this, so that order is kept; whoever comes meanwhile
//! leaves its keys to that thread.

use crate::engine::Shared;
use crate::keyspace::{Key, OwnedKey, View, WaiterId};
use crate::sync::{Arc, AtomicU64, Mutex, Ordering, RwLock};
use hashbrown::HashMap;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Weak;

/// Serves waiters that are not the engine's own.
pub trait ReadyListener: Send + Sync {
    /// Gives a waiter what it waits for, if it is there now: a key of its has changed. Called with no lock held.
    fn serve(&self, id: WaiterId);
}

/// A waiter of the engine itself.
pub(crate) trait Waiter: Send + Sync {
    /// Gives it what it waits for, if it is there now, and takes it out of its queues then.
    fn serve(&self, shared: &Shared);
}

/// The numbers of the engine's own waiters have this bit.
const OWN: u64 = 1 << 63;

/// Everybody who waits.
#[derive(Default)]
pub(crate) struct Waiters {
    next: AtomicU64,
    own: Mutex<HashMap<WaiterId, Arc<dyn Waiter>>>,
    others: RwLock<Option<Weak<dyn ReadyListener>>>,
    ready: Mutex<VecDeque<OwnedKey>>,
    serving: Mutex<()>,
}

impl fmt::Debug for Waiters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiters").field("ready", &self.ready).finish_non_exhaustive()
    }
}

impl Waiters {
    /// A number for a waiter of the engine's.
    pub(crate) fn number(&self) -> WaiterId {
        WaiterId(OWN | self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// Puts a waiter into the queues of its keys. Called with the locks under which it found nothing.
    pub(crate) fn enter(
        &self,
        view: &mut View<'_>,
        keys: &[Key<'_>],
        id: WaiterId,
        waiter: Arc<dyn Waiter>,
    ) -> crate::Result<()> {
        self.own.lock().insert(id, waiter);
        keys.iter().try_for_each(|key| view.wait(key, id))
    }

    /// Takes a waiter out of the queues of its keys.
    pub(crate) fn leave(&self, view: &mut View<'_>, keys: &[Key<'_>], id: WaiterId) -> crate::Result<()> {
        self.own.lock().remove(&id);
        keys.iter().try_for_each(|key| view.stop_waiting(key, id))
    }

    /// How many of its own the engine has.
    #[cfg(test)]
    pub(crate) fn own_len(&self) -> usize {
        self.own.lock().len()
    }

    pub(crate) fn set_others(&self, listener: Weak<dyn ReadyListener>) {
        *self.others.write() = Some(listener);
    }

    /// Serves those who wait for these keys, or leaves them to the thread that is at it.
    pub(crate) fn serve(&self, shared: &Shared, keys: Vec<OwnedKey>) {
        self.ready.lock().extend(keys);
        loop {
            let Some(serving) = self.serving.try_lock() else { return };
            loop {
                let Some(key) = self.ready.lock().pop_front() else { break };
                self.serve_key(shared, &key);
            }
            drop(serving);
            // A key that came between the last look and the unlocking would otherwise be left to nobody.
            if self.ready.lock().is_empty() {
                return;
            }
        }
    }

    fn serve_key(&self, shared: &Shared, key: &OwnedKey) {
        let key = shared.keyspace.key(key.db, &key.bytes);
        let ids = View::one(shared, key.stripe(), None).waiters(&key).unwrap_or_default();
        for id in ids {
            if id.0 & OWN != 0 {
                let waiter = self.own.lock().get(&id).cloned();
                if let Some(waiter) = waiter {
                    waiter.serve(shared);
                }
                continue;
            }
            let others = self.others.read().as_ref().and_then(Weak::upgrade);
            if let Some(others) = others {
                others.serve(id);
            }
        }
    }
}
