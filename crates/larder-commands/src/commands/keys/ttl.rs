//! `TTL`, `PTTL`, `EXPIRETIME`, `PEXPIRETIME`: when a key dies. -1 is answered for never, -2 for no key.

use crate::prelude::*;

const ANY: Command = Command {
    group: Group::Keys,
    complexity: "O(1)",
    arity: 2,
    flags: READONLY | FAST,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[Arg::key("key")],
    ..Command::DEFAULT
};

const ANY_LEFT: Command = Command { history: &[("2.8.0", "Added the -2 reply.")], ..ANY };

pub(crate) static TTL: Command = Command {
    name: "ttl",
    summary: "Tells how many seconds a key has to live.",
    since: "1.0.0",
    tips: &["nondeterministic_output"],
    examples: &["TTL nothing", "SET k v", "TTL k", "SET k v EX 100", "TTL k", "SET k v PX 1499", "TTL k"],
    run: |cx, args, out| run(cx, args, out, |cx, deadline| seconds(left_ms(cx, deadline))),
    ..ANY_LEFT
};

pub(crate) static PTTL: Command = Command {
    name: "pttl",
    summary: "Tells how many milliseconds a key has to live.",
    since: "2.6.0",
    tips: &["nondeterministic_output"],
    examples: &["PTTL nothing", "SET k v", "PTTL k"],
    run: |cx, args, out| run(cx, args, out, left_ms),
    ..ANY_LEFT
};

pub(crate) static EXPIRETIME: Command = Command {
    name: "expiretime",
    summary: "Tells at which second of Unix time a key dies.",
    since: "7.0.0",
    examples: &[
        "EXPIRETIME nothing",
        "SET k v",
        "EXPIRETIME k",
        "SET k v PXAT 33177117420500",
        "EXPIRETIME k",
        "SET k v PXAT 9007199254740991",
        "EXPIRETIME k",
    ],
    run: |cx, args, out| run(cx, args, out, |cx, deadline| seconds(cx.unix_ms_of(deadline))),
    ..ANY
};

pub(crate) static PEXPIRETIME: Command = Command {
    name: "pexpiretime",
    summary: "Tells at which millisecond of Unix time a key dies.",
    since: "7.0.0",
    examples: &[
        "PEXPIRETIME nothing",
        "SET k v",
        "PEXPIRETIME k",
        "SET k v PXAT 33177117420123",
        "PEXPIRETIME k",
        "SET k v PXAT 9007199254740991",
        "PEXPIRETIME k",
    ],
    run: |cx, args, out| run(cx, args, out, |cx, deadline| cx.unix_ms_of(deadline)),
    ..ANY
};

fn seconds(ms: i64) -> i64 {
    ms / 1_000 + (ms % 1_000 + 500) / 1_000
}

fn left_ms(cx: &mut Cx<'_>, deadline: Deadline) -> i64 {
    deadline.ms().saturating_sub(cx.view.now_ms()) as i64
}

fn run(
    cx: &mut Cx<'_>,
    args: Args<'_>,
    out: &mut dyn Reply,
    told: fn(&mut Cx<'_>, Deadline) -> i64,
) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    let found = cx.view.look(&key)?.map(|entry| entry.deadline());
    out.int(match found {
        None => -2,
        Some(None) => -1,
        Some(Some(deadline)) => told(cx, deadline),
    });
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn a_key_may_die_as_late_as_numbers_go() {
        let house = House::new();
        let mut guest = house.guest();
        for line in ["SET k v PXAT 9223372036854775807", "PEXPIREAT k 9223372036854775807"] {
            assert!(["OK", "(1)"].contains(&&*guest.says(line)), "{line}");
            assert_eq!(guest.says("PEXPIRETIME k"), "(9223372036854775807)");
            assert_eq!(guest.says("EXPIRETIME k"), "(9223372036854776)");
            // The clock stands at 2020-01-01.
            assert_eq!(guest.says("PTTL k"), "(9223370459017975807)");
            assert_eq!(guest.says("TTL k"), "(9223370459017976)");
        }
        // What redlock's tests ask for.
        assert_eq!(guest.says("SET k v PX 900719925474099"), "OK");
        assert_eq!(guest.says("PEXPIRE k 2702159776422297 GT"), "(1)");
        assert_eq!(guest.says("PTTL k"), "(2702159776422297)");
        house.advance_ms(1_000);
        assert_eq!(guest.says("PTTL k"), "(2702159776421297)");
    }
}
