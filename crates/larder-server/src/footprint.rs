//! A server is small until there is something to keep.
//!
//! The allocator asks for huge pages, which make a large keyspace faster to read. A server that has just started
//! touches a few bytes in many places, and a huge page behind each of them would be most of its memory, and a good part
//! of the time it takes to start. So the program goes without them until clients have sent something worth keeping.
//! It is a setting of the whole process: of a program of ours, never of one that has a server inside.

use std::sync::atomic::{AtomicBool, Ordering};

/// Clients have sent so many bytes when huge pages begin.
const LITTLE: u64 = 4 * 1024 * 1024;

/// Whether this process goes without huge pages for now, because of this module.
static SMALL: AtomicBool = AtomicBool::new(false);

/// Has this process go without huge pages until clients of a server in it have sent four megabytes, unless somebody has
/// decided that for it already. For a program whose server is all it is, before it allocates: allocates nothing itself.
/// Does nothing on systems other than Linux.
pub fn stay_small() {
    #[cfg(target_os = "linux")]
    {
        use rustix::thread::{disable_transparent_huge_pages, transparent_huge_pages_are_disabled};
        let is_ours = transparent_huge_pages_are_disabled() == Ok(false);
        SMALL.store(is_ours && disable_transparent_huge_pages(true).is_ok(), Ordering::Relaxed);
    }
}

/// Told that clients had sent so many bytes, and then sent so many more.
#[inline]
pub(crate) fn received(before: u64, len: u64) {
    if before < LITTLE && before + len >= LITTLE {
        grow();
    }
}

#[cold]
fn grow() {
    if SMALL.swap(false, Ordering::Relaxed) {
        #[cfg(target_os = "linux")]
        // Where the system refuses, all goes on as it was.
        let _ = rustix::thread::disable_transparent_huge_pages(false);
    }
}
