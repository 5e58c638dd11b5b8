//! `TYPE`: what kind of value a key holds.

use crate::prelude::*;
use larder_core::value::Kind;

pub(crate) static TYPE: Command = Command {
    name: "type",
    summary: "Tells the type of the value of a key.",
    since: "1.0.0",
    group: Group::Keys,
    complexity: "O(1)",
    arity: 2,
    flags: READONLY | FAST,
    keys: &[KeySpec::at(1, RO)],
    args: &[Arg::key("key")],
    examples: &["TYPE nothing", "SET s 1", "TYPE s", "RPUSH l 1", "TYPE l", "HSET h f v", "TYPE h"],
    run,
    ..Command::DEFAULT
};

/// The name of a type, as TYPE and `SCAN … TYPE` have it.
pub(crate) fn name_of(kind: Kind) -> &'static str {
    match kind {
        Kind::String => "string",
        Kind::List => "list",
        Kind::Set => "set",
        Kind::Zset => "zset",
        Kind::Hash => "hash",
        Kind::Stream => "stream",
        _ => "unknown",
    }
}

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    out.status(cx.view.look(&key)?.map_or("none", |entry| name_of(entry.kind())));
    Ok(Done)
}
