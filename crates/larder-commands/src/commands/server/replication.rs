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
    run: |_, _, _| Err(Error::NO_REPLICATION),
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
    run: |_, _, _| Err(Error::NO_REPLICATION),
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
    run: |_, _, _| Err(Error::NO_REPLICATION),
    ..Command::DEFAULT
};

fn run_replicaof(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.forbid("REPLICAOF not allowed in cluster mode.")?;
    if is(args.at(1), "NO") && is(args.at(2), "ONE") {
        out.ok();
        return Ok(Done);
    }
    let port = parse_int(args.at(2)).filter(|port| (0..=65_535).contains(port));
    Err(port.map_or_else(|| Error::general("Invalid master port"), |_| Error::NO_REPLICATION))
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

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn nothing_is_written_where_replicas_are_asked_for() {
        let house = House::new();
        let mut guest = house.guest();
        let refused = "-NOREPLICAS Not enough good replicas to write.";
        guest.says("MULTI");
        guest.says("SET k 1");
        assert_eq!(guest.says("CONFIG SET min-slaves-to-write 1"), "QUEUED");
        assert_eq!(guest.says("EXEC"), "[OK OK]");
        assert_eq!(guest.says("CONFIG GET min-replicas-to-write"), "{\"min-replicas-to-write\": \"1\"}");
        assert_eq!(guest.says("SET k 2"), refused);
        assert_eq!(guest.says("GET k"), "\"1\"");
        assert_eq!(guest.says("PUBLISH c m"), "(0)");
        guest.says("MULTI");
        assert_eq!(guest.says("SET k 2"), refused);
        assert!(guest.says("EXEC").starts_with("-EXECABORT"));
        assert!(guest.says("INFO replication").contains("min_slaves_good_slaves:0"));
        assert_eq!(guest.says("CONFIG SET min-replicas-max-lag 0"), "OK");
        assert_eq!(guest.says("SET k 2"), "OK");
    }

    #[cfg(feature = "scripts")]
    #[test]
    fn scripts_write_no_more_than_their_callers() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("CONFIG SET min-replicas-to-write 1");
        let script = |body: &str, guest: &mut crate::testing::Guest| {
            guest.says_words(&[b"EVAL", body.as_bytes(), b"1", b"k"])
        };
        assert!(
            script("return redis.call('SET', KEYS[1], 1)", &mut guest).starts_with("-NOREPLICAS Not enough")
        );
        assert_eq!(script("return redis.call('GET', KEYS[1])", &mut guest), "nil");
    }
}
