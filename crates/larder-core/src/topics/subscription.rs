//! A subscription inside the process: a queue of its own, and the names it is subscribed to.

use super::members::{SubscriberId, Target};
use super::message::{Message, Space};
use super::queue::{Closed, Queue, QueueOptions};
use super::registry::Registry;
use crate::sync::{Arc, Mutex};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Weak;
use std::time::Duration;

/// Receives messages. Dropping it unsubscribes.
///
/// Several threads may receive from one subscription; each message reaches one of them.
///
/// ```
/// use larder_core::{Engine, Overflow, QueueOptions, Space};
/// let engine = Engine::new();
/// let options = QueueOptions { len_max: 2, overflow: Overflow::DropOldest, ..QueueOptions::default() };
/// let subscription = engine.topics().subscribe(Space::Channel, b"prices", options);
/// for price in [b"10", b"11", b"12"] {
///     assert_eq!(engine.topics().publish(Space::Channel, b"prices", price), 1);
/// }
/// let first = subscription.recv()?;
/// let second = subscription.recv()?;
/// assert_eq!((&*first.payload, &*second.payload), (&b"11"[..], &b"12"[..]));
/// assert_eq!(second.seq, first.seq + 1);
/// assert_eq!(subscription.lost(), 1);
/// # Ok::<(), larder_core::Closed>(())
/// ```
pub struct Subscription {
    id: SubscriberId,
    queue: Arc<Queue>,
    registry: Weak<Registry>,
    names: Mutex<BTreeSet<(Space, Box<[u8]>)>>,
}

impl Subscription {
    pub(super) fn new(registry: &Arc<Registry>, options: QueueOptions) -> Subscription {
        Subscription {
            id: registry.new_subscriber(),
            queue: Arc::new(Queue::new(options)),
            registry: Arc::downgrade(registry),
            names: Mutex::default(),
        }
    }

    /// Subscribes to one more name. Says whether it was new.
    pub fn add(&self, space: Space, name: &[u8]) -> bool {
        // The set is held throughout, so that it always says what the registry says.
        let mut names = self.names.lock();
        let Some(registry) = self.registry.upgrade() else { return false };
        let is_new = registry.subscribe(space, name, self.id, Target::Queue(self.queue.clone()));
        if is_new {
            names.insert((space, name.into()));
        }
        is_new
    }

    /// Unsubscribes from a name. Says whether it was subscribed. What is queued can still be received.
    pub fn remove(&self, space: Space, name: &[u8]) -> bool {
        let mut names = self.names.lock();
        if !names.remove(&(space, name.into())) {
            return false;
        }
        self.registry.upgrade().is_some_and(|registry| registry.unsubscribe(space, name, self.id))
    }

    /// The names it is subscribed to, in order.
    pub fn names(&self) -> Vec<(Space, Box<[u8]>)> {
        self.names.lock().iter().cloned().collect()
    }

    /// Ends the subscription: it is subscribed to nothing any more, whoever waits for a message is told, and what is
    /// queued can still be received.
    pub fn close(&self) {
        for (space, name) in self.names() {
            self.remove(space, &name);
        }
        self.queue.close(Closed::Ended);
    }

    /// Waits for the next message. Fails when there will be none: see [`Closed`].
    pub fn recv(&self) -> Result<Message, Closed> {
        self.queue.recv()
    }

    /// The next message as a future, on any runtime; whatever is not received yet stays when it is dropped. With the
    /// feature `stream` a subscription is a `futures_core::Stream` as well.
    ///
    /// ```
    /// # use larder_core::{Engine, QueueOptions, Space};
    /// async fn first(news: &larder_core::Subscription) -> Result<Vec<u8>, larder_core::Closed> {
    ///     Ok(news.recv_async().await?.payload.to_vec())
    /// }
    /// # let engine = Engine::new();
    /// # let news = engine.topics().subscribe(Space::Channel, b"news", QueueOptions::default());
    /// # engine.topics().publish(Space::Channel, b"news", b"rain");
    /// # let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    /// # assert!(std::pin::pin!(first(&news)).poll(&mut cx).is_ready());
    /// ```
    pub fn recv_async(&self) -> impl Future<Output = Result<Message, Closed>> + Send + '_ {
        std::future::poll_fn(|cx| self.queue.poll_recv(cx))
    }

    /// Waits for the next message, at most this long. `None` if there was none. Where several threads receive, one
    /// that finds its message taken by another begins to wait anew.
    pub fn recv_timeout(&self, timeout: Duration) -> Result<Option<Message>, Closed> {
        self.queue.recv_timeout(timeout)
    }

    /// The next message, if there is one.
    pub fn try_recv(&self) -> Result<Option<Message>, Closed> {
        self.queue.try_recv()
    }

    /// Takes all there is, under one lock. Gives how many that was; does not wait.
    pub fn drain_into(&self, messages: &mut Vec<Message>) -> Result<usize, Closed> {
        self.queue.drain_into(messages)
    }

    /// Messages, waiting for each, until the subscription is closed.
    pub fn iter(&self) -> Messages<'_> {
        Messages(self)
    }

    /// How many messages were lost because the queue was full. Which ones, the gaps in
    /// [`Parts::seq`](super::Parts::seq) tell.
    pub fn lost(&self) -> u64 {
        self.queue.lost()
    }

    /// How many messages are queued.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether no message is queued.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that the queue and its messages take, those shared with other subscriptions included.
    pub fn used_bytes(&self) -> usize {
        self.queue.bytes()
    }

    #[cfg(test)]
    pub(super) fn queue(&self) -> &Queue {
        &self.queue
    }
}

/// Messages until the subscription is closed.
#[cfg(feature = "stream")]
impl futures_core::Stream for Subscription {
    type Item = Message;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Message>> {
        self.queue.poll_recv(cx).map(Result::ok)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), None)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // A publisher that waits for room must not wait for a receiver that is gone.
        self.queue.close(Closed::Ended);
        if let Some(registry) = self.registry.upgrade() {
            for (space, name) in &*self.names.get_mut() {
                registry.unsubscribe(*space, name, self.id);
            }
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("id", &self.id).field("len", &self.len()).finish_non_exhaustive()
    }
}

/// The messages of a subscription: see [`Subscription::iter`].
#[derive(Debug)]
pub struct Messages<'a>(&'a Subscription);

impl Iterator for Messages<'_> {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        self.0.recv().ok()
    }
}

impl<'a> IntoIterator for &'a Subscription {
    type Item = Message;
    type IntoIter = Messages<'a>;

    fn into_iter(self) -> Messages<'a> {
        self.iter()
    }
}
