//! `SET`: sets a key to a string, with conditions and a deadline.

use super::expiry_options::{ExpiryOption, Time};
use crate::prelude::*;

pub(crate) static SET: Command = Command {
    name: "set",
    summary: "Sets a key to a string, whatever it held; on conditions and for a time, if you like.",
    since: "1.0.0",
    group: Group::Strings,
    complexity: "O(1)",
    arity: -3,
    flags: WRITE | DENYOOM,
    keys: &[KeySpec::at(1, RW | ACCESS | UPDATE | VARIABLE)],
    access_of: Some(|words| {
        let gets = words.iter().skip(3).any(|word| is(word, "GET"));
        if gets { RW | ACCESS | UPDATE } else { OW | UPDATE }
    }),
    args: &[
        Arg::key("key"),
        Arg::string("value"),
        Arg::one_of("condition", &[Arg::word("nx", "NX"), Arg::word("xx", "XX")]).optional().since("2.6.12"),
        Arg::word("get", "GET").optional().since("6.2.0"),
        Arg::one_of(
            "expiration",
            &[
                Arg::int("seconds").token("EX").since("2.6.12"),
                Arg::int("milliseconds").token("PX").since("2.6.12"),
                Arg::unix_time("unix-time-seconds").token("EXAT").since("6.2.0"),
                Arg::unix_time("unix-time-milliseconds").token("PXAT").since("6.2.0"),
                Arg::word("keepttl", "KEEPTTL").since("6.0.0"),
            ],
        )
        .optional(),
    ],
    examples: &[
        "SET greeting hello",
        "SET greeting hi NX",
        "SET greeting hi XX GET",
        "SET session token EX 60",
        "TTL session",
        "SET session other KEEPTTL",
        "TTL session",
        "SET a b EX 0",
        "SET a b NX XX",
        "SET a b EX 10 KEEPTTL",
        "SET a b EX x EX 10",
        "TTL a",
        "SET a c KEEPTTL KEEPTTL",
        "TTL a",
        "SET a d NX GET",
        "GET a",
        "SET fresh d NX GET",
        "GET fresh",
        "LPUSH list x",
        "SET list d GET",
        "SET list d NX GET",
        "SET list d EX 0 GET",
    ],
    run,
    ..Command::DEFAULT
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Condition {
    Always,
    IfMissing,
    IfThere,
}

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    let value = args.at(2);
    if args.len() == 3 {
        set(cx, &key, value, Expiry::Never, false)?;
        out.ok();
        return Ok(Done);
    }
    let mut condition = Condition::Always;
    let mut get = false;
    let mut time = Time::default();
    let mut options = args.options(3);
    while let Some(option) = options.next() {
        match condition {
            Condition::Always if is(option, "NX") => condition = Condition::IfMissing,
            Condition::IfMissing if is(option, "NX") => {}
            Condition::Always if is(option, "XX") => condition = Condition::IfThere,
            Condition::IfThere if is(option, "XX") => {}
            _ if is(option, "GET") => get = true,
            _ => time.read(option, &mut options, ExpiryOption::KEEP_TTL)?,
        }
    }
    let expiry = time.expiry(cx, "set")?;
    if get {
        let old = cx.view.string(&key)?;
        let goes = matches!(
            (condition, old.is_some()),
            (Condition::Always, _) | (Condition::IfMissing, false) | (Condition::IfThere, true)
        );
        out.string_or_null(old);
        if goes {
            set(cx, &key, value, expiry, time.is_given())?;
        }
        return Ok(Done);
    }
    let goes = match condition {
        Condition::Always => true,
        Condition::IfMissing => !cx.view.exists(&key)?,
        Condition::IfThere => cx.view.exists(&key)?,
    };
    if goes {
        set(cx, &key, value, expiry, time.is_given())?;
        out.ok();
    } else {
        out.null();
    }
    Ok(Done)
}

fn set(cx: &mut Cx<'_>, key: &Key<'_>, value: &[u8], expiry: Expiry, given: bool) -> Result<()> {
    cx.view.set(key, value, expiry)?;
    cx.view.report(key, "set", Class::STRING)?;
    if given {
        cx.view.report(key, "expire", Class::GENERIC)?;
    }
    Ok(())
}
