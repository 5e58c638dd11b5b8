//! Hashes: fields with values.

use super::Db;
use crate::error::{Error, Result};
use crate::value::hash::Hash;
use crate::value::string::IntText;

/// Hashes of a database. See [`Db::hashes`].
#[derive(Clone, Copy, Debug)]
pub struct Hashes<'d>(pub(super) &'d Db);

impl Hashes<'_> {
    /// Gives a field a value. Says whether the field is new. O(1).
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
        let all = self.0.look::<Hash, _>(key.as_ref(), |hash| {
            let mut all = Vec::with_capacity(hash.len());
            hash.each(|field, value| {
                all.push((field.to_vec(), value.to_vec()));
                true
            });
            all
        })?;
        Ok(all.unwrap_or_default())
    }

    /// Adds to the number of a field; one that does not exist counts as 0. O(1).
    pub fn increment(&self, key: impl AsRef<[u8]>, field: impl AsRef<[u8]>, by: i64) -> Result<i64> {
        let sum = self.0.grow::<Hash, _>(key.as_ref(), |edit| {
            let old = match edit.get(field.as_ref()) {
                Some(value) => value.as_int().ok_or(Error::NotInteger),
                None => Ok(0),
            };
            let sum = old.and_then(|old| old.checked_add(by).ok_or(Error::Overflow));
            if let Ok(sum) = sum {
                edit.collection.set(&edit.tools, field.as_ref(), IntText::new().write(sum));
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

    /// How many fields there are. O(1).
    pub fn len(&self, key: impl AsRef<[u8]>) -> Result<usize> {
        Ok(self.0.look::<Hash, _>(key.as_ref(), Hash::len)?.unwrap_or(0))
    }
}
