//! The members of a large sorted set, each stored once, with its score: a dense array, and an index of it by hash.
//!
//! A member is known by its place in the array, a handle of four bytes: what the [score tree](super::score_tree) keeps,
//! and the index here. A short member lies in its 32-byte entry, two to a cache line; a longer one is boxed. Removal
//! moves the last entry into the gap, so the array never has holes: memory follows the size down as well as up, a
//! random member is a random number, and a scan that walks from the end to the beginning misses nothing that stays,
//! because entries only ever move toward the beginning.
//!
//! The index is a table of handles that grows by one bucket at a time (linear hashing, Litwin, VLDB 1980), so that no
//! insertion into a set of a million members stops to move them all. A bucket is a cache line of twelve handles, with
//! eight bits of each hash; at its fill the index costs about ten bytes a member.

use crate::keyspace::KeyHasher;
use crate::limits::PREFETCH_MAX;
use crate::raw::prefetch;
use smallvec::SmallVec;
use std::fmt;

/// Members up to this length lie in their entry.
const INLINE: usize = 22;
/// Entries per block of the array: 2 KiB.
const BLOCK: usize = 64;
/// Handles per bucket.
const SLOTS: usize = 12;
/// Buckets per block of the index: 1 KiB.
const SEGMENT: usize = 16;
/// Handles per bucket at which the index grows, times two: 6.5.
const GROW_AT_2: usize = 13;
/// Handles per bucket below which it shrinks.
const SHRINK_AT: usize = 3;
/// No handle, and no overflow bucket.
const NONE: u32 = u32::MAX;

/// Bytes of a member, without an allocation if they are short.
#[derive(Clone)]
enum Name {
    Short { len: u8, bytes: [u8; INLINE] },
    Long(Box<[u8]>),
}

impl Name {
    fn new(member: &[u8]) -> Name {
        if member.len() > INLINE {
            return Name::Long(member.into());
        }
        let mut bytes = [0; INLINE];
        bytes[..member.len()].copy_from_slice(member);
        Name::Short { len: member.len() as u8, bytes }
    }

    #[inline]
    fn as_bytes(&self) -> &[u8] {
        match self {
            Name::Short { len, bytes } => &bytes[..usize::from(*len)],
            Name::Long(bytes) => bytes,
        }
    }

    fn heap_bytes(&self) -> usize {
        match self {
            Name::Short { .. } => 0,
            Name::Long(bytes) => bytes.len(),
        }
    }
}

/// Aligned, so that no entry lies across two cache lines.
#[derive(Clone)]
#[repr(align(32))]
struct Entry {
    score: f64,
    name: Name,
}

#[derive(Clone)]
#[repr(align(64))]
struct Bucket {
    tags: [u8; SLOTS],
    handles: [u32; SLOTS],
    /// The overflow bucket that goes on, or `NONE`.
    next: u32,
}

impl Bucket {
    const EMPTY: Bucket = Bucket { tags: [0; SLOTS], handles: [NONE; SLOTS], next: NONE };

    fn free(&self) -> Option<usize> {
        self.handles.iter().position(|handle| *handle == NONE)
    }
}

#[inline]
fn tag_of(hash: u64) -> u8 {
    (hash >> 40) as u8
}

/// Where a bucket is: in line, or an overflow bucket of one.
#[derive(Clone, Copy)]
enum At {
    Index(usize),
    Overflow(u32),
}

/// Handles by hash.
#[derive(Clone)]
struct Index {
    #[expect(clippy::vec_box, reason = "a block stays where it is when the list of blocks grows")]
    segments: Vec<Box<[Bucket; SEGMENT]>>,
    buckets: usize,
    /// Overflow buckets, chained by number.
    overflow: Vec<Bucket>,
    /// The first of the overflow buckets that are free, chained likewise.
    free: u32,
}

impl Index {
    fn new() -> Index {
        Index { segments: Vec::new(), buckets: 0, overflow: Vec::new(), free: NONE }
    }

    fn used_bytes(&self) -> usize {
        self.segments.len() * SEGMENT * size_of::<Bucket>()
            + self.segments.capacity() * size_of::<usize>()
            + self.overflow.capacity() * size_of::<Bucket>()
    }

    #[inline]
    fn home(&self, hash: u64) -> At {
        let hash = hash as u32 as usize;
        let mask = self.buckets.next_power_of_two() - 1;
        let index = hash & mask;
        At::Index(if index < self.buckets { index } else { hash & (mask >> 1) })
    }

    #[inline]
    fn bucket(&self, at: At) -> &Bucket {
        match at {
            At::Index(index) => &self.segments[index / SEGMENT][index % SEGMENT],
            At::Overflow(number) => &self.overflow[number as usize],
        }
    }

    fn bucket_mut(&mut self, at: At) -> &mut Bucket {
        match at {
            At::Index(index) => &mut self.segments[index / SEGMENT][index % SEGMENT],
            At::Overflow(number) => &mut self.overflow[number as usize],
        }
    }

    /// The place of a handle with this hash that `is_it` accepts.
    #[inline]
    fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<(At, usize)> {
        if self.buckets == 0 {
            return None;
        }
        let (tag, mut at) = (tag_of(hash), self.home(hash));
        loop {
            let bucket = self.bucket(at);
            let mut hits = slots_with(&bucket.tags, tag);
            while hits != 0 {
                let i = hits.trailing_zeros() as usize;
                if bucket.handles[i] != NONE && is_it(bucket.handles[i]) {
                    return Some((at, i));
                }
                hits &= hits - 1;
            }
            if bucket.next == NONE {
                return None;
            }
            at = At::Overflow(bucket.next);
        }
    }

    /// The place of a handle with this hash.
    #[inline]
    fn place_of(&self, hash: u64, handle: u32) -> Option<(At, usize)> {
        let mut at = self.home(hash);
        loop {
            let bucket = self.bucket(at);
            let hits = slots_with(&bucket.handles, handle);
            if hits != 0 {
                return Some((at, hits.trailing_zeros() as usize));
            }
            if bucket.next == NONE {
                return None;
            }
            at = At::Overflow(bucket.next);
        }
    }

    /// Fetches the bucket of a hash into the cache, without waiting for it.
    #[inline]
    fn prefetch_home(&self, hash: u64) {
        if self.buckets != 0 {
            prefetch(self.bucket(self.home(hash)));
        }
    }

    /// Visits the handles that may be of a hash, those of overflow buckets aside.
    #[inline]
    fn at_home(&self, hash: u64, mut visit: impl FnMut(u32)) {
        if self.buckets == 0 {
            return;
        }
        let (tag, bucket) = (tag_of(hash), self.bucket(self.home(hash)));
        for (other, handle) in bucket.tags.iter().zip(&bucket.handles) {
            if *other == tag && *handle != NONE {
                visit(*handle);
            }
        }
    }

    fn put(&mut self, hash: u64, handle: u32) {
        self.put_at(self.home(hash), tag_of(hash), handle);
    }

    /// Adds a handle to the chain that begins at a bucket.
    fn put_at(&mut self, mut at: At, tag: u8, handle: u32) {
        loop {
            let bucket = self.bucket_mut(at);
            if let Some(i) = bucket.free() {
                (bucket.tags[i], bucket.handles[i]) = (tag, handle);
                return;
            }
            if bucket.next == NONE {
                let next = self.new_overflow();
                self.bucket_mut(at).next = next;
                at = At::Overflow(next);
            } else {
                at = At::Overflow(bucket.next);
            }
        }
    }

    fn new_overflow(&mut self) -> u32 {
        if self.free == NONE {
            self.overflow.push(Bucket::EMPTY);
            return self.overflow.len() as u32 - 1;
        }
        let number = self.free;
        let bucket = &mut self.overflow[number as usize];
        self.free = std::mem::replace(&mut bucket.next, NONE);
        number
    }

    /// Empties a place: the last handle of the chain moves into it, so that chains shrink.
    fn clear(&mut self, hash: u64, at: At, slot: usize) {
        let (mut before, mut last) = (None, self.home(hash));
        while self.bucket(last).next != NONE {
            before = Some(last);
            last = At::Overflow(self.bucket(last).next);
        }
        let bucket = self.bucket_mut(last);
        let Some(filled) = bucket.handles.iter().rposition(|handle| *handle != NONE) else { return };
        let moved = (bucket.tags[filled], std::mem::replace(&mut bucket.handles[filled], NONE));
        // Where the gap is the last one itself, it is already empty.
        if moved.1 != NONE && !same_place((at, slot), (last, filled)) {
            let bucket = self.bucket_mut(at);
            (bucket.tags[slot], bucket.handles[slot]) = moved;
        }
        if let (0, Some(before), At::Overflow(number)) = (filled, before, last) {
            self.bucket_mut(before).next = NONE;
            self.overflow[number as usize].next = self.free;
            self.free = number;
        }
    }

    /// Takes all handles of a chain, with their tags.
    fn take_chain(&mut self, index: usize) -> Chain {
        let mut taken = Chain::new();
        let mut take = |bucket: &Bucket| {
            let filled = bucket.tags.iter().zip(&bucket.handles).filter(|(_, handle)| **handle != NONE);
            taken.extend(filled.map(|(tag, handle)| (*tag, *handle)));
        };
        let bucket = std::mem::replace(self.bucket_mut(At::Index(index)), Bucket::EMPTY);
        take(&bucket);
        let mut next = bucket.next;
        while next != NONE {
            let number = next;
            let bucket = std::mem::replace(&mut self.overflow[number as usize], Bucket::EMPTY);
            take(&bucket);
            next = bucket.next;
            self.overflow[number as usize].next = self.free;
            self.free = number;
        }
        taken
    }

    /// Adds a bucket, which takes its share from the one it splits. `ahead` is shown the handles that `hash_of` is
    /// going to be asked for.
    fn split(&mut self, ahead: impl Fn(u32), hash_of: impl Fn(u32) -> u64) {
        if self.buckets / SEGMENT == self.segments.len() {
            self.segments.push(Box::new([Bucket::EMPTY; SEGMENT]));
        }
        let new = self.buckets;
        self.buckets += 1;
        if new > 0 {
            let taken = self.take_chain(split_from(new));
            taken.iter().for_each(|(_, handle)| ahead(*handle));
            for (_, handle) in taken {
                self.put(hash_of(handle), handle);
            }
        }
    }

    /// Takes the last bucket back; its handles join the one it was split from, whatever their hashes.
    fn merge(&mut self) {
        self.buckets -= 1;
        let home = At::Index(split_from(self.buckets));
        for (tag, handle) in self.take_chain(self.buckets) {
            self.put_at(home, tag, handle);
        }
        // One spare block is kept, so that a table at the edge does not allocate at each step.
        if self.segments.len() > self.buckets / SEGMENT + 2 {
            self.segments.pop();
        }
    }
}

/// Handles with their tags.
type Chain = SmallVec<[(u8, u32); SLOTS * 2]>;

/// The bucket from which one that is not the first was split.
fn split_from(bucket: usize) -> usize {
    bucket - (bucket + 1).next_power_of_two() / 2
}

/// The slots that hold this, as bits: all are looked at, without a branch for each.
#[inline]
fn slots_with<T: Copy + PartialEq>(slots: &[T; SLOTS], wanted: T) -> u32 {
    let bits = slots.iter().enumerate().map(|(i, held)| u32::from(*held == wanted) << i);
    bits.fold(0, |hits, bit| hits | bit)
}

fn same_place(a: (At, usize), b: (At, usize)) -> bool {
    let same_bucket = match (a.0, b.0) {
        (At::Index(a), At::Index(b)) => a == b,
        (At::Overflow(a), At::Overflow(b)) => a == b,
        _ => false,
    };
    same_bucket && a.1 == b.1
}

/// Members with scores, by handle and by hash. See the module's documentation.
#[derive(Clone)]
pub(crate) struct MemberTable {
    blocks: Vec<Vec<Entry>>,
    len: usize,
    index: Index,
    heap_bytes: usize,
    hasher: KeyHasher,
}

impl MemberTable {
    /// An empty table. It keeps the hash, so that what only removes needs no tools.
    pub(crate) fn new(hasher: &KeyHasher) -> MemberTable {
        MemberTable { blocks: Vec::new(), len: 0, index: Index::new(), heap_bytes: 0, hasher: hasher.clone() }
    }

    /// An empty table with the same hash.
    pub(crate) fn another(&self) -> MemberTable {
        MemberTable::new(&self.hasher)
    }

    /// How many members there are. Handles are the numbers below.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Bytes of everything. O(1).
    pub(crate) fn used_bytes(&self) -> usize {
        self.blocks.len() * BLOCK * size_of::<Entry>()
            + self.blocks.capacity() * size_of::<Vec<Entry>>()
            + self.index.used_bytes()
            + self.heap_bytes
    }

    #[inline]
    fn entry(&self, handle: u32) -> &Entry {
        entry_in(&self.blocks, handle)
    }

    /// Fetches the entry of a handle into the cache, without waiting for it.
    #[inline]
    pub(crate) fn prefetch(&self, handle: u32) {
        prefetch(self.entry(handle));
    }

    /// Fetches where a handle stands in the index into the cache, without waiting for it: what removing it touches
    /// beside its entry.
    #[inline]
    pub(crate) fn prefetch_place(&self, handle: u32) {
        self.index.prefetch_home(self.hasher.hash(self.name(handle)));
    }

    /// Fetches what finding these members will touch into the cache, all of it at once.
    pub(crate) fn prefetch_members(&self, members: &[&[u8]]) {
        for members in members.chunks(PREFETCH_MAX) {
            let mut hashes = [0; PREFETCH_MAX];
            for (hash, member) in hashes.iter_mut().zip(members) {
                *hash = self.hasher.hash(member);
                self.index.prefetch_home(*hash);
            }
            for hash in &hashes[..members.len()] {
                self.index.at_home(*hash, |handle| self.prefetch(handle));
            }
        }
    }

    /// The member of a handle.
    #[inline]
    pub(crate) fn name(&self, handle: u32) -> &[u8] {
        self.entry(handle).name.as_bytes()
    }

    /// The score of a handle.
    #[inline]
    pub(crate) fn score(&self, handle: u32) -> f64 {
        self.entry(handle).score
    }

    /// Changes the score of a handle.
    pub(crate) fn set_score(&mut self, handle: u32, score: f64) {
        let at = handle as usize;
        self.blocks[at / BLOCK][at % BLOCK].score = score;
    }

    /// The handle of a member. O(1).
    #[inline]
    pub(crate) fn find(&self, member: &[u8]) -> Option<u32> {
        let (at, slot) = self.index.find(self.hasher.hash(member), |handle| self.name(handle) == member)?;
        Some(self.index.bucket(at).handles[slot])
    }

    /// Adds a member that is not in the table, and gives its handle. O(1).
    pub(crate) fn insert(&mut self, member: &[u8], score: f64) -> u32 {
        let handle = u32::try_from(self.len).ok().filter(|handle| *handle != NONE);
        let handle = handle.expect("four billion members do not fit in memory");
        if (self.len + 1) * 2 > self.index.buckets * GROW_AT_2 {
            let (blocks, hasher) = (&self.blocks, &self.hasher);
            let ahead = |handle| prefetch(entry_in(blocks, handle));
            self.index.split(ahead, |handle| hasher.hash(entry_in(blocks, handle).name.as_bytes()));
        }
        self.index.put(self.hasher.hash(member), handle);
        let name = Name::new(member);
        self.heap_bytes += name.heap_bytes();
        if self.len / BLOCK == self.blocks.len() {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        self.blocks[self.len / BLOCK].push(Entry { score, name });
        self.len += 1;
        handle
    }

    /// Removes a member. If another one had to move into its place, gives the handle that this other one had; it now
    /// has the handle of the removed one. O(1).
    pub(crate) fn remove(&mut self, handle: u32) -> Option<u32> {
        let hash = self.hasher.hash(self.name(handle));
        if let Some((at, slot)) = self.index.place_of(hash, handle) {
            self.index.clear(hash, at, slot);
        }
        let last = (self.len - 1) as u32;
        if last != handle {
            let hash = self.hasher.hash(self.name(last));
            if let Some((at, slot)) = self.index.place_of(hash, last) {
                self.index.bucket_mut(at).handles[slot] = handle;
            }
        }
        self.len -= 1;
        let moved = self.blocks[self.len / BLOCK].pop().expect("blocks are full up to the last");
        let removed = if last == handle {
            moved
        } else {
            std::mem::replace(&mut self.blocks[handle as usize / BLOCK][handle as usize % BLOCK], moved)
        };
        self.heap_bytes -= removed.name.heap_bytes();
        // One spare block is kept, so that a table at the edge does not allocate at each step.
        self.blocks.truncate(self.len / BLOCK + 2);
        if self.index.buckets > 1 && self.len < self.index.buckets * SHRINK_AT {
            self.index.merge();
        }
        (last != handle).then_some(last)
    }

    /// Visits about `count` members below `cursor` (0: from the end), and gives the cursor to go on with; 0 when done.
    /// A member that stays from the first call to the last is visited at least once.
    pub(crate) fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(&[u8], f64)) -> u64 {
        let len = self.len as u64;
        let high = if cursor == 0 { len } else { cursor.min(len) };
        let low = high.saturating_sub(count.max(1) as u64);
        for handle in (low..high).rev() {
            let entry = self.entry(handle as u32);
            visit(entry.name.as_bytes(), entry.score);
        }
        low
    }
}

#[inline]
fn entry_in(blocks: &[Vec<Entry>], handle: u32) -> &Entry {
    let at = handle as usize;
    &blocks[at / BLOCK][at % BLOCK]
}

impl fmt::Debug for MemberTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemberTable").field("len", &self.len).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn table() -> MemberTable {
        MemberTable::new(&KeyHasher::repeatable(1))
    }

    /// Short members, and every fifth one a long one.
    fn member(n: u16) -> Vec<u8> {
        let mut member = format!("member:{n}").into_bytes();
        if n.is_multiple_of(5) {
            member.resize(30, b'.');
        }
        member
    }

    #[test]
    fn an_entry_and_a_bucket_are_what_the_reckoning_says() {
        assert_eq!((size_of::<Entry>(), size_of::<Bucket>()), (32, 64));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn behaves_as_a_map(
            steps in prop::collection::vec((0..5_u8, 0..2_500_u16), 1..8_000), mostly_remove in any::<bool>(),
        ) {
            let (mut table, mut model) = (table(), BTreeMap::new());
            let half = steps.len() / 2;
            for (i, (step, n)) in steps.into_iter().enumerate() {
                let name = member(n);
                let removes = if mostly_remove && i > half { 4 } else { 1 };
                if step < removes {
                    let handle = table.find(&name);
                    prop_assert_eq!(handle.is_some(), model.remove(&name).is_some());
                    if let Some(handle) = handle {
                        let last = table.len() as u32 - 1;
                        let name_of_last = table.name(last).to_vec();
                        let moved = table.remove(handle);
                        prop_assert_eq!(moved, (handle != last).then_some(last));
                        if moved.is_some() {
                            prop_assert_eq!(table.name(handle), &name_of_last[..]);
                        }
                    }
                } else if let Some(handle) = table.find(&name) {
                    table.set_score(handle, f64::from(step));
                    model.insert(name, f64::from(step));
                } else {
                    let handle = table.insert(&name, f64::from(n));
                    prop_assert_eq!(table.name(handle), &name[..]);
                    model.insert(name, f64::from(n));
                }
                prop_assert_eq!(table.len(), model.len());
            }
            for (name, score) in &model {
                prop_assert_eq!(table.find(name).map(|handle| table.score(handle)), Some(*score));
            }
            let long: usize = model.keys().filter(|name| name.len() > INLINE).map(Vec::len).sum();
            prop_assert_eq!(table.heap_bytes, long);
        }

        #[test]
        fn a_scan_misses_nothing_that_stays(
            stay in 1..300_u16, count in 0..40_usize,
            churn in prop::collection::vec((any::<bool>(), 300..2_000_u16), 0..3_000),
        ) {
            let mut table = table();
            let mut churn = churn.into_iter();
            let mut stir = |table: &mut MemberTable| {
                for (add, n) in churn.by_ref().take(40) {
                    match table.find(&member(n)) {
                        Some(handle) if !add => { table.remove(handle); }
                        None if add => { table.insert(&member(n), 0.0); }
                        _ => {}
                    }
                }
            };
            stir(&mut table);
            for n in 0..stay {
                table.insert(&member(n), 0.0);
            }
            let (mut seen, mut cursor) = (BTreeSet::new(), 0);
            loop {
                cursor = table.scan(cursor, count, |name, _| { seen.insert(name.to_vec()); });
                if cursor == 0 {
                    break;
                }
                stir(&mut table);
            }
            for n in 0..stay {
                prop_assert!(seen.contains(&member(n)), "missed {}", n);
            }
        }
    }

    #[test]
    fn memory_follows_the_size_down() {
        let mut table = table();
        for n in 0..60_000 {
            table.insert(&u32::to_le_bytes(n), 0.0);
            if table.len() > 4_000 {
                let per_member = table.used_bytes() as f64 / table.len() as f64;
                assert!(per_member < 49.0, "{per_member} bytes at {}", table.len());
            }
        }
        for n in 0..60_000 {
            let handle = table.find(&u32::to_le_bytes(n)).expect("it is there");
            table.remove(handle);
        }
        assert!(table.used_bytes() < 200_000, "{}", table.used_bytes());
        assert_eq!(table.index.buckets, 1);
    }
}
