//! `OBJECT`: how the store sees a value.

use crate::help::help;
use crate::prelude::*;
use larder_core::{Entry, Policy};

pub(crate) static OBJECT: Command = Command {
    name: "object",
    summary: "Tells how the store sees a value.",
    since: "2.2.3",
    group: Group::Keys,
    complexity: "That of the subcommand",
    arity: -2,
    acl_without: crate::spec::acl::KEYSPACE,
    sub: &[&ENCODING, &FREQ, &HELP, &IDLETIME, &REFCOUNT],
    ..Command::DEFAULT
};

const BASE: Command = Command {
    since: "2.2.3",
    group: Group::Keys,
    arity: 3,
    flags: READONLY,
    keys: &[KeySpec::at(2, RO)],
    args: &[Arg::key("key")],
    ..Command::DEFAULT
};

static ENCODING: Command = Command {
    name: "encoding",
    summary: "Tells how a value is kept.",
    tips: &["nondeterministic_output"],
    examples: &[
        "OBJECT ENCODING nothing",
        "SET s 12",
        "OBJECT ENCODING s",
        "SET s 012",
        "OBJECT ENCODING s",
        "SET s 01234567890123456789012345678901234567890123",
        "OBJECT ENCODING s",
        "SET s 012345678901234567890123456789012345678901234",
        "OBJECT ENCODING s",
        "HSET h f v",
        "OBJECT ENCODING h",
        "SADD n 1 2 3",
        "OBJECT ENCODING n",
    ],
    run: |cx, args, out| {
        let key = cx.key(args.at(2));
        let encoding = cx.view.peek(&key)?.map(|entry| entry.encoding().as_bytes());
        out.bulk_or_null(encoding);
        Ok(Done)
    },
    ..BASE
};

static FREQ: Command = Command {
    name: "freq",
    summary: "Tells how often a key was used of late, where the eviction policy counts that.",
    since: "4.0.0",
    tips: &["nondeterministic_output"],
    examples: &["OBJECT FREQ nothing", "SET s 1", "OBJECT FREQ s"],
    run: |cx, args, out| {
        let engine = cx.instance.engine();
        let policy = engine.policy();
        number(cx, args, out, move |entry| match policy {
            Policy::AllkeysLfu | Policy::VolatileLfu | Policy::AllkeysS3Fifo | Policy::VolatileS3Fifo => {
                Ok(i64::from(engine.frequency_of(entry.access())))
            }
            _ => Err(Error::general(
                "An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when \
                 switching between policies at runtime LRU and LFU data will take some time to adjust.",
            )),
        })
    },
    ..BASE
};

static IDLETIME: Command = Command {
    name: "idletime",
    summary: "Tells for how many seconds a key has not been used, where the eviction policy knows that.",
    tips: &["nondeterministic_output"],
    examples: &["OBJECT IDLETIME nothing", "SET s 1", "OBJECT IDLETIME s"],
    run: |cx, args, out| {
        let engine = cx.instance.engine();
        let policy = engine.policy();
        number(cx, args, out, move |entry| match policy {
            Policy::AllkeysLfu | Policy::VolatileLfu => Err(Error::general(
                "An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching \
                 between policies at runtime LRU and LFU data will take some time to adjust.",
            )),
            Policy::AllkeysS3Fifo | Policy::VolatileS3Fifo => {
                Err(Error::general("An S3-FIFO maxmemory policy is selected, idle time not tracked."))
            }
            _ => Ok(i64::from(engine.idle_seconds_of(entry.access()))),
        })
    },
    ..BASE
};

static REFCOUNT: Command = Command {
    name: "refcount",
    summary: "Tells what Redis would count as references to a value.",
    tips: &["nondeterministic_output"],
    examples: &[
        "OBJECT REFCOUNT nothing",
        "SET s 12",
        "OBJECT REFCOUNT s",
        "SET s 10000",
        "OBJECT REFCOUNT s",
    ],
    run: |cx, args, out| {
        let engine = cx.instance.engine();
        // Redis keeps small numbers once for all keys, unless it needs each key's own access bits to evict by.
        let shares = engine.memory_max_bytes().is_none()
            || !matches!(
                engine.policy(),
                Policy::AllkeysLru | Policy::VolatileLru | Policy::AllkeysLfu | Policy::VolatileLfu
            );
        number(cx, args, out, move |entry| {
            let shared =
                shares && matches!(entry.string(), Ok(larder_core::value::string::Str::Int(0..10_000)));
            Ok(if shared { i64::from(i32::MAX) } else { 1 })
        })
    },
    ..BASE
};

static HELP: Command = Command {
    name: "help",
    summary: "Names the subcommands.",
    since: "6.2.0",
    group: Group::Keys,
    arity: 2,
    flags: LOADING | STALE,
    run: |_, _, out| help(out, &OBJECT),
    ..Command::DEFAULT
};

fn number(
    cx: &mut Cx<'_>,
    args: Args<'_>,
    out: &mut dyn Reply,
    told: impl FnOnce(Entry<'_>) -> Result<i64>,
) -> Result<Outcome> {
    let key = cx.key(args.at(2));
    match cx.view.peek(&key)? {
        Some(entry) => out.int(told(entry)?),
        None => out.null(),
    }
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn a_key_is_idle_until_it_is_used() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("SET k v");
        house.advance_ms(5_000);
        assert_eq!(guest.says("TTL k"), "(-1)");
        assert_eq!(guest.says("OBJECT IDLETIME k"), "(5)");
        guest.says("TOUCH k");
        assert_eq!(guest.says("OBJECT IDLETIME k"), "(0)");
        house.advance_ms(7_000);
        assert_eq!(guest.says("OBJECT IDLETIME k"), "(7)");
        guest.says("GET k");
        assert_eq!(guest.says("OBJECT IDLETIME k"), "(0)");
        house.advance_ms(3_000);
        guest.says("SET k w");
        assert_eq!(guest.says("OBJECT IDLETIME k"), "(0)");
    }

    #[test]
    fn a_copied_string_is_kept_as_its_original() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says(&format!("SET k {}", "x".repeat(3_000)));
        guest.says("COPY k c");
        assert_eq!(guest.says("OBJECT ENCODING c"), "\"raw\"");
    }

    #[test]
    fn each_policy_knows_either_how_often_or_how_long_ago() {
        let house = House::new();
        let mut guest = house.guest();
        for (policy, freq, idle) in [
            ("noeviction", false, true),
            ("allkeys-random", false, true),
            ("allkeys-lfu", true, false),
            ("volatile-s3fifo", true, false),
        ] {
            house.instance.configure(&[("maxmemory-policy", policy)]).expect("a valid setting");
            guest.says("SET k v");
            assert_eq!(guest.says("OBJECT FREQ k").starts_with('('), freq, "{policy}");
            assert_eq!(guest.says("OBJECT IDLETIME k").starts_with('('), idle, "{policy}");
        }
    }
}
