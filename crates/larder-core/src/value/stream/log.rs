//! The entries of a stream: nodes in a row, in the order of ids.
//!
//! Appending touches the last node. An id is found by a binary search for its node and a walk within it, which passes
//! a hundred entries at most as the settings are. Trimming drops whole nodes from the front. A node whose last entry
//! was deleted somewhere in the middle is taken out of the row, which moves the shorter side by a few words for each
//! hundred entries.

use super::node::{Entry, Found, Node, Place};
use super::{Refused, StreamId};
use crate::limits::STREAM_ENTRY_LEN_MAX;
use crate::options::ValueLimits;
use std::collections::VecDeque;

/// What [`Log::trim`] is to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// At most so many entries, the newest.
    Newest(u64),
    /// Entries from this id on.
    From(StreamId),
}

/// How a stream is trimmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trim {
    /// What is left.
    pub keep: Keep,
    /// Only whole nodes go: cheap, and some more entries than asked for may be left.
    pub roughly: bool,
    /// So many entries go at most, give or take a node.
    pub limit: Option<u64>,
}

/// The entries of a stream, and what is remembered of those that are gone.
#[derive(Debug, Default)]
pub struct Log {
    /// None of them empty.
    nodes: VecDeque<Node>,
    /// Bytes on the heap of all nodes.
    node_bytes: usize,
    len: usize,
    last_id: StreamId,
    max_deleted_id: StreamId,
    entries_added: i64,
}

impl Clone for Log {
    /// A copied node has no spare room, so bytes are counted again.
    fn clone(&self) -> Log {
        let nodes = self.nodes.clone();
        let node_bytes = nodes.iter().map(Node::used_bytes).sum();
        Log { nodes, node_bytes, ..*self }
    }
}

impl Log {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many nodes the entries are in.
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The highest id there ever was: the next one is above it.
    pub fn last_id(&self) -> StreamId {
        self.last_id
    }

    /// The id of an entry that comes now: the one after the last where the clock is behind that. `None` when the last
    /// possible one is taken.
    pub fn next_id(&self, unix_ms: u64) -> Option<StreamId> {
        Some(self.last_id.next()?.max(StreamId::new(unix_ms, 0)))
    }

    /// Sets the highest id there ever was.
    pub fn set_last_id(&mut self, id: StreamId) {
        self.last_id = id;
    }

    /// The highest id of those that were deleted, one by one.
    pub fn max_deleted_id(&self) -> StreamId {
        self.max_deleted_id
    }

    /// Sets the highest id of those that were deleted.
    pub fn set_max_deleted_id(&mut self, id: StreamId) {
        self.max_deleted_id = id;
    }

    /// How many entries there ever were.
    pub fn entries_added(&self) -> i64 {
        self.entries_added
    }

    /// Sets how many entries there ever were.
    pub fn set_entries_added(&mut self, count: i64) {
        self.entries_added = count;
    }

    /// The first entry. O(1).
    pub fn first(&self) -> Option<Entry<'_>> {
        let node = self.nodes.front()?;
        Some(node.entry(&node.next(&mut node.start())?))
    }

    /// The last entry. O(entries of a node).
    pub fn last(&self) -> Option<Entry<'_>> {
        self.range_back(StreamId::MIN, StreamId::MAX).next()
    }

    /// The id of the first entry, or the lowest.
    pub fn first_id(&self) -> StreamId {
        self.first().map_or(StreamId::MIN, |entry| entry.id)
    }

    /// Bytes on the heap. O(1).
    pub(super) fn used_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>() + self.node_bytes
    }

    /// Appends an entry: fields and values in turn. O(1) on average, plus the length.
    pub fn append(&mut self, limits: &ValueLimits, id: StreamId, pairs: &[&[u8]]) -> Result<(), Refused> {
        if id <= self.last_id {
            return Err(Refused::NotAbove);
        }
        let len: usize = pairs.iter().map(|word| word.len()).sum();
        if len > STREAM_ENTRY_LEN_MAX {
            return Err(Refused::TooLarge);
        }
        let bytes = match limits.stream_node_max_bytes {
            0 => STREAM_ENTRY_LEN_MAX,
            bytes => bytes.min(STREAM_ENTRY_LEN_MAX),
        };
        let entries = match limits.stream_node_max_entries {
            0 => u32::MAX as usize,
            entries => entries.min(u32::MAX as usize),
        };
        match self.nodes.back_mut() {
            Some(node) if node.size() + len < bytes && node.written() < entries => {
                let before = node.used_bytes();
                node.push(id, pairs);
                self.node_bytes = self.node_bytes - before + node.used_bytes();
            }
            full => {
                if let Some(node) = full {
                    let before = node.used_bytes();
                    node.shrink();
                    self.node_bytes = self.node_bytes - before + node.used_bytes();
                }
                let node = Node::new(id, pairs);
                self.node_bytes += node.used_bytes();
                if self.nodes.capacity() == 0 {
                    self.nodes.reserve_exact(1);
                }
                self.nodes.push_back(node);
            }
        }
        self.len += 1;
        self.last_id = id;
        self.entries_added = self.entries_added.wrapping_add(1);
        Ok(())
    }

    /// The node that holds an id, if any does.
    fn node_of(&self, id: StreamId) -> Option<usize> {
        self.nodes.partition_point(|node| node.base() <= id).checked_sub(1)
    }

    /// Entries from one id to another, both included. O(log nodes) to begin.
    pub fn range(&self, from: StreamId, to: StreamId) -> Entries<'_> {
        let node = self.node_of(from).unwrap_or(0);
        Entries { log: self, node, place: self.nodes.get(node).map(Node::start), from, to }
    }

    /// The same from the last to the first.
    pub fn range_back(&self, from: StreamId, to: StreamId) -> EntriesBack<'_> {
        let nodes = self.node_of(to).map_or(0, |node| node + 1);
        EntriesBack { log: self, nodes, found: Vec::new(), from, to }
    }

    /// The entry of an id.
    pub fn get(&self, id: StreamId) -> Option<Entry<'_>> {
        self.range(id, id).next()
    }

    /// Deletes an entry. Says whether it was there.
    pub fn delete(&mut self, id: StreamId) -> bool {
        let Some(at) = self.node_of(id) else { return false };
        if !self.change(at, |node| node.remove(id)) {
            return false;
        }
        self.max_deleted_id = self.max_deleted_id.max(id);
        true
    }

    /// Changes a node, takes it out of the row if nothing is left of it, and keeps account.
    fn change<R>(&mut self, at: usize, change: impl FnOnce(&mut Node) -> R) -> R {
        let node = &mut self.nodes[at];
        let (bytes, len) = (node.used_bytes(), node.len());
        let result = change(node);
        self.node_bytes = self.node_bytes - bytes + node.used_bytes();
        self.len = self.len - len + node.len();
        if node.len() == 0 {
            self.node_bytes -= node.used_bytes();
            self.nodes.remove(at);
            self.give_back();
        }
        result
    }

    /// Gives room for nodes back, when there is much more than needed.
    fn give_back(&mut self) {
        if self.nodes.capacity() > 4 && self.nodes.len() < self.nodes.capacity() / 4 {
            self.nodes.shrink_to(self.nodes.len() * 2);
        }
    }

    /// Removes entries from the front. Gives how many went, and each id to `gone` where that is asked for. O(nodes)
    /// and, unless roughly, O(entries of a node).
    pub fn trim(&mut self, trim: &Trim, mut gone: Option<&mut dyn FnMut(StreamId)>) -> u64 {
        let mut trimmed = 0;
        while let Some(node) = self.nodes.front() {
            let left = (self.len - node.len()) as u64;
            let entries = node.len() as u64;
            if trim.is_reached(self.len as u64) || trim.limit.is_some_and(|limit| trimmed + entries > limit) {
                break;
            }
            let whole = match trim.keep {
                Keep::Newest(count) => left >= count,
                Keep::From(id) => node.last() < id,
            };
            if whole {
                if let Some(gone) = gone.as_mut() {
                    node.iter().for_each(|found| gone(found.id));
                }
                trimmed += self.drop_first();
                continue;
            }
            if !trim.roughly {
                let mut most = (self.len as u64).saturating_sub(trim.newest());
                let removed = self.change(0, |node| {
                    node.remove_first(|id| {
                        let goes = most > 0 && trim.takes(id);
                        most -= u64::from(goes);
                        if goes && let Some(gone) = gone.as_mut() {
                            gone(id);
                        }
                        goes
                    })
                });
                trimmed += removed as u64;
            }
            break;
        }
        trimmed
    }

    fn drop_first(&mut self) -> u64 {
        let Some(node) = self.nodes.pop_front() else { return 0 };
        self.node_bytes -= node.used_bytes();
        self.len -= node.len();
        self.give_back();
        node.len() as u64
    }

    /// Ids that a trim may take, oldest first, as far as whole nodes that it may take where it goes roughly; with each
    /// node as one run.
    pub(super) fn trimmable(&self, trim: &Trim) -> impl Iterator<Item = Vec<StreamId>> {
        let mut left = self.len as u64;
        let mut seen = 0;
        self.nodes.iter().map_while(move |node| {
            let entries = node.len() as u64;
            seen += entries;
            let whole = match trim.keep {
                Keep::Newest(count) => left - entries >= count,
                Keep::From(id) => node.last() < id,
            };
            left -= entries;
            if trim.limit.is_some_and(|limit| seen > limit) || (trim.roughly && !whole) {
                return None;
            }
            Some(node.iter().map(|found| found.id).take_while(|id| trim.takes(*id)).collect())
        })
    }

    /// Whether an entry was deleted from among those from an id on, as far as is remembered.
    pub fn has_holes_from(&self, id: StreamId) -> bool {
        !self.is_empty()
            && self.max_deleted_id != StreamId::MIN
            && self.first_id() <= self.max_deleted_id
            && id <= self.max_deleted_id
    }

    /// The number of an entry among all there ever were, where that can be told.
    pub fn ordinal(&self, id: StreamId) -> Option<i64> {
        if self.entries_added == 0 {
            return Some(0);
        }
        if self.is_empty() && id < self.last_id {
            return Some(self.entries_added);
        }
        if id >= self.last_id {
            return (id == self.last_id).then_some(self.entries_added);
        }
        let first = self.first_id();
        if self.max_deleted_id != StreamId::MIN && self.max_deleted_id >= first {
            return None;
        }
        let before = self.entries_added.wrapping_sub(self.len as i64);
        match id.cmp(&first) {
            std::cmp::Ordering::Less => Some(before),
            std::cmp::Ordering::Equal => Some(before.wrapping_add(1)),
            std::cmp::Ordering::Greater => None,
        }
    }
}

impl Trim {
    fn newest(&self) -> u64 {
        match self.keep {
            Keep::Newest(count) => count,
            Keep::From(_) => 0,
        }
    }

    pub(super) fn is_reached(&self, len: u64) -> bool {
        len <= self.newest()
    }

    fn takes(&self, id: StreamId) -> bool {
        match self.keep {
            Keep::Newest(_) => true,
            Keep::From(from) => id < from,
        }
    }
}

/// Entries from the first to the last.
#[derive(Clone, Debug)]
pub struct Entries<'s> {
    log: &'s Log,
    node: usize,
    place: Option<Place>,
    from: StreamId,
    to: StreamId,
}

impl<'s> Iterator for Entries<'s> {
    type Item = Entry<'s>;

    fn next(&mut self) -> Option<Entry<'s>> {
        loop {
            let node = self.log.nodes.get(self.node)?;
            let place = self.place.get_or_insert_with(|| node.start());
            match node.next(place) {
                None => {
                    self.node += 1;
                    self.place = None;
                }
                Some(found) if found.id < self.from => {}
                Some(found) if found.id > self.to => {
                    self.node = usize::MAX;
                    return None;
                }
                Some(found) => return Some(node.entry(&found)),
            }
        }
    }
}

/// Entries from the last to the first.
#[derive(Clone, Debug)]
pub struct EntriesBack<'s> {
    log: &'s Log,
    /// The nodes that are still to come, from the first.
    nodes: usize,
    /// What is left of the node after them.
    found: Vec<Found>,
    from: StreamId,
    to: StreamId,
}

impl<'s> Iterator for EntriesBack<'s> {
    type Item = Entry<'s>;

    fn next(&mut self) -> Option<Entry<'s>> {
        loop {
            if let Some(found) = self.found.pop() {
                return Some(self.log.nodes.get(self.nodes)?.entry(&found));
            }
            let node = self.log.nodes.get(self.nodes.checked_sub(1)?)?;
            if node.last() < self.from {
                return None;
            }
            self.nodes -= 1;
            let within = node.iter().skip_while(|found| found.id < self.from);
            self.found.reserve(node.len());
            self.found.extend(within.take_while(|found| found.id <= self.to));
        }
    }
}
