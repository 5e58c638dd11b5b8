//! Deadlines of fields in the keyspace: against a model, with every event; that time is told to whoever reads, however
//! late the timer is; and that no step of the timer is long.

use crate::keyspace::View;
use crate::limits::EXPIRE_BATCH;
use crate::sync::{Arc, Mutex};
use crate::value::hash::Hash;
use crate::{
    Change, ChangeListener, Class, DbIndex, Deadline, Engine, Expiry, Key, Maintenance, ManualClock, Missing,
    Options, ScanCursor, WatchMark,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Clone, Debug)]
enum Step {
    Set(u8, u8, u16),
    Increment(u8, u8),
    Remove(u8, u8),
    FieldDeadline(u8, u8, Option<u64>),
    KeyDeadline(u8, Option<u64>),
    Overwrite(u8),
    RemoveKey(u8),
    Rename(u8, u8),
    Copy(u8, u8),
    LookAhead(u64),
    Advance(u64),
    Swap,
}

fn step() -> impl Strategy<Value = Step> {
    let (key, field) = (|| 0..4_u8, || 0..6_u8);
    let after = || prop::option::weighted(0.8, prop_oneof![1..50_u64, 1..100_000_u64]);
    prop_oneof![
        4 => (key(), field(), any::<u16>()).prop_map(|(k, f, v)| Step::Set(k, f, v)),
        2 => (key(), field()).prop_map(|(k, f)| Step::Increment(k, f)),
        2 => (key(), field()).prop_map(|(k, f)| Step::Remove(k, f)),
        6 => (key(), field(), after()).prop_map(|(k, f, t)| Step::FieldDeadline(k, f, t)),
        1 => (key(), after()).prop_map(|(k, t)| Step::KeyDeadline(k, t)),
        1 => key().prop_map(Step::Overwrite),
        1 => key().prop_map(Step::RemoveKey),
        1 => (key(), key()).prop_map(|(a, b)| Step::Rename(a, b)),
        1 => (key(), key()).prop_map(|(a, b)| Step::Copy(a, b)),
        2 => prop_oneof![1..50_u64, 1..100_000_u64].prop_map(Step::LookAhead),
        3 => prop_oneof![1..20_u64, 1..40_000_u64].prop_map(Step::Advance),
        1 => Just(Step::Swap),
    ]
}

#[derive(Default)]
struct Heard(Mutex<Vec<(String, &'static str)>>);

impl Heard {
    fn take(&self) -> Vec<(String, &'static str)> {
        let mut heard = std::mem::take(&mut *self.0.lock());
        heard.sort();
        heard
    }
}

impl ChangeListener for Heard {
    fn changed(&self, changes: &[Change]) {
        let told = |change: &Change| (String::from_utf8_lossy(&change.key.bytes).into(), change.event);
        self.0.lock().extend(changes.iter().map(told));
    }
}

/// A field: its value and its deadline.
type Field = (i64, Option<u64>);

#[derive(Clone, Debug, Default, PartialEq)]
struct Entry {
    /// `None` for a string.
    fields: Option<BTreeMap<String, Field>>,
    deadline: Option<u64>,
}

/// Removes what is due, and says what is reported of that and how many fields died by their own deadlines.
fn expire(model: &mut BTreeMap<String, Entry>, now: u64) -> (Vec<(String, &'static str)>, u64) {
    let (mut events, mut fields_died) = (Vec::new(), 0);
    model.retain(|key, entry| {
        if entry.deadline.is_some_and(|ms| ms <= now) {
            events.push((key.clone(), "expired"));
            return false;
        }
        let Some(fields) = &mut entry.fields else { return true };
        let before = fields.len();
        fields.retain(|_, (_, deadline)| deadline.is_none_or(|ms| ms > now));
        fields_died += (before - fields.len()) as u64;
        if fields.len() < before {
            events.push((key.clone(), "hexpired"));
        }
        if fields.is_empty() {
            events.push((key.clone(), "del"));
        }
        !fields.is_empty()
    });
    events.sort();
    (events, fields_died)
}

struct House {
    engine: Engine,
    clock: Arc<ManualClock>,
    heard: Arc<Heard>,
    model: BTreeMap<String, Entry>,
    db: DbIndex,
    fields_died: u64,
}

impl House {
    fn new(maintenance: Maintenance) -> House {
        let clock = Arc::new(ManualClock::new());
        let engine = Engine::with_options(Options {
            clock: clock.clone(),
            maintenance,
            seed: Some(1),
            ..Options::default()
        });
        let heard = Arc::new(Heard::default());
        engine.listen(heard.clone(), Class::EXPIRED.with(Class::HASH).with(Class::GENERIC));
        House { engine, clock, heard, model: BTreeMap::new(), db: DbIndex::default(), fields_died: 0 }
    }

    fn on<R>(&self, names: &[&String], run: impl FnOnce(&mut View<'_>, &[Key<'_>]) -> R) -> R {
        let keys: Vec<Key<'_>> = names.iter().map(|n| self.engine.key(self.db, n.as_bytes())).collect();
        let mut view = self.engine.view(&keys);
        run(&mut view, &keys)
    }

    /// Edits the hash of a key in the engine, unless the key holds a string.
    fn edit<R>(&self, key: &String, edit: impl FnOnce(&mut crate::Edit<'_, Hash>) -> R) -> Option<R> {
        self.on(&[key], |view, keys| view.edit::<Hash, R>(&keys[0], Missing::Create, edit).ok().flatten())
    }

    fn fields(&mut self, key: &str) -> Option<&mut BTreeMap<String, Field>> {
        self.model.entry(key.into()).or_insert(Entry { fields: Some(BTreeMap::new()), deadline: None });
        self.model.get_mut(key).and_then(|entry| entry.fields.as_mut())
    }

    /// A hash without fields is none.
    fn forget_empty(&mut self) {
        self.model.retain(|_, entry| entry.fields.as_ref().is_none_or(|fields| !fields.is_empty()));
    }

    fn apply(&mut self, step: &Step) {
        let now = self.engine.now_ms();
        let (key, field) = (|k: &u8| format!("key:{k}"), |f: &u8| format!("field:{f}"));
        let due = |after: &Option<u64>| after.map(|after| now + after);
        match step {
            Step::Set(k, f, value) => {
                let (k, f, value) = (key(k), field(f), i64::from(*value));
                let text = value.to_string();
                let new = self.edit(&k, |e| e.collection.set(&e.tools, f.as_bytes(), text.as_bytes()));
                let expected = self.fields(&k).map(|fields| fields.insert(f, (value, None)).is_none());
                assert_eq!(new, expected);
            }
            Step::Increment(k, f) => {
                let (k, f) = (key(k), field(f));
                self.edit(&k, |e| {
                    let sum = e.get(f.as_bytes()).and_then(|n| n.as_int()).unwrap_or(0) + 1;
                    e.collection.set_keeping(&e.tools, f.as_bytes(), sum.to_string().as_bytes())
                });
                if let Some(fields) = self.fields(&k) {
                    fields.entry(f).or_default().0 += 1;
                }
            }
            Step::Remove(k, f) => {
                let (k, f) = (key(k), field(f));
                let removed = self.edit(&k, |edit| edit.remove(f.as_bytes()));
                assert_eq!(removed, self.fields(&k).map(|fields| fields.remove(&f).is_some()));
            }
            Step::FieldDeadline(k, f, after) => {
                let (k, f, deadline) = (key(k), field(f), due(after));
                let there = self.edit(&k, |e| {
                    e.collection.set_deadline(&e.tools, f.as_bytes(), deadline.map(Deadline::at_ms))
                });
                let known = self.fields(&k).map(|fields| fields.get_mut(&f).map(|field| field.1 = deadline));
                assert_eq!(there, known.map(|known| known.is_some()));
            }
            Step::KeyDeadline(k, after) => {
                let (k, deadline) = (key(k), due(after));
                let exists = self.on(&[&k], |view, keys| {
                    view.set_deadline(&keys[0], deadline.map(Deadline::at_ms)).unwrap()
                });
                assert_eq!(exists, self.model.get_mut(&k).map(|entry| entry.deadline = deadline).is_some());
            }
            Step::Overwrite(k) => {
                let k = key(k);
                let existed =
                    self.on(&[&k], |view, keys| view.set(&keys[0], b"text", Expiry::Never).unwrap());
                assert_eq!(existed, self.model.insert(k, Entry::default()).is_some());
            }
            Step::RemoveKey(k) => {
                let k = key(k);
                let existed = self.on(&[&k], |view, keys| view.remove(&keys[0]).unwrap());
                assert_eq!(existed, self.model.remove(&k).is_some());
            }
            Step::Rename(a, b) if a != b => {
                let (a, b) = (key(a), key(b));
                let moved = self.on(&[&a, &b], |view, keys| view.rename(&keys[0], &keys[1]).unwrap());
                let entry = self.model.remove(&a);
                assert_eq!(moved, entry.is_some());
                self.model.extend(entry.map(|entry| (b, entry)));
            }
            Step::Copy(a, b) if a != b => {
                let (a, b) = (key(a), key(b));
                let copied = self.on(&[&a, &b], |view, keys| view.copy(&keys[0], &keys[1]).unwrap());
                let entry = self.model.get(&a).cloned();
                assert_eq!(copied, entry.is_some());
                self.model.extend(entry.map(|entry| (b, entry)));
            }
            Step::Rename(..) | Step::Copy(..) => {}
            Step::LookAhead(ahead) => {
                let mut later = self.model.clone();
                expire(&mut later, now + ahead);
                self.see(&later, Some(now + ahead));
            }
            Step::Advance(ms) => {
                self.clock.advance(Duration::from_millis(*ms));
                let (events, died) = expire(&mut self.model, self.engine.now_ms());
                self.fields_died += died;
                self.forget_reported_edits(events);
            }
            Step::Swap => {
                let other = DbIndex::new(1 - self.db.get()).unwrap();
                self.engine.view_all(None).swap(self.db, other).unwrap();
                self.db = other;
            }
        }
        self.forget_empty();
    }

    /// Compares what was heard since the last advance: of edits nothing but that a hash went with its last field.
    fn forget_reported_edits(&self, events: Vec<(String, &'static str)>) {
        assert_eq!(self.heard.take(), events);
    }

    /// Compares what a view at this time shows.
    fn see(&self, model: &BTreeMap<String, Entry>, at: Option<u64>) {
        for name in (0..4).map(|k| format!("key:{k}")) {
            let key = self.engine.key(self.db, name.as_bytes());
            let mut view = self.engine.view_at(&[key], at);
            let expected = model.get(&name);
            assert_eq!(view.exists(&key).unwrap(), expected.is_some(), "{name}");
            let fields = expected.and_then(|entry| entry.fields.as_ref());
            let Ok(hash) = view.collection::<Hash>(&key) else {
                assert!(expected.is_some() && fields.is_none(), "{name}");
                continue;
            };
            let mut seen = BTreeMap::new();
            if let Some(hash) = hash {
                hash.each_with_deadline(|field, value, deadline| {
                    let field = String::from_utf8_lossy(field).into_owned();
                    seen.insert(field, (value.as_int().unwrap_or(0), deadline.map(Deadline::ms))).is_none()
                });
                assert_eq!(hash.len(), seen.len());
            }
            assert_eq!(Some(seen).filter(|seen| !seen.is_empty()).as_ref(), fields, "{name}");
        }
        let mut names = Vec::new();
        let mut view = self.engine.view_none(at);
        let visit = |entry: crate::Entry<'_>| names.push(String::from_utf8_lossy(entry.key()).into_owned());
        view.scan(self.db, ScanCursor::START, usize::MAX, visit).unwrap();
        names.sort();
        assert!(names.iter().eq(model.keys()), "{names:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn fields_die_at_their_deadlines_and_each_is_told_of(steps in prop::collection::vec(step(), 1..100)) {
        let mut house = House::new(Maintenance::Thread);
        for step in &steps {
            if !matches!(step, Step::Advance(_)) {
                house.heard.take();
            }
            house.apply(step);
            if !matches!(step, Step::Advance(_)) {
                house.heard.take();
            }
            house.see(&house.model, None);
            let count = house.engine.view_all(None).count(house.db).unwrap();
            let timed = |entry: &&Entry| entry.fields.iter().flatten().any(|(_, (_, deadline))| deadline.is_some());
            prop_assert_eq!(count.keys, house.model.len(), "{:?}", step);
            prop_assert_eq!(count.with_field_deadlines, house.model.values().filter(timed).count(), "{:?}", step);
            prop_assert_eq!(house.engine.counts().expired_fields, house.fields_died);
        }
        // Everything that can die does, whatever was done to it before.
        house.apply(&Step::Advance(200_000));
        house.see(&house.model, None);
        prop_assert_eq!(house.engine.view_none(None).flush(house.db).unwrap(), house.model.len());
        prop_assert_eq!(house.engine.records_bytes(), 0);
    }
}

fn field(n: usize) -> String {
    format!("field:{n}")
}

/// A hash of so many fields that die one after the other, a millisecond apart from `first_ms` on, and one that stays.
fn fill(engine: &Engine, key: &Key<'_>, count: usize, first_ms: u64) {
    let mut view = engine.view_one(key, None);
    view.edit::<Hash, _>(key, Missing::Create, |edit| {
        edit.collection.set(&edit.tools, b"stays", b"1");
        for n in 0..count {
            let deadline = Deadline::at_ms(first_ms + n as u64);
            edit.collection.set(&edit.tools, field(n).as_bytes(), b"1");
            edit.collection.set_deadline(&edit.tools, field(n).as_bytes(), Some(deadline));
        }
    })
    .unwrap();
}

#[test]
fn a_million_fields_die_in_short_steps_and_nobody_sees_them_meanwhile() {
    /// A million where the code is optimised.
    const FIELDS: usize = if cfg!(debug_assertions) { 50_000 } else { 1_000_000 };
    let house = House::new(Maintenance::Manual);
    let key = house.engine.key(house.db, b"key");
    let start = house.engine.now_ms();
    fill(&house.engine, &key, FIELDS, start + 1);
    let later = start + FIELDS as u64;
    let (mut removed, mut steps) = (0, 0);
    loop {
        let mut view = house.engine.view_one(&key, Some(later));
        assert_eq!(view.collection::<Hash>(&key).unwrap().map(Hash::len), Some(1));
        let hash = view.collection::<Hash>(&key).unwrap().unwrap();
        assert!(hash.contains(b"stays") && !hash.contains(field(FIELDS - 1).as_bytes()));
        let mut in_step = 0;
        let more = view.expire_due(key.stripe(), EXPIRE_BATCH, |_, count| in_step += count).unwrap();
        drop(view);
        assert!(in_step <= EXPIRE_BATCH, "{in_step} in one step");
        assert_eq!(house.heard.take().len(), usize::from(in_step > 0), "one event for each step");
        removed += in_step;
        steps += 1;
        if !more {
            break;
        }
    }
    assert_eq!(removed, FIELDS);
    assert!(steps <= FIELDS.div_ceil(EXPIRE_BATCH) + 1, "{steps} steps");
    assert_eq!(house.engine.counts().expired_fields, FIELDS as u64);
    let count = house.engine.view_all(None).count(house.db).unwrap();
    assert_eq!((count.keys, count.with_field_deadlines), (1, 0));
}

#[test]
fn a_hash_whose_every_field_died_goes_at_once() {
    let house = House::new(Maintenance::Manual);
    let (key, other) = (house.engine.key(house.db, b"key"), house.engine.key(house.db, b"other"));
    let start = house.engine.now_ms();
    fill(&house.engine, &key, 10_000, start + 1);
    house.edit(&"key".into(), |edit| edit.remove(b"stays"));
    fill(&house.engine, &other, 10_000, start + 1);
    house.heard.take();
    let later = Some(start + 10_000);
    let mut view = house.engine.view_one(&key, later);
    assert!(!view.exists(&key).unwrap());
    // A write takes it for gone, and says so.
    assert_eq!(view.edit::<Hash, _>(&key, Missing::Skip, |_| ()), Ok(None));
    drop(view);
    assert_eq!(house.heard.take(), [("key".into(), "del"), ("key".into(), "hexpired")]);
    // Another write meets more fields that are gone than it has time to remove.
    let mut view = house.engine.view_one(&other, later);
    let new = view.edit::<Hash, _>(&other, Missing::Skip, |edit| {
        assert_eq!(edit.len(), 1);
        assert!(!edit.remove(field(9_999).as_bytes()));
        edit.collection.set(&edit.tools, field(9_998).as_bytes(), b"new")
    });
    assert_eq!(new, Ok(Some(true)));
    assert_eq!(view.collection::<Hash>(&other).unwrap().map(Hash::len), Some(2));
    drop(view);
    assert_eq!(house.engine.counts().expired_fields, 10_000 + EXPIRE_BATCH as u64 + 2);
    assert!(house.heard.take().iter().all(|heard| *heard == ("other".into(), "hexpired")));
}

#[test]
fn the_timer_comes_for_fields_and_for_nothing_else() {
    let house = House::new(Maintenance::Thread);
    let key = house.engine.key(house.db, b"key");
    let next = || house.engine.view_one(&key, None).next_due_ms(&key);
    let start = house.engine.now_ms();
    house.edit(&"key".into(), |edit| edit.collection.set(&edit.tools, b"a", b"1"));
    assert_eq!(next(), u64::MAX);
    let at = |ms| Some(Deadline::at_ms(start + ms));
    let date = |ms| house.edit(&"key".into(), |edit| edit.collection.set_deadline(&edit.tools, b"a", at(ms)));
    assert_eq!(date(5_000), Some(true));
    let mark = WatchMark::default();
    house.engine.view_one(&key, None).watch(&key, &mark).unwrap();
    // Later, and earlier again: the wheel comes no later than it must, and finds nothing when it comes too early.
    date(50_000);
    date(20_000);
    assert!(next() <= start + 20_000);
    house.clock.advance(Duration::from_millis(19_999));
    assert!(!mark.is_set() && next() <= start + 20_000);
    house.clock.advance(Duration::from_millis(1));
    assert!(mark.is_set());
    assert_eq!(next(), u64::MAX);
    assert_eq!(house.engine.counts().expired_fields, 1);
    assert_eq!(house.engine.lateness().counts().iter().sum::<u64>(), 1);
    assert_eq!(house.engine.records_bytes(), 0);
}
