//! `CLIENT PAUSE`, `CLIENT UNPAUSE`: holds commands up for a while, all or those that write.

use crate::prelude::*;

pub(super) static PAUSE: Command = Command {
    name: "pause",
    summary: "Holds up the commands of all clients, or those that write, for so many milliseconds.",
    since: "2.9.50",
    group: Group::Connection,
    arity: -3,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    args: &[
        Arg::int("timeout"),
        Arg::one_of("mode", &[Arg::word("write", "WRITE"), Arg::word("all", "ALL")])
            .optional()
            .since("6.2.0"),
    ],
    examples: &[
        "CLIENT PAUSE 0",
        "CLIENT PAUSE 0 WRITE",
        "CLIENT PAUSE 0 LATER",
        "CLIENT PAUSE -1",
        "CLIENT PAUSE x",
        "CLIENT PAUSE 0 WRITE x",
    ],
    run: run_pause,
    ..Command::DEFAULT
};

pub(super) static UNPAUSE: Command = Command {
    name: "unpause",
    summary: "Ends the pause.",
    since: "6.2.0",
    group: Group::Connection,
    complexity: "O(N) Where N is the number of paused clients",
    arity: 2,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    examples: &["CLIENT PAUSE 100000 WRITE", "CLIENT UNPAUSE", "SET a 1"],
    run: run_unpause,
    ..Command::DEFAULT
};

fn run_pause(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let all = match args.from(3) {
        [] => true,
        [mode] if is(mode, "ALL") => true,
        [mode] if is(mode, "WRITE") => false,
        [_] => return Err(Error::general("CLIENT PAUSE mode must be WRITE or ALL")),
        _ => return Err(Error::unknown_arguments(args.at(1), "CLIENT")),
    };
    let bad = || Error::general("timeout is not an integer or out of range");
    let ms = parse_int(args.at(2)).ok_or_else(bad)?;
    let ms = u64::try_from(ms).map_err(|_| Error::TIMEOUT_NEGATIVE)?;
    // An end that Unix time cannot name. Who has held everybody up for ever, and so itself, could not take it back.
    if i64::try_from(ms + cx.instance.engine().clock().wall_us() / 1_000).is_err() {
        return Err(Error::general("timeout is out of range"));
    }
    cx.instance.pause(ms, all);
    out.ok();
    Ok(Done)
}

fn run_unpause(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.unpause();
    out.ok();
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn writes_wait_and_reads_do_not() {
        let house = House::new();
        let (mut a, mut b) = (house.guest(), house.guest());
        assert_eq!(a.says("CLIENT PAUSE 9223372036854775807"), "-ERR timeout is out of range");
        assert_eq!(a.says("CLIENT PAUSE 1000 WRITE"), "OK");
        assert_eq!(b.says("SET k 1"), "(paused 1000)");
        assert!(a.says("CLIENT LIST ID 2").contains(" argv-mem=5 "));
        assert_eq!(b.says("SET k"), "-ERR wrong number of arguments for 'set' command");
        assert_eq!(a.says("GET k"), "nil");
        assert_eq!(a.says("PUBLISH c m"), "(paused 1000)");
        a.says("MULTI");
        a.says("GET k");
        assert_eq!(a.says("EXEC"), "[nil]");
        house.advance_ms(400);
        assert_eq!(a.says("CLIENT PAUSE 100 ALL"), "OK");
        assert_eq!(b.says("GET k"), "(paused 600)");
        house.advance_ms(600);
        assert_eq!(b.says("SET k 1"), "OK");
    }

    #[test]
    fn nothing_dies_meanwhile() {
        let house = House::new();
        let mut guest = house.guest();
        let expired = |guest: &mut crate::testing::Guest| {
            house.instance.engine().tick();
            let info = guest.says("INFO stats");
            info.split("expired_keys:").nth(1).and_then(|rest| rest.split('\\').next()).map(str::to_string)
        };
        guest.says("SET k 1 PX 10");
        guest.says("CLIENT PAUSE 50 WRITE");
        house.advance_ms(20);
        assert_eq!(guest.says("GET k"), "nil");
        assert_eq!(expired(&mut guest).as_deref(), Some("0"));
        house.advance_ms(30);
        assert_eq!(expired(&mut guest).as_deref(), Some("1"));
        guest.says("SET k 1 PX 10");
        guest.says("CLIENT PAUSE 100000 WRITE");
        house.advance_ms(20);
        assert_eq!(expired(&mut guest).as_deref(), Some("1"));
        guest.says("CLIENT UNPAUSE");
        assert_eq!(expired(&mut guest).as_deref(), Some("2"));
    }

    #[test]
    fn an_end_before_its_time() {
        let house = House::new();
        let (mut a, mut b) = (house.guest(), house.guest());
        a.says("CLIENT PAUSE 1000 WRITE");
        assert_eq!(b.says("SET k 1"), "(paused 1000)");
        assert!(a.says("CLIENT LIST ID 2").contains("flags=b"));
        assert_eq!(a.says("CLIENT UNPAUSE"), "OK");
        assert!(a.says("CLIENT LIST ID 2").contains("flags=N"));
        assert_eq!(b.says("SET k 1"), "OK");
    }
}
