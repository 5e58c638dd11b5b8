//! A million entries, asked for and told at random.

use crate::contender::{self, Contender, key};
use crate::{tell, tell_time};
use larder_load::Random;
use std::hint::black_box;

const ENTRIES: u64 = 1_000_000;
const OPERATIONS: u64 = 500_000;
/// Few enough to stay in the first cache.
const HOT: u64 = 64;
const BATCH: usize = 16;

pub(crate) fn run(round: u64) {
    let mut contenders = contender::all(2 * ENTRIES);
    // Who goes first changes from round to round.
    let shift = round as usize % contenders.len();
    contenders.rotate_left(shift);
    let value = [b'v'; 32];
    for contender in &contenders {
        let before = resident_bytes();
        (0..ENTRIES).for_each(|n| contender.set(&key(n), &value));
        let bytes = resident_bytes().saturating_sub(before);
        tell("bytes for each entry (B)", contender.name(), bytes as f64 / ENTRIES as f64);
    }
    for contender in &contenders {
        one_thread(&**contender, round);
        two_threads("GET, two threads", &**contender, round, ENTRIES);
        two_threads("GET, two threads, 64 hot keys", &**contender, round, HOT);
    }
}

fn one_thread(contender: &dyn Contender, seed: u64) {
    let value = [b'v'; 32];
    let name = contender.name();
    let time = |operation: &str, each: &mut dyn FnMut(&mut Random)| {
        let mut random = Random::new(seed);
        tell_time(operation, name, OPERATIONS, || (0..OPERATIONS).for_each(|_| each(&mut random)));
    };
    time("GET, uniform", &mut |random| {
        black_box(contender.get(&key(random.below(ENTRIES))));
    });
    time("SET, uniform", &mut |random| contender.set(&key(random.below(ENTRIES)), &value));
    time("half GET, half SET", &mut |random| {
        let n = random.below(2 * ENTRIES);
        if n & 1 == 0 {
            black_box(contender.get(&key(n / 2)));
        } else {
            contender.set(&key(n / 2), &value);
        }
    });
    time("GET, 64 hot keys", &mut |random| {
        black_box(contender.get(&key(random.below(HOT))));
    });
    if contender.get_many(&[key(0)]).is_some() {
        let mut random = Random::new(seed);
        tell_time("MGET of 16, for each key", name, OPERATIONS, || {
            for _ in 0..OPERATIONS as usize / BATCH {
                let keys: [[u8; 16]; BATCH] = std::array::from_fn(|_| key(random.below(ENTRIES)));
                black_box(contender.get_many(&keys));
            }
        });
    }
    if contender.set_with_ttl(&key(0), &value) {
        time("SET with a TTL, uniform", &mut |random| {
            contender.set_with_ttl(&key(random.below(ENTRIES)), &value);
        });
    }
}

fn two_threads(operation: &str, contender: &dyn Contender, seed: u64, keys: u64) {
    tell_time(operation, contender.name(), 2 * OPERATIONS, || {
        std::thread::scope(|scope| {
            for thread in 0..2_u64 {
                scope.spawn(move || {
                    let mut random = Random::new(seed ^ (thread << 40));
                    for _ in 0..OPERATIONS {
                        black_box(contender.get(&key(random.below(keys))));
                    }
                });
            }
        });
    });
}

/// What the system has given to this process.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1_024
}
