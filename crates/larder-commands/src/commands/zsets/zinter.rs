//! `ZINTER`, `ZINTERSTORE`, `ZINTERCARD`: the members that all of several sorted sets have.

use super::combine::{
    AGGREGATE, How, WEIGHTS, inputs, keys, reply_combined, shared_in_slices, store_combined,
};
use crate::prelude::*;
use larder_core::value::combine::intersection_len;

const BASE: Command = Command {
    group: Group::SortedSets,
    complexity: "O(N*K+M log(M)): N members in the smallest of K sets, M in the result",
    arity: -3,
    flags: READONLY,
    keys: &[KeySpec::numkeys(1, RO | ACCESS)],
    ..Command::DEFAULT
};

pub(crate) static ZINTER: Command = Command {
    name: "zinter",
    summary: "Returns the members that all of these sorted sets have.",
    since: "6.2.0",
    args: &[
        Arg::int("numkeys"),
        Arg::key("key").multiple(),
        WEIGHTS,
        AGGREGATE,
        Arg::word("withscores", "WITHSCORES").optional(),
    ],
    examples: &[
        "ZADD a 1 x 2 y 3 z",
        "ZADD b 10 y 20 z",
        "SADD s z",
        "ZINTER 2 a b",
        "ZINTER 3 a b s WITHSCORES",
        "ZINTER 2 a b WEIGHTS 2 1 AGGREGATE MIN WITHSCORES",
        "ZINTER 2 a none",
        "ZINTER 0 a",
        "ZINTER 3 a b",
        "SET t x",
        "ZINTER 2 a t NOSUCH",
    ],
    run: |cx, args, out| reply_combined(cx, args, out, How::Intersection),
    ..BASE
};

pub(crate) static ZINTERSTORE: Command = Command {
    name: "zinterstore",
    summary: "Stores the members that all of these sorted sets have.",
    since: "2.0.0",
    arity: -4,
    flags: WRITE | DENYOOM,
    keys: &[KeySpec::at(1, OW | UPDATE), KeySpec::numkeys(2, RO | ACCESS)],
    args: &[
        Arg::key("destination"),
        Arg::int("numkeys"),
        Arg::key_of("key", 1).multiple(),
        WEIGHTS,
        AGGREGATE,
    ],
    examples: &[
        "ZADD a 1 x 2 y 3 z",
        "ZADD b 10 y 20 z",
        "SET both x",
        "ZINTERSTORE both 2 a b",
        "ZRANGE both 0 -1 WITHSCORES",
        "ZINTERSTORE both 2 a none",
        "EXISTS both",
    ],
    run: |cx, args, out| store_combined(cx, args, out, How::Intersection),
    ..BASE
};

pub(crate) static ZINTERCARD: Command = Command {
    name: "zintercard",
    summary: "Says how many members all of these sorted sets have.",
    since: "7.0.0",
    complexity: "O(N*K): N members in the smallest of K sets",
    args: &[Arg::int("numkeys"), Arg::key("key").multiple(), Arg::int("limit").token("LIMIT").optional()],
    examples: &[
        "ZADD a 1 x 2 y 3 z",
        "ZADD b 10 y 20 z",
        "ZINTERCARD 2 a b",
        "ZINTERCARD 2 a b LIMIT 1",
        "ZINTERCARD 2 a b LIMIT 0",
        "ZINTERCARD 2 a none",
        "ZINTERCARD 0 a",
        "ZINTERCARD x a",
        "ZINTERCARD 3 a b",
        "ZINTERCARD 1 a LIMIT -1",
        "ZINTERCARD 1 a LIMIT x",
        "ZINTERCARD 1 a WITHSCORES",
    ],
    run: zintercard,
    ..BASE
};

fn zintercard(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let keys = keys(cx, args, 1)?;
    let way = cx.way_through(keys)?;
    if way == Way::Elsewhere {
        return Ok(Outcome::Elsewhere);
    }
    let inputs = inputs(cx, keys)?;
    let mut limit = 0;
    let mut options = args.options(2 + keys.len());
    while let Some(option) = options.next() {
        if !is(option, "LIMIT") {
            return Err(Error::SYNTAX);
        }
        let read = parse_int(options.value()?).and_then(|limit| usize::try_from(limit).ok());
        limit = read.ok_or_else(|| Error::general("LIMIT can't be negative"))?;
    }
    let len = if way == Way::InSlices {
        shared_in_slices(cx, args, keys, limit)?
    } else {
        intersection_len(&inputs, limit)
    };
    out.count(len);
    Ok(Done)
}
