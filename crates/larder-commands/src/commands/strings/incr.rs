//! `INCR`, `DECR`, `INCRBY`, `DECRBY`: numbers.

use crate::prelude::*;

const BASE: Command = Command {
    since: "1.0.0",
    group: Group::Strings,
    arity: 2,
    flags: WRITE | DENYOOM | FAST,
    keys: &[KeySpec::at(1, RW | ACCESS | UPDATE)],
    args: &[Arg::key("key")],
    ..Command::DEFAULT
};

pub(crate) static INCR: Command = Command {
    name: "incr",
    summary: "Adds one to the number of a key; a key that does not exist counts as 0.",
    examples: &[
        "INCR hits",
        "INCR hits",
        "SET hits 9223372036854775807",
        "INCR hits",
        "SET hits many",
        "INCR hits",
        "LPUSH list a",
        "INCR list",
        "SET padded 01",
        "INCR padded",
    ],
    run: |cx, args, out| add(cx, args, out, 1),
    ..BASE
};

pub(crate) static DECR: Command = Command {
    name: "decr",
    summary: "Takes one from the number of a key; a key that does not exist counts as 0.",
    examples: &["DECR left", "SET left 10", "DECR left", "SET left -9223372036854775808", "DECR left"],
    run: |cx, args, out| add(cx, args, out, -1),
    ..BASE
};

pub(crate) static INCRBY: Command = Command {
    name: "incrby",
    summary: "Adds to the number of a key; a key that does not exist counts as 0.",
    arity: 3,
    args: &[Arg::key("key"), Arg::int("increment")],
    examples: &["INCRBY hits 10", "INCRBY hits -3", "INCRBY hits x", "INCRBY hits 9223372036854775807"],
    run: |cx, args, out| {
        let delta = args.int(2)?;
        add(cx, args, out, delta)
    },
    ..BASE
};

pub(crate) static DECRBY: Command = Command {
    name: "decrby",
    summary: "Takes from the number of a key; a key that does not exist counts as 0.",
    arity: 3,
    args: &[Arg::key("key"), Arg::int("decrement")],
    examples: &["DECRBY left 10", "DECRBY left -3", "DECRBY left 1.5", "DECRBY left -9223372036854775808"],
    run: |cx, args, out| {
        let delta = args.int(2)?.checked_neg().ok_or(Error::general("decrement would overflow"))?;
        add(cx, args, out, delta)
    },
    ..BASE
};

fn add(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, delta: i64) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    let sum = cx.view.increment(&key, delta)?;
    cx.view.report(&key, "incrby", Class::STRING)?;
    out.int(sum);
    Ok(Done)
}
