//! Entries that go from one keyspace to another of the same hash: what transactions work on. The value is copied or
//! moved whole, its deadline and those of its fields included.

use super::Key;
use super::view::{Expiry, View};
use crate::clock::Deadline;
use crate::error::Result;
use crate::raw::Stored;
use crate::value::Object;

/// A value on its way, with its deadline.
pub(crate) struct Parcel {
    content: Content,
    expiry: Expiry,
}

enum Content {
    Int(i64),
    Bytes(Vec<u8>),
    Object(Object),
}

fn parcel(value: Stored<'_, Object>, deadline_ms: Option<u64>) -> Parcel {
    let content = match value {
        Stored::Int(n) => Content::Int(n),
        Stored::Bytes(bytes) => Content::Bytes(bytes.to_vec()),
        Stored::Nothing => Content::Bytes(Vec::new()),
        Stored::Object(object) => Content::Object(object.clone()),
    };
    Parcel { content, expiry: deadline_ms.map_or(Expiry::Never, |ms| Expiry::At(Deadline::at_ms(ms))) }
}

impl View<'_> {
    /// Copies what a key holds, as a read. O(size of the value).
    pub(crate) fn pack(&mut self, key: &Key<'_>) -> Result<Option<Parcel>> {
        let found = self.get(key)?;
        Ok(found.map(|entry| parcel(entry.0.value(), entry.0.deadline_ms())))
    }

    /// Takes what a key holds out of the keyspace, without a report. O(1).
    pub(crate) fn unhouse(&mut self, key: &Key<'_>) -> Result<Option<Parcel>> {
        let Some(record) = self.take(key)? else { return Ok(None) };
        let deadline_ms = record.deadline_ms();
        if !matches!(record.value(), Stored::Object(_)) {
            return Ok(Some(parcel(record.value(), deadline_ms)));
        }
        let empty = parcel(Stored::Nothing, deadline_ms);
        Ok(record.into_object().map(|object| Parcel { content: Content::Object(*object), ..empty }))
    }

    /// Has a key hold what was sent, whatever it held, or nothing. Nothing is reported but that a key is new. O(1).
    pub(crate) fn house(&mut self, key: &Key<'_>, parcel: Option<Parcel>) -> Result<()> {
        let Some(Parcel { content, expiry }) = parcel else { return self.remove(key).map(drop) };
        match content {
            Content::Int(n) => self.set_int(key, n, expiry),
            Content::Bytes(bytes) => self.set_text(key, &bytes, expiry),
            Content::Object(object) => self.put_object(key, object, expiry),
        }
        .map(drop)
    }
}
