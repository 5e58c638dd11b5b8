//! Sets: distinct members. Sorted numbers while all are numbers, packed in one allocation while small, then a table.

use super::combine::{Combination, Scored};
use super::field_table::FieldTable;
use super::packed::{Item, Packed, Word};
use super::string::{IntText, Str, parse_int};
use super::{Collection, Kind, Object};
use crate::keyspace::{KeyHasher, Slice, Tools};
use crate::rng::Rng;

/// A set.
#[derive(Clone, Debug)]
pub struct Set(Form);

#[derive(Clone, Debug)]
enum Form {
    Ints(Ints),
    Packed(Packed),
    Table(Box<FieldTable>),
}

/// Sorted numbers, as narrow as the widest of them.
#[derive(Clone, Debug)]
enum Ints {
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
}

impl Ints {
    fn len(&self) -> usize {
        match self {
            Ints::I16(all) => all.len(),
            Ints::I32(all) => all.len(),
            Ints::I64(all) => all.len(),
        }
    }

    fn used_bytes(&self) -> usize {
        match self {
            Ints::I16(all) => all.capacity() * size_of::<i16>(),
            Ints::I32(all) => all.capacity() * size_of::<i32>(),
            Ints::I64(all) => all.capacity() * size_of::<i64>(),
        }
    }

    fn get(&self, index: usize) -> Option<i64> {
        match self {
            Ints::I16(all) => all.get(index).copied().map(i64::from),
            Ints::I32(all) => all.get(index).copied().map(i64::from),
            Ints::I64(all) => all.get(index).copied(),
        }
    }

    /// Where a number stands, or where it would.
    fn search(&self, n: i64) -> Result<usize, usize> {
        match self {
            Ints::I16(all) => all.binary_search_by(|other| i64::from(*other).cmp(&n)),
            Ints::I32(all) => all.binary_search_by(|other| i64::from(*other).cmp(&n)),
            Ints::I64(all) => all.binary_search(&n),
        }
    }

    fn iter(&self) -> impl Iterator<Item = i64> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// Length of the longest of their texts: that of the least or of the greatest.
    fn text_len_max(&self) -> usize {
        let ends = [self.get(0), self.len().checked_sub(1).and_then(|last| self.get(last))];
        ends.into_iter().flatten().map(|n| Str::Int(n).len()).max().unwrap_or(0)
    }

    fn insert(&mut self, n: i64) -> bool {
        let Err(at) = self.search(n) else { return false };
        match self {
            Ints::I16(all) => {
                if let Ok(n) = i16::try_from(n) {
                    put(all, at, n);
                    return true;
                }
                if i32::try_from(n).is_ok() {
                    *self = Ints::I32(all.iter().map(|n| i32::from(*n)).collect());
                } else {
                    *self = Ints::I64(all.iter().map(|n| i64::from(*n)).collect());
                }
                self.insert(n)
            }
            Ints::I32(all) => {
                if let Ok(n) = i32::try_from(n) {
                    put(all, at, n);
                    return true;
                }
                *self = Ints::I64(all.iter().map(|n| i64::from(*n)).collect());
                self.insert(n)
            }
            Ints::I64(all) => {
                put(all, at, n);
                true
            }
        }
    }

    fn remove(&mut self, n: i64) -> bool {
        let Ok(at) = self.search(n) else { return false };
        match self {
            Ints::I16(all) => take(all, at),
            Ints::I32(all) => take(all, at),
            Ints::I64(all) => take(all, at),
        }
        true
    }
}

/// Inserts, growing by a quarter: most sets of numbers are small, and doubling would waste most there.
fn put<T>(all: &mut Vec<T>, at: usize, n: T) {
    if all.len() == all.capacity() {
        all.reserve_exact(1 + all.len() / 4);
    }
    all.insert(at, n);
}

/// Removes, and gives back room when most of it is unused.
fn take<T>(all: &mut Vec<T>, at: usize) {
    all.remove(at);
    if all.capacity() > 16 && all.len() < all.capacity() / 2 {
        all.shrink_to_fit();
    }
}

impl Default for Set {
    fn default() -> Self {
        Set(Form::Ints(Ints::I16(Vec::new())))
    }
}

impl Set {
    /// An empty one.
    pub fn new() -> Set {
        Set::default()
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Ints(ints) => ints.len(),
            Form::Packed(packed) => packed.len(),
            Form::Table(table) => table.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of the form, as Redis 7.2 has it.
    pub fn encoding(&self) -> &'static str {
        match &self.0 {
            Form::Ints(_) => "intset",
            Form::Packed(_) => "listpack",
            Form::Table(_) => "hashtable",
        }
    }

    /// Bytes on the heap. O(1).
    pub fn used_bytes(&self) -> usize {
        match &self.0 {
            Form::Ints(ints) => ints.used_bytes(),
            Form::Packed(packed) => packed.used_bytes(),
            Form::Table(table) => table.used_bytes(),
        }
    }

    /// Fetches what finding these members will touch into the cache.
    pub(crate) fn prefetch(&self, members: &[&[u8]]) {
        if let Form::Table(table) = &self.0 {
            table.prefetch(members);
        }
    }

    /// Whether this is a member.
    pub fn contains(&self, member: &[u8]) -> bool {
        match &self.0 {
            Form::Ints(ints) => parse_int(member).is_some_and(|n| ints.search(n).is_ok()),
            Form::Packed(packed) => packed.find(Word::compact(member), 1).is_some(),
            Form::Table(table) => table.contains(member),
        }
    }

    /// Whether a member of another set is one of this too.
    fn shares(&self, member: Str<'_>) -> bool {
        match (&self.0, member) {
            (Form::Ints(ints), Str::Int(n)) => ints.search(n).is_ok(),
            _ => self.contains(member.as_bytes(&mut IntText::new())),
        }
    }

    /// Adds a member. Says whether it is new.
    pub fn insert(&mut self, tools: &Tools<'_>, member: &[u8]) -> bool {
        let limits = &tools.limits;
        let fits = member.len() <= limits.set_max_listpack_value;
        match &mut self.0 {
            Form::Table(table) => return table.add(member, None),
            Form::Packed(packed) => {
                let word = Word::compact(member);
                if packed.find(word, 1).is_some() {
                    return false;
                }
                if fits && packed.len() < limits.set_max_listpack_entries {
                    packed.push(word);
                    return true;
                }
            }
            Form::Ints(ints) => {
                let most = limits.set_max_intset_entries;
                if let Some(n) = parse_int(member).filter(|_| most > 0 || ints.len() > 0) {
                    let added = ints.insert(n);
                    if ints.len() > most {
                        self.table(tools.hasher);
                    }
                    return added;
                }
                let fits = fits && ints.text_len_max() <= limits.set_max_listpack_value;
                if fits && ints.len() < limits.set_max_listpack_entries {
                    let mut packed = Packed::default();
                    let mut text = IntText::new();
                    ints.iter().for_each(|n| packed.push(Word::compact(text.write(n))));
                    packed.push(Word::compact(member));
                    self.0 = Form::Packed(packed);
                    return true;
                }
            }
        }
        self.table(tools.hasher).add(member, None)
    }

    /// The table form, made now if it was not before.
    fn table(&mut self, hasher: &KeyHasher) -> &mut FieldTable {
        if !matches!(self.0, Form::Table(_)) {
            let mut table = Box::new(FieldTable::new(hasher));
            let mut text = IntText::new();
            self.each(|member| {
                table.add(member.as_bytes(&mut text), None);
                true
            });
            self.0 = Form::Table(table);
        }
        match &mut self.0 {
            Form::Table(table) => table,
            Form::Ints(_) | Form::Packed(_) => unreachable!("it was made just now"),
        }
    }

    /// Removes a member. Says whether it was one.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        match &mut self.0 {
            Form::Ints(ints) => parse_int(member).is_some_and(|n| ints.remove(n)),
            Form::Packed(packed) => match packed.find(Word::compact(member), 1).map(|found| found.at) {
                Some(at) => {
                    packed.remove(at, 1);
                    true
                }
                None => false,
            },
            Form::Table(table) => table.remove(member),
        }
    }

    /// Visits members until `visit` says `false`: numbers in their order, others in any.
    pub fn each<'s>(&'s self, mut visit: impl FnMut(Str<'s>) -> bool) {
        match &self.0 {
            Form::Ints(ints) => {
                let _ = ints.iter().all(|n| visit(Str::Int(n)));
            }
            Form::Packed(packed) => {
                let _ = packed.iter().all(|item| visit(item.value()));
            }
            Form::Table(table) => table.each(|member, _| visit(Str::Bytes(member))),
        }
    }

    /// Visits about `count` members from a cursor on, and gives the next cursor; 0 when done. A small set is visited as
    /// a whole. A member that is there from the first call to the last is visited at least once.
    pub fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(Str<'_>)) -> u64 {
        if let Form::Table(table) = &self.0 {
            return table.scan(cursor, count, |member, _| visit(Str::Bytes(member)));
        }
        self.each(|member| {
            visit(member);
            true
        });
        0
    }

    /// Some member, each as likely as any other.
    pub fn sample(&self, rng: &mut Rng) -> Option<Str<'_>> {
        match &self.0 {
            Form::Ints(ints) => ints.get(rng.below(ints.len().max(1))).map(Str::Int),
            Form::Packed(packed) => packed.iter().nth(rng.below(packed.len().max(1))).map(Item::value),
            Form::Table(table) => table.sample(rng).map(|(member, _)| Str::Bytes(member)),
        }
    }
}

/// Visits the members that all of these sets have, until `visit` says `false`. `None` is a set that does not exist.
/// O(N M): the smallest set's members, the number of sets.
pub fn intersection(sets: &[Option<&Set>], mut visit: impl FnMut(Str<'_>) -> bool) {
    let mut all: Vec<&Set> = Vec::with_capacity(sets.len());
    for set in sets {
        match set {
            Some(set) => all.push(set),
            None => return,
        }
    }
    all.sort_by_key(|set| set.len());
    let Some((smallest, others)) = all.split_first() else { return };
    smallest.each(|member| !others.iter().all(|other| other.shares(member)) || visit(member));
}

/// Visits the members that any of these sets has, each once. O(N M): all members, the number of sets.
pub fn union(sets: &[Option<&Set>], mut visit: impl FnMut(Str<'_>)) {
    // Each member counts where it is met first, so nothing has to be remembered.
    for (at, set) in sets.iter().enumerate() {
        difference(*set, &sets[..at], &mut visit);
    }
}

/// Visits the members of the first set that none of the others has. O(N M).
pub fn difference(first: Option<&Set>, others: &[Option<&Set>], mut visit: impl FnMut(Str<'_>)) {
    let Some(first) = first else { return };
    first.each(|member| {
        if !others.iter().flatten().any(|other| other.shares(member)) {
            visit(member);
        }
        true
    });
}

/// How far a combination of sets in slices has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    set: usize,
    cursor: u64,
}

impl Combination {
    /// Visits some more members of a combination, each once as long as the sets stay as they are: as many as a slice
    /// allows, where each look at another set counts as a part. Says whether that was all.
    pub fn visit_slice(
        self,
        sets: &[Option<&Set>],
        place: &mut Place,
        slice: &mut Slice,
        mut visit: impl FnMut(Str<'_>),
    ) -> bool {
        loop {
            let at = match self {
                Combination::Union => place.set,
                Combination::Difference => 0,
                Combination::Intersection if sets.iter().any(Option::is_none) => return true,
                Combination::Intersection => {
                    (0..sets.len()).min_by_key(|at| sets[*at].map_or(0, Set::len)).unwrap_or(0)
                }
            };
            let Some(set) = sets.get(at) else { return true };
            let (before, after) = (&sets[..at], &sets[at + 1..]);
            place.cursor = set.map_or(0, |set| {
                set.scan(place.cursor, Slice::STEP, |member| {
                    slice.add(member.len());
                    let mut has = |other: &&Set| {
                        slice.add(0);
                        other.shares(member)
                    };
                    let belongs = match self {
                        Combination::Union => !before.iter().flatten().any(&mut has),
                        Combination::Difference => !after.iter().flatten().any(&mut has),
                        Combination::Intersection => before.iter().chain(after).flatten().all(&mut has),
                    };
                    if belongs {
                        visit(member);
                    }
                })
            });
            slice.add(0);
            if place.cursor == 0 {
                place.set += 1;
                if self != Combination::Union || place.set >= sets.len() {
                    return true;
                }
            }
            if slice.left() == 0 {
                return false;
            }
        }
    }
}

impl Scored for Set {
    fn len(&self) -> usize {
        Set::len(self)
    }

    fn score_of(&self, member: &[u8]) -> Option<f64> {
        self.contains(member).then_some(1.0)
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], f64) -> bool) {
        Set::each(self, |member| visit(member.as_bytes(&mut IntText::new()), 1.0));
    }

    fn visit_some(&self, cursor: u64, count: usize, visit: &mut dyn FnMut(&[u8], f64)) -> u64 {
        self.scan(cursor, count, |member| visit(member.as_bytes(&mut IntText::new()), 1.0))
    }
}

impl Collection for Set {
    const KIND: Kind = Kind::Set;

    fn empty(_: &KeyHasher) -> Self {
        Set::new()
    }

    fn is_empty(&self) -> bool {
        Set::is_empty(self)
    }

    fn into_object(self) -> Object {
        Object::Set(self)
    }

    fn of(object: &Object) -> Option<&Self> {
        match object {
            Object::Set(set) => Some(set),
            _ => None,
        }
    }

    fn of_mut(object: &mut Object) -> Option<&mut Self> {
        match object {
            Object::Set(set) => Some(set),
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
    use std::collections::BTreeSet;

    fn member() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            4 => prop_oneof![-20..20_i64, -70_000..70_000_i64, any::<i64>()].prop_map(|n| n.to_string().into_bytes()),
            1 => "[a-c]{0,3}".prop_map(String::into_bytes),
            1 => "[x-z]{9,12}".prop_map(String::into_bytes),
            1 => Just(b"007".to_vec()),
        ]
    }

    fn tools(hasher: &KeyHasher) -> Tools<'_> {
        let limits = ValueLimits {
            set_max_intset_entries: 10,
            set_max_listpack_entries: 8,
            set_max_listpack_value: 8,
            ..ValueLimits::default()
        };
        Tools { hasher, limits, rng: Rng::seeded(1) }
    }

    fn members(set: &Set) -> BTreeSet<Vec<u8>> {
        let mut seen = BTreeSet::new();
        set.each(|member| seen.insert(member.to_vec()));
        seen
    }

    proptest! {
        #[test]
        fn behaves_as_a_set(steps in prop::collection::vec((0..5_u8, member()), 1..200)) {
            let hasher = KeyHasher::repeatable(1);
            let tools = tools(&hasher);
            let mut set = Set::new();
            let mut model = BTreeSet::new();
            for (step, member) in steps {
                match step {
                    0..3 => prop_assert_eq!(set.insert(&tools, &member), model.insert(member)),
                    3 => prop_assert_eq!(set.remove(&member), model.remove(&member)),
                    _ => prop_assert_eq!(set.contains(&member), model.contains(&member)),
                }
                prop_assert_eq!(set.len(), model.len());
            }
            prop_assert_eq!(members(&set), model.clone());
            prop_assert_eq!(members(&set.clone()), model.clone());
            let mut seen = BTreeSet::new();
            let mut cursor = 0;
            loop {
                cursor = set.scan(cursor, 3, |member| { seen.insert(member.to_vec()); });
                if cursor == 0 { break; }
            }
            prop_assert_eq!(&seen, &model);
            match set.sample(&mut Rng::seeded(5)) {
                Some(member) => prop_assert!(model.contains(&member.to_vec())),
                None => prop_assert!(model.is_empty()),
            }
        }

        #[test]
        fn sets_combine(inputs in prop::collection::vec(prop::collection::btree_set(member(), 0..30), 1..4)) {
            let hasher = KeyHasher::repeatable(1);
            let tools = tools(&hasher);
            let sets: Vec<Set> = inputs.iter().map(|input| {
                let mut set = Set::new();
                input.iter().for_each(|member| { set.insert(&tools, member); });
                set
            }).collect();
            let given: Vec<Option<&Set>> = sets.iter().map(Some).collect();
            let mut common = BTreeSet::new();
            intersection(&given, |member| common.insert(member.to_vec()));
            let expected = inputs.iter().skip(1).fold(inputs[0].clone(), |all, input| &all & input);
            prop_assert_eq!(&common, &expected);
            let mut left = BTreeSet::new();
            difference(given[0], &given[1..], |member| { left.insert(member.to_vec()); });
            let expected = inputs.iter().skip(1).fold(inputs[0].clone(), |all, input| &all - input);
            prop_assert_eq!(&left, &expected);
            let mut any = Vec::new();
            union(&given, |member| any.push(member.to_vec()));
            any.sort();
            let expected: BTreeSet<_> = inputs.iter().flatten().collect();
            prop_assert!(any.iter().eq(expected), "each once");
            let in_slices = |sets: &[Option<&Set>], how: Combination| {
                let (mut place, mut found, mut slices) = (Place::default(), Vec::new(), 1);
                while !how.visit_slice(sets, &mut place, &mut Slice::of(3), |member| found.push(member.to_vec())) {
                    slices += 1;
                }
                found.sort();
                (found, slices)
            };
            let how = [Combination::Intersection, Combination::Difference, Combination::Union];
            for (how, whole) in how.into_iter().zip([&common, &left, &any.iter().cloned().collect()]) {
                let (found, slices) = in_slices(&given, how);
                prop_assert!(found.iter().eq(whole), "each once");
                // A large one is in several.
                let large = |set: &Set| set.encoding() == "hashtable" && set.len() >= 20;
                prop_assert!(slices > 1 || how != Combination::Union || !sets.iter().any(large));
                let nothing = in_slices(&[None, None], how).0;
                prop_assert!(nothing.is_empty());
            }
            prop_assert!(in_slices(&[given[0], None], Combination::Intersection).0.is_empty());
            let mut none = Vec::new();
            intersection(&[given[0], None], |member| { none.push(member.to_vec()); true });
            union(&[None], |member| none.push(member.to_vec()));
            difference(None, &given, |member| none.push(member.to_vec()));
            prop_assert!(none.is_empty());
        }

        #[test]
        fn a_scan_sees_what_stays_while_others_come_and_go(
            stay in 9..200_usize, count in 1..20_usize,
            churn in prop::collection::vec((any::<bool>(), 0..2_000_u16), 0..2_000),
        ) {
            let hasher = KeyHasher::repeatable(1);
            let tools = tools(&hasher);
            let mut set = Set::new();
            (0..stay).for_each(|n| { set.insert(&tools, format!("stay:{n}").as_bytes()); });
            let (mut seen, mut cursor, mut churn) = (BTreeSet::new(), 0, churn.into_iter());
            loop {
                // One that goes and comes back may be seen again; one that stays is seen once.
                cursor = set.scan(cursor, count, |member| {
                    let member = member.to_vec();
                    let stays = member.starts_with(b"stay");
                    assert!(seen.insert(member) || !stays, "twice");
                });
                if cursor == 0 { break; }
                for (add, n) in churn.by_ref().take(60) {
                    let member = format!("goes:{n}").into_bytes();
                    if add { set.insert(&tools, &member); } else { set.remove(&member); }
                }
            }
            for n in 0..stay {
                prop_assert!(seen.contains(format!("stay:{n}").as_bytes()), "missed {}", n);
            }
        }
    }

    #[test]
    fn every_member_is_as_likely_as_any_other() {
        const TIMES: usize = 400;
        let hasher = KeyHasher::repeatable(1);
        let tools = Tools { hasher: &hasher, limits: ValueLimits::default(), rng: Rng::seeded(1) };
        let mut rng = Rng::seeded(7);
        // Packed, numbers, a table, and a table that was larger before.
        for (len, gone, letter) in [(100, 0, "m"), (300, 0, ""), (500, 0, "m"), (300, 900, "m")] {
            let name = |n: usize| format!("{letter}{n}").into_bytes();
            let mut set = Set::new();
            (0..len + gone).for_each(|n| assert!(set.insert(&tools, &name(n))));
            (len..len + gone).for_each(|n| assert!(set.remove(&name(n))));
            let mut times = std::collections::BTreeMap::new();
            for _ in 0..len * TIMES {
                *times.entry(set.sample(&mut rng).expect("it has members").to_vec()).or_insert(0) += 1;
            }
            assert_eq!(times.len(), len);
            // Twenty is one standard deviation.
            for (member, count) in times {
                assert!((TIMES - 100..TIMES + 100).contains(&count), "{count} times {member:?}");
            }
        }
    }

    #[test]
    fn limits_of_nothing_and_of_short_texts_are_kept() {
        let hasher = KeyHasher::repeatable(1);
        let with = |limits| Tools { hasher: &hasher, limits, rng: Rng::seeded(1) };
        let mut tools = with(ValueLimits { set_max_intset_entries: 0, ..ValueLimits::default() });
        let mut set = Set::new();
        set.insert(&tools, b"1");
        assert_eq!(set.encoding(), "listpack");
        tools.limits.set_max_listpack_entries = 0;
        let mut set = Set::new();
        set.insert(&tools, b"1");
        assert_eq!(set.encoding(), "hashtable");
        // A number too long for the packed form leads past it; a limit lowered later makes no member twice.
        let mut tools = with(ValueLimits { set_max_listpack_value: 3, ..ValueLimits::default() });
        let mut set = Set::new();
        set.insert(&tools, b"-123");
        let mut lowered = set.clone();
        set.insert(&tools, b"a");
        assert_eq!(set.encoding(), "hashtable");
        tools.limits = ValueLimits { set_max_intset_entries: 0, ..ValueLimits::default() };
        assert!(!lowered.insert(&tools, b"-123"));
        assert_eq!(lowered.len(), 1);
    }

    #[test]
    fn numbers_take_their_width_and_give_it_back() {
        let hasher = KeyHasher::repeatable(1);
        let tools = Tools { hasher: &hasher, limits: ValueLimits::default(), rng: Rng::seeded(1) };
        let mut set = Set::new();
        for n in 0..512_i32 {
            set.insert(&tools, n.to_string().as_bytes());
            assert!(set.used_bytes() <= set.len() * 5 / 2 + 2, "{} at {}", set.used_bytes(), set.len());
        }
        for n in 8..512_i32 {
            set.remove(n.to_string().as_bytes());
        }
        assert_eq!((set.encoding(), set.len()), ("intset", 8));
        assert!(set.used_bytes() <= 34, "{}", set.used_bytes());
    }

    #[test]
    fn forms_change_where_redis_changes_them() {
        let hasher = KeyHasher::repeatable(1);
        let tools = Tools { hasher: &hasher, limits: ValueLimits::default(), rng: Rng::seeded(1) };
        let mut set = Set::new();
        (0..512).for_each(|n: i64| {
            set.insert(&tools, n.to_string().as_bytes());
        });
        assert_eq!(set.encoding(), "intset");
        set.insert(&tools, b"512");
        assert_eq!(set.encoding(), "hashtable");
        let mut set = Set::new();
        (0..127).for_each(|n: i64| {
            set.insert(&tools, n.to_string().as_bytes());
        });
        set.insert(&tools, b"a");
        assert_eq!(set.encoding(), "listpack");
        set.insert(&tools, b"b");
        assert_eq!(set.encoding(), "hashtable");
        let mut set = Set::new();
        set.insert(&tools, &[b'x'; 65]);
        assert_eq!(set.encoding(), "hashtable");
    }
}
