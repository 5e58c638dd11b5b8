//! The channels of one space, in stripes.
//!
//! A stripe has two locks. The inner one guards its table, for as long as a look-up takes. The outer one is the turn to
//! deliver: who holds it delivers a message to all who shall have it before the next is numbered, which is what makes
//! everybody see one order. Subscribing needs the inner lock only.

use super::members::{Member, Members, SubscriberId, Target};
use crate::glob;
use crate::limits::TOPIC_STRIPES;
use crate::sync::{Arc, AtomicU32, CachePadded, Mutex, MutexGuard, Ordering};
use hashbrown::HashTable;

/// A name with its members, and the number of its last message.
pub(super) struct Channel {
    name: Arc<[u8]>,
    hash: u64,
    seq: u64,
    members: Members,
}

/// What a publisher needs to deliver to a channel.
pub(super) struct Delivery {
    pub(super) name: Arc<[u8]>,
    pub(super) seq: u64,
    pub(super) members: Members,
}

#[derive(Default)]
struct Table {
    channels: HashTable<Channel>,
    /// The greatest number of a channel that was forgotten: where new ones start, so that no number comes twice.
    seq_floor: u64,
}

#[derive(Default)]
pub(super) struct Stripe {
    turn: Mutex<()>,
    table: Mutex<Table>,
    /// Channels in the table, for publishers to see without a lock that there are none.
    len: AtomicU32,
}

impl Stripe {
    /// Whether nobody is subscribed to any channel here.
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        self.len.load(Ordering::Acquire) == 0
    }

    /// Waits for the turn to deliver.
    pub(super) fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock()
    }

    /// Numbers a message to a channel, if it has members. The caller has the turn.
    pub(super) fn next(&self, hash: u64, name: &[u8]) -> Option<Delivery> {
        let mut table = self.table.lock();
        let channel = table.channels.find_mut(hash, |channel| *channel.name == *name)?;
        channel.seq += 1;
        Some(Delivery { name: channel.name.clone(), seq: channel.seq, members: channel.members.clone() })
    }

    pub(super) fn members(&self, hash: u64, name: &[u8]) -> usize {
        let table = self.table.lock();
        table.channels.find(hash, |channel| *channel.name == *name).map_or(0, |channel| channel.members.len())
    }

    pub(super) fn add(&self, hash: u64, name: &[u8], id: SubscriberId, target: Target) -> bool {
        let mut table = self.table.lock();
        if let Some(channel) = table.channels.find_mut(hash, |channel| *channel.name == *name) {
            return channel.members.add(id, target);
        }
        let mut members = Members::default();
        members.add(id, target);
        let channel = Channel { name: name.into(), hash, seq: table.seq_floor, members };
        table.channels.insert_unique(hash, channel, |channel| channel.hash);
        self.len.store(table.channels.len() as u32, Ordering::Release);
        true
    }

    /// Gives back the member it removed, to be dropped with no lock held.
    pub(super) fn remove(&self, hash: u64, name: &[u8], id: SubscriberId) -> Option<Member> {
        let mut table = self.table.lock();
        let mut entry = table.channels.find_entry(hash, |channel| *channel.name == *name).ok()?;
        let member = entry.get_mut().members.remove(id)?;
        if entry.get().members.is_empty() {
            let (channel, _) = entry.remove();
            table.seq_floor = table.seq_floor.max(channel.seq);
            if table.channels.len() < table.channels.capacity() / 8 {
                table.channels.shrink_to_fit(|channel| channel.hash);
            }
            self.len.store(table.channels.len() as u32, Ordering::Release);
        }
        Some(member)
    }
}

pub(super) struct Channels(Box<[CachePadded<Stripe>]>);

impl Channels {
    pub(super) fn new() -> Channels {
        Channels((0..TOPIC_STRIPES).map(|_| CachePadded::default()).collect())
    }

    #[inline]
    pub(super) fn stripe(&self, hash: u64) -> &Stripe {
        // The high bits: the table uses the low ones.
        &self.0[(hash >> 32) as usize % TOPIC_STRIPES]
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|stripe| stripe.len.load(Ordering::Relaxed) as usize).sum()
    }

    /// The names that match, in no particular order.
    pub(super) fn names(&self, pattern: Option<&[u8]>) -> Vec<Arc<[u8]>> {
        let mut names = Vec::new();
        for stripe in &self.0 {
            let table = stripe.table.lock();
            let all = table.channels.iter().map(|channel| &channel.name);
            names.extend(
                all.filter(|name| pattern.is_none_or(|pattern| glob::matches(pattern, name))).cloned(),
            );
        }
        names
    }

    /// The names that somebody is subscribed to.
    pub(super) fn names_of(&self, id: SubscriberId) -> Vec<Arc<[u8]>> {
        let mut names = Vec::new();
        for stripe in &self.0 {
            let table = stripe.table.lock();
            let of_id = table.channels.iter().filter(|channel| channel.members.has(id));
            names.extend(of_id.map(|channel| channel.name.clone()));
        }
        names
    }

    pub(super) fn bytes(&self) -> usize {
        let stripe = |stripe: &CachePadded<Stripe>| {
            let table = stripe.table.lock();
            let names = table.channels.iter().map(|channel| channel.name.len() + channel.members.bytes());
            size_of::<CachePadded<Stripe>>() + table.channels.allocation_size() + names.sum::<usize>()
        };
        self.0.iter().map(stripe).sum()
    }

    /// Everybody who is subscribed: for the end.
    pub(super) fn all_members(&self) -> Vec<Members> {
        let stripes = self.0.iter().map(|stripe| stripe.table.lock());
        stripes
            .flat_map(|table| table.channels.iter().map(|c| c.members.clone()).collect::<Vec<_>>())
            .collect()
    }
}
