//! `EXPIRE`, `PEXPIRE`, `EXPIREAT`, `PEXPIREAT`: give a key a deadline, on conditions if you like. A deadline that has
//! come already removes the key at once.

use crate::prelude::*;

/// Under which a deadline is set.
pub(crate) const CONDITIONS: Arg = Arg::one_of(
    "condition",
    &[Arg::word("nx", "NX"), Arg::word("xx", "XX"), Arg::word("gt", "GT"), Arg::word("lt", "LT")],
)
.optional();

const CONDITION: Arg = CONDITIONS.since("7.0.0");

const HISTORY: &[(&str, &str)] = &[("7.0.0", "Added options: `NX`, `XX`, `GT` and `LT`.")];

const ANY: Command = Command {
    group: Group::Keys,
    complexity: "O(1)",
    arity: -3,
    flags: WRITE | FAST,
    keys: &[KeySpec::at(1, RW | UPDATE)],
    history: HISTORY,
    ..Command::DEFAULT
};

pub(crate) static EXPIRE: Command = Command {
    name: "expire",
    summary: "Lets a key die after so many seconds.",
    since: "1.0.0",
    args: &[Arg::key("key"), Arg::int("seconds"), CONDITION],
    examples: &[
        "SET k v",
        "EXPIRE k 100",
        "TTL k",
        "EXPIRE k 50 GT",
        "EXPIRE k 200 NX",
        "EXPIRE k 50 LT",
        "TTL k",
        "EXPIRE k 1 NX XX",
        "EXPIRE k 1 GT LT",
        "EXPIRE k 1 SOON",
        "EXPIRE k -1",
        "EXISTS k",
        "EXPIRE nothing 10",
        "EXPIRE k 9223372036854775807",
    ],
    run: |cx, args, out| run(cx, args, out, "expire", Unit::SECONDS_FROM_NOW),
    ..ANY
};

pub(crate) static PEXPIRE: Command = Command {
    name: "pexpire",
    summary: "Lets a key die after so many milliseconds.",
    since: "2.6.0",
    args: &[Arg::key("key"), Arg::int("milliseconds"), CONDITION],
    examples: &[
        "SET k v",
        "PEXPIRE k 100000",
        "TTL k",
        "PEXPIRE k 50000 XX",
        "TTL k",
        "PEXPIRE k x",
        "PEXPIRE k 9223372036854775807",
        "PEXPIRE k 0",
        "EXISTS k",
    ],
    run: |cx, args, out| run(cx, args, out, "pexpire", Unit::MS_FROM_NOW),
    ..ANY
};

pub(crate) static EXPIREAT: Command = Command {
    name: "expireat",
    summary: "Lets a key die at a second of Unix time.",
    since: "1.2.0",
    args: &[Arg::key("key"), Arg::unix_time("unix-time-seconds"), CONDITION],
    examples: &[
        "SET k v",
        "EXPIREAT k 33177117420",
        "EXPIRETIME k",
        "EXPIREAT k 33177117000 GT",
        "EXPIREAT k 33177117000 LT",
        "EXPIRETIME k",
        "EXPIREAT k 1",
        "EXISTS k",
        "EXPIREAT k 9223372036854775807",
    ],
    run: |cx, args, out| run(cx, args, out, "expireat", Unit::SECONDS_OF_UNIX_TIME),
    ..ANY
};

pub(crate) static PEXPIREAT: Command = Command {
    name: "pexpireat",
    summary: "Lets a key die at a millisecond of Unix time.",
    since: "2.6.0",
    args: &[Arg::key("key"), Arg::unix_time("unix-time-milliseconds"), CONDITION],
    examples: &[
        "SET k v",
        "PEXPIREAT k 33177117420123",
        "PEXPIRETIME k",
        "EXPIRETIME k",
        "PEXPIREAT k 33177117420123 GT",
        "PEXPIREAT k -5",
        "EXISTS k",
    ],
    run: |cx, args, out| run(cx, args, out, "pexpireat", Unit::MS_OF_UNIX_TIME),
    ..ANY
};

/// What the number of an expiring command counts, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    ms: i64,
    from_now: bool,
}

impl Unit {
    pub(crate) const SECONDS_FROM_NOW: Unit = Unit { ms: 1_000, from_now: true };
    pub(crate) const MS_FROM_NOW: Unit = Unit { ms: 1, from_now: true };
    pub(crate) const SECONDS_OF_UNIX_TIME: Unit = Unit { ms: 1_000, from_now: false };
    pub(crate) const MS_OF_UNIX_TIME: Unit = Unit { ms: 1, from_now: false };

    /// The deadline that a number of a command means.
    pub(crate) fn deadline(self, cx: &mut Cx<'_>, n: i64, command: &str) -> Result<Deadline> {
        let invalid = || Error::expire_time(command);
        let ms = n.checked_mul(self.ms).ok_or_else(invalid)?;
        if !self.from_now {
            return Ok(cx.deadline_at_unix_ms(ms));
        }
        let at = (cx.view.now_ms() as i64).checked_add(ms).ok_or_else(invalid)?;
        Ok(Deadline::at_ms(u64::try_from(at).unwrap_or(0)))
    }
}

/// The options of a line, one bit each.
#[derive(Clone, Copy)]
pub(crate) struct Conditions(u8);

impl Conditions {
    const IF_NONE: u8 = 1;
    const IF_SOME: u8 = 2;
    const IF_LATER: u8 = 4;
    const IF_EARLIER: u8 = 8;

    /// None at all.
    pub(crate) const NONE: Conditions = Conditions(0);

    /// The one that a word names.
    pub(crate) fn named(word: &[u8]) -> Option<Conditions> {
        match () {
            () if is(word, "NX") => Some(Conditions(Conditions::IF_NONE)),
            () if is(word, "XX") => Some(Conditions(Conditions::IF_SOME)),
            () if is(word, "GT") => Some(Conditions(Conditions::IF_LATER)),
            () if is(word, "LT") => Some(Conditions(Conditions::IF_EARLIER)),
            () => None,
        }
    }

    fn read(options: Options<'_>) -> Result<Conditions> {
        let mut bits = 0;
        for option in options {
            let Some(Conditions(bit)) = Conditions::named(option) else {
                let option = String::from_utf8_lossy(option);
                return Err(Error::general(format_args!("Unsupported option {option}")));
            };
            bits |= bit;
        }
        let conditions = Conditions(bits);
        if conditions.has(Conditions::IF_NONE) && bits != Conditions::IF_NONE {
            return Err(Error::general("NX and XX, GT or LT options at the same time are not compatible"));
        }
        if conditions.has(Conditions::IF_LATER) && conditions.has(Conditions::IF_EARLIER) {
            return Err(Error::general("GT and LT options at the same time are not compatible"));
        }
        Ok(conditions)
    }

    fn has(self, condition: u8) -> bool {
        self.0 & condition != 0
    }

    /// No deadline counts as one that never comes.
    pub(crate) fn allow(self, old: Option<Deadline>, new: Deadline) -> bool {
        !(self.has(Conditions::IF_NONE) && old.is_some()
            || self.has(Conditions::IF_SOME) && old.is_none()
            || self.has(Conditions::IF_LATER) && old.is_none_or(|old| new <= old)
            || self.has(Conditions::IF_EARLIER) && old.is_some_and(|old| new >= old))
    }
}

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, name: &str, unit: Unit) -> Result<Outcome> {
    let conditions = Conditions::read(args.options(3))?;
    let deadline = unit.deadline(cx, args.int(2)?, name)?;
    let now = cx.view.now_ms();
    let key = cx.key(args.at(1));
    let old = cx.view.peek(&key)?.map(|entry| entry.deadline());
    let goes = old.is_some_and(|old| conditions.allow(old, deadline));
    if goes && deadline.is_due(now) {
        cx.view.remove(&key)?;
        cx.view.report(&key, "del", Class::GENERIC)?;
    } else if goes {
        cx.view.set_deadline(&key, Some(deadline))?;
        cx.view.report(&key, "expire", Class::GENERIC)?;
    }
    out.int(i64::from(goes));
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn a_key_dies_at_its_deadline_and_not_before() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("SET k v");
        assert_eq!(guest.says("PEXPIRE k 1500"), "(1)");
        assert_eq!(guest.says("TTL k"), "(2)");
        house.advance_ms(1_001);
        assert_eq!((guest.says("PTTL k"), guest.says("TTL k")), ("(499)".into(), "(0)".into()));
        house.advance_ms(498);
        assert_eq!(guest.says("EXISTS k"), "(1)");
        house.advance_ms(1);
        assert_eq!((guest.says("EXISTS k"), guest.says("TTL k")), ("(0)".into(), "(-2)".into()));
    }

    #[test]
    fn no_deadline_counts_as_one_that_never_comes() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("SET k v");
        assert_eq!(guest.says("EXPIRE k 10 GT"), "(0)");
        assert_eq!(guest.says("EXPIRE k 10 XX"), "(0)");
        assert_eq!(guest.says("EXPIRE k 10 LT"), "(1)");
        assert_eq!(guest.says("EXPIRE k 10 LT"), "(0)");
        assert_eq!(guest.says("EXPIRE k 10 GT"), "(0)");
        assert_eq!(guest.says("EXPIRE k 11 GT XX"), "(1)");
        assert_eq!(guest.says("EXPIRE k 12 NX"), "(0)");
    }

    #[test]
    fn a_deadline_in_the_past_deletes_and_says_so() {
        let house = House::new();
        let mut guest = house.guest();
        let mut listener = house.guest();
        house.instance.configure(&[("notify-keyspace-events", "EA")]).expect("a valid setting");
        listener.says("PSUBSCRIBE __keyevent*");
        guest.says("SET k v");
        assert_eq!(guest.says("EXPIRE k 10"), "(1)");
        assert_eq!(guest.says("EXPIREAT k 1 GT"), "(0)");
        assert_eq!(guest.says("EXPIREAT k 1"), "(1)");
        assert_eq!(guest.says("EXPIREAT k 1"), "(0)");
        let heard = listener.hears();
        let events: Vec<&str> =
            heard.split("__:").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(events, ["set", "expire", "del"], "{heard}");
    }
}
