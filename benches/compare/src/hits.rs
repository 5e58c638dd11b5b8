//! How many reads of a cache that holds one key in a hundred find something, when a miss writes it.

use crate::contender::{Contender, Larder, Moka, QuickCache, key};
use crate::tell;
use larder_load::{Distribution, Keys};

const KEYS: u64 = 1_000_000;
const ENTRIES: u64 = 10_000;
const WARM_UP: u64 = 1_000_000;
const ADJUSTMENT: u64 = 200_000;
const MEASURED: u64 = 1_000_000;

const TRACES: &[(&str, Distribution)] = &[
    ("Zipf 0.7", Distribution::Zipf(0.7)),
    ("Zipf 0.99", Distribution::Zipf(0.99)),
    ("Zipf 0.99, a third of it scans", Distribution::Scans(0.99)),
    ("Zipf 0.99, shifting", Distribution::Shifting(0.99)),
];

pub(crate) fn run(round: u64) {
    for (name, distribution) in TRACES {
        let keys = || Keys::new(*distribution, KEYS, round, (0, 1));
        let mut walk = keys();
        let larder = larder(&mut walk);
        tell(name, "larder", hit_percent(&larder, &mut walk));
        let mut others: [Box<dyn Contender>; 2] = [
            Box::new(QuickCache(quick_cache::sync::Cache::new(ENTRIES as usize))),
            Box::new(Moka::new(ENTRIES)),
        ];
        for other in &mut others {
            let mut walk = keys();
            access(&**other, &mut walk, WARM_UP);
            tell(name, other.name().trim_end_matches(" with TTL"), hit_percent(&**other, &mut walk));
        }
    }
}

/// An engine whose budget in bytes lets it hold ten thousand entries, within one in a hundred.
fn larder(walk: &mut Keys) -> Larder {
    let larder = larder::Larder::new();
    let engine = larder.instance().engine().clone();
    let contender = Larder(larder.db());
    let empty = engine.used_bytes();
    (0..ENTRIES).for_each(|n| contender.set(&key(n), &[b'v'; 32]));
    let mut budget = engine.used_bytes();
    let bytes = (budget - empty) / ENTRIES;
    engine.set_memory_max_bytes(Some(budget));
    access(&contender, walk, WARM_UP);
    for _ in 0..20 {
        let held = contender.0.keys().count().expect("a count") as u64;
        if held.abs_diff(ENTRIES) <= ENTRIES / 100 {
            return contender;
        }
        budget = budget.saturating_add_signed((ENTRIES as i64 - held as i64) * bytes as i64);
        engine.set_memory_max_bytes(Some(budget));
        access(&contender, walk, ADJUSTMENT);
    }
    panic!("no budget makes it hold {ENTRIES} entries");
}

/// Reads, and writes what was missing; gives how many were there.
fn access(contender: &dyn Contender, walk: &mut Keys, count: u64) -> u64 {
    let mut hits = 0;
    for _ in 0..count {
        let key = key(walk.draw());
        if contender.get(&key).is_some() {
            hits += 1;
        } else {
            contender.set(&key, &[b'v'; 32]);
        }
    }
    hits
}

fn hit_percent(contender: &dyn Contender, walk: &mut Keys) -> f64 {
    access(contender, walk, MEASURED) as f64 / MEASURED as f64 * 100.0
}
