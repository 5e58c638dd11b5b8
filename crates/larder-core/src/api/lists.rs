//! Lists: sequences with two ends.

use super::Db;
use crate::error::Result;
use crate::value::list::List;

/// Lists of a database. See [`Db::lists`].
#[derive(Clone, Copy, Debug)]
pub struct Lists<'d>(pub(super) &'d Db);

impl Lists<'_> {
    /// Adds an element at the front. Gives the length. O(1).
    pub fn push_front(&self, key: impl AsRef<[u8]>, element: impl AsRef<[u8]>) -> Result<usize> {
        self.0.grow::<List, _>(key.as_ref(), |edit| {
            edit.collection.push_front(&edit.tools.limits, element.as_ref());
            edit.report("lpush");
            edit.len()
        })
    }

    /// Adds an element at the back. Gives the length. O(1).
    ///
    /// ```
    /// # let db = larder_core::Engine::new().db();
    /// db.lists().push_back("jobs", "one")?;
    /// db.lists().push_back("jobs", "two")?;
    /// assert_eq!(db.lists().pop_front("jobs")?, Some(b"one".to_vec()));
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    pub fn push_back(&self, key: impl AsRef<[u8]>, element: impl AsRef<[u8]>) -> Result<usize> {
        self.0.grow::<List, _>(key.as_ref(), |edit| {
            edit.collection.push_back(&edit.tools.limits, element.as_ref());
            edit.report("rpush");
            edit.len()
        })
    }

    /// Takes the first element. A list without elements is gone. O(1).
    pub fn pop_front(&self, key: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>> {
        let popped = self.0.shrink::<List, _>(key.as_ref(), |edit| {
            edit.report("lpop");
            edit.pop_front()
        })?;
        Ok(popped.flatten())
    }

    /// Takes the last element. A list without elements is gone. O(1).
    pub fn pop_back(&self, key: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>> {
        let popped = self.0.shrink::<List, _>(key.as_ref(), |edit| {
            edit.report("rpop");
            edit.pop_back()
        })?;
        Ok(popped.flatten())
    }

    /// The elements of a range of indices. O(N).
    pub fn range(&self, key: impl AsRef<[u8]>, indices: std::ops::Range<usize>) -> Result<Vec<Vec<u8>>> {
        let range = self.0.look::<List, _>(key.as_ref(), |list| {
            let end = indices.end.min(list.len());
            list.range(indices.start.min(end)..end).map(<[u8]>::to_vec).collect()
        })?;
        Ok(range.unwrap_or_default())
    }

    /// How many elements there are. O(1).
    pub fn len(&self, key: impl AsRef<[u8]>) -> Result<usize> {
        Ok(self.0.look::<List, _>(key.as_ref(), List::len)?.unwrap_or(0))
    }
}
