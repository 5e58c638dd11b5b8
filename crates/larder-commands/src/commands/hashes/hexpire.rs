//! `HEXPIRE`, `HPEXPIRE`, `HEXPIREAT`, `HPEXPIREAT`: give fields of a hash deadlines, on a condition if you like. A
//! deadline that has come already removes the field at once.

use super::fields::{self, FIELDS, NO_FIELD};
use crate::commands::keys::expire::{CONDITIONS, Conditions, Unit};
use crate::prelude::*;
use larder_core::value::hash::Hash;
use larder_core::{Edit, Missing};

const ANY: Command = Command {
    since: "7.4.0",
    group: Group::Hashes,
    complexity: "O(N*log(M)) for N fields of which M have deadlines",
    arity: -6,
    flags: WRITE | DENYOOM | FAST,
    keys: &[KeySpec::at(1, RW | UPDATE)],
    ..Command::DEFAULT
};

pub(crate) static HEXPIRE: Command = Command {
    name: "hexpire",
    summary: "Lets fields of a hash die after so many seconds.",
    args: &[Arg::key("key"), Arg::int("seconds"), CONDITIONS, FIELDS],
    examples: &[
        "HSET user name Ada code 1234 mail a@b",
        "HEXPIRE user 60 FIELDS 3 code mail none",
        "HTTL user FIELDS 3 code mail name",
        "HEXPIRE user 30 GT FIELDS 1 code",
        "HEXPIRE user 30 LT FIELDS 1 code",
        "HEXPIRE user 30 NX FIELDS 2 code name",
        "HEXPIRE user 0 FIELDS 1 mail",
        "HGETALL user",
        "HEXPIRE none 10 FIELDS 2 a b",
        "HEXPIRE user 10 FIELDS 0 a",
        "HEXPIRE user 10 FIELDS 2 a",
        "HEXPIRE user 10 2 a b c",
        "HEXPIRE user -1 FIELDS 1 a",
    ],
    run: |cx, args, out| run(cx, args, out, "hexpire", Unit::SECONDS_FROM_NOW),
    ..ANY
};

pub(crate) static HPEXPIRE: Command = Command {
    name: "hpexpire",
    summary: "Lets fields of a hash die after so many milliseconds.",
    args: &[Arg::key("key"), Arg::int("milliseconds"), CONDITIONS, FIELDS],
    examples: &["HSET user code 1234", "HPEXPIRE user 60000 FIELDS 1 code", "HTTL user FIELDS 1 code"],
    run: |cx, args, out| run(cx, args, out, "hpexpire", Unit::MS_FROM_NOW),
    ..ANY
};

pub(crate) static HEXPIREAT: Command = Command {
    name: "hexpireat",
    summary: "Lets fields of a hash die at a second of Unix time.",
    args: &[Arg::key("key"), Arg::unix_time("unix-time-seconds"), CONDITIONS, FIELDS],
    examples: &[
        "HSET user code 1234 mail a@b",
        "HEXPIREAT user 33177117420 FIELDS 1 code",
        "HEXPIRETIME user FIELDS 1 code",
        "HEXPIREAT user 1 FIELDS 1 mail",
        "HEXISTS user mail",
    ],
    run: |cx, args, out| run(cx, args, out, "hexpireat", Unit::SECONDS_OF_UNIX_TIME),
    ..ANY
};

pub(crate) static HPEXPIREAT: Command = Command {
    name: "hpexpireat",
    summary: "Lets fields of a hash die at a millisecond of Unix time.",
    args: &[Arg::key("key"), Arg::unix_time("unix-time-milliseconds"), CONDITIONS, FIELDS],
    examples: &[
        "HSET user code 1234",
        "HPEXPIREAT user 33177117420123 FIELDS 1 code",
        "HPEXPIRETIME user FIELDS 1 code",
    ],
    run: |cx, args, out| run(cx, args, out, "hpexpireat", Unit::MS_OF_UNIX_TIME),
    ..ANY
};

/// A condition was not met.
const NOT_MET: i64 = 0;
/// The field has the deadline now.
const SET: i64 = 1;
/// The field was removed, since its deadline has come already.
const REMOVED: i64 = 2;

/// The deadline that a number means for a field: it may be now, but no number below zero.
pub(super) fn deadline(cx: &mut Cx<'_>, n: i64, unit: Unit, command: &str) -> Result<Deadline> {
    if n < 0 {
        return Err(Error::general("invalid expire time, must be >= 0"));
    }
    let deadline = unit.deadline(cx, n, command)?;
    // What is farther away than deadlines can be is no deadline.
    if deadline >= Deadline::FIELD_MAX { Err(Error::expire_time(command)) } else { Ok(deadline) }
}

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, name: &str, unit: Unit) -> Result<Outcome> {
    let condition = Conditions::named(args.at(3));
    let fields = fields::read(args, if condition.is_some() { 4 } else { 3 }, fields::WRONG_NUMBER)?;
    let condition = condition.unwrap_or(Conditions::NONE);
    let deadline = deadline(cx, args.int(2)?, unit, name)?;
    let now = cx.view.now_ms();
    let answers = cx.view.edit::<Hash, _>(&cx.key(args.at(1)), Missing::Skip, |edit| {
        let answers: Vec<i64> =
            fields.iter().map(|field| expire(edit, field, condition, deadline, now)).collect();
        if answers.contains(&SET) {
            edit.report("hexpire");
        }
        if answers.contains(&REMOVED) {
            edit.report("hdel");
        }
        answers
    })?;
    fields::answer(out, fields, answers);
    Ok(Done)
}

fn expire(
    edit: &mut Edit<'_, Hash>,
    field: &[u8],
    condition: Conditions,
    deadline: Deadline,
    now_ms: u64,
) -> i64 {
    if !edit.contains(field) {
        return NO_FIELD;
    }
    if !condition.allow(edit.deadline(field), deadline) {
        return NOT_MET;
    }
    if deadline.is_due(now_ms) {
        edit.remove(field);
        return REMOVED;
    }
    edit.collection.set_deadline(&edit.tools, field, Some(deadline));
    SET
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn a_field_dies_at_its_deadline_for_every_command() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("HSET h a 1 b 2 c 3");
        assert_eq!(guest.says("HPEXPIRE h 1500 FIELDS 2 a b"), "[(1) (1)]");
        assert_eq!(guest.says("OBJECT ENCODING h"), "\"listpackex\"");
        assert_eq!(guest.says("HTTL h FIELDS 4 a b c d"), "[(2) (2) (-1) (-2)]");
        house.advance_ms(1_499);
        assert_eq!(guest.says("HPTTL h FIELDS 1 a"), "[(1)]");
        assert_eq!(guest.says("HLEN h"), "(3)");
        house.advance_ms(1);
        for (line, answer) in [
            ("HGET h a", "nil"),
            ("HMGET h a b c", "[nil nil \"3\"]"),
            ("HGETALL h", "{\"c\": \"3\"}"),
            ("HKEYS h", "[\"c\"]"),
            ("HVALS h", "[\"3\"]"),
            ("HLEN h", "(1)"),
            ("HEXISTS h a", "(0)"),
            ("HSTRLEN h a", "(0)"),
            ("HRANDFIELD h -2", "[\"c\" \"c\"]"),
            ("HSCAN h 0", "[\"0\" [\"c\" \"3\"]]"),
            ("HDEL h a", "(0)"),
            ("HTTL h FIELDS 2 a c", "[(-2) (-1)]"),
            ("OBJECT ENCODING h", "\"listpack\""),
            ("HSETNX h a 9", "(1)"),
            ("HINCRBY h b 1", "(1)"),
            ("HINCRBYFLOAT h d 0.5", "\"0.5\""),
        ] {
            assert_eq!(guest.says(line), answer, "{line}");
        }
    }

    #[test]
    fn a_write_of_a_value_ends_a_deadline_and_a_change_of_it_does_not() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("HSET h a 1 b 1 c 1 d 1");
        guest.says("HEXPIRE h 100 FIELDS 4 a b c d");
        guest.says("HSET h a 2");
        guest.says("HINCRBY h b 1");
        guest.says("HINCRBYFLOAT h c 1");
        guest.says("HSETNX h d 2");
        assert_eq!(guest.says("HTTL h FIELDS 4 a b c d"), "[(-1) (100) (100) (100)]");
        guest.says("HMSET h b 5");
        assert_eq!(guest.says("HTTL h FIELDS 2 a b"), "[(-1) (-1)]");
    }

    #[test]
    fn no_deadline_counts_as_one_that_never_comes() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("HSET h a 1");
        for (line, answer) in [
            ("HEXPIRE h 10 GT FIELDS 1 a", "[(0)]"),
            ("HEXPIRE h 10 XX FIELDS 1 a", "[(0)]"),
            ("HEXPIRE h 10 LT FIELDS 1 a", "[(1)]"),
            ("HEXPIRE h 10 LT FIELDS 1 a", "[(0)]"),
            ("HEXPIRE h 10 GT FIELDS 1 a", "[(0)]"),
            ("HEXPIRE h 11 gt fields 1 a", "[(1)]"),
            ("HEXPIRE h 12 NX FIELDS 1 a", "[(0)]"),
            ("HEXPIRE h 12 XX FIELDS 1 a", "[(1)]"),
            // The condition is asked before the moment.
            ("HEXPIREAT h 1 GT FIELDS 1 a", "[(0)]"),
            ("HEXPIREAT h 1 LT FIELDS 2 a a", "[(2) (-2)]"),
            ("EXISTS h", "(0)"),
        ] {
            assert_eq!(guest.says(line), answer, "{line}");
        }
    }

    #[test]
    fn words_are_checked_before_the_key() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("SET s x");
        let no_fields = "-ERR Mandatory argument FIELDS is missing or not at the right position";
        for (line, answer) in [
            ("HEXPIRE s 10 FIELDS 1 a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
            ("HEXPIRE s 10 NX XX FIELDS 1 a", no_fields),
            ("HEXPIRE s 10 1 a b", no_fields),
            ("HEXPIRE s 10 FIELDS x a", "-ERR Parameter `numFields` should be greater than 0"),
            ("HEXPIRE s 10 FIELDS 0 a", "-ERR Parameter `numFields` should be greater than 0"),
            (
                "HEXPIRE s 10 FIELDS 1 a b",
                "-ERR The `numfields` parameter must match the number of arguments",
            ),
            ("HEXPIRE s 10 NX FIELDS 1", "-ERR The `numfields` parameter must match the number of arguments"),
            ("HEXPIRE s x FIELDS 1 a", "-ERR value is not an integer or out of range"),
            ("HEXPIRE s -1 FIELDS 1 a", "-ERR invalid expire time, must be >= 0"),
            ("HEXPIRE s 9223372036854775807 FIELDS 1 a", "-ERR invalid expire time in 'hexpire' command"),
            ("HPEXPIRE s 9223372036854775807 FIELDS 1 a", "-ERR invalid expire time in 'hpexpire' command"),
            ("HPEXPIREAT s 999999999999999 FIELDS 1 a", "-ERR invalid expire time in 'hpexpireat' command"),
            ("HEXPIRE s 10 FIELDS 1", "-ERR wrong number of arguments for 'hexpire' command"),
        ] {
            assert_eq!(guest.says(line), answer, "{line}");
        }
    }

    #[test]
    fn deadlines_go_where_the_hash_goes() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("HSET h a 1 b 2");
        guest.says("HPEXPIRE h 500 FIELDS 1 a");
        guest.says("COPY h copied");
        guest.says("RENAME h renamed");
        guest.says("COPY renamed moved");
        guest.says("MOVE moved 1");
        house.advance_ms(499);
        assert_eq!(guest.says("HLEN copied"), "(2)");
        house.advance_ms(1);
        assert_eq!(guest.says("HGETALL copied"), "{\"b\": \"2\"}");
        assert_eq!(guest.says("HGETALL renamed"), "{\"b\": \"2\"}");
        guest.says("SWAPDB 0 1");
        assert_eq!(guest.says("HGETALL moved"), "{\"b\": \"2\"}");
        guest.says("HPEXPIRE moved 500 FIELDS 1 b");
        guest.says("SWAPDB 0 1");
        house.advance_ms(500);
        guest.says("SELECT 1");
        assert_eq!(guest.says("DBSIZE"), "(0)");
    }

    #[test]
    fn a_sort_does_not_see_a_field_that_died() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("RPUSH l 1 2");
        guest.says("HSET w_1 w 9 n one");
        guest.says("HSET w_2 w 1 n two");
        assert_eq!(guest.says("SORT l BY w_*->w GET w_*->n"), "[\"two\" \"one\"]");
        guest.says("HPEXPIRE w_1 10 FIELDS 2 w n");
        house.advance_ms(10);
        assert_eq!(guest.says("SORT l BY w_*->w GET w_*->n"), "[nil \"two\"]");
    }

    #[test]
    fn whoever_listens_hears_of_it_once() {
        let house = House::new();
        let (mut guest, mut listener, mut watcher) = (house.guest(), house.guest(), house.guest());
        house.instance.configure(&[("notify-keyspace-events", "EA")]).expect("a valid setting");
        listener.says("PSUBSCRIBE __keyevent*");
        guest.says("HSET h a 1 b 2 c 3 d 4");
        guest.says("HPEXPIRE h 10 FIELDS 2 a b");
        guest.says("HPEXPIRE h 10 XX FIELDS 1 c");
        guest.says("HPEXPIRE h 0 FIELDS 1 c");
        watcher.says("WATCH h");
        house.advance_ms(10);
        watcher.says("MULTI");
        assert_eq!(watcher.says("EXEC"), "nil[]");
        guest.says("HPEXPIRE h 10 FIELDS 1 d");
        house.advance_ms(10);
        let heard = listener.hears();
        let events: Vec<&str> =
            heard.split("__:").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let expected = ["hset", "hexpire", "hdel", "hexpired", "hexpire", "hexpired", "del"];
        assert_eq!(events, expected, "{heard}");
        assert!(guest.says("INFO stats").contains("expired_subkeys:3"));
        guest.says("HSET h a 1");
        guest.says("HEXPIRE h 10 FIELDS 1 a");
        assert!(guest.says("INFO keyspace").contains("db0:keys=1,expires=0,avg_ttl=0,subexpiry=1"));
    }
}
