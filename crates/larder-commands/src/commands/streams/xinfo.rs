//! `XINFO`: what is known of a stream, its groups and their consumers.

use super::groups::{Now, no_group_of_key};
use super::{entries, ids};
use crate::help::help;
use crate::prelude::*;
use larder_core::value::stream::{Consumer, Group as Consumers, Log, Stream, StreamId};

pub(crate) static XINFO: Command = Command {
    name: "xinfo",
    summary: "Tells what is known of a stream.",
    since: "5.0.0",
    group: Group::Streams,
    complexity: "That of the subcommand",
    arity: -2,
    acl_without: crate::spec::acl::STREAM,
    sub: &[&CONSUMERS, &GROUPS, &HELP, &STREAM],
    ..Command::DEFAULT
};

const BASE: Command = Command {
    since: "5.0.0",
    group: Group::Streams,
    flags: READONLY,
    keys: &[KeySpec::at(2, RO | ACCESS)],
    ..Command::DEFAULT
};

static CONSUMERS: Command = Command {
    name: "consumers",
    summary: "Tells of the consumers of a group.",
    complexity: "O(N) in the number of consumers",
    arity: 4,
    tips: &["nondeterministic_output"],
    args: &[Arg::key("key"), Arg::string("groupname")],
    history: &[("7.2.0", "Tells for how long a consumer got nothing: `inactive`.")],
    examples: &[
        "XGROUP CREATE s g 0 MKSTREAM",
        "XINFO CONSUMERS s g",
        "XGROUP CREATECONSUMER s g c",
        "XINFO CONSUMERS s g",
        "XINFO CONSUMERS s other",
        "XINFO CONSUMERS none g",
    ],
    run: run_consumers,
    ..BASE
};

static GROUPS: Command = Command {
    name: "groups",
    summary: "Tells of the groups of a stream.",
    complexity: "O(N) in the number of groups",
    arity: 3,
    args: &[Arg::key("key")],
    history: &[("7.0.0", "Tells `entries-read` and `lag`.")],
    examples: &[
        "XADD s 1-1 a 1",
        "XADD s 1-2 a 2",
        "XINFO GROUPS s",
        "XGROUP CREATE s g 0",
        "XGROUP CREATE s h 1-1",
        "XREADGROUP GROUP g c COUNT 1 STREAMS s >",
        "XINFO GROUPS s",
        "XDEL s 1-1",
        "XINFO GROUPS s",
        "XINFO GROUPS none",
        "SET t x",
        "XINFO GROUPS t",
    ],
    run: run_groups,
    ..BASE
};

static STREAM: Command = Command {
    name: "stream",
    summary: "Tells of a stream; with FULL, of everything in it.",
    complexity: "O(1); with FULL, O(N) in what is returned",
    arity: -3,
    args: &[
        Arg::key("key"),
        Arg::block("full", &[Arg::int("count").token("COUNT").optional()]).token("FULL").optional(),
    ],
    history: &[
        ("6.0.0", "Takes FULL."),
        ("7.0.0", "Tells of entries that are gone, and of how far groups are."),
        ("7.2.0", "Tells `active-time` of consumers."),
    ],
    examples: &[
        "XADD s 1-1 a 1",
        "XADD s 1-2 a 2",
        "XADD s 1-3 a 3",
        "XINFO STREAM s",
        "XDEL s 1-1",
        "XGROUP CREATE s g 1-2",
        "XINFO STREAM s FULL",
        "XINFO STREAM s FULL COUNT 1",
        "XTRIM s MAXLEN 0",
        "XINFO STREAM s",
        "XINFO STREAM s WHAT",
        "XINFO STREAM s FULL COUNT x",
        "XINFO STREAM none",
        "SET t x",
        "XINFO STREAM t",
    ],
    run: run_stream,
    ..BASE
};

static HELP: Command = Command {
    name: "help",
    summary: "Names the subcommands.",
    arity: 2,
    flags: LOADING | STALE,
    keys: &[],
    run: |_, _, out| help(out, &XINFO),
    ..BASE
};

/// Entries, and pending ones, that FULL shows if nothing else is said.
const SHOWN: usize = 10;

fn found<'c>(cx: &'c mut Cx<'_>, args: Args<'_>) -> Result<&'c Stream> {
    let key = cx.key(args.at(2));
    cx.view.collection::<Stream>(&key)?.ok_or(Error::NO_SUCH_KEY)
}

fn int(out: &mut dyn Reply, name: &str, n: i64) {
    out.bulk(name.as_bytes());
    out.int(n);
}

fn id(out: &mut dyn Reply, name: &str, id: StreamId) {
    out.bulk(name.as_bytes());
    ids::write(out, id);
}

fn int_or_null(out: &mut dyn Reply, name: &str, n: Option<i64>) {
    out.bulk(name.as_bytes());
    match n {
        Some(n) => out.int(n),
        None => out.null(),
    }
}

fn run_consumers(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let now = Now::of(cx);
    let group = found(cx, args)?.group(args.at(3)).ok_or_else(|| no_group_of_key(args.at(2), args.at(3)))?;
    out.array(group.consumers().len());
    for consumer in group.consumers() {
        out.map(4);
        out.bulk(b"name");
        out.bulk(consumer.name());
        int(out, "pending", consumer.pending().len() as i64);
        int(out, "idle", now.since(consumer.seen_ms));
        int(out, "inactive", consumer.active_ms.map_or(-1, |ms| now.since(ms)));
    }
    Ok(Done)
}

fn run_groups(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let stream = found(cx, args)?;
    out.array(stream.groups().len());
    for (name, group) in stream.groups() {
        out.map(6);
        out.bulk(b"name");
        out.bulk(name);
        int(out, "consumers", group.consumers().len() as i64);
        int(out, "pending", group.pending().len() as i64);
        write_progress(out, stream.log(), group);
    }
    Ok(Done)
}

/// How far a group is: three pairs.
fn write_progress(out: &mut dyn Reply, log: &Log, group: &Consumers) {
    id(out, "last-delivered-id", group.last_id);
    int_or_null(out, "entries-read", group.entries_read);
    int_or_null(out, "lag", group.lag(log));
}

fn run_stream(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let now = Now::of(cx);
    found(cx, args)?;
    let wrong = || Error::unknown_arguments(args.at(1), "XINFO");
    let full = match args.from(3) {
        [] => None,
        [full] if is(full, "FULL") => Some(SHOWN),
        [full, count, n] if is(full, "FULL") && is(count, "COUNT") => {
            let n = parse_int(n).ok_or(Error::NOT_INTEGER)?;
            Some(if n < 0 { SHOWN } else { ids::count(n) })
        }
        _ => return Err(wrong()),
    };
    let Some(stream) = entries::again(cx, &cx.key(args.at(2)))? else { return Err(Error::NO_SUCH_KEY) };
    out.map(if full.is_some() { 9 } else { 10 });
    write_log(out, stream.log());
    match full {
        None => {
            int(out, "groups", stream.groups().len() as i64);
            for (name, entry) in [("first-entry", stream.log().first()), ("last-entry", stream.log().last())]
            {
                out.bulk(name.as_bytes());
                match entry {
                    Some(entry) => entries::write(out, &entry),
                    None => out.null(),
                }
            }
        }
        Some(count) => {
            out.bulk(b"entries");
            entries::write_all(out, stream.log().range(StreamId::MIN, StreamId::MAX).take(count));
            out.bulk(b"groups");
            out.array(stream.groups().len());
            stream.groups().for_each(|(name, group)| write_group(out, stream.log(), name, group, count, now));
        }
    }
    Ok(Done)
}

/// Seven pairs.
fn write_log(out: &mut dyn Reply, log: &Log) {
    int(out, "length", log.len() as i64);
    int(out, "radix-tree-keys", log.nodes() as i64);
    // There is no tree here: as many as Redis has where there is one node or none.
    int(out, "radix-tree-nodes", log.nodes() as i64 + 1);
    id(out, "last-generated-id", log.last_id());
    id(out, "max-deleted-entry-id", log.max_deleted_id());
    int(out, "entries-added", log.entries_added());
    id(out, "recorded-first-entry-id", log.first_id());
}

fn write_group(out: &mut dyn Reply, log: &Log, name: &[u8], group: &Consumers, count: usize, now: Now) {
    out.map(7);
    out.bulk(b"name");
    out.bulk(name);
    write_progress(out, log, group);
    int(out, "pel-count", group.pending().len() as i64);
    out.bulk(b"pending");
    out.array(group.pending().len().min(count));
    for (id, pending) in group.pending().iter().take(count) {
        out.array(4);
        ids::write(out, *id);
        out.bulk(group.consumer(pending.consumer).map(Consumer::name).unwrap_or_default());
        out.int(now.as_unix(pending.delivered_ms));
        out.int(pending.deliveries as i64);
    }
    out.bulk(b"consumers");
    out.array(group.consumers().len());
    group.consumers().for_each(|consumer| write_consumer(out, group, consumer, count, now));
}

fn write_consumer(out: &mut dyn Reply, group: &Consumers, consumer: &Consumer, count: usize, now: Now) {
    out.map(5);
    out.bulk(b"name");
    out.bulk(consumer.name());
    int(out, "seen-time", now.as_unix(consumer.seen_ms));
    int(out, "active-time", consumer.active_ms.map_or(-1, |ms| now.as_unix(ms)));
    int(out, "pel-count", consumer.pending().len() as i64);
    out.bulk(b"pending");
    out.array(consumer.pending().len().min(count));
    for id in consumer.pending().iter().take(count) {
        let pending = group.pending().get(id);
        out.array(3);
        ids::write(out, *id);
        out.int(pending.map_or(0, |pending| now.as_unix(pending.delivered_ms)));
        out.int(pending.map_or(0, |pending| pending.deliveries as i64));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn a_group_before_all_entries_is_behind_by_all_of_them() {
        let house = House::new();
        let mut guest = house.guest();
        for id in ["1-1", "1-2", "1-3"] {
            guest.says(&format!("XADD s {id} a 1"));
        }
        guest.says("XGROUP CREATE s g 0 ENTRIESREAD 7");
        assert!(guest.says("XINFO GROUPS s").contains("\"lag\": (3)"));
        guest.says("XDEL s 1-2");
        assert!(guest.says("XINFO GROUPS s").contains("\"lag\": nil"), "there is a hole");
    }

    #[test]
    fn consumers_are_seen_when_they_ask_and_active_when_they_get() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("XGROUP CREATE s g 0 MKSTREAM");
        guest.says("XREADGROUP GROUP g c STREAMS s >");
        house.advance_ms(10);
        let told = |pending, idle, inactive| {
            format!(
                "[{{\"name\": \"c\", \"pending\": ({pending}), \"idle\": ({idle}), \"inactive\": ({inactive})}}]"
            )
        };
        assert_eq!(guest.says("XINFO CONSUMERS s g"), told(0, 10, -1));
        guest.says("XADD s 1-1 a 1");
        guest.says("XREADGROUP GROUP g c STREAMS s >");
        house.advance_ms(10);
        guest.says("XREADGROUP GROUP g c STREAMS s >");
        house.advance_ms(1);
        assert_eq!(guest.says("XINFO CONSUMERS s g"), told(1, 1, 11));
        let full = guest.says("XINFO STREAM s FULL");
        assert!(full.contains("\"pending\": [[\"1-1\" \"c\" (1577836800010) (1)]]"), "{full}");
        assert!(
            full.contains(
                "{\"name\": \"c\", \"seen-time\": (1577836800020), \"active-time\": (1577836800010), \
                 \"pel-count\": (1), \"pending\": [[\"1-1\" (1577836800010) (1)]]}"
            ),
            "{full}"
        );
    }
}
