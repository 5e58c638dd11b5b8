//! `SUBSCRIBE`, `PSUBSCRIBE`, `SSUBSCRIBE`: begin to listen.

use super::confirm::{Words, confirm};
use crate::prelude::*;
use crate::session::space_index;
use larder_core::Space;

const BASE: Command = Command {
    since: "2.0.0",
    group: Group::PubSub,
    complexity: "O(N) in the number of names",
    arity: -2,
    flags: PUBSUB | NOSCRIPT | LOADING | STALE | WHILE_SUBSCRIBED,
    ..Command::DEFAULT
};

pub(crate) static SUBSCRIBE: Command = Command {
    name: "subscribe",
    summary: "Begins to listen to channels.",
    args: &[Arg::string("channel").multiple()],
    examples: &["SUBSCRIBE news weather", "SUBSCRIBE news", "PING", "PING hello", "GET a"],
    run: |cx, args, out| run(cx, args, out, Space::Channel),
    ..BASE
};

pub(crate) static PSUBSCRIBE: Command = Command {
    name: "psubscribe",
    summary: "Begins to listen to all channels whose names match glob patterns.",
    complexity: "O(N) in the number of patterns",
    args: &[Arg::block("pattern", &[Arg::pattern("pattern")]).multiple()],
    examples: &["PSUBSCRIBE news:* w?ather", "SUBSCRIBE news"],
    run: |cx, args, out| run(cx, args, out, Space::Pattern),
    ..BASE
};

pub(crate) static SSUBSCRIBE: Command = Command {
    name: "ssubscribe",
    summary: "Begins to listen to shard channels.",
    since: "7.0.0",
    keys: &[KeySpec::range(1, -1, 1, NOT_KEY)],
    args: &[Arg::string("shardchannel").multiple()],
    examples: &["SSUBSCRIBE orders bills"],
    run: |cx, args, out| run(cx, args, out, Space::Shard),
    ..BASE
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, space: Space) -> Result<Outcome> {
    for name in args.from(1) {
        if cx.session.topics[space_index(space)].insert(name.to_vec()) {
            let client = cx.session.client.clone();
            cx.instance.engine().topics().subscribe_with(space, name, client.subscriber, client.clone());
        }
        confirm(cx.session, out, Words::Subscribed, space, Some(name));
    }
    cx.session.show_subscriptions();
    Ok(Done)
}
