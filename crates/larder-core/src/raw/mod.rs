//! The only unsafe code of the engine: a record that is one thin pointer, the table that holds records, the lock of a
//! stripe, and a look at the kernel's cheap clock.
//!
//! Why it is worth it: a safe entry is at least two words in the table and usually two allocations. A [`Record`]
//! keeps header, key and value in one allocation behind eight bytes, so a bucket of eight of them is one cache
//! line, a look-up costs two lines, and a batch of look-ups can be prefetched. `docs/performance.md` has the figures
//! against `hashbrown` with boxed keys.
//!
//! What is relied on everywhere in this folder:
//! - a record's address fits in 48 bits (checked when it is made), so a table slot has 16 bits to spare;
//! - records are aligned to eight bytes, so a slot's lowest bit tells a record from a link to an overflow bucket;
//! - nothing hands out a reference that outlives the `&` or `&mut` of the table or record it came from.

#[cfg(target_os = "linux")]
mod coarse;
mod lock;
mod record;
mod table;

#[cfg(target_os = "linux")]
pub(crate) use coarse::monotonic_ms as coarse_monotonic_ms;

pub(crate) use lock::{StripeGuard, StripeMutex};
pub(crate) use record::{Parts, Record, Stored};
pub(crate) use table::{RECORD_LINES, Ref, Table, prefetch, prefetch_whole};
