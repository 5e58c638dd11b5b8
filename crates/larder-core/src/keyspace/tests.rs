//! The keyspace against a model: a map with deadlines, on a clock moved by hand.

use crate::limits::STRIPES;
use crate::sync::{Arc, Mutex};
use crate::{
    Change, ChangeListener, Class, DbIndex, Deadline, Edit, Engine, Expiry, Key, ManualClock, Missing,
    Options,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Step {
    Set(u8, Vec<u8>, Option<u64>),
    SetKeeping(u8, Vec<u8>),
    Append(u8, Vec<u8>),
    Remove(u8),
    Rename(u8, u8),
    Copy(u8, u8),
    Deadline(u8, Option<u64>),
    Get(u8),
    Advance(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0..12_u8;
    let value = || prop::collection::vec(prop_oneof![b'0'..=b'9', any::<u8>()], 0..40);
    let after = || prop::option::of(prop_oneof![1..50_u64, 1..100_000_u64]);
    prop_oneof![
        (key(), value(), after()).prop_map(|(k, v, t)| Step::Set(k, v, t)),
        (key(), value()).prop_map(|(k, v)| Step::SetKeeping(k, v)),
        (key(), value()).prop_map(|(k, v)| Step::Append(k, v)),
        key().prop_map(Step::Remove),
        (key(), key()).prop_map(|(a, b)| Step::Rename(a, b)),
        (key(), key()).prop_map(|(a, b)| Step::Copy(a, b)),
        (key(), after()).prop_map(|(k, t)| Step::Deadline(k, t)),
        key().prop_map(Step::Get),
        prop_oneof![1..20_u64, 1..40_000_u64].prop_map(Step::Advance),
    ]
}

#[derive(Default)]
struct Expired(Mutex<Vec<Vec<u8>>>);

impl ChangeListener for Expired {
    fn changed(&self, changes: &[Change]) {
        let keys = changes
            .iter()
            .filter(|change| change.class == Class::EXPIRED)
            .map(|change| change.key.bytes.to_vec());
        self.0.lock().extend(keys);
    }
}

type Model = BTreeMap<Vec<u8>, (Vec<u8>, Option<u64>)>;

fn apply(engine: &Engine, model: &mut Model, clock: &ManualClock, step: &Step, expired: &mut Vec<Vec<u8>>) {
    let db = DbIndex::default();
    let name = |k: &u8| format!("key:{k}").into_bytes();
    let now = engine.now_ms();
    let at = |t: &Option<u64>| t.map_or(Expiry::Never, |t| Expiry::At(Deadline::at_ms(now + t)));
    let view =
        |names: &[&Vec<u8>]| engine.view(&names.iter().map(|n| engine.key(db, n)).collect::<Vec<Key<'_>>>());
    match step {
        Step::Set(k, value, after) => {
            let k = name(k);
            let existed = view(&[&k]).set(&engine.key(db, &k), value, at(after)).unwrap();
            assert_eq!(existed, model.insert(k, (value.clone(), after.map(|t| now + t))).is_some());
        }
        Step::SetKeeping(k, value) => {
            let k = name(k);
            view(&[&k]).set(&engine.key(db, &k), value, Expiry::Keep).unwrap();
            model.entry(k).or_default().0.clone_from(value);
        }
        Step::Append(k, more) => {
            let k = name(k);
            view(&[&k]).edit_bytes(&engine.key(db, &k), Missing::Create, |bytes| bytes.extend(more)).unwrap();
            model.entry(k).or_default().0.extend(more);
        }
        Step::Remove(k) => {
            let k = name(k);
            assert_eq!(view(&[&k]).remove(&engine.key(db, &k)).unwrap(), model.remove(&k).is_some());
        }
        Step::Rename(a, b) if a != b => {
            let (a, b) = (name(a), name(b));
            let moved = view(&[&a, &b]).rename(&engine.key(db, &a), &engine.key(db, &b)).unwrap();
            let entry = model.remove(&a);
            assert_eq!(moved, entry.is_some());
            model.extend(entry.map(|entry| (b, entry)));
        }
        Step::Copy(a, b) if a != b => {
            let (a, b) = (name(a), name(b));
            let copied = view(&[&a, &b]).copy(&engine.key(db, &a), &engine.key(db, &b)).unwrap();
            let entry = model.get(&a).cloned();
            assert_eq!(copied, entry.is_some());
            model.extend(entry.map(|entry| (b, entry)));
        }
        Step::Rename(..) | Step::Copy(..) => {}
        Step::Deadline(k, after) => {
            let k = name(k);
            let deadline = after.map(|t| Deadline::at_ms(now + t));
            let exists = view(&[&k]).set_deadline(&engine.key(db, &k), deadline).unwrap();
            assert_eq!(exists, model.contains_key(&k));
            model.entry(k).and_modify(|entry| entry.1 = after.map(|t| now + t));
        }
        Step::Get(k) => {
            let k = name(k);
            let mut view = view(&[&k]);
            let found = view.string(&engine.key(db, &k)).unwrap().map(|s| s.to_vec());
            assert_eq!(found, model.get(&k).map(|entry| entry.0.clone()));
        }
        Step::Advance(ms) => {
            clock.advance(std::time::Duration::from_millis(*ms));
            let now = engine.now_ms();
            model.retain(|k, entry| {
                let alive = entry.1.is_none_or(|due| due > now);
                if !alive {
                    expired.push(k.clone());
                }
                alive
            });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn behaves_as_a_map_with_deadlines(steps in prop::collection::vec(step(), 1..120)) {
        let clock = Arc::new(ManualClock::new());
        let engine = Engine::with_options(Options { clock: clock.clone(), seed: Some(1), ..Options::default() });
        let heard = Arc::new(Expired::default());
        engine.listen(heard.clone(), Class::EXPIRED);
        let mut model = Model::new();
        let mut expired = Vec::new();
        for step in &steps {
            apply(&engine, &mut model, &clock, step, &mut expired);
            let count = engine.view_all(None).count(DbIndex::default()).unwrap();
            prop_assert_eq!(count.keys, model.len(), "{:?}", step);
            prop_assert_eq!(count.expires, model.values().filter(|entry| entry.1.is_some()).count(), "{:?}", step);
            let mut heard = std::mem::take(&mut *heard.0.lock());
            heard.sort();
            prop_assert_eq!(heard, std::mem::take(&mut expired), "{:?}", step);
        }
        let mut scanned = Vec::new();
        engine.view_none(None).for_each(DbIndex::default(), |entry| scanned.push(entry.key().to_vec())).unwrap();
        scanned.sort();
        prop_assert_eq!(scanned, model.keys().cloned().collect::<Vec<_>>());
        let flushed = engine.view_none(None).flush(DbIndex::default()).unwrap();
        prop_assert_eq!(flushed, model.len());
        let accounted: i64 = engine.records_bytes();
        prop_assert_eq!(accounted, 0);
    }
}

#[test]
fn a_flush_leaves_the_bytes_of_other_databases() {
    let engine = Engine::with_options(Options { seed: Some(1), ..Options::default() });
    let dbs = [DbIndex::new(0).unwrap(), DbIndex::new(5).unwrap()];
    for n in 0..1_000 {
        for db in dbs {
            engine.db_at(db).strings().set(format!("key:{n}"), [b'x'; 50]).unwrap();
        }
    }
    let both = engine.records_bytes();
    assert_eq!(engine.view_none(None).flush(dbs[0]), Ok(1_000));
    assert_eq!(engine.records_bytes(), both / 2);
    assert_eq!(engine.view_all(None).flush(dbs[1]), Ok(1_000));
    assert_eq!(engine.records_bytes(), 0);
}

/// Threads at work on neighbouring stripes write to no line of the cache together; processors fetch lines in pairs.
#[test]
fn stripes_share_no_line_of_the_cache() {
    const PAIR: usize = 128;
    let engine = Engine::with_options(Options { seed: Some(1), ..Options::default() });
    let place = |index| std::ptr::from_ref(engine.shared.keyspace.cell(index)).addr();
    let size = size_of_val(engine.shared.keyspace.cell(0)).next_multiple_of(PAIR);
    for index in 0..STRIPES {
        assert_eq!(place(index) % PAIR, 0);
        assert!(index == 0 || place(index) - place(index - 1) == size);
    }
}

#[test]
fn databases_that_are_exchanged_take_their_bytes_along() {
    let engine = Engine::with_options(Options { seed: Some(1), ..Options::default() });
    let dbs = [0, 3, 7].map(|n| DbIndex::new(n).unwrap());
    for (n, db) in dbs.into_iter().enumerate() {
        for key in 0..100 * (n + 1) {
            engine.db_at(db).strings().set(format!("key:{key}"), [b'x'; 50]).unwrap();
        }
    }
    let all = engine.records_bytes();
    for (a, b) in [(0, 1), (1, 2), (2, 2), (2, 0)] {
        engine.view_all(None).swap(dbs[a], dbs[b]).unwrap();
        assert_eq!(engine.records_bytes(), all);
    }
    // Hundreds of keys, in turn: 2 1 3, 2 3 1, the same, 1 3 2.
    let left = [100, 300, 200].map(|keys| all * keys / 600);
    for (n, db) in dbs.into_iter().enumerate() {
        engine.view_none(None).flush(db).unwrap();
        assert!(engine.records_bytes().abs_diff(left[n + 1..].iter().sum()) < 4_000, "{n}");
    }
    assert_eq!(engine.records_bytes(), 0);
}

/// Money is moved between accounts by views of every kind, some of which find out late what they need: none is lost,
/// and nobody waits in a circle.
#[test]
fn views_that_lock_more_later_stay_atomic_and_come_to_an_end() {
    const ACCOUNTS: u64 = 40;
    const MOVES: u64 = 2_000;
    let engine = Engine::with_options(Options { seed: Some(1), ..Options::default() });
    let names: Vec<String> = (0..ACCOUNTS).map(|n| format!("account:{n}")).collect();
    let key = |n: u64| engine.key(DbIndex::default(), names[(n % ACCOUNTS) as usize].as_bytes());
    let pay = |view: &mut crate::View<'_>, from: u64, to: u64| {
        view.increment(&key(from), -1).expect("held");
        view.increment(&key(to), 1).expect("held");
    };
    let give_up_never = || false;
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let (engine, key, pay) = (&engine, &key, &pay);
            scope.spawn(move || {
                let mut rng = crate::rng::Rng::seeded(thread);
                for _ in 0..MOVES {
                    let (from, to) = (rng.next_u64() % ACCOUNTS, rng.next_u64() % ACCOUNTS);
                    match rng.next_u64() % 6 {
                        0 => pay(&mut engine.view(&[key(from), key(to)]), from, to),
                        1 => pay(&mut engine.view_all_unless(&give_up_never).expect("never"), from, to),
                        2 => pay(
                            &mut engine.view_unless(&[key(from), key(to)], &give_up_never).expect("never"),
                            from,
                            to,
                        ),
                        3 => {
                            let mut view = engine.view_roaming_unless(&give_up_never).expect("never");
                            assert!(view.reach(&key(from), true) && view.reach(&key(to), true));
                            pay(&mut view, from, to);
                            // It may go on to everything.
                            assert!(rng.next_u64() > u64::MAX / 4 || view.widen(true));
                        }
                        4 => loop {
                            let mut view = engine.view_one(&key(from), None);
                            let waits = rng.next_u64() > u64::MAX / 2;
                            if view.roam(waits) && view.reach(&key(to), !waits) {
                                pay(&mut view, from, to);
                                break;
                            }
                            drop(view);
                            std::thread::yield_now();
                        },
                        _ => loop {
                            let mut view = engine.view_one(&key(from), None);
                            if view.widen(false) {
                                pay(&mut view, from, to);
                                break;
                            }
                            drop(view);
                            std::thread::yield_now();
                        },
                    }
                }
            });
        }
    });
    let mut all = engine.view_all(None);
    let sum: i64 = (0..ACCOUNTS).map(|n| all.increment(&key(n), 0).expect("held")).sum();
    assert_eq!(sum, 0);
}

#[test]
fn who_waits_for_a_lock_may_give_up() {
    let engine = Engine::with_options(Options { seed: Some(1), ..Options::default() });
    let key = engine.key(DbIndex::default(), b"k");
    let held = engine.view_one(&key, None);
    assert!(engine.view_one_unless(&key, &|| true).is_none());
    assert!(engine.view_unless(&[key], &|| true).is_none());
    assert!(engine.view_all_unless(&|| true).is_none());
    drop(held);
    let roaming = engine.view_roaming_unless(&|| true).expect("nobody else roams");
    assert!(engine.view_roaming_unless(&|| true).is_none() && !engine.view_one(&key, None).roam(false));
    drop(roaming);
    assert!(engine.view_all_unless(&|| true).is_some_and(|view| view.holds_all() && view.holds(&key)));
}

#[test]
fn memory_is_told_without_waiting_for_a_lock_or_not_at_all() {
    let engine = Engine::with_options(Options { seed: Some(1), ..Options::default() });
    assert_eq!(engine.try_used_bytes(), Some(engine.used_bytes()));
    let held = engine.view_one(&engine.key(DbIndex::default(), b"k"), None);
    assert_eq!(engine.try_used_bytes(), None);
    drop(held);
    assert!(engine.try_used_bytes().is_some());
}

#[test]
fn the_dead_are_held_back_until_a_moment() {
    let clock = Arc::new(ManualClock::new());
    let engine = Engine::with_options(Options { clock: clock.clone(), seed: Some(1), ..Options::default() });
    let (db, key) = (DbIndex::default(), engine.key(DbIndex::default(), b"k"));
    let put = || {
        let due = Expiry::At(Deadline::at_ms(engine.now_ms() + 10));
        engine.view_one(&key, None).set(&key, b"v", due).expect("it is in the view");
    };
    let len = || engine.view_all(None).len(db).expect("all is locked");
    put();
    engine.hold_expiry_until_ms(engine.now_ms() + 30);
    clock.advance(std::time::Duration::from_millis(20));
    assert_eq!((engine.tick(), len()), (0, 1));
    assert!(engine.view_one(&key, None).get(&key).expect("it is in the view").is_none());
    clock.advance(std::time::Duration::from_millis(10));
    engine.tick();
    assert_eq!(len(), 0);
    put();
    engine.hold_expiry_until_ms(u64::MAX);
    clock.advance(std::time::Duration::from_millis(20));
    assert_eq!((engine.tick(), len()), (0, 1));
    engine.hold_expiry_until_ms(0);
    engine.tick();
    assert_eq!(len(), 0);
}

#[test]
fn the_dead_stay_unseen_while_nobody_removes_them() {
    let clock = Arc::new(ManualClock::new());
    let engine = Engine::with_options(Options { clock: clock.clone(), seed: Some(1), ..Options::default() });
    let (db, key) = (DbIndex::default(), engine.key(DbIndex::default(), b"k"));
    let due = Expiry::At(Deadline::at_ms(engine.now_ms() + 10));
    let len = || engine.view_all(None).len(db).expect("all is locked");
    for purged in [true, false] {
        engine.view_one(&key, None).set(&key, b"v", due).expect("it is in the view");
        engine.set_active_expiry(false);
        clock.advance(std::time::Duration::from_millis(20));
        assert_eq!(len(), 1);
        assert_eq!(engine.tick(), 0);
        if purged {
            // Who looks for it in vain removes it.
            assert!(engine.view_one(&key, None).get(&key).expect("it is in the view").is_none());
            assert_eq!(len(), 0);
        }
        engine.set_active_expiry(true);
        engine.tick();
        assert_eq!(len(), 0);
    }
}

#[test]
fn fetching_ahead_changes_nothing_and_needs_nothing_to_be_there() {
    use crate::value::hash::Hash;
    use crate::value::set::Set;
    use crate::value::zset::Zset;

    let engine = Engine::new();
    let names: Vec<Vec<u8>> = (0..2_000).map(|n| format!("member:{n}").into_bytes()).collect();
    let key = |name: &'static str| engine.key(DbIndex::default(), name.as_bytes());
    for (name, count) in [("few", 3), ("many", 2_000)] {
        let (hash, set, zset) = match name {
            "few" => (key("hash of few"), key("set of few"), key("zset of few")),
            _ => (key("hash of many"), key("set of many"), key("zset of many")),
        };
        let edit = |edited: crate::Result<Option<()>>| assert_eq!(edited, Ok(Some(())));
        edit(engine.view_one(&hash, None).edit::<Hash, _>(&hash, Missing::Create, |edit| {
            names[..count].iter().for_each(|name| assert!(edit.collection.set(&edit.tools, name, name)));
        }));
        edit(engine.view_one(&set, None).edit::<Set, _>(&set, Missing::Create, |edit| {
            names[..count].iter().for_each(|name| assert!(edit.collection.insert(&edit.tools, name)));
        }));
        edit(engine.view_one(&zset, None).edit::<Zset, _>(&zset, Missing::Create, |edit| {
            let Edit { collection, tools, .. } = edit;
            names[..count].iter().for_each(|name| _ = collection.insert(tools, name, 1.0));
        }));
        engine.view_one(&key("string"), None).set(&key("string"), b"value", Expiry::Never).unwrap();
        let before = (engine.counts(), engine.used_bytes());
        for key in [hash, set, zset, key("string"), key("missing")] {
            for elements in [&names[..], &names[..1], &[]] {
                let elements: Vec<&[u8]> =
                    elements.iter().map(|name| &**name).chain([&b"other"[..]]).collect();
                engine.prefetch_elements(&key, &elements);
            }
            let held = engine.view_one(&key, None);
            engine.prefetch_elements(&key, &[b"member:1"]);
            engine.prefetch(&[key]);
            drop(held);
        }
        let after = (engine.counts(), engine.used_bytes());
        assert_eq!(format!("{before:?}"), format!("{after:?}"));
    }
}
