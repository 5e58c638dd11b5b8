//! `ZUNION`, `ZUNIONSTORE`: the members of any of several sorted sets.

use super::combine::{AGGREGATE, How, WEIGHTS, reply_combined, store_combined};
use crate::prelude::*;

pub(crate) static ZUNION: Command = Command {
    name: "zunion",
    summary: "Returns the members that any of these sorted sets has.",
    since: "6.2.0",
    group: Group::SortedSets,
    complexity: "O(N+M log(M)): N members in all, M in the result",
    arity: -3,
    flags: READONLY,
    keys: &[KeySpec::numkeys(1, RO | ACCESS)],
    args: &[
        Arg::int("numkeys"),
        Arg::key("key").multiple(),
        WEIGHTS,
        AGGREGATE,
        Arg::word("withscores", "WITHSCORES").optional(),
    ],
    examples: &[
        "ZADD a 1 x 2 y",
        "ZADD b 10 y 20 z",
        "SADD s x",
        "ZUNION 3 a b s",
        "ZUNION 3 a b s WITHSCORES",
        "ZUNION 2 a b WEIGHTS 2 0.5 AGGREGATE MAX WITHSCORES",
        "ZUNION 1 none",
        "ZUNION 0 a",
        "ZUNION x a",
        "ZUNION 2 a",
        "ZUNION 2 a b WEIGHTS 1",
        "ZUNION 1 a AGGREGATE AVG",
    ],
    run: |cx, args, out| reply_combined(cx, args, out, How::Union),
    ..Command::DEFAULT
};

pub(crate) static ZUNIONSTORE: Command = Command {
    name: "zunionstore",
    summary: "Stores the members that any of these sorted sets has.",
    since: "2.0.0",
    group: Group::SortedSets,
    complexity: "O(N+M log(M)): N members in all, M in the result",
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
        "ZADD a 1 x 2 y",
        "ZADD b 10 y 20 z",
        "ZUNIONSTORE all 2 a b",
        "ZRANGE all 0 -1 WITHSCORES",
        "ZUNIONSTORE all 2 a all WEIGHTS 1 x",
        "ZUNIONSTORE all 2 a b WITHSCORES",
        "ZUNIONSTORE a 2 a b AGGREGATE MIN",
        "ZRANGE a 0 -1 WITHSCORES",
        "ZUNIONSTORE a 1 none",
        "EXISTS a",
        "SET s x",
        "ZUNIONSTORE a 2 b s WEIGHTS",
    ],
    run: |cx, args, out| store_combined(cx, args, out, How::Union),
    ..Command::DEFAULT
};
