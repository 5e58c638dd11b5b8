//! `INCREX`: a counter with bounds and a deadline in one step, which is what a limiter that counts by windows needs:
//! `INCREX calls:ada UBOUND 100 EX 60 ENX` answers `[n, 1]`, or `[100, 0]` once the window is full.
//!
//! Written after the command's page in the documentation of Redis 8.8. Where that is silent: an option given twice is
//! a syntax error; a number that is infinite to begin with cannot be counted on.

use super::expiry_options::{ExpiryOption, Time};
use crate::long_double::LongDouble;
use crate::prelude::*;
use larder_core::value::string::IntText;

pub(crate) static INCREX: Command = Command {
    name: "increx",
    summary: "Adds to the number of a key within bounds, and sets or removes its deadline: a limiter in one step.",
    since: "8.8.0",
    group: Group::Strings,
    arity: -2,
    flags: WRITE | DENYOOM | FAST,
    keys: &[KeySpec::at(1, RW | ACCESS | UPDATE)],
    args: &[
        Arg::key("key"),
        Arg::one_of(
            "increment",
            &[Arg::double("float").token("BYFLOAT"), Arg::int("integer").token("BYINT")],
        )
        .optional(),
        Arg::word("saturate", "SATURATE").optional(),
        Arg::string("lowerbound").token("LBOUND").optional(),
        Arg::string("upperbound").token("UBOUND").optional(),
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
        Arg::word("enx", "ENX").optional(),
    ],
    examples: &[
        "INCREX calls UBOUND 2 EX 60 ENX",
        "INCREX calls UBOUND 2 EX 60 ENX",
        "INCREX calls UBOUND 2 EX 60 ENX",
        "TTL calls",
        "INCREX stock BYINT -5 LBOUND 0",
        "INCREX stock BYINT 15 UBOUND 10 SATURATE",
        "INCREX stock PERSIST",
        "INCREX sum BYFLOAT 0.25 PX 1500",
        "INCREX sum BYINT 1",
        "INCREX sum LBOUND 2 UBOUND 1",
        "INCREX sum ENX",
    ],
    run,
    ..Command::DEFAULT
};

/// What to add.
enum By {
    Int(i64),
    Float(LongDouble),
}

/// The range of what may come of it.
struct Bounds<N> {
    lower: N,
    upper: N,
    saturate: bool,
}

impl<N: PartialOrd> Bounds<N> {
    fn new(lower: N, upper: N, saturate: bool) -> Result<Bounds<N>> {
        if lower <= upper {
            return Ok(Bounds { lower, upper, saturate });
        }
        Err(Error::general("LBOUND can't be greater than UBOUND"))
    }

    /// What becomes of a sum; `None` where all stays as it was.
    fn admit(self, sum: N) -> Option<N> {
        match () {
            () if sum < self.lower => self.saturate.then_some(self.lower),
            () if sum > self.upper => self.saturate.then_some(self.upper),
            () => Some(sum),
        }
    }
}

/// The line, before numbers are read that mean one thing or the other by what else is in it.
#[derive(Default)]
struct Asked<'a> {
    int: Option<&'a [u8]>,
    float: Option<&'a [u8]>,
    lower: Option<&'a [u8]>,
    upper: Option<&'a [u8]>,
    saturate: bool,
    time: Time<'a>,
    only_without_deadline: bool,
}

impl<'a> Asked<'a> {
    fn read(args: Args<'a>) -> Result<Asked<'a>> {
        let mut asked = Asked::default();
        let mut options = args.options(2);
        while let Some(option) = options.next() {
            let slot = match () {
                () if is(option, "BYINT") => &mut asked.int,
                () if is(option, "BYFLOAT") => &mut asked.float,
                () if is(option, "LBOUND") => &mut asked.lower,
                () if is(option, "UBOUND") => &mut asked.upper,
                () => {
                    let again = match () {
                        () if is(option, "SATURATE") => std::mem::replace(&mut asked.saturate, true),
                        () if is(option, "ENX") => std::mem::replace(&mut asked.only_without_deadline, true),
                        () => {
                            let again = asked.time != Time::None;
                            asked.time.read(option, &mut options, ExpiryOption::PERSIST)?;
                            again
                        }
                    };
                    if again {
                        return Err(Error::SYNTAX);
                    }
                    continue;
                }
            };
            if slot.replace(options.value()?).is_some() {
                return Err(Error::SYNTAX);
            }
        }
        if asked.int.is_some() && asked.float.is_some() {
            return Err(Error::SYNTAX);
        }
        match asked.time {
            Time::None if asked.only_without_deadline => {
                Err(Error::general("ENX flag requires an expiration"))
            }
            Time::Persist if asked.only_without_deadline => Err(Error::SYNTAX),
            _ => Ok(asked),
        }
    }

    fn by(&self) -> Result<By> {
        match (self.int, self.float) {
            (_, Some(text)) => match LongDouble::parse(text) {
                Some(by) if by.is_finite() => Ok(By::Float(by)),
                Some(_) => Err(Error::general("BYFLOAT increment cannot be Infinity")),
                None => Err(not_float("Increment")),
            },
            (Some(text), None) => parse_int(text).map(By::Int).ok_or_else(|| not_int("Increment")),
            (None, None) => Ok(By::Int(1)),
        }
    }

    /// Bounds of whole numbers; sums of 64 bits fit into 128.
    fn int_bounds(&self) -> Result<Bounds<i128>> {
        let read = |text: Option<&[u8]>, name, other| match text {
            Some(text) => parse_int(text).ok_or_else(|| not_int(name)),
            None => Ok(other),
        };
        let lower = read(self.lower, "LBOUND", i64::MIN)?;
        let upper = read(self.upper, "UBOUND", i64::MAX)?;
        Bounds::new(lower.into(), upper.into(), self.saturate)
    }

    fn float_bounds(&self) -> Result<Bounds<LongDouble>> {
        let read = |text: Option<&[u8]>, name, other| match text {
            Some(text) => LongDouble::parse(text).map(LongDouble::clamped).ok_or_else(|| not_float(name)),
            None => Ok(other),
        };
        let lower = read(self.lower, "LBOUND", LongDouble::largest().negated())?;
        Bounds::new(lower, read(self.upper, "UBOUND", LongDouble::largest())?, self.saturate)
    }

    /// What becomes of the deadline of a key that has one, or has none.
    fn expiry(&self, new: Expiry, has_deadline: bool) -> Expiry {
        if self.only_without_deadline && has_deadline { Expiry::Keep } else { new }
    }
}

fn not_int(what: &str) -> Error {
    Error::general(format_args!("{what} is not an integer or out of range"))
}

fn not_float(what: &str) -> Error {
    Error::general(format_args!("{what} is not a valid float"))
}

/// What happened to the key.
#[derive(Default)]
struct Changed {
    had_deadline: bool,
    expiry: Option<Expiry>,
}

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let asked = Asked::read(args)?;
    let by = asked.by()?;
    let key = cx.key(args.at(1));
    match by {
        By::Int(by) => {
            let bounds = asked.int_bounds()?;
            let new = new_expiry(cx, asked.time)?;
            let (changed, reply) = cx.view.update_int(&key, |old| {
                let current = old.map_or(0, |old| old.value);
                let had_deadline = old.is_some_and(|old| old.deadline.is_some());
                let unchanged = Changed { had_deadline, expiry: None };
                let Some(goal) = bounds.admit(i128::from(current) + i128::from(by)) else {
                    return (None, (unchanged, Ok((current, 0))));
                };
                // The bounds are of 64 bits, so the goal is; the way to it may be longer.
                let goal = goal as i64;
                let Some(delta) = goal.checked_sub(current) else {
                    return (None, (unchanged, Err(Error::OVERFLOW)));
                };
                let expiry = asked.expiry(new, had_deadline);
                let changed = Changed { had_deadline, expiry: Some(expiry) };
                (Some((goal, expiry)), (changed, Ok((goal, delta))))
            })?;
            let (value, delta) = reply?;
            report(cx, &key, &changed, "incrby")?;
            out.array(2);
            out.int(value);
            out.int(delta);
        }
        By::Float(by) => {
            let bounds = asked.float_bounds()?;
            let new = new_expiry(cx, asked.time)?;
            let (value, delta) = add_float(cx, &key, by, bounds, |had| asked.expiry(new, had))?;
            out.array(2);
            float(out, value);
            float(out, delta);
        }
    }
    Ok(Done)
}

fn new_expiry(cx: &mut Cx<'_>, time: Time<'_>) -> Result<Expiry> {
    match time {
        Time::None => Ok(Expiry::Keep),
        time => time.expiry(cx, "increx"),
    }
}

/// Gives the new number, and what was added.
fn add_float(
    cx: &mut Cx<'_>,
    key: &Key<'_>,
    by: LongDouble,
    bounds: Bounds<LongDouble>,
    expiry: impl FnOnce(bool) -> Expiry,
) -> Result<(LongDouble, LongDouble)> {
    let (current, had_deadline) = match cx.view.peek(key)? {
        Some(entry) => {
            let text = entry.string()?;
            (LongDouble::parse(text.as_bytes(&mut IntText::new())), entry.deadline().is_some())
        }
        None => (Some(LongDouble::ZERO), false),
    };
    let current = current.ok_or(Error::NOT_FLOAT)?;
    if !current.is_finite() {
        return Err(Error::NOT_FINITE);
    }
    let sum = current.sum(by);
    let Some(goal) = bounds.admit(sum) else { return Ok((current, LongDouble::ZERO)) };
    let delta = if goal == sum { by } else { goal.plus(current.negated()).ok_or(Error::NOT_FINITE)? };
    let expiry = expiry(had_deadline);
    cx.view.set_text(key, goal.text().as_bytes(), expiry)?;
    report(cx, key, &Changed { had_deadline, expiry: Some(expiry) }, "incrbyfloat")?;
    Ok((goal, delta))
}

fn report(cx: &mut Cx<'_>, key: &Key<'_>, changed: &Changed, event: &'static str) -> Result<()> {
    let Some(expiry) = changed.expiry else { return Ok(()) };
    cx.view.report(key, event, Class::STRING)?;
    match expiry {
        Expiry::At(_) => cx.view.report(key, "expire", Class::GENERIC)?,
        Expiry::Never if changed.had_deadline => cx.view.report(key, "persist", Class::GENERIC)?,
        Expiry::Never | Expiry::Keep => {}
    }
    Ok(())
}

/// RESP3 has numbers for it; RESP2 reads the text that is kept.
fn float(out: &mut dyn Reply, number: LongDouble) {
    let text = number.text();
    match out.protocol() {
        Protocol::Resp3 => out.double(text.parse().unwrap_or(f64::NAN)),
        Protocol::Resp2 => out.bulk(text.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn a_window_counts_up_to_its_bound_and_begins_anew() {
        let house = House::new();
        let mut guest = house.guest();
        let call = "INCREX calls UBOUND 2 EX 60 ENX";
        for expected in ["[(1) (1)]", "[(2) (1)]", "[(2) (0)]"] {
            assert_eq!(guest.says(call), expected);
            house.advance_ms(10_000);
        }
        assert_eq!(guest.says("TTL calls"), "(30)");
        house.advance_ms(30_000);
        assert_eq!(guest.says(call), "[(1) (1)]");
        assert_eq!(guest.says("TTL calls"), "(60)");
    }

    #[test]
    fn what_is_refused_leaves_key_and_deadline_alone() {
        let house = House::new();
        let mut guest = house.guest();
        assert_eq!(guest.says("INCREX none BYINT 5 UBOUND 4 EX 10"), "[(0) (0)]");
        assert_eq!(guest.says("EXISTS none"), "(0)");
        guest.says("SET n 9223372036854775807 EX 100");
        assert_eq!(guest.says("INCREX n PERSIST"), "[(9223372036854775807) (0)]");
        assert_eq!(
            guest.says("INCREX n BYINT -1 LBOUND 9223372036854775807 EX 5"),
            "[(9223372036854775807) (0)]"
        );
        assert_eq!(guest.says("TTL n"), "(100)");
        assert_eq!(
            guest.says("INCREX n UBOUND -9223372036854775808 SATURATE"),
            "-ERR increment or decrement would overflow"
        );
        assert_eq!(guest.says("GET n"), "\"9223372036854775807\"");
        guest.says("SET text x");
        assert_eq!(guest.says("INCREX text"), "-ERR value is not an integer or out of range");
        assert_eq!(guest.says("INCREX text BYFLOAT 1"), "-ERR value is not a valid float");
        guest.says("LPUSH list x");
        assert!(guest.says("INCREX list").starts_with("-WRONGTYPE"));
        assert!(guest.says("INCREX list BYFLOAT 1").starts_with("-WRONGTYPE"));
    }

    #[test]
    fn saturation_tells_what_was_added() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("SET n 99");
        for (line, expected) in [
            ("INCREX n BYINT 5 UBOUND 100", "[(99) (0)]"),
            ("INCREX n BYINT 5 UBOUND 100 SATURATE", "[(100) (1)]"),
            ("INCREX n BYINT -500 LBOUND -1 SATURATE EX 9", "[(-1) (-101)]"),
            ("TTL n", "(9)"),
            (
                "INCREX n BYINT 9223372036854775807 EX 100 ENX",
                "[(9223372036854775806) (9223372036854775807)]",
            ),
            ("TTL n", "(9)"),
            ("INCREX n BYINT 9 SATURATE PERSIST", "[(9223372036854775807) (1)]"),
            ("TTL n", "(-1)"),
            (
                "INCREX n UBOUND 5 SATURATE LBOUND 5 BYINT -9223372036854775807",
                "[(5) (-9223372036854775802)]",
            ),
        ] {
            assert_eq!(guest.says(line), expected, "{line}");
        }
    }

    #[test]
    fn fractions_have_bounds_too() {
        let house = House::new();
        let mut guest = house.guest();
        for (line, expected) in [
            ("INCREX f BYFLOAT 0.1 EX 9", "[\"0.1\" \"0.1\"]"),
            ("INCREX f BYFLOAT 0.2 UBOUND 0.3", "[\"0.3\" \"0.2\"]"),
            ("INCREX f BYFLOAT 0.2 UBOUND 0.4", "[\"0.3\" \"0\"]"),
            ("INCREX f BYFLOAT 0.2 UBOUND 0.4 SATURATE", "[\"0.4\" \"0.1\"]"),
            ("TTL f", "(9)"),
            ("INCREX f BYFLOAT -1 LBOUND -inf UBOUND inf PERSIST", "[\"-0.6\" \"-1\"]"),
            ("TTL f", "(-1)"),
            ("INCREX f BYFLOAT inf", "-ERR BYFLOAT increment cannot be Infinity"),
            ("INCREX f BYFLOAT nan", "-ERR Increment is not a valid float"),
            ("INCREX f BYFLOAT 1 UBOUND x", "-ERR UBOUND is not a valid float"),
            ("INCREX f", "-ERR value is not an integer or out of range"),
            ("SET f 1.1e4932", "OK"),
            ("INCREX f BYFLOAT 1.1e4932 EX 5", "nothing"),
            ("TTL f", "(-1)"),
        ] {
            let said = guest.says(line);
            if expected == "nothing" {
                assert!(said.ends_with(" \"0\"]"), "{said}");
            } else {
                assert_eq!(said, expected, "{line}");
            }
        }
        guest.says("HELLO 3");
        assert_eq!(guest.says("INCREX g BYFLOAT 1.5"), "[,1.5 ,1.5]");
    }

    #[test]
    fn what_makes_no_sense_is_an_error() {
        let house = House::new();
        let mut guest = house.guest();
        for (line, expected) in [
            ("INCREX n BYINT 1 BYFLOAT 1", "-ERR syntax error"),
            ("INCREX n BYINT", "-ERR syntax error"),
            ("INCREX n BYINT 1 BYINT 1", "-ERR syntax error"),
            ("INCREX n ENX", "-ERR ENX flag requires an expiration"),
            ("INCREX n EX 1 ENX ENX", "-ERR syntax error"),
            ("INCREX n EX 1 EX 2", "-ERR syntax error"),
            ("INCREX n SATURATE SATURATE", "-ERR syntax error"),
            ("INCREX n PERSIST PERSIST", "-ERR syntax error"),
            ("INCREX n BYINT x", "-ERR Increment is not an integer or out of range"),
            ("INCREX n ENX PERSIST", "-ERR syntax error"),
            ("INCREX n KEEPTTL", "-ERR syntax error"),
            ("INCREX n EX 1 PX 1", "-ERR syntax error"),
            ("INCREX n EX 0", "-ERR invalid expire time in 'increx' command"),
            ("INCREX n EX x", "-ERR value is not an integer or out of range"),
            ("INCREX n LBOUND 1.5", "-ERR LBOUND is not an integer or out of range"),
            ("INCREX n LBOUND 2 UBOUND 1", "-ERR LBOUND can't be greater than UBOUND"),
            ("EXISTS n", "(0)"),
        ] {
            assert_eq!(guest.says(line), expected, "{line}");
        }
    }
}
