//! Streams: nodes of entries as listpacks, what is remembered of entries that are gone, and groups of consumers.
//!
//! ```text
//! node: entries | deleted entries | fields | field | ... | 0 | entry | entry | ...
//! entry: flags | time and number, as the distance from the node's own id | values, or else how many fields there
//!     are and field, value, ... | how many elements that were
//! ```
//! An entry has flags that it is deleted, or that its fields are those of the node. What a group knows is written
//! twice: for the group, what is pending since when; for each consumer, which of that is its own.

use crate::listpack::{self, Elements, Listpack};
use crate::reader::Reader;
use crate::writer::Writer;
use crate::{Error, Present, Result, kind};
use larder_core::Tools;
use larder_core::value::stream::{Entry, Group, Log, Pending, Stream, StreamId};
use larder_core::value::string::{IntText, Str};
use std::collections::BTreeMap;

const DELETED: i64 = 1;
const SAME_FIELDS: i64 = 2;

/// A node takes no more after so many entries or bytes: what Redis does as it comes.
const NODE_ENTRIES: i64 = 100;
const NODE_BYTES: usize = 4_096;

/// A group whose number of entries read is unknown.
const UNKNOWN: u64 = u64::MAX;
/// A consumer that never got anything.
const NEVER: i64 = -1;

pub(crate) fn write(stream: &Stream, present: Present) -> Writer {
    let mut out = Writer::new(kind::STREAM_7_0);
    let nodes = nodes(stream.log());
    out.count(nodes.len());
    for node in nodes {
        out.text(&id_bytes(node.id));
        out.text(&node.finish());
    }
    let log = stream.log();
    out.count(log.len());
    write_id(&mut out, log.last_id());
    write_id(&mut out, log.first_id());
    write_id(&mut out, log.max_deleted_id());
    out.number(log.entries_added() as u64);
    out.count(stream.groups().len());
    for (name, group) in stream.groups() {
        out.text(name);
        write_group(&mut out, group, present);
    }
    out
}

fn id_bytes(id: StreamId) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&id.ms.to_be_bytes());
    bytes[8..].copy_from_slice(&id.seq.to_be_bytes());
    bytes
}

fn write_id(out: &mut Writer, id: StreamId) {
    out.number(id.ms);
    out.number(id.seq);
}

/// Some entries on their way into a listpack.
struct Node {
    id: StreamId,
    fields: Vec<Vec<u8>>,
    entries: i64,
    body: Listpack,
}

fn nodes(log: &Log) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    for entry in log.range(StreamId::MIN, StreamId::MAX) {
        match nodes.last_mut() {
            Some(node) if node.entries < NODE_ENTRIES && node.body.size() < NODE_BYTES => node.push(&entry),
            _ => {
                let fields = entry.fields().map(|(field, _)| field.to_vec()).collect();
                let mut node = Node { id: entry.id, fields, entries: 0, body: Listpack::new() };
                node.push(&entry);
                nodes.push(node);
            }
        }
    }
    nodes
}

impl Node {
    fn push(&mut self, entry: &Entry<'_>) {
        let fields = entry.fields();
        let len = fields.len();
        let mut text = IntText::new();
        let same = len == self.fields.len()
            && fields.clone().zip(&self.fields).all(|((field, _), own)| field.as_bytes(&mut text) == own);
        self.body.push_int(if same { SAME_FIELDS } else { 0 });
        // Distances wrap around, as they do when they are added again.
        self.body.push_int(entry.id.ms.wrapping_sub(self.id.ms) as i64);
        self.body.push_int(entry.id.seq.wrapping_sub(self.id.seq) as i64);
        if !same {
            self.body.push_int(len as i64);
        }
        for (field, value) in fields {
            if !same {
                self.body.push(field);
            }
            self.body.push(value);
        }
        self.body.push_int(elements_of_entry(same, len));
        self.entries += 1;
    }

    fn finish(self) -> Vec<u8> {
        let mut pack = Listpack::new();
        pack.push_int(self.entries);
        pack.push_int(0);
        pack.push_int(self.fields.len() as i64);
        self.fields.iter().for_each(|field| pack.push_text(field));
        pack.push_int(0);
        pack.append(&self.body);
        pack.finish()
    }
}

/// What an entry says at its end: how many elements of the listpack stand before that.
fn elements_of_entry(same_fields: bool, fields: usize) -> i64 {
    if same_fields { fields as i64 + 3 } else { 2 * fields as i64 + 4 }
}

fn write_group(out: &mut Writer, group: &Group, present: Present) {
    write_id(out, group.last_id);
    out.number(group.entries_read.map_or(UNKNOWN, |read| read as u64));
    out.count(group.pending().len());
    for (id, pending) in group.pending() {
        out.bytes(&id_bytes(*id));
        out.bytes(&present.to_unix(pending.delivered_ms).to_le_bytes());
        out.number(pending.deliveries);
    }
    out.count(group.consumers().len());
    for consumer in group.consumers() {
        out.text(consumer.name());
        out.bytes(&present.to_unix(consumer.seen_ms).to_le_bytes());
        out.count(consumer.pending().len());
        consumer.pending().iter().for_each(|id| out.bytes(&id_bytes(*id)));
    }
}

pub(crate) fn read(kind: u8, rest: &mut Reader<'_>, tools: &Tools<'_>, present: Present) -> Result<Stream> {
    let mut stream = Stream::new();
    for _ in 0..rest.count()? {
        let id = rest.text()?;
        let id = read_id_bytes((&*id).try_into().map_err(|_| Error::Damaged)?);
        read_node(&mut stream, id, &rest.text()?, tools)?;
    }
    read_counts(kind, rest, stream.log_mut())?;
    for _ in 0..rest.count()? {
        let name = rest.text()?;
        let group = read_group(kind, rest, stream.log(), present)?;
        if !stream.add_group(&name, group) {
            return Err(Error::Damaged);
        }
    }
    Ok(stream)
}

fn read_id_bytes(bytes: &[u8; 16]) -> StreamId {
    let both = u128::from_be_bytes(*bytes);
    StreamId::new((both >> 64) as u64, both as u64)
}

fn read_id(rest: &mut Reader<'_>) -> Result<StreamId> {
    Ok(StreamId::new(rest.number()?, rest.number()?))
}

fn read_node(stream: &mut Stream, id: StreamId, bytes: &[u8], tools: &Tools<'_>) -> Result<()> {
    let mut elements = listpack::elements(bytes)?;
    let (live, deleted) = (elements.need_int()?, elements.need_int()?);
    let mut fields = Vec::new();
    for _ in 0..elements.need_int()? {
        fields.push(elements.need()?);
    }
    if elements.need_int()? != 0 {
        return Err(Error::Damaged);
    }
    let (mut live_seen, mut deleted_seen) = (0, 0);
    while let Some(flags) = elements.next() {
        let flags = flags?.as_int().ok_or(Error::Damaged)?;
        let (id, pairs) = read_entry(flags, id, &fields, &mut elements)?;
        if flags & DELETED != 0 {
            deleted_seen += 1;
            continue;
        }
        live_seen += 1;
        let pairs: Vec<Vec<u8>> = pairs.iter().map(Str::to_vec).collect();
        let pairs: Vec<&[u8]> = pairs.iter().map(|text| &**text).collect();
        stream.log_mut().append(&tools.limits, id, &pairs).map_err(|_| Error::Damaged)?;
    }
    if (live, deleted) == (live_seen, deleted_seen) { Ok(()) } else { Err(Error::Damaged) }
}

/// Reads an entry after its flags: its id, and fields and values in turn.
fn read_entry<'p>(
    flags: i64,
    base: StreamId,
    fields: &[Str<'p>],
    elements: &mut Elements<'p>,
) -> Result<(StreamId, Vec<Str<'p>>)> {
    let ms = base.ms.wrapping_add(elements.need_int()? as u64);
    let seq = base.seq.wrapping_add(elements.need_int()? as u64);
    let mut pairs = Vec::new();
    let same = flags & SAME_FIELDS != 0;
    if same {
        for field in fields {
            pairs.extend([*field, elements.need()?]);
        }
    } else {
        for _ in 0..elements.need_int()? {
            pairs.extend([elements.need()?, elements.need()?]);
        }
    }
    let sound = flags & !(DELETED | SAME_FIELDS) == 0
        && elements.need_int()? == elements_of_entry(same, pairs.len() / 2);
    if sound { Ok((StreamId::new(ms, seq), pairs)) } else { Err(Error::Damaged) }
}

/// Reads what is remembered of entries that are gone. Before 7.0 that was less.
fn read_counts(kind: u8, rest: &mut Reader<'_>, log: &mut Log) -> Result<()> {
    let len = rest.number()?;
    let last = read_id(rest)?;
    let (mut max_deleted, mut added) = (StreamId::MIN, len);
    if kind != kind::STREAM_5 {
        // The first id can be seen.
        read_id(rest)?;
        max_deleted = read_id(rest)?;
        added = rest.number()?;
    }
    if len != log.len() as u64 || last < log.last_id() || max_deleted > last || added < len {
        return Err(Error::Damaged);
    }
    log.set_last_id(last);
    log.set_max_deleted_id(max_deleted);
    log.set_entries_added(i64::try_from(added).map_err(|_| Error::Damaged)?);
    Ok(())
}

fn read_group(kind: u8, rest: &mut Reader<'_>, log: &Log, present: Present) -> Result<Group> {
    let last = read_id(rest)?;
    let read = if kind == kind::STREAM_5 {
        // Nobody counted; what the ids tell is taken for it.
        log.ordinal(last)
    } else {
        match rest.number()? {
            UNKNOWN => None,
            read => Some(i64::try_from(read).map_err(|_| Error::Damaged)?),
        }
    };
    let mut group = Group::new(last, read);
    let mut pending = BTreeMap::new();
    for _ in 0..rest.count()? {
        let id = read_id_bytes(&rest.array()?);
        let delivered = (present.to_engine(rest.unix_ms()?), rest.number()?);
        if pending.insert(id, delivered).is_some() {
            return Err(Error::Damaged);
        }
    }
    for _ in 0..rest.count()? {
        read_consumer(kind, rest, present, &mut group, &mut pending)?;
    }
    // Everything that is pending is so with somebody.
    if pending.is_empty() { Ok(group) } else { Err(Error::Damaged) }
}

fn read_consumer(
    kind: u8,
    rest: &mut Reader<'_>,
    present: Present,
    group: &mut Group,
    pending: &mut BTreeMap<StreamId, (i64, u64)>,
) -> Result<()> {
    let name = rest.text()?;
    let seen_ms = present.to_engine(rest.unix_ms()?);
    // Before 7.2, who was seen had as a rule got something.
    let active_ms = match kind {
        kind::STREAM_7_2 => Some(rest.unix_ms()?).filter(|ms| *ms != NEVER).map(|ms| present.to_engine(ms)),
        _ => Some(seen_ms),
    };
    let (consumer, is_new) = group.find_or_create(&name, seen_ms);
    if !is_new {
        return Err(Error::Damaged);
    }
    if let Some(consumer) = group.consumer_mut(consumer) {
        consumer.active_ms = active_ms;
    }
    for _ in 0..rest.count()? {
        let id = read_id_bytes(&rest.array()?);
        // One that is taken already is pending with somebody else.
        let (delivered_ms, deliveries) = pending.remove(&id).ok_or(Error::Damaged)?;
        group.assign(id, Pending { consumer, delivered_ms, deliveries });
    }
    Ok(())
}
