//! A hash table of records that grows one bucket at a time: linear hashing (Litwin, VLDB 1980) over buckets of one
//! cache line.
//!
//! Why linear hashing: a table that doubles copies all its entries at once, holds half of its slots empty after it
//! did, and gives a scan no stable order. Here a full table splits one bucket per few insertions, bytes per entry stay
//! level at every size, and the buckets, read in the order of their reversed index bits, are ranges of reversed hash
//! that later splits only cut finer. That order is what makes a scan cursor safe: see [`Table::scan`].
//!
//! A slot is one word: fifteen bits of the hash, a marker, and 48 bits of address. The last slot of a full bucket
//! links to an overflow bucket. The caller gives the hash with each call; bits 0 to 31 are used here, the high bits
//! are free for choosing a stripe.

use super::record::{Record, Stored};
use crate::limits::PREFETCH_MAX;
use crate::rng::Rng;
use smallvec::SmallVec;
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

const SLOTS: usize = 8;
/// Buckets in a full segment: 4 KiB of them.
const SEGMENT: usize = 64;
/// A line of the cache.
const LINE_LEN: usize = 64;
/// So many of them are fetched of a record: a short one may lie across two.
pub(crate) const RECORD_LINES: usize = 2;
const ADDRESS: u64 = (1 << 48) - 1;
const TAG_SHIFT: u32 = 48;
/// Set in each record's tag, clear in a link: a link never looks like a record.
const RECORD: u64 = 1 << 63;
/// Entries per bucket at which the table grows, times sixteen: 5.25.
const GROW_AT_16: usize = 84;
/// Entries per bucket below which the table shrinks, times sixteen: 1.5.
const SHRINK_AT_16: usize = 24;

#[repr(C, align(64))]
struct Bucket([u64; SLOTS]);

/// Records by hash and key.
pub(crate) struct Table<O> {
    /// Blocks of [`SEGMENT`] buckets; the first one starts smaller and grows by doubling.
    segments: Vec<NonNull<Bucket>>,
    first_capacity: usize,
    buckets: usize,
    /// The next power of two, less one: asked for by every look-up.
    mask: usize,
    len: usize,
    overflow: usize,
    owns: PhantomData<Record<O>>,
}

// SAFETY: the table owns its buckets and records; `Record<O>` says what it needs of `O`.
unsafe impl<O: Send> Send for Table<O> {}
// SAFETY: through `&Table` only `&Record<O>` is given out.
unsafe impl<O: Sync> Sync for Table<O> {}

#[inline]
fn tag_of(hash: u64) -> u64 {
    (hash >> 16) << TAG_SHIFT | RECORD
}

#[inline]
fn is_record(slot: u64) -> bool {
    slot & RECORD != 0
}

#[inline]
fn is_link(slot: u64) -> bool {
    slot != 0 && slot & RECORD == 0
}

/// Which slots have this tag, one bit each. Nearly every look-up of a key does this once.
#[cfg(target_arch = "x86_64")]
#[inline]
fn slots_with(bucket: &Bucket, tag: u64) -> u32 {
    use std::arch::x86_64::{
        __m128i, _mm_castps_si128, _mm_castsi128_ps, _mm_cmpeq_epi16, _mm_load_si128, _mm_movemask_epi8,
        _mm_packs_epi16, _mm_packs_epi32, _mm_set1_epi16, _mm_setzero_si128, _mm_shuffle_ps, _mm_srai_epi32,
    };
    let at = std::ptr::from_ref(bucket).cast::<__m128i>();
    // SAFETY: SSE2 is part of every x86-64, and a bucket is aligned to 64 bytes.
    unsafe {
        // The tags are the highest quarters of the slots: first the upper halves, then the upper halves of these.
        let upper = |a, b| _mm_castps_si128(_mm_shuffle_ps::<0b11_01_11_01>(a, b));
        let load = |i| _mm_castsi128_ps(_mm_load_si128(at.add(i)));
        let low = _mm_srai_epi32::<16>(upper(load(0), load(1)));
        let high = _mm_srai_epi32::<16>(upper(load(2), load(3)));
        let equal = _mm_cmpeq_epi16(_mm_packs_epi32(low, high), _mm_set1_epi16(tag as i16));
        _mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128())) as u32
    }
}

/// Which slots have this tag, one bit each.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn slots_with(bucket: &Bucket, tag: u64) -> u32 {
    let hits = bucket.0.iter().enumerate().map(|(i, slot)| u32::from(slot >> TAG_SHIFT == tag) << i);
    hits.fold(0, |all, hit| all | hit)
}

/// Whether two keys are the same. Most are of eight to 32 bytes, for which a call costs more than the comparison.
#[inline]
fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match a.len() {
        8..=16 => same_ends::<8>(a, b),
        17..=32 => same_ends::<16>(a, b),
        _ => a == b,
    }
}

/// Whether two keys of the same length begin and end with the same `N` bytes.
#[inline]
fn same_ends<const N: usize>(a: &[u8], b: &[u8]) -> bool {
    a.first_chunk::<N>() == b.first_chunk::<N>() && a.last_chunk::<N>() == b.last_chunk::<N>()
}

/// A record in a table, borrowed for as long as the table is.
pub(crate) struct Ref<'t, O> {
    record: ManuallyDrop<Record<O>>,
    table: PhantomData<&'t Record<O>>,
}

impl<'t, O> Ref<'t, O> {
    /// # Safety
    /// `slot` holds a record that lives, unchanged, for `'t`.
    #[inline]
    unsafe fn of(slot: u64) -> Self {
        // SAFETY: the caller's promise; `ManuallyDrop` leaves the ownership in the slot.
        Ref { record: ManuallyDrop::new(unsafe { Record::from_address(slot & ADDRESS) }), table: PhantomData }
    }

    /// The key, for as long as the table is borrowed.
    #[inline]
    pub(crate) fn key(&self) -> &'t [u8] {
        // SAFETY: the bytes belong to the record's allocation, which lives unchanged for `'t`.
        unsafe { &*std::ptr::from_ref(self.record.key()) }
    }

    /// The value, for as long as the table is borrowed.
    #[inline]
    pub(crate) fn value(&self) -> Stored<'t, O> {
        // SAFETY: as for the key; an object lives in a box that the record owns.
        unsafe {
            match self.record.value() {
                Stored::Nothing => Stored::Nothing,
                Stored::Int(n) => Stored::Int(n),
                Stored::Bytes(bytes) => Stored::Bytes(&*std::ptr::from_ref(bytes)),
                Stored::Object(object) => Stored::Object(&*std::ptr::from_ref(object)),
            }
        }
    }
}

impl<O> Deref for Ref<'_, O> {
    type Target = Record<O>;
    #[inline]
    fn deref(&self) -> &Record<O> {
        &self.record
    }
}

/// A record in its slot, to be changed, even to move; the slot is written back when this goes.
pub(crate) struct SlotMut<'t, O> {
    slot: &'t mut u64,
    record: ManuallyDrop<Record<O>>,
}

impl<'t, O> SlotMut<'t, O> {
    fn new(slot: &'t mut u64) -> Self {
        // SAFETY: the callers below pass slots that hold a record. The slot is borrowed for as long as this lives,
        // and `drop` writes the record's address back, so it has one owner at any time.
        let record = ManuallyDrop::new(unsafe { Record::from_address(*slot & ADDRESS) });
        SlotMut { slot, record }
    }

    /// The object of this record, for as long as the table is borrowed.
    pub(crate) fn into_object_mut(mut self) -> Option<&'t mut O> {
        let object = self.record.object_mut().map(std::ptr::from_mut);
        // SAFETY: the object is in a box owned by the record, which the table keeps for `'t`, exclusively borrowed.
        object.map(|object| unsafe { &mut *object })
    }
}

impl<O> Deref for SlotMut<'_, O> {
    type Target = Record<O>;
    #[inline]
    fn deref(&self) -> &Record<O> {
        &self.record
    }
}

impl<O> DerefMut for SlotMut<'_, O> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Record<O> {
        &mut self.record
    }
}

impl<O> Drop for SlotMut<'_, O> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the record goes back into the slot it came from; nothing uses `self.record` after this.
        let address = unsafe { ManuallyDrop::take(&mut self.record) }.into_address();
        *self.slot = (*self.slot & !ADDRESS) | address;
    }
}

impl<O> Default for Table<O> {
    fn default() -> Self {
        Table {
            segments: Vec::new(),
            first_capacity: 0,
            buckets: 0,
            mask: 0,
            len: 0,
            overflow: 0,
            owns: PhantomData,
        }
    }
}

fn new_buckets(count: usize) -> NonNull<Bucket> {
    let layout = Layout::array::<Bucket>(count).expect("a segment is small");
    // SAFETY: the layout is not empty; zeroed slots are empty slots.
    let at = unsafe { alloc_zeroed(layout) };
    NonNull::new(at.cast()).unwrap_or_else(|| handle_alloc_error(layout))
}

/// # Safety
/// `at` came from `new_buckets(count)` and is not used again.
unsafe fn free_buckets(at: NonNull<Bucket>, count: usize) {
    let layout = Layout::array::<Bucket>(count).expect("a segment is small");
    // SAFETY: the caller's promise.
    unsafe { dealloc(at.as_ptr().cast(), layout) }
}

impl<O> Table<O> {
    /// How many records there are.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Bytes the table itself takes, without the records.
    pub(crate) fn own_bytes(&self) -> usize {
        let full = self.segments.len().saturating_sub(1) * SEGMENT;
        (full + self.first_capacity + self.overflow) * size_of::<Bucket>()
            + self.segments.capacity() * size_of::<NonNull<Bucket>>()
    }

    /// Index of the bucket for a hash, of at least one bucket.
    #[inline]
    fn index_of(&self, hash: u64) -> usize {
        let hash = hash as u32 as usize;
        let index = hash & self.mask;
        if index < self.buckets { index } else { hash & (self.mask >> 1) }
    }

    fn set_buckets(&mut self, buckets: usize) {
        self.buckets = buckets;
        self.mask = buckets.next_power_of_two() - 1;
    }

    #[inline]
    fn bucket(&self, index: usize) -> NonNull<Bucket> {
        debug_assert!(index < self.buckets);
        // SAFETY: segments hold at least `self.buckets` buckets, and indices stay below that.
        unsafe { self.segments.get_unchecked(index / SEGMENT).add(index % SEGMENT) }
    }

    #[inline]
    fn link_of(bucket: NonNull<Bucket>) -> Option<NonNull<Bucket>> {
        // SAFETY: buckets reached from the table are live and initialised.
        let last = unsafe { bucket.as_ref() }.0[SLOTS - 1];
        if is_link(last) { NonNull::new((last & ADDRESS) as *mut Bucket) } else { None }
    }

    /// The slot that holds `key`.
    #[inline]
    fn find_slot(&self, hash: u64, key: &[u8]) -> Option<NonNull<u64>> {
        self.find_slot_where(hash, |record| same(record.key(), key))
    }

    /// The first slot that may be of `hash`, of which only the low 32 bits count, and whose record is `wanted`.
    #[inline]
    fn find_slot_where(&self, hash: u64, mut wanted: impl FnMut(&Record<O>) -> bool) -> Option<NonNull<u64>> {
        if self.buckets == 0 {
            return None;
        }
        let tag = tag_of(hash) >> TAG_SHIFT;
        let mut bucket = self.bucket(self.index_of(hash));
        loop {
            // SAFETY: buckets reached from the table are live and initialised.
            let slots = unsafe { bucket.as_ref() };
            let mut hits = slots_with(slots, tag);
            while hits != 0 {
                let i = hits.trailing_zeros() as usize;
                // SAFETY: the tag has the record marker, so the slot holds a record.
                let record = unsafe { Ref::<O>::of(slots.0[i]) };
                if wanted(&record) {
                    // SAFETY: `i` is below `SLOTS`, within the bucket.
                    return Some(unsafe { bucket.cast::<u64>().add(i) });
                }
                hits &= hits - 1;
            }
            bucket = Self::link_of(bucket)?;
        }
    }

    /// The record of `key`. O(1): a bucket, rarely two, and the record.
    #[inline]
    pub(crate) fn get(&self, hash: u64, key: &[u8]) -> Option<Ref<'_, O>> {
        // SAFETY: the slot holds a record, which lives unchanged while the table is borrowed.
        self.find_slot(hash, key).map(|slot| unsafe { Ref::of(slot.read()) })
    }

    /// The record of `key`, its access bits changed as `touch` says; they are written only if they differ.
    #[inline]
    pub(crate) fn get_touching(
        &mut self,
        hash: u64,
        key: &[u8],
        touch: impl FnOnce(u32) -> u32,
    ) -> Option<Ref<'_, O>> {
        let slot = self.find_slot(hash, key)?;
        // SAFETY: the slot holds a record; the table is exclusively borrowed, and the access bits are no part of what
        // a `Ref` lends.
        let record = unsafe { slot.read() };
        // SAFETY: as above.
        let mut owned = ManuallyDrop::new(unsafe { Record::<O>::from_address(record & ADDRESS) });
        let old = owned.touch();
        let new = touch(old);
        if new != old {
            owned.set_touch(new);
        }
        // SAFETY: the record lives unchanged from here on, while the table is borrowed.
        Some(unsafe { Ref::of(record) })
    }

    /// The record of `key`, to be changed.
    #[inline]
    pub(crate) fn get_mut(&mut self, hash: u64, key: &[u8]) -> Option<SlotMut<'_, O>> {
        // SAFETY: the slot lives in a bucket of this exclusively borrowed table.
        self.find_slot(hash, key).map(|mut slot| SlotMut::new(unsafe { slot.as_mut() }))
    }

    /// Adds a record whose key is not in the table. `hash_of` gives the hash of other keys, for a bucket that splits.
    pub(crate) fn insert(&mut self, hash: u64, record: Record<O>, hash_of: impl Fn(&[u8]) -> u64) {
        if (self.len + 1) * 16 > self.buckets * GROW_AT_16 {
            self.split(&hash_of);
        }
        let bucket = self.bucket(self.index_of(hash));
        let slot = tag_of(hash) | record.into_address();
        self.put(bucket, slot);
        self.len += 1;
    }

    /// Puts a slot into the first free place of a chain.
    fn put(&mut self, mut bucket: NonNull<Bucket>, slot: u64) {
        loop {
            // SAFETY: the bucket belongs to this exclusively borrowed table, and no other reference to it is alive.
            let slots = unsafe { &mut bucket.as_mut().0 };
            if let Some(free) = slots.iter_mut().find(|slot| **slot == 0) {
                *free = slot;
                return;
            }
            let last = slots[SLOTS - 1];
            if is_link(last) {
                bucket = NonNull::new((last & ADDRESS) as *mut Bucket).expect("a link is not null");
            } else {
                let mut next = new_buckets(1);
                self.overflow += 1;
                // SAFETY: just made, and ours alone.
                unsafe { next.as_mut() }.0[0] = last;
                // SAFETY: as above.
                unsafe { next.as_mut() }.0[1] = slot;
                slots[SLOTS - 1] = next.as_ptr() as u64;
                return;
            }
        }
    }

    /// Takes the slots of a bucket's chain out and frees its overflow buckets.
    fn take_chain(&mut self, mut bucket: NonNull<Bucket>) -> SmallVec<[u64; 16]> {
        let mut taken = SmallVec::new();
        let mut first = true;
        loop {
            // SAFETY: the bucket belongs to this exclusively borrowed table, and no other reference to it is alive.
            let slots = std::mem::replace(unsafe { &mut bucket.as_mut().0 }, [0; SLOTS]);
            taken.extend(slots.iter().copied().filter(|slot| is_record(*slot)));
            if !first {
                // SAFETY: overflow buckets are made one by one, and the link to this one is gone.
                unsafe { free_buckets(bucket, 1) };
                self.overflow -= 1;
            }
            first = false;
            if !is_link(slots[SLOTS - 1]) {
                return taken;
            }
            bucket = NonNull::new((slots[SLOTS - 1] & ADDRESS) as *mut Bucket).expect("a link is not null");
        }
    }

    /// Adds one bucket: the next in line gives it about half of its records.
    fn split(&mut self, hash_of: &impl Fn(&[u8]) -> u64) {
        self.reserve_bucket();
        let new = self.buckets;
        self.set_buckets(new + 1);
        if new == 0 {
            return;
        }
        let source = new - (new + 1).next_power_of_two() / 2;
        let source = self.bucket(source);
        for slot in self.take_chain(source) {
            // SAFETY: the slot holds a record that is in no bucket at the moment, so nothing changes it.
            let hash = hash_of(unsafe { Ref::<O>::of(slot) }.key());
            let bucket = self.bucket(self.index_of(hash));
            self.put(bucket, slot);
        }
    }

    /// Makes room for one more bucket.
    fn reserve_bucket(&mut self) {
        if self.buckets < SEGMENT {
            if self.buckets < self.first_capacity {
                return;
            }
            let capacity = (self.first_capacity * 2).max(1);
            let grown = new_buckets(capacity);
            if let Some(old) = self.segments.pop() {
                // SAFETY: the old block holds `self.buckets` buckets, the new one is larger and apart; the slots are
                // plain words, so copying them and freeing the old block moves them.
                unsafe {
                    grown.copy_from_nonoverlapping(old, self.buckets);
                    free_buckets(old, self.first_capacity);
                }
            }
            self.segments.push(grown);
            self.first_capacity = capacity;
        } else if self.buckets / SEGMENT == self.segments.len() {
            self.segments.push(new_buckets(SEGMENT));
        }
    }

    /// Takes one bucket back: its records join the one it was split from.
    fn merge(&mut self) {
        let last = self.buckets - 1;
        let taken = self.take_chain(self.bucket(last));
        self.set_buckets(last);
        let target = last - (last + 1).next_power_of_two() / 2;
        for slot in taken {
            self.put(self.bucket(target), slot);
        }
        // One spare segment is kept, so that a table at the edge does not allocate at each step.
        if self.segments.len() > self.buckets / SEGMENT + 2 {
            let spare = self.segments.pop().expect("there are at least two");
            // SAFETY: only the first segment has another size, and it is not the last here.
            unsafe { free_buckets(spare, SEGMENT) };
        }
    }

    /// Removes the record of `key` and gives it back.
    pub(crate) fn remove(&mut self, hash: u64, key: &[u8]) -> Option<Record<O>> {
        let found = self.find_slot(hash, key)?;
        Some(self.take(hash, found))
    }

    /// Removes the first of the records that `hash` may mean, by its low 32 bits, that `wanted` accepts.
    pub(crate) fn remove_where(
        &mut self,
        hash: u32,
        wanted: impl FnMut(&Record<O>) -> bool,
    ) -> Option<Record<O>> {
        let hash = u64::from(hash);
        let slot = self.find_slot_where(hash, wanted)?;
        Some(self.take(hash, slot))
    }

    /// Takes the record of a hash out of its slot.
    fn take(&mut self, hash: u64, slot: NonNull<u64>) -> Record<O> {
        // SAFETY: the callers found a record in the slot, which is owned by what is returned from here on.
        let record = unsafe { Record::from_address(slot.read() & ADDRESS) };
        self.close_gap(self.bucket(self.index_of(hash)), slot);
        self.len -= 1;
        if self.buckets > 1 && self.len * 16 < self.buckets * SHRINK_AT_16 {
            self.merge();
            if self.buckets > 1 {
                self.merge();
            }
        }
        if self.len == 0 {
            self.free();
        }
        record
    }

    /// Empties a slot: the last record of the chain moves into it, so that chains shrink.
    fn close_gap(&mut self, first: NonNull<Bucket>, mut gap: NonNull<u64>) {
        let (mut before, mut last) = (None, first);
        while let Some(next) = Self::link_of(last) {
            before = Some(last);
            last = next;
        }
        // SAFETY: `last` and `gap` are in this exclusively borrowed table; the references do not overlap in time.
        unsafe {
            let filled = last.as_ref().0.iter().rposition(|slot| is_record(*slot));
            if let Some(i) = filled {
                let moved = std::mem::take(&mut last.as_mut().0[i]);
                if last.cast::<u64>().add(i) != gap {
                    *gap.as_mut() = moved;
                }
                if let (0, Some(mut before)) = (i, before) {
                    before.as_mut().0[SLOTS - 1] = 0;
                    free_buckets(last, 1);
                    self.overflow -= 1;
                }
            }
        }
    }

    /// Fetches the bucket of a hash into the cache, without waiting for it.
    #[inline]
    pub(crate) fn prefetch_bucket(&self, hash: u64) {
        if self.buckets != 0 {
            prefetch(self.bucket(self.index_of(hash)).as_ptr());
        }
    }

    /// Fetches so many lines of the cache of each of the records that may belong to a hash, without waiting for them.
    /// `true` where they may be in an overflow bucket: that is fetched then, and what it leads to is for
    /// [`Table::prefetch_overflow`].
    #[inline]
    pub(crate) fn prefetch_lines(&self, hash: u64, lines: usize) -> bool {
        if self.buckets == 0 {
            return false;
        }
        let bucket = self.bucket(self.index_of(hash));
        if Self::prefetch_hits(bucket, hash, lines) {
            return false;
        }
        let link = Self::link_of(bucket);
        link.inspect(|link| prefetch(link.as_ptr())).is_some()
    }

    /// Fetches the lines of records of a hash that are in overflow buckets.
    pub(crate) fn prefetch_overflow(&self, hash: u64, lines: usize) {
        let mut bucket = Self::link_of(self.bucket(self.index_of(hash)));
        while let Some(at) = bucket.filter(|at| !Self::prefetch_hits(*at, hash, lines)) {
            bucket = Self::link_of(at);
        }
    }

    /// Fetches the records of a bucket that may belong to a hash, and says whether there are any.
    #[inline]
    fn prefetch_hits(bucket: NonNull<Bucket>, hash: u64, lines: usize) -> bool {
        // SAFETY: buckets reached from the table are live and initialised.
        let bucket = unsafe { bucket.as_ref() };
        let mut hits = slots_with(bucket, tag_of(hash) >> TAG_SHIFT);
        let any = hits != 0;
        while hits != 0 {
            let record = (bucket.0[hits.trailing_zeros() as usize] & ADDRESS) as *const u8;
            (0..lines).for_each(|line| prefetch(record.wrapping_add(line * LINE_LEN)));
            hits &= hits - 1;
        }
        any
    }

    /// Fetches what looking for these hashes will touch into the cache, without waiting for it: the buckets of all,
    /// then their records, so that the misses overlap.
    pub(crate) fn prefetch_all(&self, hashes: impl Iterator<Item = u64> + Clone) {
        hashes.clone().for_each(|hash| self.prefetch_bucket(hash));
        let further: SmallVec<[u64; PREFETCH_MAX]> =
            hashes.filter(|hash| self.prefetch_lines(*hash, RECORD_LINES)).collect();
        further.iter().for_each(|hash| self.prefetch_overflow(*hash, RECORD_LINES));
    }

    /// Visits the records of the bucket at `cursor`, and gives the cursor of the next bucket; 0 when done.
    ///
    /// A cursor is a position in the space of 32-bit hashes with their bits reversed. A bucket holds one contiguous
    /// range of it, splits and merges cut or join such ranges at their borders, and the scan moves upward only: a
    /// record that is in the table from the first call to the last is visited exactly once. When buckets merged since
    /// the last call, the bucket starts before the cursor, and `hash_of` tells which of its records lie behind it.
    pub(crate) fn scan<'t>(
        &'t self,
        cursor: u32,
        hash_of: impl Fn(&[u8]) -> u64,
        mut visit: impl FnMut(Ref<'t, O>),
    ) -> u32 {
        if self.buckets == 0 {
            return 0;
        }
        let index = self.index_of(u64::from(cursor.reverse_bits()));
        let start = (index as u32).reverse_bits();
        let mut bucket = Some(self.bucket(index));
        while let Some(at) = bucket {
            // SAFETY: buckets reached from the table are live and initialised.
            for slot in unsafe { at.as_ref() }.0 {
                if is_record(slot) {
                    // SAFETY: the slot holds a record, and `&self` keeps it as it is during the visit.
                    let record = unsafe { Ref::of(slot) };
                    if start == cursor || (hash_of(record.key()) as u32).reverse_bits() >= cursor {
                        visit(record);
                    }
                }
            }
            bucket = Self::link_of(at);
        }
        let depth = self.depth_of(index);
        if depth == 0 { 0 } else { start.wrapping_add(1 << (32 - depth)) }
    }

    /// How many low hash bits choose this bucket.
    fn depth_of(&self, index: usize) -> u32 {
        let full = self.buckets.next_power_of_two();
        let bits = full.trailing_zeros();
        let half = full / 2;
        // Where the table is between two powers, buckets whose twin does not exist yet are one bit shallower.
        if index < half && index + half >= self.buckets { bits - 1 } else { bits }
    }

    /// Visits the records that `hash` may mean, by its low 32 bits, until `visit` says stop with `true`.
    pub(crate) fn probe(&mut self, hash: u32, mut visit: impl FnMut(&mut SlotMut<'_, O>) -> bool) {
        if self.buckets == 0 {
            return;
        }
        let hash = u64::from(hash);
        let tag = tag_of(hash) >> TAG_SHIFT;
        let mut bucket = Some(self.bucket(self.index_of(hash)));
        while let Some(mut at) = bucket {
            // SAFETY: the bucket belongs to this exclusively borrowed table.
            for slot in unsafe { &mut at.as_mut().0 } {
                if *slot >> TAG_SHIFT == tag && visit(&mut SlotMut::new(slot)) {
                    return;
                }
            }
            bucket = Self::link_of(at);
        }
    }

    /// The slots of a bucket's chain that hold records.
    fn chain(&self, index: usize) -> impl Iterator<Item = u64> {
        // SAFETY: buckets reached from the table are live and initialised.
        std::iter::successors(Some(self.bucket(index)), |at| Self::link_of(*at))
            .flat_map(|at| unsafe { at.as_ref() }.0)
            .filter(|slot| is_record(*slot))
    }

    /// Some record, each as likely as any other: a random place of a random bucket, until one holds a record. There
    /// are more places than a chain has records, so that crowded buckets are met as often as they should.
    pub(crate) fn sample_evenly(&self, rng: &mut Rng) -> Option<Ref<'_, O>> {
        /// One try succeeds one time in five or so. Where all fail, hashes are so bad that nothing would be even.
        const TRIES: usize = 400;
        // A bucket that waits to be split holds up to twice the mean; the rest is for chance.
        let places = 4 * self.len.checked_div(self.buckets)? + 8;
        let mut found = (0..TRIES).filter_map(|_| self.chain(rng.below(self.buckets)).nth(rng.below(places)));
        match found.next() {
            // SAFETY: the slot holds a record, which lives unchanged while the table is borrowed.
            Some(slot) => Some(unsafe { Ref::of(slot) }),
            None => self.sample(rng.next_u64()),
        }
    }

    /// Some record, chosen by a random number: a random bucket that is not empty, then a random record of it.
    /// Quick but far from even: one alone in its bucket is ten times as likely as one of ten.
    pub(crate) fn sample(&self, random: u64) -> Option<Ref<'_, O>> {
        if self.len == 0 {
            return None;
        }
        let mut index = (random as usize >> 8) % self.buckets;
        loop {
            let found: SmallVec<[u64; 16]> = self.chain(index).collect();
            if !found.is_empty() {
                // SAFETY: the slot holds a record, which lives unchanged while the table is borrowed.
                return Some(unsafe { Ref::of(found[random as usize % found.len()]) });
            }
            index = (index + 1) % self.buckets;
        }
    }

    /// Visits every record, in no order that means anything.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(Ref<'_, O>)) {
        let mut cursor = 0;
        loop {
            // Nothing merges meanwhile, so the cursor is a bucket's start each time and no hash is asked for.
            cursor = self.scan(cursor, |_| 0, &mut visit);
            if cursor == 0 {
                return;
            }
        }
    }

    /// Visits every record, which may change and even move.
    pub(crate) fn for_each_mut(&mut self, mut visit: impl FnMut(&mut SlotMut<'_, O>)) {
        for index in 0..self.buckets {
            let mut bucket = Some(self.bucket(index));
            while let Some(mut at) = bucket {
                // SAFETY: the bucket belongs to this exclusively borrowed table.
                for slot in unsafe { &mut at.as_mut().0 } {
                    if is_record(*slot) {
                        visit(&mut SlotMut::new(slot));
                    }
                }
                bucket = Self::link_of(at);
            }
        }
    }

    /// Frees all buckets of an empty table.
    fn free(&mut self) {
        for (i, segment) in std::mem::take(&mut self.segments).into_iter().enumerate() {
            // SAFETY: the first segment has `first_capacity` buckets, the others `SEGMENT`.
            unsafe { free_buckets(segment, if i == 0 { self.first_capacity } else { SEGMENT }) };
        }
        self.first_capacity = 0;
        self.set_buckets(0);
    }
}

impl<O> Drop for Table<O> {
    fn drop(&mut self) {
        for index in 0..self.buckets {
            for slot in self.take_chain(self.bucket(index)) {
                // SAFETY: the slot was taken out of its bucket, so this is its only owner.
                drop(unsafe { Record::<O>::from_address(slot & ADDRESS) });
            }
        }
        self.free();
    }
}

/// Fetches the first line of something into the cache, without waiting for it.
#[inline]
pub(crate) fn prefetch<T>(at: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch is a hint that never faults.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(at.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// Fetches all lines of something into the cache, without waiting for them.
#[inline]
pub(crate) fn prefetch_whole<T>(at: &T) {
    let start = std::ptr::from_ref(at).cast::<u8>();
    (0..size_of::<T>()).step_by(LINE_LEN).for_each(|offset| prefetch(start.wrapping_add(offset)));
}

#[cfg(test)]
mod tests {
    use super::super::record::Parts;
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// A weak hash on purpose: many keys share tags and buckets.
    fn weak(key: &[u8]) -> u64 {
        key.iter().fold(7, |hash: u64, byte| hash.wrapping_mul(31).wrapping_add(u64::from(*byte))) & 0x7_007f
    }

    fn good(key: &[u8]) -> u64 {
        use std::hash::{BuildHasher, Hasher};
        let mut hasher = foldhash::quality::FixedState::default().build_hasher();
        hasher.write(key);
        hasher.finish()
    }

    proptest! {
        #[test]
        fn behaves_as_a_map(
            steps in prop::collection::vec((0..4_u8, 0..400_u16, any::<i64>()), 1..2_000),
            bad in any::<bool>(),
        ) {
            let hash = if bad { weak } else { good };
            let mut table = Table::<String>::default();
            let mut model = BTreeMap::new();
            for (step, key, value) in steps {
                let key = format!("key:{key}").into_bytes();
                let parts = || match value % 3 {
                    0 => Parts::Object(Box::new(value.to_string())),
                    _ => Parts::Int(value),
                };
                match step {
                    0 | 1 => {
                        if let Some(mut slot) = table.get_mut(hash(&key), &key) {
                            slot.set_value(parts());
                        } else {
                            table.insert(hash(&key), Record::new(&key, parts(), None, false), hash);
                        }
                        model.insert(key, value);
                    }
                    2 => {
                        let removed = table.remove(hash(&key), &key).is_some();
                        prop_assert_eq!(removed, model.remove(&key).is_some());
                    }
                    _ => {
                        let removed = table.remove_where(hash(&key) as u32, |record| record.key() == key);
                        prop_assert!(removed.as_ref().is_none_or(|record| record.key() == key));
                        prop_assert_eq!(removed.is_some(), model.remove(&key).is_some());
                    }
                }
                prop_assert_eq!(table.len(), model.len());
            }
            for (key, value) in &model {
                let found = match table.get(hash(key), key).map(|record| record.value()) {
                    Some(Stored::Int(n)) => n,
                    Some(Stored::Object(text)) => text.parse().unwrap(),
                    _ => panic!("lost {key:?}"),
                };
                prop_assert_eq!(found, *value);
            }
            let mut seen = BTreeSet::new();
            table.for_each(|record| assert!(seen.insert(record.key().to_vec()), "a key twice"));
            prop_assert!(seen.iter().eq(model.keys()));
        }

        #[test]
        fn a_scan_sees_once_all_that_stays(
            stay in 1..300_usize,
            churn in prop::collection::vec((any::<bool>(), 0..4_000_u16), 0..3_000),
            weak_hash in any::<bool>(),
        ) {
            let hash = if weak_hash { weak } else { good };
            let mut table = Table::<()>::default();
            let add = |table: &mut Table<()>, key: &[u8]| {
                if table.get(hash(key), key).is_none() {
                    table.insert(hash(key), Record::new(key, Parts::Nothing, None, false), hash);
                }
            };
            for i in 0..stay {
                add(&mut table, format!("stay:{i}").as_bytes());
            }
            let mut seen = BTreeSet::new();
            let (mut cursor, mut churn) = (0, churn.into_iter());
            loop {
                let see = |record: Ref<'_, ()>| assert!(seen.insert(record.key().to_vec()), "twice");
                cursor = table.scan(cursor, hash, see);
                if cursor == 0 {
                    break;
                }
                for (grow, key) in churn.by_ref().take(40) {
                    let key = format!("churn:{key}").into_bytes();
                    if grow { add(&mut table, &key) } else { table.remove(hash(&key), &key); }
                }
            }
            for i in 0..stay {
                let key = format!("stay:{i}").into_bytes();
                prop_assert!(seen.contains(&key), "missed {:?}", key);
            }
        }
    }

    #[test]
    fn bytes_per_entry_stay_level_while_it_grows() {
        let mut table = Table::<()>::default();
        for i in 0..60_000_u32 {
            let key = i.to_le_bytes();
            table.insert(good(&key), Record::new(&key, Parts::Nothing, None, false), good);
            if table.len() > 3_000 {
                let per_entry = table.own_bytes() as f64 / table.len() as f64;
                assert!(per_entry < 16.5, "{per_entry} bytes at {} entries", table.len());
            }
        }
        for i in 0..60_000_u32 {
            let key = i.to_le_bytes();
            assert!(table.remove(good(&key), &key).is_some());
        }
        assert_eq!(
            (table.len(), table.overflow, table.own_bytes() - table.segments.capacity() * 8),
            (0, 0, 0)
        );
    }
}
