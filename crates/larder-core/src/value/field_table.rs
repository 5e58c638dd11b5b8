//! The large form of hashes and sets: the engine's own table, with fields for keys. It grows without pauses, its scan
//! cursors survive growth, and a field costs one small allocation.

use super::string::{Str, parse_int};
use crate::keyspace::KeyHasher;
use crate::limits::PREFETCH_MAX;
use crate::raw::{Parts, Record, Ref, Stored, Table};
use crate::rng::Rng;

/// Nothing that could be: fields hold no objects.
#[derive(Debug)]
pub(crate) enum Never {}

/// Fields, with values or without.
pub(crate) struct FieldTable {
    table: Table<Never>,
    hasher: KeyHasher,
    /// Of all records.
    bytes: usize,
}

impl std::fmt::Debug for FieldTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FieldTable").field("len", &self.table.len()).finish_non_exhaustive()
    }
}

impl Clone for FieldTable {
    fn clone(&self) -> FieldTable {
        let mut copy = FieldTable::new(&self.hasher);
        self.each(|field, value| {
            copy.add(field, value);
            true
        });
        copy
    }
}

fn parts(value: Option<Str<'_>>) -> Parts<'_, Never> {
    match value {
        None => Parts::Nothing,
        Some(Str::Int(n)) => Parts::Int(n),
        Some(Str::Bytes(bytes)) => parse_int(bytes).map_or(Parts::Bytes(bytes), Parts::Int),
        Some(Str::Shared(bytes)) => parse_int(bytes).map_or(Parts::Bytes(bytes), Parts::Int),
    }
}

fn value_of<'t>(record: &Ref<'t, Never>) -> Option<Str<'t>> {
    match record.value() {
        Stored::Nothing => None,
        Stored::Int(n) => Some(Str::Int(n)),
        Stored::Bytes(bytes) => Some(Str::Bytes(bytes)),
        Stored::Object(never) => match *never {},
    }
}

impl FieldTable {
    pub(crate) fn new(hasher: &KeyHasher) -> FieldTable {
        FieldTable { table: Table::default(), hasher: hasher.clone(), bytes: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    pub(crate) fn used_bytes(&self) -> usize {
        size_of::<FieldTable>() + self.table.own_bytes() + self.bytes
    }

    /// Fetches what finding these fields will touch into the cache, all of it at once.
    pub(crate) fn prefetch(&self, fields: &[&[u8]]) {
        for fields in fields.chunks(PREFETCH_MAX) {
            let mut hashes = [0; PREFETCH_MAX];
            for (hash, field) in hashes.iter_mut().zip(fields) {
                *hash = self.hasher.hash(field);
            }
            self.table.prefetch_all(hashes[..fields.len()].iter().copied());
        }
    }

    pub(crate) fn contains(&self, field: &[u8]) -> bool {
        self.table.get(self.hasher.hash(field), field).is_some()
    }

    /// The value of a field; `None` where there is no field or it has no value.
    pub(crate) fn get(&self, field: &[u8]) -> Option<Str<'_>> {
        self.table.get(self.hasher.hash(field), field).and_then(|record| value_of(&record))
    }

    /// Adds a field, or gives one another value. Says whether it is new.
    pub(crate) fn add(&mut self, field: &[u8], value: Option<Str<'_>>) -> bool {
        let hash = self.hasher.hash(field);
        if let Some(mut slot) = self.table.get_mut(hash, field) {
            if value.is_some() {
                let before = slot.own_bytes();
                slot.set_value(parts(value));
                self.bytes = self.bytes + slot.own_bytes() - before;
            }
            return false;
        }
        let record = Record::new(field, parts(value), None, false);
        self.bytes += record.own_bytes();
        let hasher = &self.hasher;
        self.table.insert(hash, record, |field| hasher.hash(field));
        true
    }

    pub(crate) fn remove(&mut self, field: &[u8]) -> bool {
        match self.table.remove(self.hasher.hash(field), field) {
            Some(record) => {
                self.bytes -= record.own_bytes();
                true
            }
            None => false,
        }
    }

    /// Visits fields until `visit` says `false`.
    pub(crate) fn each<'t>(&'t self, mut visit: impl FnMut(&'t [u8], Option<Str<'t>>) -> bool) {
        let mut cursor = 0;
        let hash_of = |field: &[u8]| self.hasher.hash(field);
        loop {
            let mut more = true;
            let visit = |record: Ref<'t, _>| more = more && visit(record.key(), value_of(&record));
            cursor = self.table.scan(cursor, hash_of, visit);
            if cursor == 0 || !more {
                return;
            }
        }
    }

    /// Visits about `count` fields from a cursor on, and gives the next cursor; 0 when done.
    pub(crate) fn scan(
        &self,
        cursor: u64,
        count: usize,
        mut visit: impl FnMut(&[u8], Option<Str<'_>>),
    ) -> u64 {
        // Any number is a cursor; those beyond 32 bits are nobody's.
        let mut cursor = cursor as u32;
        let (mut visited, mut buckets) = (0, 0_usize);
        loop {
            cursor = self.table.scan(
                cursor,
                |field| self.hasher.hash(field),
                |record| {
                    visited += 1;
                    visit(record.key(), value_of(&record));
                },
            );
            buckets += 1;
            if cursor == 0 || visited >= count || buckets >= count.saturating_mul(10) {
                return u64::from(cursor);
            }
        }
    }

    /// Some field, each as likely as any other.
    pub(crate) fn sample(&self, rng: &mut Rng) -> Option<(&[u8], Option<Str<'_>>)> {
        self.table.sample_evenly(rng).map(|record| (record.key(), value_of(&record)))
    }
}
