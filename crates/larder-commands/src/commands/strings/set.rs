//! `SET`: sets a key to a string, with conditions and a deadline.

use super::condition::{Asked, COMPARISONS};
use super::expiry_options::{ExpiryOption, Time};
use crate::prelude::*;
use larder_core::Condition;

pub(crate) static SET: Command = Command {
    name: "set",
    summary: "Sets a key to a string, whatever it held; on conditions and for a time, if you like.",
    since: "1.0.0",
    group: Group::Strings,
    complexity: "O(1)",
    arity: -3,
    flags: WRITE | DENYOOM | FAST_IF_SHORT,
    keys: &[KeySpec::at(1, RW | ACCESS | UPDATE | VARIABLE)],
    access_of: Some(|words| {
        let reads =
            |word: &&[u8]| ["GET", "IFEQ", "IFNE", "IFDEQ", "IFDNE"].iter().any(|name| is(word, name));
        if words.iter().skip(3).any(reads) { RW | ACCESS | UPDATE } else { OW | UPDATE }
    }),
    args: &[
        Arg::key("key"),
        Arg::string("value"),
        Arg::one_of("condition", &CONDITIONS).optional().since("2.6.12"),
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

const CONDITIONS: [Arg; 6] = {
    let [equals, differs, digest, not_digest] = COMPARISONS;
    [Arg::word("nx", "NX"), Arg::word("xx", "XX"), equals, differs, digest, not_digest]
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    let value = args.at(2);
    if args.len() == 3 {
        set(cx, &key, value, Expiry::Never, false)?;
        out.ok();
        return Ok(Done);
    }
    let mut condition = Asked::Of(Condition::Always);
    let mut get = false;
    let mut time = Time::default();
    let mut options = args.options(3);
    while let Some(option) = options.next() {
        match condition {
            Asked::Of(Condition::Always | Condition::Absent) if is(option, "NX") => {
                condition = Asked::Of(Condition::Absent);
            }
            Asked::Of(Condition::Always | Condition::Present) if is(option, "XX") => {
                condition = Asked::Of(Condition::Present);
            }
            _ if is(option, "GET") => get = true,
            Asked::Of(Condition::Always) => match Asked::comparison(option, &mut options)? {
                Some(comparison) => condition = comparison,
                None => time.read(option, &mut options, ExpiryOption::KEEP_TTL)?,
            },
            _ => time.read(option, &mut options, ExpiryOption::KEEP_TTL)?,
        }
    }
    let expiry = time.expiry(cx, "set")?;
    if get {
        let goes = condition.holds(cx, &key)?;
        out.string_or_null(cx.view.string(&key)?);
        if goes {
            set(cx, &key, value, expiry, time.is_given())?;
        }
        return Ok(Done);
    }
    let goes = condition.holds(cx, &key)?;
    if goes {
        set(cx, &key, value, expiry, time.is_given())?;
        out.ok();
    } else {
        out.null();
    }
    Ok(Done)
}

fn set(cx: &mut Cx<'_>, key: &Key<'_>, value: &[u8], expiry: Expiry, given: bool) -> Result<()> {
    cx.set_string(key, value, expiry)?;
    cx.view.report(key, "set", Class::STRING)?;
    if given {
        cx.view.report(key, "expire", Class::GENERIC)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn a_string_changes_only_from_what_it_was() {
        let house = House::new();
        let mut guest = house.guest();
        for (line, expected) in [
            ("SET k new IFEQ old", "nil"),
            ("SET k new IFDEQ 0000000000000000", "nil"),
            ("SET k 1 IFNE 1", "OK"),
            ("SET k 2 IFNE 1", "nil"),
            ("SET k hello IFEQ 1 EX 10", "OK"),
            ("TTL k", "(10)"),
            ("SET k x IFDNE 9555e8555c62dcfd", "nil"),
            ("SET k x IFDEQ 0000000000000000 GET", "\"hello\""),
            ("GET k", "\"hello\""),
            ("SET k x GET KEEPTTL IFDEQ 9555E8555C62DCFD", "\"hello\""),
            ("GET k", "\"x\""),
            ("TTL k", "(10)"),
            ("SET fresh x IFDNE 9555e8555c62dcfd GET", "nil"),
            ("GET fresh", "\"x\""),
            ("SET k v IFEQ", "-ERR syntax error"),
            ("SET k v IFEQ x NX", "-ERR syntax error"),
            ("SET k v XX IFEQ x", "-ERR syntax error"),
            ("SET k v IFEQ x IFEQ x", "-ERR syntax error"),
            ("SET k v IFDEQ x", "-ERR must be exactly 16 hexadecimal characters"),
            ("RPUSH list x", "(1)"),
            ("SET list v IFEQ x", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
            (
                "SET list v IFDNE 9555e8555c62dcfd",
                "-WRONGTYPE Operation against a key holding the wrong kind of value",
            ),
            ("SET list v", "OK"),
        ] {
            assert_eq!(guest.says(line), expected, "{line}");
        }
    }
}
