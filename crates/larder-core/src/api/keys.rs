//! Keys whatever they hold.

use super::Db;
use crate::error::Result;
use crate::keyspace::{Class, Expiry, ScanCursor};
use crate::value::Kind;
use std::time::Duration;

/// Keys of a database. See [`Db::keys`].
#[derive(Clone, Copy, Debug)]
pub struct Keys<'d>(pub(super) &'d Db);

impl Keys<'_> {
    /// Whether a key exists. O(1).
    pub fn exists(&self, key: impl AsRef<[u8]>) -> Result<bool> {
        let key = self.0.key(key.as_ref())?;
        self.0.engine.view_one(&key, None).exists(&key)
    }

    /// What a key holds. O(1).
    pub fn kind(&self, key: impl AsRef<[u8]>) -> Result<Option<Kind>> {
        let key = self.0.key(key.as_ref())?;
        Ok(self.0.engine.view_one(&key, None).peek(&key)?.map(|entry| entry.kind()))
    }

    /// Removes a key. Says whether it existed. Its value is dropped after its stripe is unlocked.
    ///
    /// ```
    /// # let db = larder_core::Engine::new().db();
    /// db.strings().set("a", "1")?;
    /// assert!(db.keys().remove("a")? && !db.keys().remove("a")?);
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    pub fn remove(&self, key: impl AsRef<[u8]>) -> Result<bool> {
        let key = self.0.key(key.as_ref())?;
        let mut view = self.0.engine.view_one(&key, None);
        let removed = view.remove(&key)?;
        if removed {
            view.report(&key, "del", Class::GENERIC)?;
        }
        Ok(removed)
    }

    /// Has a key die after a time: at least a millisecond. Says whether it exists. O(1).
    pub fn expire_after(&self, key: impl AsRef<[u8]>, time: Duration) -> Result<bool> {
        let Expiry::At(deadline) = self.0.expiry_after(time) else { return Ok(false) };
        let key = self.0.key(key.as_ref())?;
        let mut view = self.0.engine.view_one(&key, None);
        let exists = view.set_deadline(&key, Some(deadline))?;
        if exists {
            view.report(&key, "expire", Class::GENERIC)?;
        }
        Ok(exists)
    }

    /// Has a key live until it is removed. Says whether it would have died. O(1).
    pub fn persist(&self, key: impl AsRef<[u8]>) -> Result<bool> {
        let key = self.0.key(key.as_ref())?;
        let mut view = self.0.engine.view_one(&key, None);
        if view.peek(&key)?.is_none_or(|entry| entry.deadline().is_none()) {
            return Ok(false);
        }
        view.set_deadline(&key, None)?;
        view.report(&key, "persist", Class::GENERIC)?;
        Ok(true)
    }

    /// How long a key has to live; `None` where it does not exist or does not die. O(1).
    pub fn time_to_live(&self, key: impl AsRef<[u8]>) -> Result<Option<Duration>> {
        let key = self.0.key(key.as_ref())?;
        let mut view = self.0.engine.view_one(&key, None);
        let now = view.now_ms();
        let deadline = view.peek(&key)?.and_then(|entry| entry.deadline());
        Ok(deadline.map(|deadline| Duration::from_millis(deadline.ms().saturating_sub(now))))
    }

    /// How many keys there are. Locks stripe after stripe: not one moment's count.
    pub fn count(&self) -> Result<usize> {
        self.0.outside_transaction()?;
        self.0.engine.view_none(None).len(self.0.index)
    }

    /// Visits some keys, about `count`, and gives where to go on; [`ScanCursor::START`] when done. A key that exists
    /// from the first call to the last is visited at least once. `visit` runs while a stripe is locked: it must not
    /// call the engine.
    pub fn scan(&self, from: ScanCursor, count: usize, mut visit: impl FnMut(&[u8])) -> Result<ScanCursor> {
        self.0.outside_transaction()?;
        self.0.engine.view_none(None).scan(self.0.index, from, count, |entry| visit(entry.key()))
    }

    /// Removes all keys of the database. Says how many there were.
    pub fn clear(&self) -> Result<usize> {
        self.0.outside_transaction()?;
        self.0.engine.view_none(None).flush(self.0.index)
    }
}
