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

/// Entries an expiry step removes before it lets the stripe go: others wait at most some microseconds.
pub const EXPIRE_BATCH: usize = 32;

/// A stripe reports its change in bytes to the engine's total once it is this large, so that writers of different
/// stripes rarely meet at the total. The total is off by at most this times the number of stripes.
pub const USED_BYTES_BATCH: i64 = 4 * 1024;
