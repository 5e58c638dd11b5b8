//! `HGETEX`: values of fields, and then something about the fields' deadlines.

use super::field_options::{FieldOptions, Kind, Time};
use super::fields::FIELDS;
use crate::prelude::*;
use larder_core::value::hash::Hash;
use larder_core::{Edit, Missing};

pub(crate) static HGETEX: Command = Command {
    name: "hgetex",
    summary: "Returns the values of fields, and sets or removes the fields' deadlines.",
    since: "8.0.0",
    group: Group::Hashes,
    complexity: "O(N*log(M)) for N fields of which M have deadlines",
    arity: -5,
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
        FIELDS,
    ],
    examples: &[
        "HSET user name Ada code 1234",
        "HGETEX user EX 60 FIELDS 2 code none",
        "HTTL user FIELDS 2 name code",
        "HGETEX user PERSIST FIELDS 1 code",
        "HTTL user FIELDS 1 code",
        "HGETEX user FIELDS 1 name",
        "HGETEX none FIELDS 2 a b",
        "HGETEX user EX 10 PX 10 FIELDS 1 name",
        "HGETEX user PXAT 1 FIELDS 1 code",
        "HGETALL user",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let FieldOptions { time, fields, .. } = FieldOptions::read(cx, args, Kind::Read)?;
    let now = cx.view.now_ms();
    let found = cx.view.edit::<Hash, _>(&cx.key(args.at(1)), Missing::Skip, |edit| {
        let mut changed = 0;
        out.array(fields.len());
        for field in fields {
            let value = edit.get(field);
            out.string_or_null(value);
            changed += usize::from(value.is_some() && change(edit, field, time, now));
        }
        if changed > 0 {
            edit.report(match time {
                Time::Persist => "hpersist",
                Time::At(deadline) if deadline.is_due(now) => "hdel",
                _ => "hexpire",
            });
        }
    })?;
    if found.is_none() {
        out.array(fields.len());
        fields.iter().for_each(|_| out.null());
    }
    Ok(Done)
}

/// Does to a field that is there what was asked for. Says whether that changed anything.
fn change(edit: &mut Edit<'_, Hash>, field: &[u8], time: Time, now_ms: u64) -> bool {
    match time {
        Time::Unsaid | Time::Keep => false,
        Time::Persist => {
            let had = edit.deadline(field).is_some();
            edit.collection.set_deadline(&edit.tools, field, None);
            had
        }
        Time::At(deadline) if deadline.is_due(now_ms) => edit.remove(field),
        Time::At(deadline) => edit.collection.set_deadline(&edit.tools, field, Some(deadline)),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn each_time_is_understood() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("HSET h a 1 b 2 c 3");
        assert_eq!(guest.says("HGETEX h EX 10 FIELDS 2 a x"), "[\"1\" nil]");
        assert_eq!(guest.says("HGETEX h FIELDS 1 b PX 1500"), "[\"2\"]");
        assert_eq!(guest.says("HPTTL h FIELDS 3 a b c"), "[(10000) (1500) (-1)]");
        guest.says("HGETEX h EXAT 33177117420 FIELDS 1 a");
        guest.says("HGETEX h PXAT 33177117420001 FIELDS 1 b");
        assert_eq!(guest.says("HPEXPIRETIME h FIELDS 2 a b"), "[(33177117420000) (33177117420001)]");
        assert_eq!(guest.says("HGETEX h FIELDS 1 a"), "[\"1\"]");
        guest.says("HGETEX h PERSIST FIELDS 2 b c");
        assert_eq!(guest.says("HPEXPIRETIME h FIELDS 2 a b"), "[(33177117420000) (-1)]");
        assert_eq!(guest.says("HGETEX h EX 0 FIELDS 3 a b c"), "[\"1\" \"2\" \"3\"]");
        assert_eq!(guest.says("EXISTS h"), "(0)");
        assert_eq!(guest.says("HGETEX h EX 10 FIELDS 1 a"), "[nil]");
    }

    #[test]
    fn words_are_checked_before_anything_is_done() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("HSET h a 1");
        let two = "-ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified";
        for (line, answer) in [
            ("HGETEX h EX 10 PX 10 FIELDS 1 a", two),
            ("HGETEX h PERSIST EX 10 FIELDS 1 a", two),
            ("HGETEX h EX x FIELDS 1 a", "-ERR value is not an integer or out of range"),
            ("HGETEX h EX -1 FIELDS 1 a", "-ERR invalid expire time, must be >= 0"),
            ("HGETEX h PX 9223372036854775807 FIELDS 1 a", "-ERR invalid expire time in 'hgetex' command"),
            ("HGETEX h FIELDS 0 a", "-ERR invalid number of fields"),
            ("HGETEX h FIELDS 2 a", "-ERR wrong number of arguments for 'hgetex' command"),
            ("HGETEX h FIELDS 1 a b", "-ERR unknown argument"),
            ("HGETEX h KEEPTTL FIELDS 1 a", "-ERR unknown argument"),
            ("HGETEX h FNX FIELDS 1 a", "-ERR unknown argument"),
            ("HGETEX h FIELDS 1 a FIELDS 1 a", "-ERR unknown argument"),
            ("HGETEX h EX 10 PERSIST", two),
            ("HGETEX h EXAT 33177117420 a b", "-ERR unknown argument"),
        ] {
            assert_eq!(guest.says(line), answer, "{line}");
        }
        assert_eq!(guest.says("HTTL h FIELDS 1 a"), "[(-1)]");
    }

    #[test]
    fn events_tell_what_became_of_deadlines() {
        let house = House::new();
        let (mut guest, mut listener) = (house.guest(), house.guest());
        house.instance.configure(&[("notify-keyspace-events", "EA")]).expect("a valid setting");
        listener.says("PSUBSCRIBE __keyevent*");
        guest.says("HSET h a 1");
        guest.says("HGETEX h FIELDS 1 a");
        guest.says("HGETEX h PERSIST FIELDS 1 a");
        guest.says("HGETEX h EX 10 FIELDS 1 a");
        guest.says("HGETEX h PERSIST FIELDS 1 a");
        guest.says("HGETEX h EXAT 1 FIELDS 1 a");
        let heard = listener.hears();
        let events: Vec<&str> =
            heard.split("__:").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(events, ["hset", "hexpire", "hpersist", "hdel", "del"], "{heard}");
    }
}
