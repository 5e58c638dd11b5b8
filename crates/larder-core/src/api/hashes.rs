//! Hashes: fields with values, of which some may die before the others.

use super::Db;
use crate::error::{Error, Result};
use crate::keyspace::{Expiry, Slice};
use crate::value::hash::Hash;
use crate::value::string::IntText;
use std::time::Duration;

/// Hashes of a database. See [`Db::hashes`].
#[derive(Clone, Copy, Debug)]
pub struct Hashes<'d>(pub(super) &'d Db);

impl Hashes<'_> {
    /// Gives a field a value, which has it live until it is removed. Says whether the field is new. O(1).
    ///
    /// ```
    /// # let db = larder_core::Engine::new().db();
    /// db.hashes().set("user:1", "name", "Ada")?;
    /// assert_eq!(db.hashes().get("user:1", "name")?, Some(b"Ada".to_vec()));
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    pub fn set(
        &self,
        key: impl AsRef<[u8]>,
        field: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
    ) -> Result<bool> {
        self.0.grow::<Hash, _>(key.as_ref(), |edit| {
            let new = edit.collection.set(&edit.tools, field.as_ref(), value.as_ref());
            edit.report("hset");
            new
        })
    }

    /// The value of a field. O(1).
    pub fn get(&self, key: impl AsRef<[u8]>, field: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>> {
        let value = self
            .0
            .look::<Hash, _>(key.as_ref(), |hash| hash.get(field.as_ref()).map(|value| value.to_vec()))?;
        Ok(value.flatten())
    }

    /// All fields with their values. O(N).
    pub fn get_all(&self, key: impl AsRef<[u8]>) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        self.0.copy_all(key.as_ref(), |hash: &Hash, cursor, all, slice| {
            slice.walk(cursor, |slice, cursor| {
                hash.scan(cursor, Slice::STEP, |field, value| {
                    slice.add(field.len() + value.len());
                    all.push((field.to_vec(), value.to_vec()));
                })
            })
        })
    }

    /// Adds to the number of a field; one that does not exist counts as 0. How long it has to live stays. O(1).
    pub fn increment(&self, key: impl AsRef<[u8]>, field: impl AsRef<[u8]>, by: i64) -> Result<i64> {
        let sum = self.0.grow::<Hash, _>(key.as_ref(), |edit| {
            let old = match edit.get(field.as_ref()) {
                Some(value) => value.as_int().ok_or(Error::NotInteger),
                None => Ok(0),
            };
            let sum = old.and_then(|old| old.checked_add(by).ok_or(Error::Overflow));
            if let Ok(sum) = sum {
                edit.collection.set_keeping(&edit.tools, field.as_ref(), IntText::new().write(sum));
                edit.report("hincrby");
            }
            Some(sum)
        })?;
        sum.unwrap_or(Ok(0))
    }

    /// Removes a field. Says whether there was one. A hash without fields is gone. O(1).
    pub fn remove(&self, key: impl AsRef<[u8]>, field: impl AsRef<[u8]>) -> Result<bool> {
        let removed = self.0.shrink::<Hash, _>(key.as_ref(), |edit| {
            let removed = edit.remove(field.as_ref());
            if removed {
                edit.report("hdel");
            }
            removed
        })?;
        Ok(removed.unwrap_or(false))
    }

    /// Gives a field a value for a time: at least a millisecond. Says whether the field is new. O(log N).
    ///
    /// ```
    /// # let db = larder_core::Engine::new().db();
    /// use std::time::Duration;
    /// db.hashes().set("user:1", "name", "Ada")?;
    /// db.hashes().set_for("user:1", "code", "1234", Duration::from_secs(300))?;
    /// assert!(db.hashes().time_to_live("user:1", "code")? > Some(Duration::from_secs(290)));
    /// assert_eq!(db.hashes().time_to_live("user:1", "name")?, None);
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    pub fn set_for(
        &self,
        key: impl AsRef<[u8]>,
        field: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
        time: Duration,
    ) -> Result<bool> {
        let Expiry::At(deadline) = self.0.expiry_after(time) else { return Ok(false) };
        self.0.grow::<Hash, _>(key.as_ref(), |edit| {
            let new = edit.collection.set(&edit.tools, field.as_ref(), value.as_ref());
            edit.collection.set_deadline(&edit.tools, field.as_ref(), Some(deadline));
            edit.report("hset");
            edit.report("hexpire");
            new
        })
    }

    /// Has a field die after a time: at least a millisecond. Says whether there is such a field. O(log N).
    pub fn expire_after(
        &self,
        key: impl AsRef<[u8]>,
        field: impl AsRef<[u8]>,
        time: Duration,
    ) -> Result<bool> {
        let Expiry::At(deadline) = self.0.expiry_after(time) else { return Ok(false) };
        let there = self.0.shrink::<Hash, _>(key.as_ref(), |edit| {
            let there = edit.collection.set_deadline(&edit.tools, field.as_ref(), Some(deadline));
            if there {
                edit.report("hexpire");
            }
            there
        })?;
        Ok(there.unwrap_or(false))
    }

    /// Has a field live until it is removed. Says whether it would have died. O(log N).
    pub fn persist(&self, key: impl AsRef<[u8]>, field: impl AsRef<[u8]>) -> Result<bool> {
        let had = self.0.shrink::<Hash, _>(key.as_ref(), |edit| {
            let had = edit.deadline(field.as_ref()).is_some();
            if had {
                edit.collection.set_deadline(&edit.tools, field.as_ref(), None);
                edit.report("hpersist");
            }
            had
        })?;
        Ok(had.unwrap_or(false))
    }

    /// How long a field has to live; `None` where it does not exist or does not die. O(1).
    pub fn time_to_live(&self, key: impl AsRef<[u8]>, field: impl AsRef<[u8]>) -> Result<Option<Duration>> {
        let key = self.0.key(key.as_ref())?;
        let mut view = self.0.engine.view_one(&key, None);
        let now = view.now_ms();
        let deadline = view.collection::<Hash>(&key)?.and_then(|hash| hash.deadline(field.as_ref()));
        Ok(deadline.map(|deadline| Duration::from_millis(deadline.ms().saturating_sub(now))))
    }

    /// Removes a field and gives its value. O(1).
    pub fn take(&self, key: impl AsRef<[u8]>, field: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>> {
        let taken = self.0.shrink::<Hash, _>(key.as_ref(), |edit| {
            let value = edit.get(field.as_ref())?.to_vec();
            edit.remove(field.as_ref());
            edit.report("hdel");
            Some(value)
        })?;
        Ok(taken.flatten())
    }

    /// How many fields there are. O(1).
    pub fn len(&self, key: impl AsRef<[u8]>) -> Result<usize> {
        Ok(self.0.look::<Hash, _>(key.as_ref(), Hash::len)?.unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::Arc;
    use crate::{Engine, ManualClock, Options};

    #[test]
    fn a_field_lives_as_long_as_it_is_told_to() {
        let clock = Arc::new(ManualClock::new());
        let db = Engine::with_options(Options { clock: clock.clone(), ..Options::default() }).db();
        let (hashes, second) = (db.hashes(), Duration::from_secs(1));
        assert_eq!(hashes.set_for("h", "a", "1", second), Ok(true));
        assert_eq!(hashes.set("h", "b", "2"), Ok(true));
        assert_eq!(hashes.expire_after("h", "b", second * 2), Ok(true));
        assert_eq!(hashes.expire_after("h", "c", second), Ok(false));
        assert_eq!(hashes.expire_after("none", "c", second), Ok(false));
        assert_eq!(hashes.increment("h", "b", 1), Ok(3));
        assert_eq!(hashes.time_to_live("h", "b"), Ok(Some(second * 2)));
        clock.advance(second);
        assert_eq!(hashes.get_all("h"), Ok(vec![(b"b".to_vec(), b"3".to_vec())]));
        assert_eq!(hashes.persist("h", "a"), Ok(false));
        assert_eq!(hashes.persist("h", "b"), Ok(true));
        assert_eq!(hashes.persist("h", "b"), Ok(false));
        clock.advance(second);
        assert_eq!((hashes.len("h"), hashes.time_to_live("h", "b")), (Ok(1), Ok(None)));
        assert_eq!(hashes.take("h", "b"), Ok(Some(b"3".to_vec())));
        assert_eq!(hashes.take("h", "b"), Ok(None));
        assert_eq!(db.keys().exists("h"), Ok(false));
    }
}
