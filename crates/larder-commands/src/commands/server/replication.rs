//! Replication, of which there is none yet: what clients may ask all the same.

use crate::prelude::*;

pub(crate) static FAILOVER: Command = Command {
    name: "failover",
    summary: "Would hand over to a replica.",
    since: "6.2.0",
    group: Group::Server,
    arity: -1,
    flags: ADMIN | NOSCRIPT | STALE,
    args: &[
        Arg::block(
            "target",
            &[Arg::string("host"), Arg::int("port"), Arg::word("force", "FORCE").optional()],
        )
        .token("TO")
        .optional(),
        Arg::word("abort", "ABORT").optional(),
        Arg::int("milliseconds").token("TIMEOUT").optional(),
    ],
    examples: &["FAILOVER", "FAILOVER ABORT", "FAILOVER later"],
    partial: Some("there are no replicas yet"),
    run: run_failover,
    ..Command::DEFAULT
};

pub(crate) static PSYNC: Command = Command {
    name: "psync",
    summary: "Would send a replica what it has missed.",
    since: "2.8.0",
    group: Group::Server,
    arity: -3,
    flags: ADMIN | NOSCRIPT | NO_ASYNC_LOADING | NO_MULTI,
    args: &[Arg::string("replicationid"), Arg::int("offset")],
    partial: Some("there are no replicas yet"),
    run: |_, _, _| Err(Error::NOT_SUPPORTED),
    ..Command::DEFAULT
};

pub(crate) static REPLCONF: Command = Command {
    name: "replconf",
    summary: "Would negotiate with a replica.",
    since: "3.0.0",
    group: Group::Server,
    arity: -1,
    flags: ADMIN | NOSCRIPT | LOADING | STALE | ALLOW_BUSY,
    internal: true,
    partial: Some("there are no replicas yet"),
    run: |_, _, _| Err(Error::NOT_SUPPORTED),
    ..Command::DEFAULT
};

pub(crate) static REPLICAOF: Command = Command {
    name: "replicaof",
    summary: "Would make the server a replica; NO ONE makes it the primary, which it is.",
    since: "5.0.0",
    group: Group::Server,
    arity: 3,
    flags: ADMIN | NOSCRIPT | STALE | NO_ASYNC_LOADING,
    args: &[Arg::one_of(
        "args",
        &[
            Arg::block("host-port", &[Arg::string("host"), Arg::int("port")]),
            Arg::block("no-one", &[Arg::word("no", "NO"), Arg::word("one", "ONE")]),
        ],
    )],
    examples: &["REPLICAOF NO ONE", "REPLICAOF a b", "REPLICAOF a"],
    partial: Some("only NO ONE"),
    run: run_replicaof,
    ..Command::DEFAULT
};

pub(crate) static SLAVEOF: Command = Command {
    name: "slaveof",
    summary: "The old name of REPLICAOF.",
    group: Group::Server,
    arity: 3,
    flags: ADMIN | NOSCRIPT | STALE | NO_ASYNC_LOADING,
    args: &[Arg::one_of(
        "args",
        &[
            Arg::block("host-port", &[Arg::string("host"), Arg::int("port")]),
            Arg::block("no-one", &[Arg::word("no", "NO"), Arg::word("one", "ONE")]),
        ],
    )],
    deprecated: Some(("5.0.0", "`REPLICAOF`")),
    examples: &["SLAVEOF NO ONE"],
    partial: Some("only NO ONE"),
    run: run_replicaof,
    ..Command::DEFAULT
};

pub(crate) static SYNC: Command = Command {
    name: "sync",
    summary: "Would send a replica everything.",
    group: Group::Server,
    flags: ADMIN | NOSCRIPT | NO_ASYNC_LOADING | NO_MULTI,
    partial: Some("there are no replicas yet"),
    run: |_, _, _| Err(Error::NOT_SUPPORTED),
    ..Command::DEFAULT
};

fn run_replicaof(_: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    if is(args.at(1), "NO") && is(args.at(2), "ONE") {
        out.ok();
        return Ok(Done);
    }
    let port = parse_int(args.at(2)).filter(|port| (0..=65_535).contains(port));
    Err(port.map_or_else(|| Error::general("Invalid master port"), |_| Error::NOT_SUPPORTED))
}

fn run_failover(_: &mut Cx<'_>, args: Args<'_>, _: &mut dyn Reply) -> Result<Outcome> {
    let mut options = args.options(1);
    while let Some(option) = options.next() {
        match () {
            () if is(option, "ABORT") && args.len() == 2 => {
                return Err(Error::general("No failover in progress."));
            }
            () if is(option, "TO") => {
                let _ = options.take_words(2).ok_or(Error::SYNTAX)?;
                options.accept("FORCE");
            }
            () if is(option, "TIMEOUT") => {
                options.int()?;
            }
            () => return Err(Error::SYNTAX),
        }
    }
    Err(Error::general("FAILOVER requires connected replicas."))
}
