//! Counts what the library has allocated and not freed, in builds with debug assertions: for the test that threads
//! leave nothing behind.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicI64, Ordering};

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

static LIVE: AtomicI64 = AtomicI64::new(0);

/// Allocations of the library that live now, on whatever thread they were made.
pub(crate) fn live() -> i64 {
    LIVE.load(Ordering::Relaxed)
}

// SAFETY: everything is the system allocator's; only counts are kept beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise, handed on.
        let at = unsafe { System.alloc(layout) };
        LIVE.fetch_add(i64::from(!at.is_null()), Ordering::Relaxed);
        at
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise, handed on.
        let at = unsafe { System.alloc_zeroed(layout) };
        LIVE.fetch_add(i64::from(!at.is_null()), Ordering::Relaxed);
        at
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's promise, handed on. What was one allocation is one.
        unsafe { System.realloc(at, layout, new_size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        LIVE.fetch_sub(1, Ordering::Relaxed);
        // SAFETY: the caller's promise, handed on.
        unsafe { System.dealloc(at, layout) };
    }
}
