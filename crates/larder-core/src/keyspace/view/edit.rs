//! Editing a value where it lies.

use super::View;
use super::write::Expiry;
use crate::error::{Error, Result};
use crate::keyspace::changes::Class;
use crate::keyspace::deadlines::is_alive;
use crate::keyspace::stripe::used_bytes;
use crate::keyspace::{Key, KeyHasher};
use crate::limits::{MOVED_LEN_MAX, STRING_LEN_MAX, WRITTEN_LEN_MAX};
use crate::raw::{Parts, Record, Stored};
use crate::rng::Rng;
use crate::sync::Arc;
use crate::value::string::{Str, extended};
use crate::value::{Collection, Object};
use smallvec::SmallVec;
use std::ops::{Deref, DerefMut};

/// What an edit does about a key that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Nothing.
    Skip,
    /// It starts with an empty collection, which is kept unless it is still empty afterwards.
    Create,
}

/// What a write into a string takes: see [`View::write_cost`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteCost {
    /// Bytes that are written, copied or moved.
    pub bytes: usize,
    /// Whether the string stays where it is. Where it does not, all of it is moved, or copied since others have it,
    /// too.
    pub stays: bool,
}

impl WriteCost {
    /// Whether others would have to wait too long for the lock: [`View::remake_bytes`] is for that.
    pub fn is_long(self) -> bool {
        self.bytes > if self.stays { WRITTEN_LEN_MAX } else { MOVED_LEN_MAX }
    }
}

/// What collections need from the engine to do their work.
#[derive(Debug)]
pub struct Tools<'e> {
    /// The engine's hash.
    pub hasher: &'e KeyHasher,
    /// Where the packed forms end.
    pub limits: crate::options::ValueLimits,
    /// Random numbers.
    pub rng: Rng,
}

/// A collection being edited, and the events that the edit reports.
#[derive(Debug)]
pub struct Edit<'a, C> {
    /// The collection itself, for where it and the tools are needed at once.
    pub collection: &'a mut C,
    /// What the collection may need.
    pub tools: Tools<'a>,
    events: SmallVec<[(&'static str, Class); 2]>,
}

impl<C: Collection> Edit<'_, C> {
    /// Reports that the collection changed, by the name of the keyspace event. An edit that reports nothing is taken
    /// to have changed nothing.
    pub fn report(&mut self, event: &'static str) {
        self.events.push((event, C::KIND.class()));
    }
}

impl<C> Deref for Edit<'_, C> {
    type Target = C;
    fn deref(&self) -> &C {
        self.collection
    }
}

impl<C> DerefMut for Edit<'_, C> {
    fn deref_mut(&mut self) -> &mut C {
        self.collection
    }
}

impl View<'_> {
    /// Edits the bytes of a string in place, its deadline kept. What results is kept as plain bytes with room to grow.
    pub fn edit_bytes<R>(
        &mut self,
        key: &Key<'_>,
        missing: Missing,
        edit: impl FnOnce(&mut Vec<u8>) -> R,
    ) -> Result<Option<R>> {
        let View { shared, locked, now_ms, uses, .. } = &mut *self;
        let stripe = locked.stripe(key.stripe())?;
        let Some(mut slot) = stripe.db_mut(key.db).table.get_mut(key.hash, key.bytes) else {
            if missing == Missing::Skip {
                return Ok(None);
            }
            let mut bytes = Vec::new();
            let result = edit(&mut bytes);
            self.put_object(key, Object::Bytes(Arc::new(bytes)), Expiry::Never)?;
            return Ok(Some(result));
        };
        if !is_alive(&slot, shared, now_ms) {
            drop(slot);
            self.purge_due(key)?;
            return self.edit_bytes(key, missing, edit);
        }
        if *uses {
            let touch = shared.policy().touched(slot.touch(), shared.seconds());
            slot.set_touch(touch);
        }
        let before = used_bytes(&slot);
        let result = if let Some(object) = slot.object_mut() {
            #[allow(irrefutable_let_patterns)]
            let Object::Bytes(bytes) = object else { return Err(Error::WrongType) };
            edit(Arc::make_mut(bytes))
        } else {
            let mut bytes = match slot.value() {
                Stored::Int(n) => Str::Int(n).to_vec(),
                Stored::Bytes(bytes) => bytes.to_vec(),
                _ => Vec::new(),
            };
            let result = edit(&mut bytes);
            slot.set_value(Parts::Object(Box::new(Object::Bytes(Arc::new(bytes)))));
            result
        };
        let delta = used_bytes(&slot) - before;
        drop(slot);
        stripe.account(key.db, delta);
        Ok(Some(result))
    }

    /// What writing so many bytes into the string of a key takes, from `at` on or behind its end. What is missing
    /// before them is written as well. O(1).
    pub fn write_cost(&mut self, key: &Key<'_>, at: Option<usize>, bytes: usize) -> Result<WriteCost> {
        let entry = self.peek(key)?;
        let Some(Object::Bytes(old)) = entry.and_then(|entry| entry.object()) else {
            return Ok(WriteCost { bytes: at.unwrap_or(0).saturating_add(bytes), stays: false });
        };
        let end = at.unwrap_or(old.len()).saturating_add(bytes);
        let stays = Arc::strong_count(old) == 1 && old.capacity() >= end;
        let written = bytes.max(end.saturating_sub(old.len()));
        Ok(WriteCost { bytes: if stays { written } else { end.max(old.len()) }, stays })
    }

    /// Replaces the string of a key by one that is made of it, its deadline kept. `make` is given what the key holds
    /// and says what it shall hold; an error of its leaves everything as it is. It runs with the locks let go, and anew
    /// where the key was changed until it was done, as in [`View::in_slices_then`]: for strings so long that copying or
    /// growing them would make others wait. Nothing is reported.
    pub fn remake_bytes<R, E: From<Error>>(
        &mut self,
        key: &Key<'_>,
        mut make: impl FnMut(Option<&[u8]>) -> std::result::Result<(Vec<u8>, R), E>,
    ) -> std::result::Result<R, E> {
        let hold = |view: &mut View<'_>, old: &mut Option<Arc<Vec<u8>>>| {
            let value = view.peek(key)?.map(|entry| entry.string()).transpose()?;
            *old = value.map(|value| match value {
                Str::Shared(bytes) => bytes.clone(),
                value => Arc::new(value.to_vec()),
            });
            Ok(true)
        };
        let (bytes, result) =
            self.in_slices_then(&[*key], hold, |old| make(old.as_ref().map(|old| old.as_slice())))?;
        self.put_object(key, Object::Bytes(Arc::new(bytes)), Expiry::Keep)?;
        Ok(result)
    }

    /// Adds to the end of a string as [`View::remake_bytes`] does, and says how long it is then. [`Error::TooLarge`]
    /// beyond 512 MiB.
    pub fn append_remade(&mut self, key: &Key<'_>, more: &[u8]) -> Result<usize> {
        self.remake_bytes(key, |old| {
            let old = old.unwrap_or_default();
            let len = old.len().checked_add(more.len()).filter(|len| *len <= STRING_LEN_MAX);
            let len = len.ok_or(Error::TooLarge)?;
            let mut bytes = extended(old, len);
            bytes[old.len()..].copy_from_slice(more);
            Ok((bytes, len))
        })
    }

    /// Edits the collection of a key. If the edit leaves it empty, the key is removed, and reported as `del` after what
    /// the edit reported itself.
    pub fn edit<C: Collection, R>(
        &mut self,
        key: &Key<'_>,
        missing: Missing,
        edit: impl FnOnce(&mut Edit<'_, C>) -> R,
    ) -> Result<Option<R>> {
        self.purge_due(key)?;
        let stripe = self.locked.stripe(key.stripe())?;
        let tools = Tools {
            hasher: &self.shared.keyspace.hasher,
            limits: stripe.limits,
            rng: Rng::seeded(stripe.rng.next_u64()),
        };
        let Some(mut slot) = stripe.db_mut(key.db).table.get_mut(key.hash, key.bytes) else {
            if missing == Missing::Skip {
                return Ok(None);
            }
            let mut collection = C::empty(tools.hasher);
            let mut editing = Edit { collection: &mut collection, tools, events: SmallVec::new() };
            let result = edit(&mut editing);
            let events = editing.events;
            if !collection.is_empty() {
                self.put_object(key, collection.into_object(), Expiry::Never)?;
            }
            for (event, class) in events {
                self.report(key, event, class)?;
            }
            return Ok(Some(result));
        };
        if self.uses {
            let touch = self.shared.policy().touched(slot.touch(), self.shared.seconds());
            slot.set_touch(touch);
        }
        let object = slot.into_object_mut().ok_or(Error::WrongType)?;
        let before = object.used_bytes();
        let collection = C::of_mut(object).ok_or(Error::WrongType)?;
        let due = collection.dues();
        let mut editing = Edit { collection, tools, events: SmallVec::new() };
        let result = edit(&mut editing);
        let Edit { collection, events, .. } = editing;
        collection.settle();
        let emptied = collection.is_empty();
        let due_now = collection.dues();
        let delta = object.used_bytes() as i64 - before as i64;
        stripe.account(key.db, delta);
        if due_now != due {
            self.redate(key, due, due_now, emptied)?;
        }
        for (event, class) in &events {
            self.report(key, event, *class)?;
        }
        if emptied {
            let record = self.take(key)?;
            self.after.free(record.and_then(Record::into_object));
            self.report(key, "del", Class::GENERIC)?;
        }
        Ok(Some(result))
    }
}
