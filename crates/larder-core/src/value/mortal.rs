//! A hash of which some fields die: its fields, and beside them a sorted set that has their deadlines for scores.
//!
//! Only a hash that was given such a deadline has this, so that all others pay nothing for it; and fields that live on
//! in a hash like this stay as small as elsewhere. The sorted set answers what is asked of deadlines: which one a field
//! has, which is the nearest, and, since it counts, how many have come, in O(log n) whatever their number. As long as
//! not even the nearest has come, no field is looked up twice.
//!
//! A value has no clock. Whoever finds a hash tells it the moment as of which it is looked at, and from then on every
//! field whose deadline has come by then is gone for every question, though it lies there until somebody removes it:
//! the timer, a bounded number at a time, or a write that meets it.

use super::Dues;
use super::fields::Fields;
use super::score::ScoreBound;
use super::string::Str;
use super::zset::Zset;
use crate::keyspace::Tools;
use crate::rng::Rng;
use std::cell::Cell;

/// Fields of which some have deadlines.
#[derive(Debug)]
pub(super) struct Mortal {
    fields: Fields,
    /// Deadlines of fields stay below 2^48, so a score holds them exactly.
    deadlines: Zset,
    /// The nearest of the deadlines; `u64::MAX` where there are none.
    nearest_ms: u64,
    /// The moment as of which it is looked at. Told through shared references, since readers have no others; it changes
    /// nothing but what is hidden.
    as_of_ms: Cell<u64>,
}

impl Clone for Mortal {
    /// A copy without what is gone.
    fn clone(&self) -> Mortal {
        let mut copy = Mortal {
            fields: self.fields.clone(),
            deadlines: self.deadlines.clone(),
            nearest_ms: self.nearest_ms,
            as_of_ms: self.as_of_ms.clone(),
        };
        copy.remove_overdue(usize::MAX);
        copy
    }
}

impl Mortal {
    pub(super) fn new(fields: Fields) -> Mortal {
        Mortal { fields, deadlines: Zset::new(), nearest_ms: u64::MAX, as_of_ms: Cell::new(0) }
    }

    /// The fields, where no deadlines are left.
    pub(super) fn take_lasting(&mut self) -> Option<Fields> {
        self.deadlines.is_empty().then(|| std::mem::take(&mut self.fields))
    }

    pub(super) fn look(&self, now_ms: u64) {
        self.as_of_ms.set(now_ms);
    }

    pub(super) fn dues(&self) -> Dues {
        Dues { next_ms: Some(self.nearest_ms).filter(|ms| *ms != u64::MAX), overdue: self.overdue() }
    }

    /// How many are gone and lie there still.
    fn overdue(&self) -> usize {
        if !self.hides_any() {
            return 0;
        }
        let by_now = ScoreBound::Incl(self.as_of_ms.get() as f64);
        self.deadlines.ranks_by_score(ScoreBound::Incl(0.0), by_now).len()
    }

    #[inline]
    fn hides_any(&self) -> bool {
        self.nearest_ms <= self.as_of_ms.get()
    }

    fn is_gone(&self, field: &[u8]) -> bool {
        self.hides_any() && self.deadline_ms(field).is_some_and(|ms| ms <= self.as_of_ms.get())
    }

    fn deadline_ms(&self, field: &[u8]) -> Option<u64> {
        self.deadlines.score(field).map(|ms| ms as u64)
    }

    pub(super) fn len(&self) -> usize {
        self.fields.len() - self.overdue()
    }

    pub(super) fn encoding(&self) -> &'static str {
        match self.fields {
            Fields::Packed(_) => "listpackex",
            Fields::Table(_) => "hashtable",
        }
    }

    pub(super) fn used_bytes(&self) -> usize {
        size_of::<Mortal>() + self.fields.used_bytes() + self.deadlines.used_bytes()
    }

    pub(super) fn prefetch(&self, fields: &[&[u8]]) {
        self.fields.prefetch(fields);
    }

    pub(super) fn get(&self, field: &[u8]) -> Option<Str<'_>> {
        if self.is_gone(field) { None } else { self.fields.get(field) }
    }

    pub(super) fn contains(&self, field: &[u8]) -> bool {
        !self.is_gone(field) && self.fields.contains(field)
    }

    /// The deadline of a field that has not come.
    pub(super) fn deadline_of(&self, field: &[u8]) -> Option<u64> {
        self.deadline_ms(field).filter(|ms| *ms > self.as_of_ms.get())
    }

    /// Gives a field a value; its deadline stays as it is. Says whether the field is new.
    pub(super) fn set(&mut self, tools: &Tools<'_>, field: &[u8], value: &[u8]) -> bool {
        self.bury(field);
        self.fields.set(tools, field, value)
    }

    pub(super) fn remove(&mut self, field: &[u8]) -> bool {
        if self.bury(field) {
            return false;
        }
        self.clear_deadline(field);
        self.fields.remove(field)
    }

    /// Gives a field that is there a deadline.
    pub(super) fn set_deadline(&mut self, tools: &Tools<'_>, field: &[u8], ms: u64) {
        self.deadlines.insert(tools, field, ms as f64);
        self.find_nearest();
    }

    /// Lets a field live on. Says whether it would have died.
    pub(super) fn clear_deadline(&mut self, field: &[u8]) -> bool {
        let had = self.deadlines.remove(field).is_some();
        if had {
            self.find_nearest();
        }
        had
    }

    fn find_nearest(&mut self) {
        self.nearest_ms = self.deadlines.get(0).map_or(u64::MAX, |(_, ms)| ms as u64);
    }

    /// Removes a field if it is gone already.
    fn bury(&mut self, field: &[u8]) -> bool {
        let gone = self.is_gone(field);
        if gone {
            self.clear_deadline(field);
            self.fields.remove(field);
        }
        gone
    }

    /// Removes fields that are gone, those that have been for longest first, at most `most`. Says how many.
    pub(super) fn remove_overdue(&mut self, most: usize) -> usize {
        let count = self.overdue().min(most);
        let fields = &mut self.fields;
        self.deadlines.remove_range(0..count, |field, _| {
            fields.remove(field);
        });
        self.find_nearest();
        count
    }

    /// Visits fields with values and deadlines until `visit` says `false`.
    pub(super) fn each_with_deadline<'h>(
        &'h self,
        mut visit: impl FnMut(&'h [u8], Str<'h>, Option<u64>) -> bool,
    ) {
        self.fields.each(|field, value| match self.deadline_ms(field) {
            Some(ms) if ms <= self.as_of_ms.get() => true,
            deadline => visit(field, value, deadline),
        });
    }

    pub(super) fn each<'h>(&'h self, mut visit: impl FnMut(&'h [u8], Str<'h>) -> bool) {
        self.fields.each(|field, value| self.is_gone(field) || visit(field, value));
    }

    pub(super) fn scan(&self, cursor: u64, count: usize, mut visit: impl FnMut(&[u8], Str<'_>)) -> u64 {
        self.fields.scan(cursor, count, |field, value| {
            if !self.is_gone(field) {
                visit(field, value);
            }
        })
    }

    pub(super) fn sample(&self, rng: &mut Rng) -> Option<(&[u8], Str<'_>)> {
        /// After so many fields that were gone, those that are not are counted off.
        const TRIES: usize = 16;
        for _ in 0..TRIES {
            let (field, value) = self.fields.sample(rng)?;
            if !self.is_gone(field) {
                return Some((field, value));
            }
        }
        let mut before = match self.len() {
            0 => return None,
            len => rng.below(len),
        };
        let mut chosen = None;
        self.each(|field, value| {
            if before == 0 {
                chosen = Some((field, value));
                return false;
            }
            before -= 1;
            true
        });
        chosen
    }
}
