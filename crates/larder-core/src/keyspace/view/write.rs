//! Writing a key as a whole: setting, counting, removing, moving, copying.

use super::View;
use crate::clock::Deadline;
use crate::error::{Error, Result};
use crate::keyspace::Key;
use crate::keyspace::changes::Class;
use crate::keyspace::deadlines::is_alive;
use crate::keyspace::s3fifo::QUEUED;
use crate::keyspace::stripe::used_bytes;
use crate::limits::{INLINE_LEN_MAX, STRING_LEN_MAX};
use crate::raw::{Parts, Record, Stored};
use crate::sync::Arc;
use crate::value::Object;
use crate::value::string::parse_int;

/// What a write does about a key's deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// The key lives until it is removed.
    Never,
    /// The key keeps the deadline it had.
    Keep,
    /// The key dies then.
    At(Deadline),
}

/// A number as it stands under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// The number.
    pub value: i64,
    /// When it goes.
    pub deadline: Option<Deadline>,
}

impl View<'_> {
    /// Sets a key to a string, whatever it held before. Says whether it existed. O(1), plus the length.
    pub fn set(&mut self, key: &Key<'_>, value: &[u8], expiry: Expiry) -> Result<bool> {
        if value.len() > STRING_LEN_MAX || key.bytes.len() > STRING_LEN_MAX {
            return Err(Error::TooLarge);
        }
        let parts = match parse_int(value) {
            Some(n) => Parts::Int(n),
            None if value.len() <= INLINE_LEN_MAX => Parts::Bytes(value),
            None => Parts::Object(Box::new(Object::Bytes(Arc::new(value.to_vec())))),
        };
        self.put(key, parts, expiry)
    }

    /// Sets a key to a string as [`View::set`] does, without copying it where it is long. Give the same bytes to nobody
    /// who would change them.
    pub fn set_shared(&mut self, key: &Key<'_>, value: Arc<Vec<u8>>, expiry: Expiry) -> Result<bool> {
        // Nothing so long is a number.
        if value.len() <= INLINE_LEN_MAX || value.len() > STRING_LEN_MAX || key.bytes.len() > STRING_LEN_MAX {
            return self.set(key, &value, expiry);
        }
        self.put(key, Parts::Object(Box::new(Object::Bytes(value))), expiry)
    }

    /// Sets a key to a string as [`View::set`] does, but never keeps it as a number: for what is a number by chance,
    /// such as the text of a fraction.
    pub fn set_text(&mut self, key: &Key<'_>, value: &[u8], expiry: Expiry) -> Result<bool> {
        if value.len() > INLINE_LEN_MAX {
            return self.set(key, value, expiry);
        }
        self.put(key, Parts::Bytes(value), expiry)
    }

    /// Sets a key to a number.
    pub fn set_int(&mut self, key: &Key<'_>, value: i64, expiry: Expiry) -> Result<bool> {
        self.put(key, Parts::Int(value), expiry)
    }

    /// Sets a key to a value, whatever it held before. Says whether it existed.
    pub fn put_object(&mut self, key: &Key<'_>, object: Object, expiry: Expiry) -> Result<bool> {
        self.put(key, Parts::Object(Box::new(object)), expiry)
    }

    fn put(&mut self, key: &Key<'_>, value: Parts<'_, Object>, expiry: Expiry) -> Result<bool> {
        let room = match expiry {
            Expiry::At(deadline) => Some(deadline.ms()),
            Expiry::Never | Expiry::Keep => None,
        };
        let View { shared, locked, now_ms, .. } = &mut *self;
        let stripe = locked.stripe(key.stripe())?;
        let db = stripe.db_mut(key.db);
        let Some(mut slot) = db.table.get_mut(key.hash, key.bytes) else {
            return self.put_new(key, value, room);
        };
        if !is_alive(&slot, shared, now_ms) {
            drop(slot);
            self.purge_due(key)?;
            return self.put(key, value, expiry);
        }
        let touch = shared.policy().touched(slot.touch(), shared.seconds());
        slot.set_touch(touch);
        if slot.has_inner() || matches!(&value, Parts::Object(object) if object.dues().next_ms.is_some()) {
            let before = used_bytes(&slot);
            let old = slot.set_value(value);
            let delta = used_bytes(&slot) - before;
            drop(slot);
            stripe.account(key.db, delta);
            self.after.free(old);
            self.note_inner(key, None)?;
            if expiry != Expiry::Keep {
                self.set_record_deadline(key, room)?;
            }
            return Ok(true);
        }
        // Without parts that die by themselves there is one deadline at most, and all is done in one visit.
        let had = slot.deadline_ms();
        let armed_for = had.filter(|_| slot.is_armed());
        let wanted = if expiry == Expiry::Keep { had } else { room };
        let arm = room.filter(|new| armed_for.is_none_or(|armed| armed > *new));
        let mut old = None;
        let mut delta = 0;
        if !slot.overwrite(&value, wanted) {
            let before = used_bytes(&slot);
            old = slot.set_value_until(value, wanted);
            delta = used_bytes(&slot) - before;
        }
        if arm.is_some() {
            slot.set_armed(true);
        }
        drop(slot);
        db.expires = db.expires + usize::from(wanted.is_some()) - usize::from(had.is_some());
        stripe.account(key.db, delta);
        self.after.free(old);
        if let Some(due_ms) = arm {
            self.arm(key, due_ms)?;
        }
        if had.is_some() != wanted.is_some() && self.shared.fifo() == Some(true) {
            self.requeue(key)?;
        }
        Ok(true)
    }

    /// Sets a key that does not exist.
    fn put_new(&mut self, key: &Key<'_>, value: Parts<'_, Object>, deadline_ms: Option<u64>) -> Result<bool> {
        let inner = matches!(&value, Parts::Object(object) if object.dues().next_ms.is_some());
        let mut record = Record::new(key.bytes, value, deadline_ms, true);
        record.set_touch(self.shared.policy().fresh(self.shared.seconds()));
        record.set_armed(deadline_ms.is_some());
        let hash_of = |key: &[u8]| self.shared.keyspace.hasher.hash(key);
        let stripe = self.locked.stripe(key.stripe())?;
        stripe.account(key.db, used_bytes(&record));
        let db = stripe.db_mut(key.db);
        db.expires += usize::from(deadline_ms.is_some());
        db.table.insert(key.hash, record, hash_of);
        if let Some(due_ms) = deadline_ms {
            self.arm(key, due_ms)?;
        }
        if inner {
            self.note_inner(key, None)?;
        }
        self.enqueue(key)?;
        self.report(key, "new", Class::NEW)?;
        Ok(false)
    }

    /// Adds to the number of a key, its deadline kept; a key that does not exist counts as 0. O(1), one look-up.
    pub fn increment(&mut self, key: &Key<'_>, delta: i64) -> Result<i64> {
        self.update_int(key, |old| {
            let sum = old.map_or(0, |old| old.value).checked_add(delta);
            (sum.map(|sum| (sum, Expiry::Keep)), sum.ok_or(Error::Overflow))
        })?
    }

    /// Changes the number of a key. `update` is given what is there and says what shall be there, or nothing where all
    /// stays as it is; the rest of its answer is handed on. Nothing is reported. O(1), one look-up as long as the
    /// deadline is kept: for counters and limiters, which are asked more often than anything else.
    pub fn update_int<R>(
        &mut self,
        key: &Key<'_>,
        update: impl FnOnce(Option<Number>) -> (Option<(i64, Expiry)>, R),
    ) -> Result<R> {
        let View { shared, locked, now_ms, uses, .. } = &mut *self;
        let stripe = locked.stripe(key.stripe())?;
        let Some(mut slot) = stripe.db_mut(key.db).table.get_mut(key.hash, key.bytes) else {
            let (new, result) = update(None);
            if let Some((value, expiry)) = new {
                self.put(key, Parts::Int(value), expiry)?;
            }
            return Ok(result);
        };
        let deadline_ms = slot.deadline_ms();
        if !is_alive(&slot, shared, now_ms) {
            drop(slot);
            self.purge_due(key)?;
            return self.update_int(key, update);
        }
        let value = match slot.value() {
            Stored::Int(n) => Some(n),
            Stored::Bytes(bytes) => parse_int(bytes),
            Stored::Object(Object::Bytes(bytes)) => parse_int(bytes),
            Stored::Nothing => None,
            Stored::Object(_) => return Err(Error::WrongType),
        };
        let value = value.ok_or(Error::NotInteger)?;
        if *uses {
            let touch = shared.policy().touched(slot.touch(), shared.seconds());
            slot.set_touch(touch);
        }
        let (new, result) = update(Some(Number { value, deadline: deadline_ms.map(Deadline::at_ms) }));
        let Some((value, expiry)) = new else { return Ok(result) };
        if slot.replace_int(value) {
            drop(slot);
        } else {
            let before = used_bytes(&slot);
            let old = slot.set_value(Parts::Int(value));
            let grown = used_bytes(&slot) - before;
            drop(slot);
            stripe.account(key.db, grown);
            self.after.free(old);
        }
        match expiry {
            Expiry::Keep => {}
            Expiry::Never => drop(self.set_record_deadline(key, None)?),
            Expiry::At(deadline) => drop(self.set_record_deadline(key, Some(deadline.ms()))?),
        }
        Ok(result)
    }

    /// Removes a key, without a report. Says whether it existed. A large value is dropped after the locks are gone.
    pub fn remove(&mut self, key: &Key<'_>) -> Result<bool> {
        self.purge_due(key)?;
        let Some(record) = self.take(key)? else { return Ok(false) };
        self.after.free(record.into_object());
        Ok(true)
    }

    pub(in crate::keyspace) fn take(&mut self, key: &Key<'_>) -> Result<Option<Record<Object>>> {
        let stripe = self.locked.stripe(key.stripe())?;
        let Some(db) = stripe.db_existing(key.db) else { return Ok(None) };
        let Some(record) = db.table.remove(key.hash, key.bytes) else { return Ok(None) };
        db.forget(&record);
        stripe.account(key.db, -used_bytes(&record));
        Ok(Some(record))
    }

    /// Moves an entry, deadline included, to another key, replacing what that one held. Says whether there was an entry
    /// to move. Nothing is reported.
    pub fn rename(&mut self, from: &Key<'_>, to: &Key<'_>) -> Result<bool> {
        self.purge_due(from)?;
        // Fails before anything is changed, if the view does not hold the second key.
        self.locked.stripe(to.stripe())?;
        let Some(record) = self.take(from)? else { return Ok(false) };
        self.remove(to)?;
        let inner = record.has_inner();
        let mut record = record.with_key(to.bytes);
        if self.shared.fifo().is_some() {
            record.set_touch(record.touch() & !QUEUED);
        }
        let deadline = record.deadline_ms();
        let hash_of = |key: &[u8]| self.shared.keyspace.hasher.hash(key);
        let stripe = self.locked.stripe(to.stripe())?;
        stripe.account(to.db, used_bytes(&record));
        let db = stripe.db_mut(to.db);
        db.expires += usize::from(deadline.is_some());
        db.table.insert(to.hash, record, hash_of);
        self.set_record_deadline(to, deadline)?;
        if inner {
            self.note_inner(to, None)?;
        }
        self.enqueue(to)?;
        Ok(true)
    }

    /// Copies an entry, deadline included, to another key, replacing what that one held. Says whether there was an
    /// entry to copy. Nothing is reported. O(size of the value), under the lock.
    pub fn copy(&mut self, from: &Key<'_>, to: &Key<'_>) -> Result<bool> {
        let Some(entry) = self.peek(from)? else { return Ok(false) };
        let expiry = entry.deadline().map_or(Expiry::Never, Expiry::At);
        if let Some(object) = entry.object() {
            let object = object.clone();
            self.put_object(to, object, expiry)?;
        } else {
            let value = entry.string()?.to_vec();
            self.set(to, &value, expiry)?;
        }
        Ok(true)
    }

    /// Has a key look as if it had not been used for so long, where the policy keeps that. Says whether the key exists.
    pub fn set_idle(&mut self, key: &Key<'_>, seconds: u32) -> Result<bool> {
        let (policy, now) = (self.shared.policy(), self.shared.seconds());
        self.set_access(key, |touch| policy.idle_since(touch, now, seconds))
    }

    /// Has a key look as if it had been used so often (0 to 255 on a logarithmic scale), where the policy keeps that.
    /// Says whether the key exists.
    pub fn set_frequency(&mut self, key: &Key<'_>, frequency: u8) -> Result<bool> {
        let (policy, now) = (self.shared.policy(), self.shared.seconds());
        self.set_access(key, |touch| policy.used_so_often(touch, now, frequency))
    }

    fn set_access(&mut self, key: &Key<'_>, access: impl FnOnce(u32) -> u32) -> Result<bool> {
        let stripe = self.locked.stripe(key.stripe())?;
        let Some(db) = stripe.db_existing(key.db) else { return Ok(false) };
        let Some(mut slot) = db.table.get_mut(key.hash, key.bytes) else { return Ok(false) };
        let touch = access(slot.touch());
        slot.set_touch(touch);
        Ok(true)
    }

    /// Puts an entry into the queue of those that may be evicted, where there are queues and it is in none.
    #[inline]
    fn enqueue(&mut self, key: &Key<'_>) -> Result<()> {
        if let Some(volatile) = self.shared.fifo() {
            let db = self.locked.stripe(key.stripe())?.db_mut(key.db);
            db.enqueue(key.hash, key.bytes, volatile, &self.shared.keyspace.hasher);
        }
        Ok(())
    }

    /// Only entries with a deadline may be evicted, and this one gained one or lost it.
    pub(in crate::keyspace) fn requeue(&mut self, key: &Key<'_>) -> Result<()> {
        let db = self.locked.stripe(key.stripe())?.db_mut(key.db);
        if let Some(mut slot) = db.table.get_mut(key.hash, key.bytes)
            && slot.deadline_ms().is_none()
        {
            if let Some(fifo) = db.fifo.as_mut() {
                let touch = fifo.remove(slot.touch());
                slot.set_touch(touch);
            }
            return Ok(());
        }
        self.enqueue(key)
    }
}
