//! Some entries of a stream in one run of bytes.
//!
//! ```text
//! names of the first entry | entry | entry | ...
//! entry: flags | milliseconds since the entry before | number | length | values, or else names and values
//! ```
//! An entry with the same names as the first does not repeat them, and an id takes two bytes as a rule. Entries that
//! are deleted are marked first and cleared away when they are more than half of the bytes; those at the beginning are
//! stepped over, so trimming a stream entry by entry does not walk over what it trimmed before.
//!
//! How many entries `XTRIM … ~` leaves depends on where a node ends, and that on its bytes. They are therefore counted
//! as Redis would lay the node out, as a listpack (its format is public), though ours is smaller.

use super::StreamId;
use crate::value::packed::{self, Word};
use crate::value::string::Str;
use smallvec::SmallVec;
use std::ops::Range;

/// The entry is deleted.
const DELETED: u8 = 1;
/// The entry has names of its own.
const NAMED: u8 = 1 << 1;

/// Entries in a row.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// No entry has a lower id. That of the first entry, or that of the last one that was stepped over.
    base: StreamId,
    /// The id that was written last, whether its entry is still there or not.
    last: StreamId,
    bytes: Vec<u8>,
    /// How many names stand at the beginning.
    names: u32,
    /// Where the first entry begins that is left.
    start: usize,
    /// Bytes of entries that are deleted.
    dead_bytes: usize,
    /// Entries that are left.
    live: u32,
    /// Entries that were ever written.
    written: u32,
    /// Bytes of a listpack with all that was ever written, without how many are left and how many deleted.
    listed: u32,
}

/// Where an entry begins, and the id that it is told from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    at: usize,
    before: StreamId,
}

/// What stands at a place.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) id: StreamId,
    place: Place,
    flags: u8,
    /// Names and values.
    payload: Range<usize>,
}

impl Found {
    fn after(&self) -> Place {
        Place { at: self.payload.end, before: self.id }
    }

    fn is_live(&self) -> bool {
        self.flags & DELETED == 0
    }
}

/// An entry.
#[derive(Clone, Debug)]
pub struct Entry<'s> {
    /// Its id.
    pub id: StreamId,
    fields: Fields<'s>,
}

impl<'s> Entry<'s> {
    /// Its fields with their values, in the order in which they were given.
    pub fn fields(&self) -> Fields<'s> {
        self.fields.clone()
    }
}

/// Fields and values of an entry.
#[derive(Clone, Debug)]
pub struct Fields<'s> {
    /// Where the entry does not repeat its names.
    names: Option<packed::Iter<'s>>,
    words: packed::Iter<'s>,
    left: usize,
}

impl<'s> Iterator for Fields<'s> {
    type Item = (Str<'s>, Str<'s>);

    fn next(&mut self) -> Option<(Str<'s>, Str<'s>)> {
        self.left = self.left.checked_sub(1)?;
        let name = self.names.as_mut().unwrap_or(&mut self.words).next()?;
        Some((name.value(), self.words.next()?.value()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Fields<'_> {}

fn write_number(mut n: u64, bytes: &mut Vec<u8>) {
    while n >= 0x80 {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
}

fn read_number(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut n = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        n |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(n);
        }
    }
    None
}

/// Bytes of a number.
fn width(n: u64) -> usize {
    (64 - (n | 1).leading_zeros() as usize).div_ceil(7)
}

/// Bytes that a number takes in a listpack.
fn listed_int(n: i64) -> usize {
    match n {
        0..0x80 => 2,
        -0x1000..0x1000 => 3,
        -0x8000..0x8000 => 4,
        -0x80_0000..0x80_0000 => 5,
        -0x8000_0000..0x8000_0000 => 6,
        _ => 10,
    }
}

/// Bytes that a word takes in a listpack.
fn listed(word: &Word<'_>) -> usize {
    let text = match word {
        Word::Int(_, bytes) => return listed_int(i64::from_le_bytes(*bytes)),
        // A digit is stored as a text, which is no longer than the number.
        Word::Text([b'0'..=b'9']) => return 2,
        Word::Text(text) => text.len(),
    };
    let element = text
        + match text {
            0..0x40 => 1,
            0x40..0x1000 => 2,
            _ => 5,
        };
    // Behind it stands its length, seven bits to a byte.
    element
        + match element {
            0..=127 => 1,
            128..16_383 => 2,
            16_383..2_097_151 => 3,
            2_097_151..268_435_455 => 4,
            _ => 5,
        }
}

/// Bytes of a listpack without elements.
const LISTED_NONE: usize = 7;

impl Node {
    /// A node with one entry: fields and values in turn.
    pub(super) fn new(id: StreamId, pairs: &[&[u8]]) -> Node {
        let names: SmallVec<[Word<'_>; 8]> =
            pairs.iter().step_by(2).map(|name| Word::compact(name)).collect();
        let mut bytes = Vec::with_capacity(names.iter().map(Word::size).sum());
        names.iter().for_each(|name| name.append_to(&mut bytes));
        let mut node = Node {
            base: id,
            last: id,
            start: bytes.len(),
            bytes,
            names: names.len() as u32,
            dead_bytes: 0,
            live: 0,
            written: 0,
            // The names, their number before and a zero after them.
            listed: (LISTED_NONE
                + listed_int(names.len() as i64)
                + names.iter().map(listed).sum::<usize>()
                + 2) as u32,
        };
        node.push(id, pairs);
        node
    }

    /// No entry has a lower id.
    pub(super) fn base(&self) -> StreamId {
        self.base
    }

    /// The id that was written last.
    pub(super) fn last(&self) -> StreamId {
        self.last
    }

    /// How many entries are left.
    pub(super) fn len(&self) -> usize {
        self.live as usize
    }

    /// How many entries there ever were.
    pub(super) fn written(&self) -> usize {
        self.written as usize
    }

    /// Bytes that the node would take in Redis.
    pub(super) fn size(&self) -> usize {
        self.listed as usize
            + listed_int(i64::from(self.live))
            + listed_int(i64::from(self.written - self.live))
    }

    /// Bytes on the heap.
    pub(super) fn used_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// Gives spare room back: nothing more will be written.
    pub(super) fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
    }

    /// Adds an entry with an id above all others.
    pub(super) fn push(&mut self, id: StreamId, pairs: &[&[u8]]) {
        let names = packed::Iter::over(&self.bytes).take(self.names as usize);
        let same = pairs.len() == 2 * self.names as usize
            && names.zip(pairs.iter().step_by(2)).all(|(name, other)| name.is(&Word::compact(other)));
        let (first, step) = if same { (1, 2) } else { (0, 1) };
        let words: SmallVec<[Word<'_>; 8]> =
            pairs.iter().skip(first).step_by(step).map(|word| Word::compact(word)).collect();
        let count = (pairs.len() / 2) as u64;
        let payload = words.iter().map(Word::size).sum::<usize>() + if same { 0 } else { width(count) };
        self.begin(id, if same { 0 } else { NAMED }, payload);
        if !same {
            write_number(count, &mut self.bytes);
        }
        words.iter().for_each(|word| word.append_to(&mut self.bytes));
        // Flags, the id as told from the first one, the number of names where there are any, and that of elements.
        let id_bytes = listed_int(id.ms.wrapping_sub(self.base.ms) as i64)
            + listed_int(id.seq.wrapping_sub(self.base.seq) as i64);
        let (own, elements) = if same { (0, count + 3) } else { (listed_int(count as i64), 2 * count + 4) };
        let added =
            2 + id_bytes + own + words.iter().map(listed).sum::<usize>() + listed_int(elements as i64);
        self.listed = self.listed.saturating_add(added as u32);
        self.live += 1;
        self.written += 1;
    }

    /// Writes what stands before names and values, of which there will be so many bytes.
    fn begin(&mut self, id: StreamId, flags: u8, payload: usize) {
        let ms = id.ms.wrapping_sub(self.last.ms);
        let seq = if ms == 0 { id.seq.wrapping_sub(self.last.seq) } else { id.seq };
        let needed = 1 + width(ms) + width(seq) + width(payload as u64) + payload;
        if self.bytes.capacity() - self.bytes.len() < needed {
            // Many streams are short: doubling would waste most.
            self.bytes.reserve_exact(needed + self.bytes.len() / 4);
        }
        self.bytes.push(flags);
        write_number(ms, &mut self.bytes);
        write_number(seq, &mut self.bytes);
        write_number(payload as u64, &mut self.bytes);
        self.last = id;
    }

    /// Where the first entry begins.
    pub(super) fn start(&self) -> Place {
        Place { at: self.start, before: self.base }
    }

    fn read(&self, place: Place) -> Option<Found> {
        let mut at = place.at + 1;
        let flags = *self.bytes.get(place.at)?;
        let ms = read_number(&self.bytes, &mut at)?;
        let seq = read_number(&self.bytes, &mut at)?;
        let len = read_number(&self.bytes, &mut at)? as usize;
        let id = match ms {
            0 => StreamId::new(place.before.ms, place.before.seq.wrapping_add(seq)),
            ms => StreamId::new(place.before.ms.wrapping_add(ms), seq),
        };
        Some(Found { id, place, flags, payload: at..at + len })
    }

    /// The next entry that is left, from a place on, which moves behind it.
    #[inline]
    pub(super) fn next(&self, place: &mut Place) -> Option<Found> {
        loop {
            let found = self.read(*place)?;
            *place = found.after();
            if found.is_live() {
                return Some(found);
            }
        }
    }

    /// All entries that are left.
    pub(super) fn iter(&self) -> impl Iterator<Item = Found> {
        let mut place = self.start();
        std::iter::from_fn(move || self.next(&mut place))
    }

    /// What was found, to be read.
    pub(super) fn entry(&self, found: &Found) -> Entry<'_> {
        let mut at = found.payload.start;
        let (names, left) = if found.flags & NAMED == 0 {
            (Some(packed::Iter::over(&self.bytes)), self.names as usize)
        } else {
            (None, read_number(&self.bytes, &mut at).unwrap_or(0) as usize)
        };
        let words = packed::Iter::over(self.bytes.get(at..found.payload.end).unwrap_or_default());
        Entry { id: found.id, fields: Fields { names, words, left } }
    }

    /// Deletes an entry. Says whether it was there.
    pub(super) fn remove(&mut self, id: StreamId) -> bool {
        let Some(found) = self.iter().take_while(|found| found.id <= id).find(|found| found.id == id) else {
            return false;
        };
        self.remove_found(&found);
        self.settle();
        true
    }

    /// Deletes the first entries as long as `goes` says so. Says how many.
    pub(super) fn remove_first(&mut self, mut goes: impl FnMut(StreamId) -> bool) -> usize {
        let mut removed = 0;
        while let Some(found) = self.next(&mut self.start()).filter(|found| goes(found.id)) {
            self.remove_found(&found);
            removed += 1;
        }
        self.settle();
        removed
    }

    fn remove_found(&mut self, found: &Found) {
        self.bytes[found.place.at] |= DELETED;
        self.dead_bytes += found.payload.end - found.place.at;
        self.live -= 1;
        while let Some(first) = self.read(self.start()).filter(|first| !first.is_live()) {
            let after = first.after();
            (self.start, self.base) = (after.at, after.before);
        }
    }

    /// Clears away what is deleted, if that is most of it.
    fn settle(&mut self) {
        if self.live == 0 || self.dead_bytes <= self.bytes.len() / 2 {
            return;
        }
        let left: Vec<Found> = self.iter().collect();
        let old = std::mem::take(&mut self.bytes);
        let names_end = {
            let mut names = packed::Iter::over(&old);
            names.by_ref().take(self.names as usize).for_each(drop);
            names.place()
        };
        self.bytes.reserve_exact(old.len() - self.dead_bytes + 16);
        self.bytes.extend_from_slice(&old[..names_end]);
        self.start = names_end;
        self.dead_bytes = 0;
        let last = self.last;
        if let Some(first) = left.first() {
            self.base = first.id;
            self.last = first.id;
        }
        for found in left {
            self.begin(found.id, found.flags, found.payload.len());
            self.bytes.extend_from_slice(&old[found.payload]);
        }
        if self.last != last {
            // What comes next is told from the id that was written last, so that one has to stay.
            let end = self.bytes.len();
            self.begin(last, DELETED, 0);
            self.dead_bytes = self.bytes.len() - end;
        }
    }
}
