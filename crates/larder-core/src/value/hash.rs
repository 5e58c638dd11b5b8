//! Hashes: fields with values, of which some may have deadlines.

use super::fields::Fields;
use super::mortal::Mortal;
use super::string::Str;
use super::{Collection, Dues, Kind, Object};
use crate::clock::Deadline;
use crate::keyspace::{KeyHasher, Tools};
use crate::rng::Rng;

/// A hash.
///
/// A field whose deadline has come is gone for whatever is asked of a hash that was found through a
/// [`View`](crate::View): the view tells it the time. A hash on its own stands outside of time, and has all its fields.
#[derive(Clone, Debug)]
pub struct Hash(Form);

#[derive(Clone, Debug)]
enum Form {
    /// No field has a deadline.
    Lasting(Fields),
    /// Some have.
    Mortal(Box<Mortal>),
}

impl Default for Hash {
    fn default() -> Self {
        Hash(Form::Lasting(Fields::default()))
    }
}

impl Hash {
    /// An empty one.
    pub fn new() -> Hash {
        Hash::default()
    }

    /// How many fields there are. O(1), and O(log n) while deadlines have come and fields were not removed yet.
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Lasting(fields) => fields.len(),
            Form::Mortal(mortal) => mortal.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of the form, as Redis has it.
    pub fn encoding(&self) -> &'static str {
        match &self.0 {
            Form::Lasting(fields) => fields.encoding(),
            Form::Mortal(mortal) => mortal.encoding(),
        }
    }

    /// Bytes on the heap. O(1).
    pub fn used_bytes(&self) -> usize {
        match &self.0 {
            Form::Lasting(fields) => fields.used_bytes(),
            Form::Mortal(mortal) => mortal.used_bytes(),
        }
    }

    /// The value of a field.
    pub fn get(&self, field: &[u8]) -> Option<Str<'_>> {
        match &self.0 {
            Form::Lasting(fields) => fields.get(field),
            Form::Mortal(mortal) => mortal.get(field),
        }
    }

    /// Fetches what finding these fields will touch into the cache.
    pub(crate) fn prefetch(&self, fields: &[&[u8]]) {
        match &self.0 {
            Form::Lasting(lasting) => lasting.prefetch(fields),
            Form::Mortal(mortal) => mortal.prefetch(fields),
        }
    }

    /// Whether there is such a field.
    pub fn contains(&self, field: &[u8]) -> bool {
        match &self.0 {
            Form::Lasting(fields) => fields.contains(field),
            Form::Mortal(mortal) => mortal.contains(field),
        }
    }

    /// Gives a field a value; a deadline that it had goes. Says whether the field is new.
    pub fn set(&mut self, tools: &Tools<'_>, field: &[u8], value: &[u8]) -> bool {
        match &mut self.0 {
            Form::Lasting(fields) => fields.set(tools, field, value),
            Form::Mortal(mortal) => {
                let new = mortal.set(tools, field, value);
                mortal.clear_deadline(field);
                new
            }
        }
    }

    /// Gives a field a value; a deadline that it has stays. Says whether the field is new.
    pub fn set_keeping(&mut self, tools: &Tools<'_>, field: &[u8], value: &[u8]) -> bool {
        match &mut self.0 {
            Form::Lasting(fields) => fields.set(tools, field, value),
            Form::Mortal(mortal) => mortal.set(tools, field, value),
        }
    }

    /// Removes a field. Says whether there was one.
    pub fn remove(&mut self, field: &[u8]) -> bool {
        match &mut self.0 {
            Form::Lasting(fields) => fields.remove(field),
            Form::Mortal(mortal) => mortal.remove(field),
        }
    }

    /// Visits fields and values until `visit` says `false`.
    pub fn each<'h>(&'h self, visit: impl FnMut(&'h [u8], Str<'h>) -> bool) {
        match &self.0 {
            Form::Lasting(fields) => fields.each(visit),
            Form::Mortal(mortal) => mortal.each(visit),
        }
    }

    /// Visits fields, values and deadlines until `visit` says `false`.
    pub fn each_with_deadline<'h>(
        &'h self,
        mut visit: impl FnMut(&'h [u8], Str<'h>, Option<Deadline>) -> bool,
    ) {
        match &self.0 {
            Form::Lasting(fields) => fields.each(|field, value| visit(field, value, None)),
            Form::Mortal(mortal) => {
                mortal.each_with_deadline(|field, value, ms| visit(field, value, ms.map(Deadline::at_ms)));
            }
        }
    }

    /// Visits about `count` fields from a cursor on, and gives the next cursor; 0 when done. A small hash is visited as
    /// a whole. A field that is there from the first call to the last is visited at least once.
    pub fn scan(&self, cursor: u64, count: usize, visit: impl FnMut(&[u8], Str<'_>)) -> u64 {
        match &self.0 {
            Form::Lasting(fields) => fields.scan(cursor, count, visit),
            Form::Mortal(mortal) => mortal.scan(cursor, count, visit),
        }
    }

    /// Some field with its value, each as likely as any other.
    pub fn sample(&self, rng: &mut Rng) -> Option<(&[u8], Str<'_>)> {
        match &self.0 {
            Form::Lasting(fields) => fields.sample(rng),
            Form::Mortal(mortal) => mortal.sample(rng),
        }
    }
}

/// Deadlines of fields.
impl Hash {
    /// When a field dies; `None` where there is no such field or it lives on.
    pub fn deadline(&self, field: &[u8]) -> Option<Deadline> {
        match &self.0 {
            Form::Lasting(_) => None,
            Form::Mortal(mortal) => mortal.deadline_of(field).map(Deadline::at_ms),
        }
    }

    /// Has a field die at a moment, or live on. Says whether there is such a field. O(log n). For a moment that has
    /// passed, remove the field instead: set as a deadline, it may outlive the view that set it by a millisecond.
    pub fn set_deadline(&mut self, tools: &Tools<'_>, field: &[u8], deadline: Option<Deadline>) -> bool {
        if !self.contains(field) {
            return false;
        }
        let Some(deadline) = deadline else {
            if let Form::Mortal(mortal) = &mut self.0 {
                mortal.clear_deadline(field);
            }
            return true;
        };
        if let Form::Lasting(fields) = &mut self.0 {
            self.0 = Form::Mortal(Box::new(Mortal::new(std::mem::take(fields))));
        }
        if let Form::Mortal(mortal) = &mut self.0 {
            mortal.set_deadline(tools, field, deadline.min(Deadline::FIELD_MAX).ms());
        }
        true
    }

    /// Tells the moment as of which the hash is looked at from here on.
    #[inline]
    pub(crate) fn look(&self, now_ms: u64) {
        if let Form::Mortal(mortal) = &self.0 {
            mortal.look(now_ms);
        }
    }

    /// Removes fields whose deadlines have come, at most `most`. Says how many.
    pub(crate) fn remove_overdue(&mut self, most: usize) -> usize {
        match &mut self.0 {
            Form::Lasting(_) => 0,
            Form::Mortal(mortal) => mortal.remove_overdue(most),
        }
    }
}

impl Collection for Hash {
    const KIND: Kind = Kind::Hash;

    fn empty(_: &KeyHasher) -> Self {
        Hash::new()
    }

    fn is_empty(&self) -> bool {
        Hash::is_empty(self)
    }

    #[inline]
    fn dues(&self) -> Dues {
        match &self.0 {
            Form::Lasting(_) => Dues::default(),
            Form::Mortal(mortal) => mortal.dues(),
        }
    }

    #[inline]
    fn settle(&mut self) {
        if let Form::Mortal(mortal) = &mut self.0
            && let Some(fields) = mortal.take_lasting()
        {
            self.0 = Form::Lasting(fields);
        }
    }

    fn into_object(self) -> Object {
        Object::Hash(self)
    }

    fn of(object: &Object) -> Option<&Self> {
        match object {
            Object::Hash(hash) => Some(hash),
            _ => None,
        }
    }

    fn of_mut(object: &mut Object) -> Option<&mut Self> {
        match object {
            Object::Hash(hash) => Some(hash),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::ValueLimits;
    use crate::rng::Rng;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn word() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            "[a-e]{0,3}".prop_map(String::into_bytes),
            (-50..50_i64).prop_map(|n| n.to_string().into_bytes()),
            "[x-z]{9,12}".prop_map(String::into_bytes),
        ]
    }

    proptest! {
        #[test]
        fn behaves_as_a_map(steps in prop::collection::vec((0..5_u8, word(), word()), 1..200)) {
            let hasher = KeyHasher::repeatable(1);
            let limits = ValueLimits {
                hash_max_listpack_entries: 8,
                hash_max_listpack_value: 8,
                ..ValueLimits::default()
            };
            let tools = Tools { hasher: &hasher, limits, rng: Rng::seeded(1) };
            let mut hash = Hash::new();
            let mut model: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
            for (step, field, value) in steps {
                match step {
                    0..3 => prop_assert_eq!(
                        hash.set(&tools, &field, &value),
                        model.insert(field, value).is_none()
                    ),
                    3 => prop_assert_eq!(hash.remove(&field), model.remove(&field).is_some()),
                    _ => {
                        prop_assert_eq!(hash.get(&field).map(|v| v.to_vec()), model.get(&field).cloned());
                        prop_assert_eq!(hash.contains(&field), model.contains_key(&field));
                    }
                }
                prop_assert_eq!(hash.len(), model.len());
            }
            let mut seen = BTreeMap::new();
            let mut cursor = 0;
            loop {
                cursor = hash.scan(cursor, 3, |field, value| { seen.insert(field.to_vec(), value.to_vec()); });
                if cursor == 0 { break; }
            }
            prop_assert_eq!(&seen, &model);
            prop_assert_eq!(hash.sample(&mut Rng::seeded(3)).is_some(), !model.is_empty());
            let copy = hash.clone();
            let mut copied = BTreeMap::new();
            copy.each(|field, value| copied.insert(field.to_vec(), value.to_vec()).is_none());
            prop_assert_eq!(copied, model);
        }

        #[test]
        fn a_scan_sees_what_stays_while_others_come_and_go(
            stay in 9..200_usize, count in 1..20_usize,
            churn in prop::collection::vec((any::<bool>(), 0..2_000_u16), 0..2_000),
        ) {
            let hasher = KeyHasher::repeatable(1);
            let limits = ValueLimits { hash_max_listpack_entries: 8, ..ValueLimits::default() };
            let tools = Tools { hasher: &hasher, limits, rng: Rng::seeded(1) };
            let mut hash = Hash::new();
            (0..stay).for_each(|n| { hash.set(&tools, format!("stay:{n}").as_bytes(), b"1"); });
            let (mut seen, mut cursor, mut churn) = (BTreeMap::new(), 0, churn.into_iter());
            loop {
                cursor = hash.scan(cursor, count, |field, value| {
                    let again = seen.insert(field.to_vec(), value.to_vec()).is_some();
                    assert!(!again || !field.starts_with(b"stay"), "twice");
                });
                if cursor == 0 { break; }
                for (add, n) in churn.by_ref().take(60) {
                    let field = format!("goes:{n}").into_bytes();
                    if add { hash.set(&tools, &field, &field); } else { hash.remove(&field); }
                }
            }
            for n in 0..stay {
                prop_assert!(seen.contains_key(format!("stay:{n}").as_bytes()), "missed {}", n);
            }
        }
    }

    #[derive(Clone, Debug)]
    enum Step {
        Set(Vec<u8>, Vec<u8>),
        SetKeeping(Vec<u8>, Vec<u8>),
        Remove(Vec<u8>),
        Deadline(Vec<u8>, Option<u64>),
        Look(u64),
        RemoveOverdue(usize),
        Settle,
    }

    fn step() -> impl Strategy<Value = Step> {
        let field = || "[a-e]{0,2}".prop_map(String::into_bytes);
        prop_oneof![
            2 => (field(), word()).prop_map(|(f, v)| Step::Set(f, v)),
            1 => (field(), word()).prop_map(|(f, v)| Step::SetKeeping(f, v)),
            1 => field().prop_map(Step::Remove),
            3 => (field(), prop::option::weighted(0.8, 1..100_u64)).prop_map(|(f, t)| Step::Deadline(f, t)),
            1 => (0..100_u64).prop_map(Step::Look),
            1 => (0..4_usize).prop_map(Step::RemoveOverdue),
            1 => Just(Step::Settle),
        ]
    }

    type Model = BTreeMap<Vec<u8>, (Vec<u8>, Option<u64>)>;

    /// Everything that can be asked, of a hash as of a moment and of the model.
    fn same(hash: &Hash, model: &Model, now: u64) {
        let alive: Model = model
            .iter()
            .filter(|(_, (_, deadline))| deadline.is_none_or(|ms| ms > now))
            .map(|(field, rest)| (field.clone(), rest.clone()))
            .collect();
        assert_eq!((hash.len(), hash.is_empty()), (alive.len(), alive.is_empty()));
        for field in model.keys() {
            let expected = alive.get(field);
            assert_eq!(hash.get(field).map(|v| v.to_vec()), expected.map(|(value, _)| value.clone()));
            assert_eq!(hash.contains(field), expected.is_some());
            assert_eq!(hash.deadline(field).map(Deadline::ms), expected.and_then(|(_, ms)| *ms));
        }
        let mut seen = Model::new();
        hash.each_with_deadline(|field, value, deadline| {
            seen.insert(field.to_vec(), (value.to_vec(), deadline.map(Deadline::ms))).is_none()
        });
        assert_eq!(seen, alive);
        let (mut all, mut scanned, mut cursor) = (Vec::new(), BTreeMap::new(), 0);
        hash.each(|field, value| {
            all.push((field.to_vec(), value.to_vec()));
            true
        });
        loop {
            cursor = hash.scan(cursor, 2, |f, v| drop(scanned.insert(f.to_vec(), v.to_vec())));
            if cursor == 0 {
                break;
            }
        }
        all.sort();
        assert!(all.iter().map(|(f, v)| (f, v)).eq(alive.iter().map(|(f, (v, _))| (f, v))));
        assert!(scanned.iter().eq(alive.iter().map(|(f, (v, _))| (f, v))));
        let sample = hash.sample(&mut Rng::seeded(now)).map(|(field, _)| field.to_vec());
        assert!(sample.map_or(alive.is_empty(), |field| alive.contains_key(&field)));
    }

    proptest! {
        #[test]
        fn behaves_as_a_map_with_deadlines(steps in prop::collection::vec(step(), 1..120), small in any::<bool>()) {
            let hasher = KeyHasher::repeatable(1);
            let entries = if small { 64 } else { 4 };
            let limits = ValueLimits {
                hash_max_listpack_entries: entries,
                zset_max_listpack_entries: entries,
                ..ValueLimits::default()
            };
            let tools = Tools { hasher: &hasher, limits, rng: Rng::seeded(1) };
            let (mut hash, mut model, mut now) = (Hash::new(), Model::new(), 0);
            for step in steps {
                // What a write meets is gone for it, and it removes that itself.
                let meet = |model: &mut Model, field: &Vec<u8>| {
                    if model.get(field).is_some_and(|(_, deadline)| deadline.is_some_and(|ms| ms <= now)) {
                        model.remove(field);
                    }
                };
                match step {
                    Step::Set(field, value) => {
                        meet(&mut model, &field);
                        prop_assert_eq!(
                            hash.set(&tools, &field, &value),
                            model.insert(field, (value, None)).is_none()
                        );
                    }
                    Step::SetKeeping(field, value) => {
                        meet(&mut model, &field);
                        prop_assert_eq!(hash.set_keeping(&tools, &field, &value), !model.contains_key(&field));
                        model.entry(field).or_default().0 = value;
                    }
                    Step::Remove(field) => {
                        meet(&mut model, &field);
                        prop_assert_eq!(hash.remove(&field), model.remove(&field).is_some());
                    }
                    Step::Deadline(field, after) => {
                        let deadline = after.map(|ms| now + ms);
                        let there = model.get(&field).is_some_and(|(_, old)| old.is_none_or(|ms| ms > now));
                        prop_assert_eq!(
                            hash.set_deadline(&tools, &field, deadline.map(Deadline::at_ms)),
                            there
                        );
                        if there {
                            model.entry(field).or_default().1 = deadline;
                        }
                    }
                    Step::Look(later) => {
                        now += later;
                        hash.look(now);
                    }
                    Step::RemoveOverdue(most) => {
                        let mut due: Vec<(u64, Vec<u8>)> = model
                            .iter()
                            .filter_map(|(field, (_, ms))| ms.filter(|ms| *ms <= now).map(|ms| (ms, field.clone())))
                            .collect();
                        due.sort();
                        due.truncate(most);
                        prop_assert_eq!(hash.remove_overdue(most), due.len());
                        due.iter().for_each(|(_, field)| drop(model.remove(field)));
                    }
                    Step::Settle => hash.settle(),
                }
                hash.look(now);
                same(&hash, &model, now);
                let dues = hash.dues();
                prop_assert_eq!(dues.next_ms, model.values().filter_map(|(_, ms)| *ms).min());
                prop_assert_eq!(dues.overdue, model.values().filter(|(_, d)| d.is_some_and(|ms| ms <= now)).count());
                same(&hash.clone(), &model, now);
                prop_assert_eq!(hash.clone().dues().overdue, 0);
            }
        }
    }

    #[test]
    fn deadlines_cost_nothing_where_there_are_none() {
        assert_eq!(size_of::<Hash>(), size_of::<Fields>());
        assert_eq!(size_of::<Hash>(), size_of::<super::super::packed::Packed>());
        let hasher = KeyHasher::repeatable(1);
        let tools = Tools { hasher: &hasher, limits: ValueLimits::default(), rng: Rng::seeded(1) };
        let mut hash = Hash::new();
        hash.set(&tools, b"a", b"1");
        let bytes = hash.used_bytes();
        assert!(hash.set_deadline(&tools, b"a", Some(Deadline::at_ms(5))));
        assert!(!hash.set_deadline(&tools, b"b", Some(Deadline::at_ms(5))));
        assert_eq!(hash.encoding(), "listpackex");
        assert!((bytes..bytes + 150).contains(&hash.used_bytes()), "{}", hash.used_bytes());
        assert!(hash.set_deadline(&tools, b"a", None));
        hash.settle();
        assert_eq!((hash.encoding(), hash.used_bytes()), ("listpack", bytes));
    }

    #[test]
    fn small_hashes_are_small() {
        let hasher = KeyHasher::repeatable(1);
        let tools = Tools { hasher: &hasher, limits: ValueLimits::default(), rng: Rng::seeded(1) };
        let mut hash = Hash::new();
        let fields =
            [("name", "Ada Lovelace"), ("visits", "1234567"), ("created", "1700000000000"), ("age", "36")];
        for (field, value) in fields {
            hash.set(&tools, field.as_bytes(), value.as_bytes());
        }
        // Fields and the name with a byte each; the numbers in three, six and one, with a byte each.
        let text = fields.iter().map(|(field, _)| field.len() + 1).sum::<usize>() + 13;
        let bytes = text + 4 + 7 + 2;
        assert!((bytes..=bytes * 5 / 4).contains(&hash.used_bytes()), "{} for {bytes}", hash.used_bytes());
        for (field, value) in fields {
            assert_eq!(hash.get(field.as_bytes()).map(|value| value.to_vec()), Some(value.into()));
        }
    }
}
