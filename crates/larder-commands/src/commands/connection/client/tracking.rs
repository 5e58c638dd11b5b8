//! `CLIENT TRACKING` and its relatives: caches on the client's side.

use crate::prelude::*;
use crate::tracking::{Mode, Tracker};

pub(super) static CACHING: Command = Command {
    name: "caching",
    summary: "Says whether the keys of the next command are tracked.",
    since: "6.0.0",
    group: Group::Connection,
    arity: 3,
    flags: NOSCRIPT | LOADING | STALE,
    args: &[Arg::one_of("mode", &[Arg::word("yes", "YES"), Arg::word("no", "NO")])],
    examples: &[
        "CLIENT CACHING YES",
        "CLIENT TRACKING ON",
        "CLIENT CACHING YES",
        "CLIENT TRACKING OFF",
        "CLIENT TRACKING ON OPTIN",
        "CLIENT CACHING NO",
        "CLIENT CACHING YES",
        "CLIENT TRACKINGINFO",
        "CLIENT TRACKING OFF",
        "CLIENT TRACKING ON OPTOUT",
        "CLIENT CACHING YES",
        "CLIENT CACHING x",
        "CLIENT CACHING NO",
        "CLIENT TRACKINGINFO",
        "CLIENT TRACKING OFF",
    ],
    run: run_caching,
    ..Command::DEFAULT
};

pub(super) static GETREDIR: Command = Command {
    name: "getredir",
    summary: "Returns the number of the client that invalidations go to.",
    since: "6.0.0",
    group: Group::Connection,
    arity: 2,
    flags: NOSCRIPT | LOADING | STALE,
    examples: &["CLIENT GETREDIR", "CLIENT TRACKING ON", "CLIENT GETREDIR", "CLIENT TRACKING OFF"],
    run: |cx, _, out| {
        out.int(cx.session.tracker.as_ref().map_or(-1, |tracker| tracker.redirect as i64));
        Ok(Done)
    },
    ..Command::DEFAULT
};

pub(super) static TRACKING: Command = Command {
    name: "tracking",
    summary: "Turns the tracking of keys for a client-side cache on or off.",
    since: "6.0.0",
    group: Group::Connection,
    complexity: "O(1); for some options O(N) in the number of prefixes",
    arity: -3,
    flags: NOSCRIPT | LOADING | STALE,
    args: &[
        Arg::one_of("status", &[Arg::word("on", "ON"), Arg::word("off", "OFF")]),
        Arg::int("client-id").token("REDIRECT").optional(),
        Arg::string("prefix").token("PREFIX").multiple_token().optional(),
        Arg::word("bcast", "BCAST").optional(),
        Arg::word("optin", "OPTIN").optional(),
        Arg::word("optout", "OPTOUT").optional(),
        Arg::word("noloop", "NOLOOP").optional(),
    ],
    examples: &[
        "CLIENT TRACKING OFF",
        "CLIENT TRACKING maybe",
        "CLIENT TRACKING ON REDIRECT 987654321",
        "CLIENT TRACKING ON REDIRECT x",
        "CLIENT TRACKING ON REDIRECT 0",
        "CLIENT TRACKING ON PREFIX a",
        "CLIENT TRACKING ON BCAST OPTIN",
        "CLIENT TRACKING ON OPTIN OPTOUT",
        "CLIENT TRACKING ON x",
        "CLIENT TRACKING OFF x",
        "CLIENT TRACKING ON BCAST PREFIX",
        "CLIENT TRACKING ON BCAST PREFIX ab PREFIX a",
        "CLIENT TRACKING ON BCAST PREFIX user: NOLOOP",
        "CLIENT TRACKING ON BCAST PREFIX user:1",
        "CLIENT TRACKING ON",
        "CLIENT TRACKINGINFO",
        "CLIENT TRACKING OFF",
        "CLIENT TRACKING ON OPTIN",
        "CLIENT TRACKING ON OPTOUT",
        "CLIENT TRACKING OFF",
    ],
    run: run_tracking,
    ..Command::DEFAULT
};

pub(super) static TRACKINGINFO: Command = Command {
    name: "trackinginfo",
    summary: "Describes the tracking of this connection.",
    since: "6.2.0",
    group: Group::Connection,
    arity: 2,
    flags: NOSCRIPT | LOADING | STALE,
    examples: &[
        "CLIENT TRACKINGINFO",
        "CLIENT TRACKING ON BCAST",
        "CLIENT TRACKINGINFO",
        "CLIENT TRACKING OFF",
    ],
    run: run_info,
    ..Command::DEFAULT
};

fn run_caching(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let mode = cx.session.tracker.as_ref().map(|tracker| tracker.mode);
    let Some(mode) = mode else {
        return Err(Error::general(
            "CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled",
        ));
    };
    let needed = match args.at(2) {
        word if is(word, "YES") => {
            (Mode::OptIn, "CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
        }
        word if is(word, "NO") => {
            (Mode::OptOut, "CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
        }
        _ => return Err(Error::SYNTAX),
    };
    if mode != needed.0 {
        return Err(Error::general(needed.1));
    }
    cx.session.caching = true;
    out.ok();
    Ok(Done)
}

/// What a line asks for.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "they are the words of the line")]
struct Wanted<'a> {
    redirect: u64,
    prefixes: Vec<&'a [u8]>,
    broadcast: bool,
    opt_in: bool,
    opt_out: bool,
    no_loop: bool,
}

fn read<'a>(cx: &Cx<'_>, args: Args<'a>) -> Result<Wanted<'a>> {
    let mut wanted = Wanted::default();
    let mut options = args.options(3);
    while let Some(option) = options.next() {
        match () {
            () if is(option, "REDIRECT") => {
                let id = options.value()?;
                let id = parse_int(id).ok_or(Error::NOT_INTEGER)?;
                if wanted.redirect != 0 {
                    return Err(Error::general("A client can only redirect to a single other client"));
                }
                // Somebody has to be there who is told.
                let there = u64::try_from(id).ok().filter(|id| cx.instance.clients().get(*id).is_some());
                let gone = || Error::general("The client ID you want redirect to does not exist");
                wanted.redirect = there.ok_or_else(gone)?;
            }
            () if is(option, "PREFIX") => wanted.prefixes.push(options.value()?),
            () if is(option, "BCAST") => wanted.broadcast = true,
            () if is(option, "OPTIN") => wanted.opt_in = true,
            () if is(option, "OPTOUT") => wanted.opt_out = true,
            () if is(option, "NOLOOP") => wanted.no_loop = true,
            () => return Err(Error::SYNTAX),
        }
    }
    Ok(wanted)
}

/// Finds the mode, which may not change while the client tracks.
fn mode(wanted: &Wanted<'_>, now: Option<&Tracker>) -> Result<Mode> {
    if !wanted.prefixes.is_empty() && !wanted.broadcast {
        return Err(Error::general("PREFIX option requires BCAST mode to be enabled"));
    }
    let opting = wanted.opt_in || wanted.opt_out;
    if now.is_some_and(|now| (now.mode == Mode::Broadcast) != wanted.broadcast) {
        return Err(Error::general(
            "You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it \
             with a different mode.",
        ));
    }
    if wanted.broadcast && opting {
        return Err(Error::general("OPTIN and OPTOUT are not compatible with BCAST"));
    }
    if wanted.opt_in && wanted.opt_out {
        return Err(Error::general("You can't specify both OPTIN mode and OPTOUT mode"));
    }
    let other = match now.map(|now| now.mode) {
        Some(Mode::OptIn) => wanted.opt_out,
        Some(Mode::OptOut) => wanted.opt_in,
        _ => false,
    };
    if other {
        return Err(Error::general(
            "You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it \
             with a different mode.",
        ));
    }
    Ok(match () {
        () if wanted.broadcast => Mode::Broadcast,
        () if wanted.opt_in => Mode::OptIn,
        () if wanted.opt_out => Mode::OptOut,
        () => Mode::Default,
    })
}

/// Prefixes of one client begin differently, so that it is told of a change once.
fn check_prefixes(given: &[&[u8]], known: &[Vec<u8>]) -> Result<()> {
    let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    let overlap = |one: &[u8], other: &[u8]| one.starts_with(other) || other.starts_with(one);
    for (at, prefix) in given.iter().enumerate() {
        let what = if let Some(other) = known.iter().find(|known| overlap(prefix, known)) {
            Some(("an existing", shown(other)))
        } else {
            given[at + 1..]
                .iter()
                .find(|other| overlap(prefix, other))
                .map(|other| ("another provided", shown(other)))
        };
        if let Some((which, other)) = what {
            return Err(Error::general(format_args!(
                "Prefix '{}' overlaps with {which} prefix '{other}'. Prefixes for a single client must not overlap.",
                shown(prefix)
            )));
        }
    }
    Ok(())
}

fn run_tracking(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let wanted = read(cx, args)?;
    let tracking = cx.instance.tracking.clone();
    match args.at(2) {
        word if is(word, "ON") => {
            let now = cx.session.tracker.as_deref();
            let mode = mode(&wanted, now)?;
            let mut prefixes = now.map(|now| now.prefixes.clone()).unwrap_or_default();
            check_prefixes(&wanted.prefixes, &prefixes)?;
            prefixes.extend(wanted.prefixes.iter().map(|prefix| prefix.to_vec()));
            if mode == Mode::Broadcast && prefixes.is_empty() {
                // Every key begins with nothing.
                prefixes.push(Vec::new());
            }
            let client = cx.session.client.clone();
            let tracker = tracking.start(&client, mode, wanted.no_loop, wanted.redirect, prefixes);
            cx.session.tracker = Some(tracker);
        }
        word if is(word, "OFF") => {
            tracking.stop(&cx.session.client);
            cx.session.tracker = None;
            cx.session.caching = false;
        }
        _ => return Err(Error::SYNTAX),
    }
    out.ok();
    Ok(Done)
}

fn run_info(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let session = &*cx.session;
    let mut flags: Vec<&str> = Vec::new();
    let (mut redirect, mut prefixes) = (-1, &[][..]);
    match session.tracker.as_deref() {
        None => flags.push("off"),
        Some(tracker) => {
            flags.push("on");
            match tracker.mode {
                Mode::Default => {}
                Mode::Broadcast => flags.push("bcast"),
                Mode::OptIn => {
                    flags.extend(["optin", "caching-yes"].iter().take(1 + usize::from(session.caching)));
                }
                Mode::OptOut => {
                    flags.extend(["optout", "caching-no"].iter().take(1 + usize::from(session.caching)));
                }
            }
            if tracker.no_loop {
                flags.push("noloop");
            }
            if tracker.is_broken() {
                flags.push("broken_redirect");
            }
            redirect = tracker.redirect as i64;
            prefixes = &tracker.prefixes;
        }
    }
    out.map(3);
    out.bulk(b"flags");
    out.set(flags.len());
    flags.iter().for_each(|flag| out.bulk(flag.as_bytes()));
    out.bulk(b"redirect");
    out.int(redirect);
    out.bulk(b"prefixes");
    out.array(prefixes.len());
    prefixes.iter().for_each(|prefix| out.bulk(prefix));
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::reply::Protocol;
    use crate::testing::House;

    #[test]
    fn a_smaller_table_is_made_at_once() {
        let house = House::new();
        let (mut client, mut other) = (house.guest().speaks(Protocol::Resp3), house.guest());
        client.says("CLIENT TRACKING ON");
        for n in 0..5 {
            client.says(&format!("GET key:{n}"));
        }
        assert_eq!(other.says("CONFIG SET tracking-table-max-keys 2"), "OK");
        assert_eq!(client.hears().matches(">[\"invalidate\"").count(), 3);
        assert!(other.says("INFO stats").contains("tracking_total_keys:2"));
        other.says("CONFIG SET tracking-table-max-keys 0");
        assert_eq!(client.hears(), "", "no limit");
    }

    #[test]
    fn who_has_read_its_own_change_is_not_told_of_it() {
        let house = House::new();
        let (mut client, mut other) = (house.guest().speaks(Protocol::Resp3), house.guest());
        client.says("CLIENT TRACKING ON");
        for line in ["MULTI", "MSET a 1 b 2", "GET a", "GET b", "INCR b"] {
            client.says(line);
        }
        assert_eq!(client.says("EXEC"), "[OK \"1\" \"2\" (3)]");
        assert_eq!(client.hears(), ">[\"invalidate\" [\"b\"]]");
        other.says("SET a 2");
        assert_eq!(client.hears(), ">[\"invalidate\" [\"a\"]]", "it was remembered");
        client.says("GET a");
        for line in ["MULTI", "SET a 3", "GET a"] {
            client.says(line);
        }
        assert_eq!(client.says("EXEC"), "[OK \"3\"]");
        assert_eq!(client.hears(), ">[\"invalidate\" [\"a\"]]", "it may have kept what it read before");
    }

    #[test]
    fn what_had_to_go_is_told_before_the_answer_to_whoever_made_room() {
        let house = House::new();
        let mut client = house.guest().speaks(Protocol::Resp3);
        client.says("CLIENT TRACKING ON");
        client.says("SETEX going 1000 x");
        client.says("GET going");
        client.says("SETBIT large 1600000 0");
        client.says("CONFIG SET maxmemory-policy volatile-random");
        client.says("CONFIG SET maxmemory 100kb");
        client.hears();
        client.says("CONFIG SET maxmemory 0");
        client.says("SETEX going 1000 x");
        client.says("GET going");
        house.instance.engine().set_memory_max_bytes(Some(100_000));
        assert_eq!(client.says("GETBIT large 0"), ">[\"invalidate\" [\"going\"]] (0)");
    }

    #[cfg(feature = "scripts")]
    #[test]
    fn a_script_that_reads_has_read_the_keys_it_declares() {
        let house = House::new();
        let (mut client, mut other) = (house.guest().speaks(Protocol::Resp3), house.guest());
        client.says("CLIENT TRACKING ON");
        for (verb, script, told) in [
            ("EVAL", "redis.call('set', 'c', 1)", ""),
            ("EVAL", "redis.call('get', 'd')", ">[\"invalidate\" [\"a\"]] >[\"invalidate\" [\"b\"]]"),
            ("EVAL_RO", "redis.call('ping')", ""),
            ("EVAL_RO", "redis.call('get', 'a')", ">[\"invalidate\" [\"a\"]] >[\"invalidate\" [\"b\"]]"),
        ] {
            let words = [verb, script, "2", "a", "b"].map(str::as_bytes);
            assert_eq!(client.says_words(&words), "nil");
            other.says("MSET a 1 b 2");
            assert_eq!(client.hears(), told, "{verb} {script}");
        }
    }

    #[test]
    fn who_waited_is_answered_before_it_is_told_of_its_own_change() {
        let house = House::new();
        let (mut client, mut other) = (house.guest().speaks(Protocol::Resp3), house.guest());
        client.says("CLIENT TRACKING ON");
        client.says("LRANGE to 0 -1");
        assert_eq!(client.says("BLMOVE from to LEFT LEFT 0"), "(waits)");
        other.says("RPUSH from a");
        assert_eq!(client.hears(), "\"a\" >[\"invalidate\" [\"to\"]]");
    }
}
