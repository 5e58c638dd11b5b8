//! Sorted sets: members ordered by scores.

use super::Db;
use super::waiting::{Found, Sought, Waiting};
use crate::error::{Error, Result};
use crate::value::zset::{Inserted, Zset};
use std::ops::Range;

/// Sorted sets of a database. See [`Db::zsets`].
#[derive(Clone, Copy, Debug)]
pub struct Zsets<'d>(pub(super) &'d Db);

impl Zsets<'_> {
    /// Adds a member, or gives it another score. Says whether it is new. [`Error::NotInteger`] where the score is no
    /// number. O(log N).
    ///
    /// ```
    /// # let db = larder_core::Engine::new().db();
    /// db.zsets().add("scores", "Ada", 36.0)?;
    /// db.zsets().add("scores", "Bob", 20.5)?;
    /// assert_eq!(db.zsets().range("scores", 0..10)?, [(b"Bob".to_vec(), 20.5), (b"Ada".to_vec(), 36.0)]);
    /// assert_eq!(db.zsets().rank("scores", "Ada")?, Some(1));
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    pub fn add(&self, key: impl AsRef<[u8]>, member: impl AsRef<[u8]>, score: f64) -> Result<bool> {
        if score.is_nan() {
            return Err(Error::NotInteger);
        }
        self.0.grow::<Zset, _>(key.as_ref(), |edit| {
            let inserted = edit.collection.insert(&edit.tools, member.as_ref(), score);
            if !matches!(inserted, Inserted::Same) {
                edit.report("zadd");
            }
            matches!(inserted, Inserted::Added)
        })
    }

    /// Removes a member. Says whether it was one. O(log N).
    pub fn remove(&self, key: impl AsRef<[u8]>, member: impl AsRef<[u8]>) -> Result<bool> {
        let removed = self.0.shrink::<Zset, _>(key.as_ref(), |edit| {
            let removed = edit.remove(member.as_ref()).is_some();
            if removed {
                edit.report("zrem");
            }
            removed
        })?;
        Ok(removed.unwrap_or(false))
    }

    /// The score of a member. O(1).
    pub fn score(&self, key: impl AsRef<[u8]>, member: impl AsRef<[u8]>) -> Result<Option<f64>> {
        Ok(self.0.look::<Zset, _>(key.as_ref(), |zset| zset.score(member.as_ref()))?.flatten())
    }

    /// How many members come before this one. O(log N).
    pub fn rank(&self, key: impl AsRef<[u8]>, member: impl AsRef<[u8]>) -> Result<Option<usize>> {
        let rank = self.0.look::<Zset, _>(key.as_ref(), |zset| zset.rank(member.as_ref(), false))?;
        Ok(rank.flatten().map(|(rank, _)| rank))
    }

    /// The members of a range of ranks, the lowest score first. O(log N + M).
    pub fn range(&self, key: impl AsRef<[u8]>, ranks: Range<usize>) -> Result<Vec<(Vec<u8>, f64)>> {
        self.0.copy_all(key.as_ref(), |zset: &Zset, done, members, slice| {
            let (start, end) = (ranks.start.saturating_add(done as usize), ranks.end.min(zset.len()));
            for (member, score) in zset.range(start.min(end)..end.min(start.saturating_add(slice.left()))) {
                slice.add(member.len());
                members.push((member.to_vec(), score));
                if slice.left() == 0 {
                    break;
                }
            }
            if ranks.start.saturating_add(members.len()) < end { members.len() as u64 } else { 0 }
        })
    }

    /// Takes the member with the lowest score. O(log N).
    pub fn pop_min(&self, key: impl AsRef<[u8]>) -> Result<Option<(Vec<u8>, f64)>> {
        let popped = self.0.shrink::<Zset, _>(key.as_ref(), |edit| {
            edit.report("zpopmin");
            edit.pop_min()
        })?;
        Ok(popped.flatten())
    }

    /// Takes the member with the highest score. O(log N).
    pub fn pop_max(&self, key: impl AsRef<[u8]>) -> Result<Option<(Vec<u8>, f64)>> {
        let popped = self.0.shrink::<Zset, _>(key.as_ref(), |edit| {
            edit.report("zpopmax");
            edit.pop_max()
        })?;
        Ok(popped.flatten())
    }

    /// Takes the member with the lowest score, waiting for one if there is none: on this thread or as a future, as
    /// [`Lists::wait_front`](super::Lists::wait_front) does.
    ///
    /// ```
    /// # let db = larder_core::Engine::new().db();
    /// db.zsets().add("due", "job:7", 1_700_000_000.0)?;
    /// assert_eq!(db.zsets().wait_min("due").for_ever()?, (b"job:7".to_vec(), 1_700_000_000.0));
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    pub fn wait_min(&self, key: impl AsRef<[u8]>) -> Waiting<(Vec<u8>, f64)> {
        Waiting::new(self.0, vec![key.as_ref().into()], Sought::Min, |_, found| member(found))
    }

    /// Takes the member with the highest score, waiting for one: see [`Zsets::wait_min`].
    pub fn wait_max(&self, key: impl AsRef<[u8]>) -> Waiting<(Vec<u8>, f64)> {
        Waiting::new(self.0, vec![key.as_ref().into()], Sought::Max, |_, found| member(found))
    }

    /// How many members there are. O(1).
    pub fn len(&self, key: impl AsRef<[u8]>) -> Result<usize> {
        Ok(self.0.look::<Zset, _>(key.as_ref(), Zset::len)?.unwrap_or(0))
    }
}

fn member(found: Found) -> (Vec<u8>, f64) {
    match found {
        Found::Member(member, score) => (member, score),
        Found::Element(member) => (member, 0.0),
        Found::Entries(_) => (Vec::new(), 0.0),
    }
}
