//! Payloads as a whole: a byte that says what it is, the value, the version of the format, and a checksum over all of
//! that.

use crate::crc64::crc64;
use crate::reader::Reader;
use crate::writer::Writer;
use crate::{Error, Result, hash, kind, list, set, stream, zset};
use larder_core::value::Object;
use larder_core::value::string::Str;
use larder_core::{Entry, Tools};
use std::borrow::Cow;

/// The latest version that is read: that of Redis 7.4.
pub const VERSION_MAX: u16 = 12;

/// The present on both clocks: values are dated in engine time, payloads in Unix time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Present {
    /// In engine milliseconds.
    pub engine_ms: i64,
    /// In milliseconds of Unix time.
    pub unix_ms: i64,
}

impl Present {
    pub(crate) fn to_unix(self, engine_ms: i64) -> i64 {
        engine_ms.saturating_sub(self.engine_ms).saturating_add(self.unix_ms)
    }

    pub(crate) fn to_engine(self, unix_ms: i64) -> i64 {
        unix_ms.saturating_sub(self.unix_ms).saturating_add(self.engine_ms)
    }
}

/// A value that was read.
#[derive(Clone, Debug)]
pub enum Value<'p> {
    /// A string.
    Text(Cow<'p, [u8]>),
    /// Anything else.
    Object(Object),
    /// A hash whose fields have all died meanwhile.
    Gone,
}

/// Writes the value of a key. O(size of the value).
pub fn dump(entry: &Entry<'_>, present: Present) -> Result<Vec<u8>> {
    match entry.object() {
        Some(object) => dump_object(object, present),
        None => Ok(sealed(text(entry.string().map_err(|_| Error::Formless)?))),
    }
}

/// Writes a value that is no short string. O(its size).
pub fn dump_object(object: &Object, present: Present) -> Result<Vec<u8>> {
    Ok(sealed(match object {
        Object::Bytes(bytes) => text(Str::Shared(bytes)),
        Object::List(list) => list::write(list),
        Object::Set(set) => set::write(set),
        Object::Zset(zset) => zset::write(zset),
        Object::Hash(hash) => hash::write(hash, present),
        Object::Stream(stream) => stream::write(stream, present),
        _ => return Err(Error::Formless),
    }))
}

fn text(text: Str<'_>) -> Writer {
    let mut out = Writer::new(kind::STRING);
    out.string(text);
    out
}

fn sealed(out: Writer) -> Vec<u8> {
    let body = out.into_bytes();
    let version = body.first().map_or(VERSION_MAX, |kind| kind::version(*kind));
    seal(body, version)
}

/// Reads a value. O(size of the value).
pub fn restore<'p>(payload: &'p [u8], tools: &Tools<'_>, present: Present) -> Result<Value<'p>> {
    let mut rest = Reader::new(open(payload)?);
    let value = read(&mut rest, tools, present)?;
    if rest.is_empty() { Ok(value) } else { Err(Error::Damaged) }
}

fn read<'p>(rest: &mut Reader<'p>, tools: &Tools<'_>, present: Present) -> Result<Value<'p>> {
    let object = match rest.byte()? {
        kind::STRING => return rest.text().map(Value::Text),
        kind @ (kind::LIST | kind::LIST_ZIPLIST | kind::LIST_OF_ZIPLISTS | kind::LIST_OF_LISTPACKS) => {
            Object::List(list::read(kind, rest, tools)?)
        }
        kind @ (kind::SET | kind::SET_INTSET | kind::SET_LISTPACK) => {
            Object::Set(set::read(kind, rest, tools)?)
        }
        kind @ (kind::ZSET_TEXT | kind::ZSET | kind::ZSET_ZIPLIST | kind::ZSET_LISTPACK) => {
            Object::Zset(zset::read(kind, rest, tools)?)
        }
        kind @ (kind::HASH | kind::HASH_ZIPMAP | kind::HASH_ZIPLIST | kind::HASH_LISTPACK) => {
            Object::Hash(hash::read(kind, rest, tools)?)
        }
        kind @ kind::HASH_MORTAL_RC..=kind::HASH_MORTAL_LISTPACK => {
            return Ok(hash::read_mortal(kind, rest, tools, present)?
                .map_or(Value::Gone, |hash| Value::Object(Object::Hash(hash))));
        }
        kind @ (kind::STREAM_5 | kind::STREAM_7_0 | kind::STREAM_7_2) => {
            Object::Stream(stream::read(kind, rest, tools, present)?)
        }
        _ => return Err(Error::Damaged),
    };
    Ok(Value::Object(object))
}

/// Adds version and checksum to what makes up a payload.
pub fn seal(mut body: Vec<u8>, version: u16) -> Vec<u8> {
    body.extend(version.to_le_bytes());
    let sum = crc64(&body);
    body.extend(sum.to_le_bytes());
    body
}

/// What makes up a payload, without version and checksum, if these are right.
pub(crate) fn open(payload: &[u8]) -> Result<&[u8]> {
    let (summed, sum) = payload.split_last_chunk().ok_or(Error::Unsealed)?;
    let (body, version) = summed.split_last_chunk().ok_or(Error::Unsealed)?;
    let sealed = u16::from_le_bytes(*version) <= VERSION_MAX && u64::from_le_bytes(*sum) == crc64(summed);
    if sealed { Ok(body) } else { Err(Error::Unsealed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_opens_only_as_it_was_sealed() {
        let sealed = seal(b"\x00\x01a".to_vec(), VERSION_MAX);
        assert_eq!(open(&sealed), Ok(&b"\x00\x01a"[..]));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(open(&changed), Err(Error::Unsealed), "{at}");
            assert_eq!(open(&sealed[..at]), Err(Error::Unsealed), "{at}");
        }
        assert_eq!(open(&seal(b"\x00\x01a".to_vec(), VERSION_MAX + 1)), Err(Error::Unsealed));
        assert_eq!(open(&seal(Vec::new(), 0)), Ok(&b""[..]));
    }

    #[test]
    fn times_cross_between_the_clocks() {
        let present = Present { engine_ms: 1_000, unix_ms: 5_000 };
        assert_eq!((present.to_unix(900), present.to_engine(4_900)), (4_900, 900));
        assert_eq!(present.to_engine(i64::MIN), i64::MIN + 1_000);
    }
}
