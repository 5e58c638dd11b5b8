//! The fields and values of a hash, as yet without deadlines: packed in one allocation while small, then a table.

use super::field_table::FieldTable;
use super::packed::{Item, Packed, Word};
use super::string::Str;
use crate::keyspace::{KeyHasher, Tools};
use crate::rng::Rng;

/// Fields with values.
#[derive(Clone, Debug)]
pub(crate) enum Fields {
    /// Field, value, field, value. Fields are kept as text, because they are lent as bytes.
    Packed(Packed),
    /// By hash.
    Table(Box<FieldTable>),
}

impl Default for Fields {
    fn default() -> Self {
        Fields::Packed(Packed::default())
    }
}

impl Fields {
    /// How many fields there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Fields::Packed(packed) => packed.len() / 2,
            Fields::Table(table) => table.len(),
        }
    }

    /// The name of the form, as Redis has it.
    pub(crate) fn encoding(&self) -> &'static str {
        match self {
            Fields::Packed(_) => "listpack",
            Fields::Table(_) => "hashtable",
        }
    }

    /// Bytes on the heap. O(1).
    pub(crate) fn used_bytes(&self) -> usize {
        match self {
            Fields::Packed(packed) => packed.used_bytes(),
            Fields::Table(table) => table.used_bytes(),
        }
    }

    /// The value of a field.
    pub(crate) fn get(&self, field: &[u8]) -> Option<Str<'_>> {
        match self {
            Fields::Packed(packed) => {
                let found = packed.find(Word::Text(field), 2)?;
                packed.after(found).map(Item::value)
            }
            Fields::Table(table) => table.get(field),
        }
    }

    /// Fetches what finding these fields will touch into the cache.
    pub(crate) fn prefetch(&self, fields: &[&[u8]]) {
        if let Fields::Table(table) = self {
            table.prefetch(fields);
        }
    }

    /// Whether there is such a field.
    pub(crate) fn contains(&self, field: &[u8]) -> bool {
        match self {
            Fields::Packed(packed) => packed.find(Word::Text(field), 2).is_some(),
            Fields::Table(table) => table.contains(field),
        }
    }

    /// Gives a field a value. Says whether the field is new.
    pub(crate) fn set(&mut self, tools: &Tools<'_>, field: &[u8], value: &[u8]) -> bool {
        let limits = &tools.limits;
        let packed = match self {
            Fields::Table(table) => return table.add(field, Some(Str::Bytes(value))),
            Fields::Packed(packed) => packed,
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
        if let Fields::Packed(packed) = self {
            let mut table = Box::new(FieldTable::new(hasher));
            let mut items = packed.iter();
            while let (Some(field), Some(value)) = (items.next(), items.next()) {
                table.add(field.text(), Some(value.value()));
            }
            *self = Fields::Table(table);
        }
        match self {
            Fields::Table(table) => table,
            Fields::Packed(_) => unreachable!("it was made just now"),
        }
    }

    /// Removes a field. Says whether there was one.
    pub(crate) fn remove(&mut self, field: &[u8]) -> bool {
        match self {
            Fields::Packed(packed) => match packed.find(Word::Text(field), 2).map(|found| found.at) {
                Some(at) => {
                    packed.remove(at, 2);
                    true
                }
                None => false,
            },
            Fields::Table(table) => table.remove(field),
        }
    }

    /// Visits fields and values until `visit` says `false`.
    pub(crate) fn each<'h>(&'h self, mut visit: impl FnMut(&'h [u8], Str<'h>) -> bool) {
        match self {
            Fields::Packed(packed) => {
                let mut items = packed.iter();
                while let (Some(field), Some(value)) = (items.next(), items.next()) {
                    if !visit(field.text(), value.value()) {
                        return;
                    }
                }
            }
            Fields::Table(table) => table.each(|field, value| visit(field, value.unwrap_or(Str::Bytes(&[])))),
        }
    }

    /// Visits about `count` fields from a cursor on, and gives the next cursor; 0 when done. A small hash is visited as
    /// a whole. A field that is there from the first call to the last is visited at least once.
    pub(crate) fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(&[u8], Str<'_>)) -> u64 {
        match self {
            Fields::Packed(_) => {
                self.each(|field, value| {
                    visit(field, value);
                    true
                });
                0
            }
            Fields::Table(table) => {
                table.scan(cursor, count, |field, value| visit(field, value.unwrap_or(Str::Bytes(&[]))))
            }
        }
    }

    /// Some field with its value, each as likely as any other.
    pub(crate) fn sample(&self, rng: &mut Rng) -> Option<(&[u8], Str<'_>)> {
        match self {
            Fields::Packed(packed) => {
                let chosen = rng.below((packed.len() / 2).max(1)) * 2;
                let mut items = packed.iter().skip(chosen);
                Some((items.next()?.text(), items.next()?.value()))
            }
            Fields::Table(table) => {
                let (field, value) = table.sample(rng)?;
                Some((field, value.unwrap_or(Str::Bytes(&[]))))
            }
        }
    }
}
