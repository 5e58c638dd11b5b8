//! Deadlines of entries and of parts of them: setting them, who is alive, and removing what is not.
//!
//! A deadline lies in its record, or with its field in a hash. The wheel has an item for each entry, at the nearest of
//! these or before it, which is noted in the record; so a deadline that moves later costs nothing until the item's time
//! comes. A key of which more fields are due than one step removes has no item meanwhile: it stands in line by itself.

use super::changes::Class;
use super::stripe::{due_ms, dues, used_bytes};
use super::view::now_ms;
use super::{DbIndex, Key, View};
use crate::clock::{COARSE_LAG_MS, Deadline};
use crate::engine::Shared;
use crate::error::Result;
use crate::limits::EXPIRE_BATCH;
use crate::raw::{Record, Stored};
use crate::sync::Ordering;
use crate::value::{Collection, Dues, Object};
use smallvec::SmallVec;

/// The event of fields that died.
const FIELDS_EXPIRED: &str = "hexpired";

/// Setting them.
impl View<'_> {
    /// Sets or clears the deadline of a key. Says whether the key exists. A deadline that has come already removes the
    /// key at the timer's next step; commands that Redis answers with a deletion remove it themselves.
    pub fn set_deadline(&mut self, key: &Key<'_>, deadline: Option<Deadline>) -> Result<bool> {
        self.purge_due(key)?;
        self.set_record_deadline(key, deadline.map(Deadline::ms))
    }

    pub(super) fn set_record_deadline(&mut self, key: &Key<'_>, deadline_ms: Option<u64>) -> Result<bool> {
        let stripe = self.locked.stripe(key.stripe())?;
        let Some(db) = stripe.db_existing(key.db) else { return Ok(false) };
        if deadline_ms.is_none() && db.expires == 0 {
            return Ok(db.table.get(key.hash, key.bytes).is_some());
        }
        let Some(mut slot) = db.table.get_mut(key.hash, key.bytes) else { return Ok(false) };
        let armed_for = due_ms(&slot).filter(|_| slot.is_armed());
        let had = slot.deadline_ms().is_some();
        let size = slot.own_bytes();
        slot.set_deadline(deadline_ms);
        let grown = slot.own_bytes() as i64 - size as i64;
        let arm = due_ms(&slot).filter(|new| armed_for.is_none_or(|armed| armed > *new));
        if arm.is_some() {
            slot.set_armed(true);
        }
        drop(slot);
        db.expires = db.expires + usize::from(deadline_ms.is_some()) - usize::from(had);
        stripe.account(key.db, grown);
        if let Some(due) = arm {
            self.arm(key, due)?;
        }
        if had != deadline_ms.is_some() && self.shared.fifo() == Some(true) {
            self.requeue(key)?;
        }
        Ok(true)
    }

    /// An edit changed when parts of a value die: some have other deadlines now, and some that were due are removed.
    #[cold]
    pub(super) fn redate(&mut self, key: &Key<'_>, before: Dues, after: Dues, emptied: bool) -> Result<()> {
        let left = if emptied { 0 } else { after.overdue };
        let removed = before.overdue.saturating_sub(left);
        if removed > 0 {
            self.locked.stripe(key.stripe())?.counts.expired_fields += removed as u64;
            self.report(key, FIELDS_EXPIRED, Class::HASH)?;
        }
        self.note_inner(key, before.next_ms)
    }

    /// Takes note of when parts of a value die, after that changed. `armed_ms` is the nearest of their deadlines until
    /// now, if the wheel knows of it.
    pub(super) fn note_inner(&mut self, key: &Key<'_>, armed_ms: Option<u64>) -> Result<()> {
        let Some(db) = self.locked.stripe(key.stripe())?.db_existing(key.db) else { return Ok(()) };
        let Some(mut slot) = db.table.get_mut(key.hash, key.bytes) else { return Ok(()) };
        let nearest = dues(&slot).next_ms;
        db.inner = db.inner + usize::from(nearest.is_some()) - usize::from(slot.has_inner());
        slot.set_inner(nearest.is_some());
        let armed_for = slot.deadline_ms().into_iter().chain(armed_ms).min().filter(|_| slot.is_armed());
        let arm = nearest.filter(|new| armed_for.is_none_or(|armed| armed > *new));
        if arm.is_some() {
            slot.set_armed(true);
        }
        drop(slot);
        arm.map_or(Ok(()), |due| self.arm(key, due))
    }

    pub(super) fn arm(&mut self, key: &Key<'_>, due_ms: u64) -> Result<()> {
        let now = self.now_ms();
        let index = key.stripe();
        let stripe = self.locked.stripe(index)?;
        stripe.db_mut(key.db).arm(key.hash, due_ms, now, &self.shared.keyspace.hasher);
        let next = &self.shared.keyspace.cell(index).next_due_ms;
        if due_ms < next.load(Ordering::Relaxed) {
            next.store(due_ms, Ordering::Release);
            self.after.tell(due_ms);
        }
        Ok(())
    }
}

/// Removing what is due.
impl View<'_> {
    /// Removes what of a key is due and the timer has not removed yet: the key, or fields of its hash, of these no more
    /// than one step of the timer would.
    pub fn purge(&mut self, key: &Key<'_>) -> Result<()> {
        self.purge_due(key)
    }

    /// Removes and reports the entry of a key if its deadline has come, or fields of it.
    #[inline]
    pub(super) fn purge_due(&mut self, key: &Key<'_>) -> Result<()> {
        let stripe = self.locked.stripe(key.stripe())?;
        match stripe.db(key.db) {
            Some(db) if db.expires | db.inner != 0 => self.purge_mortal(key),
            _ => Ok(()),
        }
    }

    /// The same where some keys have deadlines.
    fn purge_mortal(&mut self, key: &Key<'_>) -> Result<()> {
        let View { shared, locked, now_ms, .. } = self;
        let stripe = locked.stripe(key.stripe())?;
        let Some(db) = stripe.db(key.db) else { return Ok(()) };
        let Some(record) = db.table.get(key.hash, key.bytes) else { return Ok(()) };
        if !is_alive(&record, shared, now_ms) {
            self.expire(key)?;
        } else if record.has_inner() && dues(&record).overdue > 0 {
            self.expire_fields(key, EXPIRE_BATCH)?;
        }
        Ok(())
    }

    /// Removes and reports an entry that is dead, or has no part left that is not. Says how many died.
    fn expire(&mut self, key: &Key<'_>) -> Result<usize> {
        let now = self.now_ms();
        let Some(record) = self.take(key)? else { return Ok(0) };
        let itself = record.deadline_ms().is_some_and(|ms| ms <= now);
        let died = if itself { 1 } else { dues(&record).overdue };
        self.after.free(record.into_object());
        let counts = &mut self.locked.stripe(key.stripe())?.counts;
        if itself {
            counts.expired += 1;
            self.report(key, "expired", Class::EXPIRED)?;
        } else {
            counts.expired_fields += died as u64;
            self.report(key, FIELDS_EXPIRED, Class::HASH)?;
            self.report(key, "del", Class::GENERIC)?;
        }
        Ok(died)
    }

    /// Removes and reports fields of a hash that are gone, at most `most`. Says how many.
    fn expire_fields(&mut self, key: &Key<'_>, most: usize) -> Result<usize> {
        let stripe = self.locked.stripe(key.stripe())?;
        let Some(mut slot) = stripe.db_mut(key.db).table.get_mut(key.hash, key.bytes) else { return Ok(0) };
        let (before, due) = (used_bytes(&slot), dues(&slot));
        let Some(Object::Hash(hash)) = slot.object_mut() else { return Ok(0) };
        let removed = hash.remove_overdue(most);
        hash.settle();
        let delta = used_bytes(&slot) - before;
        drop(slot);
        stripe.account(key.db, delta);
        stripe.counts.expired_fields += removed as u64;
        self.note_inner(key, due.next_ms)?;
        self.report(key, FIELDS_EXPIRED, Class::HASH)?;
        Ok(removed)
    }

    /// Removes and reports entries and fields of one stripe whose deadlines have come, at most `most` of each database.
    /// Gives how late they were, in milliseconds, and how many went at once, to `removed`. Says whether more are due.
    pub(crate) fn expire_due(
        &mut self,
        index: usize,
        most: usize,
        mut removed: impl FnMut(u64, usize),
    ) -> Result<bool> {
        let now = self.now_ms();
        let stripe = self.locked.stripe(index)?;
        let dbs: SmallVec<[DbIndex; 4]> =
            stripe.dbs().filter(|(_, db)| db.wheel.is_some()).map(|(i, _)| i).collect();
        for db in dbs {
            let part = self.locked.stripe(index)?.db_mut(db);
            let mut due = std::mem::take(&mut part.overdue);
            let mut items = SmallVec::<[u32; 32]>::new();
            if let Some(wheel) = part.wheel.as_mut() {
                wheel.take_due(now, most.saturating_sub(due.len()), |item| items.push(item));
            }
            part.prefetch(&items);
            let hasher = &self.shared.keyspace.hasher;
            let dead: SmallVec<[(u64, Record<Object>); 32]> =
                items.iter().filter_map(|item| part.take_due(*item, now, hasher, &mut due)).collect();
            if part.inner > 0 {
                // Several items may lead to one key; it is put back into the wheel once.
                due.sort_unstable();
                due.dedup();
            }
            let mut left = most.saturating_sub(dead.len());
            if !dead.is_empty() {
                self.bury(index, db, dead, &mut removed)?;
            }
            for bytes in due {
                let key = self.shared.keyspace.key(db, &bytes);
                if left > 0 && self.expire_step(&key, &mut left, &mut removed)? {
                    continue;
                }
                self.locked.stripe(index)?.db_mut(db).overdue.push(bytes);
            }
        }
        let next = self.locked.stripe(index)?.next_due_ms();
        self.shared.keyspace.cell(index).next_due_ms.store(next, Ordering::Release);
        Ok(next <= now)
    }

    /// Counts and reports entries that died and have been taken out of the table.
    fn bury(
        &mut self,
        index: usize,
        db: DbIndex,
        dead: SmallVec<[(u64, Record<Object>); 32]>,
        removed: &mut impl FnMut(u64, usize),
    ) -> Result<()> {
        let now = self.now_ms();
        let stripe = self.locked.stripe(index)?;
        stripe.counts.expired += dead.len() as u64;
        stripe.account(db, -dead.iter().map(|(_, record)| used_bytes(record)).sum::<i64>());
        for (hash, record) in &dead {
            let key = Key { db, bytes: record.key(), hash: *hash };
            self.report(&key, "expired", Class::EXPIRED)?;
        }
        // Those that die together mostly have the same deadline.
        for same in dead.chunk_by(|(_, a), (_, b)| a.deadline_ms() == b.deadline_ms()) {
            let deadline_ms = same[0].1.deadline_ms().unwrap_or(now);
            removed(now.saturating_sub(deadline_ms), same.len());
        }
        self.after.free_records(dead.into_iter().map(|(_, record)| record));
        Ok(())
    }

    /// When the timer must look at the stripe of a key next; `u64::MAX` for never.
    #[cfg(test)]
    pub(crate) fn next_due_ms(&mut self, key: &Key<'_>) -> u64 {
        self.locked.stripe(key.stripe()).map_or(u64::MAX, |stripe| stripe.next_due_ms())
    }

    /// Removes and reports a key that is due, or at most `left` fields of it that are, and counts `left` down. Says
    /// whether that was all; if so, the wheel knows when to come back.
    fn expire_step(
        &mut self,
        key: &Key<'_>,
        left: &mut usize,
        removed: &mut impl FnMut(u64, usize),
    ) -> Result<bool> {
        let now = self.now_ms();
        let View { shared, locked, now_ms, .. } = self;
        let Some(db) = locked.stripe(key.stripe())?.db(key.db) else { return Ok(true) };
        let Some(record) = db.table.get(key.hash, key.bytes) else { return Ok(true) };
        if let Some(late) = due_ms(&record).and_then(|due| now.checked_sub(due)) {
            if !is_alive(&record, shared, now_ms) {
                // However many fields it has: they are freed when the lock is gone.
                removed(late, self.expire(key)?);
                *left -= 1;
                return Ok(true);
            }
            let count = self.expire_fields(key, *left)?;
            removed(late, count);
            *left -= count.min(*left);
        }
        let Some(mut slot) =
            self.locked.stripe(key.stripe())?.db_mut(key.db).table.get_mut(key.hash, key.bytes)
        else {
            return Ok(true);
        };
        let next = due_ms(&slot);
        if next.is_some_and(|next| next <= now) {
            return Ok(false);
        }
        // The item that led here is gone from the wheel.
        slot.set_armed(next.is_some());
        drop(slot);
        next.map_or(Ok(()), |next| self.arm(key, next))?;
        Ok(true)
    }
}

/// Whether an entry is there for somebody who looks now: its deadline has not come, and some part of it is left. Most
/// entries have no deadline of any kind, and that is one bit test.
#[expect(clippy::inline_always, reason = "it is one bit test nearly always")]
#[inline(always)]
pub(super) fn is_alive(record: &Record<Object>, shared: &Shared, known: &mut Option<u64>) -> bool {
    !record.is_mortal() || is_mortal_alive(record, shared, known)
}

fn is_mortal_alive(record: &Record<Object>, shared: &Shared, known: &mut Option<u64>) -> bool {
    let dead = record.deadline_ms().is_some_and(|ms| is_due(shared, known, ms));
    !dead && (!record.has_inner() || has_parts_alive(record, shared, known))
}

/// Tells a value whose parts have deadlines the time, and whether it has parts left then.
fn has_parts_alive(record: &Record<Object>, shared: &Shared, known: &mut Option<u64>) -> bool {
    let Stored::Object(Object::Hash(hash)) = record.value() else { return true };
    let due = hash.dues().next_ms.is_some_and(|ms| is_due(shared, known, ms));
    hash.look(if due { now_ms(shared, known) } else { 0 });
    !hash.is_empty()
}

/// Whether a deadline has come. Most are far away, and then a cheap clock is enough to know.
#[inline]
fn is_due(shared: &Shared, known: &mut Option<u64>, deadline_ms: u64) -> bool {
    if known.is_none() && deadline_ms > shared.clock.coarse_ms() + COARSE_LAG_MS {
        return false;
    }
    deadline_ms <= now_ms(shared, known)
}
