//! Byte strings in one piece of memory: a million short ones by themselves would take twice their size.

use crate::reply::Reply;
use larder_core::Slice;
use larder_core::value::string::{IntText, Str};

/// Byte strings, one behind the other.
#[derive(Debug, Default)]
pub(crate) struct ByteList {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl ByteList {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.ends.push(self.bytes.len());
    }

    /// Adds a part of a value, and takes it into account.
    pub(crate) fn push_part(&mut self, part: Str<'_>, slice: &mut Slice) {
        let bytes = part.len();
        match part {
            Str::Int(n) => self.push(IntText::new().write(n)),
            Str::Bytes(bytes) => self.push(bytes),
            Str::Shared(bytes) => self.push(bytes),
        }
        slice.add(bytes);
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |end| &self.bytes[std::mem::replace(&mut start, *end)..*end])
    }

    pub(crate) fn write(&self, out: &mut dyn Reply) {
        self.iter().for_each(|bytes| out.bulk(bytes));
    }
}
