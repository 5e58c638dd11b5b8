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

/// How many bits are set, a word of eight bytes at a time.
pub(crate) fn count(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    let in_words: u32 = words.iter().map(|word| u64::from_le_bytes(*word).count_ones()).sum();
    in_words as usize + rest.iter().map(|byte| byte.count_ones() as usize).sum::<usize>()
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
        if start < 0 && end < 0 && start > end {
            return None;
        }
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
