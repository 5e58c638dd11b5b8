//! `ZPOPMIN`, `ZPOPMAX`: take members from an end.

use super::ends::{End, pop};
use super::members::Shape;
use crate::prelude::*;

const BASE: Command = Command {
    since: "5.0.0",
    group: Group::SortedSets,
    complexity: "O(M log(N)): M members taken, N in the set",
    arity: -2,
    flags: WRITE | FAST,
    keys: &[KeySpec::at(1, RW | ACCESS | DELETE)],
    args: &[Arg::key("key"), Arg::int("count").optional()],
    ..Command::DEFAULT
};

pub(crate) static ZPOPMIN: Command = Command {
    name: "zpopmin",
    summary: "Takes the members with the lowest scores.",
    examples: &[
        "ZADD board 10 ada 20 bob 30 cat 40 dan",
        "ZPOPMIN board",
        "ZPOPMIN board 2",
        "ZPOPMIN board 0",
        "ZPOPMIN board -1",
        "ZPOPMIN board 9",
        "EXISTS board",
        "ZPOPMIN board",
        "ZPOPMIN board 1 2",
        "SET s x",
        "ZPOPMIN s 0",
    ],
    run: |cx, args, out| run(cx, args, out, End::Min),
    ..BASE
};

pub(crate) static ZPOPMAX: Command = Command {
    name: "zpopmax",
    summary: "Takes the members with the highest scores.",
    examples: &[
        "ZADD board 10 ada 20 bob 30 cat 40 dan",
        "ZPOPMAX board",
        "ZPOPMAX board 2",
        "ZPOPMAX board x",
        "ZPOPMAX none",
        "ZRANGE board 0 -1",
    ],
    run: |cx, args, out| run(cx, args, out, End::Max),
    ..BASE
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, end: End) -> Result<Outcome> {
    let (count, shape) = match *args.from(2) {
        // One member with its score makes no pair, not even in RESP3.
        [] => (1, Shape::FLAT),
        [count] => {
            let count = parse_int(count).and_then(|count| usize::try_from(count).ok());
            (count.ok_or(Error::NOT_POSITIVE)?, Shape::of(out, true))
        }
        _ => return Err(Error::SYNTAX),
    };
    let key = cx.key(args.at(1));
    let haste = cx.haste();
    if haste.forbids(count) && haste.forbids(cx.parts_of(args.at(1))?) {
        return Ok(Outcome::Elsewhere);
    }
    let heading = |out: &mut dyn Reply, count| {
        shape.begin(out, count);
        shape
    };
    if !pop(cx, &key, end, count, out, heading)? {
        out.array(0);
    }
    Ok(Done)
}
