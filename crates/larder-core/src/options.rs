//! How an engine is set up.

use crate::clock::{Clock, SystemClock};
use crate::keyspace::{Policy, Sampling};
use std::sync::Arc;

/// Up to where collections stay in their packed forms. The names and meanings are those of Redis' settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueLimits {
    /// `list-max-listpack-size`: entries if positive; -1 to -5 for 4 to 64 KiB.
    pub list_max_listpack_size: i64,
    /// `hash-max-listpack-entries`.
    pub hash_max_listpack_entries: usize,
    /// `hash-max-listpack-value`, in bytes.
    pub hash_max_listpack_value: usize,
    /// `set-max-intset-entries`.
    pub set_max_intset_entries: usize,
    /// `set-max-listpack-entries`.
    pub set_max_listpack_entries: usize,
    /// `set-max-listpack-value`, in bytes.
    pub set_max_listpack_value: usize,
    /// `zset-max-listpack-entries`.
    pub zset_max_listpack_entries: usize,
    /// `zset-max-listpack-value`, in bytes.
    pub zset_max_listpack_value: usize,
    /// `stream-node-max-bytes`; 0 for no limit.
    pub stream_node_max_bytes: usize,
    /// `stream-node-max-entries`; 0 for no limit.
    pub stream_node_max_entries: usize,
}

impl Default for ValueLimits {
    fn default() -> Self {
        ValueLimits {
            list_max_listpack_size: -2,
            hash_max_listpack_entries: 128,
            hash_max_listpack_value: 64,
            set_max_intset_entries: 512,
            set_max_listpack_entries: 128,
            set_max_listpack_value: 64,
            zset_max_listpack_entries: 128,
            zset_max_listpack_value: 64,
            stream_node_max_bytes: 4_096,
            stream_node_max_entries: 100,
        }
    }
}

/// Who removes entries when their deadlines come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Maintenance {
    /// A thread of the engine that sleeps until the next deadline.
    #[default]
    Thread,
    /// The user, by calling [`Engine::tick`](crate::Engine::tick).
    Manual,
}

/// The settings of a new engine.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bytes of keys and values beyond which entries are evicted or writes refused; `None` for no limit.
    pub memory_max_bytes: Option<u64>,
    /// What is evicted then.
    pub policy: Policy,
    /// How the policies that compare some keys do it.
    pub sampling: Sampling,
    /// Packed forms.
    pub values: ValueLimits,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Who expires.
    pub maintenance: Maintenance,
    /// Hash keys with SipHash-1-3 instead of the faster default.
    pub hardened: bool,
    /// Makes hashing and random choices repeat from run to run. For tests: an attacker who knows the seed can choose
    /// keys that collide.
    pub seed: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            memory_max_bytes: None,
            policy: Policy::NoEviction,
            sampling: Sampling::default(),
            values: ValueLimits::default(),
            clock: Arc::new(SystemClock::new()),
            maintenance: Maintenance::Thread,
            hardened: false,
            seed: None,
        }
    }
}
