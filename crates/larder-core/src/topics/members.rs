//! Those who are subscribed to one name, and the wakes they are owed.
//!
//! A list of members is shared, not copied: a publisher takes a reference under the lock and delivers without it. Who
//! subscribes meanwhile copies the list first, and only then.

use super::message::Message;
use super::queue::{Closed, Queue};
use crate::sync::Arc;
use smallvec::SmallVec;
use std::fmt;

/// Receives messages. What implements it is a mailbox: [`Topics::subscribe`](super::Topics::subscribe) gives out ready
/// made ones.
pub trait Subscriber: Send + Sync {
    /// Takes a message. Called on the publishing thread, while it holds nothing but the turn of the channel: it may
    /// subscribe, unsubscribe and publish, but the messages it publishes are delivered after this one is. It should
    /// not wait, since those who publish to the channel wait for it.
    fn deliver(&self, message: &Message);

    /// Messages were delivered: once for a whole batch of them. Called on the publishing thread with no lock held.
    fn wake(&self);
}

/// Names a subscriber. [`Topics::new_subscriber`](super::Topics::new_subscriber) gives numbers that are never used
/// twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriberId(pub(crate) u64);

#[derive(Clone)]
pub(super) enum Target {
    Queue(Arc<Queue>),
    Other(Arc<dyn Subscriber>),
}

impl Target {
    #[inline]
    pub(super) fn deliver(&self, message: &Message) {
        match self {
            Target::Queue(queue) => queue.deliver(message.clone()),
            Target::Other(subscriber) => subscriber.deliver(message),
        }
    }

    /// Delivers what nobody else needs.
    #[inline]
    fn deliver_last(&self, message: Message) {
        match self {
            Target::Queue(queue) => queue.deliver(message),
            Target::Other(subscriber) => subscriber.deliver(&message),
        }
    }

    /// The queue, if publishers wait for its room.
    pub(super) fn blocking(&self) -> Option<&Queue> {
        match self {
            Target::Queue(queue) if queue.is_blocking() => Some(queue),
            _ => None,
        }
    }

    /// The engine ends. Subscribers of others know by themselves.
    pub(super) fn close(&self) {
        if let Target::Queue(queue) = self {
            queue.close(Closed::Ended);
        }
    }

    fn wake(&self) {
        match self {
            Target::Queue(queue) => queue.wake(),
            Target::Other(subscriber) => subscriber.wake(),
        }
    }
}

#[derive(Clone)]
pub(super) struct Member {
    id: SubscriberId,
    pub(super) target: Target,
}

/// The members of one channel or pattern, by number: those who came first are served first.
#[derive(Clone, Default)]
pub(super) struct Members {
    list: Arc<Vec<Member>>,
    /// How many of them make publishers wait.
    blocking: usize,
}

impl Members {
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Member> {
        self.list.iter()
    }

    /// Delivers a message to everybody.
    pub(super) fn deliver(&self, message: Message) {
        if let Some((last, others)) = self.list.split_last() {
            others.iter().for_each(|member| member.target.deliver(&message));
            last.target.deliver_last(message);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether any of them makes publishers wait.
    pub(super) fn has_blocking(&self) -> bool {
        self.blocking > 0
    }

    pub(super) fn has(&self, id: SubscriberId) -> bool {
        self.list.binary_search_by_key(&id, |member| member.id).is_ok()
    }

    /// Adds a member; not if it is one.
    pub(super) fn add(&mut self, id: SubscriberId, target: Target) -> bool {
        match self.list.binary_search_by_key(&id, |member| member.id) {
            Ok(_) => false,
            Err(place) => {
                self.blocking += usize::from(target.blocking().is_some());
                Arc::make_mut(&mut self.list).insert(place, Member { id, target });
                true
            }
        }
    }

    /// Removes a member and gives it back, to be dropped when the lock is gone.
    pub(super) fn remove(&mut self, id: SubscriberId) -> Option<Member> {
        let place = self.list.binary_search_by_key(&id, |member| member.id).ok()?;
        let member = Arc::make_mut(&mut self.list).remove(place);
        self.blocking -= usize::from(member.target.blocking().is_some());
        Some(member)
    }

    pub(super) fn bytes(&self) -> usize {
        self.list.capacity() * size_of::<Member>()
    }
}

/// Those who are to be woken when a batch of messages is published: each once, however many messages it got. They are
/// woken by [`Wakes::wake_all`], or when this is dropped. Waking a thread that sleeps costs its publisher much more
/// than the message does, so who publishes several messages in a row keeps one of these.
///
/// ```
/// use larder_core::{Engine, QueueOptions, Space, Wakes};
/// let engine = Engine::new();
/// let subscription = engine.topics().subscribe(Space::Pattern, b"room:*", QueueOptions::default());
/// let mut wakes = Wakes::default();
/// for room in [b"room:1", b"room:2"] {
///     engine.topics().publish_into(Space::Channel, room, b"hello", &mut wakes);
/// }
/// wakes.wake_all();
/// assert_eq!(subscription.len(), 2);
/// ```
#[derive(Default)]
pub struct Wakes {
    /// Lists of the last publishes, each once: a batch mostly goes to few channels.
    lists: SmallVec<[Members; 2]>,
    /// What became of older lists: by number, each once.
    folded: Vec<Member>,
}

/// Lists are compared one by one up to this many; then they are merged.
const LISTS_MAX: usize = 32;

impl Wakes {
    #[inline]
    pub(super) fn add(&mut self, members: Members) {
        if members.is_empty() || self.lists.iter().any(|list| Arc::ptr_eq(&list.list, &members.list)) {
            return;
        }
        if self.lists.len() == LISTS_MAX {
            self.fold();
        }
        self.lists.push(members);
    }

    fn fold(&mut self) {
        for list in self.lists.drain(..) {
            self.folded.extend(list.iter().cloned());
        }
        self.folded.sort_unstable_by_key(|member| member.id);
        self.folded.dedup_by_key(|member| member.id);
    }

    /// Wakes everybody who is owed it.
    #[inline]
    pub fn wake_all(&mut self) {
        if !self.is_empty() {
            self.wake_each();
        }
    }

    fn wake_each(&mut self) {
        // Whom this wakes may publish, and must not find the lists it is in.
        let lists = std::mem::take(&mut self.lists);
        if self.folded.is_empty() && lists.len() <= 1 {
            lists.iter().flat_map(Members::iter).for_each(|member| member.target.wake());
            return;
        }
        let folded = std::mem::take(&mut self.folded);
        let mut members: Vec<&Member> = lists.iter().flat_map(Members::iter).chain(&folded).collect();
        members.sort_unstable_by_key(|member| member.id);
        members.dedup_by_key(|member| member.id);
        members.iter().for_each(|member| member.target.wake());
    }

    /// Whether nobody is to be woken.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty() && self.folded.is_empty()
    }
}

impl Drop for Wakes {
    #[inline]
    fn drop(&mut self) {
        self.wake_all();
    }
}

impl fmt::Debug for Wakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wakes").field("lists", &self.lists.len()).finish_non_exhaustive()
    }
}
