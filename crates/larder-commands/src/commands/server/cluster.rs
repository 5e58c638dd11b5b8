//! `CLUSTER` and its relatives, as Redis answers them where cluster mode is off.

use crate::help::help;
use crate::prelude::*;
use crate::spec::acl;

const DISABLED: Command = Command {
    group: Group::Cluster,
    partial: Some("one server alone is no cluster"),
    run: disabled,
    ..Command::DEFAULT
};

const MANAGING: Command = Command { flags: ADMIN | STALE | NO_ASYNC_LOADING, ..DISABLED };

pub(crate) static CLUSTER: Command = Command {
    name: "cluster",
    summary: "Would manage a cluster of servers; this one is alone.",
    since: "3.0.0",
    group: Group::Cluster,
    complexity: "That of the subcommand",
    arity: -2,
    sub: &[
        &ADDSLOTS,
        &ADDSLOTSRANGE,
        &BUMPEPOCH,
        &COUNT_FAILURE_REPORTS,
        &COUNTKEYSINSLOT,
        &DELSLOTS,
        &DELSLOTSRANGE,
        &FAILOVER,
        &FLUSHSLOTS,
        &FORGET,
        &GETKEYSINSLOT,
        &HELP,
        &INFO,
        &KEYSLOT,
        &LINKS,
        &MEET,
        &MYID,
        &MYSHARDID,
        &NODES,
        &REPLICAS,
        &REPLICATE,
        &RESET,
        &SAVECONFIG,
        &SET_CONFIG_EPOCH,
        &SETSLOT,
        &SHARDS,
        &SLAVES,
        &SLOTS,
    ],
    ..Command::DEFAULT
};

static ADDSLOTS: Command = Command {
    name: "addslots",
    summary: "Would assign slots.",
    since: "3.0.0",
    complexity: "O(1)",
    arity: -3,
    args: &[Arg::int("slot").multiple()],
    ..MANAGING
};

static ADDSLOTSRANGE: Command = Command {
    name: "addslotsrange",
    summary: "Would assign ranges of slots.",
    since: "7.0.0",
    complexity: "O(1)",
    arity: -4,
    args: &[Arg::block("start-slot_end-slot", &[Arg::int("start-slot"), Arg::int("end-slot")]).multiple()],
    ..MANAGING
};

static BUMPEPOCH: Command = Command {
    name: "bumpepoch",
    summary: "Would advance the epoch.",
    since: "3.0.0",
    arity: 2,
    tips: &["nondeterministic_output"],
    examples: &["CLUSTER BUMPEPOCH"],
    ..MANAGING
};

static COUNT_FAILURE_REPORTS: Command = Command {
    name: "count-failure-reports",
    summary: "Would count reports of a failure.",
    since: "3.0.0",
    complexity: "O(1)",
    arity: 3,
    flags: ADMIN | STALE,
    args: &[Arg::string("node-id")],
    tips: &["nondeterministic_output"],
    ..DISABLED
};

static COUNTKEYSINSLOT: Command = Command {
    name: "countkeysinslot",
    summary: "Would count the keys of a slot.",
    since: "3.0.0",
    arity: 3,
    flags: STALE,
    args: &[Arg::int("slot")],
    ..DISABLED
};

static DELSLOTS: Command = Command {
    name: "delslots",
    summary: "Would take slots away.",
    since: "3.0.0",
    complexity: "O(1)",
    arity: -3,
    args: &[Arg::int("slot").multiple()],
    ..MANAGING
};

static DELSLOTSRANGE: Command = Command {
    name: "delslotsrange",
    summary: "Would take ranges of slots away.",
    since: "7.0.0",
    complexity: "O(1)",
    arity: -4,
    args: &[Arg::block("start-slot_end-slot", &[Arg::int("start-slot"), Arg::int("end-slot")]).multiple()],
    ..MANAGING
};

static FAILOVER: Command = Command {
    name: "failover",
    summary: "Would make a replica the primary.",
    since: "3.0.0",
    arity: -2,
    args: &[
        Arg::one_of("options", &[Arg::word("force", "FORCE"), Arg::word("takeover", "TAKEOVER")]).optional()
    ],
    examples: &["CLUSTER FAILOVER"],
    ..MANAGING
};

static FLUSHSLOTS: Command = Command {
    name: "flushslots",
    summary: "Would forget all slots.",
    since: "3.0.0",
    arity: 2,
    examples: &["CLUSTER FLUSHSLOTS"],
    ..MANAGING
};

static FORGET: Command = Command {
    name: "forget",
    summary: "Would forget a node.",
    since: "3.0.0",
    arity: 3,
    args: &[Arg::string("node-id")],
    ..MANAGING
};

static GETKEYSINSLOT: Command = Command {
    name: "getkeysinslot",
    summary: "Would name keys of a slot.",
    since: "3.0.0",
    complexity: "O(1)",
    arity: 4,
    flags: STALE,
    args: &[Arg::int("slot"), Arg::int("count")],
    tips: &["nondeterministic_output"],
    ..DISABLED
};

static HELP: Command = Command {
    name: "help",
    summary: "Names the subcommands.",
    since: "5.0.0",
    group: Group::Cluster,
    arity: 2,
    flags: LOADING | STALE,
    run: |_, _, out| help(out, &CLUSTER),
    ..Command::DEFAULT
};

static INFO: Command = Command {
    name: "info",
    summary: "Would describe the state of the cluster.",
    since: "3.0.0",
    arity: 2,
    flags: STALE,
    tips: &["nondeterministic_output"],
    examples: &["CLUSTER INFO"],
    ..DISABLED
};

static KEYSLOT: Command = Command {
    name: "keyslot",
    summary: "Returns the slot that a key falls into.",
    since: "3.0.0",
    group: Group::Cluster,
    complexity: "O(N) in the length of the key",
    arity: 3,
    flags: STALE,
    args: &[Arg::string("key")],
    examples: &["CLUSTER KEYSLOT somekey", "CLUSTER KEYSLOT {user}:1", "CLUSTER KEYSLOT"],
    run: |_, args, out| {
        out.int(i64::from(slot_of(args.at(2))));
        Ok(Done)
    },
    ..Command::DEFAULT
};

static LINKS: Command = Command {
    name: "links",
    summary: "Would list links to other nodes.",
    since: "7.0.0",
    complexity: "O(1)",
    arity: 2,
    flags: STALE,
    tips: &["nondeterministic_output"],
    examples: &["CLUSTER LINKS"],
    ..DISABLED
};

static MEET: Command = Command {
    name: "meet",
    summary: "Would make nodes know each other.",
    since: "3.0.0",
    arity: -4,
    args: &[Arg::string("ip"), Arg::int("port"), Arg::int("cluster_bus_port").optional().since("4.0.0")],
    ..MANAGING
};

static MYID: Command = Command {
    name: "myid",
    summary: "Would name this node.",
    since: "3.0.0",
    arity: 2,
    flags: STALE,
    examples: &["CLUSTER MYID"],
    ..DISABLED
};

static MYSHARDID: Command = Command {
    name: "myshardid",
    summary: "Would name the shard of this node.",
    since: "7.2.0",
    arity: 2,
    flags: STALE,
    tips: &["nondeterministic_output"],
    examples: &["CLUSTER MYSHARDID"],
    ..DISABLED
};

static NODES: Command = Command {
    name: "nodes",
    summary: "Would list the nodes.",
    since: "3.0.0",
    complexity: "O(1)",
    arity: 2,
    flags: STALE,
    tips: &["nondeterministic_output"],
    examples: &["CLUSTER NODES"],
    ..DISABLED
};

static REPLICAS: Command = Command {
    name: "replicas",
    summary: "Would list replicas of a node.",
    since: "5.0.0",
    arity: 3,
    flags: ADMIN | STALE,
    args: &[Arg::string("node-id")],
    tips: &["nondeterministic_output"],
    ..DISABLED
};

static REPLICATE: Command = Command {
    name: "replicate",
    summary: "Would make this node a replica.",
    since: "3.0.0",
    arity: 3,
    args: &[Arg::string("node-id")],
    ..MANAGING
};

static RESET: Command = Command {
    name: "reset",
    summary: "Would forget the cluster.",
    since: "3.0.0",
    complexity: "O(1)",
    arity: -2,
    flags: ADMIN | NOSCRIPT | STALE,
    args: &[Arg::one_of("hard_soft", &[Arg::word("hard", "HARD"), Arg::word("soft", "SOFT")]).optional()],
    examples: &["CLUSTER RESET"],
    ..DISABLED
};

static SAVECONFIG: Command = Command {
    name: "saveconfig",
    summary: "Would write the state to a file.",
    since: "3.0.0",
    arity: 2,
    examples: &["CLUSTER SAVECONFIG"],
    ..MANAGING
};

static SET_CONFIG_EPOCH: Command = Command {
    name: "set-config-epoch",
    summary: "Would set the epoch.",
    since: "3.0.0",
    arity: 3,
    args: &[Arg::int("config-epoch")],
    ..MANAGING
};

static SETSLOT: Command = Command {
    name: "setslot",
    summary: "Would assign a slot.",
    since: "3.0.0",
    arity: -4,
    args: &[
        Arg::int("slot"),
        Arg::one_of(
            "subcommand",
            &[
                Arg::string("node-id").token("IMPORTING"),
                Arg::string("node-id").token("MIGRATING"),
                Arg::string("node-id").token("NODE"),
                Arg::word("stable", "STABLE"),
            ],
        ),
    ],
    ..MANAGING
};

static SHARDS: Command = Command {
    name: "shards",
    summary: "Would list shards and their slots.",
    since: "7.0.0",
    complexity: "O(1)",
    arity: 2,
    flags: STALE,
    tips: &["nondeterministic_output"],
    examples: &["CLUSTER SHARDS"],
    ..DISABLED
};

static SLAVES: Command = Command {
    name: "slaves",
    summary: "Would list replicas of a node.",
    since: "3.0.0",
    arity: 3,
    flags: ADMIN | STALE,
    args: &[Arg::string("node-id")],
    tips: &["nondeterministic_output"],
    deprecated: Some(("5.0.0", "`CLUSTER REPLICAS`")),
    ..DISABLED
};

static SLOTS: Command = Command {
    name: "slots",
    summary: "Would list slots and their nodes.",
    since: "3.0.0",
    complexity: "O(1)",
    arity: 2,
    flags: STALE,
    tips: &["nondeterministic_output"],
    deprecated: Some(("7.0.0", "`CLUSTER SHARDS`")),
    examples: &["CLUSTER SLOTS"],
    ..DISABLED
};

pub(crate) static ASKING: Command = Command {
    name: "asking",
    summary: "Would say that the next command follows a redirection; there is no cluster.",
    since: "3.0.0",
    flags: FAST,
    acl: acl::CONNECTION,
    examples: &["ASKING"],
    ..DISABLED
};

pub(crate) static READONLY: Command = Command {
    name: "readonly",
    summary: "Would allow reads from a replica; there is no cluster.",
    since: "3.0.0",
    flags: LOADING | STALE | FAST,
    acl: acl::CONNECTION,
    examples: &["READONLY"],
    ..DISABLED
};

pub(crate) static READWRITE: Command = Command {
    name: "readwrite",
    summary: "Would refuse reads from a replica again; there is no cluster.",
    since: "3.0.0",
    flags: LOADING | STALE | FAST,
    acl: acl::CONNECTION,
    examples: &["READWRITE"],
    ..DISABLED
};

fn disabled(_: &mut Cx<'_>, _: Args<'_>, _: &mut dyn Reply) -> Result<Outcome> {
    Err(Error::general("This instance has cluster support disabled"))
}

/// How many slots a cluster has.
const SLOT_COUNT: u16 = 16_384;

/// The slot of a key: a checksum of it, or of what stands between its first `{` and the next `}` if that is anything.
fn slot_of(key: &[u8]) -> u16 {
    let tag = key.iter().position(|byte| *byte == b'{').and_then(|open| {
        let rest = &key[open + 1..];
        let close = rest.iter().position(|byte| *byte == b'}')?;
        (close > 0).then_some(&rest[..close])
    });
    crc16(tag.unwrap_or(key)) % SLOT_COUNT
}

/// CRC-16/XMODEM: polynomial 0x1021, from zero.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(
            crc ^ u16::from(*byte) << 8,
            |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 }
            },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(slot_of(b"foo"), 12_182);
        assert_eq!(slot_of(b"{user1000}.following"), slot_of(b"{user1000}.followers"));
        assert_eq!(slot_of(b"foo{}{bar}"), crc16(b"foo{}{bar}") % SLOT_COUNT);
        assert_eq!(slot_of(b"foo{{bar}}zap"), crc16(b"{bar") % SLOT_COUNT);
        assert_eq!(slot_of(b"foo{bar}{zap}"), slot_of(b"bar"));
    }
}
