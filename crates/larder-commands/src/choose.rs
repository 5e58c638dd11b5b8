//! Choosing members at random.

use crate::args::Args;
use crate::byte_list::ByteList;
use crate::cx::{Cx, Haste, Way};
use crate::error::{Error, Result};
use larder_core::value::Collection;
use larder_core::value::string::parse_int;
use larder_core::{Key, Rng, Slice};
use std::collections::HashSet;

/// Replies with repetitions are as long as asked for, not as long as the collection: beyond this somebody wants the
/// memory, not the members.
const REPEATED_MAX: u64 = 16 * 1024 * 1024;

/// Reads a count of random members: below zero for repetitions.
pub(crate) fn random_count(word: &[u8]) -> Result<i64> {
    match parse_int(word).ok_or(Error::NOT_INTEGER)? {
        i64::MIN => Err(Error::NOT_NEGATABLE),
        count => Ok(count),
    }
}

/// How many members with repetitions may be returned.
pub(crate) fn repeated(count: u64) -> Result<usize> {
    if count > REPEATED_MAX { Err(Error::OUT_OF_RANGE) } else { Ok(count as usize) }
}

/// How random members are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// One by one, with repetitions.
    Repeated,
    /// One by one, those left out that were chosen already: a few of many.
    Few,
    /// Among all.
    AmongAll,
}

impl Choice {
    /// For a count below zero or above, of so many members.
    pub(crate) fn of(count: i64, len: usize) -> Choice {
        match usize::try_from(count) {
            Err(_) => Choice::Repeated,
            // Of three that are chosen, two at least are new.
            Ok(count) if count.saturating_mul(3) <= len => Choice::Few,
            Ok(_) => Choice::AmongAll,
        }
    }

    /// How to go through the members that are looked at.
    pub(crate) fn way(self, haste: Haste, count: i64, len: usize) -> Way {
        haste.way(match self {
            Choice::Repeated | Choice::Few => usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX),
            Choice::AmongAll => len,
        })
    }
}

/// Members that are chosen one by one, each with what belongs to it.
#[derive(Default)]
pub(crate) struct Chosen {
    /// Members and what belongs to them, by turns.
    pub(crate) words: ByteList,
    seen: HashSet<Box<[u8]>>,
}

impl Chosen {
    /// Adds one, unless each is wanted once and it is there already.
    pub(crate) fn add(&mut self, choice: Choice, member: &[u8], more: &[u8], slice: &mut Slice) {
        slice.add(member.len() + more.len());
        if choice == Choice::Repeated || self.seen.insert(member.into()) {
            self.words.push(member);
            self.words.push(more);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.words.len() / 2
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut words = self.words.iter();
        std::iter::from_fn(move || words.next().zip(words.next()))
    }
}

/// Works on a copy of a whole collection that is made in slices, with nothing locked; `None` where it is gone
/// meanwhile.
pub(crate) fn on_copy<C: Collection>(
    cx: &mut Cx<'_>,
    args: Args<'_>,
    key: &Key<'_>,
    work: impl FnOnce(Option<&C>),
) -> Result<()> {
    let copy = cx.view.copy_in_slices(key)?;
    cx.stop_reading(args);
    work(copy.as_ref().map(|copy| C::of(copy).ok_or(Error::WRONG_TYPE)).transpose()?);
    Ok(())
}

/// Chooses `count` members one by one and in slices. `sample` gives one of them to what it is called with; `len` says
/// how many there are.
pub(crate) fn choose_in_slices<C: Collection>(
    cx: &mut Cx<'_>,
    args: Args<'_>,
    key: &Key<'_>,
    (choice, count): (Choice, usize),
    len: impl Fn(&C) -> usize,
    sample: impl Fn(&C, &mut Rng, &mut dyn FnMut(&[u8], &[u8])),
) -> Result<Chosen> {
    let mut rng = cx.view.tools().rng;
    cx.read_in_slices(args, &[*key], |view, chosen: &mut Chosen| {
        let Some(entry) = view.peek(key)? else { return Ok(true) };
        let members: &C = entry.collection()?;
        let most = match choice {
            Choice::Repeated => count,
            Choice::Few | Choice::AmongAll => count.min(len(members)),
        };
        let mut slice = Slice::default();
        while slice.left() > 0 && chosen.len() < most {
            let mut is_there = false;
            sample(members, &mut rng, &mut |member, more| {
                is_there = true;
                chosen.add(choice, member, more, &mut slice);
            });
            if !is_there {
                return Ok(true);
            }
        }
        Ok(chosen.len() >= most)
    })
}

/// Moves `count` of these, chosen at random, to the front, and gives them.
pub(crate) fn distinct<'m, M>(members: &'m mut [M], count: usize, rng: &mut Rng) -> &'m [M] {
    let count = count.min(members.len());
    if count < members.len() {
        for at in 0..count {
            let other = at + rng.below(members.len() - at);
            members.swap(at, other);
        }
    }
    &members[..count]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_is_chosen_about_as_often() {
        let mut rng = Rng::seeded(1);
        let mut times = [0; 10];
        for _ in 0..10_000 {
            let mut members: Vec<usize> = (0..10).collect();
            let chosen = distinct(&mut members, 3, &mut rng);
            assert_eq!(chosen.len(), 3);
            chosen.iter().for_each(|member| times[*member] += 1);
        }
        assert!(times.iter().all(|times| (2_700..3_300).contains(times)), "{times:?}");
    }
}
