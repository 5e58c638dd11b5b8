//! `XRANGE`, `XREVRANGE`: entries from one id to another.

use super::entries::Copied;
use super::{entries, ids};
use crate::cx::Haste;
use crate::prelude::*;
use larder_core::Slice;
use larder_core::value::stream::{Stream, StreamId};

const BASE: Command = Command {
    since: "5.0.0",
    group: Group::Streams,
    complexity: "O(log(N)+M): N entries there are, M returned",
    arity: -4,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    history: &[("6.2.0", "Takes ranges that leave their ends out.")],
    ..Command::DEFAULT
};

pub(crate) static XRANGE: Command = Command {
    name: "xrange",
    summary: "Returns the entries from one id to another, oldest first.",
    args: &[
        Arg::key("key"),
        Arg::string("start"),
        Arg::string("end"),
        Arg::int("count").token("COUNT").optional(),
    ],
    examples: &[
        "XADD s 1-1 a 1",
        "XADD s 1-2 a 2 b 3",
        "XADD s 2-1 a 3",
        "XRANGE s - +",
        "XRANGE s 1 1",
        "XRANGE s (1-1 2-1 COUNT 1",
        "XRANGE s - + COUNT 0",
        "XRANGE s 2 1",
        "XRANGE s x +",
        "XRANGE s (+ +",
        "XRANGE s - + COUNT x",
        "XRANGE s - + LIMIT 1",
        "XRANGE none - +",
        "SET t x",
        "XRANGE t - +",
    ],
    run: |cx, args, out| run(cx, args, out, false),
    ..BASE
};

pub(crate) static XREVRANGE: Command = Command {
    name: "xrevrange",
    summary: "Returns the entries from one id to another, newest first.",
    args: &[
        Arg::key("key"),
        Arg::string("end"),
        Arg::string("start"),
        Arg::int("count").token("COUNT").optional(),
    ],
    examples: &[
        "XADD s 1-1 a 1",
        "XADD s 1-2 a 2",
        "XADD s 2-1 a 3",
        "XREVRANGE s + -",
        "XREVRANGE s + - COUNT 1",
        "XREVRANGE s (2-1 1-2",
        "XREVRANGE s - +",
        "XREVRANGE s (0-0 -",
    ],
    run: |cx, args, out| run(cx, args, out, true),
    ..BASE
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, back: bool) -> Result<Outcome> {
    let (first, last) = if back { (3, 2) } else { (2, 3) };
    let (start, end) = (ids::start(args.at(first))?, ids::end(args.at(last))?);
    let mut count = -1;
    let mut options = args.options(4);
    while let Some(option) = options.next() {
        if !is(option, "COUNT") || options.rest().is_empty() {
            return Err(Error::SYNTAX);
        }
        count = options.int()?.max(0);
    }
    let (key, haste) = (cx.key(args.at(1)), cx.haste());
    let Some(stream) = cx.view.collection::<Stream>(&key)? else {
        out.array(0);
        return Ok(Done);
    };
    let log = stream.log();
    // How many lie within is known only when they have been gone through. Most ask for few, or of a short stream.
    let most = log.len().min(ids::count(count));
    if most > Haste::PARTS_MAX {
        match haste.way(log.range(start, end).take(most).take(Haste::PARTS_MAX + 1).count()) {
            Way::AtOnce => {}
            Way::Elsewhere => return cx.leave(&key),
            Way::InSlices => return in_slices(cx, args, out, (start, end), most, back),
        }
    }
    match count {
        0 => out.null_array(),
        count if back => entries::write_all(out, log.range_back(start, end).take(ids::count(count))),
        count => entries::write_all(out, log.range(start, end).take(ids::count(count))),
    }
    Ok(Done)
}

fn in_slices(
    cx: &mut Cx<'_>,
    args: Args<'_>,
    out: &mut dyn Reply,
    range: (StreamId, StreamId),
    most: usize,
    back: bool,
) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    let copied = cx.read_in_slices(args, &[key], |view, copied: &mut Copied| {
        let Some(entry) = view.peek(&key)? else { return Ok(true) };
        Ok(copied.go_on(entry.collection::<Stream>()?.log(), range, most, back, &mut Slice::default()))
    })?;
    copied.write(out);
    Ok(Done)
}
