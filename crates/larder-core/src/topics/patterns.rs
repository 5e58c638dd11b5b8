//! The patterns, and which of them match a channel.
//!
//! Patterns are found by the literal bytes they begin with: a channel is looked up once per prefix length in use, and
//! only patterns with the same beginning are matched against it. Ten thousand patterns `room:<id>:*` cost a publisher a
//! few look-ups.
//!
//! Each pattern numbers the messages it passes on by itself, under a turn of its own, so that its subscribers can tell
//! a gap though they do not know the channels.

use super::members::{Member, Members, SubscriberId, Target};
use crate::glob;
use crate::keyspace::KeyHasher;
use crate::limits::PATTERN_PREFIX_LEN_MAX;
use crate::sync::{Arc, AtomicU32, Mutex, MutexGuard, Ordering, RwLock};
use hashbrown::HashTable;
use smallvec::SmallVec;

/// One pattern with its members.
pub(super) struct Pattern {
    pub(super) text: Arc<[u8]>,
    hash: u64,
    /// Patterns are numbered as they come; messages are delivered in that order.
    number: u64,
    turn: Mutex<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    seq: u64,
    members: Members,
}

impl Pattern {
    pub(super) fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock()
    }

    /// Numbers a message. The caller has the turn.
    pub(super) fn next(&self) -> (u64, Members) {
        let mut state = self.state.lock();
        state.seq += 1;
        (state.seq, state.members.clone())
    }

    pub(super) fn members(&self) -> usize {
        self.state.lock().members.len()
    }
}

/// Patterns that begin with the same bytes.
struct Family {
    prefix: Box<[u8]>,
    hash: u64,
    patterns: Vec<Arc<Pattern>>,
}

#[derive(Default)]
struct Index {
    by_text: HashTable<Arc<Pattern>>,
    by_prefix: HashTable<Family>,
    /// How many families there are for each length of a prefix that is in use, in order of length.
    lengths: Vec<(usize, usize)>,
    added: u64,
    seq_floor: u64,
}

pub(super) struct Patterns {
    hasher: KeyHasher,
    index: RwLock<Index>,
    len: AtomicU32,
}

/// Patterns that match one channel.
pub(super) type Matching = SmallVec<[Arc<Pattern>; 4]>;

fn prefix_of(pattern: &[u8]) -> &[u8] {
    let prefix = glob::literal_prefix(pattern);
    &prefix[..prefix.len().min(PATTERN_PREFIX_LEN_MAX)]
}

impl Index {
    fn find(&self, hash: u64, text: &[u8]) -> Option<&Arc<Pattern>> {
        self.by_text.find(hash, |pattern| *pattern.text == *text)
    }

    fn insert(&mut self, hasher: &KeyHasher, pattern: Arc<Pattern>) {
        let prefix = prefix_of(&pattern.text);
        let hash = hasher.hash(prefix);
        if let Some(family) = self.by_prefix.find_mut(hash, |family| *family.prefix == *prefix) {
            family.patterns.push(pattern.clone());
        } else {
            let family = Family { prefix: prefix.into(), hash, patterns: vec![pattern.clone()] };
            self.by_prefix.insert_unique(hash, family, |family| family.hash);
            match self.lengths.binary_search_by_key(&prefix.len(), |(len, _)| *len) {
                Ok(at) => self.lengths[at].1 += 1,
                Err(at) => self.lengths.insert(at, (prefix.len(), 1)),
            }
        }
        self.by_text.insert_unique(pattern.hash, pattern, |pattern| pattern.hash);
    }

    fn remove(&mut self, hasher: &KeyHasher, hash: u64, text: &[u8]) {
        if let Ok(entry) = self.by_text.find_entry(hash, |pattern| *pattern.text == *text) {
            entry.remove();
        }
        let prefix = prefix_of(text);
        let Ok(mut family) =
            self.by_prefix.find_entry(hasher.hash(prefix), |family| *family.prefix == *prefix)
        else {
            return;
        };
        family.get_mut().patterns.retain(|pattern| *pattern.text != *text);
        if family.get().patterns.is_empty() {
            family.remove();
            if let Ok(at) = self.lengths.binary_search_by_key(&prefix.len(), |(len, _)| *len) {
                self.lengths[at].1 -= 1;
                if self.lengths[at].1 == 0 {
                    self.lengths.remove(at);
                }
            }
        }
    }
}

impl Patterns {
    pub(super) fn new(hasher: KeyHasher) -> Patterns {
        Patterns { hasher, index: RwLock::default(), len: AtomicU32::new(0) }
    }

    /// How many there are: one load.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Acquire) as usize
    }

    /// The patterns that match a channel, the oldest first.
    pub(super) fn matching(&self, channel: &[u8]) -> Matching {
        let index = self.index.read();
        let mut matching = Matching::new();
        for (len, _) in &index.lengths {
            let Some(prefix) = channel.get(..*len) else { break };
            if let Some(family) =
                index.by_prefix.find(self.hasher.hash(prefix), |family| *family.prefix == *prefix)
            {
                let matched = family.patterns.iter().filter(|pattern| glob::matches(&pattern.text, channel));
                matching.extend(matched.cloned());
            }
        }
        matching.sort_unstable_by_key(|pattern| pattern.number);
        matching
    }

    pub(super) fn members(&self, text: &[u8]) -> usize {
        self.index.read().find(self.hasher.hash(text), text).map_or(0, |pattern| pattern.members())
    }

    pub(super) fn add(&self, text: &[u8], id: SubscriberId, target: Target) -> bool {
        let hash = self.hasher.hash(text);
        let mut index = self.index.write();
        if let Some(pattern) = index.find(hash, text) {
            return pattern.state.lock().members.add(id, target);
        }
        let mut members = Members::default();
        members.add(id, target);
        let state = Mutex::new(State { seq: index.seq_floor, members });
        index.added += 1;
        let number = index.added;
        let pattern = Pattern { text: text.into(), hash, number, turn: Mutex::new(()), state };
        index.insert(&self.hasher, Arc::new(pattern));
        self.len.store(index.by_text.len() as u32, Ordering::Release);
        true
    }

    /// Gives back the member it removed, to be dropped with no lock held.
    pub(super) fn remove(&self, text: &[u8], id: SubscriberId) -> Option<Member> {
        let hash = self.hasher.hash(text);
        let mut index = self.index.write();
        let pattern = index.find(hash, text)?.clone();
        let mut state = pattern.state.lock();
        let member = state.members.remove(id)?;
        if state.members.is_empty() {
            index.seq_floor = index.seq_floor.max(state.seq);
            index.remove(&self.hasher, hash, text);
            self.len.store(index.by_text.len() as u32, Ordering::Release);
        }
        Some(member)
    }

    pub(super) fn texts(&self) -> Vec<Arc<[u8]>> {
        self.index.read().by_text.iter().map(|pattern| pattern.text.clone()).collect()
    }

    /// The patterns that somebody is subscribed to.
    pub(super) fn texts_of(&self, id: SubscriberId) -> Vec<Arc<[u8]>> {
        let index = self.index.read();
        let of_id = index.by_text.iter().filter(|pattern| pattern.state.lock().members.has(id));
        of_id.map(|pattern| pattern.text.clone()).collect()
    }

    pub(super) fn bytes(&self) -> usize {
        let index = self.index.read();
        let pattern = |pattern: &Arc<Pattern>| {
            size_of::<Pattern>() + pattern.text.len() + pattern.state.lock().members.bytes()
        };
        let family = |family: &Family| family.prefix.len() + family.patterns.capacity() * size_of::<usize>();
        index.by_text.allocation_size()
            + index.by_prefix.allocation_size()
            + index.by_text.iter().map(pattern).sum::<usize>()
            + index.by_prefix.iter().map(family).sum::<usize>()
    }

    /// Different beginnings, and lengths of them: none are left over.
    #[cfg(test)]
    pub(super) fn families(&self) -> usize {
        let index = self.index.read();
        index.by_prefix.len() + index.lengths.len()
    }

    /// Everybody who is subscribed: for the end.
    pub(super) fn all_members(&self) -> Vec<Members> {
        self.index.read().by_text.iter().map(|pattern| pattern.state.lock().members.clone()).collect()
    }
}
