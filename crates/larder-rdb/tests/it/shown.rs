//! Values as text, so that two of them compare and a difference can be read.

use crate::PRESENT;
use larder_core::value::Object;
use larder_core::value::stream::{Group, Stream, StreamId};
use larder_rdb::Value;

fn quoted(text: &[u8]) -> String {
    format!("\"{}\"", text.escape_ascii())
}

fn unix(engine_ms: i64) -> i64 {
    engine_ms - PRESENT.engine_ms + PRESENT.unix_ms
}

/// A value, in the form of the file of fixtures.
pub(crate) fn shown(value: &Value<'_>) -> String {
    let object = match value {
        Value::Text(text) => return format!("string {}", quoted(text)),
        Value::Object(object) => object,
        Value::Gone => return "gone".into(),
    };
    let mut parts = Vec::new();
    match object {
        Object::List(list) => parts.extend(list.iter().map(quoted)),
        Object::Zset(zset) => {
            parts.extend(zset.iter().map(|(member, score)| format!("{} {score}", quoted(member))));
        }
        Object::Set(set) => {
            let mut members = Vec::new();
            set.each(|member| {
                members.push(member.to_vec());
                true
            });
            members.sort();
            parts.extend(members.iter().map(|member| quoted(member)));
        }
        Object::Hash(hash) => {
            let mut pairs = Vec::new();
            hash.each_with_deadline(|field, value, deadline| {
                let dies =
                    deadline.map_or(String::new(), |deadline| format!("@{}", unix(deadline.ms() as i64)));
                pairs.push((field.to_vec(), format!("{}{dies}", quoted(&value.to_vec()))));
                true
            });
            pairs.sort();
            parts.extend(pairs.iter().map(|(field, value)| format!("{}={value}", quoted(field))));
        }
        Object::Stream(stream) => parts = shown_stream(stream),
        _ => parts.push("?".into()),
    }
    let kind = format!("{:?}", object.kind()).to_lowercase();
    [vec![kind], parts].concat().join(" ")
}

fn shown_stream(stream: &Stream) -> Vec<String> {
    let log = stream.log();
    let mut parts = Vec::new();
    for entry in log.range(StreamId::MIN, StreamId::MAX) {
        parts.push(entry.id.to_string());
        let fields = entry.fields();
        parts.extend(
            fields.map(|(field, value)| format!("{}={}", quoted(&field.to_vec()), quoted(&value.to_vec()))),
        );
    }
    let (last, deleted) = (log.last_id(), log.max_deleted_id());
    parts.push(format!("last {last} deleted {deleted} added {}", log.entries_added()));
    for (name, group) in stream.groups() {
        parts.push(format!("group {}", quoted(name)));
        parts.extend(shown_group(group));
    }
    parts
}

fn shown_group(group: &Group) -> Vec<String> {
    let read = group.entries_read.map_or("?".into(), |read| read.to_string());
    let mut parts = vec![format!("{} read {read}", group.last_id)];
    for (id, pending) in group.pending() {
        let consumer = group.consumer(pending.consumer).expect("it is there");
        assert!(consumer.pending().contains(id), "what is pending is so with somebody");
        let (name, delivered) = (quoted(consumer.name()), unix(pending.delivered_ms));
        parts.push(format!("{id} {name} {delivered} {}", pending.deliveries));
    }
    let of_consumers: usize = group.consumers().map(|consumer| consumer.pending().len()).sum();
    assert_eq!(of_consumers, group.pending().len());
    for consumer in group.consumers() {
        parts.push(format!("consumer {} {}", quoted(consumer.name()), unix(consumer.seen_ms)));
    }
    parts
}
