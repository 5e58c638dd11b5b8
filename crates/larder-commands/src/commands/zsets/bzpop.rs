//! `BZPOPMIN`, `BZPOPMAX`: take a member from the first sorted set that has one, and wait for one to come.

use super::ends::{End, pop};
use super::members::Shape;
use crate::first_of::{take_first, wait};
use crate::prelude::*;
use crate::wait_timeout::wait_timeout;
use larder_core::value::zset::Zset;

const BASE: Command = Command {
    since: "5.0.0",
    group: Group::SortedSets,
    complexity: "O(K+log(N)): K keys, N members in the set",
    arity: -3,
    flags: WRITE | NOSCRIPT | BLOCKING | FAST,
    keys: &[KeySpec::range(1, -2, 1, RW | ACCESS | DELETE)],
    args: &[Arg::key("key").multiple(), Arg::double("timeout")],
    history: &[("6.0.0", "The timeout may have a fraction.")],
    ..Command::DEFAULT
};

pub(crate) static BZPOPMIN: Command = Command {
    name: "bzpopmin",
    summary: "Takes the member with the lowest score of the first sorted set that has one; waits for one to come.",
    examples: &[
        "ZADD b 1 x 2.5 y",
        "BZPOPMIN a b 1",
        "BZPOPMIN a b 0",
        "BZPOPMIN a b 0.01",
        "BZPOPMIN a -1",
        "BZPOPMIN a x",
        "SET s x",
        "BZPOPMIN a s 1",
        "MULTI",
        "BZPOPMIN a 0",
        "EXEC",
    ],
    run: |cx, args, out| run(cx, args, out, End::Min),
    ..BASE
};

pub(crate) static BZPOPMAX: Command = Command {
    name: "bzpopmax",
    summary: "Takes the member with the highest score of the first sorted set that has one; waits for one to come.",
    examples: &["ZADD b 1 x 2 y", "BZPOPMAX a b 1", "BZPOPMAX a b 0", "BZPOPMAX a b 0.01"],
    run: |cx, args, out| run(cx, args, out, End::Max),
    ..BASE
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, end: End) -> Result<Outcome> {
    let last = args.len() - 1;
    let timeout_ms = wait_timeout(args.at(last))?;
    let taken = take_first::<Zset>(cx, args, 1..last, |cx, name, key| {
        let heading = |out: &mut dyn Reply, _| {
            out.array(3);
            out.bulk(name);
            Shape::FLAT
        };
        pop(cx, key, end, 1, out, heading)
    })?;
    Ok(if taken { Done } else { wait(1..last, timeout_ms) })
}

#[cfg(test)]
mod tests {
    use crate::reply::Protocol;
    use crate::testing::House;

    #[test]
    fn who_waits_longest_is_served_first() {
        let house = House::new();
        let (mut first, mut second, mut other) = (house.guest(), house.guest(), house.guest());
        assert_eq!(first.says("BZPOPMIN a b 0"), "(waits)");
        assert_eq!(second.says("BZPOPMAX b 0"), "(waits)");
        assert_eq!(other.says("ZADD b 1 x 2 y 3 z"), "(3)");
        assert_eq!(first.hears(), "[\"b\" \"x\" ,1]");
        assert_eq!(second.hears(), "[\"b\" \"z\" ,3]");
        assert_eq!(other.says("ZRANGE b 0 -1"), "[\"y\"]");
    }

    #[test]
    fn results_that_are_stored_serve_too_and_other_types_do_not() {
        let house = House::new();
        let (mut waiting, mut other) = (house.guest().speaks(Protocol::Resp3), house.guest());
        other.says("ZADD src 1.5 x");
        assert_eq!(waiting.says("BZMPOP 0 2 a b MAX COUNT 2"), "(waits)");
        other.says("SET b 1");
        other.says("SADD a m");
        assert_eq!(waiting.hears(), "");
        assert_eq!(other.says("ZUNIONSTORE b 2 src a"), "(2)");
        assert_eq!(waiting.hears(), "[\"b\" [[\"x\" ,1.5] [\"m\" ,1]]]");
        assert_eq!(other.says("EXISTS b"), "(0)");
    }
}
