//! The only way out of a command: a trait that RESP2, RESP3, an owned tree of values and plain text implement.
//!
//! A command says what a reply *is* (a map, a set, a double); what it becomes in a protocol that has no such thing is
//! the implementation's affair. Containers are announced with their lengths, then filled.

use crate::dispatch::write_message;
use crate::error::Error;
use larder_core::Message;
use larder_core::limits::UNLOCKED_LEN_MIN;
use larder_core::value::string::{IntText, Str};
use std::iter::Peekable;
use std::sync::Arc;

/// The version of the protocol that a client speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// Arrays, strings, integers.
    #[default]
    Resp2,
    /// Maps, sets, doubles, booleans, pushes.
    Resp3,
}

impl Protocol {
    /// 2 or 3.
    pub fn number(self) -> u8 {
        match self {
            Protocol::Resp2 => 2,
            Protocol::Resp3 => 3,
        }
    }
}

/// Where a reply is written.
pub trait Reply {
    /// What the reader understands: for the few commands whose replies differ beyond their types.
    fn protocol(&self) -> Protocol;
    /// The reader changed its protocol; from now on this one.
    fn set_protocol(&mut self, protocol: Protocol);
    /// A short status.
    fn status(&mut self, text: &str);
    /// An error.
    fn error(&mut self, error: &Error);
    /// A number.
    fn int(&mut self, n: i64);
    /// Bytes.
    fn bulk(&mut self, bytes: &[u8]);
    /// Nothing.
    fn null(&mut self);
    /// Nothing, where a list was asked for.
    fn null_array(&mut self);
    /// The next `len` values are a list.
    fn array(&mut self, len: usize);
    /// The next `pairs` times two values are a map.
    fn map(&mut self, pairs: usize);
    /// The next `len` values are a set.
    fn set(&mut self, len: usize);
    /// The next `len` values are a message outside the order of replies.
    fn push(&mut self, len: usize);
    /// The next `pairs` times two values say something about the reply that follows them. Says whether they are wanted:
    /// most readers cannot carry them, and are to be sent the reply alone.
    fn attribute(&mut self, pairs: usize) -> bool {
        let _ = pairs;
        false
    }
    /// A floating-point number.
    fn double(&mut self, n: f64);
    /// True or false; RESP2 sees 1 or 0.
    fn boolean(&mut self, yes: bool);
    /// A whole number of any size, as decimal text.
    fn big_number(&mut self, digits: &str);
    /// Text for people; `format` is `txt` or `mkd`.
    fn verbatim(&mut self, format: &str, text: &[u8]);

    /// A message of a topic.
    fn message(&mut self, message: &Message);

    /// `OK`.
    fn ok(&mut self) {
        self.status("OK");
    }

    /// A string value.
    fn string(&mut self, value: Str<'_>) {
        match value {
            Str::Int(n) => self.bulk(IntText::new().write(n)),
            Str::Bytes(bytes) => self.bulk(bytes),
            Str::Shared(bytes) => self.bulk(bytes),
        }
    }

    /// A string value, or nothing.
    fn string_or_null(&mut self, value: Option<Str<'_>>) {
        match value {
            Some(value) => self.string(value),
            None => self.null(),
        }
    }

    /// Bytes, or nothing.
    fn bulk_or_null(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.bulk(bytes),
            None => self.null(),
        }
    }

    /// A floating-point number that has a text of its own, with more digits than would tell it from others. RESP2 sees
    /// the text, RESP3 a number in that text where a reply is text at all.
    fn decimal(&mut self, n: f64, text: &str) {
        match self.protocol() {
            Protocol::Resp2 => self.bulk(text.as_bytes()),
            Protocol::Resp3 => self.double(n),
        }
    }

    /// A count.
    fn count(&mut self, n: usize) {
        self.int(i64::try_from(n).unwrap_or(i64::MAX));
    }
}

/// A reply as an owned tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// Nothing, where a list was asked for.
    NullArray,
    /// A short status.
    Status(String),
    /// An error.
    Error(Error),
    /// A number.
    Int(i64),
    /// Bytes.
    Bulk(Vec<u8>),
    /// A list.
    Array(Vec<Value>),
    /// Pairs in their order.
    Map(Vec<(Value, Value)>),
    /// Members in their order.
    Set(Vec<Value>),
    /// A message outside the order of replies.
    Push(Vec<Value>),
    /// A floating-point number.
    Double(f64),
    /// True or false.
    Boolean(bool),
    /// A whole number of any size.
    BigNumber(String),
    /// Text for people.
    Verbatim(String, Vec<u8>),
}

impl Value {
    /// Puts long strings where they belong. They are told by the numbers of their places among all values of bytes, in
    /// the order in which these were written.
    fn fill(&mut self, at: &mut usize, long: &mut Peekable<impl Iterator<Item = (usize, Arc<Vec<u8>>)>>) {
        if long.peek().is_none() {
            return;
        }
        match self {
            Value::Bulk(place) => {
                if let Some((_, bytes)) = long.next_if(|(number, _)| number == at) {
                    // Moved if the key is gone, as after GETDEL.
                    *place = Arc::try_unwrap(bytes).unwrap_or_else(|bytes| bytes.to_vec());
                }
                *at += 1;
            }
            Value::Array(items) | Value::Set(items) | Value::Push(items) => {
                items.iter_mut().for_each(|item| item.fill(at, long));
            }
            Value::Map(pairs) => pairs.iter_mut().for_each(|(key, value)| {
                key.fill(at, long);
                value.fill(at, long);
            }),
            _ => {}
        }
    }

    /// Writes the tree to a reply.
    pub fn write(&self, out: &mut dyn Reply) {
        match self {
            Value::Null => out.null(),
            Value::NullArray => out.null_array(),
            Value::Status(text) => out.status(text),
            Value::Error(error) => out.error(error),
            Value::Int(n) => out.int(*n),
            Value::Bulk(bytes) => out.bulk(bytes),
            Value::Double(n) => out.double(*n),
            Value::Boolean(yes) => out.boolean(*yes),
            Value::BigNumber(digits) => out.big_number(digits),
            Value::Verbatim(format, text) => out.verbatim(format, text),
            Value::Array(items) => {
                out.array(items.len());
                items.iter().for_each(|item| item.write(out));
            }
            Value::Set(items) => {
                out.set(items.len());
                items.iter().for_each(|item| item.write(out));
            }
            Value::Push(items) => {
                out.push(items.len());
                items.iter().for_each(|item| item.write(out));
            }
            Value::Map(pairs) => {
                out.map(pairs.len());
                for (key, value) in pairs {
                    key.write(out);
                    value.write(out);
                }
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Container {
    Array,
    Map,
    Set,
    Push,
}

impl Container {
    fn close(self, items: Vec<Value>) -> Value {
        match self {
            Container::Array => Value::Array(items),
            Container::Set => Value::Set(items),
            Container::Push => Value::Push(items),
            Container::Map => {
                let mut items = items.into_iter();
                let pairs = std::iter::from_fn(|| Some((items.next()?, items.next()?)));
                Value::Map(pairs.collect())
            }
        }
    }
}

/// Collects a reply as a tree. Long strings are copied when it is asked for, not while it is written: the stripes of
/// their keys are locked then.
#[derive(Debug, Default)]
pub struct ValueReply {
    protocol: Protocol,
    open: Vec<(Container, usize, Vec<Value>)>,
    done: Vec<Value>,
    /// How many values of bytes were written.
    bulks: usize,
    /// Those of them that are long, and are empty in the tree so far.
    long: Vec<(usize, Arc<Vec<u8>>)>,
}

impl ValueReply {
    /// An empty reply for a reader of this protocol.
    pub fn new(protocol: Protocol) -> ValueReply {
        ValueReply { protocol, ..ValueReply::default() }
    }

    /// The first value written; `Null` where nothing was.
    pub fn into_value(self) -> Value {
        self.into_values().into_iter().next().unwrap_or(Value::Null)
    }

    /// All values written: some commands answer with several.
    pub fn into_values(mut self) -> Vec<Value> {
        let mut long = self.long.into_iter().peekable();
        let mut at = 0;
        self.done.iter_mut().for_each(|value| value.fill(&mut at, &mut long));
        self.done
    }

    fn add(&mut self, mut value: Value) {
        while let Some((_, left, items)) = self.open.last_mut() {
            items.push(value);
            *left -= 1;
            if *left > 0 {
                return;
            }
            let Some((container, _, items)) = self.open.pop() else { return };
            value = container.close(items);
        }
        self.done.push(value);
    }

    fn begin(&mut self, container: Container, len: usize) {
        if len == 0 {
            self.add(container.close(Vec::new()));
        } else {
            self.open.push((container, len, Vec::with_capacity(len.min(1_024))));
        }
    }
}

impl Reply for ValueReply {
    fn protocol(&self) -> Protocol {
        self.protocol
    }
    fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
    }
    fn status(&mut self, text: &str) {
        self.add(Value::Status(text.into()));
    }
    fn error(&mut self, error: &Error) {
        self.add(Value::Error(error.clone()));
    }
    fn int(&mut self, n: i64) {
        self.add(Value::Int(n));
    }
    fn bulk(&mut self, bytes: &[u8]) {
        self.bulks += 1;
        self.add(Value::Bulk(bytes.to_vec()));
    }
    fn string(&mut self, value: Str<'_>) {
        match value {
            Str::Shared(bytes) if bytes.len() >= UNLOCKED_LEN_MIN => {
                self.long.push((self.bulks, bytes.clone()));
                self.bulk(b"");
            }
            value => self.bulk(value.as_bytes(&mut IntText::new())),
        }
    }
    fn null(&mut self) {
        self.add(Value::Null);
    }
    fn null_array(&mut self) {
        self.add(Value::NullArray);
    }
    fn array(&mut self, len: usize) {
        self.begin(Container::Array, len);
    }
    fn map(&mut self, pairs: usize) {
        self.begin(Container::Map, pairs * 2);
    }
    fn set(&mut self, len: usize) {
        self.begin(Container::Set, len);
    }
    fn push(&mut self, len: usize) {
        self.begin(Container::Push, len);
    }
    fn double(&mut self, n: f64) {
        self.add(Value::Double(n));
    }
    fn boolean(&mut self, yes: bool) {
        self.add(Value::Boolean(yes));
    }
    fn big_number(&mut self, digits: &str) {
        self.add(Value::BigNumber(digits.into()));
    }
    fn verbatim(&mut self, format: &str, text: &[u8]) {
        self.add(Value::Verbatim(format.into(), text.to_vec()));
    }
    fn message(&mut self, message: &Message) {
        write_message(message, self);
    }
}

/// Lets only messages outside the order of replies through: for a client that asked not to be answered, which still
/// hears what it is subscribed to and that it is.
pub(crate) struct OnlyPushes<'a> {
    out: &'a mut dyn Reply,
    /// Values that belong to the message being written.
    left: usize,
}

impl<'a> OnlyPushes<'a> {
    pub(crate) fn new(out: &'a mut dyn Reply) -> OnlyPushes<'a> {
        OnlyPushes { out, left: 0 }
    }

    /// A value that contains so many others; it is itself one of those that were announced.
    fn pass(&mut self, contains: usize, write: impl FnOnce(&mut dyn Reply)) {
        if self.left > 0 {
            self.left += contains;
            self.left -= 1;
            write(self.out);
        }
    }
}

impl Reply for OnlyPushes<'_> {
    fn protocol(&self) -> Protocol {
        self.out.protocol()
    }
    fn set_protocol(&mut self, protocol: Protocol) {
        self.out.set_protocol(protocol);
    }
    fn status(&mut self, text: &str) {
        self.pass(0, |out| out.status(text));
    }
    fn error(&mut self, error: &Error) {
        self.pass(0, |out| out.error(error));
    }
    fn int(&mut self, n: i64) {
        self.pass(0, |out| out.int(n));
    }
    fn bulk(&mut self, bytes: &[u8]) {
        self.pass(0, |out| out.bulk(bytes));
    }
    fn null(&mut self) {
        self.pass(0, |out| out.null());
    }
    fn null_array(&mut self) {
        self.pass(0, |out| out.null_array());
    }
    fn array(&mut self, len: usize) {
        self.pass(len, |out| out.array(len));
    }
    fn map(&mut self, pairs: usize) {
        self.pass(2 * pairs, |out| out.map(pairs));
    }
    fn set(&mut self, len: usize) {
        self.pass(len, |out| out.set(len));
    }
    fn push(&mut self, len: usize) {
        self.left = len;
        self.out.push(len);
    }
    fn double(&mut self, n: f64) {
        self.pass(0, |out| out.double(n));
    }
    fn boolean(&mut self, yes: bool) {
        self.pass(0, |out| out.boolean(yes));
    }
    fn big_number(&mut self, digits: &str) {
        self.pass(0, |out| out.big_number(digits));
    }
    fn verbatim(&mut self, format: &str, text: &[u8]) {
        self.pass(0, |out| out.verbatim(format, text));
    }
    fn message(&mut self, message: &Message) {
        self.out.message(message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_survives_being_written_and_read() {
        let tree = Value::Array(vec![
            Value::Map(vec![(Value::Status("a".into()), Value::Array(vec![])), (Value::Int(1), Value::Null)]),
            Value::Set(vec![Value::Double(1.5), Value::Boolean(true)]),
            Value::Push(vec![Value::Bulk(b"x\0".to_vec())]),
            Value::NullArray,
            Value::Verbatim("txt".into(), b"t".to_vec()),
        ]);
        let mut out = ValueReply::new(Protocol::Resp3);
        tree.write(&mut out);
        assert_eq!(out.into_values(), vec![tree]);
    }

    #[test]
    fn long_strings_are_copied_when_the_tree_is_asked_for() {
        let long = |byte| Arc::new(vec![byte; UNLOCKED_LEN_MIN]);
        let (kept, moved) = (long(b'k'), long(b'm'));
        let (kept_at, moved_at) = (kept.as_ptr(), moved.as_ptr());
        let mut out = ValueReply::new(Protocol::Resp3);
        out.array(5);
        out.string(Str::Bytes(b"short"));
        out.map(1);
        out.string(Str::Shared(&kept));
        out.string(Str::Int(7));
        out.bulk(b"");
        out.null();
        out.string(Str::Shared(&moved));
        out.string(Str::Shared(&kept));
        assert_eq!(Arc::strong_count(&kept), 3);
        // Whoever held it lets go before the reply is looked at.
        drop(moved);
        let bulk = |bytes: &[u8]| Value::Bulk(bytes.to_vec());
        let values = out.into_values();
        let tree = Value::Array(vec![
            bulk(b"short"),
            Value::Map(vec![(bulk(&kept), bulk(b"7"))]),
            bulk(b""),
            Value::Null,
            bulk(&vec![b'm'; UNLOCKED_LEN_MIN]),
        ]);
        assert_eq!(values, vec![tree, bulk(&kept)]);
        assert_eq!(Arc::strong_count(&kept), 1);
        let [Value::Array(items), Value::Bulk(copy)] = &values[..] else { panic!("{values:?}") };
        assert!(matches!(&items[4], Value::Bulk(bytes) if bytes.as_ptr() == moved_at));
        assert_ne!(copy.as_ptr(), kept_at);
    }

    #[test]
    fn who_is_not_answered_still_hears_messages() {
        let mut out = ValueReply::new(Protocol::Resp3);
        let mut quiet = OnlyPushes::new(&mut out);
        quiet.ok();
        quiet.push(2);
        quiet.array(2);
        quiet.int(1);
        quiet.map(0);
        quiet.bulk(b"b");
        quiet.int(2);
        quiet.array(1);
        quiet.ok();
        let message = Value::Push(vec![
            Value::Array(vec![Value::Int(1), Value::Map(vec![])]),
            Value::Bulk(b"b".to_vec()),
        ]);
        assert_eq!(out.into_values(), vec![message]);
    }
}
