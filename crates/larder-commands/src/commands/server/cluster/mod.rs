//! `CLUSTER` and its relatives: one node that owns every slot where cluster mode is on, and an error where it is off.

use crate::help::help;
use crate::prelude::*;
use crate::spec::acl;

mod nodes;
mod orders;
mod slots;

const CLUSTER_COMMAND: Command = Command { group: Group::Cluster, ..Command::DEFAULT };

const MANAGING: Command = Command { flags: ADMIN | STALE | NO_ASYNC_LOADING, ..CLUSTER_COMMAND };

pub(crate) static CLUSTER: Command = Command {
    name: "cluster",
    summary: "Describes and manages a cluster, which is this one node.",
    since: "3.0.0",
    group: Group::Cluster,
    complexity: "That of the subcommand",
    arity: -2,
    sub: &[
        &slots::ADDSLOTS,
        &slots::ADDSLOTSRANGE,
        &orders::BUMPEPOCH,
        &nodes::COUNT_FAILURE_REPORTS,
        &slots::COUNTKEYSINSLOT,
        &slots::DELSLOTS,
        &slots::DELSLOTSRANGE,
        &orders::FAILOVER,
        &slots::FLUSHSLOTS,
        &orders::FORGET,
        &slots::GETKEYSINSLOT,
        &HELP,
        &nodes::INFO,
        &slots::KEYSLOT,
        &nodes::LINKS,
        &orders::MEET,
        &nodes::MYID,
        &nodes::MYSHARDID,
        &nodes::NODES,
        &nodes::REPLICAS,
        &orders::REPLICATE,
        &orders::RESET,
        &orders::SAVECONFIG,
        &orders::SET_CONFIG_EPOCH,
        &slots::SETSLOT,
        &nodes::SHARDS,
        &nodes::SLAVES,
        &nodes::SLOTS,
    ],
    ..Command::DEFAULT
};

static HELP: Command = Command {
    name: "help",
    summary: "Names the subcommands.",
    since: "5.0.0",
    group: Group::Cluster,
    arity: 2,
    flags: LOADING | STALE,
    run: |cx, _, out| cx.instance.cluster.needed().and_then(|()| help(out, &CLUSTER)),
    ..Command::DEFAULT
};

pub(crate) static ASKING: Command = Command {
    name: "asking",
    summary: "Says that the next command follows a redirection; this node redirects nobody.",
    since: "3.0.0",
    flags: FAST,
    acl: acl::CONNECTION,
    examples: &["ASKING"],
    run: run_mode,
    ..CLUSTER_COMMAND
};

pub(crate) static READONLY: Command = Command {
    name: "readonly",
    summary: "Allows reads from a replica; this node is none.",
    since: "3.0.0",
    flags: LOADING | STALE | FAST,
    acl: acl::CONNECTION,
    examples: &["READONLY"],
    run: run_mode,
    ..CLUSTER_COMMAND
};

pub(crate) static READWRITE: Command = Command {
    name: "readwrite",
    summary: "Refuses reads from a replica again; this node is none.",
    since: "3.0.0",
    flags: LOADING | STALE | FAST,
    acl: acl::CONNECTION,
    examples: &["READWRITE"],
    run: run_mode,
    ..CLUSTER_COMMAND
};

fn run_mode(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.needed()?;
    out.ok();
    Ok(Done)
}
