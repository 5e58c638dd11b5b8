//! `UNSUBSCRIBE`, `PUNSUBSCRIBE`, `SUNSUBSCRIBE`: listen no longer.

use super::confirm::{Words, confirm};
use crate::dispatch::deliver;
use crate::prelude::*;
use crate::session::space_index;
use larder_core::Space;

const BASE: Command = Command {
    since: "2.0.0",
    group: Group::PubSub,
    complexity: "O(N) in the number of names",
    arity: -1,
    flags: PUBSUB | NOSCRIPT | LOADING | STALE | WHILE_SUBSCRIBED,
    ..Command::DEFAULT
};

pub(crate) static UNSUBSCRIBE: Command = Command {
    name: "unsubscribe",
    summary: "Listens to these channels no longer, or to none at all.",
    args: &[Arg::string("channel").multiple().optional()],
    examples: &["UNSUBSCRIBE", "SUBSCRIBE news", "UNSUBSCRIBE weather", "UNSUBSCRIBE", "ECHO free"],
    run: |cx, args, out| run(cx, args, out, Space::Channel),
    ..BASE
};

pub(crate) static PUNSUBSCRIBE: Command = Command {
    name: "punsubscribe",
    summary: "Listens to these patterns no longer, or to none at all.",
    args: &[Arg::pattern("pattern").multiple().optional()],
    examples: &[
        "PUNSUBSCRIBE",
        "PSUBSCRIBE n*",
        "SUBSCRIBE news",
        "PUNSUBSCRIBE n*",
        "UNSUBSCRIBE",
        "ECHO free",
    ],
    run: |cx, args, out| run(cx, args, out, Space::Pattern),
    ..BASE
};

pub(crate) static SUNSUBSCRIBE: Command = Command {
    name: "sunsubscribe",
    summary: "Listens to these shard channels no longer, or to none at all.",
    since: "7.0.0",
    keys: &[KeySpec::range(1, -1, 1, NOT_KEY)],
    args: &[Arg::string("shardchannel").multiple().optional()],
    examples: &["SUNSUBSCRIBE", "SSUBSCRIBE orders", "SUNSUBSCRIBE orders", "ECHO free"],
    run: |cx, args, out| run(cx, args, out, Space::Shard),
    ..BASE
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, space: Space) -> Result<Outcome> {
    let index = space_index(space);
    let named: Vec<Vec<u8>> = match args.from(1) {
        [] => cx.session.topics[index].iter().cloned().collect(),
        names => names.iter().map(|name| name.to_vec()).collect(),
    };
    if named.is_empty() {
        confirm(cx.session, out, Words::Unsubscribed, space, None);
        return Ok(Done);
    }
    for name in &named {
        if cx.session.topics[index].remove(name) {
            let subscriber = cx.session.client.subscriber;
            cx.instance.engine().topics().unsubscribe(space, name, subscriber);
            // What came before this moment is delivered before it is said that nothing more comes.
            deliver(cx.session, out);
        }
        confirm(cx.session, out, Words::Unsubscribed, space, Some(name));
    }
    cx.session.show_subscriptions();
    Ok(Done)
}
