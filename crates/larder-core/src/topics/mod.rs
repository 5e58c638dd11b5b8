//! Topics: channels, patterns over channels, and shard channels, for subscribers inside the process and for those that
//! a server speaks to.
//!
//! - [`Topics`]: the registry. [`Subscription`]: a queue of messages for code in this process.
//! - [`Subscriber`]: anything else that receives, such as a connection.
//! - [`Wakes`]: whom a batch of messages has to wake.
//! - [`Message`]: what they receive.
//!
//! What holds: a subscriber receives each message at most once per name it is subscribed to; the messages of a channel
//! reach all subscribers in one order; those of one publisher arrive in the order it published them, whatever the
//! channels; what is lost is counted and leaves a gap in the numbers. Locks of topics are never taken together with
//! those of the keyspace: who reports changes as messages does so when its view is closed.

#[cfg(feature = "channel")]
mod channel;
mod channels;
pub mod glob;
mod members;
mod message;
mod patterns;
mod queue;
mod registry;
mod subscription;
#[cfg(test)]
mod tests;
mod turn;

#[cfg(feature = "channel")]
pub use channel::ChannelSubscription;
pub use members::{Subscriber, SubscriberId, Wakes};
pub use message::{Encoding, Message, Parts, Space};
pub use queue::{Closed, Overflow, QueueOptions};
pub use subscription::{Messages, Subscription};

use crate::keyspace::KeyHasher;
use crate::sync::Arc;
use members::Target;
use registry::Registry;
use std::fmt;

/// How much there is: see [`Topics::counts`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TopicCounts {
    /// Channels with subscribers.
    pub channels: usize,
    /// Different patterns with subscribers.
    pub patterns: usize,
    /// Shard channels with subscribers.
    pub shard_channels: usize,
}

/// The topics of an engine: see [`Engine::topics`](crate::Engine::topics).
pub struct Topics {
    registry: Arc<Registry>,
}

impl Topics {
    pub(crate) fn new(hasher: KeyHasher) -> Topics {
        Topics { registry: Arc::new(Registry::new(hasher)) }
    }

    /// Subscribes to a channel, a pattern or a shard channel with a queue of its own, which
    /// [`Subscription::add`] subscribes to more.
    ///
    /// ```
    /// use larder_core::{Engine, QueueOptions, Space};
    /// let engine = Engine::new();
    /// let subscription = engine.topics().subscribe(Space::Pattern, b"room:*", QueueOptions::default());
    /// engine.topics().publish(Space::Channel, b"room:1", b"hello");
    /// let message = subscription.recv()?;
    /// assert_eq!((&*message.channel, &*message.payload), (&b"room:1"[..], &b"hello"[..]));
    /// # Ok::<(), larder_core::Closed>(())
    /// ```
    pub fn subscribe(&self, space: Space, name: &[u8], options: QueueOptions) -> Subscription {
        let subscription = self.subscription(options);
        subscription.add(space, name);
        subscription
    }

    /// Subscribes with a bounded crossbeam channel: for code that waits on several of them. The limit in bytes does
    /// not apply to it. With the feature `channel`.
    #[cfg(feature = "channel")]
    pub fn channel(&self, space: Space, name: &[u8], options: QueueOptions) -> ChannelSubscription {
        let subscription = ChannelSubscription::new(&self.registry, options);
        subscription.add(space, name);
        subscription
    }

    /// A queue that is subscribed to nothing yet.
    pub fn subscription(&self, options: QueueOptions) -> Subscription {
        Subscription::new(&self.registry, options)
    }

    /// A number for a subscriber of one's own.
    pub fn new_subscriber(&self) -> SubscriberId {
        self.registry.new_subscriber()
    }

    /// Subscribes a subscriber of one's own. Says whether it was not subscribed yet. Whoever subscribes it keeps its
    /// names, and unsubscribes it from each.
    ///
    /// ```
    /// use larder_core::{Engine, Message, Space, Subscriber};
    /// use std::sync::{Arc, Mutex};
    /// #[derive(Default)]
    /// struct Mailbox(Mutex<Vec<Message>>);
    /// impl Subscriber for Mailbox {
    ///     fn deliver(&self, message: &Message) {
    ///         self.0.lock().unwrap().push(message.clone());
    ///     }
    ///     fn wake(&self) {}
    /// }
    /// let engine = Engine::new();
    /// let (id, mailbox) = (engine.topics().new_subscriber(), Arc::new(Mailbox::default()));
    /// assert!(engine.topics().subscribe_with(Space::Shard, b"orders", id, mailbox.clone()));
    /// assert_eq!(engine.topics().publish(Space::Shard, b"orders", b"1 tea"), 1);
    /// assert!(engine.topics().unsubscribe(Space::Shard, b"orders", id));
    /// assert_eq!(engine.topics().publish(Space::Shard, b"orders", b"2 milk"), 0);
    /// assert_eq!(mailbox.0.lock().unwrap().len(), 1);
    /// ```
    pub fn subscribe_with(
        &self,
        space: Space,
        name: &[u8],
        id: SubscriberId,
        subscriber: Arc<dyn Subscriber>,
    ) -> bool {
        self.registry.subscribe(space, name, id, Target::Other(subscriber))
    }

    /// Ends a subscription of a subscriber of one's own. Says whether it was subscribed. A publisher on another thread
    /// that has begun may still deliver to it.
    pub fn unsubscribe(&self, space: Space, name: &[u8], id: SubscriberId) -> bool {
        self.registry.unsubscribe(space, name, id)
    }

    /// Ends subscriptions of a subscriber of one's own to these names of a space. Gives how many there were. Costs a
    /// look-up for each.
    pub fn unsubscribe_all<N: AsRef<[u8]>>(
        &self,
        space: Space,
        names: impl IntoIterator<Item = N>,
        id: SubscriberId,
    ) -> usize {
        names.into_iter().filter(|name| self.unsubscribe(space, name.as_ref(), id)).count()
    }

    /// Publishes to a channel or a shard channel, and wakes those who receive it. Gives how many subscriptions it was
    /// delivered to: somebody who is subscribed to the channel and to a matching pattern counts twice. Nothing is
    /// published to a pattern.
    ///
    /// Without subscribers this is a hash and two loads; with them, one copy of the payload and a push into each queue.
    pub fn publish(&self, space: Space, channel: &[u8], payload: &[u8]) -> usize {
        let Some((stripe, publish)) = self.registry.begin(space, channel, payload) else { return 0 };
        let mut wakes = Wakes::default();
        self.registry.publish(stripe, &publish, &mut wakes)
    }

    /// Publishes as [`Topics::publish`] does, but leaves the waking to the caller, who publishes more.
    pub fn publish_into(&self, space: Space, channel: &[u8], payload: &[u8], wakes: &mut Wakes) -> usize {
        match self.registry.begin(space, channel, payload) {
            Some((stripe, publish)) => self.registry.publish(stripe, &publish, wakes),
            None => 0,
        }
    }

    /// The names in a space with subscribers, those that match the glob pattern if there is one, in no particular
    /// order.
    pub fn names(&self, space: Space, pattern: Option<&[u8]>) -> Vec<Arc<[u8]>> {
        if let Some(channels) = self.registry.channels_of(space) {
            return channels.names(pattern);
        }
        let mut texts = self.registry.patterns.texts();
        texts.retain(|text| pattern.is_none_or(|pattern| glob::matches(pattern, text)));
        texts
    }

    /// The names in a space that somebody is subscribed to. Looks at every name.
    pub fn names_of(&self, space: Space, id: SubscriberId) -> Vec<Arc<[u8]>> {
        match self.registry.channels_of(space) {
            Some(channels) => channels.names_of(id),
            None => self.registry.patterns.texts_of(id),
        }
    }

    /// How many are subscribed to a name; subscriptions to patterns that match it do not count.
    pub fn subscribers(&self, space: Space, name: &[u8]) -> usize {
        self.registry.members(space, name)
    }

    /// How many names have subscribers.
    pub fn counts(&self) -> TopicCounts {
        TopicCounts {
            channels: self.registry.channels.len(),
            patterns: self.registry.patterns.len(),
            shard_channels: self.registry.shards.len(),
        }
    }

    /// Bytes of the registry: names, tables and lists of subscribers, not their queues. Looks at every name.
    pub fn used_bytes(&self) -> usize {
        self.registry.channels.bytes() + self.registry.shards.bytes() + self.registry.patterns.bytes()
    }
}

impl Drop for Topics {
    fn drop(&mut self) {
        for members in self.registry.all_members() {
            members.iter().for_each(|member| member.target.close());
        }
    }
}

impl fmt::Debug for Topics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Topics").field("counts", &self.counts()).finish_non_exhaustive()
    }
}
