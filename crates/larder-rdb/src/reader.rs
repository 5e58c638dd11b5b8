//! Reading payloads: a slice that gets shorter, and nothing that believes a length before it has compared it with what
//! is left.

use crate::kind::{COMPRESSED, INT_8, INT_16, INT_32};
use crate::{Error, Result, lzf};
use larder_core::limits::STRING_LEN_MAX;
use larder_core::value::string::IntText;
use std::borrow::Cow;

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'p>(&'p [u8]);

/// A length, or how a string is written that is not just bytes.
enum Length {
    Plain(u64),
    Special(u8),
}

impl<'p> Reader<'p> {
    pub(crate) fn new(bytes: &'p [u8]) -> Reader<'p> {
        Reader(bytes)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// How many bytes are left.
    pub(crate) fn len(self) -> usize {
        self.0.len()
    }

    /// The next so many bytes.
    pub(crate) fn take(&mut self, len: usize) -> Result<&'p [u8]> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(Error::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn array<const LEN: usize>(&mut self) -> Result<[u8; LEN]> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Error::Damaged)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    fn any_length(&mut self) -> Result<Length> {
        let first = self.byte()?;
        Ok(match first >> 6 {
            0 => Length::Plain(u64::from(first & 0x3f)),
            1 => Length::Plain(u64::from(first & 0x3f) << 8 | u64::from(self.byte()?)),
            2 => Length::Plain(match first {
                0x80 => u64::from(u32::from_be_bytes(self.array()?)),
                0x81 => u64::from_be_bytes(self.array()?),
                _ => return Err(Error::Damaged),
            }),
            _ => Length::Special(first & 0x3f),
        })
    }

    /// A number that is written as lengths are.
    pub(crate) fn number(&mut self) -> Result<u64> {
        match self.any_length()? {
            Length::Plain(number) => Ok(number),
            Length::Special(_) => Err(Error::Damaged),
        }
    }

    /// A length of what follows. Each of what it counts takes a byte at least, so it is compared with what is left.
    pub(crate) fn count(&mut self) -> Result<usize> {
        let count = usize::try_from(self.number()?).map_err(|_| Error::Damaged)?;
        if count <= self.0.len() { Ok(count) } else { Err(Error::Damaged) }
    }

    /// A string.
    pub(crate) fn text(&mut self) -> Result<Cow<'p, [u8]>> {
        let number = match self.any_length()? {
            Length::Plain(len) => {
                let len = usize::try_from(len).map_err(|_| Error::Damaged)?;
                return if len <= STRING_LEN_MAX {
                    self.take(len).map(Cow::Borrowed)
                } else {
                    Err(Error::Damaged)
                };
            }
            Length::Special(COMPRESSED) => return self.compressed().map(Cow::Owned),
            Length::Special(INT_8) => i64::from(i8::from_le_bytes(self.array()?)),
            Length::Special(INT_16) => i64::from(i16::from_le_bytes(self.array()?)),
            Length::Special(INT_32) => i64::from(i32::from_le_bytes(self.array()?)),
            Length::Special(_) => return Err(Error::Damaged),
        };
        Ok(Cow::Owned(IntText::new().write(number).to_vec()))
    }

    fn compressed(&mut self) -> Result<Vec<u8>> {
        let small = self.number()?;
        let len = usize::try_from(self.number()?).map_err(|_| Error::Damaged)?;
        let small = self.take(usize::try_from(small).map_err(|_| Error::Damaged)?)?;
        if len > STRING_LEN_MAX || len > small.len().saturating_mul(lzf::GROWTH_MAX) {
            return Err(Error::Damaged);
        }
        lzf::decompress(small, len)
    }

    /// A number of three bytes.
    pub(crate) fn int_24(&mut self) -> Result<i64> {
        let [low, middle, high] = self.array()?;
        // Moved up and down again so that the sign spreads.
        Ok(i64::from(i32::from_le_bytes([0, low, middle, high]) >> 8))
    }

    /// A moment of Unix time in milliseconds.
    pub(crate) fn unix_ms(&mut self) -> Result<i64> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    /// A floating-point number in its eight bytes.
    pub(crate) fn double(&mut self) -> Result<f64> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    /// A floating-point number as text, with marks for what has none.
    pub(crate) fn double_text(&mut self) -> Result<f64> {
        match self.byte()? {
            253 => Ok(f64::NAN),
            254 => Ok(f64::INFINITY),
            255 => Ok(f64::NEG_INFINITY),
            len => {
                let text = self.take(usize::from(len))?;
                larder_core::value::score::parse_score(text).ok_or(Error::Damaged)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_four_forms() {
        for (bytes, expected) in [
            (&[0x05][..], Ok(5)),
            (&[0x45, 0x01], Ok(0x501)),
            (&[0x80, 0, 1, 0, 0], Ok(0x1_0000)),
            (&[0x81, 0, 0, 0, 1, 0, 0, 0, 0], Ok(1 << 32)),
            (&[0x82, 0, 0, 0, 0], Err(Error::Damaged)),
            (&[0xc0, 1], Err(Error::Damaged)),
            (&[0x80, 0, 1], Err(Error::Damaged)),
            (&[], Err(Error::Damaged)),
        ] {
            assert_eq!(Reader::new(bytes).number(), expected, "{bytes:x?}");
        }
    }

    #[test]
    fn a_string_is_bytes_or_a_number_or_compressed() {
        let damaged = Err(Error::Damaged);
        let text = |text: &[u8]| Ok(text.to_vec());
        for (bytes, expected) in [
            (&b"\x03abc"[..], text(b"abc")),
            (b"\x04abc", damaged.clone()),
            (b"\xc0\xff", text(b"-1")),
            (b"\xc1\x00\x80", text(b"-32768")),
            (b"\xc2\xff\xff\xff\x7f", text(b"2147483647")),
            (b"\xc3\x04\x0a\x00a\xe0\x00", damaged.clone()),
            (b"\xc3\x05\x0a\x00a\xe0\x00\x00", text(b"aaaaaaaaaa")),
            (b"\xc3\x05\x0b\x00a\xe0\x00\x00", damaged.clone()),
            (b"\xc4\x00", damaged.clone()),
            // Lengths that no input of this size can hold.
            (b"\xc3\x05\x81\x00\x00\x00\xff\x00\x00\x00\x00\x00a\xe0\x00\x00", damaged.clone()),
            (b"\x81\xff\xff\xff\xff\xff\xff\xff\xffa", damaged.clone()),
        ] {
            assert_eq!(Reader::new(bytes).text().map(Cow::into_owned), expected, "{bytes:x?}");
        }
    }
}
