//! `SETNX`, `SETEX`, `PSETEX`, `GETSET`: what SET does with options, from before it had them.

use super::expiry_options::Time;
use crate::prelude::*;

pub(crate) static SETNX: Command = Command {
    name: "setnx",
    summary: "Sets a key to a string if it does not exist.",
    since: "1.0.0",
    group: Group::Strings,
    arity: 3,
    flags: WRITE | DENYOOM | FAST,
    keys: &[KeySpec::at(1, OW | INSERT)],
    args: &[Arg::key("key"), Arg::string("value")],
    examples: &["SETNX lock me", "SETNX lock you", "GET lock"],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        let free = !cx.view.exists(&key)?;
        if free {
            cx.set_string(&key, args.at(2), Expiry::Never)?;
            cx.view.report(&key, "set", Class::STRING)?;
        }
        out.int(i64::from(free));
        Ok(Done)
    },
    ..Command::DEFAULT
};

pub(crate) static SETEX: Command = Command {
    name: "setex",
    summary: "Sets a key to a string for so many seconds.",
    since: "2.0.0",
    group: Group::Strings,
    arity: 4,
    flags: WRITE | DENYOOM | FAST_IF_SHORT,
    keys: &[KeySpec::at(1, OW | UPDATE)],
    args: &[Arg::key("key"), Arg::int("seconds"), Arg::string("value")],
    examples: &[
        "SETEX token 60 secret",
        "TTL token",
        "SETEX token 0 secret",
        "SETEX token x secret",
        "SETEX token 9223372036854775807 secret",
    ],
    run: |cx, args, out| set_for(cx, args, out, 1_000),
    ..Command::DEFAULT
};

pub(crate) static PSETEX: Command = Command {
    name: "psetex",
    summary: "Sets a key to a string for so many milliseconds.",
    since: "2.6.0",
    group: Group::Strings,
    arity: 4,
    flags: WRITE | DENYOOM | FAST_IF_SHORT,
    keys: &[KeySpec::at(1, OW | UPDATE)],
    args: &[Arg::key("key"), Arg::int("milliseconds"), Arg::string("value")],
    examples: &[
        "PSETEX token 60000 secret",
        "TTL token",
        "PSETEX token -1 secret",
        "PSETEX token 9e9 secret",
    ],
    run: |cx, args, out| set_for(cx, args, out, 1),
    ..Command::DEFAULT
};

pub(crate) static GETSET: Command = Command {
    name: "getset",
    summary: "Sets a key to a string and returns the one before.",
    since: "1.0.0",
    group: Group::Strings,
    arity: 3,
    flags: WRITE | DENYOOM | FAST,
    keys: &[KeySpec::at(1, RW | ACCESS | UPDATE)],
    args: &[Arg::key("key"), Arg::string("value")],
    deprecated: Some(("6.2.0", "`SET` with the `GET` argument")),
    examples: &["GETSET a 1", "GETSET a 2", "LPUSH list x", "GETSET list 1"],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        out.string_or_null(cx.view.string(&key)?);
        cx.set_string(&key, args.at(2), Expiry::Never)?;
        cx.view.report(&key, "set", Class::STRING)?;
        Ok(Done)
    },
    ..Command::DEFAULT
};

fn set_for(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, unit_ms: i64) -> Result<Outcome> {
    let time = Time::After(args.at(2), unit_ms);
    let expiry = time.expiry(cx, cx.entry.command.name)?;
    let key = cx.key(args.at(1));
    cx.set_string(&key, args.at(3), expiry)?;
    cx.view.report(&key, "set", Class::STRING)?;
    cx.view.report(&key, "expire", Class::GENERIC)?;
    out.ok();
    Ok(Done)
}
