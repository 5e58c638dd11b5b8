//! Hashes: fields with values. Packed in one allocation while small, then a table.

use super::field_table::FieldTable;
use super::packed::{Item, Packed, Word};
use super::string::Str;
use super::{Collection, Kind, Object};
use crate::keyspace::{KeyHasher, Tools};
use crate::rng::Rng;

/// A hash.
#[derive(Clone, Debug)]
pub struct Hash(Form);

#[derive(Clone, Debug)]
enum Form {
    /// Field, value, field, value. Fields are kept as text, because they are lent as bytes.
    Packed(Packed),
    Table(Box<FieldTable>),
}

impl Default for Hash {
    fn default() -> Self {
        Hash(Form::Packed(Packed::default()))
    }
}

impl Hash {
    /// An empty one.
    pub fn new() -> Hash {
        Hash::default()
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Packed(packed) => packed.len() / 2,
            Form::Table(table) => table.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of the form, as Redis has it.
    pub fn encoding(&self) -> &'static str {
        match &self.0 {
            Form::Packed(_) => "listpack",
            Form::Table(_) => "hashtable",
        }
    }

    /// Bytes on the heap. O(1).
    pub fn used_bytes(&self) -> usize {
        match &self.0 {
            Form::Packed(packed) => packed.used_bytes(),
            Form::Table(table) => table.used_bytes(),
        }
    }

    /// The value of a field.
    pub fn get(&self, field: &[u8]) -> Option<Str<'_>> {
        match &self.0 {
            Form::Packed(packed) => {
                let found = packed.find(Word::Text(field), 2)?;
                packed.after(found).map(Item::value)
            }
            Form::Table(table) => table.get(field),
        }
    }

    /// Whether there is such a field.
    pub fn contains(&self, field: &[u8]) -> bool {
        match &self.0 {
            Form::Packed(packed) => packed.find(Word::Text(field), 2).is_some(),
            Form::Table(table) => table.contains(field),
        }
    }

    /// Gives a field a value. Says whether the field is new.
    pub fn set(&mut self, tools: &Tools<'_>, field: &[u8], value: &[u8]) -> bool {
        let limits = &tools.limits;
        let packed = match &mut self.0 {
            Form::Table(table) => return table.add(field, Some(Str::Bytes(value))),
            Form::Packed(packed) => packed,
        };
        let longest = limits.hash_max_listpack_value;
        if field.len() > longest || value.len() > longest {
            return self.table(tools.hasher).add(field, Some(Str::Bytes(value)));
        }
        if let Some(found) = packed.find(Word::Text(field), 2) {
            if let Some(at) = packed.after(found).map(|old| old.at) {
                packed.replace(at, Word::compact(value));
            }
            return false;
        }
        if packed.len() / 2 >= limits.hash_max_listpack_entries {
            return self.table(tools.hasher).add(field, Some(Str::Bytes(value)));
        }
        packed.push(Word::Text(field));
        packed.push(Word::compact(value));
        true
    }

    /// The table form, made now if it was not before.
    fn table(&mut self, hasher: &KeyHasher) -> &mut FieldTable {
        if let Form::Packed(packed) = &self.0 {
            let mut table = Box::new(FieldTable::new(hasher));
            let mut items = packed.iter();
            while let (Some(field), Some(value)) = (items.next(), items.next()) {
                table.add(field.text(), Some(value.value()));
            }
            self.0 = Form::Table(table);
        }
        match &mut self.0 {
            Form::Table(table) => table,
            Form::Packed(_) => unreachable!("it was made just now"),
        }
    }

    /// Removes a field. Says whether there was one.
    pub fn remove(&mut self, field: &[u8]) -> bool {
        match &mut self.0 {
            Form::Packed(packed) => match packed.find(Word::Text(field), 2).map(|found| found.at) {
                Some(at) => {
                    packed.remove(at, 2);
                    true
                }
                None => false,
            },
            Form::Table(table) => table.remove(field),
        }
    }

    /// Visits fields and values until `visit` says `false`.
    pub fn each<'h>(&'h self, mut visit: impl FnMut(&'h [u8], Str<'h>) -> bool) {
        match &self.0 {
            Form::Packed(packed) => {
                let mut items = packed.iter();
                while let (Some(field), Some(value)) = (items.next(), items.next()) {
                    if !visit(field.text(), value.value()) {
                        return;
                    }
                }
            }
            Form::Table(table) => table.each(|field, value| visit(field, value.unwrap_or(Str::Bytes(&[])))),
        }
    }

    /// Visits about `count` fields from a cursor on, and gives the next cursor; 0 when done. A small hash is visited as
    /// a whole. A field that is there from the first call to the last is visited at least once.
    pub fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(&[u8], Str<'_>)) -> u64 {
        match &self.0 {
            Form::Packed(_) => {
                self.each(|field, value| {
                    visit(field, value);
                    true
                });
                0
            }
            Form::Table(table) => {
                table.scan(cursor, count, |field, value| visit(field, value.unwrap_or(Str::Bytes(&[]))))
            }
        }
    }

    /// Some field with its value, each as likely as any other.
    pub fn sample(&self, rng: &mut Rng) -> Option<(&[u8], Str<'_>)> {
        match &self.0 {
            Form::Packed(packed) => {
                let chosen = rng.below((packed.len() / 2).max(1)) * 2;
                let mut items = packed.iter().skip(chosen);
                Some((items.next()?.text(), items.next()?.value()))
            }
            Form::Table(table) => {
                let (field, value) = table.sample(rng)?;
                Some((field, value.unwrap_or(Str::Bytes(&[]))))
            }
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
