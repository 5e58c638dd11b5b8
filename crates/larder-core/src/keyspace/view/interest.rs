//! Telling others of changes, and waiting for them.

use super::View;
use crate::error::Result;
use crate::keyspace::changes::{Change, Class};
use crate::keyspace::waiters::{WaiterId, WatchMark};
use crate::keyspace::{Key, OwnedKey};

/// What happens by itself, or is said beside the change itself.
const NOT_ASKED_FOR: Class = Class::NEW.with(Class::EXPIRED).with(Class::EVICTED);

impl View<'_> {
    /// Reports a change of a key: sets the marks of those who watch it, wakes those who wait for it, and queues the
    /// event for listeners.
    #[inline]
    pub fn report(&mut self, key: &Key<'_>, event: &'static str, class: Class) -> Result<()> {
        let stripe = self.locked.stripe(key.stripe())?;
        stripe.counts.changes += u64::from(!class.meets(NOT_ASKED_FOR));
        if stripe.interest.is_empty() && !self.shared.feed.wants(class) {
            return Ok(());
        }
        self.report_to_others(key, event, class)
    }

    /// The same where somebody may be interested.
    #[cold]
    fn report_to_others(&mut self, key: &Key<'_>, event: &'static str, class: Class) -> Result<()> {
        let interest = &self.locked.stripe(key.stripe())?.interest;
        interest.mark(key);
        let owned = || OwnedKey { db: key.db, bytes: key.bytes.into() };
        if interest.waiting_for(key).is_some() {
            self.after.work().ready.push(owned());
        }
        if self.shared.feed.wants(class) {
            self.after.work().changes.push(Change { key: owned(), event, class });
        }
        Ok(())
    }

    /// Sets `mark` at the first change of a key from now on.
    pub fn watch(&mut self, key: &Key<'_>, mark: &WatchMark) -> Result<()> {
        self.locked.stripe(key.stripe())?.interest.watch(key, mark);
        Ok(())
    }

    /// Forgets a mark.
    pub fn unwatch(&mut self, key: &Key<'_>, mark: &WatchMark) -> Result<()> {
        self.locked.stripe(key.stripe())?.interest.unwatch(key, mark);
        Ok(())
    }

    /// Puts a waiter at the end of a key's queue, once. Its owner is told through the engine's ready listener.
    pub fn wait(&mut self, key: &Key<'_>, id: WaiterId) -> Result<()> {
        self.locked.stripe(key.stripe())?.interest.wait(key, id);
        Ok(())
    }

    /// Takes a waiter out of a key's queue.
    pub fn stop_waiting(&mut self, key: &Key<'_>, id: WaiterId) -> Result<()> {
        self.locked.stripe(key.stripe())?.interest.stop_waiting(key, id);
        Ok(())
    }

    /// Whether anybody waits for a key.
    pub fn has_waiters(&mut self, key: &Key<'_>) -> Result<bool> {
        Ok(self.locked.stripe(key.stripe())?.interest.waiting_for(key).is_some())
    }

    /// Those who wait for a key, first come first.
    pub fn waiters(&mut self, key: &Key<'_>) -> Result<Vec<WaiterId>> {
        let queue = self.locked.stripe(key.stripe())?.interest.waiting_for(key);
        Ok(queue.map(|queue| queue.iter().copied().collect()).unwrap_or_default())
    }

    /// Has the waiters of a key looked at when this view ends.
    pub fn wake(&mut self, key: &Key<'_>) {
        self.after.work().ready.push(OwnedKey { db: key.db, bytes: key.bytes.into() });
    }
}
