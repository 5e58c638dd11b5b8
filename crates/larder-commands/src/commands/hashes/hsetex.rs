//! `HSETEX`: gives fields values and deadlines, all of them or none.

use super::field_options::{Condition, FieldOptions, Kind, Time};
use crate::prelude::*;
use larder_core::value::hash::Hash;
use larder_core::{Edit, Missing};

pub(crate) static HSETEX: Command = Command {
    name: "hsetex",
    summary: "Gives fields of a hash values, and deadlines if you like; on a condition, all of them or none.",
    since: "8.0.0",
    group: Group::Hashes,
    complexity: "O(N*log(M)) for N fields of which M have deadlines",
    arity: -6,
    flags: WRITE | DENYOOM | FAST,
    keys: &[KeySpec::at(1, RW | UPDATE)],
    args: &[
        Arg::key("key"),
        Arg::one_of("condition", &[Arg::word("fnx", "FNX"), Arg::word("fxx", "FXX")]).optional(),
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
        Arg::block(
            "fields",
            &[
                Arg::int("numfields"),
                Arg::block("data", &[Arg::string("field"), Arg::string("value")]).multiple(),
            ],
        )
        .token("FIELDS"),
    ],
    examples: &[
        "HSETEX user EX 60 FIELDS 2 name Ada code 1234",
        "HTTL user FIELDS 2 name code",
        "HSETEX user FNX FIELDS 2 mail a@b code 5678",
        "HSETEX user FXX KEEPTTL FIELDS 1 code 5678",
        "HTTL user FIELDS 1 code",
        "HSETEX user FIELDS 1 code 9",
        "HTTL user FIELDS 1 code",
        "HSETEX user FXX EX 60 KEEPTTL FIELDS 1 code 1",
        "HSETEX user FIELDS 2 code 1",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let FieldOptions { time, condition, fields } = FieldOptions::read(cx, args, Kind::Write)?;
    let now = cx.view.now_ms();
    let set = cx.view.edit::<Hash, _>(&cx.key(args.at(1)), Missing::Create, |edit| {
        let pairs = || fields.chunks_exact(2);
        let goes = match condition {
            Condition::Always => true,
            Condition::IfNone => pairs().all(|pair| !edit.contains(pair[0])),
            Condition::IfAll => pairs().all(|pair| edit.contains(pair[0])),
        };
        if goes {
            set(edit, pairs(), time, now);
        }
        goes
    })?;
    out.int(i64::from(set == Some(true)));
    Ok(Done)
}

fn set<'a>(edit: &mut Edit<'_, Hash>, pairs: impl Iterator<Item = &'a [&'a [u8]]>, time: Time, now_ms: u64) {
    match time {
        // What would be gone again at once is not written, but what was there goes.
        Time::At(deadline) if deadline.is_due(now_ms) => {
            if pairs.filter(|pair| edit.remove(pair[0])).count() > 0 {
                edit.report("hdel");
            }
        }
        Time::At(deadline) => {
            for pair in pairs {
                edit.collection.set(&edit.tools, pair[0], pair[1]);
                edit.collection.set_deadline(&edit.tools, pair[0], Some(deadline));
            }
            edit.report("hset");
            edit.report("hexpire");
        }
        time => {
            for pair in pairs {
                if time == Time::Keep {
                    edit.collection.set_keeping(&edit.tools, pair[0], pair[1]);
                } else {
                    edit.collection.set(&edit.tools, pair[0], pair[1]);
                }
            }
            edit.report("hset");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn all_fields_are_set_or_none() {
        let house = House::new();
        let mut guest = house.guest();
        for (line, answer) in [
            ("HSETEX h FXX FIELDS 1 a 1", "(0)"),
            ("EXISTS h", "(0)"),
            ("HSETEX h FNX EX 100 FIELDS 2 a 1 b 2", "(1)"),
            ("HSETEX h FNX FIELDS 2 c 3 b 4", "(0)"),
            ("HEXISTS h c", "(0)"),
            ("HSETEX h FXX FIELDS 2 c 3 b 4", "(0)"),
            ("HSETEX h FXX KEEPTTL FIELDS 1 a 5", "(1)"),
            ("HSETEX h FIELDS 1 b 6 PX 2000", "(1)"),
            ("HPTTL h FIELDS 2 a b", "[(100000) (2000)]"),
            ("HSETEX h FIELDS 1 a 7", "(1)"),
            ("HTTL h FIELDS 1 a", "[(-1)]"),
            ("HMGET h a b", "[\"7\" \"6\"]"),
            ("HSETEX h KEEPTTL FIELDS 2 c 8 a 9", "(1)"),
            ("HTTL h FIELDS 2 a c", "[(-1) (-1)]"),
        ] {
            assert_eq!(guest.says(line), answer, "{line}");
        }
        house.advance_ms(2_000);
        assert_eq!(guest.says("HSETEX h FNX FIELDS 1 b 1"), "(1)");
    }

    #[test]
    fn a_moment_in_the_past_leaves_nothing() {
        let house = House::new();
        let (mut guest, mut listener) = (house.guest(), house.guest());
        house.instance.configure(&[("notify-keyspace-events", "EA")]).expect("a valid setting");
        listener.says("PSUBSCRIBE __keyevent*");
        assert_eq!(guest.says("HSETEX none EXAT 1 FIELDS 1 a 1"), "(1)");
        assert_eq!(guest.says("EXISTS none"), "(0)");
        guest.says("HSETEX h EX 10 FIELDS 1 a 1");
        assert_eq!(guest.says("HSETEX h PXAT 1 FIELDS 2 a 1 b 2"), "(1)");
        assert_eq!(guest.says("EXISTS h"), "(0)");
        let heard = listener.hears();
        let events: Vec<&str> =
            heard.split("__:").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(events, ["hset", "hexpire", "hdel", "del"], "{heard}");
    }

    #[test]
    fn words_are_checked_before_anything_is_done() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("HSET h a 1");
        let two = "-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified";
        for (line, answer) in [
            ("HSETEX h EX 10 KEEPTTL FIELDS 1 a 2", two),
            ("HSETEX h FNX FXX FIELDS 1 a 2", "-ERR Only one of FXX or FNX arguments can be specified"),
            ("HSETEX h PERSIST FIELDS 1 a 2", "-ERR unknown argument"),
            ("HSETEX h FIELDS 0 a 2", "-ERR invalid number of fields"),
            (
                "HSETEX h FIELDS 9223372036854775807 a 2",
                "-ERR wrong number of arguments for 'hsetex' command",
            ),
            ("HSETEX h FIELDS 1 a 2 b", "-ERR unknown argument"),
            ("HSETEX h EX -5 FIELDS 1 a 2", "-ERR invalid expire time, must be >= 0"),
            ("HSETEX h FNX EX 10 KEEPTTL", two),
            ("HSETEX h FNX EX 10 FIELDS", "-ERR syntax error"),
        ] {
            assert_eq!(guest.says(line), answer, "{line}");
        }
        assert_eq!(guest.says("HGET h a"), "\"1\"");
        guest.says("SET s x");
        assert!(guest.says("HSETEX s FIELDS 1 a 2").starts_with("-WRONGTYPE"));
    }
}
