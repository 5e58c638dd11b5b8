//! Choosing members at random.

use crate::error::{Error, Result};
use larder_core::Rng;
use larder_core::value::string::parse_int;

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
