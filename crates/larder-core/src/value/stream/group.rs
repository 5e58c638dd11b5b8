//! Groups of consumers: who was given which entry, and has not said that it is done.

use super::{Log, StreamId};
use crate::sync::Arc;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

/// What an item of a tree takes, its share of the tree's nodes included: they are two thirds full or so.
const fn tree_bytes(item: usize) -> usize {
    item * 3 / 2
}

/// Bytes of a pending entry in its group and with its consumer.
const PENDING_BYTES: usize =
    tree_bytes(size_of::<StreamId>() + size_of::<Pending>()) + tree_bytes(size_of::<StreamId>());

/// Names a consumer of its group as long as it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConsumerId(u32);

/// An entry that was delivered and not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// To whom.
    pub consumer: ConsumerId,
    /// When last, in engine milliseconds.
    pub delivered_ms: i64,
    /// How often.
    pub deliveries: u64,
}

/// A consumer of a group.
#[derive(Clone, Debug)]
pub struct Consumer {
    name: Arc<[u8]>,
    /// When it last asked for anything, in engine milliseconds.
    pub seen_ms: i64,
    /// When it last got anything.
    pub active_ms: Option<i64>,
    pending: BTreeSet<StreamId>,
}

impl Consumer {
    /// Its name.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// Ids of entries that it has not acknowledged.
    pub fn pending(&self) -> &BTreeSet<StreamId> {
        &self.pending
    }
}

/// Consumers that share the entries of a stream.
#[derive(Clone, Debug)]
pub struct Group {
    /// What is above this has not been delivered.
    pub last_id: StreamId,
    /// How many of all entries there ever were have been delivered, where that is known.
    pub entries_read: Option<i64>,
    pending: BTreeMap<StreamId, Pending>,
    /// By number; the numbers of those who are gone are given again.
    consumers: Vec<Option<Consumer>>,
    numbers: BTreeMap<Arc<[u8]>, u32>,
    /// Bytes of the names.
    name_bytes: usize,
}

impl Group {
    /// A group that has read up to an id.
    pub fn new(last_id: StreamId, entries_read: Option<i64>) -> Group {
        Group {
            last_id,
            entries_read,
            pending: BTreeMap::new(),
            consumers: Vec::new(),
            numbers: BTreeMap::new(),
            name_bytes: 0,
        }
    }

    /// Bytes on the heap, estimated from counts. O(1).
    pub(super) fn used_bytes(&self) -> usize {
        self.pending.len() * PENDING_BYTES
            + self.consumers.capacity() * size_of::<Option<Consumer>>()
            + self.numbers.len() * tree_bytes(size_of::<Arc<[u8]>>() + size_of::<u32>())
            + self.name_bytes
    }

    /// Entries that were delivered and not acknowledged, by their ids.
    pub fn pending(&self) -> &BTreeMap<StreamId, Pending> {
        &self.pending
    }

    /// Entries of a range that a consumer has not acknowledged.
    pub fn pending_of(
        &self,
        consumer: ConsumerId,
        ids: RangeInclusive<StreamId>,
    ) -> impl Iterator<Item = (StreamId, Pending)> {
        let of_consumer = self.consumer(consumer).map(|consumer| consumer.pending.range(ids));
        of_consumer.into_iter().flatten().filter_map(|id| Some((*id, *self.pending.get(id)?)))
    }

    /// The consumers, by their names.
    pub fn consumers(&self) -> impl ExactSizeIterator<Item = &Consumer> {
        self.numbers.values().map(|number| {
            self.consumers[*number as usize].as_ref().expect("every number is that of a consumer")
        })
    }

    /// The consumer of a name.
    pub fn find(&self, name: &[u8]) -> Option<ConsumerId> {
        self.numbers.get(name).copied().map(ConsumerId)
    }

    /// A consumer.
    pub fn consumer(&self, id: ConsumerId) -> Option<&Consumer> {
        self.consumers.get(id.0 as usize)?.as_ref()
    }

    /// A consumer, to be changed.
    pub fn consumer_mut(&mut self, id: ConsumerId) -> Option<&mut Consumer> {
        self.consumers.get_mut(id.0 as usize)?.as_mut()
    }

    /// The consumer of a name, made if there is none; then `true` as well.
    pub fn find_or_create(&mut self, name: &[u8], now_ms: i64) -> (ConsumerId, bool) {
        if let Some(id) = self.find(name) {
            return (id, false);
        }
        // Looked for only where there is one, else each of many newcomers would walk past all before it.
        let has_free = self.numbers.len() < self.consumers.len();
        let free = has_free.then(|| self.consumers.iter().position(Option::is_none)).flatten();
        let at = free.unwrap_or_else(|| {
            self.consumers.push(None);
            self.consumers.len() - 1
        });
        let name: Arc<[u8]> = name.into();
        self.name_bytes += name.len() + 2 * size_of::<usize>();
        self.numbers.insert(name.clone(), at as u32);
        self.consumers[at] =
            Some(Consumer { name, seen_ms: now_ms, active_ms: None, pending: BTreeSet::new() });
        (ConsumerId(at as u32), true)
    }

    /// Removes a consumer with all that it has not acknowledged: how much that was.
    pub fn remove(&mut self, name: &[u8]) -> Option<usize> {
        let number = self.numbers.remove(name)?;
        let consumer = self.consumers.get_mut(number as usize)?.take()?;
        self.name_bytes -= consumer.name.len() + 2 * size_of::<usize>();
        for id in &consumer.pending {
            self.pending.remove(id);
        }
        Some(consumer.pending.len())
    }

    /// Makes an entry pending, or changes to whom it is and since when.
    pub fn assign(&mut self, id: StreamId, pending: Pending) {
        let before = self.pending.insert(id, pending);
        if before.is_some_and(|before| before.consumer == pending.consumer) {
            return;
        }
        if let Some(consumer) = before.and_then(|before| self.consumer_mut(before.consumer)) {
            consumer.pending.remove(&id);
        }
        if let Some(consumer) = self.consumer_mut(pending.consumer) {
            consumer.pending.insert(id);
        }
    }

    /// An entry is done. Says whether it was pending.
    pub fn acknowledge(&mut self, id: StreamId) -> bool {
        let Some(pending) = self.pending.remove(&id) else { return false };
        if let Some(consumer) = self.consumer_mut(pending.consumer) {
            consumer.pending.remove(&id);
        }
        true
    }

    /// Whether an entry is still to be delivered, or delivered and not acknowledged.
    pub fn needs(&self, id: StreamId) -> bool {
        id > self.last_id || self.pending.contains_key(&id)
    }

    /// Moves on to an entry that is being delivered.
    pub fn advance(&mut self, log: &Log, id: StreamId) {
        if id <= self.last_id {
            return;
        }
        self.entries_read = match self.entries_read {
            Some(count) if !log.has_holes_from(id) => Some(count.wrapping_add(1)),
            read if log.entries_added() == 0 => read,
            _ => log.ordinal(id),
        };
        self.last_id = id;
    }

    /// How many entries are still to be delivered, where that can be told.
    pub fn lag(&self, log: &Log) -> Option<i64> {
        if log.entries_added() == 0 {
            return Some(0);
        }
        // All that is there is ahead, whatever the group was told it had read. With holes Redis cannot tell.
        if self.last_id < log.first_id() && !log.has_holes_from(self.last_id) {
            return Some(log.len() as i64);
        }
        let read = match self.entries_read {
            Some(read) if !log.has_holes_from(self.last_id) => read,
            _ => log.ordinal(self.last_id)?,
        };
        Some(log.entries_added().wrapping_sub(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAMES: [&[u8]; 4] = [b"a", b"b", b"c", b""];

    proptest! {
        /// Every entry is pending with exactly one consumer, whatever happens to either.
        #[test]
        fn what_is_pending_is_so_once(
            steps in prop::collection::vec((0..4_u8, 0..30_u64, 0..4_usize), 1..200),
        ) {
            let mut group = Group::new(StreamId::MIN, None);
            let mut model = BTreeMap::<StreamId, (usize, u64)>::new();
            let mut known = [false; 4];
            for (step, n, who) in steps {
                let id = StreamId::new(n, 0);
                match step {
                    0 => prop_assert_eq!(group.acknowledge(id), model.remove(&id).is_some()),
                    1 if n < 5 => {
                        let held = model.values().filter(|(of, _)| *of == who).count();
                        let existed = std::mem::take(&mut known[who]);
                        prop_assert_eq!(group.remove(NAMES[who]), existed.then_some(held));
                        model.retain(|_, (of, _)| *of != who);
                    }
                    _ => {
                        let (consumer, made) = group.find_or_create(NAMES[who], 1);
                        prop_assert_eq!(made, !std::mem::replace(&mut known[who], true));
                        let deliveries = model.get(&id).map_or(0, |(_, deliveries)| *deliveries) + 1;
                        group.assign(id, Pending { consumer, delivered_ms: 1, deliveries });
                        model.insert(id, (who, deliveries));
                    }
                }
                prop_assert_eq!(group.pending().len(), model.len());
                let mut names: Vec<_> = (0..4).filter(|who| known[*who]).map(|who| NAMES[who]).collect();
                names.sort_unstable();
                prop_assert!(group.consumers().map(Consumer::name).eq(names));
                for (who, name) in NAMES.iter().enumerate() {
                    let Some(consumer) = group.find(name) else { continue };
                    let all = group.pending_of(consumer, StreamId::MIN..=StreamId::MAX);
                    let held = model.iter().filter(|(_, (of, _))| *of == who);
                    prop_assert!(
                        all.map(|(id, pending)| (id, pending.deliveries))
                            .eq(held.map(|(id, (_, deliveries))| (*id, *deliveries)))
                    );
                }
            }
            NAMES.iter().for_each(|name| { group.remove(name); });
            prop_assert_eq!(group.used_bytes(), group.consumers.capacity() * size_of::<Option<Consumer>>());
        }
    }
}
