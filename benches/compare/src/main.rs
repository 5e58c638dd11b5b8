//! One round of the comparison in process: each contender fills a million entries and is then asked and told at random.
//! Writes a line for each figure: operation, contender, nanoseconds.

use bytes::Bytes;
use std::hint::black_box;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ENTRIES: u64 = 1_000_000;
const OPERATIONS: u64 = 1_000_000;
/// Few enough to stay in the first cache.
const HOT: u64 = 64;

/// What is compared.
trait Contender: Sync {
    fn name(&self) -> &'static str;
    fn set(&self, key: &[u8], value: &[u8]);
    /// The sum of the value's bytes' length, so that it is really looked at.
    fn get(&self, key: &[u8]) -> usize;
}

struct Larder(larder::Db);

impl Contender for Larder {
    fn name(&self) -> &'static str {
        "larder"
    }
    fn set(&self, key: &[u8], value: &[u8]) {
        self.0.strings().set(key, value).expect("set");
    }
    fn get(&self, key: &[u8]) -> usize {
        self.0.strings().with(key, <[u8]>::len).expect("a string").unwrap_or(0)
    }
}

struct Bare(parking_lot::Mutex<hashbrown::HashMap<[u8; 16], [u8; 32]>>);

impl Contender for Bare {
    fn name(&self) -> &'static str {
        "one lock, hashbrown, fixed sizes"
    }
    fn set(&self, key: &[u8], value: &[u8]) {
        self.0.lock().insert(key.try_into().expect("16 bytes"), value.try_into().expect("32 bytes"));
    }
    fn get(&self, key: &[u8]) -> usize {
        let key: [u8; 16] = key.try_into().expect("16 bytes");
        self.0.lock().get(&key).map_or(0, |value| value.len())
    }
}

struct Dashmap(dashmap::DashMap<Box<[u8]>, Bytes>);

impl Contender for Dashmap {
    fn name(&self) -> &'static str {
        "dashmap"
    }
    fn set(&self, key: &[u8], value: &[u8]) {
        self.0.insert(key.into(), Bytes::copy_from_slice(value));
    }
    fn get(&self, key: &[u8]) -> usize {
        self.0.get(key).map_or(0, |value| value.len())
    }
}

struct QuickCache(quick_cache::sync::Cache<Box<[u8]>, Bytes>);

impl Contender for QuickCache {
    fn name(&self) -> &'static str {
        "quick_cache"
    }
    fn set(&self, key: &[u8], value: &[u8]) {
        self.0.insert(key.into(), Bytes::copy_from_slice(value));
    }
    fn get(&self, key: &[u8]) -> usize {
        self.0.get(key).map_or(0, |value| value.len())
    }
}

struct Moka(moka::sync::Cache<Box<[u8]>, Bytes>);

impl Contender for Moka {
    fn name(&self) -> &'static str {
        "moka with TTL"
    }
    fn set(&self, key: &[u8], value: &[u8]) {
        self.0.insert(key.into(), Bytes::copy_from_slice(value));
    }
    fn get(&self, key: &[u8]) -> usize {
        self.0.get(key).map_or(0, |value| value.len())
    }
}

fn contenders() -> Vec<Box<dyn Contender>> {
    let db = larder::Larder::new().db();
    let capacity = (ENTRIES * 2) as usize;
    vec![
        Box::new(Larder(db)),
        Box::new(Bare(parking_lot::Mutex::new(hashbrown::HashMap::new()))),
        Box::new(Dashmap(dashmap::DashMap::new())),
        Box::new(QuickCache(quick_cache::sync::Cache::new(capacity))),
        Box::new(Moka(
            moka::sync::Cache::builder().max_capacity(capacity as u64).time_to_live(Duration::from_secs(3_600)).build(),
        )),
    ]
}

fn key(n: u64) -> [u8; 16] {
    let mut key = *b"key:000000000000";
    let mut rest = n;
    for digit in key[4..].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    key
}

fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

fn time(operation: &str, contender: &dyn Contender, seed: u64, mut each: impl FnMut(u64)) {
    let mut state = seed;
    let began = Instant::now();
    for _ in 0..OPERATIONS {
        each(random(&mut state));
    }
    let ns = began.elapsed().as_nanos() as f64 / OPERATIONS as f64;
    println!("{operation}\t{}\t{ns}", contender.name());
}

fn time_threads(operation: &str, contender: &dyn Contender, seed: u64, keys: u64) {
    let began = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..2_u64 {
            scope.spawn(move || {
                let mut state = seed ^ (thread + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                for _ in 0..OPERATIONS {
                    black_box(contender.get(&key(random(&mut state) % keys)));
                }
            });
        }
    });
    let ns = began.elapsed().as_nanos() as f64 / (2 * OPERATIONS) as f64;
    println!("{operation}\t{}\t{ns}", contender.name());
}

fn main() {
    let round: u64 = std::env::args().nth(1).and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let seed = 0x2545_f491_4f6c_dd1d ^ (round + 1);
    let mut contenders = contenders();
    // Who goes first changes, and Larder's rows stay first in the report.
    let shift = round as usize % contenders.len();
    contenders.rotate_left(shift);
    let value = [b'v'; 32];
    for contender in &contenders {
        (0..ENTRIES).for_each(|n| contender.set(&key(n), &value));
    }
    for contender in &contenders {
        let contender = &**contender;
        time("GET, uniform", contender, seed, |random| {
            black_box(contender.get(&key(random % ENTRIES)));
        });
        time("SET, uniform", contender, seed, |random| contender.set(&key(random % ENTRIES), &value));
        time("half GET, half SET", contender, seed, |random| {
            if random & (1 << 40) == 0 {
                black_box(contender.get(&key(random % ENTRIES)));
            } else {
                contender.set(&key(random % ENTRIES), &value);
            }
        });
        time("GET, 64 hot keys", contender, seed, |random| {
            black_box(contender.get(&key(random % HOT)));
        });
        time_threads("GET, two threads", contender, seed, ENTRIES);
        time_threads("GET, two threads, 64 hot keys", contender, seed, HOT);
    }
}
