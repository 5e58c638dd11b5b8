//! Every limit of the engine, with its reason.

/// Databases of one engine, as many as Redis has by default.
pub const DATABASES: u8 = 16;

/// Stripes of a keyspace. 64, 256 and 1,024 measured alike on two cores; 256 leaves room for more cores.
pub const STRIPES: usize = 256;

/// The longest string value, and the longest key: Redis' own limit.
pub const STRING_LEN_MAX: usize = 512 * 1024 * 1024;

/// Values up to this length lie in their record; longer ones are shared by reference, so that a reply or a snapshot
/// need not copy them under the lock. Copying two KiB costs about as much as one more cache miss.
pub const INLINE_LEN_MAX: usize = 2 * 1024;

/// One hold of a stripe's lock in so many is timed. Two looks at the clock take some 60 nanoseconds, so that timing
/// costs a quarter of a nanosecond for each hold.
pub const HOLDS_PER_SAMPLE: u32 = 256;

/// Holds of so many microseconds and more are counted by themselves, where somebody times them anyway.
pub const LONG_HOLD_US: u64 = 1_000;

/// Members, fields or elements that one slice of a large value has: with a cache miss or two for each, others wait some
/// tens of microseconds for the stripe.
pub const SLICE_PARTS: usize = 512;

/// Bytes of them, beyond which a slice ends earlier: copying so many takes about as long.
pub const SLICE_BYTES: usize = 128 * 1024;

/// Attempts at going through a value in slices, each ended by a change of the value. One that fails has mostly wasted
/// little: it ends at the first change. After these the value changes all the time, and a stripe is held for the whole.
pub const SLICED_ATTEMPTS: usize = 4;

/// A value of so many allocations, or of so many KiB, is freed by a thread of its own: it takes some hundreds of
/// microseconds, and starting a thread some tens.
pub const RECLAIM_PARTS_MIN: usize = 4 * 1024;

/// While more bytes than this wait to be freed, whoever removes a large value frees it: memory must not grow without
/// bound because one thread frees less than others make.
pub const RECLAIM_BYTES_MAX: usize = 1 << 30;

/// Strings from this length on are looked at, and made, outside of the lock.
pub const UNLOCKED_LEN_MIN: usize = 16 * 1024;

/// Strings longer than this are not moved or copied under a lock: a write that needs that works on a copy made with the
/// lock let go. A megabyte takes some hundreds of microseconds.
pub const MOVED_LEN_MAX: usize = 1024 * 1024;

/// Bytes that are written under a lock into a long string that stays where it is. Memory that was not used before costs
/// a page fault for each 4 KiB: some three milliseconds for so many.
pub const WRITTEN_LEN_MAX: usize = 4 * 1024 * 1024;

/// Entries, or fields of hashes, an expiry step removes before it lets the stripe go: others wait at most some
/// microseconds.
pub const EXPIRE_BATCH: usize = 32;

/// A stripe reports its change in bytes to the engine's total once it is this large, so that writers of different
/// stripes rarely meet at the total. The total is off by at most this times the number of stripes.
pub const USED_BYTES_BATCH: i64 = 4 * 1024;

/// Stripes of the registries of channels and of shard channels. A stripe is held while a message is put into the queues
/// of its subscribers, so a large channel delays the others of its stripe only.
pub const TOPIC_STRIPES: usize = 64;

/// Pattern prefixes are told apart up to this length: a published channel is looked up once per length in use.
pub const PATTERN_PREFIX_LEN_MAX: usize = 64;

/// Messages that a subscription's queue holds unless told otherwise.
pub const QUEUE_LEN_MAX: usize = 16 * 1024;

/// Bytes that a subscription's queue holds unless told otherwise: what Redis grants a slow subscriber for a minute.
pub const QUEUE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// With a memory limit, the total may be off by this part of the limit at most.
pub const USED_BYTES_PRECISION: u64 = 32;

/// Keys an eviction step removes before it lets the stripe go.
pub const EVICT_BATCH: usize = 16;

/// Keys that one write evicts to get below the memory limit. A limit that was lowered a lot is reached by many writes,
/// so that none of them waits for all of it: a few milliseconds at most.
pub const EVICT_KEYS: usize = 1_024;

/// Steps that one write makes to evict them: not each step evicts.
pub const EVICT_STEPS: usize = 2_048;

/// Bytes of fields and values of one entry of a stream, and of a node of a stream: Redis' own limit.
pub const STREAM_ENTRY_LEN_MAX: usize = 1 << 30;

/// Attempts that a transaction makes before it gives up. Each that fails does so because another one succeeded, so a
/// queue of equals is through long before; only one that takes much longer than what it competes with gets here.
pub const TRANSACTION_ATTEMPTS_MAX: usize = 1_000;

/// Rooms that are kept for transactions to come: more are at work at once only where more threads are.
pub const ROOMS_KEPT: usize = 8;

/// Transactions after which a room is thrown away: timers of what has left it stay in it until they are due.
pub const ROOM_USES_MAX: u32 = 1_000;

/// So many look-ups are fetched ahead together. More gained nothing.
pub(crate) const PREFETCH_MAX: usize = 32;
