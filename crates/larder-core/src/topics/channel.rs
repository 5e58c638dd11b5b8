//! Messages on a crossbeam channel, for code that already waits on some: a receiver that `select!` takes.
//!
//! A [`Subscription`](super::Subscription) is the quicker mailbox. This one is for programs whose other events arrive
//! on channels, and who want one place to wait for all of them.

use super::members::{Subscriber, SubscriberId, Target};
use super::message::{Message, Space};
use super::queue::{Overflow, QueueOptions};
use super::registry::Registry;
use crate::sync::{Arc, AtomicU64, Mutex, Ordering};
use crossbeam_channel::{Receiver, SendTimeoutError, Sender, TrySendError, bounded};
use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::ops::Deref;
use std::sync::Weak;
use std::time::Duration;

/// How often a publisher that waits for room looks whether anybody is still there.
const GLANCE: Duration = Duration::from_millis(20);

/// The publishers' end.
struct Mailbox {
    overflow: Overflow,
    sending: Mutex<Sending>,
    /// For taking the oldest message out again.
    receiver: Receiver<Message>,
    lost: AtomicU64,
}

struct Sending {
    /// Gone when the subscription has been closed as too slow.
    sender: Option<Sender<Message>>,
    /// Messages whose publishers wait for room.
    waiting: VecDeque<Message>,
}

impl Mailbox {
    fn lose(&self, count: u64) {
        self.lost.fetch_add(count, Ordering::Relaxed);
    }
}

impl Subscriber for Mailbox {
    fn deliver(&self, message: &Message) {
        let mut sending = self.sending.lock();
        if !sending.waiting.is_empty() {
            sending.waiting.push_back(message.clone());
            return;
        }
        let Some(sender) = &sending.sender else { return self.lose(1) };
        let Err(TrySendError::Full(message)) = sender.try_send(message.clone()) else { return };
        match self.overflow {
            Overflow::DropNewest => self.lose(1),
            Overflow::DropOldest => {
                let mut message = message;
                while let Err(TrySendError::Full(back)) = sender.try_send(message) {
                    // A receiver may have taken the oldest meanwhile: then there is room.
                    self.lose(u64::from(self.receiver.try_recv().is_ok()));
                    message = back;
                }
            }
            Overflow::Block => sending.waiting.push_back(message),
            Overflow::Disconnect => {
                self.lose(1);
                sending.sender = None;
            }
        }
    }

    fn wake(&self) {
        // Receivers are woken by the channel. What is left is to wait for room where publishers shall.
        loop {
            let (sender, message) = {
                let mut sending = self.sending.lock();
                let Some(sender) = sending.sender.clone() else { return sending.waiting.clear() };
                let Some(message) = sending.waiting.pop_front() else { return };
                (sender, message)
            };
            let mut message = message;
            // The mailbox has a receiver of its own, so only a look tells that the subscriber's is gone.
            while let Err(SendTimeoutError::Timeout(back)) = sender.send_timeout(message, GLANCE) {
                if self.sending.lock().sender.is_none() {
                    return;
                }
                message = back;
            }
        }
    }
}

/// Receives messages on a crossbeam channel, as which it can be used. Dropping it unsubscribes.
///
/// ```
/// use crossbeam_channel::{select, unbounded};
/// use larder_core::{Engine, QueueOptions, Space};
/// let engine = Engine::new();
/// let news = engine.topics().channel(Space::Channel, b"news", QueueOptions::default());
/// let (_keys, pressed) = unbounded::<char>();
/// engine.topics().publish(Space::Channel, b"news", b"rain");
/// select! {
///     recv(news) -> message => assert_eq!(&*message.unwrap().payload, b"rain"),
///     recv(pressed) -> _key => unreachable!(),
/// }
/// ```
pub struct ChannelSubscription {
    id: SubscriberId,
    mailbox: Arc<Mailbox>,
    receiver: Receiver<Message>,
    registry: Weak<Registry>,
    names: Mutex<BTreeSet<(Space, Box<[u8]>)>>,
}

impl ChannelSubscription {
    pub(super) fn new(registry: &Arc<Registry>, options: QueueOptions) -> ChannelSubscription {
        let (sender, receiver) = bounded(options.len_max.max(1));
        let sending = Sending { sender: Some(sender), waiting: VecDeque::new() };
        let mailbox = Mailbox {
            overflow: options.overflow,
            sending: Mutex::new(sending),
            receiver: receiver.clone(),
            lost: AtomicU64::new(0),
        };
        ChannelSubscription {
            id: registry.new_subscriber(),
            mailbox: Arc::new(mailbox),
            receiver,
            registry: Arc::downgrade(registry),
            names: Mutex::default(),
        }
    }

    /// The receiver. It is disconnected when the subscription was closed as too slow, after what is queued.
    pub fn receiver(&self) -> &Receiver<Message> {
        &self.receiver
    }

    /// Subscribes to one more name. Says whether it was new.
    pub fn add(&self, space: Space, name: &[u8]) -> bool {
        let mut names = self.names.lock();
        let Some(registry) = self.registry.upgrade() else { return false };
        let is_new = registry.subscribe(space, name, self.id, Target::Other(self.mailbox.clone()));
        if is_new {
            names.insert((space, name.into()));
        }
        is_new
    }

    /// Unsubscribes from a name. Says whether it was subscribed. What is queued can still be received.
    pub fn remove(&self, space: Space, name: &[u8]) -> bool {
        let mut names = self.names.lock();
        names.remove(&(space, name.into()))
            && self.registry.upgrade().is_some_and(|registry| registry.unsubscribe(space, name, self.id))
    }

    /// How many messages were lost because the channel was full.
    pub fn lost(&self) -> u64 {
        self.mailbox.lost.load(Ordering::Relaxed)
    }
}

impl Deref for ChannelSubscription {
    type Target = Receiver<Message>;

    fn deref(&self) -> &Receiver<Message> {
        &self.receiver
    }
}

impl Drop for ChannelSubscription {
    fn drop(&mut self) {
        if let Some(registry) = self.registry.upgrade() {
            for (space, name) in &*self.names.get_mut() {
                registry.unsubscribe(*space, name, self.id);
            }
        }
        // A publisher that waits for room must not wait for a receiver that is gone.
        let mut sending = self.mailbox.sending.lock();
        sending.sender = None;
        sending.waiting.clear();
        drop(sending);
        while self.receiver.try_recv().is_ok() {}
    }
}

impl fmt::Debug for ChannelSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelSubscription").field("id", &self.id).finish_non_exhaustive()
    }
}
