//! Bits of a string: the first is the highest of the first byte.

use crate::prelude::*;
use larder_core::limits::STRING_LEN_MAX;

/// Reads the offset of a bit: within the longest string.
pub(crate) fn bit_offset(word: &[u8]) -> Result<usize> {
    let bad = || Error::general("bit offset is not an integer or out of range");
    let offset = parse_int(word).and_then(|n| usize::try_from(n).ok()).ok_or_else(bad)?;
    if offset >= STRING_LEN_MAX * 8 { Err(bad()) } else { Ok(offset) }
}

/// Reads a bit.
pub(crate) fn bit(word: &[u8], error: &'static str) -> Result<bool> {
    match word {
        b"0" => Ok(false),
        b"1" => Ok(true),
        _ => Err(Error::new(error)),
    }
}

/// Whether a bit is set; those beyond the end are not.
pub(crate) fn get(bytes: &[u8], offset: usize) -> bool {
    bytes.get(offset / 8).is_some_and(|byte| byte >> (7 - offset % 8) & 1 == 1)
}

/// Sets or clears a bit that is there.
pub(crate) fn set(bytes: &mut [u8], offset: usize, on: bool) {
    let mask = 1 << (7 - offset % 8);
    if let Some(byte) = bytes.get_mut(offset / 8) {
        if on {
            *byte |= mask;
        } else {
            *byte &= !mask;
        }
    }
}

/// How many bits are set, a word of eight bytes at a time. The longest string of ones has 2^32 of them, one more than
/// a `u32` can say.
pub(crate) fn count(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    let in_words: u64 = words.iter().map(|word| u64::from(u64::from_le_bytes(*word).count_ones())).sum();
    in_words as usize + rest.iter().map(|byte| byte.count_ones() as usize).sum::<usize>()
}

/// The first bit like this between two, both included.
pub(crate) fn position(bytes: &[u8], wanted: bool, first: usize, last: usize) -> Option<usize> {
    let bytes = bytes.get(..=last / 8).unwrap_or(bytes);
    let flip = if wanted { 0 } else { u64::MAX };
    let within = |at: usize| (first..=last).contains(&at).then_some(at);
    // Of the first byte, the bits before the first one do not count.
    let head = (*bytes.get(first / 8)? ^ flip as u8) & (0xff >> (first % 8));
    if head != 0 {
        return within(first / 8 * 8 + head.leading_zeros() as usize);
    }
    let start = first / 8 + 1;
    let (words, rest) = bytes.get(start..)?.as_chunks::<8>();
    let in_words = words.iter().map(|word| u64::from_be_bytes(*word) ^ flip).enumerate();
    for (at, word) in in_words {
        if word != 0 {
            return within((start + at * 8) * 8 + word.leading_zeros() as usize);
        }
    }
    let rest_at = start + words.len() * 8;
    let at = rest.iter().position(|byte| byte ^ flip as u8 != 0)?;
    within((rest_at + at) * 8 + (rest[at] ^ flip as u8).leading_zeros() as usize)
}

/// Up to 64 bits as a number, the first the highest; those beyond the end are 0.
pub(crate) fn get_many(bytes: &[u8], offset: usize, bits: u32) -> u64 {
    let window = (0..9).fold(0_u128, |window, at| {
        window << 8 | u128::from(bytes.get(offset / 8 + at).copied().unwrap_or(0))
    });
    (window >> (72 - offset % 8 - bits as usize)) as u64 & (u64::MAX >> (64 - bits))
}

/// Sets as many bits as there are to the lowest of a number.
pub(crate) fn set_many(bytes: &mut [u8], offset: usize, bits: u32, n: u64) {
    let shift = 72 - offset % 8 - bits as usize;
    let mask = u128::from(u64::MAX >> (64 - bits)) << shift;
    let new = (u128::from(n) << shift) & mask;
    let touched = bytes.iter_mut().skip(offset / 8).take(9);
    for (byte, place) in touched.zip((0..9).rev()) {
        let (mask, new) = ((mask >> (place * 8)) as u8, (new >> (place * 8)) as u8);
        *byte = *byte & !mask | new;
    }
}

/// Whether indices count bytes or bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Byte,
    Bit,
}

impl Unit {
    pub(crate) fn read(word: Option<&&[u8]>) -> Result<Unit> {
        match word {
            None => Ok(Unit::Byte),
            Some(word) if is(word, "BYTE") => Ok(Unit::Byte),
            Some(word) if is(word, "BIT") => Ok(Unit::Bit),
            Some(_) => Err(Error::SYNTAX),
        }
    }

    /// The first and the last bit that two indices mean, both of which may count from the end; `None` for none.
    pub(crate) fn bits(self, start: i64, end: i64, bytes: usize) -> Option<(usize, usize)> {
        let total = (if self == Unit::Bit { bytes * 8 } else { bytes }) as i64;
        let from_start = |index: i64| if index < 0 { total.saturating_add(index).max(0) } else { index };
        let (start, end) = (from_start(start), from_start(end).min(total - 1));
        if total == 0 || start > end {
            return None;
        }
        let (start, end) = (start as usize, end as usize);
        Some(if self == Unit::Bit { (start, end) } else { (start * 8, end * 8 + 7) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bits_are_counted(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(count(&bytes), (0..bytes.len() * 8).filter(|at| get(&bytes, *at)).count());
        }

        #[test]
        fn a_bit_is_found(
            mut bytes in prop::collection::vec(any::<u8>(), 1..40), same in 0..40_usize, wanted: bool,
            first: usize, last: usize,
        ) {
            let same = same.min(bytes.len());
            bytes[..same].fill(if wanted { 0 } else { 0xff });
            let (first, last) = (first % (bytes.len() * 8), last % (bytes.len() * 8));
            let expected = (first..=last).find(|at| get(&bytes, *at) == wanted);
            prop_assert_eq!(position(&bytes, wanted, first, last), expected);
        }

        #[test]
        fn many_bits_are_as_many_single_ones(
            mut bytes in prop::collection::vec(any::<u8>(), 1..20), offset in 0..170_usize, bits in 1..65_u32, n: u64,
        ) {
            let places = || (offset..offset + bits as usize).enumerate();
            let each = |bytes: &[u8]| places().fold(0, |n, (_, at)| n << 1 | u64::from(get(bytes, at)));
            prop_assert_eq!(get_many(&bytes, offset, bits), each(&bytes));
            let mut expected = bytes.clone();
            places().for_each(|(i, at)| set(&mut expected, at, n >> (bits as usize - 1 - i) & 1 == 1));
            set_many(&mut bytes, offset, bits, n);
            prop_assert_eq!(bytes, expected);
        }

        #[test]
        fn a_bit_is_what_it_was_set_to(mut bytes in prop::collection::vec(any::<u8>(), 1..9), at: usize, on: bool) {
            let at = at % (bytes.len() * 8);
            let before: Vec<bool> = (0..bytes.len() * 8).map(|at| get(&bytes, at)).collect();
            set(&mut bytes, at, on);
            for (other, was) in before.iter().enumerate() {
                prop_assert_eq!(get(&bytes, other), if other == at { on } else { *was });
            }
        }
    }
}
