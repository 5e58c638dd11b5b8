//! `MSETEX`: several keys at once, on a condition and for a time.
//! Written after its page in the documentation of Redis 8.4.

use super::expiry_options::{ExpiryOption, Time};
use crate::prelude::*;
use crate::spec::{Begin, Find};
use larder_core::Condition;

pub(crate) static MSETEX: Command = Command {
    name: "msetex",
    summary: "Sets several keys to strings, all at once or none, with one condition and one deadline for all.",
    since: "8.4.0",
    group: Group::Strings,
    complexity: "O(N) in the number of keys",
    arity: -4,
    flags: WRITE | DENYOOM,
    keys: &[KeySpec {
        access: OW | UPDATE,
        begin: Begin::Index(1),
        find: Find::Numkeys { at: 0, first: 1, step: 2 },
    }],
    args: &[
        Arg::int("numkeys"),
        Arg::block("data", &[Arg::key("key"), Arg::string("value")]).multiple(),
        Arg::one_of("condition", &[Arg::word("nx", "NX"), Arg::word("xx", "XX")]).optional(),
        Arg::one_of(
            "expiration",
            &[
                Arg::int("seconds").token("EX"),
                Arg::int("milliseconds").token("PX"),
                Arg::unix_time("unix-time-seconds").token("EXAT"),
                Arg::unix_time("unix-time-milliseconds").token("PXAT"),
                Arg::word("keepttl", "KEEPTTL"),
            ],
        )
        .optional(),
    ],
    tips: &["request_policy:multi_shard", "response_policy:all_succeeded"],
    examples: &[
        "MSETEX 2 a 1 b 2 NX EX 60",
        "MSETEX 2 b 3 c 4 NX",
        "MSETEX 2 b 3 c 4 XX",
        "MSETEX 2 a 3 b 4 XX KEEPTTL",
        "MGET a b c",
        "TTL a",
        "MSETEX 2 a 1 EX 10",
        "MSETEX 0 a 1",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let count = usize::try_from(args.int(1)?).ok().filter(|count| *count > 0);
    let count = count.ok_or(Error::general("numkeys should be greater than 0"))?;
    let mut options = args.options(2);
    let words = count.checked_mul(2).and_then(|words| options.take_words(words));
    let pairs = words.ok_or(Error::arity("msetex"))?;
    let mut condition = Condition::Always;
    let mut time = Time::default();
    while let Some(option) = options.next() {
        match condition {
            Condition::Always | Condition::Absent if is(option, "NX") => condition = Condition::Absent,
            Condition::Always | Condition::Present if is(option, "XX") => condition = Condition::Present,
            _ => time.read(option, &mut options, ExpiryOption::KEEP_TTL)?,
        }
    }
    let expiry = time.expiry(cx, "msetex")?;
    let mut goes = true;
    for pair in pairs.chunks_exact(2) {
        goes = goes && cx.view.meets(&cx.key(pair[0]), condition)?;
    }
    if goes {
        for pair in pairs.chunks_exact(2) {
            let key = cx.key(pair[0]);
            cx.set_string(&key, pair[1], expiry)?;
            cx.view.report(&key, "set", Class::STRING)?;
            if time.is_given() {
                cx.view.report(&key, "expire", Class::GENERIC)?;
            }
        }
    }
    out.int(i64::from(goes));
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn all_or_none() {
        let house = House::new();
        let mut guest = house.guest();
        for (line, expected) in [
            ("MSETEX 2 a 1 b 2 EX 10 NX", "(1)"),
            ("MSETEX 2 c 1 b 3 NX", "(0)"),
            ("EXISTS c", "(0)"),
            ("MSETEX 2 c 1 b 3 XX PX 5", "(0)"),
            ("TTL b", "(10)"),
            ("MSETEX 2 a 3 b 4 KEEPTTL XX", "(1)"),
            ("TTL b", "(10)"),
            ("MSETEX 1 a 5", "(1)"),
            ("MGET a b", "[\"5\" \"4\"]"),
            ("TTL a", "(-1)"),
            ("MSETEX 2 nx 1 xx 2", "(1)"),
            ("MSETEX 1 a 1 NX XX", "-ERR syntax error"),
            ("MSETEX 1 a 1 EX 1 KEEPTTL", "-ERR syntax error"),
            ("MSETEX 1 a 1 EX 0", "-ERR invalid expire time in 'msetex' command"),
            ("MSETEX 1 a 1 b", "-ERR syntax error"),
            ("MSETEX 2 a 1 b", "-ERR wrong number of arguments for 'msetex' command"),
            ("MSETEX 9223372036854775807 a 1", "-ERR wrong number of arguments for 'msetex' command"),
            ("MSETEX 0 a 1", "-ERR numkeys should be greater than 0"),
            ("MSETEX x a 1", "-ERR value is not an integer or out of range"),
            ("GET a", "\"5\""),
        ] {
            assert_eq!(guest.says(line), expected, "{line}");
        }
    }
}
