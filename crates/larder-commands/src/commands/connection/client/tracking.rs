//! `CLIENT TRACKING` and its relatives: caches on the client's side. Nobody can turn them on yet, so
//! the others say that they are off.

use crate::prelude::*;

pub(super) static CACHING: Command = Command {
    name: "caching",
    summary: "Says whether the keys of the next command are tracked.",
    since: "6.0.0",
    group: Group::Connection,
    arity: 3,
    flags: NOSCRIPT | LOADING | STALE,
    args: &[Arg::one_of("mode", &[Arg::word("yes", "YES"), Arg::word("no", "NO")])],
    examples: &["CLIENT CACHING YES"],
    partial: Some("client-side caching is not there yet"),
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
    examples: &["CLIENT GETREDIR"],
    run: |_, _, out| {
        out.int(-1);
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
    examples: &["CLIENT TRACKING OFF", "CLIENT TRACKING maybe"],
    partial: Some("client-side caching is not there yet"),
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
    examples: &["CLIENT TRACKINGINFO"],
    run: run_info,
    ..Command::DEFAULT
};

fn run_caching(_: &mut Cx<'_>, _: Args<'_>, _: &mut dyn Reply) -> Result<Outcome> {
    Err(Error::general(
        "CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled",
    ))
}

fn run_tracking(_: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    match args.at(2) {
        word if is(word, "OFF") => out.ok(),
        word if is(word, "ON") => return Err(Error::NOT_SUPPORTED),
        _ => return Err(Error::SYNTAX),
    }
    Ok(Done)
}

fn run_info(_: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    out.map(3);
    out.bulk(b"flags");
    out.set(1);
    out.bulk(b"off");
    out.bulk(b"redirect");
    out.int(-1);
    out.bulk(b"prefixes");
    out.array(0);
    Ok(Done)
}
