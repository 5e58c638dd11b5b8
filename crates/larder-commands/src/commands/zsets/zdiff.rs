//! `ZDIFF`, `ZDIFFSTORE`: the members of a sorted set that no other has.

use super::combine::{How, reply_combined, store_combined};
use crate::prelude::*;

const BASE: Command = Command {
    since: "6.2.0",
    group: Group::SortedSets,
    complexity: "O(N*K+M log(M)): N members in the first of K sets, M in the result",
    ..Command::DEFAULT
};

pub(crate) static ZDIFF: Command = Command {
    name: "zdiff",
    summary: "Returns the members of the first sorted set that none of the others has.",
    arity: -3,
    flags: READONLY,
    keys: &[KeySpec::numkeys(1, RO | ACCESS)],
    args: &[
        Arg::int("numkeys"),
        Arg::key("key").multiple(),
        Arg::word("withscores", "WITHSCORES").optional(),
    ],
    examples: &[
        "ZADD a 1 x 2 y 3 z",
        "ZADD b 10 y",
        "SADD s z",
        "ZDIFF 2 a b",
        "ZDIFF 3 a b s WITHSCORES",
        "ZDIFF 2 a none",
        "ZDIFF 2 none a",
        "ZDIFF 2 a a",
        "ZDIFF 2 a b WEIGHTS 1 2",
        "ZDIFF 0 a",
        "SET t x",
        "ZDIFF 2 a t",
    ],
    run: |cx, args, out| reply_combined(cx, args, out, How::Difference),
    ..BASE
};

pub(crate) static ZDIFFSTORE: Command = Command {
    name: "zdiffstore",
    summary: "Stores the members of the first sorted set that none of the others has.",
    arity: -4,
    flags: WRITE | DENYOOM,
    keys: &[KeySpec::at(1, OW | UPDATE), KeySpec::numkeys(2, RO | ACCESS)],
    args: &[Arg::key("destination"), Arg::int("numkeys"), Arg::key_of("key", 1).multiple()],
    examples: &[
        "ZADD a 1 x 2 y 3 z",
        "ZADD b 10 y",
        "ZDIFFSTORE rest 2 a b",
        "ZRANGE rest 0 -1 WITHSCORES",
        "ZDIFFSTORE rest 2 b a",
        "EXISTS rest",
        "ZDIFFSTORE rest 0 a",
        "ZDIFFSTORE rest 1 a WITHSCORES",
    ],
    run: |cx, args, out| store_combined(cx, args, out, How::Difference),
    ..BASE
};
