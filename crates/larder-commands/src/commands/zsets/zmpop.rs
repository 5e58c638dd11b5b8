//! `ZMPOP`, `BZMPOP`: take members from the first sorted set that has any.

use super::ends::{End, has_zset, pop};
use super::members::Shape;
use crate::prelude::*;
use crate::wait_timeout::wait_timeout;

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
    run: |cx, args, out| {
        let asked = Asked::read(args, 1)?;
        if !asked.take(cx, args, out)? {
            out.null_array();
        }
        Ok(Done)
    },
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
    run: |cx, args, out| {
        let asked = Asked::read(args, 2)?;
        let timeout_ms = wait_timeout(args.at(1))?;
        if asked.take(cx, args, out)? {
            return Ok(Done);
        }
        Ok(Outcome::Wait(Wait {
            keys: asked.keys().collect(),
            timeout_ms,
            empty: Empty::NullArray,
            pinned: Vec::new(),
        }))
    },
    ..BASE
};

/// `numkeys key … MIN|MAX [COUNT count]`.
struct Asked {
    first: usize,
    keys: usize,
    end: End,
    count: usize,
}

impl Asked {
    fn read(args: Args<'_>, at: usize) -> Result<Asked> {
        let keys = positive(args.at(at), "numkeys should be greater than 0")?;
        let end_at = (at + 1).checked_add(keys).ok_or(Error::SYNTAX)?;
        let end = End::parse(args.need(end_at)?)?;
        let mut count = None;
        let mut options = args.options(end_at + 1);
        while let Some(option) = options.next() {
            if !is(option, "COUNT") || count.is_some() {
                return Err(Error::SYNTAX);
            }
            count = Some(positive(options.value()?, "count should be greater than 0")?);
        }
        Ok(Asked { first: at + 1, keys, end, count: count.unwrap_or(1) })
    }

    fn keys(&self) -> std::ops::Range<usize> {
        self.first..self.first + self.keys
    }

    fn take(&self, cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<bool> {
        for at in self.keys() {
            let name = args.at(at);
            let key = cx.key(name);
            if !has_zset(cx, &key)? || (cx.entry.command.is(BLOCKING) && cx.must_queue(&key)?) {
                continue;
            }
            let heading = |out: &mut dyn Reply, count| {
                out.array(2);
                out.bulk(name);
                Shape::PAIRS.begin(out, count);
                Shape::PAIRS
            };
            if pop(cx, &key, self.end, self.count, out, heading)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn positive(word: &[u8], otherwise: &'static str) -> Result<usize> {
    let n = parse_int(word).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
    n.ok_or_else(|| Error::general(otherwise))
}
