//! `LPUSH`, `RPUSH`, `LPUSHX`, `RPUSHX`: add elements at an end.

use super::ends::{End, push};
use crate::prelude::*;
use larder_core::Missing;

const BASE: Command = Command {
    since: "1.0.0",
    group: Group::Lists,
    complexity: "O(1) for each element",
    arity: -3,
    flags: WRITE | DENYOOM | FAST,
    keys: &[KeySpec::at(1, RW | INSERT)],
    args: &[Arg::key("key"), Arg::string("element").multiple()],
    ..Command::DEFAULT
};

pub(crate) static LPUSH: Command = Command {
    name: "lpush",
    summary: "Adds elements at the left end of a list, one after the other.",
    examples: &["LPUSH list a", "LPUSH list b c", "LRANGE list 0 -1", "SET s x", "LPUSH s a", "LPUSH list"],
    history: &[("2.4.0", "Takes several elements.")],
    run: |cx, args, out| run(cx, args, out, End::Left, Missing::Create),
    ..BASE
};

pub(crate) static RPUSH: Command = Command {
    name: "rpush",
    summary: "Adds elements at the right end of a list.",
    examples: &["RPUSH list a", "RPUSH list b c", "LRANGE list 0 -1", "SET s x", "RPUSH s a"],
    history: &[("2.4.0", "Takes several elements.")],
    run: |cx, args, out| run(cx, args, out, End::Right, Missing::Create),
    ..BASE
};

pub(crate) static LPUSHX: Command = Command {
    name: "lpushx",
    since: "2.2.0",
    summary: "Adds elements at the left end of a list that exists.",
    examples: &["LPUSHX list a", "LPUSH list a", "LPUSHX list b c", "LRANGE list 0 -1"],
    history: &[("4.0.0", "Takes several elements.")],
    run: |cx, args, out| run(cx, args, out, End::Left, Missing::Skip),
    ..BASE
};

pub(crate) static RPUSHX: Command = Command {
    name: "rpushx",
    since: "2.2.0",
    summary: "Adds elements at the right end of a list that exists.",
    examples: &["RPUSHX list a", "RPUSH list a", "RPUSHX list b c", "LRANGE list 0 -1"],
    history: &[("4.0.0", "Takes several elements.")],
    run: |cx, args, out| run(cx, args, out, End::Right, Missing::Skip),
    ..BASE
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, end: End, missing: Missing) -> Result<Outcome> {
    let len = push(cx, args.at(1), args.from(2), end, missing)?;
    out.count(len.unwrap_or(0));
    Ok(Done)
}
