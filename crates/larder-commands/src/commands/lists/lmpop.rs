//! `LMPOP`, `BLMPOP`: take elements from the first list that has any.

use super::bpop::has_list;
use super::ends::{End, pop_several};
use crate::prelude::*;
use crate::wait_timeout::wait_timeout;

const SIDES: [Arg; 2] = [Arg::word("left", "LEFT"), Arg::word("right", "RIGHT")];

pub(crate) static LMPOP: Command = Command {
    name: "lmpop",
    summary: "Takes elements from an end of the first list that has any.",
    since: "7.0.0",
    group: Group::Lists,
    complexity: "O(N+M): N keys, M elements",
    arity: -4,
    flags: WRITE,
    keys: &[KeySpec::numkeys(1, RW | ACCESS | DELETE)],
    args: &[
        Arg::int("numkeys"),
        Arg::key("key").multiple(),
        Arg::one_of("where", &SIDES),
        Arg::int("count").token("COUNT").optional(),
    ],
    examples: &[
        "RPUSH b 1 2 3 4",
        "LMPOP 2 a b LEFT",
        "LMPOP 2 a b RIGHT COUNT 2",
        "LMPOP 1 none LEFT",
        "LMPOP 0 a LEFT",
        "LMPOP x a LEFT",
        "LMPOP 3 a LEFT",
        "LMPOP 1 b UP",
        "LMPOP 1 b LEFT COUNT 0",
        "LMPOP 1 b LEFT COUNT 1 COUNT 1",
        "SET s x",
        "LMPOP 1 s LEFT",
    ],
    run: |cx, args, out| {
        let asked = Asked::read(args, 1)?;
        if !asked.take(cx, args, out)? {
            out.null_array();
        }
        Ok(Done)
    },
    ..Command::DEFAULT
};

pub(crate) static BLMPOP: Command = Command {
    name: "blmpop",
    summary: "Takes elements from an end of the first list that has any; waits for one to come.",
    since: "7.0.0",
    group: Group::Lists,
    complexity: "O(N+M): N keys, M elements",
    arity: -5,
    flags: WRITE | BLOCKING,
    keys: &[KeySpec::numkeys(2, RW | ACCESS | DELETE)],
    args: &[
        Arg::double("timeout"),
        Arg::int("numkeys"),
        Arg::key("key").multiple(),
        Arg::one_of("where", &SIDES),
        Arg::int("count").token("COUNT").optional(),
    ],
    examples: &[
        "RPUSH b 1 2 3",
        "BLMPOP 1 2 a b LEFT COUNT 2",
        "BLMPOP 0.01 1 a RIGHT",
        "BLMPOP x 1 a LEFT",
        "BLMPOP x 0 a LEFT",
        "BLMPOP x 1 a UP",
        "BLMPOP 1 1 a UP",
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
    ..Command::DEFAULT
};

/// `numkeys key … LEFT|RIGHT [COUNT count]`.
struct Asked {
    first: usize,
    keys: usize,
    end: End,
    count: usize,
}

impl Asked {
    fn read(args: Args<'_>, at: usize) -> Result<Asked> {
        let bad = || Error::new("ERR numkeys should be greater than 0");
        let keys = parse_int(args.at(at))
            .and_then(|n| usize::try_from(n).ok())
            .filter(|n| *n > 0)
            .ok_or_else(bad)?;
        let side = (at + 1).checked_add(keys).ok_or(Error::SYNTAX)?;
        let end = End::parse(args.need(side)?)?;
        let mut count = None;
        let mut options = args.options(side + 1);
        while let Some(option) = options.next() {
            if !is(option, "COUNT") || count.is_some() {
                return Err(Error::SYNTAX);
            }
            let bad = || Error::new("ERR count should be greater than 0");
            let n = parse_int(options.value()?).and_then(|n| usize::try_from(n).ok());
            count = Some(n.filter(|n| *n > 0).ok_or_else(bad)?);
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
            if !has_list(cx, &key)? || (cx.entry.command.is(BLOCKING) && cx.must_queue(&key)?) {
                continue;
            }
            let heading = |out: &mut dyn Reply| {
                out.array(2);
                out.bulk(name);
            };
            if pop_several(cx, &key, self.end, self.count, out, heading)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
