//! The memory of one machine: small blocks out of chunks of its own, large ones from the program's allocator.
//!
//! A machine makes and frees some hundred small blocks in every call, and between two calls the processor's caches
//! belong to others. What counts is therefore over how many lines these blocks and what is known of them are spread.
//! Here blocks of all sizes are cut from one chunk after the other in the order in which they are wanted, nothing lies
//! between them, and what was freed last is given out first; the heads of all lists lie side by side.
//!
//! Lua says of each block how large it is, so that no block has a header. A chunk does not know how many of its blocks
//! are in use. That is found out from the lists when chunks are looked through: when there are twice as many as after
//! the last time, and when a machine has shrunk.

use std::alloc::{Layout, alloc, dealloc, realloc};
use std::ptr::{self, NonNull};

/// Sizes of small blocks are multiples of this, and so are their addresses. No value of Lua's needs more.
const GRAIN: usize = 8;
/// Larger blocks are the program's allocator's.
const SMALL_MAX: usize = 512;
const CLASSES: usize = SMALL_MAX / GRAIN;
const CHUNK: usize = 32 << 10;
/// What large blocks are aligned to.
const ALIGN: usize = 16;
/// So many chunks are not looked through.
const CHUNKS_MIN: usize = 16;

/// Blocks begin where lines of the caches do, so that as many as can be lie in one line.
#[repr(align(64))]
#[expect(dead_code, reason = "only its layout is used")]
struct Chunk([u8; CHUNK]);

/// What a free block holds: the one that was freed before it.
struct Free {
    next: *mut Free,
}

/// The blocks of a machine. Whoever frees a block says how large it is.
pub(super) struct Arena {
    /// What is left of the newest chunk.
    fresh: *mut u8,
    left: usize,
    /// Free blocks of each size.
    free: [*mut Free; CLASSES],
    chunks: Vec<NonNull<u8>>,
    /// When there are so many chunks, they are looked through before there is another.
    look_at: usize,
    /// Bytes of large blocks.
    large: usize,
}

/// The size of the blocks of a class.
fn size_of_class(class: usize) -> usize {
    (class + 1) * GRAIN
}

/// The class of small blocks of which one has so many bytes, of which there is at least one.
fn class_of(size: usize) -> usize {
    (size - 1) / GRAIN
}

fn chunk_layout() -> Layout {
    Layout::new::<Chunk>()
}

/// The layout of a large block, where there is one.
fn large_layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size, ALIGN).ok()
}

impl Arena {
    pub(super) fn new() -> Arena {
        Arena {
            fresh: ptr::null_mut(),
            left: 0,
            free: [ptr::null_mut(); CLASSES],
            chunks: Vec::new(),
            look_at: CHUNKS_MIN,
            large: 0,
        }
    }

    /// A block of so many bytes, of which there is at least one; null where the system has no memory.
    #[inline]
    pub(super) fn take(&mut self, size: usize) -> *mut u8 {
        if size > SMALL_MAX {
            return self.take_large(size);
        }
        let class = class_of(size);
        let first = self.free[class];
        if !first.is_null() {
            // SAFETY: what is in a list is a free block of this arena, and begins with where the next one is.
            self.free[class] = unsafe { (*first).next };
            return first.cast();
        }
        self.cut(size_of_class(class))
    }

    /// Takes back a block of so many bytes.
    ///
    /// # Safety
    /// It is one of this arena, of this size, and nobody uses it any more.
    #[inline]
    pub(super) unsafe fn give_back(&mut self, block: *mut u8, size: usize) {
        if size > SMALL_MAX {
            // SAFETY: a large block was made with the layout of its size.
            unsafe { self.give_back_large(block, size) };
            return;
        }
        let class = class_of(size);
        if cfg!(debug_assertions) {
            // SAFETY: the block is ours as a whole. Who uses it still shall not find what was there.
            unsafe { block.write_bytes(0xdd, size_of_class(class)) };
        }
        // SAFETY: the block is ours, aligned to a grain, and no smaller than one.
        unsafe { self.list(block, class) };
    }

    /// Puts a block into the list of its class.
    ///
    /// # Safety
    /// It lies in one of the chunks, has the size of its class, and nobody uses it.
    #[expect(clippy::cast_ptr_alignment, reason = "addresses of blocks are multiples of a grain")]
    unsafe fn list(&mut self, block: *mut u8, class: usize) {
        let block = block.cast::<Free>();
        // SAFETY: as the caller says; grains are as large as a pointer, and aligned as one.
        unsafe { block.write(Free { next: self.free[class] }) };
        self.free[class] = block;
    }

    /// Makes a block larger or smaller, which may move it; null where the system has no memory, and then the block is
    /// what it was.
    ///
    /// # Safety
    /// As for `give_back`; of the new size there is at least one byte. The block that is given takes the place of the
    /// one before.
    pub(super) unsafe fn resize(&mut self, block: *mut u8, old: usize, new: usize) -> *mut u8 {
        if old <= SMALL_MAX && new <= SMALL_MAX && class_of(old) == class_of(new) {
            return block;
        }
        // SAFETY: a large block was made with the layout of its size. Otherwise there is a second block, of which as
        // much is written as both have, before the first one goes.
        unsafe {
            if old > SMALL_MAX && new > SMALL_MAX {
                let (Some(before), Some(_)) = (large_layout(old), large_layout(new)) else {
                    return ptr::null_mut();
                };
                let moved = realloc(block, before, new);
                if !moved.is_null() {
                    self.large = self.large - old + new;
                }
                return moved;
            }
            let moved = self.take(new);
            if !moved.is_null() {
                ptr::copy_nonoverlapping(block, moved, old.min(new));
                self.give_back(block, old);
            }
            moved
        }
    }

    #[cold]
    fn take_large(&mut self, size: usize) -> *mut u8 {
        let Some(layout) = large_layout(size) else { return ptr::null_mut() };
        // SAFETY: the layout has some bytes.
        let block = unsafe { alloc(layout) };
        if !block.is_null() {
            self.large += size;
        }
        block
    }

    /// # Safety
    /// As for `give_back`, of a large block.
    #[cold]
    unsafe fn give_back_large(&mut self, block: *mut u8, size: usize) {
        if let Some(layout) = large_layout(size) {
            self.large -= size;
            // SAFETY: it was made with this layout.
            unsafe { dealloc(block, layout) };
        }
    }

    /// A new block of a chunk, of the size of a class.
    fn cut(&mut self, size: usize) -> *mut u8 {
        if self.left < size && !self.add_chunk() {
            return ptr::null_mut();
        }
        let block = self.fresh;
        // SAFETY: so many bytes are left of the chunk that begins there.
        self.fresh = unsafe { block.add(size) };
        self.left -= size;
        block
    }

    /// Begins a new chunk. Says whether the system had the memory for it.
    #[cold]
    fn add_chunk(&mut self) -> bool {
        if self.chunks.len() >= self.look_at {
            self.trim();
        }
        if self.chunks.try_reserve(1).is_err() {
            return false;
        }
        // SAFETY: the layout has some bytes.
        let Some(chunk) = NonNull::new(unsafe { alloc(chunk_layout()) }) else { return false };
        self.list_rest();
        self.chunks.push(chunk);
        (self.fresh, self.left) = (chunk.as_ptr(), CHUNK);
        true
    }

    /// Puts what is left of the newest chunk into the lists, so that all of it lies there when nothing of it is used.
    fn list_rest(&mut self) {
        while self.left > 0 {
            let size = self.left.min(SMALL_MAX);
            // SAFETY: sizes of chunks and of blocks are multiples of a grain, so that what is left is one, too.
            unsafe {
                self.list(self.fresh, class_of(size));
                self.fresh = self.fresh.add(size);
            }
            self.left -= size;
        }
    }

    /// Bytes that it has from the program's allocator.
    pub(super) fn held(&self) -> usize {
        self.chunks.len() * CHUNK + self.large
    }

    /// Gives chunks back of which no block is used. It takes a step for each free block, and twice as many chunks as
    /// are left may come until it is done again by itself.
    pub(super) fn trim(&mut self) {
        self.list_rest();
        self.chunks.sort_unstable();
        let mut free_bytes = Vec::new();
        // What is in use is not known without room to count. It stays as it is then.
        if free_bytes.try_reserve_exact(self.chunks.len()).is_ok() {
            free_bytes.resize(self.chunks.len(), 0_usize);
            self.count_free(&mut free_bytes);
            self.drop_unused(&free_bytes);
        }
        self.look_at = CHUNKS_MIN.max(self.chunks.len().saturating_mul(2));
    }

    /// Which of the chunks, in order, a block lies in.
    fn chunk_of(chunks: &[NonNull<u8>], block: *mut Free) -> usize {
        chunks.partition_point(|chunk| chunk.as_ptr() <= block.cast()).saturating_sub(1)
    }

    /// Counts the free bytes of each chunk.
    fn count_free(&self, free_bytes: &mut [usize]) {
        for (class, first) in self.free.iter().enumerate() {
            let mut block = *first;
            while !block.is_null() {
                free_bytes[Self::chunk_of(&self.chunks, block)] += size_of_class(class);
                // SAFETY: it is a free block of a list.
                block = unsafe { (*block).next };
            }
        }
    }

    /// Frees chunks that are all free, whose blocks leave the lists first; the order of the others stays.
    fn drop_unused(&mut self, free_bytes: &[usize]) {
        if !free_bytes.contains(&CHUNK) {
            return;
        }
        for first in &mut self.free {
            let mut link: *mut *mut Free = first;
            // SAFETY: each link is the head of a list or that of a free block in it, and nobody else has them.
            unsafe {
                while !(*link).is_null() {
                    if free_bytes[Self::chunk_of(&self.chunks, *link)] == CHUNK {
                        *link = (**link).next;
                    } else {
                        link = &raw mut (**link).next;
                    }
                }
            }
        }
        let mut bytes = free_bytes.iter();
        self.chunks.retain(|chunk| {
            let is_used = bytes.next().is_none_or(|bytes| *bytes != CHUNK);
            if !is_used {
                // SAFETY: it was made with this layout, and nothing of it is used or in a list.
                unsafe { dealloc(chunk.as_ptr(), chunk_layout()) };
            }
            is_used
        });
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        for chunk in &self.chunks {
            // SAFETY: it was made with this layout; whoever has had blocks of it is gone.
            unsafe { dealloc(chunk.as_ptr(), chunk_layout()) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Arena, CHUNK, SMALL_MAX};

    /// A block in use, and what was written to it.
    struct Used {
        block: *mut u8,
        size: usize,
        mark: u8,
    }

    impl Used {
        fn fill(&self) {
            // SAFETY: the block is ours and has so many bytes.
            unsafe { self.block.write_bytes(self.mark, self.size) };
        }

        fn is_as_left(&self, bytes: usize) -> bool {
            // SAFETY: as above.
            unsafe { std::slice::from_raw_parts(self.block, bytes) }.iter().all(|byte| *byte == self.mark)
        }
    }

    /// Numbers that are the same in each run.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, end: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % end as u64) as usize
        }

        /// Mostly small, sometimes at the border or beyond it.
        fn size(&mut self) -> usize {
            match self.below(8) {
                0 => 1 + self.below(4 * SMALL_MAX),
                1 => SMALL_MAX - 4 + self.below(9),
                _ => 1 + self.below(100),
            }
        }
    }

    #[test]
    fn blocks_keep_what_is_in_them_whatever_happens_to_others() {
        let (mut arena, mut numbers) = (Arena::new(), Numbers(0x5eed));
        let mut used: Vec<Used> = Vec::new();
        for step in 0..if cfg!(miri) { 2_000 } else { 100_000 } {
            // The arena grows for a while, and shrinks for a while.
            let grows = step / 1_000 % 2 == 0;
            match numbers.below(10) {
                0..6 if grows => {
                    let size = numbers.size();
                    let block = Used { block: arena.take(size), size, mark: step as u8 };
                    assert!(block.block.addr().is_multiple_of(8) && !block.block.is_null());
                    block.fill();
                    used.push(block);
                }
                6 if !used.is_empty() => {
                    let (at, size) = (numbers.below(used.len()), numbers.size());
                    let block = &mut used[at];
                    assert!(block.is_as_left(block.size), "step {step}");
                    // SAFETY: it is a block of this size.
                    block.block = unsafe { arena.resize(block.block, block.size, size) };
                    let kept = size.min(block.size);
                    block.size = size;
                    assert!(block.is_as_left(kept), "step {step}");
                    block.fill();
                }
                7 if step % 100 == 0 => arena.trim(),
                _ if !used.is_empty() => {
                    let block = used.swap_remove(numbers.below(used.len()));
                    assert!(block.is_as_left(block.size), "step {step}");
                    // SAFETY: it is a block of this size, and nobody has it any more.
                    unsafe { arena.give_back(block.block, block.size) };
                }
                _ => {}
            }
            let large = used.iter().map(|block| block.size).filter(|size| *size > SMALL_MAX).sum::<usize>();
            assert_eq!(arena.held(), arena.chunks.len() * CHUNK + large);
        }
        for block in used {
            assert!(block.is_as_left(block.size));
            // SAFETY: as above.
            unsafe { arena.give_back(block.block, block.size) };
        }
        arena.trim();
        assert_eq!(arena.held(), 0);
    }

    #[test]
    fn what_was_freed_last_is_given_out_first() {
        let mut arena = Arena::new();
        let blocks = [(); 3].map(|()| arena.take(40));
        assert_eq!(arena.held(), CHUNK);
        for block in blocks {
            // SAFETY: each is one of this size, and used by nobody.
            unsafe { arena.give_back(block, 40) };
        }
        // Sizes of one class have the same blocks.
        assert_eq!([(); 3].map(|()| arena.take(33)), [blocks[2], blocks[1], blocks[0]]);
        for block in blocks {
            // SAFETY: as above.
            unsafe { arena.give_back(block, 33) };
        }
    }

    #[test]
    fn what_one_size_has_left_is_there_for_another() {
        let mut arena = Arena::new();
        let mut most = 0;
        for size in (8..=SMALL_MAX).step_by(8) {
            let blocks: Vec<*mut u8> = (0..64 * CHUNK / size).map(|_| arena.take(size)).collect();
            most = most.max(arena.held());
            for block in blocks {
                // SAFETY: each is one of this size, and used by nobody.
                unsafe { arena.give_back(block, size) };
            }
        }
        // Each size needs 64 chunks at a time.
        assert!(most <= 3 * 64 * CHUNK, "{most}");
        arena.trim();
        assert_eq!(arena.held(), 0);
    }

    #[test]
    fn a_chunk_stays_while_one_of_its_blocks_is_used() {
        let mut arena = Arena::new();
        let blocks: Vec<*mut u8> = (0..4 * CHUNK / 64).map(|_| arena.take(64)).collect();
        assert_eq!(arena.held(), 4 * CHUNK);
        for block in blocks.iter().filter(|block| **block != blocks[700]) {
            // SAFETY: each is one of this size, and used by nobody.
            unsafe { arena.give_back(*block, 64) };
        }
        arena.trim();
        assert_eq!(arena.held(), CHUNK);
        // The lists have no blocks of chunks that are gone.
        let again: Vec<*mut u8> = (1..CHUNK / 64).map(|_| arena.take(64)).collect();
        assert_eq!(arena.held(), CHUNK);
        for block in again.into_iter().chain([blocks[700]]) {
            // SAFETY: as above.
            unsafe { arena.give_back(block, 64) };
        }
    }

    #[test]
    fn what_no_system_has_is_refused() {
        let mut arena = Arena::new();
        assert!(arena.take(usize::MAX).is_null());
        assert!(arena.take(isize::MAX as usize).is_null());
        let block = arena.take(SMALL_MAX + 1);
        // SAFETY: it is a block of this size, which stays where it cannot be made so large.
        unsafe {
            assert!(arena.resize(block, SMALL_MAX + 1, usize::MAX - 1).is_null());
            arena.give_back(block, SMALL_MAX + 1);
        }
        assert_eq!(arena.held(), 0);
    }
}
