//! The typed interface: what a program that embeds the engine calls. Each call locks the stripes of its keys once, does
//! its work, and reports what changed as the command of that kind would.

mod geo;
mod hashes;
mod keys;
mod lists;
mod sets;
mod streams;
mod strings;
mod transaction;
mod waiting;
mod zsets;

pub use geo::{Geo, Place};
pub use hashes::Hashes;
pub use keys::Keys;
pub use lists::Lists;
pub use sets::Sets;
pub use streams::{StreamEntry, Streams};
pub use strings::{SetWith, Strings};
pub use transaction::Transaction;
pub use waiting::Waiting;
pub use zsets::Zsets;

pub(crate) use transaction::Rooms;

use transaction::Stage;

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::keyspace::{DbIndex, Edit, Expiry, Key, Missing, Slice};
use crate::sync::Arc;
use crate::value::Collection;
use crate::{Deadline, Topics};
use std::time::Duration;

/// One database of an engine: the door to its typed interface. Cheap to clone.
///
/// ```
/// use larder_core::Engine;
/// use std::time::Duration;
/// let db = Engine::new().db();
/// db.strings().set_for("session:1", "Ada", Duration::from_secs(60))?;
/// assert_eq!(db.strings().get("session:1")?.as_deref(), Some(&b"Ada"[..]));
/// assert!(db.keys().time_to_live("session:1")?.is_some());
/// # Ok::<(), larder_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Db {
    engine: Engine,
    index: DbIndex,
    /// Where the engine is the private room of a transaction: what brings keys into it.
    stage: Option<Arc<Stage>>,
}

impl Engine {
    /// Database 0.
    pub fn db(&self) -> Db {
        self.db_at(DbIndex::default())
    }

    /// Another database.
    pub fn db_at(&self, index: DbIndex) -> Db {
        Db { engine: self.clone(), index, stage: None }
    }
}

impl Db {
    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Bytes and numbers.
    pub fn strings(&self) -> Strings<'_> {
        Strings(self)
    }

    /// Fields with values.
    pub fn hashes(&self) -> Hashes<'_> {
        Hashes(self)
    }

    /// Sequences with two ends.
    pub fn lists(&self) -> Lists<'_> {
        Lists(self)
    }

    /// Distinct members.
    pub fn sets(&self) -> Sets<'_> {
        Sets(self)
    }

    /// Members ordered by scores.
    pub fn zsets(&self) -> Zsets<'_> {
        Zsets(self)
    }

    /// Places on the earth.
    pub fn geo(&self) -> Geo<'_> {
        Geo(self)
    }

    /// Logs of entries.
    pub fn streams(&self) -> Streams<'_> {
        Streams(self)
    }

    /// Keys whatever they hold.
    pub fn keys(&self) -> Keys<'_> {
        Keys(self)
    }

    /// Channels: of the whole engine, not of one database.
    pub fn topics(&self) -> &Topics {
        self.engine.topics()
    }

    #[inline]
    pub(crate) fn key<'k>(&self, bytes: &'k [u8]) -> Result<Key<'k>> {
        if self.stage.is_some() {
            self.bring(bytes)?;
        }
        Ok(self.engine.key(self.index, bytes))
    }

    /// Has a transaction's room hold a key.
    #[cold]
    fn bring(&self, bytes: &[u8]) -> Result<()> {
        self.stage.as_ref().map_or(Ok(()), |stage| stage.bring(self, bytes))
    }

    /// Refuses what is about all keys in a transaction, which knows only those it has touched.
    fn outside_transaction(&self) -> Result<()> {
        if self.stage.is_some() { Err(Error::NotInTransaction) } else { Ok(()) }
    }

    /// Refuses a write when memory is short and nothing can go.
    #[inline]
    pub(crate) fn check_room(&self) -> Result<()> {
        if self.engine.is_over_limit() { self.engine.make_room() } else { Ok(()) }
    }

    /// Looks at a collection.
    fn look<C: Collection, R>(&self, key: &[u8], look: impl FnOnce(&C) -> R) -> Result<Option<R>> {
        let key = self.key(key)?;
        self.engine.shared.read_one(&key, |entry| entry.collection().map(look)).transpose()
    }

    /// Copies members of a collection: at once where they are few, else in slices, so that others who use its stripe
    /// need not wait for all of it. `copy` adds some more to what it has copied, from a cursor on, and gives the next
    /// cursor; 0 at the end.
    fn copy_all<C: Collection, T>(
        &self,
        key: &[u8],
        copy: impl Fn(&C, u64, &mut Vec<T>, &mut Slice) -> u64,
    ) -> Result<Vec<T>> {
        let few = self.look::<C, _>(key, |collection| {
            let (mut copied, mut slice) = (Vec::new(), Slice::default());
            (copy(collection, 0, &mut copied, &mut slice) == 0).then_some(copied)
        })?;
        let Some(many) = few else { return Ok(Vec::new()) };
        if let Some(copied) = many {
            return Ok(copied);
        }
        let key = self.key(key)?;
        let mut view = self.engine.view_one(&key, None);
        let (copied, _) = view.in_slices(&[key], |view, (copied, cursor): &mut (Vec<T>, u64)| {
            let Some(entry) = view.peek(&key)? else { return Ok::<_, Error>(true) };
            *cursor = copy(entry.collection()?, *cursor, copied, &mut Slice::default());
            Ok(*cursor == 0)
        })?;
        Ok(copied)
    }

    /// Changes a collection, made if it does not exist.
    fn grow<C: Collection, R: Default>(
        &self,
        key: &[u8],
        edit: impl FnOnce(&mut Edit<'_, C>) -> R,
    ) -> Result<R> {
        self.check_room()?;
        let key = self.key(key)?;
        let mut view = self.engine.view_one(&key, None);
        Ok(view.edit(&key, Missing::Create, edit)?.unwrap_or_default())
    }

    /// Changes a collection that exists.
    fn shrink<C: Collection, R>(
        &self,
        key: &[u8],
        edit: impl FnOnce(&mut Edit<'_, C>) -> R,
    ) -> Result<Option<R>> {
        let key = self.key(key)?;
        let mut view = self.engine.view_one(&key, None);
        view.edit(&key, Missing::Skip, edit)
    }

    fn expiry_after(&self, time: Duration) -> Expiry {
        Db::expiry_from(self.engine.now_ms(), time)
    }

    fn expiry_from(now_ms: u64, time: Duration) -> Expiry {
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
        Expiry::At(Deadline::at_ms(now_ms.saturating_add(ms)))
    }
}
