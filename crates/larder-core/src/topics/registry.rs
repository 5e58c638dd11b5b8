//! Who is subscribed to what, and how a message reaches them.

use super::channels::{Channels, Delivery, Stripe};
use super::members::{Members, SubscriberId, Target, Wakes};
use super::message::{Message, Space};
use super::patterns::Patterns;
use super::turn;
use crate::keyspace::KeyHasher;
use crate::sync::{Arc, AtomicU64, Ordering};
use smallvec::SmallVec;

pub(super) struct Registry {
    hasher: KeyHasher,
    pub(super) channels: Channels,
    pub(super) shards: Channels,
    pub(super) patterns: Patterns,
    subscribers: AtomicU64,
}

/// A message on its way.
pub(super) struct Publish<'a> {
    space: Space,
    hash: u64,
    channel: &'a [u8],
    payload: &'a [u8],
    with_patterns: bool,
}

/// The name of the channel and the payload, copied when the first receiver is found.
type Shared = (Arc<[u8]>, Arc<[u8]>);

/// Lists with queues whose publishers wait for room.
type Blocking = SmallVec<[Members; 2]>;

impl Registry {
    pub(super) fn new(hasher: KeyHasher) -> Registry {
        Registry {
            patterns: Patterns::new(hasher.clone()),
            hasher,
            channels: Channels::new(),
            shards: Channels::new(),
            subscribers: AtomicU64::new(0),
        }
    }

    pub(super) fn new_subscriber(&self) -> SubscriberId {
        SubscriberId(self.subscribers.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// The channels of a space; patterns have none.
    pub(super) fn channels_of(&self, space: Space) -> Option<&Channels> {
        match space {
            Space::Channel => Some(&self.channels),
            Space::Shard => Some(&self.shards),
            Space::Pattern => None,
        }
    }

    pub(super) fn subscribe(&self, space: Space, name: &[u8], id: SubscriberId, target: Target) -> bool {
        let Some(channels) = self.channels_of(space) else { return self.patterns.add(name, id, target) };
        let hash = self.hasher.hash(name);
        channels.stripe(hash).add(hash, name, id, target)
    }

    pub(super) fn unsubscribe(&self, space: Space, name: &[u8], id: SubscriberId) -> bool {
        let removed = match self.channels_of(space) {
            None => self.patterns.remove(name, id),
            Some(channels) => {
                let hash = self.hasher.hash(name);
                channels.stripe(hash).remove(hash, name, id)
            }
        };
        removed.is_some()
    }

    pub(super) fn members(&self, space: Space, name: &[u8]) -> usize {
        let Some(channels) = self.channels_of(space) else { return self.patterns.members(name) };
        let hash = self.hasher.hash(name);
        channels.stripe(hash).members(hash, name)
    }

    /// A publish on its way, and the stripe whose turn it takes; `None` where nobody can be there to receive it.
    #[inline]
    pub(super) fn begin<'a>(
        &self,
        space: Space,
        channel: &'a [u8],
        payload: &'a [u8],
    ) -> Option<(&Stripe, Publish<'a>)> {
        let (channels, hash) = (self.channels_of(space)?, self.hasher.hash(channel));
        let with_patterns = space == Space::Channel && self.patterns.len() != 0;
        let stripe = channels.stripe(hash);
        let may_be_heard = with_patterns || !stripe.is_idle();
        may_be_heard.then_some((stripe, Publish { space, hash, channel, payload, with_patterns }))
    }

    /// Delivers what [`Registry::begin`] gave.
    pub(super) fn publish(
        self: &Arc<Self>,
        stripe: &Stripe,
        publish: &Publish<'_>,
        wakes: &mut Wakes,
    ) -> usize {
        if turn::is_delivering() {
            return self.put_aside(stripe, publish);
        }
        let receivers = self.deliver(stripe, publish, wakes);
        while let Some(job) = turn::next() {
            job(wakes);
        }
        receivers
    }

    /// A publish by a subscriber that is being delivered to: counts who will receive it, and leaves it for later.
    #[cold]
    fn put_aside(self: &Arc<Self>, stripe: &Stripe, publish: &Publish<'_>) -> usize {
        let mut receivers = stripe.members(publish.hash, publish.channel);
        if publish.with_patterns {
            let matching = self.patterns.matching(publish.channel);
            receivers += matching.iter().map(|pattern| pattern.members()).sum::<usize>();
        }
        if receivers == 0 {
            return 0;
        }
        let registry = self.clone();
        let space = publish.space;
        let (channel, payload) = (Box::<[u8]>::from(publish.channel), Box::<[u8]>::from(publish.payload));
        let job = move |wakes: &mut Wakes| {
            if let Some((stripe, publish)) = registry.begin(space, &channel, &payload) {
                registry.deliver(stripe, &publish, wakes);
            }
        };
        if turn::put_aside(Box::new(job)) { receivers } else { 0 }
    }

    fn deliver(&self, stripe: &Stripe, publish: &Publish<'_>, wakes: &mut Wakes) -> usize {
        let mut blocking = Blocking::new();
        let receivers = turn::delivering(|| self.deliver_in_turn(stripe, publish, wakes, &mut blocking));
        for members in blocking {
            for queue in members.iter().filter_map(|member| member.target.blocking()) {
                if queue.is_over_limit() {
                    // Whoever makes the room may wait for a message of this very batch.
                    wakes.wake_all();
                    queue.wait_for_room();
                }
            }
        }
        receivers
    }

    fn deliver_in_turn(
        &self,
        stripe: &Stripe,
        publish: &Publish<'_>,
        wakes: &mut Wakes,
        blocking: &mut Blocking,
    ) -> usize {
        let mut receivers = 0;
        let mut hand_out = |message: Message, members: Members| {
            members.deliver(message);
            receivers += members.len();
            if members.has_blocking() {
                blocking.push(members.clone());
            }
            wakes.add(members);
        };
        let _turn = stripe.turn();
        let mut shared: Option<Shared> = None;
        if let Some(Delivery { name, seq, members }) = stripe.next(publish.hash, publish.channel) {
            let payload: Arc<[u8]> = publish.payload.into();
            if publish.with_patterns {
                shared = Some((name.clone(), payload.clone()));
            }
            hand_out(Message::new(publish.space, name, payload, None, seq), members);
        }
        if !publish.with_patterns {
            return receivers;
        }
        for pattern in self.patterns.matching(publish.channel) {
            let (name, payload) =
                shared.get_or_insert_with(|| (publish.channel.into(), publish.payload.into()));
            let _turn = pattern.turn();
            let (seq, members) = pattern.next();
            let text = Some(pattern.text.clone());
            hand_out(Message::new(publish.space, name.clone(), payload.clone(), text, seq), members);
        }
        receivers
    }

    pub(super) fn all_members(&self) -> Vec<Members> {
        let channels = [&self.channels, &self.shards].into_iter().flat_map(Channels::all_members);
        channels.chain(self.patterns.all_members()).collect()
    }
}
