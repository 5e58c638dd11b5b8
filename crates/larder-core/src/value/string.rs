//! Strings: bytes, or a number where the bytes are exactly the text of one.

use crate::sync::Arc;

/// A copy of a long string, with zeros behind it up to a length. One that grows has room to grow by an eighth more.
/// O(N), but zeros cost little where the system has fresh ones.
///
/// ```
/// assert_eq!(larder_core::value::string::extended(b"abc", 5), b"abc\0\0");
/// assert_eq!(larder_core::value::string::extended(b"abc", 1), b"abc");
/// ```
pub fn extended(old: &[u8], len: usize) -> Vec<u8> {
    let len = len.max(old.len());
    let room = if old.is_empty() || len == old.len() { 0 } else { len / 8 };
    let mut bytes = vec![0; len + room];
    bytes[..old.len()].copy_from_slice(old);
    bytes.truncate(len);
    bytes
}

/// A string value, borrowed from the keyspace.
#[derive(Clone, Copy, Debug)]
pub enum Str<'a> {
    /// The text of this number.
    Int(i64),
    /// Bytes in the record.
    Bytes(&'a [u8]),
    /// Bytes that can be kept beyond the lock by cloning the handle.
    Shared(&'a Arc<Vec<u8>>),
}

impl<'a> Str<'a> {
    /// Length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Str::Int(n) => int_len(*n),
            Str::Bytes(bytes) => bytes.len(),
            Str::Shared(bytes) => bytes.len(),
        }
    }

    /// Whether it is the empty string.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes; a number is written into `scratch`.
    pub fn as_bytes(&self, scratch: &'a mut IntText) -> &'a [u8] {
        match self {
            Str::Int(n) => scratch.write(*n),
            Str::Bytes(bytes) => bytes,
            Str::Shared(bytes) => bytes,
        }
    }

    /// A copy of the bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        self.as_bytes(&mut IntText::new()).to_vec()
    }

    /// The number, if the whole string is the text of one as Redis reads it: an optional minus, no leading zeros, no
    /// spaces, within 64 bits.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Str::Int(n) => Some(*n),
            Str::Bytes(bytes) => parse_int(bytes),
            Str::Shared(bytes) => parse_int(bytes),
        }
    }
}

/// Room for the text of a number.
#[derive(Debug)]
pub struct IntText([u8; 20]);

impl IntText {
    /// Fresh room.
    pub fn new() -> IntText {
        IntText([0; 20])
    }

    /// Writes a number and gives its text.
    pub fn write(&mut self, n: i64) -> &[u8] {
        let mut at = self.write_digits(n.unsigned_abs());
        if n < 0 {
            at -= 1;
            self.0[at] = b'-';
        }
        &self.0[at..]
    }

    /// The same for a number that is not below zero, and may be above what a signed one can be.
    pub fn write_unsigned(&mut self, n: u64) -> &[u8] {
        let at = self.write_digits(n);
        &self.0[at..]
    }

    /// Gives the place of the first digit.
    fn write_digits(&mut self, mut rest: u64) -> usize {
        let mut at = self.0.len();
        loop {
            at -= 1;
            self.0[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                return at;
            }
        }
    }
}

impl Default for IntText {
    fn default() -> Self {
        IntText::new()
    }
}

fn int_len(n: i64) -> usize {
    let digits = n.unsigned_abs().checked_ilog10().unwrap_or(0) as usize + 1;
    digits + usize::from(n < 0)
}

/// Reads the text of a number: the only text that writes back the same.
pub fn parse_int(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    match digits {
        [b'0'] if !negative => return Some(0),
        [b'1'..=b'9', ..] if digits.len() <= 19 => {}
        _ => return None,
    }
    let mut n = 0_u64;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        // Nineteen digits stay below 2^64.
        n = n * 10 + u64::from(digit - b'0');
    }
    if negative { 0_i64.checked_sub_unsigned(n) } else { i64::try_from(n).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_text_is_a_number() {
        for n in [0, 1, -1, 10, 99, -100, i64::MAX, i64::MIN, i64::MIN + 1, 1_000_000_000_000_000_000] {
            let text = n.to_string();
            assert_eq!(parse_int(text.as_bytes()), Some(n));
            assert_eq!(IntText::new().write(n), text.as_bytes());
            assert_eq!(Str::Int(n).len(), text.len());
        }
        for n in [0, 7, 10, 1 << 63, u64::MAX] {
            assert_eq!(IntText::new().write_unsigned(n), n.to_string().as_bytes());
        }
        for text in [
            "",
            "-",
            "-0",
            "00",
            "01",
            "+1",
            " 1",
            "1 ",
            "1a",
            "9223372036854775808",
            "-9223372036854775809",
            "99999999999999999999",
        ] {
            assert_eq!(parse_int(text.as_bytes()), None, "{text:?}");
        }
    }
}
