//! Writing payloads: bytes that get more. Strings take the shortest of the forms that every Redis reads.

use crate::kind::{COMPRESSED, INT_8, INT_16, INT_32};
use crate::lzf;
use larder_core::value::string::{IntText, Str, parse_int};

/// Strings up to this length are not worth compressing.
const PLAIN_LEN_MAX: usize = 20;
/// The longest text of a number of 32 bits.
const INT_TEXT_LEN_MAX: usize = 11;

/// What has been written.
#[derive(Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn new(kind: u8) -> Writer {
        Writer(vec![kind])
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
    }

    /// A number as lengths are written.
    pub(crate) fn number(&mut self, number: u64) {
        match number {
            0..0x40 => self.byte(number as u8),
            0x40..0x4000 => self.bytes(&(number as u16 | 0x4000).to_be_bytes()),
            0x4000..0x1_0000_0000 => {
                self.byte(0x80);
                self.bytes(&(number as u32).to_be_bytes());
            }
            _ => {
                self.byte(0x81);
                self.bytes(&number.to_be_bytes());
            }
        }
    }

    pub(crate) fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    /// A string.
    pub(crate) fn text(&mut self, text: &[u8]) {
        if text.len() <= INT_TEXT_LEN_MAX
            && let Some(int) = parse_int(text).and_then(|int| i32::try_from(int).ok())
        {
            return self.int(int);
        }
        if text.len() > PLAIN_LEN_MAX
            && let Some(small) = lzf::compress(text)
        {
            self.byte(0xc0 | COMPRESSED);
            self.count(small.len());
            self.count(text.len());
            return self.bytes(&small);
        }
        self.count(text.len());
        self.bytes(text);
    }

    fn int(&mut self, int: i32) {
        if let Ok(int) = i8::try_from(int) {
            self.byte(0xc0 | INT_8);
            self.bytes(&int.to_le_bytes());
        } else if let Ok(int) = i16::try_from(int) {
            self.byte(0xc0 | INT_16);
            self.bytes(&int.to_le_bytes());
        } else {
            self.byte(0xc0 | INT_32);
            self.bytes(&int.to_le_bytes());
        }
    }

    /// A string that may be a number.
    pub(crate) fn string(&mut self, string: Str<'_>) {
        self.text(string.as_bytes(&mut IntText::new()));
    }

    /// A floating-point number in eight bytes.
    pub(crate) fn double(&mut self, double: f64) {
        self.bytes(&double.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::Reader;

    #[test]
    fn what_is_written_is_read() {
        for number in [0, 63, 64, 0x3fff, 0x4000, 0xffff_ffff, 0x1_0000_0000, u64::MAX] {
            let mut out = Writer::default();
            out.number(number);
            let bytes = out.into_bytes();
            let mut reader = Reader::new(&bytes);
            assert_eq!(reader.number(), Ok(number));
            assert!(reader.is_empty());
        }
        let long = "again and ".repeat(50);
        for (text, len) in [
            ("", 1),
            ("a", 2),
            ("12", 2),
            ("-129", 3),
            ("65536", 5),
            ("-2147483648", 5),
            ("2147483648", 11),
            ("012", 4),
            ("abcdefghijklmnopqrstuvwxyz", 27),
            (&long, 21),
        ] {
            let mut out = Writer::default();
            out.text(text.as_bytes());
            let bytes = out.into_bytes();
            assert_eq!(bytes.len(), len, "{text}");
            assert_eq!(Reader::new(&bytes).text().as_deref(), Ok(text.as_bytes()));
        }
    }
}
