//! The kernel's cheap clock: the moment of the last timer tick, read without asking the hardware. Reading `Instant`
//! costs five times as much, more than the lock of a stripe; the standard library has no way to this one.

/// Milliseconds since some moment before, up to a timer tick ago. They never go back.
pub(crate) fn monotonic_ms() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` may be written to. The call fails only where there is no such clock, which every Linux since 2.6.32
    // has; then `now` is as it was, and is read as such.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut now) };
    debug_assert_eq!(failed, 0);
    now.tv_sec as u64 * 1_000 + now.tv_nsec as u64 / 1_000_000
}
