//! `LMPOP`, `BLMPOP`: take elements from the first list that has any.

use super::ends::{End, pop_several};
use crate::first_of::run_mpop;
use crate::prelude::*;
use larder_core::value::list::List;

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
    run,
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
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    run_mpop::<List, _>(cx, args, out, End::parse, |cx, name, key, asked, out| {
        let heading = |out: &mut dyn Reply| {
            out.array(2);
            out.bulk(name);
        };
        pop_several(cx, key, asked.end, asked.count, out, heading)
    })
}
