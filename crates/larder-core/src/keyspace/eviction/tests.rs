//! Eviction through the engine: what goes, what stays, how much, and how often the cache hits.

use super::Tracking;
use crate::limits::{EVICT_BATCH, EVICT_KEYS, STRIPES};
use crate::rng::Rng;
use crate::sync::{Arc, Mutex};
use crate::{
    Change, ChangeListener, Class, DbIndex, Deadline, Engine, Error, Expiry, ManualClock, Options, Policy,
};
use std::time::Duration;

fn engine(policy: Policy, memory_max_bytes: u64) -> (Engine, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new());
    let options = Options {
        clock: clock.clone(),
        seed: Some(11),
        policy,
        memory_max_bytes: Some(memory_max_bytes),
        ..Options::default()
    };
    (Engine::with_options(options), clock)
}

fn set(engine: &Engine, key: &[u8], value: &[u8], expiry: Expiry) {
    let key = engine.key(DbIndex::default(), key);
    engine.view_one(&key, None).set(&key, value, expiry).expect("it is in the view");
}

fn get(engine: &Engine, key: &[u8]) -> bool {
    let key = engine.key(DbIndex::default(), key);
    engine.view_one(&key, None).get(&key).expect("it is in the view").is_some()
}

fn len(engine: &Engine) -> usize {
    engine.view_none(None).len(DbIndex::default()).expect("stripe after stripe")
}

/// Keys from 0 on, the first the most wanted (Zipf's law with an exponent of 0.99).
struct Zipf {
    sums: Vec<f64>,
    rng: Rng,
}

impl Zipf {
    fn new(keys: usize) -> Zipf {
        let mut sum = 0.0;
        let weights = (1..=keys).map(|rank| (rank as f64).powf(-0.99));
        let sums = weights.map(|weight| {
            sum += weight;
            sum
        });
        Zipf { sums: sums.collect(), rng: Rng::seeded(3) }
    }

    fn next(&mut self) -> usize {
        let all = self.sums.last().copied().unwrap_or(0.0);
        let at = (self.rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64 * all;
        self.sums.partition_point(|sum| *sum <= at)
    }
}

/// The hit ratio of a cache for 1 % of 100,000 keys, and how many it held in the end.
fn hit_ratio(policy: Policy) -> (f64, usize) {
    const KEYS: usize = 100_000;
    const VALUE: [u8; 2_000] = [7; 2_000];
    const ACCESSES: usize = 200_000;
    let (engine, clock) = engine(policy, (KEYS / 100 * (VALUE.len() + 24)) as u64);
    let mut zipf = Zipf::new(KEYS);
    let mut hits = 0;
    for access in 0..ACCESSES {
        if access % 20 == 0 {
            clock.advance(Duration::from_secs(1));
        }
        let key = zipf.next().to_string();
        if get(&engine, key.as_bytes()) {
            hits += usize::from(access >= ACCESSES / 4);
        } else {
            engine.make_room().expect("every key may go");
            set(&engine, key.as_bytes(), &VALUE, Expiry::Never);
        }
    }
    (hits as f64 / (ACCESSES * 3 / 4) as f64, len(&engine))
}

#[test]
fn s3fifo_hits_more_often_than_sampled_lru() {
    let (fifo, kept) = hit_ratio(Policy::AllkeysS3Fifo);
    let (lru, lru_kept) = hit_ratio(Policy::AllkeysLru);
    let (lfu, _) = hit_ratio(Policy::AllkeysLfu);
    let (random, _) = hit_ratio(Policy::AllkeysRandom);
    let figures =
        format!("s3fifo {fifo:.3} ({kept}), lru {lru:.3} ({lru_kept}), lfu {lfu:.3}, random {random:.3}");
    println!("{figures}");
    assert!((850..=1_000).contains(&kept) && (850..=1_000).contains(&lru_kept), "{figures}");
    assert!(fifo > lru + 0.04, "{figures}");
    assert!(lru > random + 0.02, "{figures}");
    assert!(lfu > random + 0.02, "{figures}");
}

/// Hears which keys are evicted.
#[derive(Default)]
struct Evicted(Mutex<Vec<Vec<u8>>>);

impl ChangeListener for Evicted {
    fn changed(&self, changes: &[Change]) {
        assert!(changes.iter().all(|change| change.event == "evicted" && change.class == Class::EVICTED));
        self.0.lock().extend(changes.iter().map(|change| change.key.bytes.to_vec()));
    }
}

fn policies(volatile: bool) -> impl Iterator<Item = Policy> {
    let all = Policy::ALL.into_iter().map(|(policy, _)| policy);
    all.filter(move |policy| *policy != Policy::NoEviction && policy.is_volatile() == volatile)
}

#[test]
fn every_policy_gets_below_the_limit_and_reports_what_it_took() {
    for policy in policies(false).chain(policies(true)) {
        let (engine, _) = engine(policy, u64::MAX / 2);
        let evicted = Arc::new(Evicted::default());
        engine.listen(evicted.clone(), Class::EVICTED);
        let far = Expiry::At(Deadline::at_ms(engine.now_ms() + 1_000_000));
        (0..5_000).for_each(|n| set(&engine, format!("key:{n}").as_bytes(), &[1; 100], far));
        let limit = engine.used_bytes() / 2;
        engine.set_memory_max_bytes(Some(limit));
        while engine.is_over_limit() {
            engine.make_room().expect("every key may go");
        }
        let gone = evicted.0.lock();
        let used = engine.used_bytes() as f64 / limit as f64;
        assert!((0.85..1.1).contains(&used), "{policy}: {used} of the limit");
        assert_eq!(gone.len(), 5_000 - len(&engine), "{policy}");
        assert_eq!(engine.counts().evicted, gone.len() as u64, "{policy}");
        assert!(gone.iter().all(|key| !get(&engine, key)), "{policy}");
    }
}

#[test]
fn only_keys_with_a_deadline_are_volatile() {
    for policy in policies(true) {
        let (engine, _) = engine(policy, u64::MAX / 2);
        let far = |engine: &Engine| Deadline::at_ms(engine.now_ms() + 1_000_000);
        for n in 0..3_000 {
            let expiry = if n % 3 == 0 { Expiry::At(far(&engine)) } else { Expiry::Never };
            set(&engine, format!("key:{n}").as_bytes(), b"value", expiry);
        }
        for n in 0..3_000 {
            let key = format!("key:{n}");
            let key = engine.key(DbIndex::default(), key.as_bytes());
            let mut view = engine.view_one(&key, None);
            match n % 6 {
                // They lose their deadlines, and others gain one.
                3 => view.set_deadline(&key, None).expect("it is in the view"),
                4 => view.set_deadline(&key, Some(far(&engine))).expect("it is in the view"),
                _ => true,
            };
        }
        engine.set_memory_max_bytes(Some(1));
        while engine.make_room().is_ok() {}
        assert_eq!(engine.make_room(), Err(Error::OutOfMemory), "{policy}");
        for n in 0..3_000 {
            assert_eq!(get(&engine, format!("key:{n}").as_bytes()), !matches!(n % 6, 0 | 4), "{policy} {n}");
        }
    }
}

#[test]
fn nothing_is_evicted_without_a_policy() {
    let (engine, _) = engine(Policy::NoEviction, 100_000);
    while engine.make_room().is_ok() {
        set(&engine, &engine.random().to_le_bytes(), &[0; 100], Expiry::Never);
    }
    assert!(engine.used_bytes() < 110_000, "{}", engine.used_bytes());
    assert_eq!(engine.counts().evicted, 0);
    engine.set_memory_max_bytes(None);
    assert_eq!(engine.make_room(), Ok(()));
}

#[test]
fn the_nearest_deadlines_go_first() {
    let (engine, _) = engine(Policy::VolatileTtl, u64::MAX / 2);
    let now = engine.now_ms();
    for n in 0..10_000_u64 {
        let at = Expiry::At(Deadline::at_ms(now + 1_000 + n * 100));
        set(&engine, n.to_string().as_bytes(), &[0; 200], at);
    }
    engine.set_memory_max_bytes(Some(engine.used_bytes() * 3 / 4));
    while engine.is_over_limit() {
        engine.make_room().expect("there are keys with deadlines");
    }
    let left = |range: std::ops::Range<u64>| range.filter(|n| get(&engine, n.to_string().as_bytes())).count();
    assert!(
        left(0..1_500) < 300 && left(8_000..10_000) > 1_950,
        "{} {}",
        left(0..1_500),
        left(8_000..10_000)
    );
}

#[test]
fn one_write_makes_a_bounded_number_of_steps() {
    for policy in [Policy::AllkeysS3Fifo, Policy::AllkeysLru] {
        let (engine, _) = engine(policy, u64::MAX / 2);
        (0..80_000_u32).for_each(|n| set(&engine, &n.to_le_bytes(), b"v", Expiry::Never));
        engine.set_memory_max_bytes(Some(1));
        assert_eq!(engine.make_room(), Ok(()));
        let evicted = engine.counts().evicted;
        assert!((500..EVICT_KEYS + EVICT_BATCH).contains(&(evicted as usize)), "{policy}: {evicted}");
        assert!(engine.is_over_limit());
    }
}

#[test]
fn a_policy_chosen_later_finds_every_key() {
    let (engine, clock) = engine(Policy::AllkeysS3Fifo, u64::MAX / 2);
    let names: Vec<String> = (0..4_000).map(|n| format!("key:{n}")).collect();
    let (first, second) = names.split_at(2_000);
    first.iter().for_each(|key| set(&engine, key.as_bytes(), b"v", Expiry::Never));
    engine.set_policy(Policy::AllkeysLru);
    second.iter().for_each(|key| set(&engine, key.as_bytes(), b"v", Expiry::Never));
    clock.advance(Duration::from_secs(100));
    for key in first {
        let (from, to) = (engine.key(DbIndex::default(), key.as_bytes()), format!("renamed:{key}"));
        let to = engine.key(DbIndex::new(3).expect("there are sixteen"), to.as_bytes());
        assert_eq!(engine.view(&[from, to]).rename(&from, &to), Ok(true));
    }
    engine.set_policy(Policy::AllkeysS3Fifo);
    engine.set_memory_max_bytes(Some(1));
    while engine.make_room().is_ok()
        && (0..4).any(|db| {
            engine.view_none(None).len(DbIndex::new(db).expect("there are sixteen")).expect("counted") > 0
        })
    {}
    assert_eq!(engine.counts().evicted, 4_000);
}

#[test]
fn the_total_follows_what_is_used() {
    let (engine, clock) = engine(Policy::AllkeysS3Fifo, 4_000_000);
    let mut rng = Rng::seeded(9);
    for step in 0..60_000 {
        let key = rng.below(20_000).to_string();
        match rng.below(8) {
            0 => {
                let key = engine.key(DbIndex::default(), key.as_bytes());
                engine.view_one(&key, None).remove(&key).expect("it is in the view");
            }
            1 => {
                let at = Deadline::at_ms(engine.now_ms() + rng.below(5_000) as u64);
                let key = engine.key(DbIndex::default(), key.as_bytes());
                engine.view_one(&key, None).set_deadline(&key, Some(at)).expect("it is in the view");
            }
            _ => {
                engine.make_room().expect("every key may go");
                set(&engine, key.as_bytes(), &vec![0; rng.below(600)], Expiry::Keep);
            }
        }
        if step % 1_000 == 0 {
            clock.advance(Duration::from_millis(500));
            let (total, used) = (engine.total_bytes(), engine.used_bytes() as i64);
            let slack = 4_000_000 / 32 + STRIPES as i64 * 200;
            assert!((total - used).abs() < slack, "{total} {used}");
            assert!(used < 4_000_000 + slack, "{used}");
        }
    }
    assert!(engine.counts().evicted > 1_000, "{}", engine.counts().evicted);
}

#[test]
fn a_count_grows_slowly_and_decays() {
    let (engine, clock) = engine(Policy::AllkeysLfu, u64::MAX / 2);
    set(&engine, b"k", b"v", Expiry::Never);
    let key = engine.key(DbIndex::default(), b"k");
    let count = || {
        let access =
            engine.view_one(&key, None).peek(&key).expect("in the view").expect("it exists").access();
        engine.frequency_of(access)
    };
    assert_eq!(count(), 5);
    (0..1_000).for_each(|_| assert!(get(&engine, b"k")));
    let hot = count();
    assert!((10..=40).contains(&hot), "{hot}");
    (0..100_000).for_each(|_| assert!(get(&engine, b"k")));
    assert!(count() > hot + 50, "{}", count());
    let hot = count();
    clock.advance(Duration::from_mins(10));
    assert_eq!(count(), hot - 10);
    clock.advance(Duration::from_hours(5));
    assert_eq!(count(), 0);
}

#[test]
fn idle_time_survives_the_end_of_its_bits() {
    assert_eq!(Tracking::idle_seconds(0x00ff_fff0, 0x0100_0010), 0x20);
    assert_eq!(Tracking::idle_seconds(7, 7), 0);
}

#[test]
fn several_threads_write_under_one_limit() {
    const LIMIT: u64 = 2_000_000;
    for policy in [Policy::AllkeysS3Fifo, Policy::VolatileS3Fifo, Policy::AllkeysLru, Policy::VolatileRandom]
    {
        let (engine, _) = engine(policy, LIMIT);
        let far = Expiry::At(Deadline::at_ms(engine.now_ms() + 1_000_000));
        std::thread::scope(|scope| {
            for thread in 0..3 {
                let engine = &engine;
                scope.spawn(move || {
                    let mut rng = Rng::seeded(thread);
                    for _ in 0..6_000 {
                        let key = rng.below(20_000).to_string();
                        if !get(engine, key.as_bytes()) {
                            engine.make_room().expect("every key may go");
                            set(engine, key.as_bytes(), &[0; 300], far);
                        }
                    }
                });
            }
        });
        assert!(engine.counts().evicted > 1_000, "{policy}: {}", engine.counts().evicted);
        let used = engine.used_bytes();
        assert!((LIMIT * 8 / 10..LIMIT * 11 / 10).contains(&used), "{policy}: {used}");
        engine.set_memory_max_bytes(Some(1));
        while engine.make_room().is_ok() && len(&engine) > 0 {}
        assert_eq!(len(&engine), 0, "{policy}");
    }
}
