//! `LMOVE`, `RPOPLPUSH` and their waiting forms: an element from one list to another.

use super::ends::{End, shift};
use crate::first_of::holds;
use crate::prelude::*;
use crate::wait_timeout::wait_timeout;
use larder_core::value::list::List;

const KEYS: &[KeySpec] = &[KeySpec::at(1, RW | ACCESS | DELETE), KeySpec::at(2, RW | INSERT)];
const SIDES: [Arg; 2] = [Arg::word("left", "LEFT"), Arg::word("right", "RIGHT")];

pub(crate) static LMOVE: Command = Command {
    name: "lmove",
    summary: "Moves an element from an end of one list to an end of another.",
    since: "6.2.0",
    group: Group::Lists,
    complexity: "O(1)",
    arity: 5,
    flags: WRITE | DENYOOM,
    keys: KEYS,
    args: &[
        Arg::key("source"),
        Arg::key_of("destination", 1),
        Arg::one_of("wherefrom", &SIDES),
        Arg::one_of("whereto", &SIDES),
    ],
    examples: &[
        "RPUSH a 1 2 3",
        "LMOVE a b LEFT RIGHT",
        "LMOVE a b RIGHT LEFT",
        "LRANGE b 0 -1",
        "LMOVE b b LEFT RIGHT",
        "LRANGE b 0 -1",
        "LMOVE none b LEFT LEFT",
        "LMOVE a b UP DOWN",
        "SET s x",
        "LMOVE a s LEFT LEFT",
        "LMOVE none s LEFT LEFT",
        "LRANGE a 0 -1",
    ],
    run: |cx, args, out| {
        let (from, to) = (End::parse(args.at(3))?, End::parse(args.at(4))?);
        once(cx, args, out, from, to)
    },
    ..Command::DEFAULT
};

pub(crate) static RPOPLPUSH: Command = Command {
    name: "rpoplpush",
    summary: "Moves the last element of a list to the front of another.",
    since: "1.2.0",
    group: Group::Lists,
    complexity: "O(1)",
    arity: 3,
    flags: WRITE | DENYOOM,
    keys: KEYS,
    args: &[Arg::key("source"), Arg::key_of("destination", 1)],
    deprecated: Some(("6.2.0", "`LMOVE` with the `RIGHT` and `LEFT` arguments")),
    examples: &["RPUSH a 1 2 3", "RPOPLPUSH a b", "RPOPLPUSH a b", "LRANGE b 0 -1", "RPOPLPUSH none b"],
    run: |cx, args, out| once(cx, args, out, End::Right, End::Left),
    ..Command::DEFAULT
};

pub(crate) static BLMOVE: Command = Command {
    name: "blmove",
    summary: "Moves an element from an end of one list to an end of another; waits for one to come.",
    since: "6.2.0",
    group: Group::Lists,
    complexity: "O(1)",
    arity: 6,
    flags: WRITE | DENYOOM | NOSCRIPT | BLOCKING,
    keys: KEYS,
    args: &[
        Arg::key("source"),
        Arg::key_of("destination", 1),
        Arg::one_of("wherefrom", &SIDES),
        Arg::one_of("whereto", &SIDES),
        Arg::double("timeout"),
    ],
    examples: &[
        "RPUSH a 1 2",
        "BLMOVE a b LEFT RIGHT 1",
        "BLMOVE none b LEFT LEFT 0.01",
        "BLMOVE a b LEFT LEFT -1",
        "BLMOVE a b LEFT LEFT x",
        "BLMOVE a b LEFT UP 1",
    ],
    run: |cx, args, out| {
        let (from, to) = (End::parse(args.at(3))?, End::parse(args.at(4))?);
        waiting(cx, args, out, from, to, 5)
    },
    ..Command::DEFAULT
};

pub(crate) static BRPOPLPUSH: Command = Command {
    name: "brpoplpush",
    summary: "Moves the last element of a list to the front of another; waits for one to come.",
    since: "2.2.0",
    group: Group::Lists,
    complexity: "O(1)",
    arity: 4,
    flags: WRITE | DENYOOM | NOSCRIPT | BLOCKING,
    keys: KEYS,
    args: &[Arg::key("source"), Arg::key_of("destination", 1), Arg::double("timeout")],
    deprecated: Some(("6.2.0", "`BLMOVE` with the `RIGHT` and `LEFT` arguments")),
    examples: &["RPUSH a 1 2", "BRPOPLPUSH a b 1", "BRPOPLPUSH none b 0.01", "BRPOPLPUSH a b x"],
    history: &[("6.0.0", "The timeout may have a fraction.")],
    run: |cx, args, out| waiting(cx, args, out, End::Right, End::Left, 3),
    ..Command::DEFAULT
};

fn once(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, from: End, to: End) -> Result<Outcome> {
    let moved = shift(cx, args.at(1), args.at(2), from, to)?;
    out.bulk_or_null(moved.as_deref());
    Ok(Done)
}

fn waiting(
    cx: &mut Cx<'_>,
    args: Args<'_>,
    out: &mut dyn Reply,
    from: End,
    to: End,
    timeout_at: usize,
) -> Result<Outcome> {
    let timeout_ms = wait_timeout(args.at(timeout_at))?;
    let source = cx.key(args.at(1));
    if holds::<List>(cx, &source)? && !cx.must_queue(&source)? {
        return once(cx, args, out, from, to);
    }
    // Whoever has waited in vain is told so with the nil of a list, as by every command that waits.
    let waits = matches!(cx.caller, Caller::Client | Caller::Waiter);
    Ok(Outcome::Wait(Wait {
        keys: [1].as_slice().into(),
        timeout_ms,
        empty: if waits { Empty::NullArray } else { Empty::Null },
        pinned: Vec::new(),
    }))
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn the_push_is_told_before_the_pop_and_the_end_of_the_source() {
        let house = House::new();
        house.instance.configure(&[("notify-keyspace-events", "EA")]).expect("a valid setting");
        let (mut guest, mut listener) = (house.guest(), house.guest());
        guest.says("RPUSH a 1 2");
        listener.says("PSUBSCRIBE __keyevent*");
        for (line, moved, events) in [
            ("LMOVE a b LEFT RIGHT", "1", &["rpush b", "lpop a"][..]),
            ("LMOVE a a LEFT RIGHT", "2", &["rpush a", "lpop a"]),
            ("RPOPLPUSH a b", "2", &["lpush b", "rpop a", "del a"]),
        ] {
            assert_eq!(guest.says(line), format!("\"{moved}\""), "{line}");
            let heard = listener.hears();
            let told: Vec<String> = heard
                .split("__keyevent@0__:")
                .skip(1)
                .map(|part| part.chars().filter(|c| c.is_alphanumeric() || *c == ' ').take(7).collect())
                .collect();
            let told: Vec<&str> = told.iter().map(|event| event.trim()).collect();
            assert_eq!(told, events, "{line}: {heard}");
        }
        assert_eq!(guest.says("LRANGE b 0 -1"), "[\"2\" \"1\"]");
    }
}
