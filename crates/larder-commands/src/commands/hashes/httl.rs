//! `HTTL`, `HPTTL`, `HEXPIRETIME`, `HPEXPIRETIME`: when fields of a hash die. -1 is answered for never, -2 for no
//! field. Seconds are rounded up: a field that is there has at least one left.

use super::fields::{self, FIELDS, NO_DEADLINE, NO_FIELD};
use crate::prelude::*;
use larder_core::value::hash::Hash;

const ANY: Command = Command {
    since: "7.4.0",
    group: Group::Hashes,
    complexity: "O(N) in the number of fields",
    arity: -5,
    flags: READONLY | FAST,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[Arg::key("key"), FIELDS],
    ..Command::DEFAULT
};

pub(crate) static HTTL: Command = Command {
    name: "httl",
    summary: "Tells how many seconds fields of a hash have to live.",
    tips: &["nondeterministic_output"],
    examples: &[
        "HSET user name Ada code 1234",
        "HEXPIRE user 60 FIELDS 1 code",
        "HTTL user FIELDS 3 name code none",
        "HTTL none FIELDS 1 a",
        "HTTL user FIELDS 0 a",
        "HTTL user 1 a b",
    ],
    run: |cx, args, out| run(cx, args, out, |_, deadline, now| seconds(left_ms(deadline, now))),
    ..ANY
};

pub(crate) static HPTTL: Command = Command {
    name: "hpttl",
    summary: "Tells how many milliseconds fields of a hash have to live.",
    tips: &["nondeterministic_output"],
    examples: &["HSET user name Ada", "HPTTL user FIELDS 2 name none"],
    run: |cx, args, out| run(cx, args, out, |_, deadline, now| left_ms(deadline, now)),
    ..ANY
};

pub(crate) static HEXPIRETIME: Command = Command {
    name: "hexpiretime",
    summary: "Tells at which second of Unix time fields of a hash die.",
    examples: &[
        "HSET user name Ada code 1234",
        "HEXPIREAT user 33177117420 FIELDS 1 code",
        "HEXPIRETIME user FIELDS 3 name code none",
    ],
    run: |cx, args, out| run(cx, args, out, |cx, deadline, _| seconds(cx.unix_ms_of(deadline))),
    ..ANY
};

pub(crate) static HPEXPIRETIME: Command = Command {
    name: "hpexpiretime",
    summary: "Tells at which millisecond of Unix time fields of a hash die.",
    examples: &[
        "HSET user name Ada code 1234",
        "HPEXPIREAT user 33177117420123 FIELDS 1 code",
        "HPEXPIRETIME user FIELDS 3 name code none",
    ],
    run: |cx, args, out| run(cx, args, out, |cx, deadline, _| cx.unix_ms_of(deadline)),
    ..ANY
};

fn seconds(ms: i64) -> i64 {
    ms.saturating_add(999) / 1_000
}

fn left_ms(deadline: Deadline, now_ms: u64) -> i64 {
    deadline.ms().saturating_sub(now_ms) as i64
}

fn run(
    cx: &mut Cx<'_>,
    args: Args<'_>,
    out: &mut dyn Reply,
    told: fn(&Cx<'_>, Deadline, u64) -> i64,
) -> Result<Outcome> {
    let fields = fields::read(args, 2, fields::WRONG_NUMBER)?;
    let key = cx.key(args.at(1));
    let now = cx.view.now_ms();
    let deadlines = cx.view.collection::<Hash>(&key)?.map(|hash| {
        let look = |field: &&[u8]| hash.contains(field).then(|| hash.deadline(field));
        fields.iter().map(look).collect::<Vec<_>>()
    });
    let tell = |deadline| match deadline {
        None => NO_FIELD,
        Some(None) => NO_DEADLINE,
        Some(Some(deadline)) => told(cx, deadline, now),
    };
    fields::answer(out, fields, deadlines.map(|deadlines| deadlines.into_iter().map(tell).collect()));
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn moments_read_back_as_they_were_written() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("HSET h a 1 b 2 c 3");
        guest.says("HPEXPIREAT h 33177117420123 FIELDS 1 a");
        guest.says("HEXPIREAT h 33177117420 FIELDS 1 b");
        assert_eq!(guest.says("HPEXPIRETIME h FIELDS 3 a b c"), "[(33177117420123) (33177117420000) (-1)]");
        assert_eq!(guest.says("HEXPIRETIME h FIELDS 2 a b"), "[(33177117421) (33177117420)]");
        guest.says("HPEXPIRE h 1001 FIELDS 1 c");
        assert_eq!(
            (guest.says("HPTTL h FIELDS 1 c"), guest.says("HTTL h FIELDS 1 c")),
            ("[(1001)]".into(), "[(2)]".into())
        );
        assert_eq!(guest.says("HTTL none FIELDS 2 a b"), "[(-2) (-2)]");
        guest.says("SET s x");
        assert!(guest.says("HTTL s FIELDS 1 a").starts_with("-WRONGTYPE"));
    }
}
