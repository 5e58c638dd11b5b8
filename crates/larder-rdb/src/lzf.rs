//! LZF, the compression of long strings in payloads: runs of bytes as they are, and references to earlier bytes.
//!
//! ```text
//! 000LLLLL                    the next L + 1 bytes as they are
//! LLLooooo oooooooo           L + 2 bytes from o + 1 bytes back
//! 111ooooo LLLLLLLL oooooooo  L + 9 bytes from o + 1 bytes back
//! ```
//! The decoder is bound by what it is told to expect, which its caller has compared with what the input could hold.

use crate::{Error, Result};

/// A run of bytes as they are.
const LITERALS_MAX: usize = 32;
/// How far back a reference reaches.
const DISTANCE_MAX: usize = 1 << 13;
/// Bytes of a reference.
const COPIED: std::ops::RangeInclusive<usize> = 3..=264;
/// The table of places is as large as a text of this many bits of length makes use of.
const TABLE_BITS_MAX: u32 = 14;

/// Places that are passed over at a time, at most.
const STEP_MAX: usize = 15;

/// What a byte of input can become at most: three bytes refer to 264.
pub(crate) const GROWTH_MAX: usize = *COPIED.end() / 3;

/// The compressed form, if it saves four bytes at least: those are about what is needed to say that it is one.
pub(crate) fn compress(input: &[u8]) -> Option<Vec<u8>> {
    let most = input.len().checked_sub(4)?;
    let bits = (usize::BITS - input.len().leading_zeros()).clamp(8, TABLE_BITS_MAX);
    // Where three bytes were seen last, plus one.
    let mut places = vec![0_u32; 1 << bits];
    let slot = |at: usize| {
        let three = u32::from_le_bytes([input[at], input[at + 1], input[at + 2], 0]);
        (three.wrapping_mul(0x9e37_79b1) >> (32 - bits)) as usize
    };
    let mut out = Vec::with_capacity(most.min(input.len() / 2));
    let (mut at, mut written) = (0, 0);
    while at + 2 < input.len() {
        let place = std::mem::replace(&mut places[slot(at)], at as u32 + 1) as usize;
        let from = place.wrapping_sub(1);
        if place == 0 || at - from > DISTANCE_MAX || input[from..from + 3] != input[at..at + 3] {
            // Where nothing has been found for long, nothing is expected: chance is passed over in larger steps.
            at += 1 + ((at - written) >> 8).min(STEP_MAX);
            continue;
        }
        let pairs = input[from..].iter().zip(&input[at..]).take(*COPIED.end());
        let len = pairs.take_while(|(a, b)| a == b).count();
        put_literals(&mut out, &input[written..at]);
        put_reference(&mut out, at - from, len);
        if out.len() > most {
            return None;
        }
        // The end of what was copied is as good a place to refer to as any other.
        let seen = at + 1..(at + len).min(input.len() - 2);
        seen.rev().take(2).for_each(|at| places[slot(at)] = at as u32 + 1);
        at += len;
        written = at;
    }
    put_literals(&mut out, &input[written..]);
    (out.len() <= most).then_some(out)
}

fn put_literals(out: &mut Vec<u8>, literals: &[u8]) {
    for run in literals.chunks(LITERALS_MAX) {
        out.push(run.len() as u8 - 1);
        out.extend(run);
    }
}

fn put_reference(out: &mut Vec<u8>, distance: usize, len: usize) {
    let [high, low] = (distance as u16 - 1).to_be_bytes();
    match u8::try_from(len - 2) {
        Ok(short @ ..7) => out.extend([short << 5 | high, low]),
        _ => out.extend([7 << 5 | high, (len - 9) as u8, low]),
    }
}

/// The text of a compressed form, which must have this length.
pub(crate) fn decompress(input: &[u8], len: usize) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(len);
    let mut rest = input;
    while let Some((control, after)) = rest.split_first() {
        rest = after;
        if usize::from(*control) < LITERALS_MAX {
            let (literals, after) = rest.split_at_checked(usize::from(*control) + 1).ok_or(Error::Damaged)?;
            if literals.len() > len - out.len() {
                return Err(Error::Damaged);
            }
            out.extend(literals);
            rest = after;
            continue;
        }
        let mut next = || {
            let (byte, after) = rest.split_first().ok_or(Error::Damaged)?;
            rest = after;
            Ok(usize::from(*byte))
        };
        let copied = match usize::from(control >> 5) {
            7 => next()? + 9,
            short => short + 2,
        };
        let distance = (usize::from(control & 0x1f) << 8 | next()?) + 1;
        let from = out.len().checked_sub(distance).ok_or(Error::Damaged)?;
        if copied > len - out.len() {
            return Err(Error::Damaged);
        }
        if distance >= copied {
            out.extend_from_within(from..from + copied);
        } else {
            // What is copied is still being written: a pattern that repeats.
            (from..from + copied).for_each(|at| out.push(out[at]));
        }
    }
    if out.len() == len { Ok(out) } else { Err(Error::Damaged) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_compressed_comes_back(
            pieces in prop::collection::vec((prop::collection::vec(0..6_u8, 1..40), 1..40_usize), 0..20),
        ) {
            let text: Vec<u8> = pieces.iter().flat_map(|(piece, times)| piece.repeat(*times)).collect();
            if let Some(small) = compress(&text) {
                prop_assert!(small.len() + 4 <= text.len());
                prop_assert_eq!(decompress(&small, text.len()), Ok(text.clone()));
                prop_assert!(text.len() <= small.len() * GROWTH_MAX);
                for cut in (0..small.len()).rev().take(100) {
                    prop_assert_eq!(decompress(&small[..cut], text.len()), Err(Error::Damaged));
                }
            }
        }

        #[test]
        fn nonsense_is_refused_or_has_the_length_it_claims(
            input in prop::collection::vec(any::<u8>(), 0..80), len in 0..600_usize,
        ) {
            if let Ok(text) = decompress(&input, len) {
                prop_assert_eq!(text.len(), len);
            }
        }
    }

    #[test]
    fn repetition_shrinks_and_chance_does_not() {
        let text = b"the same again and the same again and the same again".repeat(100);
        let small = compress(&text).expect("it repeats");
        assert!(small.len() < text.len() / 30, "{}", small.len());
        let mut rng = larder_core::Rng::seeded(1);
        let chance: Vec<u8> = (0..9_000).map(|_| rng.next_u64() as u8).collect();
        assert_eq!(compress(&chance), None);
        assert_eq!(compress(b"aaa"), None);
        // A reference as far back as it reaches, and one byte further, which is too far.
        for (apart, refers) in [(DISTANCE_MAX, true), (DISTANCE_MAX + 1, false)] {
            let text = [&chance[..apart], &chance[..600]].concat();
            let small = compress(&text);
            assert_eq!(small.is_some(), refers);
            assert!(small.is_none_or(|small| decompress(&small, text.len()) == Ok(text)));
        }
    }
}
