//! `ZCOUNT`, `ZLEXCOUNT`: how many members a range has.

use super::range::{Order, Span};
use crate::prelude::*;
use larder_core::value::zset::Zset;

const BASE: Command = Command {
    group: Group::SortedSets,
    complexity: "O(log(N)) in the members of the set",
    arity: 4,
    flags: READONLY | FAST,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    ..Command::DEFAULT
};

pub(crate) static ZCOUNT: Command = Command {
    name: "zcount",
    summary: "Says how many members have scores between two bounds.",
    since: "2.0.0",
    args: &[Arg::key("key"), Arg::double("min"), Arg::double("max")],
    examples: &[
        "ZADD board 10 ada 20 bob 30 cat",
        "ZCOUNT board 10 (30",
        "ZCOUNT board -inf +inf",
        "ZCOUNT board 30 10",
        "ZCOUNT board x 10",
        "ZCOUNT none 0 1",
        "SET s x",
        "ZCOUNT s x 1",
        "ZCOUNT s 0 1",
    ],
    run: |cx, args, out| run(cx, args, out, Order::Score),
    ..BASE
};

pub(crate) static ZLEXCOUNT: Command = Command {
    name: "zlexcount",
    summary: "Says how many members lie between two others in the order of their bytes.",
    since: "2.8.9",
    args: &[Arg::key("key"), Arg::string("min"), Arg::string("max")],
    examples: &[
        "ZADD words 0 apple 0 banana 0 cherry",
        "ZLEXCOUNT words - +",
        "ZLEXCOUNT words (apple [cherry",
        "ZLEXCOUNT words + -",
        "ZLEXCOUNT words a +",
        "ZLEXCOUNT none - +",
    ],
    run: |cx, args, out| run(cx, args, out, Order::Lex),
    ..BASE
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, order: Order) -> Result<Outcome> {
    let span = Span::read(order, args.at(2), args.at(3))?;
    let key = cx.key(args.at(1));
    out.count(cx.view.collection::<Zset>(&key)?.map_or(0, |zset| span.ranks(zset).len()));
    Ok(Done)
}
