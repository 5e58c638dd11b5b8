//! `PUBLISH`, `SPUBLISH`: say something to everybody who listens.

use crate::prelude::*;
use larder_core::Space;

pub(crate) static PUBLISH: Command = Command {
    name: "publish",
    summary: "Publishes a message to a channel, and says how many received it.",
    since: "2.0.0",
    group: Group::PubSub,
    complexity: "O(N+M): N subscribers of the channel, M patterns that may match",
    arity: 3,
    flags: PUBSUB | LOADING | STALE | FAST | MAY_REPLICATE,
    args: &[Arg::string("channel"), Arg::string("message")],
    examples: &["PUBLISH news rain", "PUBLISH news"],
    run: |cx, args, out| run(cx, args, out, Space::Channel),
    ..Command::DEFAULT
};

pub(crate) static SPUBLISH: Command = Command {
    name: "spublish",
    summary: "Publishes a message to a shard channel, and says how many received it.",
    since: "7.0.0",
    group: Group::PubSub,
    complexity: "O(N) in the subscribers of the channel",
    arity: 3,
    flags: PUBSUB | LOADING | STALE | FAST | MAY_REPLICATE,
    keys: &[KeySpec::at(1, NOT_KEY)],
    args: &[Arg::string("shardchannel"), Arg::string("message")],
    examples: &["SPUBLISH orders tea"],
    run: |cx, args, out| run(cx, args, out, Space::Shard),
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, space: Space) -> Result<Outcome> {
    let topics = cx.instance.engine().topics();
    let received = topics.publish_into(space, args.at(1), args.at(2), &mut cx.session.wakes);
    out.count(received);
    Ok(Done)
}
