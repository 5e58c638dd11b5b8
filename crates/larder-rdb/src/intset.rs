//! Intsets: numbers in order, all of the same width.
//!
//! ```text
//! bytes of a number (4, little endian): 2, 4 or 8 | how many (4) | number | number | ...
//! ```

use crate::reader::Reader;
use crate::{Error, Result};

/// An intset of numbers, which come in order.
pub(crate) fn write(numbers: &[i64]) -> Vec<u8> {
    let fits = |low: i64, high: i64| numbers.iter().all(|number| (low..=high).contains(number));
    let width = if fits(i64::from(i16::MIN), i64::from(i16::MAX)) {
        2
    } else if fits(i64::from(i32::MIN), i64::from(i32::MAX)) {
        4
    } else {
        8
    };
    let mut bytes = Vec::with_capacity(8 + numbers.len() * width);
    bytes.extend((width as u32).to_le_bytes());
    bytes.extend((numbers.len() as u32).to_le_bytes());
    numbers.iter().for_each(|number| bytes.extend(&number.to_le_bytes()[..width]));
    bytes
}

/// Visits the numbers of an intset; they are in order, each once.
pub(crate) fn read(bytes: &[u8], mut visit: impl FnMut(i64)) -> Result<()> {
    let mut rest = Reader::new(bytes);
    let width = u32::from_le_bytes(rest.array()?);
    let count = u32::from_le_bytes(rest.array()?) as usize;
    let mut before = None;
    for _ in 0..count {
        let number = match width {
            2 => i64::from(i16::from_le_bytes(rest.array()?)),
            4 => i64::from(i32::from_le_bytes(rest.array()?)),
            8 => i64::from_le_bytes(rest.array()?),
            _ => return Err(Error::Damaged),
        };
        if before.is_some_and(|before| before >= number) {
            return Err(Error::Damaged);
        }
        before = Some(number);
        visit(number);
    }
    if rest.is_empty() { Ok(()) } else { Err(Error::Damaged) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let wide = i64::from(i32::MAX) + 1;
        for (numbers, len) in [
            (&[-32_768, -1, 0, 32_767][..], 16),
            (&[-32_769, 5], 16),
            (&[0, 2_147_483_647], 16),
            (&[0, wide], 24),
            (&[i64::MIN, i64::MAX], 24),
        ] {
            let bytes = write(numbers);
            assert_eq!(bytes.len(), len, "{numbers:?}");
            let mut seen = Vec::new();
            assert_eq!(read(&bytes, |number| seen.push(number)), Ok(()));
            assert_eq!(seen, numbers);
        }
    }

    #[test]
    fn numbers_out_of_order_and_wrong_counts_are_found() {
        let of = |numbers: &[i64]| read(&write(numbers), |_| {});
        assert_eq!(of(&[2, 1]), Err(Error::Damaged));
        assert_eq!(of(&[1, 1]), Err(Error::Damaged));
        let sound = write(&[1, 2, 3]);
        for (at, wrong) in [(0, 3), (0, 4), (4, 2), (4, 4)] {
            let mut bytes = sound.clone();
            bytes[at] = wrong;
            assert_eq!(read(&bytes, |_| {}), Err(Error::Damaged), "{at}");
        }
    }
}
