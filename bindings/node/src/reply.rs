//! Replies as JavaScript sees them.
//!
//! A command writes its reply while it holds locks, and values of JavaScript cannot be made under a lock: Node may then
//! collect garbage, and free what needs the same lock. So a reply is noted first, as marks and bytes in one vector that
//! is used again for the next, and made into values when the locks are gone. Long strings are shared with the keyspace
//! meanwhile, and copied, if at all, without a lock.

use crate::boundary::Failure;
use crate::home::Home;
use crate::js::{Env, Js};
use larder::{CommandError, Protocol, Value};
use larder_commands::{Reply, write_message};
use larder_core::Message;
use larder_core::value::string::{IntText, Str};
use larder_resp::format_double;
use std::sync::Arc;

/// From this length on a string is cheaper shown than copied. The engine shares what is longer than 2 KiB anyway.
pub(crate) const SHARED_LEN_MIN: usize = 4 * 1024;

/// What a note begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Mark {
    Null,
    Status,
    Error,
    Int,
    Bulk,
    Array,
    Map,
    Double,
    True,
    False,
    /// A string that is shared: its number follows.
    Shared,
}

const MARKS: [Mark; 11] = [
    Mark::Null,
    Mark::Status,
    Mark::Error,
    Mark::Int,
    Mark::Bulk,
    Mark::Array,
    Mark::Map,
    Mark::Double,
    Mark::True,
    Mark::False,
    Mark::Shared,
];

/// What strings become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bulks {
    Strings,
    Buffers,
}

/// A reply, noted.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    protocol: Protocol,
    notes: Vec<u8>,
    /// Where the values of the outermost level begin.
    starts: Vec<usize>,
    /// Values that belong to containers that are not full.
    open: Vec<usize>,
    /// Long strings.
    shared: Vec<Arc<Vec<u8>>>,
}

impl Noted {
    /// An empty one in the room of this one.
    pub(crate) fn renewed(mut self, protocol: Protocol) -> Noted {
        self.notes.clear();
        self.starts.clear();
        self.open.clear();
        self.shared.clear();
        Noted { protocol, ..self }
    }

    /// A note of a value that is there already.
    pub(crate) fn of(value: &Value) -> Noted {
        let mut noted = Noted { protocol: Protocol::Resp3, ..Noted::default() };
        value.write(&mut noted);
        noted
    }

    /// How many values were written.
    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }

    /// The notes of the value at a place.
    pub(crate) fn at(&self, place: usize) -> &[u8] {
        let end = self.starts.get(place + 1).copied().unwrap_or(self.notes.len());
        self.starts.get(place).map_or(&[], |start| &self.notes[*start..end])
    }

    /// A note of the value at a place alone.
    pub(crate) fn single(&self, place: usize) -> Noted {
        let (notes, starts) = (self.at(place).to_vec(), vec![0]);
        Noted { protocol: self.protocol, notes, starts, open: Vec::new(), shared: self.shared.clone() }
    }

    /// Room that is worth keeping, and keeps nothing of the keyspace's.
    pub(crate) fn emptied(mut self) -> Option<Noted> {
        self.shared.clear();
        (self.notes.capacity() <= 1 << 20).then_some(self)
    }

    #[inline]
    fn begin(&mut self, mark: Mark, contains: usize) {
        match self.open.last_mut() {
            Some(left) => *left -= 1,
            None => self.starts.push(self.notes.len()),
        }
        self.notes.push(mark as u8);
        self.open.push(contains);
        while self.open.last() == Some(&0) {
            self.open.pop();
        }
    }

    fn bytes(&mut self, mark: Mark, bytes: &[u8]) {
        self.begin(mark, 0);
        self.notes.extend_from_slice(&(bytes.len() as u32).to_ne_bytes());
        self.notes.extend_from_slice(bytes);
    }

    fn container(&mut self, mark: Mark, len: usize, contains: usize) {
        self.begin(mark, contains);
        self.notes.extend_from_slice(&(len as u32).to_ne_bytes());
    }
}

impl Reply for Noted {
    fn protocol(&self) -> Protocol {
        self.protocol
    }
    fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
    }
    fn status(&mut self, text: &str) {
        self.bytes(Mark::Status, text.as_bytes());
    }
    fn error(&mut self, error: &CommandError) {
        self.bytes(Mark::Error, error.text().as_bytes());
    }
    fn int(&mut self, n: i64) {
        self.begin(Mark::Int, 0);
        self.notes.extend_from_slice(&n.to_ne_bytes());
    }
    fn bulk(&mut self, bytes: &[u8]) {
        self.bytes(Mark::Bulk, bytes);
    }
    fn string(&mut self, value: Str<'_>) {
        match value {
            Str::Shared(bytes) if bytes.len() >= SHARED_LEN_MIN => {
                self.begin(Mark::Shared, 0);
                self.notes.extend_from_slice(&(self.shared.len() as u32).to_ne_bytes());
                self.shared.push(bytes.clone());
            }
            value => self.bulk(value.as_bytes(&mut IntText::new())),
        }
    }
    fn null(&mut self) {
        self.begin(Mark::Null, 0);
    }
    fn null_array(&mut self) {
        self.begin(Mark::Null, 0);
    }
    fn array(&mut self, len: usize) {
        self.container(Mark::Array, len, len);
    }
    fn map(&mut self, pairs: usize) {
        match self.protocol {
            Protocol::Resp2 => self.array(2 * pairs),
            Protocol::Resp3 => self.container(Mark::Map, pairs, 2 * pairs),
        }
    }
    fn set(&mut self, len: usize) {
        self.array(len);
    }
    fn push(&mut self, len: usize) {
        self.array(len);
    }
    fn double(&mut self, n: f64) {
        match self.protocol {
            Protocol::Resp2 => {
                let mut text = Vec::new();
                format_double(n, &mut text);
                self.bulk(&text);
            }
            Protocol::Resp3 => {
                self.begin(Mark::Double, 0);
                self.notes.extend_from_slice(&n.to_ne_bytes());
            }
        }
    }
    fn boolean(&mut self, yes: bool) {
        match self.protocol {
            Protocol::Resp2 => self.int(i64::from(yes)),
            Protocol::Resp3 => self.begin(if yes { Mark::True } else { Mark::False }, 0),
        }
    }
    fn big_number(&mut self, digits: &str) {
        self.bulk(digits.as_bytes());
    }
    fn verbatim(&mut self, _: &str, text: &[u8]) {
        self.bulk(text);
    }
    fn message(&mut self, message: &Message) {
        write_message(message, self);
    }
}

/// Reads notes and makes values of them.
struct Reader<'n> {
    env: Env,
    home: &'n Home,
    bulks: Bulks,
    /// Numbers beyond 2^53 become `BigInt`s; else they lose their last digits, as clients of servers have it.
    exact: bool,
    notes: &'n [u8],
    shared: &'n [Arc<Vec<u8>>],
}

/// The value of JavaScript for the noted one at a place. An error becomes an error object, which is not thrown.
pub(crate) fn make(
    env: Env,
    home: &Home,
    noted: &Noted,
    place: usize,
    bulks: Bulks,
    protocol: Protocol,
) -> Result<Js, Failure> {
    let (exact, notes, shared) = (protocol == Protocol::Resp3, noted.at(place), &noted.shared[..]);
    Reader { env, home, bulks, exact, notes, shared }.value()
}

/// The error of a noted reply that is one.
pub(crate) fn error_of(notes: &[u8]) -> Option<CommandError> {
    let (mark, rest) = notes.split_first()?;
    let text = (*mark == Mark::Error as u8).then(|| rest.get(4..)).flatten()?;
    Some(CommandError::new(String::from_utf8_lossy(text).into_owned()))
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (taken, rest) = self.notes.split_first_chunk::<N>().map_or(([0; N], &[][..]), |(a, b)| (*a, b));
        self.notes = rest;
        taken
    }

    fn len(&mut self) -> usize {
        u32::from_ne_bytes(self.take()) as usize
    }

    fn bytes(&mut self) -> &[u8] {
        let len = self.len().min(self.notes.len());
        let (bytes, rest) = self.notes.split_at(len);
        self.notes = rest;
        bytes
    }

    fn value(&mut self) -> Result<Js, Failure> {
        let [mark] = self.take();
        let (env, home) = (self.env, self.home);
        match MARKS.get(usize::from(mark)).copied().unwrap_or(Mark::Null) {
            Mark::Null => env.null(),
            Mark::True => env.boolean(true),
            Mark::False => env.boolean(false),
            Mark::Double => env.double(f64::from_ne_bytes(self.take())),
            Mark::Int => {
                let n = i64::from_ne_bytes(self.take());
                if self.exact { env.int(n) } else { env.double(n as f64) }
            }
            Mark::Bulk if self.bulks == Bulks::Buffers => env.buffer(self.bytes()),
            Mark::Bulk | Mark::Status => env.string(self.bytes()),
            Mark::Shared => {
                let bytes = self.shared.get(self.len()).cloned().unwrap_or_default();
                if self.bulks == Bulks::Buffers { env.buffer(&bytes) } else { env.shared_string(bytes) }
            }
            Mark::Error => home.error(env, "", &String::from_utf8_lossy(self.bytes())),
            Mark::Array => {
                let len = self.len();
                let array = env.array(len)?;
                for at in 0..len {
                    let value = self.value()?;
                    env.set_element(array, at, value)?;
                }
                Ok(array)
            }
            Mark::Map => self.map(),
        }
    }

    /// A map is an object whose names are strings, whatever its values are.
    fn map(&mut self) -> Result<Js, Failure> {
        let (env, len) = (self.env, self.len());
        let object = env.object()?;
        let mut pairs = Vec::with_capacity(len.min(1_024));
        for _ in 0..len {
            let bulks = std::mem::replace(&mut self.bulks, Bulks::Strings);
            let name = self.value();
            self.bulks = bulks;
            let name = env.text_of(name?)?;
            pairs.push((name, self.value()?));
        }
        env.define(object, &pairs)?;
        Ok(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_outermost_level_are_found_apart() {
        let mut noted = Noted::default().renewed(Protocol::Resp3);
        noted.array(2);
        noted.map(1);
        noted.bulk(b"a");
        noted.array(0);
        noted.int(7);
        noted.error(&CommandError::new("ERR no"));
        noted.null();
        assert_eq!(noted.len(), 3);
        assert_eq!(noted.at(0).len(), 5 + 5 + (5 + 1) + 5 + 9);
        assert_eq!(error_of(noted.at(0)), None);
        assert_eq!(error_of(noted.at(1)), Some(CommandError::new("ERR no")));
        assert_eq!(noted.at(2), [Mark::Null as u8]);
        assert!(noted.at(3).is_empty());
        assert_eq!(noted.renewed(Protocol::Resp2).len(), 0);
    }

    #[test]
    fn long_strings_are_shared_until_the_note_is_done_with() {
        let long = Arc::new(vec![b'x'; SHARED_LEN_MIN]);
        let mut noted = Noted::default().renewed(Protocol::Resp3);
        noted.string(Str::Bytes(b"short"));
        noted.string(Str::Shared(&long));
        noted.string(Str::Int(7));
        assert_eq!((noted.at(0).len(), noted.at(1).len(), noted.at(2).len()), (10, 5, 6));
        let single = noted.single(1);
        assert_eq!((single.at(0), Arc::strong_count(&long)), (noted.at(1), 3));
        drop(single);
        assert!(noted.emptied().is_some());
        assert_eq!(Arc::strong_count(&long), 1);
    }

    #[test]
    fn each_mark_is_found_by_its_number() {
        assert!(MARKS.iter().enumerate().all(|(number, mark)| *mark as usize == number));
    }
}
