//! `ZSCORE`, `ZMSCORE`: the scores of members.

use crate::prelude::*;
use larder_core::value::zset::Zset;

pub(crate) static ZSCORE: Command = Command {
    name: "zscore",
    element: 2,
    summary: "Returns the score of a member.",
    since: "1.2.0",
    group: Group::SortedSets,
    arity: 3,
    flags: READONLY | FAST,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[Arg::key("key"), Arg::string("member")],
    examples: &[
        "ZADD board 10.5 ada 2e3 bob -inf cat",
        "ZSCORE board ada",
        "ZSCORE board bob",
        "ZSCORE board cat",
        "ZSCORE board dan",
        "ZSCORE none ada",
        "SET s x",
        "ZSCORE s ada",
    ],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        let zset = cx.view.collection::<Zset>(&key)?;
        score(zset, args.at(2), out);
        Ok(Done)
    },
    ..Command::DEFAULT
};

pub(crate) static ZMSCORE: Command = Command {
    name: "zmscore",
    element: 2,
    summary: "Returns the scores of several members.",
    since: "6.2.0",
    group: Group::SortedSets,
    complexity: "O(N) in the number of members asked for",
    arity: -3,
    flags: READONLY | FAST,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[Arg::key("key"), Arg::string("member").multiple()],
    examples: &[
        "ZADD board 10 ada 20 bob",
        "ZMSCORE board ada dan bob",
        "ZMSCORE none ada bob",
        "SET s x",
        "ZMSCORE s ada",
    ],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        let zset = cx.view.collection::<Zset>(&key)?;
        let members = args.from(2);
        out.array(members.len());
        members.iter().for_each(|member| score(zset, member, out));
        Ok(Done)
    },
    ..Command::DEFAULT
};

fn score(zset: Option<&Zset>, member: &[u8], out: &mut dyn Reply) {
    match zset.and_then(|zset| zset.score(member)) {
        Some(score) => out.double(score),
        None => out.null(),
    }
}
