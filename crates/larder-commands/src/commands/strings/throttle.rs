//! `CL.THROTTLE`: a limiter without windows, in one step: Larder's own verb for what scripts of a dozen lines do
//! elsewhere. It has the name, the words and the answer of the module redis-cell (and of Dragonfly, which took them
//! over), so that whoever uses one can use the other; its README is what this was written after.
//!
//! How it counts stands with [`larder_core::Rate`]. Seconds are rounded up: whoever waits for as long as the answer
//! says finds the door open.

use crate::prelude::*;
use larder_core::Rate;
use std::time::Duration;

pub(crate) static THROTTLE: Command = Command {
    name: "cl.throttle",
    summary: "Asks a limiter whether something may be done now: so many in a period, and a burst on top.",
    since: "0.1.0",
    group: Group::Strings,
    arity: -5,
    flags: WRITE | DENYOOM | FAST,
    keys: &[KeySpec::at(1, RW | ACCESS | UPDATE)],
    args: &[
        Arg::key("key"),
        Arg::int("max_burst"),
        Arg::int("count"),
        Arg::int("period"),
        Arg::int("quantity").optional(),
    ],
    examples: &[
        "CL.THROTTLE user123 15 30 60",
        "CL.THROTTLE user123 15 30 60 15",
        "CL.THROTTLE user123 15 30 60",
        "CL.THROTTLE user123 15 30 60 0",
        "CL.THROTTLE user123 15 30 60 17",
        "CL.THROTTLE user123 15 0 60",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    if args.len() > 6 {
        return Err(Error::arity(cx.entry.command.name));
    }
    let number = |at: usize| u64::try_from(args.int(at)?).map_err(|_| Error::OUT_OF_RANGE);
    let (burst, count, period) = (number(2)?, number(3)?, number(4)?);
    let cost = if args.len() == 6 { number(5)? } else { 1 };
    let rate = Rate::new(count, Duration::from_secs(period)).and_then(|rate| rate.with_burst(burst));
    let key = cx.key(args.at(1));
    let verdict = cx.view.throttle(&key, rate.ok_or(Error::OUT_OF_RANGE)?, cost)?;
    out.array(5);
    out.int(i64::from(!verdict.is_allowed));
    out.int(whole(verdict.limit));
    out.int(whole(verdict.remaining));
    out.int(verdict.retry_after.map_or(-1, seconds));
    out.int(seconds(verdict.reset_after));
    Ok(Done)
}

fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn seconds(time: Duration) -> i64 {
    whole(time.as_secs() + u64::from(time.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn a_burst_and_then_the_rate() {
        let house = House::new();
        let mut guest = house.guest();
        for (line, expected) in [
            ("CL.THROTTLE u 15 30 60", "[(0) (16) (15) (-1) (2)]"),
            ("CL.THROTTLE u 15 30 60 15", "[(0) (16) (0) (-1) (32)]"),
            ("CL.THROTTLE u 15 30 60", "[(1) (16) (0) (2) (32)]"),
            ("CL.THROTTLE u 15 30 60 0", "[(0) (16) (0) (-1) (32)]"),
            ("CL.THROTTLE u 15 30 60 17", "[(1) (16) (0) (-1) (32)]"),
            ("PTTL u", "(32000)"),
        ] {
            assert_eq!(guest.says(line), expected, "{line}");
        }
        house.advance_ms(1_999);
        assert_eq!(guest.says("cl.throttle u 15 30 60"), "[(1) (16) (0) (1) (31)]");
        house.advance_ms(1);
        assert_eq!(guest.says("cl.throttle u 15 30 60"), "[(0) (16) (0) (-1) (32)]");
    }

    #[test]
    fn copies_and_transactions_take_it_along() {
        let house = House::new();
        let mut guest = house.guest();
        assert_eq!(guest.says("CL.THROTTLE u 0 1 10"), "[(0) (1) (0) (-1) (10)]");
        guest.says("COPY u v");
        assert_eq!(guest.says("CL.THROTTLE v 0 1 10"), "[(1) (1) (0) (10) (10)]");
        guest.says("DEL u");
        guest.says("MULTI");
        guest.says("CL.THROTTLE u 0 1 10");
        guest.says("CL.THROTTLE u 0 1 10");
        assert_eq!(guest.says("EXEC"), "[[(0) (1) (0) (-1) (10)] [(1) (1) (0) (10) (10)]]");
    }

    #[test]
    fn what_makes_no_sense_is_an_error() {
        let house = House::new();
        let mut guest = house.guest();
        for line in [
            "CL.THROTTLE u -1 1 1",
            "CL.THROTTLE u 1 0 1",
            "CL.THROTTLE u 1 1 0",
            "CL.THROTTLE u 1 1 1 -1",
            "CL.THROTTLE u 9223372036854775807 1 9223372036854775807",
        ] {
            assert_eq!(guest.says(line), "-ERR value is out of range", "{line}");
        }
        assert_eq!(guest.says("CL.THROTTLE u 1 1 x"), "-ERR value is not an integer or out of range");
        assert_eq!(
            guest.says("CL.THROTTLE u 1 1 1 1 1"),
            "-ERR wrong number of arguments for 'cl.throttle' command"
        );
        assert_eq!(guest.says("EXISTS u"), "(0)");
    }
}
