//! A small sorted set: members with scores in one run of bytes, in order.
//!
//! ```text
//! length 1 or 5 | form 1 | score 0 to 8 | member
//! ```
//! Length and form stand together, because a walk waits for them at every step. A whole score takes as many bytes as it
//! needs, another one eight. Everything is found by walking from the front: at most some kilobytes, which the cache
//! reads ahead.

use super::zset::precedes;
use smallvec::SmallVec;
use std::ops::Range;

/// The form of a score that is not a small whole number: eight bytes of a double. Lower forms are lengths.
const DOUBLE: u8 = 9;
/// A length byte that says that four bytes of length follow.
const LONG: u8 = 0xff;

/// Members with scores, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScoreList {
    bytes: Vec<u8>,
    len: u32,
}

/// A member and where it lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot<'l> {
    start: usize,
    end: usize,
    /// The form and the score.
    score: &'l [u8],
    pub(crate) member: &'l [u8],
}

impl Spot<'_> {
    /// The score: read only where it is asked for, because looking for a member passes many.
    #[inline]
    pub(crate) fn score(&self) -> f64 {
        let mut bytes = [0; 8];
        let (form, score) = (self.score[0], &self.score[1..]);
        bytes[..score.len()].copy_from_slice(score);
        if form == DOUBLE {
            return f64::from_le_bytes(bytes);
        }
        // The topmost bit is the sign: shifted up and down again, it fills the rest.
        let unused = 64 - 8 * u32::from(form);
        (i64::from_le_bytes(bytes).checked_shl(unused).unwrap_or(0) >> unused.min(63)) as f64
    }
}

/// Walks a run of bytes.
#[derive(Clone, Debug)]
struct Walk<'l> {
    bytes: &'l [u8],
    at: usize,
}

impl<'l> Iterator for Walk<'l> {
    type Item = Spot<'l>;

    #[inline]
    fn next(&mut self) -> Option<Spot<'l>> {
        let start = self.at;
        let mut rest = self.bytes.get(start..)?;
        let mut len = usize::from(*rest.first()?);
        let mut head = 1;
        if len == usize::from(LONG) {
            len = u32::from_le_bytes(rest[1..5].try_into().ok()?) as usize;
            head = 5;
        }
        rest = &rest[head..];
        let width = 1 + usize::from(if rest[0] == DOUBLE { 8 } else { rest[0] });
        let (score, rest) = rest.split_at(width);
        self.at = start + head + width + len;
        Some(Spot { start, end: self.at, score, member: &rest[..len] })
    }
}

impl ScoreList {
    /// How many members there are.
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// Bytes on the heap.
    pub(crate) fn used_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    fn walk(&self) -> Walk<'_> {
        Walk { bytes: &self.bytes, at: 0 }
    }

    /// A member, and its rank.
    pub(crate) fn find(&self, member: &[u8]) -> Option<(usize, Spot<'_>)> {
        self.walk().enumerate().find(|(_, spot)| spot.member == member)
    }

    /// How many members come before a place; `before` is true up to it and false from there on.
    pub(crate) fn rank_where(&self, before: impl Fn(f64, &[u8]) -> bool) -> usize {
        self.walk().take_while(|spot| before(spot.score(), spot.member)).count()
    }

    /// Adds a member that is not in the list.
    pub(crate) fn insert(&mut self, score: f64, member: &[u8]) {
        let after = self.walk().find(|spot| !precedes((spot.score(), spot.member), (score, member)));
        let at = after.map_or(self.bytes.len(), |spot| spot.start);
        let mut head = SmallVec::<[u8; 16]>::new();
        if member.len() < usize::from(LONG) {
            head.push(member.len() as u8);
        } else {
            head.push(LONG);
            head.extend_from_slice(&(member.len() as u32).to_le_bytes());
        }
        let whole = score as i64;
        if whole as f64 == score && whole != i64::MAX {
            let bits = 64 - if whole < 0 { (!whole).leading_zeros() } else { whole.leading_zeros() };
            // One more bit for the sign; zero takes no byte at all.
            let width = if whole == 0 { 0 } else { (bits as usize + 1).div_ceil(8) };
            head.push(width as u8);
            head.extend_from_slice(&whole.to_le_bytes()[..width]);
        } else {
            head.push(DOUBLE);
            head.extend_from_slice(&score.to_le_bytes());
        }
        let added = head.len() + member.len();
        let old = self.bytes.len();
        if self.bytes.capacity() - old < added {
            // Growing by an eighth: many small sets weigh more than a rare copy of some kilobytes.
            self.bytes.reserve_exact(added + old / 8);
        }
        self.bytes.resize(old + added, 0);
        self.bytes.copy_within(at..old, at + added);
        self.bytes[at..at + head.len()].copy_from_slice(&head);
        self.bytes[at + head.len()..at + added].copy_from_slice(member);
        self.len += 1;
    }

    /// Removes these ranks, and shows each member first.
    pub(crate) fn remove_range(&mut self, ranks: Range<usize>, mut visit: impl FnMut(&[u8], f64)) {
        let mut cut: Option<Range<usize>> = None;
        let mut removed = 0;
        for spot in self.walk().skip(ranks.start).take(ranks.len()) {
            visit(spot.member, spot.score());
            cut = Some(cut.map_or(spot.start, |cut| cut.start)..spot.end);
            removed += 1;
        }
        self.len -= removed;
        if let Some(cut) = cut {
            self.bytes.drain(cut);
        }
        if self.bytes.len() < self.bytes.capacity() / 2 {
            self.bytes.shrink_to_fit();
        }
    }

    /// The members of these ranks, from either end.
    pub(crate) fn range(&self, ranks: Range<usize>) -> Spots<'_> {
        let end = ranks.end.min(self.len());
        let ranks = ranks.start.min(end)..end;
        let mut walk = self.walk();
        if ranks.start > 0 {
            walk.nth(ranks.start - 1);
        }
        Spots { walk, left: ranks.len(), starts: SmallVec::new() }
    }
}

/// Members of a range of ranks, in order.
#[derive(Clone, Debug)]
pub(crate) struct Spots<'l> {
    walk: Walk<'l>,
    left: usize,
    /// Where the members that are left begin; filled when they are first asked for from the back.
    starts: SmallVec<[u32; 16]>,
}

impl<'l> Iterator for Spots<'l> {
    type Item = (&'l [u8], f64);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        self.walk.next().map(|spot| (spot.member, spot.score()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl DoubleEndedIterator for Spots<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        if self.starts.is_empty() {
            self.starts.extend(self.walk.clone().take(self.left + 1).map(|spot| spot.start as u32));
        }
        let at = self.starts.pop()? as usize;
        Walk { bytes: self.walk.bytes, at }.next().map(|spot| (spot.member, spot.score()))
    }
}
