//! `GETDEL`, `GETEX`: the string of a key, and then something about the key.

use super::expiry_options::{ExpiryOption, Time};
use crate::prelude::*;

pub(crate) static GETDEL: Command = Command {
    name: "getdel",
    summary: "Returns the string of a key and removes the key.",
    since: "6.2.0",
    group: Group::Strings,
    arity: 2,
    flags: WRITE | FAST,
    keys: &[KeySpec::at(1, RW | ACCESS | DELETE)],
    args: &[Arg::key("key")],
    examples: &["SET once 1", "GETDEL once", "GETDEL once", "LPUSH list x", "GETDEL list"],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        out.string_or_null(cx.view.string(&key)?);
        if cx.view.remove(&key)? {
            cx.view.report(&key, "del", Class::GENERIC)?;
        }
        Ok(Done)
    },
    ..Command::DEFAULT
};

pub(crate) static GETEX: Command = Command {
    name: "getex",
    summary: "Returns the string of a key, and sets or removes its deadline.",
    since: "6.2.0",
    group: Group::Strings,
    arity: -2,
    flags: WRITE | FAST,
    keys: &[KeySpec::at(1, RW | ACCESS | UPDATE)],
    args: &[
        Arg::key("key"),
        Arg::one_of(
            "expiration",
            &[
                Arg::int("seconds").token("EX"),
                Arg::int("milliseconds").token("PX"),
                Arg::unix_time("unix-time-seconds").token("EXAT"),
                Arg::unix_time("unix-time-milliseconds").token("PXAT"),
                Arg::word("persist", "PERSIST"),
            ],
        )
        .optional(),
    ],
    examples: &[
        "GETEX a EX 10",
        "SET a 1",
        "GETEX a EX 100",
        "TTL a",
        "GETEX a",
        "TTL a",
        "GETEX a PERSIST",
        "TTL a",
        "GETEX a EX 0",
        "GETEX none EX 0",
        "GETEX a EX x EX 100",
        "TTL a",
        "GETEX a EX 10 PX 10",
        "GETEX a EX 10 PERSIST",
        "GETEX a KEEPTTL",
        "GETEX a PXAT 1",
        "EXISTS a",
    ],
    run: getex,
    ..Command::DEFAULT
};

fn getex(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let mut time = Time::None;
    let mut options = args.options(2);
    while let Some(option) = options.next() {
        time.read(option, &mut options, ExpiryOption::PERSIST)?;
    }
    let key = cx.key(args.at(1));
    // A time is read only for a key that is there: without one, none is wrong.
    if cx.view.string(&key)?.is_none() {
        out.null();
        return Ok(Done);
    }
    let expiry = time.expiry(cx, "getex")?;
    let value = cx.view.peek(&key)?.map(|entry| entry.string()).transpose()?;
    out.string_or_null(value);
    match (time, expiry) {
        (_, Expiry::At(deadline)) if deadline.ms() <= cx.view.now_ms() => {
            cx.view.remove(&key)?;
            cx.view.report(&key, "del", Class::GENERIC)?;
        }
        (_, Expiry::At(deadline)) => {
            cx.view.set_deadline(&key, Some(deadline))?;
            cx.view.report(&key, "expire", Class::GENERIC)?;
        }
        (Time::Persist, _) => {
            let had = cx.view.peek(&key)?.is_some_and(|entry| entry.deadline().is_some());
            if had {
                cx.view.set_deadline(&key, None)?;
                cx.view.report(&key, "persist", Class::GENERIC)?;
            }
        }
        _ => {}
    }
    Ok(Done)
}
