//! A borrowed look at one entry.

use super::stripe;
use crate::clock::Deadline;
use crate::error::{Error, Result};
use crate::raw::{Ref, Stored};
use crate::value::string::Str;
use crate::value::{Collection, Kind, Object};

/// Redis keeps strings up to this length in one piece with their header.
const EMBEDDED_LEN_MAX: usize = 44;

/// An entry of the keyspace, borrowed from the view that found it.
pub struct Entry<'v>(pub(crate) Ref<'v, Object>);

impl<'v> Entry<'v> {
    /// The key.
    pub fn key(&self) -> &'v [u8] {
        self.0.key()
    }

    /// The type of the value.
    pub fn kind(&self) -> Kind {
        match self.0.value() {
            Stored::Object(object) => object.kind(),
            _ => Kind::String,
        }
    }

    /// When it dies.
    pub fn deadline(&self) -> Option<Deadline> {
        self.0.deadline_ms().map(Deadline::at_ms)
    }

    /// The string, or [`Error::WrongType`].
    #[inline]
    pub fn string(&self) -> Result<Str<'v>> {
        match self.0.value() {
            Stored::Int(n) => Ok(Str::Int(n)),
            Stored::Bytes(bytes) => Ok(Str::Bytes(bytes)),
            Stored::Nothing => Ok(Str::Bytes(&[])),
            Stored::Object(Object::Bytes(bytes)) => Ok(Str::Shared(bytes)),
            #[allow(unreachable_patterns)]
            Stored::Object(_) => Err(Error::WrongType),
        }
    }

    /// The collection, or [`Error::WrongType`].
    pub fn collection<C: Collection>(&self) -> Result<&'v C> {
        match self.0.value() {
            Stored::Object(object) => C::of(object).ok_or(Error::WrongType),
            _ => Err(Error::WrongType),
        }
    }

    /// The object, where the value is not a short string.
    pub fn object(&self) -> Option<&'v Object> {
        match self.0.value() {
            Stored::Object(object) => Some(object),
            _ => None,
        }
    }

    /// How the value is kept, by the names Redis has for its own ways.
    pub fn encoding(&self) -> &'static str {
        match self.0.value() {
            Stored::Int(_) => "int",
            Stored::Bytes(bytes) if bytes.len() > EMBEDDED_LEN_MAX => "raw",
            Stored::Bytes(_) | Stored::Nothing => "embstr",
            Stored::Object(object) => object.encoding(),
        }
    }

    /// Bytes that key and value take, without their part of the table.
    pub fn used_bytes(&self) -> usize {
        stripe::used_bytes(&self.0) as usize
    }

    /// The 24 access bits, as the eviction policy keeps them.
    pub fn access(&self) -> u32 {
        self.0.touch()
    }
}

impl std::fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("key", &self.key()).field("kind", &self.kind()).finish_non_exhaustive()
    }
}
