//! Streams: logs of entries.

use super::Db;
use super::waiting::{Found, Sought, Waiting};
use crate::error::{Error, Result};
use crate::limits::STREAM_ENTRY_LEN_MAX;
use crate::value::stream::{Keep, References, Stream, StreamId, Trim};
use std::ops::RangeInclusive;

/// Streams of a database. See [`Db::streams`].
#[derive(Clone, Copy, Debug)]
pub struct Streams<'d>(pub(super) &'d Db);

/// An entry, copied from its stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEntry {
    /// Its id.
    pub id: StreamId,
    /// Its fields with their values.
    pub fields: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Copies of entries.
pub(super) fn copied(stream: &Stream, ids: RangeInclusive<StreamId>) -> Vec<StreamEntry> {
    let entries = stream.log().range(*ids.start(), *ids.end());
    let copied = entries.map(|entry| StreamEntry {
        id: entry.id,
        fields: entry.fields().map(|(field, value)| (field.to_vec(), value.to_vec())).collect(),
    });
    copied.collect()
}

impl Streams<'_> {
    /// Appends an entry, with an id of the clock's. [`Error::Overflow`] where the last possible id is taken. O(1).
    ///
    /// ```
    /// # let db = larder_core::Engine::new().db();
    /// let first = db.streams().append("events", &[("kind", "login"), ("user", "Ada")])?;
    /// let second = db.streams().append("events", &[("kind", "logout"), ("user", "Ada")])?;
    /// assert!(first < second);
    /// let after = db.streams().range("events", first.next().unwrap()..=second)?;
    /// assert_eq!(after[0].fields[0], (b"kind".to_vec(), b"logout".to_vec()));
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    pub fn append<F: AsRef<[u8]>, V: AsRef<[u8]>>(
        &self,
        key: impl AsRef<[u8]>,
        fields: &[(F, V)],
    ) -> Result<StreamId> {
        let pairs: Vec<&[u8]> =
            fields.iter().flat_map(|(field, value)| [field.as_ref(), value.as_ref()]).collect();
        if pairs.iter().map(|word| word.len()).sum::<usize>() > STREAM_ENTRY_LEN_MAX {
            return Err(Error::TooLarge);
        }
        let unix_ms = self.0.engine.clock().wall_us() / 1_000;
        let id = self.0.grow::<Stream, _>(key.as_ref(), |edit| {
            let limits = edit.tools.limits;
            let id = edit.log().next_id(unix_ms)?;
            edit.log_mut().append(&limits, id, &pairs).ok()?;
            edit.report("xadd");
            Some(id)
        })?;
        id.ok_or(Error::Overflow)
    }

    /// The entries from one id to another, both included. O(log N + M).
    pub fn range(&self, key: impl AsRef<[u8]>, ids: RangeInclusive<StreamId>) -> Result<Vec<StreamEntry>> {
        let range = self.0.look::<Stream, _>(key.as_ref(), |stream| copied(stream, ids))?;
        Ok(range.unwrap_or_default())
    }

    /// The entries behind an id, waiting for one if there is none: with [`StreamId::MIN`] all there are. They stay
    /// in the stream.
    ///
    /// ```
    /// use std::time::Duration;
    /// # let db = larder_core::Engine::new().db();
    /// let first = db.streams().append("events", &[("kind", "login")])?;
    /// let other = db.clone();
    /// let reader = std::thread::spawn(move || other.streams().wait_after("events", first).for_ever());
    /// let second = db.streams().append("events", &[("kind", "logout")])?;
    /// assert_eq!(reader.join().unwrap()?[0].id, second);
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    pub fn wait_after(&self, key: impl AsRef<[u8]>, id: StreamId) -> Waiting<Vec<StreamEntry>> {
        Waiting::new(self.0, vec![key.as_ref().into()], Sought::After(id), |_, found| match found {
            Found::Entries(entries) => entries,
            Found::Element(_) | Found::Member(..) => Vec::new(),
        })
    }

    /// Removes the oldest entries, so that at most so many are left. Gives how many went. O(N).
    pub fn trim(&self, key: impl AsRef<[u8]>, newest: u64) -> Result<u64> {
        let trimmed = self.0.shrink::<Stream, _>(key.as_ref(), |edit| {
            let trim = Trim { keep: Keep::Newest(newest), roughly: false, limit: None };
            let trimmed = edit.trim(&trim, References::Keep);
            if trimmed > 0 {
                edit.report("xtrim");
            }
            trimmed
        })?;
        Ok(trimmed.unwrap_or(0))
    }

    /// How many entries there are. O(1).
    pub fn len(&self, key: impl AsRef<[u8]>) -> Result<usize> {
        Ok(self.0.look::<Stream, _>(key.as_ref(), |stream| stream.log().len())?.unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Engine;

    #[test]
    fn a_stream_without_room_for_ids_takes_no_more() {
        let db = Engine::new().db();
        db.streams().append("s", &[("a", "b")]).expect("there is room");
        assert_eq!(db.streams().trim("s", 0), Ok(1));
        assert_eq!(db.streams().len("s"), Ok(0));
        db.shrink::<Stream, _>(b"s", |edit| edit.log_mut().set_last_id(StreamId::MAX)).expect("a stream");
        assert_eq!(db.streams().append("s", &[("a", "b")]), Err(Error::Overflow));
        assert_eq!(db.streams().range("s", StreamId::MIN..=StreamId::MAX), Ok(vec![]));
    }
}
