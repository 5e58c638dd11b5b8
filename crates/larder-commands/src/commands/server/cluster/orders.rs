//! Orders that would change the cluster. One node alone refuses most of them, in the words of Redis.

use super::{CLUSTER_COMMAND, MANAGING};
use crate::prelude::*;
use std::sync::atomic::Ordering::Relaxed;

pub(super) static BUMPEPOCH: Command = Command {
    name: "bumpepoch",
    summary: "Advances the epoch.",
    since: "3.0.0",
    arity: 2,
    tips: &["nondeterministic_output"],
    examples: &["CLUSTER BUMPEPOCH"],
    run: run_bumpepoch,
    ..MANAGING
};

pub(super) static FAILOVER: Command = Command {
    name: "failover",
    summary: "Would make a replica the primary; there is none.",
    since: "3.0.0",
    arity: -2,
    args: &[
        Arg::one_of("options", &[Arg::word("force", "FORCE"), Arg::word("takeover", "TAKEOVER")]).optional()
    ],
    examples: &["CLUSTER FAILOVER"],
    partial: Some("there are no other nodes"),
    run: run_failover,
    ..MANAGING
};

pub(super) static FORGET: Command = Command {
    name: "forget",
    summary: "Would forget another node.",
    since: "3.0.0",
    arity: 3,
    args: &[Arg::string("node-id")],
    partial: Some("there are no other nodes"),
    run: run_forget,
    ..MANAGING
};

pub(super) static MEET: Command = Command {
    name: "meet",
    summary: "Would make nodes know each other.",
    since: "3.0.0",
    arity: -4,
    args: &[Arg::string("ip"), Arg::int("port"), Arg::int("cluster_bus_port").optional().since("4.0.0")],
    partial: Some("there are no other nodes"),
    run: run_meet,
    ..MANAGING
};

pub(super) static REPLICATE: Command = Command {
    name: "replicate",
    summary: "Would make this node a replica of another one.",
    since: "3.0.0",
    arity: 3,
    args: &[Arg::string("node-id")],
    partial: Some("there are no other nodes"),
    run: run_replicate,
    ..MANAGING
};

pub(super) static RESET: Command = Command {
    name: "reset",
    reach: Reach::Everything,
    summary: "Would forget the cluster.",
    since: "3.0.0",
    complexity: "O(1)",
    arity: -2,
    flags: ADMIN | NOSCRIPT | STALE,
    args: &[Arg::one_of("hard_soft", &[Arg::word("hard", "HARD"), Arg::word("soft", "SOFT")]).optional()],
    examples: &["CLUSTER RESET"],
    partial: Some("there are no other nodes"),
    run: run_reset,
    ..CLUSTER_COMMAND
};

pub(super) static SAVECONFIG: Command = Command {
    name: "saveconfig",
    summary: "Would write the state of the cluster to a file; there is nothing to write.",
    since: "3.0.0",
    arity: 2,
    examples: &["CLUSTER SAVECONFIG"],
    partial: Some("there are no other nodes"),
    run: |cx, _, out| cx.instance.cluster.needed().and_then(|()| done(out)),
    ..MANAGING
};

pub(super) static SET_CONFIG_EPOCH: Command = Command {
    name: "set-config-epoch",
    summary: "Sets the epoch, if it is 0.",
    since: "3.0.0",
    arity: 3,
    args: &[Arg::int("config-epoch")],
    run: run_set_config_epoch,
    ..MANAGING
};

fn done(out: &mut dyn Reply) -> Result<Outcome> {
    out.ok();
    Ok(Done)
}

fn run_bumpepoch(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.needed()?;
    let bumped = cx.instance.cluster.epoch.compare_exchange(0, 1, Relaxed, Relaxed);
    out.status(&bumped.map_or_else(|epoch| format!("STILL {epoch}"), |_| "BUMPED 1".into()));
    Ok(Done)
}

fn run_failover(cx: &mut Cx<'_>, args: Args<'_>, _: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.needed()?;
    match args.from(2) {
        [] => {}
        [how] if is(how, "FORCE") || is(how, "TAKEOVER") => {}
        _ => return Err(Error::SYNTAX),
    }
    Err(Error::general("You should send CLUSTER FAILOVER to a replica"))
}

fn run_forget(cx: &mut Cx<'_>, args: Args<'_>, _: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.needed()?;
    if args.at(2) == cx.instance.cluster.node_id.as_bytes() {
        return Err(Error::general("I tried hard but I can't forget myself..."));
    }
    Err(unknown_node(args))
}

fn unknown_node(args: Args<'_>) -> Error {
    Error::general(format_args!("Unknown node {}", String::from_utf8_lossy(args.at(2))))
}

fn run_meet(cx: &mut Cx<'_>, args: Args<'_>, _: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.needed()?;
    let (ip, port) = (String::from_utf8_lossy(args.at(2)), String::from_utf8_lossy(args.at(3)));
    if parse_int(args.at(3)).is_none() {
        return Err(Error::general(format_args!("Invalid TCP base port specified: {port}")));
    }
    if ip.parse::<std::net::IpAddr>().is_err() || port.parse::<u16>().is_err() {
        return Err(Error::general(format_args!("Invalid node address specified: {ip}:{port}")));
    }
    Err(Error::general("Larder's clusters have one node, and this is it"))
}

fn run_replicate(cx: &mut Cx<'_>, args: Args<'_>, _: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.needed()?;
    if args.at(2) == cx.instance.cluster.node_id.as_bytes() {
        return Err(Error::general("Can't replicate myself"));
    }
    Err(unknown_node(args))
}

fn run_reset(cx: &mut Cx<'_>, args: Args<'_>, _: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.needed()?;
    match args.from(2) {
        [] => {}
        [how] if is(how, "HARD") || is(how, "SOFT") => {}
        _ => return Err(Error::SYNTAX),
    }
    if cx.view.len(cx.db())? != 0 {
        return Err(Error::general("CLUSTER RESET can't be called with master nodes containing keys"));
    }
    Err(Error::general("this node is the only one, and keeps every slot"))
}

fn run_set_config_epoch(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.needed()?;
    let epoch = args.int(2)?;
    let wanted = u64::try_from(epoch)
        .map_err(|_| Error::general(format_args!("Invalid config epoch specified: {epoch}")))?;
    let set = cx.instance.cluster.epoch.compare_exchange(0, wanted, Relaxed, Relaxed);
    set.map_err(|_| Error::general("Node config epoch is already non-zero"))?;
    done(out)
}
