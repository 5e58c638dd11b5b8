//! Replies: a tree of values, laid out flat, so that C reads any part of it by its number.

use crate::boundary::{Failure, enter};
use crate::handle::{self, Kind, Thing, larder_handle};
use crate::pointer;
use crate::status::larder_status::{self, LARDER_MISSING, LARDER_OK};
use larder::Value;
use std::collections::VecDeque;
use std::ops::Range;

/// What a node of a reply is.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum larder_kind {
    /// Nothing.
    LARDER_NULL = 0,
    /// A short status such as "OK", in `bytes`.
    LARDER_STATUS = 1,
    /// An error, in `bytes`: a word in capitals, a space, a sentence.
    LARDER_ERROR = 2,
    /// A number, in `integer`.
    LARDER_INTEGER = 3,
    /// Bytes.
    LARDER_BYTES = 4,
    /// Children in order.
    LARDER_ARRAY = 5,
    /// Children in order: key, value, key, value.
    LARDER_MAP = 6,
    /// Children without an order.
    LARDER_SET = 7,
    /// A message: children in order.
    LARDER_PUSH = 8,
    /// A number, in `number`.
    LARDER_DOUBLE = 9,
    /// 0 or 1, in `integer`.
    LARDER_BOOLEAN = 10,
    /// A number of any size as text, in `bytes`.
    LARDER_BIG_NUMBER = 11,
    /// Text for people, in `bytes`.
    LARDER_TEXT = 12,
}

/// A node of a reply.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct larder_node {
    /// What it is.
    pub kind: larder_kind,
    /// How many children it has.
    pub children: u32,
    /// The number of its first child; the others follow it.
    pub first_child: u32,
    /// See the kinds.
    pub integer: i64,
    /// See the kinds.
    pub number: f64,
    /// Bytes, followed by a zero that does not count; theirs as long as the reply is not freed. NULL for other kinds.
    pub bytes: *const u8,
    /// How many bytes.
    pub len: usize,
}

struct Node {
    kind: larder_kind,
    integer: i64,
    number: f64,
    bytes: Option<Range<usize>>,
    children: Range<u32>,
}

/// A reply: node 0 is all of it, and the children of a node stand beside each other.
pub(crate) struct Reply {
    nodes: Vec<Node>,
    /// The bytes of all nodes, each followed by a zero.
    bytes: Vec<u8>,
}

impl Reply {
    pub(crate) fn new(value: Value) -> Reply {
        let mut reply = Reply { nodes: Vec::new(), bytes: Vec::new() };
        // A string alone may be long: it is not copied.
        if let Value::Bulk(mut bytes) = value {
            let all = Some(0..bytes.len());
            bytes.push(0);
            let kind = larder_kind::LARDER_BYTES;
            let node = Node { kind, integer: 0, number: 0.0, bytes: all, children: 0..0 };
            return Reply { nodes: vec![node], bytes };
        }
        let value = &value;
        let mut next: VecDeque<&Value> = VecDeque::from([value]);
        let mut announced = 1;
        while let Some(value) = next.pop_front() {
            let node = reply.node(value, announced);
            announced = node.children.end.max(announced);
            reply.nodes.push(node);
            match value {
                Value::Array(items) | Value::Set(items) | Value::Push(items) => next.extend(items),
                Value::Map(pairs) => next.extend(pairs.iter().flat_map(|(key, value)| [key, value])),
                _ => {}
            }
        }
        reply
    }

    /// A node whose children, if it has any, come to stand after all that are announced.
    fn node(&mut self, value: &Value, announced: u32) -> Node {
        use larder_kind as Kind;
        let node = |kind| Node { kind, integer: 0, number: 0.0, bytes: None, children: 0..0 };
        let parent =
            |kind, count: usize| Node { children: announced..announced + count as u32, ..node(kind) };
        let mut text = |kind, bytes: &[u8]| {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(bytes);
            self.bytes.push(0);
            Node { bytes: Some(start..start + bytes.len()), ..node(kind) }
        };
        match value {
            Value::Status(status) => text(Kind::LARDER_STATUS, status.as_bytes()),
            Value::Error(error) => text(Kind::LARDER_ERROR, error.text().as_bytes()),
            Value::Int(n) => Node { integer: *n, ..node(Kind::LARDER_INTEGER) },
            Value::Bulk(bytes) => text(Kind::LARDER_BYTES, bytes),
            Value::Array(items) => parent(Kind::LARDER_ARRAY, items.len()),
            Value::Map(pairs) => parent(Kind::LARDER_MAP, 2 * pairs.len()),
            Value::Set(items) => parent(Kind::LARDER_SET, items.len()),
            Value::Push(items) => parent(Kind::LARDER_PUSH, items.len()),
            Value::Double(number) => Node { number: *number, ..node(Kind::LARDER_DOUBLE) },
            Value::Boolean(truth) => Node { integer: i64::from(*truth), ..node(Kind::LARDER_BOOLEAN) },
            Value::BigNumber(digits) => text(Kind::LARDER_BIG_NUMBER, digits.as_bytes()),
            Value::Verbatim(_, words) => text(Kind::LARDER_TEXT, words),
            _ => node(Kind::LARDER_NULL),
        }
    }

    fn view(&self, node: &Node) -> larder_node {
        let bytes = node.bytes.as_ref().and_then(|range| self.bytes.get(range.clone()));
        larder_node {
            kind: node.kind,
            children: node.children.len() as u32,
            first_child: node.children.start,
            integer: node.integer,
            number: node.number,
            bytes: bytes.map_or(std::ptr::null(), <[u8]>::as_ptr),
            len: bytes.map_or(0, <[u8]>::len),
        }
    }
}

/// Looks at a node of a reply: number 0 is the reply itself, and the children of a node have the numbers from
/// `first_child` on. The bytes belong to the reply. Any thread. O(1).
///
/// Returns LARDER_MISSING if there is no such node.
///
/// # Safety
/// A node can be written at `node`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn larder_reply_node(
    reply: larder_handle,
    number: u32,
    node: *mut larder_node,
) -> larder_status {
    enter(|| {
        pointer::wanted(node)?;
        let object = handle::get(reply)?;
        let Thing::Reply(reply) = &object.thing else {
            return Err(Failure::new(larder_status::LARDER_ERR_HANDLE, "the handle is not that of a reply"));
        };
        let Some(found) = reply.nodes.get(number as usize) else { return Ok(LARDER_MISSING) };
        // SAFETY: the caller's promise.
        unsafe { pointer::write(node, reply.view(found)) };
        Ok(LARDER_OK)
    })
}

/// Frees a reply, and with it the bytes of its nodes.
#[unsafe(no_mangle)]
pub extern "C" fn larder_reply_free(reply: larder_handle) -> larder_status {
    enter(|| {
        handle::take(reply, Kind::Reply)?;
        Ok(LARDER_OK)
    })
}
