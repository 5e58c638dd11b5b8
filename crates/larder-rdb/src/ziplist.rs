//! Ziplists, which listpacks have replaced: what Redis up to 6.2 keeps small collections as. Only read.
//!
//! ```text
//! bytes (4, little endian) | place of the last element (4) | elements (2; 65535 for too many to say)
//!     | element | element | ... | FF
//! element: length of the element before, in one byte or FE and four | what it is | the rest
//! ```

use crate::reader::Reader;
use crate::{Error, Result};
use larder_core::value::string::Str;

const HEADER: usize = 10;
const END: u8 = 0xff;
const LONG: u8 = 0xfe;
const UNCOUNTED: u16 = u16::MAX;

/// The elements of a ziplist, each checked when its turn comes, and the end as well.
#[derive(Debug)]
pub(crate) struct Elements<'p> {
    rest: Reader<'p>,
    /// Bytes of the whole.
    size: usize,
    /// Where the last element must begin.
    last: usize,
    /// Where the element before began.
    before: usize,
    left: Option<u16>,
    ended: bool,
}

/// Reads the header of a ziplist.
pub(crate) fn elements(bytes: &[u8]) -> Result<Elements<'_>> {
    let mut rest = Reader::new(bytes);
    let size = u32::from_le_bytes(rest.array()?) as usize;
    let last = u32::from_le_bytes(rest.array()?) as usize;
    let count = u16::from_le_bytes(rest.array()?);
    if size != bytes.len() {
        return Err(Error::Damaged);
    }
    let left = Some(count).filter(|count| *count != UNCOUNTED);
    Ok(Elements { rest, size, last, before: HEADER, left, ended: false })
}

impl<'p> Elements<'p> {
    fn read(&mut self) -> Result<Option<Str<'p>>> {
        let start = self.size - self.rest.len();
        let before_len = match self.rest.byte()? {
            END => {
                let sound = self.rest.is_empty()
                    && self.before == self.last
                    && self.left.is_none_or(|left| left == 0);
                return if sound { Ok(None) } else { Err(Error::Damaged) };
            }
            LONG => u32::from_le_bytes(self.rest.array()?) as usize,
            len => usize::from(len),
        };
        if before_len != start - self.before {
            return Err(Error::Damaged);
        }
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(1).ok_or(Error::Damaged)?;
        }
        self.before = start;
        self.element().map(Some)
    }

    fn element(&mut self) -> Result<Str<'p>> {
        let rest = &mut self.rest;
        let first = rest.byte()?;
        Ok(match first {
            0..0x40 => Str::Bytes(rest.take(usize::from(first))?),
            0x40..0x80 => {
                let len = u16::from_be_bytes([first & 0x3f, rest.byte()?]);
                Str::Bytes(rest.take(usize::from(len))?)
            }
            0x80 => {
                let len = u32::from_be_bytes(rest.array()?);
                Str::Bytes(rest.take(len as usize)?)
            }
            0xc0 => Str::Int(i64::from(i16::from_le_bytes(rest.array()?))),
            0xd0 => Str::Int(i64::from(i32::from_le_bytes(rest.array()?))),
            0xe0 => Str::Int(i64::from_le_bytes(rest.array()?)),
            0xf0 => Str::Int(rest.int_24()?),
            0xfe => Str::Int(i64::from(i8::from_le_bytes(rest.array()?))),
            0xf1..=0xfd => Str::Int(i64::from(first & 0x0f) - 1),
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

    /// A ziplist of these elements, each as the bytes after the length of the one before.
    fn ziplist(elements: &[&[u8]]) -> Vec<u8> {
        let (mut body, mut before, mut last) = (Vec::new(), 0, HEADER);
        for element in elements {
            last = HEADER + body.len();
            if let Ok(len @ 0..LONG) = u8::try_from(before) {
                body.push(len);
            } else {
                body.push(LONG);
                body.extend((before as u32).to_le_bytes());
            }
            body.extend(*element);
            before = HEADER + body.len() - last;
        }
        let size = (HEADER + body.len() + 1) as u32;
        let header = [size.to_le_bytes(), (last as u32).to_le_bytes()].concat();
        [header, (elements.len() as u16).to_le_bytes().to_vec(), body, vec![END]].concat()
    }

    fn read(bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
        elements(bytes)?.map(|element| element.map(|element| element.to_vec())).collect()
    }

    #[test]
    fn every_form_of_an_element_is_read() {
        let middle = [&[0x41, 0x00][..], &[b'y'; 256]].concat();
        let long = [&[0x80, 0, 1, 0, 0][..], &b"z".repeat(65_536)].concat();
        let bytes = ziplist(&[
            b"\x03abc",
            &middle,
            &long,
            b"\xc0\x00\x80",
            b"\xd0\xff\xff\xff\x7f",
            b"\xe0\xff\xff\xff\xff\xff\xff\xff\x7f",
            b"\xf0\xff\xff\x7f",
            b"\xf0\x00\x00\x80",
            b"\xfe\x80",
            b"\xf1",
            b"\xfd",
            b"\x00",
        ]);
        let all = read(&bytes).expect("it is sound");
        let shown: Vec<String> = all.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect();
        let (y, z) = ("y".repeat(256), "z".repeat(65_536));
        let numbers =
            ["-32768", "2147483647", "9223372036854775807", "8388607", "-8388608", "-128", "0", "12"];
        let expected: Vec<&str> = ["abc", &*y, &*z].into_iter().chain(numbers).chain([""]).collect();
        assert_eq!(shown, expected);
        assert_eq!(read(&ziplist(&[])), Ok(Vec::new()));
    }

    #[test]
    fn one_that_lies_is_found() {
        let bytes = ziplist(&[b"\x01a", b"\x02bc", b"\xf5"]);
        assert!(read(&bytes).is_ok());
        for (at, wrong) in
            [(0, 1), (4, 10), (8, 2), (8, 4), (10, 1), (11, 9), (13, 2), (17, 3), (18, 0xff), (19, 0)]
        {
            let mut bytes = bytes.clone();
            assert_ne!(bytes[at], wrong);
            bytes[at] = wrong;
            assert_eq!(read(&bytes), Err(Error::Damaged), "{at}");
        }
        (0..bytes.len()).for_each(|len| assert_eq!(read(&bytes[..len]), Err(Error::Damaged), "{len}"));
    }
}
