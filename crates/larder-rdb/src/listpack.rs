//! Listpacks: texts and numbers in one run of bytes that can be walked from both ends. Redis keeps its small
//! collections, and the entries of streams, as such.
//!
//! ```text
//! bytes (4, little endian) | elements (2; 65535 for too many to say) | element | element | ... | FF
//! element: what it is, with a short length or number in it | the rest | how long that was, readable from behind
//! ```

use crate::reader::Reader;
use crate::{Error, Result};
use larder_core::value::string::{Str, parse_int};

const HEADER: usize = 6;
const END: u8 = 0xff;
/// There are more than the header has room to say.
const UNCOUNTED: u16 = u16::MAX;

/// A listpack being written.
#[derive(Debug)]
pub(crate) struct Listpack {
    /// With room for the header.
    bytes: Vec<u8>,
    count: usize,
}

impl Listpack {
    pub(crate) fn new() -> Listpack {
        Listpack { bytes: vec![0; HEADER], count: 0 }
    }

    /// How many elements there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Bytes so far.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len() + 1
    }

    pub(crate) fn push(&mut self, element: Str<'_>) {
        match element {
            Str::Int(int) => self.push_int(int),
            Str::Bytes(text) => self.push_text(text),
            Str::Shared(text) => self.push_text(text),
        }
    }

    /// Adds a text, as a number if it is that of one.
    pub(crate) fn push_text(&mut self, text: &[u8]) {
        if let Some(int) = parse_int(text) {
            return self.push_int(int);
        }
        let start = self.bytes.len();
        match text.len() {
            len @ 0..0x40 => self.bytes.push(0x80 | len as u8),
            len @ 0x40..0x1000 => self.bytes.extend((len as u16 | 0xe000).to_be_bytes()),
            len => {
                self.bytes.push(0xf0);
                self.bytes.extend((len as u32).to_le_bytes());
            }
        }
        self.bytes.extend(text);
        self.end_element(start);
    }

    pub(crate) fn push_int(&mut self, int: i64) {
        let start = self.bytes.len();
        match int {
            0..0x80 => self.bytes.push(int as u8),
            -0x1000..0x1000 => self.bytes.extend((int as u16 & 0x1fff | 0xc000).to_be_bytes()),
            -0x8000..0x8000 => {
                self.bytes.push(0xf1);
                self.bytes.extend((int as i16).to_le_bytes());
            }
            -0x80_0000..0x80_0000 => {
                self.bytes.push(0xf2);
                self.bytes.extend(&(int as i32).to_le_bytes()[..3]);
            }
            -0x8000_0000..0x8000_0000 => {
                self.bytes.push(0xf3);
                self.bytes.extend((int as i32).to_le_bytes());
            }
            _ => {
                self.bytes.push(0xf4);
                self.bytes.extend(int.to_le_bytes());
            }
        }
        self.end_element(start);
    }

    fn end_element(&mut self, start: usize) {
        let (back, len) = back_length(self.bytes.len() - start);
        self.bytes.extend(&back[..len]);
        self.count += 1;
    }

    /// Adds the elements of another one.
    pub(crate) fn append(&mut self, other: &Listpack) {
        self.bytes.extend(&other.bytes[HEADER..]);
        self.count += other.count;
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.bytes.push(END);
        let size = self.bytes.len() as u32;
        self.bytes[..4].copy_from_slice(&size.to_le_bytes());
        let count = u16::try_from(self.count).unwrap_or(UNCOUNTED);
        self.bytes[4..HEADER].copy_from_slice(&count.to_le_bytes());
        self.bytes
    }
}

/// The length of an element, seven bits to a byte, so that it is read from its last byte on: each byte but the first
/// has its high bit set. The limits are those of Redis, one below what the bits could hold.
fn back_length(len: usize) -> ([u8; 5], usize) {
    let size = match len {
        0..=127 => 1,
        128..16_383 => 2,
        16_383..2_097_151 => 3,
        2_097_151..268_435_455 => 4,
        _ => 5,
    };
    let mut back = [0; 5];
    for (at, byte) in back[..size].iter_mut().rev().enumerate() {
        *byte = (len >> (7 * at)) as u8 & 0x7f | 0x80;
    }
    back[0] &= 0x7f;
    (back, size)
}

/// The elements of a listpack, each checked when its turn comes; the end is checked, too, so whoever has seen all of
/// them has seen a sound listpack.
#[derive(Debug)]
pub(crate) struct Elements<'p> {
    rest: Reader<'p>,
    /// How many there must be from here on, where the header says so.
    left: Option<u16>,
    ended: bool,
}

/// Reads the header of a listpack.
pub(crate) fn elements(bytes: &[u8]) -> Result<Elements<'_>> {
    let mut rest = Reader::new(bytes);
    let size = u32::from_le_bytes(rest.array()?);
    let count = u16::from_le_bytes(rest.array()?);
    if size as usize != bytes.len() {
        return Err(Error::Damaged);
    }
    Ok(Elements { rest, left: Some(count).filter(|count| *count != UNCOUNTED), ended: false })
}

impl<'p> Elements<'p> {
    /// The next one, which must be there.
    pub(crate) fn need(&mut self) -> Result<Str<'p>> {
        self.next().ok_or(Error::Damaged)?
    }

    /// The next one, which must be there and a number.
    pub(crate) fn need_int(&mut self) -> Result<i64> {
        self.need()?.as_int().ok_or(Error::Damaged)
    }

    fn read(&mut self) -> Result<Option<Str<'p>>> {
        let before = self.rest;
        let first = self.rest.byte()?;
        if first == END {
            let sound = self.rest.is_empty() && self.left.is_none_or(|left| left == 0);
            return if sound { Ok(None) } else { Err(Error::Damaged) };
        }
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(1).ok_or(Error::Damaged)?;
        }
        let element = self.element(first)?;
        let (back, size) = back_length(before.len() - self.rest.len());
        if self.rest.take(size)? == &back[..size] { Ok(Some(element)) } else { Err(Error::Damaged) }
    }

    fn element(&mut self, first: u8) -> Result<Str<'p>> {
        let rest = &mut self.rest;
        Ok(match first {
            0..0x80 => Str::Int(i64::from(first)),
            0x80..0xc0 => Str::Bytes(rest.take(usize::from(first & 0x3f))?),
            0xc0..0xe0 => {
                // Thirteen bits with a sign, moved up and down again so that the sign spreads.
                let bits = u16::from_be_bytes([first, rest.byte()?]);
                Str::Int(i64::from((bits << 3) as i16 >> 3))
            }
            0xe0..0xf0 => {
                let len = u16::from_be_bytes([first & 0x0f, rest.byte()?]);
                Str::Bytes(rest.take(usize::from(len))?)
            }
            0xf0 => {
                let len = u32::from_le_bytes(rest.array()?);
                Str::Bytes(rest.take(len as usize)?)
            }
            0xf1 => Str::Int(i64::from(i16::from_le_bytes(rest.array()?))),
            0xf2 => Str::Int(rest.int_24()?),
            0xf3 => Str::Int(i64::from(i32::from_le_bytes(rest.array()?))),
            0xf4 => Str::Int(i64::from_le_bytes(rest.array()?)),
            _ => return Err(Error::Damaged),
        })
    }
}

impl<'p> Iterator for Elements<'p> {
    type Item = Result<Str<'p>>;

    fn next(&mut self) -> Option<Result<Str<'p>>> {
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

    fn read(bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
        elements(bytes)?.map(|element| element.map(|element| element.to_vec())).collect()
    }

    fn samples() -> Vec<Vec<u8>> {
        let mut samples: Vec<Vec<u8>> = [0, 127, 128, 4_095, 4_096, 32_767, 32_768, 8_388_607, 8_388_608]
            .iter()
            .chain(&[2_147_483_647, 2_147_483_648, i64::MAX - 1])
            .flat_map(|n| [*n, -*n, -*n - 1])
            .map(|n| n.to_string().into_bytes())
            .collect();
        // Lengths around those at which the form of an element or of the length behind it changes.
        for len in
            [0, 1, 62, 63, 64, 124, 125, 126, 4_094, 4_095, 4_096, 16_375, 16_377, 16_378, 16_379, 70_000]
        {
            samples.push(vec![b'x'; len]);
        }
        samples
    }

    #[test]
    fn what_is_written_is_read() {
        let samples = samples();
        let mut pack = Listpack::new();
        samples.iter().for_each(|sample| pack.push_text(sample));
        assert_eq!(pack.len(), samples.len());
        let size = pack.size();
        let bytes = pack.finish();
        assert_eq!(bytes.len(), size);
        assert_eq!(read(&bytes), Ok(samples));
    }

    #[test]
    fn more_than_the_header_can_say_are_not_counted() {
        let mut pack = Listpack::new();
        (0..70_000).for_each(|n| pack.push_int(n));
        let bytes = pack.finish();
        assert_eq!(bytes[4..6], [0xff, 0xff]);
        assert_eq!(read(&bytes).map(|all| all.len()), Ok(70_000));
    }

    #[test]
    fn a_header_that_lies_is_found() {
        let mut pack = Listpack::new();
        pack.push_text(b"a");
        pack.push_text(b"bc");
        let bytes = pack.finish();
        assert_eq!(read(&bytes), Ok(vec![b"a".to_vec(), b"bc".to_vec()]));
        for (at, wrong) in [(0, 15), (0, 13), (4, 1), (4, 3), (6, 0x82), (6, 0xf4), (8, 3), (13, 0xfe)] {
            let mut bytes = bytes.clone();
            assert_ne!(bytes[at], wrong);
            bytes[at] = wrong;
            assert_eq!(read(&bytes), Err(Error::Damaged), "{at}");
        }
        (0..bytes.len()).for_each(|len| assert_eq!(read(&bytes[..len]), Err(Error::Damaged), "{len}"));
    }
}
