//! `ZMPOP`, `BZMPOP`: take members from the first sorted set that has any.

use super::ends::{End, pop};
use super::members::Shape;
use crate::first_of::run_mpop;
use crate::prelude::*;
use larder_core::value::zset::Zset;

const ENDS: [Arg; 2] = [Arg::word("min", "MIN"), Arg::word("max", "MAX")];

const BASE: Command = Command {
    since: "7.0.0",
    group: Group::SortedSets,
    complexity: "O(K+M log(N)): K keys, M members taken, N in the set",
    ..Command::DEFAULT
};

pub(crate) static ZMPOP: Command = Command {
    name: "zmpop",
    summary: "Takes members from an end of the first sorted set that has any.",
    arity: -4,
    flags: WRITE,
    keys: &[KeySpec::numkeys(1, RW | ACCESS | DELETE)],
    args: &[
        Arg::int("numkeys"),
        Arg::key("key").multiple(),
        Arg::one_of("where", &ENDS),
        Arg::int("count").token("COUNT").optional(),
    ],
    examples: &[
        "ZADD b 1 x 2 y 3 z",
        "ZMPOP 2 a b MIN",
        "ZMPOP 2 a b MAX COUNT 2",
        "ZMPOP 1 none MIN",
        "ZMPOP 0 a MIN",
        "ZMPOP x a MIN",
        "ZMPOP 3 a MIN",
        "ZMPOP 1 b UP",
        "ZMPOP 1 b MIN COUNT 0",
        "ZMPOP 1 b MIN COUNT 1 COUNT 1",
        "SET s x",
        "ZMPOP 1 s MIN",
    ],
    run,
    ..BASE
};

pub(crate) static BZMPOP: Command = Command {
    name: "bzmpop",
    summary: "Takes members from an end of the first sorted set that has any; waits for one to come.",
    arity: -5,
    flags: WRITE | BLOCKING,
    keys: &[KeySpec::numkeys(2, RW | ACCESS | DELETE)],
    args: &[
        Arg::double("timeout"),
        Arg::int("numkeys"),
        Arg::key("key").multiple(),
        Arg::one_of("where", &ENDS),
        Arg::int("count").token("COUNT").optional(),
    ],
    examples: &[
        "ZADD b 1 x 2 y 3 z",
        "BZMPOP 1 2 a b MIN COUNT 2",
        "BZMPOP 0.01 1 a MAX",
        "BZMPOP x 1 a MIN",
        "BZMPOP x 1 a UP",
        "BZMPOP -1 1 a MIN",
        "BZMPOP 1 1 a UP",
        "BZMPOP 1 0 a MIN",
    ],
    run,
    ..BASE
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    run_mpop::<Zset, _>(cx, args, out, End::parse, |cx, name, key, asked, out| {
        let heading = |out: &mut dyn Reply, count| {
            out.array(2);
            out.bulk(name);
            Shape::PAIRS.begin(out, count);
            Shape::PAIRS
        };
        pop(cx, key, asked.end, asked.count, out, heading)
    })
}
