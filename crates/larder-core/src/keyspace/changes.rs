//! The change feed: each mutation is stated once, to its view, and everything that cares learns it from here.
//!
//! Marks for WATCH and blocked waiters are set while the stripe is locked (see `waiters.rs`); listeners hear of changes
//! after the locks are gone, in the order in which one view made them. Nothing is built for a listener that nobody
//! registered: the feed keeps the classes anybody asked for in one atomic word.

use super::OwnedKey;
use crate::sync::{Arc, AtomicU32, Ordering, RwLock};
use std::fmt;

/// What kind of change it was, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class(u32);

impl Class {
    /// Anything that is not about one data type: DEL, EXPIRE, RENAME and their like.
    pub const GENERIC: Class = Class(1);
    /// Strings.
    pub const STRING: Class = Class(1 << 1);
    /// Lists.
    pub const LIST: Class = Class(1 << 2);
    /// Sets.
    pub const SET: Class = Class(1 << 3);
    /// Hashes.
    pub const HASH: Class = Class(1 << 4);
    /// Sorted sets.
    pub const ZSET: Class = Class(1 << 5);
    /// A key died at its deadline.
    pub const EXPIRED: Class = Class(1 << 6);
    /// A key was evicted to make room.
    pub const EVICTED: Class = Class(1 << 7);
    /// Streams.
    pub const STREAM: Class = Class(1 << 8);
    /// A key came into being.
    pub const NEW: Class = Class(1 << 9);
    /// A read found nothing.
    pub const KEY_MISS: Class = Class(1 << 10);
    /// No class at all.
    pub const NONE: Class = Class(0);

    /// Both.
    #[must_use]
    pub const fn with(self, other: Class) -> Class {
        Class(self.0 | other.0)
    }

    /// Whether the two have a class in common.
    pub const fn meets(self, other: Class) -> bool {
        self.0 & other.0 != 0
    }

    /// The bits.
    pub const fn bits(self) -> u32 {
        self.0
    }
}

/// One change.
#[derive(Clone, Debug)]
pub struct Change {
    /// What changed.
    pub key: OwnedKey,
    /// The name of the event, as in keyspace notifications.
    pub event: &'static str,
    /// Its class.
    pub class: Class,
}

/// Hears of changes after the locks that protected them are gone.
pub trait ChangeListener: Send + Sync {
    /// Called by the thread that made the changes, with no lock held.
    fn changed(&self, changes: &[Change]);
}

#[derive(Default)]
pub(crate) struct Feed {
    interest: AtomicU32,
    listeners: RwLock<Vec<(Arc<dyn ChangeListener>, Class)>>,
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").field("interest", &self.interest).finish_non_exhaustive()
    }
}

impl Feed {
    #[inline]
    pub(crate) fn wants(&self, class: Class) -> bool {
        self.interest.load(Ordering::Relaxed) & class.bits() != 0
    }

    /// Registers a listener, or changes what a registered one wants; wanting nothing unregisters it.
    pub(crate) fn listen(&self, listener: Arc<dyn ChangeListener>, class: Class) {
        let mut listeners = self.listeners.write();
        listeners.retain(|(known, _)| !Arc::ptr_eq(known, &listener));
        if class != Class::NONE {
            listeners.push((listener, class));
        }
        let all = listeners.iter().fold(0, |all, (_, class)| all | class.bits());
        self.interest.store(all, Ordering::Relaxed);
    }

    pub(crate) fn emit(&self, changes: &[Change]) {
        let listeners: Vec<_> = self.listeners.read().iter().map(|(listener, _)| listener.clone()).collect();
        for listener in listeners {
            listener.changed(changes);
        }
    }
}
