//! What a key can hold: pure data, without deadlines, locks or replies.

pub mod string;

use crate::keyspace::{Class, KeyHasher};
use crate::sync::Arc;

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Bytes or a number.
    String,
    /// A sequence.
    List,
    /// Distinct members.
    Set,
    /// Distinct members, each with a score.
    Zset,
    /// Fields with values.
    Hash,
    /// An append-only log.
    Stream,
}

impl Kind {
    /// The change class of this type's own events.
    pub fn class(self) -> Class {
        match self {
            Kind::String => Class::STRING,
            Kind::List => Class::LIST,
            Kind::Set => Class::SET,
            Kind::Zset => Class::ZSET,
            Kind::Hash => Class::HASH,
            Kind::Stream => Class::STREAM,
        }
    }
}

/// A value that is not a short string or a number.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Object {
    /// A string that is long, or that was edited in place: shared, so that a reader can keep it beyond the lock.
    Bytes(Arc<Vec<u8>>),
}

impl Object {
    /// The type.
    pub fn kind(&self) -> Kind {
        match self {
            Object::Bytes(_) => Kind::String,
        }
    }

    /// Bytes of the heap this value owns, the object itself included.
    pub fn used_bytes(&self) -> usize {
        size_of::<Object>()
            + match self {
                Object::Bytes(bytes) => bytes.capacity() + size_of::<Vec<u8>>() + 2 * size_of::<usize>(),
            }
    }
}

/// A value type with members: it exists as long as it has some.
pub trait Collection: Sized {
    /// Its type.
    const KIND: Kind;
    /// One without members.
    fn empty(hasher: &KeyHasher) -> Self;
    /// Whether it has no members.
    fn is_empty(&self) -> bool;
    /// As an object.
    fn into_object(self) -> Object;
    /// The collection in an object, if it is of this type.
    fn of(object: &Object) -> Option<&Self>;
    /// The collection in an object, to be changed.
    fn of_mut(object: &mut Object) -> Option<&mut Self>;
}
