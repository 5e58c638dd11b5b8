//! What is said to somebody who begins to listen, or ends it.

use crate::prelude::*;
use crate::session::Session;
use larder_core::Space;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    Subscribed,
    Unsubscribed,
}

/// Writes a confirmation: its kind, the name, and how much the client listens to now.
pub(crate) fn confirm(
    session: &Session,
    out: &mut dyn Reply,
    words: Words,
    space: Space,
    name: Option<&[u8]>,
) {
    let kind: &[u8] = match (words, space) {
        (Words::Subscribed, Space::Channel) => b"subscribe",
        (Words::Subscribed, Space::Pattern) => b"psubscribe",
        (Words::Subscribed, Space::Shard) => b"ssubscribe",
        (Words::Unsubscribed, Space::Channel) => b"unsubscribe",
        (Words::Unsubscribed, Space::Pattern) => b"punsubscribe",
        (Words::Unsubscribed, Space::Shard) => b"sunsubscribe",
    };
    out.push(3);
    out.bulk(kind);
    out.bulk_or_null(name);
    out.count(if space == Space::Shard { session.topics[2].len() } else { session.subscription_count() });
}
