//! Sets: distinct members.

use super::Db;
use crate::error::Result;
use crate::keyspace::Slice;
use crate::value::set::Set;

/// Sets of a database. See [`Db::sets`].
#[derive(Clone, Copy, Debug)]
pub struct Sets<'d>(pub(super) &'d Db);

impl Sets<'_> {
    /// Adds a member. Says whether it is new. O(1).
    ///
    /// ```
    /// # let db = larder_core::Engine::new().db();
    /// assert!(db.sets().add("online", "Ada")?);
    /// assert!(!db.sets().add("online", "Ada")?);
    /// assert!(db.sets().contains("online", "Ada")?);
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    pub fn add(&self, key: impl AsRef<[u8]>, member: impl AsRef<[u8]>) -> Result<bool> {
        self.0.grow::<Set, _>(key.as_ref(), |edit| {
            let new = edit.collection.insert(&edit.tools, member.as_ref());
            if new {
                edit.report("sadd");
            }
            new
        })
    }

    /// Removes a member. Says whether it was one. A set without members is gone. O(1).
    pub fn remove(&self, key: impl AsRef<[u8]>, member: impl AsRef<[u8]>) -> Result<bool> {
        let removed = self.0.shrink::<Set, _>(key.as_ref(), |edit| {
            let removed = edit.remove(member.as_ref());
            if removed {
                edit.report("srem");
            }
            removed
        })?;
        Ok(removed.unwrap_or(false))
    }

    /// Whether this is a member. O(1).
    pub fn contains(&self, key: impl AsRef<[u8]>, member: impl AsRef<[u8]>) -> Result<bool> {
        Ok(self.0.look::<Set, _>(key.as_ref(), |set| set.contains(member.as_ref()))?.unwrap_or(false))
    }

    /// All members. O(N).
    pub fn members(&self, key: impl AsRef<[u8]>) -> Result<Vec<Vec<u8>>> {
        self.0.copy_all(key.as_ref(), |set: &Set, cursor, members, slice| {
            slice.walk(cursor, |slice, cursor| {
                set.scan(cursor, Slice::STEP, |member| {
                    slice.add(member.len());
                    members.push(member.to_vec());
                })
            })
        })
    }

    /// How many members there are. O(1).
    pub fn len(&self, key: impl AsRef<[u8]>) -> Result<usize> {
        Ok(self.0.look::<Set, _>(key.as_ref(), Set::len)?.unwrap_or(0))
    }
}
