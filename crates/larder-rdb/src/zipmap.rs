//! Zipmaps: what Redis up to 2.4 kept small hashes as. Only read.
//!
//! ```text
//! fields (1; 254 or more for too many to say) | length | field | length | unused bytes (1) | value | unused | ... | FF
//! length: one byte, or FE and four (little endian)
//! ```

use crate::reader::Reader;
use crate::{Error, Result};

const END: u8 = 0xff;
const LONG: u8 = 0xfe;

/// A field with its value.
type Pair<'p> = (&'p [u8], &'p [u8]);

/// Fields and values of a zipmap, each checked when its turn comes, and the end as well.
#[derive(Debug)]
pub(crate) struct Pairs<'p> {
    rest: Reader<'p>,
    left: Option<u8>,
    ended: bool,
}

/// Reads the header of a zipmap.
pub(crate) fn pairs(bytes: &[u8]) -> Result<Pairs<'_>> {
    let mut rest = Reader::new(bytes);
    let count = rest.byte()?;
    Ok(Pairs { rest, left: Some(count).filter(|count| *count < LONG), ended: false })
}

impl<'p> Pairs<'p> {
    fn read(&mut self) -> Result<Option<Pair<'p>>> {
        let first = self.rest.byte()?;
        if first == END {
            let sound = self.rest.is_empty() && self.left.is_none_or(|left| left == 0);
            return if sound { Ok(None) } else { Err(Error::Damaged) };
        }
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(1).ok_or(Error::Damaged)?;
        }
        let len = self.length(first)?;
        let field = self.rest.take(len)?;
        let first = self.rest.byte()?;
        let len = self.length(first)?;
        let unused = usize::from(self.rest.byte()?);
        let value = self.rest.take(len)?;
        self.rest.take(unused)?;
        Ok(Some((field, value)))
    }

    fn length(&mut self, first: u8) -> Result<usize> {
        match first {
            END => Err(Error::Damaged),
            LONG => Ok(u32::from_le_bytes(self.rest.array()?) as usize),
            len => Ok(usize::from(len)),
        }
    }
}

impl<'p> Iterator for Pairs<'p> {
    type Item = Result<Pair<'p>>;

    fn next(&mut self) -> Option<Result<Pair<'p>>> {
        if self.ended {
            return None;
        }
        let next = self.read().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_values_are_read_and_lies_found() {
        let bytes = b"\x02\x01a\x02\x00bc\xfe\x02\x00\x00\x00de\x00\x03\xff\xff\xff\xff";
        let read = |bytes: &[u8]| {
            pairs(bytes)?.map(|pair| pair.map(|(a, b)| [a, b].concat())).collect::<Result<Vec<_>>>()
        };
        assert_eq!(read(bytes), Ok(vec![b"abc".to_vec(), b"de".to_vec()]));
        for (at, wrong) in [(0, 1), (0, 3), (1, 2), (4, 1), (8, 200), (15, 4)] {
            let mut bytes = bytes.to_vec();
            assert_ne!(bytes[at], wrong);
            bytes[at] = wrong;
            assert_eq!(read(&bytes), Err(Error::Damaged), "{at}");
        }
        (0..bytes.len()).for_each(|len| assert_eq!(read(&bytes[..len]), Err(Error::Damaged), "{len}"));
    }
}
