//! Lists: sequences with two ends.

use super::Db;
use super::waiting::{Found, Sought, Waiting};
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

    /// Takes the first element, waiting for one if there is none. Those who wait, blocking clients included, are served
    /// first come first served.
    ///
    /// ```
    /// use std::time::Duration;
    /// # let db = larder_core::Engine::new().db();
    /// let other = db.clone();
    /// let worker = std::thread::spawn(move || other.lists().wait_front("jobs").for_ever());
    /// db.lists().push_back("jobs", "one")?;
    /// assert_eq!(worker.join().unwrap()?, b"one");
    /// assert_eq!(db.lists().wait_front("jobs").up_to(Duration::from_millis(1))?, None);
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    ///
    /// Or as a future, which needs no particular runtime and may be dropped at any time:
    ///
    /// ```
    /// # let db = larder_core::Engine::new().db();
    /// async fn work(db: larder_core::Db) -> larder_core::Result<Vec<u8>> {
    ///     db.lists().wait_front("jobs").await
    /// }
    /// db.lists().push_back("jobs", "one")?;
    /// # let mut work = std::pin::pin!(work(db));
    /// # let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    /// # assert!(work.as_mut().poll(&mut cx).is_ready());
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    pub fn wait_front(&self, key: impl AsRef<[u8]>) -> Waiting<Vec<u8>> {
        Waiting::new(self.0, vec![key.as_ref().into()], Sought::Front, |_, found| element(found))
    }

    /// Takes the last element, waiting for one: see [`Lists::wait_front`].
    pub fn wait_back(&self, key: impl AsRef<[u8]>) -> Waiting<Vec<u8>> {
        Waiting::new(self.0, vec![key.as_ref().into()], Sought::Back, |_, found| element(found))
    }

    /// Takes the first element of the first of these lists that has one, waiting if none has. Gives the key, too.
    ///
    /// ```
    /// # let db = larder_core::Engine::new().db();
    /// db.lists().push_back("low", "later")?;
    /// let (key, job) = db.lists().wait_front_of(&["high", "low"]).for_ever()?;
    /// assert_eq!((&key[..], &job[..]), (&b"low"[..], &b"later"[..]));
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    pub fn wait_front_of(&self, keys: &[impl AsRef<[u8]>]) -> Waiting<(Vec<u8>, Vec<u8>)> {
        let keys = keys.iter().map(|key| key.as_ref().into()).collect();
        Waiting::new(self.0, keys, Sought::Front, |key, found| (key.into_vec(), element(found)))
    }

    /// The elements of a range of indices. O(N).
    pub fn range(&self, key: impl AsRef<[u8]>, indices: std::ops::Range<usize>) -> Result<Vec<Vec<u8>>> {
        self.0.copy_all(key.as_ref(), |list: &List, done, elements, slice| {
            let (start, end) = (indices.start.saturating_add(done as usize), indices.end.min(list.len()));
            for element in list.range(start.min(end)..end).take(slice.left()) {
                slice.add(element.len());
                elements.push(element.to_vec());
                if slice.left() == 0 {
                    break;
                }
            }
            if indices.start.saturating_add(elements.len()) < end { elements.len() as u64 } else { 0 }
        })
    }

    /// How many elements there are. O(1).
    pub fn len(&self, key: impl AsRef<[u8]>) -> Result<usize> {
        Ok(self.0.look::<List, _>(key.as_ref(), List::len)?.unwrap_or(0))
    }
}

fn element(found: Found) -> Vec<u8> {
    match found {
        Found::Element(element) | Found::Member(element, _) => element,
        Found::Entries(_) => Vec::new(),
    }
}
