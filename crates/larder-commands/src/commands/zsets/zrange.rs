//! `ZRANGE`, `ZRANGESTORE`: members by rank, by score, by member.

use super::members::Shape;
use super::range::{Asked, Form};
use super::store::store;
use crate::byte_list::ByteList;
use crate::prelude::*;
use larder_core::Slice;
use larder_core::value::string::Str;
use larder_core::value::zset::Zset;

const ORDER: [Arg; 2] = [Arg::word("byscore", "BYSCORE"), Arg::word("bylex", "BYLEX")];
const LIMIT: Arg =
    Arg::block("offset_count", &[Arg::int("offset"), Arg::int("count")]).token("LIMIT").optional();

pub(crate) static ZRANGE: Command = Command {
    name: "zrange",
    summary: "Returns members of a sorted set by rank, by score or by member, in either direction.",
    since: "1.2.0",
    group: Group::SortedSets,
    complexity: "O(log(N)+M): N members in the set, M returned",
    arity: -4,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[
        Arg::key("key"),
        Arg::string("start"),
        Arg::string("stop"),
        Arg::one_of("sortby", &ORDER).optional().since("6.2.0"),
        Arg::word("rev", "REV").optional().since("6.2.0"),
        LIMIT.since("6.2.0"),
        Arg::word("withscores", "WITHSCORES").optional(),
    ],
    examples: &[
        "ZADD board 10 ada 20 bob 20 cat 30 dan",
        "ZRANGE board 0 -2",
        "ZRANGE board 0 1 REV WITHSCORES",
        "ZRANGE board (10 +inf BYSCORE LIMIT 1 2",
        "ZRANGE board [c [a BYLEX REV",
        "ZRANGE none 0 -1",
        "ZRANGE board 0 -1 LIMIT 0 1",
        "ZRANGE board - + BYLEX WITHSCORES",
        "ZRANGE board a 5 BYSCORE",
        "ZRANGE board a b BYLEX",
        "SET s x",
        "ZRANGE s 0 -1",
    ],
    history: &[("6.2.0", "`REV`, `BYSCORE`, `BYLEX` and `LIMIT`.")],
    run: |cx, args, out| reply(cx, args, out, Form { order: None, reverse: None, replies: true }),
    ..Command::DEFAULT
};

pub(crate) static ZRANGESTORE: Command = Command {
    name: "zrangestore",
    summary: "Stores a range of a sorted set as another sorted set.",
    since: "6.2.0",
    group: Group::SortedSets,
    complexity: "O(log(N)+M log(M)): N members in the set, M stored",
    arity: -5,
    flags: WRITE | DENYOOM,
    keys: &[KeySpec::at(1, OW | UPDATE), KeySpec::at(2, RO | ACCESS)],
    args: &[
        Arg::key("dst"),
        Arg::key_of("src", 1),
        Arg::string("min"),
        Arg::string("max"),
        Arg::one_of("sortby", &ORDER).optional(),
        Arg::word("rev", "REV").optional(),
        LIMIT,
    ],
    examples: &[
        "ZADD board 10 ada 20 bob 30 cat",
        "SET top x",
        "ZRANGESTORE top board 0 1 REV",
        "ZRANGE top 0 -1 WITHSCORES",
        "ZRANGESTORE top board (10 inf BYSCORE LIMIT 0 1",
        "ZRANGE top 0 -1",
        "ZRANGESTORE top board 0 -1 WITHSCORES",
        "ZRANGESTORE top none 0 -1",
        "EXISTS top",
        "SET s x",
        "ZRANGESTORE top s 0 -1",
    ],
    run: |cx, args, out| {
        let asked = Asked::read(args, 3, Form { order: None, reverse: None, replies: false })?;
        let source = cx.key(args.at(2));
        let tools = cx.view.tools();
        let mut result = Zset::new();
        let haste = cx.haste();
        if let Some(zset) = cx.view.collection::<Zset>(&source)? {
            let (ranks, _) = asked.ranks(zset);
            if haste.forbids(ranks.len()) {
                return cx.leave(&source);
            }
            for (member, score) in zset.range(ranks) {
                result.insert(&tools, member, score);
            }
        }
        store(cx, args.at(1), result, "zrangestore", out)
    },
    ..Command::DEFAULT
};

/// Answers with a range, its ends in the second and third word after the name.
pub(crate) fn reply(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, form: Form) -> Result<Outcome> {
    let asked = Asked::read(args, 2, form)?;
    let (key, haste) = (cx.key(args.at(1)), cx.haste());
    let shape = Shape::of(out, asked.with_scores);
    let Some(zset) = cx.view.collection::<Zset>(&key)? else {
        out.array(0);
        return Ok(Done);
    };
    let (ranks, backwards) = asked.ranks(zset);
    match haste.way(ranks.len()) {
        Way::AtOnce => {}
        Way::Elsewhere => return cx.leave(&key),
        Way::InSlices => return in_slices(cx, args, out, &asked),
    }
    if backwards {
        shape.all(out, zset.range(ranks).rev());
    } else {
        shape.all(out, zset.range(ranks));
    }
    Ok(Done)
}

fn in_slices(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, asked: &Asked<'_>) -> Result<Outcome> {
    type Found = (ByteList, Vec<f64>);
    let key = cx.key(args.at(1));
    let (members, scores) = cx.read_in_slices(args, &[key], |view, (members, scores): &mut Found| {
        let Some(entry) = view.peek(&key)? else { return Ok(true) };
        let zset: &Zset = entry.collection()?;
        let (mut slice, (ranks, backwards)) = (Slice::default(), asked.ranks(zset));
        let (done, next) = (scores.len(), ranks.len().min(scores.len() + slice.left()));
        let mut add = |(member, score)| {
            if slice.left() > 0 {
                members.push_part(Str::Bytes(member), &mut slice);
                scores.push(score);
            }
        };
        if backwards {
            zset.range(ranks.end - next..ranks.end - done).rev().for_each(&mut add);
        } else {
            zset.range(ranks.start + done..ranks.start + next).for_each(&mut add);
        }
        Ok(scores.len() == ranks.len())
    })?;
    let shape = Shape::of(out, asked.with_scores);
    shape.begin(out, members.len());
    members.iter().zip(scores).for_each(|(member, score)| shape.one(out, member, score));
    Ok(Done)
}
