//! `ZREMRANGEBYRANK`, `ZREMRANGEBYSCORE`, `ZREMRANGEBYLEX`: remove ranges.

use super::range::{Order, Span};
use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::zset::Zset;

const BASE: Command = Command {
    group: Group::SortedSets,
    complexity: "O(log(N)+M): N members in the set, M removed",
    arity: 4,
    flags: WRITE,
    keys: &[KeySpec::at(1, RW | DELETE)],
    ..Command::DEFAULT
};

pub(crate) static ZREMRANGEBYRANK: Command = Command {
    name: "zremrangebyrank",
    summary: "Removes members by rank, and says how many.",
    since: "2.0.0",
    args: &[Arg::key("key"), Arg::int("start"), Arg::int("stop")],
    examples: &[
        "ZADD board 10 ada 20 bob 30 cat",
        "ZREMRANGEBYRANK board -1 -1",
        "ZREMRANGEBYRANK board 5 9",
        "ZREMRANGEBYRANK board 0 x",
        "ZREMRANGEBYRANK board 0 -1",
        "EXISTS board",
        "ZREMRANGEBYRANK none 0 -1",
        "SET s x",
        "ZREMRANGEBYRANK s 0 -1",
    ],
    run: |cx, args, out| run(cx, args, out, Order::Rank, "zremrangebyrank"),
    ..BASE
};

pub(crate) static ZREMRANGEBYSCORE: Command = Command {
    name: "zremrangebyscore",
    summary: "Removes members with scores between two bounds, and says how many.",
    since: "1.2.0",
    args: &[Arg::key("key"), Arg::double("min"), Arg::double("max")],
    examples: &[
        "ZADD board 10 ada 20 bob 30 cat",
        "ZREMRANGEBYSCORE board -inf (20",
        "ZREMRANGEBYSCORE board x 1",
        "ZRANGE board 0 -1",
        "ZREMRANGEBYSCORE none 0 1",
    ],
    run: |cx, args, out| run(cx, args, out, Order::Score, "zremrangebyscore"),
    ..BASE
};

pub(crate) static ZREMRANGEBYLEX: Command = Command {
    name: "zremrangebylex",
    summary: "Removes members between two others in the order of their bytes, and says how many.",
    since: "2.8.9",
    args: &[Arg::key("key"), Arg::string("min"), Arg::string("max")],
    examples: &[
        "ZADD words 0 apple 0 banana 0 cherry",
        "ZREMRANGEBYLEX words [b (cherry",
        "ZREMRANGEBYLEX words b c",
        "ZRANGE words 0 -1",
        "ZREMRANGEBYLEX none - +",
    ],
    run: |cx, args, out| run(cx, args, out, Order::Lex, "zremrangebylex"),
    ..BASE
};

fn run(
    cx: &mut Cx<'_>,
    args: Args<'_>,
    out: &mut dyn Reply,
    order: Order,
    event: &'static str,
) -> Result<Outcome> {
    let span = Span::read(order, args.at(2), args.at(3))?;
    let key = cx.key(args.at(1));
    let haste = cx.haste();
    if haste.forbids(usize::MAX)
        && let Some(entry) = cx.view.peek(&key)?
        && haste.forbids(span.ranks(entry.collection()?).len())
    {
        return Ok(Outcome::Elsewhere);
    }
    let removed = cx.view.edit::<Zset, _>(&key, Missing::Skip, |edit| {
        let ranks = span.ranks(edit);
        let removed = edit.remove_range(ranks, |_, _| {});
        if removed > 0 {
            edit.report(event);
        }
        removed
    })?;
    out.count(removed.unwrap_or(0));
    Ok(Done)
}
