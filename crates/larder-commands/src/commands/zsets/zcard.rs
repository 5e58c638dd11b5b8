//! `ZCARD`: how many members there are.

use crate::prelude::*;
use larder_core::value::zset::Zset;

pub(crate) static ZCARD: Command = Command {
    name: "zcard",
    summary: "Says how many members a sorted set has.",
    since: "1.2.0",
    group: Group::SortedSets,
    arity: 2,
    flags: READONLY | FAST,
    keys: &[KeySpec::at(1, RO)],
    args: &[Arg::key("key")],
    examples: &["ZADD board 10 ada 20 bob", "ZCARD board", "ZCARD none", "SET s x", "ZCARD s"],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        out.count(cx.view.collection::<Zset>(&key)?.map_or(0, Zset::len));
        Ok(Done)
    },
    ..Command::DEFAULT
};
