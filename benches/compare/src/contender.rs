//! Who is compared: maps and caches from 16-byte keys to values, behind one interface.

use bytes::Bytes;
use std::time::Duration;

pub(crate) const TTL: Duration = Duration::from_secs(3_600);

/// A map or a cache.
pub(crate) trait Contender: Sync {
    fn name(&self) -> &'static str;
    fn set(&self, key: &[u8], value: &[u8]);
    /// The length of the value, so that it is really looked at.
    fn get(&self, key: &[u8]) -> Option<usize>;
    /// Sets with a time to live; `false` where there is none.
    fn set_with_ttl(&self, _: &[u8], _: &[u8]) -> bool {
        false
    }
    /// The lengths of many values at once; none where that is not offered.
    fn get_many(&self, _: &[[u8; 16]]) -> Option<usize> {
        None
    }
}

pub(crate) struct Larder(pub(crate) larder::Db);

impl Contender for Larder {
    fn name(&self) -> &'static str {
        "larder"
    }
    fn set(&self, key: &[u8], value: &[u8]) {
        self.0.strings().set(key, value).expect("set");
    }
    fn get(&self, key: &[u8]) -> Option<usize> {
        self.0.strings().with(key, <[u8]>::len).expect("a string")
    }
    fn set_with_ttl(&self, key: &[u8], value: &[u8]) -> bool {
        self.0.strings().set_for(key, value, TTL).expect("set");
        true
    }
    fn get_many(&self, keys: &[[u8; 16]]) -> Option<usize> {
        let values = self.0.strings().get_many(keys).expect("strings");
        Some(values.iter().flatten().map(Vec::len).sum())
    }
}

/// The limit: sizes known to the compiler, no expiry, no accounting.
pub(crate) struct Bare(parking_lot::Mutex<hashbrown::HashMap<[u8; 16], [u8; 32]>>);

impl Contender for Bare {
    fn name(&self) -> &'static str {
        "one lock, hashbrown, fixed sizes"
    }
    fn set(&self, key: &[u8], value: &[u8]) {
        self.0.lock().insert(key.try_into().expect("16 bytes"), value.try_into().expect("32 bytes"));
    }
    fn get(&self, key: &[u8]) -> Option<usize> {
        let key: [u8; 16] = key.try_into().expect("16 bytes");
        self.0.lock().get(&key).map(|value| value.len())
    }
    fn set_with_ttl(&self, key: &[u8], value: &[u8]) -> bool {
        // It has none; its plain write is what a write with one is measured against.
        self.set(key, value);
        true
    }
}

pub(crate) struct Dashmap(dashmap::DashMap<Box<[u8]>, Bytes>);

impl Contender for Dashmap {
    fn name(&self) -> &'static str {
        "dashmap"
    }
    fn set(&self, key: &[u8], value: &[u8]) {
        self.0.insert(key.into(), Bytes::copy_from_slice(value));
    }
    fn get(&self, key: &[u8]) -> Option<usize> {
        self.0.get(key).map(|value| value.len())
    }
}

pub(crate) struct QuickCache(pub(crate) quick_cache::sync::Cache<Box<[u8]>, Bytes>);

impl Contender for QuickCache {
    fn name(&self) -> &'static str {
        "quick_cache"
    }
    fn set(&self, key: &[u8], value: &[u8]) {
        self.0.insert(key.into(), Bytes::copy_from_slice(value));
    }
    fn get(&self, key: &[u8]) -> Option<usize> {
        self.0.get(key).map(|value| value.len())
    }
}

pub(crate) struct Moka(pub(crate) moka::sync::Cache<Box<[u8]>, Bytes>);

impl Moka {
    pub(crate) fn new(capacity: u64) -> Moka {
        Moka(moka::sync::Cache::builder().max_capacity(capacity).time_to_live(TTL).build())
    }
}

impl Contender for Moka {
    fn name(&self) -> &'static str {
        "moka with TTL"
    }
    fn set(&self, key: &[u8], value: &[u8]) {
        self.0.insert(key.into(), Bytes::copy_from_slice(value));
    }
    fn get(&self, key: &[u8]) -> Option<usize> {
        self.0.get(key).map(|value| value.len())
    }
    fn set_with_ttl(&self, key: &[u8], value: &[u8]) -> bool {
        self.set(key, value);
        true
    }
}

/// All of them, with room for so many entries.
pub(crate) fn all(capacity: u64) -> Vec<Box<dyn Contender>> {
    vec![
        Box::new(Larder(larder::Larder::new().db())),
        Box::new(Bare(parking_lot::Mutex::new(hashbrown::HashMap::new()))),
        Box::new(Dashmap(dashmap::DashMap::new())),
        Box::new(QuickCache(quick_cache::sync::Cache::new(capacity as usize))),
        Box::new(Moka::new(capacity)),
    ]
}

pub(crate) fn key(n: u64) -> [u8; 16] {
    let mut key = *b"key:000000000000";
    let mut rest = n;
    for digit in key[4..].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    key
}
