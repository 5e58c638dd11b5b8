//! `CLIENT`: what connections there are, and what is done with them.

use crate::client::client_flags;
use crate::commands::connection::names::valid_name;
use crate::help::help;
use crate::prelude::*;
use crate::session::{Afterwards, Answers};

mod kill;
pub(crate) mod list;
mod pause;
mod tracking;

use crate::spec::acl;

pub(crate) static CLIENT: Command = Command {
    name: "client",
    summary: "Asks about connections, names them, pauses and ends them.",
    since: "2.4.0",
    group: Group::Connection,
    complexity: "That of the subcommand",
    arity: -2,
    acl_without: acl::CONNECTION,
    sub: &[
        &tracking::CACHING,
        &GETNAME,
        &tracking::GETREDIR,
        &HELP,
        &ID,
        &list::INFO,
        &kill::KILL,
        &list::LIST,
        &NO_EVICT,
        &NO_TOUCH,
        &pause::PAUSE,
        &REPLY,
        &SETINFO,
        &SETNAME,
        &tracking::TRACKING,
        &tracking::TRACKINGINFO,
        &UNBLOCK,
        &pause::UNPAUSE,
    ],
    ..Command::DEFAULT
};

static GETNAME: Command = Command {
    name: "getname",
    summary: "Returns the name of this connection.",
    since: "2.6.9",
    group: Group::Connection,
    arity: 2,
    flags: NOSCRIPT | LOADING | STALE,
    examples: &["CLIENT GETNAME", "CLIENT SETNAME me", "CLIENT GETNAME"],
    run: |cx, _, out| {
        let names = cx.session.client.names.read();
        out.bulk_or_null(Some(names.name.as_bytes()).filter(|name| !name.is_empty()));
        Ok(Done)
    },
    ..Command::DEFAULT
};

static HELP: Command = Command {
    name: "help",
    summary: "Names the subcommands.",
    since: "5.0.0",
    group: Group::Connection,
    arity: 2,
    flags: LOADING | STALE,
    run: |_, _, out| help(out, &CLIENT),
    ..Command::DEFAULT
};

static ID: Command = Command {
    name: "id",
    summary: "Returns the number of this connection: higher than those of all before it.",
    since: "5.0.0",
    group: Group::Connection,
    arity: 2,
    flags: NOSCRIPT | LOADING | STALE,
    examples: &["CLIENT ID", "CLIENT ID 1"],
    run: |cx, _, out| {
        out.int(cx.session.client.id as i64);
        Ok(Done)
    },
    ..Command::DEFAULT
};

static NO_EVICT: Command = Command {
    name: "no-evict",
    summary: "Keeps this connection when connections are closed to save memory.",
    since: "7.0.0",
    group: Group::Connection,
    arity: 3,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    args: &[Arg::one_of("enabled", &[Arg::word("on", "ON"), Arg::word("off", "OFF")])],
    examples: &["CLIENT NO-EVICT on", "CLIENT NO-EVICT off", "CLIENT NO-EVICT maybe"],
    run: |cx, args, out| switch(cx, args, out, client_flags::NO_EVICT),
    ..Command::DEFAULT
};

static NO_TOUCH: Command = Command {
    name: "no-touch",
    summary: "Keeps what this connection does with keys from counting as uses of them; only TOUCH still does.",
    since: "7.2.0",
    group: Group::Connection,
    arity: 3,
    flags: NOSCRIPT | LOADING | STALE,
    args: &[Arg::one_of("enabled", &[Arg::word("on", "ON"), Arg::word("off", "OFF")])],
    examples: &["CLIENT NO-TOUCH on", "CLIENT NO-TOUCH off", "CLIENT NO-TOUCH maybe"],
    run: |cx, args, out| {
        let done = switch(cx, args, out, client_flags::NO_TOUCH);
        // In a transaction it holds for the commands behind it.
        cx.view.count_uses(true);
        cx.count_uses();
        done
    },
    ..Command::DEFAULT
};

static REPLY: Command = Command {
    name: "reply",
    summary: "Says whether this connection is answered.",
    since: "3.2.0",
    group: Group::Connection,
    arity: 3,
    flags: NOSCRIPT | LOADING | STALE,
    args: &[Arg::one_of(
        "on_off_skip",
        &[Arg::word("on", "ON"), Arg::word("off", "OFF"), Arg::word("skip", "SKIP")],
    )],
    examples: &["CLIENT REPLY ON", "CLIENT REPLY maybe"],
    run: run_reply,
    ..Command::DEFAULT
};

static SETINFO: Command = Command {
    name: "setinfo",
    summary: "Tells the name or the version of the library that the client uses.",
    since: "7.2.0",
    group: Group::Connection,
    arity: 4,
    flags: NOSCRIPT | LOADING | STALE,
    args: &[Arg::one_of(
        "attr",
        &[Arg::string("libname").token("LIB-NAME"), Arg::string("libver").token("LIB-VER")],
    )],
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    examples: &[
        "CLIENT SETINFO LIB-NAME mylib",
        "CLIENT SETINFO lib-ver 1.2.3",
        "CLIENT SETINFO LIB-NAME",
        "CLIENT SETINFO LIB-OTHER x",
        "CLIENT SETINFO LIB-NAME \"a b\"",
    ],
    run: run_setinfo,
    ..Command::DEFAULT
};

static SETNAME: Command = Command {
    name: "setname",
    summary: "Names this connection; an empty name takes the name away.",
    since: "2.6.9",
    group: Group::Connection,
    arity: 3,
    flags: NOSCRIPT | LOADING | STALE,
    args: &[Arg::string("connection-name")],
    examples: &[
        "CLIENT SETNAME me",
        "CLIENT GETNAME",
        "CLIENT SETNAME \"a b\"",
        "CLIENT SETNAME \"\"",
        "CLIENT GETNAME",
        "CLIENT SETNAME",
    ],
    run: run_setname,
    ..Command::DEFAULT
};

static UNBLOCK: Command = Command {
    name: "unblock",
    summary: "Ends the wait of a blocked client, as if its time were up or with an error.",
    since: "5.0.0",
    group: Group::Connection,
    complexity: "O(log N) in the number of blocked clients",
    arity: -3,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    args: &[
        Arg::int("client-id"),
        Arg::one_of("timeout_error", &[Arg::word("timeout", "TIMEOUT"), Arg::word("error", "ERROR")])
            .optional(),
    ],
    examples: &[
        "CLIENT UNBLOCK 99999",
        "CLIENT UNBLOCK 99999 ERROR",
        "CLIENT UNBLOCK 99999 WELL",
        "CLIENT UNBLOCK x",
    ],
    run: run_unblock,
    ..Command::DEFAULT
};

fn switch(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, flag: u32) -> Result<Outcome> {
    let on = match args.at(2) {
        word if is(word, "ON") => true,
        word if is(word, "OFF") => false,
        _ => return Err(Error::SYNTAX),
    };
    cx.session.client.set_flag(flag, on);
    out.ok();
    Ok(Done)
}

/// Only what turns answers on is answered.
fn run_reply(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let before = cx.session.answers;
    cx.session.answers = match args.at(2) {
        word if is(word, "ON") => {
            if before == Answers::On {
                out.ok();
            }
            Answers::On
        }
        word if is(word, "OFF") => Answers::Off,
        word if is(word, "SKIP") && before == Answers::Off => Answers::Off,
        word if is(word, "SKIP") => Answers::SkipNext,
        _ => return Err(Error::SYNTAX),
    };
    Ok(Done)
}

fn run_setname(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    cx.session.client.names.write().name = valid_name(args.at(2))?;
    out.ok();
    Ok(Done)
}

fn run_setinfo(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let option = String::from_utf8_lossy(args.at(2));
    let value = valid_name(args.at(3)).map_err(|_| {
        Error::general(format_args!("{option} cannot contain spaces, newlines or special characters."))
    });
    match args.at(2) {
        word if is(word, "LIB-NAME") => cx.session.client.names.write().lib_name = value?,
        word if is(word, "LIB-VER") => cx.session.client.names.write().lib_ver = value?,
        _ => return Err(Error::general(format_args!("Unrecognized option '{option}'"))),
    }
    out.ok();
    Ok(Done)
}

fn run_unblock(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let with_error = match args.from(3) {
        [] => false,
        [word] if is(word, "TIMEOUT") => false,
        [word] if is(word, "ERROR") => true,
        [_] => return Err(Error::general("CLIENT UNBLOCK reason should be TIMEOUT or ERROR")),
        _ => return Err(Error::unknown_arguments(args.at(1), "CLIENT")),
    };
    let id = args.int(2)?;
    let client = u64::try_from(id).ok().and_then(|id| cx.instance.clients().get(id));
    let unblocked = match client {
        Some(client) if cx.caller == Caller::Client => cx.instance.unblock(&client, with_error),
        // A transaction holds locks that ending the wait may need: it is ended right after.
        Some(client) if client.has(client_flags::BLOCKED) => {
            cx.session.afterwards.push(Afterwards::Unblock(client, with_error));
            true
        }
        _ => false,
    };
    out.int(i64::from(unblocked));
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::{Guest, House};

    #[test]
    fn answers_are_turned_off_and_on() {
        let house = House::new();
        let mut guest = house.guest();
        for (line, answer) in [
            ("CLIENT REPLY SKIP", ""),
            ("SET a 1", ""),
            ("GET a", "\"1\""),
            ("CLIENT REPLY OFF", ""),
            ("GET a", ""),
            ("CLIENT REPLY SKIP", ""),
            ("NOSUCH", ""),
            ("GET a", ""),
            ("CLIENT REPLY ON", "OK"),
            ("CLIENT REPLY OFF", ""),
            ("RESET", "RESET"),
            ("GET a", "\"1\""),
        ] {
            assert_eq!(guest.says(line), answer, "{line}");
        }
    }

    #[test]
    fn what_is_not_to_count_as_a_use_does_not() {
        let house = House::new();
        let (mut guest, mut other) = (house.guest(), house.guest());
        guest.says("SET s 1");
        guest.says("RPUSH l a b");
        house.advance_ms(60_000);
        let idle = |other: &mut Guest| ["s", "l"].map(|key| other.says(&format!("OBJECT IDLETIME {key}")));
        assert_eq!(guest.says("CLIENT NO-TOUCH ON"), "OK");
        assert!(other.says("CLIENT LIST ID 1").contains(" flags=T "));
        for line in [
            "GET s",
            "STRLEN s",
            "INCR s",
            "APPEND s 1",
            "LRANGE l 0 -1",
            "RPUSH l c",
            "MULTI",
            "GET s",
            "EXEC",
        ] {
            guest.says(line);
            assert_eq!(idle(&mut other), ["(60)", "(60)"], "{line}");
        }
        #[cfg(feature = "scripts")]
        guest.says_words(&[b"EVAL", b"return redis.call('GET', KEYS[1])", b"1", b"s"]);
        assert_eq!(idle(&mut other), ["(60)", "(60)"]);
        guest.says("TOUCH s");
        assert_eq!(idle(&mut other), ["(0)", "(60)"]);
        for line in ["MULTI", "CLIENT NO-TOUCH OFF", "LLEN l", "EXEC"] {
            guest.says(line);
        }
        assert_eq!(idle(&mut other), ["(0)", "(0)"]);
    }

    #[test]
    fn a_transaction_may_end_the_wait_for_a_key_it_holds() {
        let house = House::new();
        let (mut waiter, mut other) = (house.guest(), house.guest());
        assert_eq!(waiter.says("BLPOP k 0"), "(waits)");
        assert_eq!(other.says("MULTI"), "OK");
        other.says("GET k");
        other.says("CLIENT UNBLOCK 1 ERROR");
        assert_eq!(other.says("EXEC"), "[nil (1)]");
        assert_eq!(waiter.hears(), "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
        assert_eq!(other.says("CLIENT UNBLOCK 1"), "(0)");
        assert!(other.says("INFO errorstats").contains("errorstat_UNBLOCKED:count=1"));
    }
}
