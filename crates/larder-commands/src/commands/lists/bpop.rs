//! `BLPOP`, `BRPOP`: take an element from the first list that has one, and wait for one to come.

use super::ends::{End, pop};
use crate::first_of::{take_first, wait};
use crate::prelude::*;
use crate::wait_timeout::wait_timeout;
use larder_core::value::list::List;

const BASE: Command = Command {
    since: "2.0.0",
    group: Group::Lists,
    complexity: "O(N) in the number of keys",
    arity: -3,
    flags: WRITE | NOSCRIPT | BLOCKING,
    keys: &[KeySpec::range(1, -2, 1, RW | ACCESS | DELETE)],
    args: &[Arg::key("key").multiple(), Arg::double("timeout")],
    history: &[("6.0.0", "The timeout may have a fraction.")],
    ..Command::DEFAULT
};

pub(crate) static BLPOP: Command = Command {
    name: "blpop",
    summary: "Takes the first element of the first list that has one; waits for one to come.",
    examples: &[
        "RPUSH b 1 2",
        "BLPOP a b 1",
        "BLPOP a b 0",
        "BLPOP a b 0.01",
        "BLPOP a -1",
        "BLPOP a x",
        "SET s x",
        "BLPOP a s 1",
        "MULTI",
        "BLPOP a 0",
        "EXEC",
    ],
    run: |cx, args, out| run(cx, args, out, End::Left),
    ..BASE
};

pub(crate) static BRPOP: Command = Command {
    name: "brpop",
    summary: "Takes the last element of the first list that has one; waits for one to come.",
    examples: &["RPUSH b 1 2", "BRPOP a b 1", "BRPOP a b 0", "BRPOP a b 0.01"],
    run: |cx, args, out| run(cx, args, out, End::Right),
    ..BASE
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, end: End) -> Result<Outcome> {
    let last = args.len() - 1;
    let timeout_ms = wait_timeout(args.at(last))?;
    let taken = take_first::<List>(cx, args, 1..last, |cx, name, key| {
        let Some(element) = pop(cx, key, end)? else { return Ok(false) };
        out.array(2);
        out.bulk(name);
        out.bulk(&element);
        Ok(true)
    })?;
    Ok(if taken { Done } else { wait(1..last, timeout_ms) })
}
