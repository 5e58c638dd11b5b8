//! `PUBSUB`: who listens to what.

use crate::help::help;
use crate::prelude::*;
use larder_core::Space;

pub(crate) static PUBSUB: Command = Command {
    name: "pubsub",
    summary: "Says who listens to what.",
    since: "2.8.0",
    group: Group::PubSub,
    complexity: "That of the subcommand",
    arity: -2,
    acl_without: crate::spec::acl::PUBSUB,
    sub: &[&CHANNELS, &HELP, &NUMPAT, &NUMSUB, &SHARDCHANNELS, &SHARDNUMSUB],
    ..Command::DEFAULT
};

const BASE: Command = Command {
    since: "2.8.0",
    group: Group::PubSub,
    arity: -2,
    flags: crate::spec::flags::PUBSUB | LOADING | STALE,
    ..Command::DEFAULT
};

static CHANNELS: Command = Command {
    name: "channels",
    summary: "Names the channels that somebody listens to.",
    complexity: "O(N) in the number of channels",
    args: &[Arg::pattern("pattern").optional()],
    examples: &["PUBSUB CHANNELS", "PUBSUB CHANNELS n*", "PUBSUB CHANNELS a b"],
    run: |cx, args, out| names(cx, args, out, Space::Channel),
    ..BASE
};

static SHARDCHANNELS: Command = Command {
    name: "shardchannels",
    summary: "Names the shard channels that somebody listens to.",
    since: "7.0.0",
    complexity: "O(N) in the number of shard channels",
    args: &[Arg::pattern("pattern").optional()],
    examples: &["PUBSUB SHARDCHANNELS", "PUBSUB SHARDCHANNELS o*"],
    run: |cx, args, out| names(cx, args, out, Space::Shard),
    ..BASE
};

static NUMSUB: Command = Command {
    name: "numsub",
    summary: "Says how many listen to channels; those who listen through patterns do not count.",
    complexity: "O(N) in the number of names",
    args: &[Arg::string("channel").multiple().optional()],
    examples: &["PUBSUB NUMSUB", "PUBSUB NUMSUB news weather"],
    run: |cx, args, out| counts(cx, args, out, Space::Channel),
    ..BASE
};

static SHARDNUMSUB: Command = Command {
    name: "shardnumsub",
    summary: "Says how many listen to shard channels.",
    since: "7.0.0",
    complexity: "O(N) in the number of names",
    args: &[Arg::string("shardchannel").multiple().optional()],
    examples: &["PUBSUB SHARDNUMSUB", "PUBSUB SHARDNUMSUB orders"],
    run: |cx, args, out| counts(cx, args, out, Space::Shard),
    ..BASE
};

static NUMPAT: Command = Command {
    name: "numpat",
    summary: "Says how many patterns somebody listens to.",
    complexity: "O(1)",
    arity: 2,
    examples: &["PUBSUB NUMPAT"],
    run: |cx, _, out| {
        out.count(cx.instance.engine().topics().counts().patterns);
        Ok(Done)
    },
    ..BASE
};

static HELP: Command = Command {
    name: "help",
    summary: "Names the subcommands.",
    since: "6.2.0",
    arity: 2,
    flags: LOADING | STALE,
    acl_without: crate::spec::acl::PUBSUB,
    run: |_, _, out| help(out, &PUBSUB),
    ..BASE
};

fn names(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, space: Space) -> Result<Outcome> {
    if args.len() > 3 {
        return Err(Error::unknown_arguments(args.at(1), "PUBSUB"));
    }
    let names = cx.instance.engine().topics().names(space, args.from(2).first().copied());
    out.array(names.len());
    names.iter().for_each(|name| out.bulk(name));
    Ok(Done)
}

fn counts(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, space: Space) -> Result<Outcome> {
    let names = args.from(2);
    // A flat list in both protocols, as Redis has it.
    out.array(names.len() * 2);
    for name in names {
        out.bulk(name);
        out.count(cx.instance.engine().topics().subscribers(space, name));
    }
    Ok(Done)
}
