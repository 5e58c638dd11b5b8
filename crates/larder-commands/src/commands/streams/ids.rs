//! Reading and writing ids of entries.

use crate::prelude::*;
use larder_core::value::stream::StreamId;
use larder_core::value::string::IntText;
use std::ops::RangeInclusive;

/// What Redis has room for.
const LEN_MAX: usize = 127;

fn invalid() -> Error {
    Error::general("Invalid stream ID specified as stream command argument")
}

/// An id that may leave its number open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Partial {
    /// `ms-*`.
    Ms(u64),
    /// An id.
    Whole(StreamId),
}

/// Reads a half of an id as C reads an unsigned number: space before it, a sign and leading zeros are let pass.
fn half(text: &[u8]) -> Option<u64> {
    let space = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t'..=b'\r')).count();
    let (negative, digits) = match &text[space..] {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        digits => (false, digits),
    };
    if digits.is_empty() || (negative && parse_int(text).is_some()) {
        return None;
    }
    let mut n = 0_u64;
    for digit in digits {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        n = n.checked_mul(10)?.checked_add(digit)?;
    }
    Some(if negative { n.wrapping_neg() } else { n })
}

/// Reads an id that may end in `-*`; one without a number gets this one.
pub(crate) fn partial(word: &[u8], missing: u64) -> Result<Partial> {
    if word.len() > LEN_MAX {
        return Err(invalid());
    }
    let word = word.split(|byte| *byte == 0).next().unwrap_or_default();
    let mut halves = word.splitn(2, |byte| *byte == b'-');
    let ms = halves.next().and_then(half).ok_or_else(invalid)?;
    match halves.next() {
        None => Ok(Partial::Whole(StreamId::new(ms, missing))),
        Some(b"*") => Ok(Partial::Ms(ms)),
        Some(seq) => Ok(Partial::Whole(StreamId::new(ms, half(seq).ok_or_else(invalid)?))),
    }
}

/// Reads an id; one without a number gets this one.
pub(crate) fn strict(word: &[u8], missing: u64) -> Result<StreamId> {
    match partial(word, missing)? {
        Partial::Whole(id) => Ok(id),
        Partial::Ms(_) => Err(invalid()),
    }
}

/// Reads an id, or `-` or `+` for the lowest and the highest.
pub(crate) fn loose(word: &[u8], missing: u64) -> Result<StreamId> {
    match word {
        b"-" => Ok(StreamId::MIN),
        b"+" => Ok(StreamId::MAX),
        word => strict(word, missing),
    }
}

/// Reads all of them as ids.
pub(crate) fn all(words: &[&[u8]]) -> Result<Vec<StreamId>> {
    words.iter().map(|word| strict(word, 0)).collect()
}

/// Reads where a range starts: `(` in front leaves the id itself out.
pub(crate) fn start(word: &[u8]) -> Result<StreamId> {
    match word {
        [b'(', id @ ..] if !id.is_empty() => {
            strict(id, 0)?.next().ok_or_else(|| Error::general("invalid start ID for the interval"))
        }
        word => loose(word, 0),
    }
}

/// Reads where a range ends.
pub(crate) fn end(word: &[u8]) -> Result<StreamId> {
    match word {
        [b'(', id @ ..] if !id.is_empty() => {
            strict(id, u64::MAX)?.previous().ok_or_else(|| Error::general("invalid end ID for the interval"))
        }
        word => loose(word, u64::MAX),
    }
}

/// All ids above this one; none above the last.
pub(crate) fn above(id: StreamId) -> RangeInclusive<StreamId> {
    match id.next() {
        Some(next) => next..=StreamId::MAX,
        None => StreamId::MAX..=StreamId::MIN,
    }
}

/// Writes an id.
pub(crate) fn write(out: &mut dyn Reply, id: StreamId) {
    let mut number = IntText::new();
    let mut text = smallvec::SmallVec::<[u8; 48]>::new();
    text.extend_from_slice(number.write_unsigned(id.ms));
    text.push(b'-');
    text.extend_from_slice(number.write_unsigned(id.seq));
    out.bulk(&text);
}

/// Reads how many entries are wanted: below one for all of them.
pub(crate) fn count(n: i64) -> usize {
    usize::try_from(n).ok().filter(|n| *n > 0).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_as_redis_reads_them() {
        let id = |ms, seq| Ok(StreamId::new(ms, seq));
        for (text, expected) in [
            ("5", id(5, 9)),
            ("5-3", id(5, 3)),
            (" 5-+3", id(5, 3)),
            ("007-1", id(7, 1)),
            ("5-3\0x", id(5, 3)),
            ("18446744073709551615-18446744073709551615", Ok(StreamId::MAX)),
            ("1--05", id(1, u64::MAX - 4)),
        ] {
            assert_eq!(strict(text.as_bytes(), 9), expected, "{text}");
        }
        for text in
            ["", "-", "+", "*", "5-", "-5", "5-*", "1--5", "1-1-1", "a", "1.5", "18446744073709551616", "0x1"]
        {
            assert!(strict(text.as_bytes(), 0).is_err(), "{text}");
        }
        assert_eq!(partial(b"5-*", 0), Ok(Partial::Ms(5)));
        assert_eq!((loose(b"-", 1), loose(b"+", 1)), (Ok(StreamId::MIN), Ok(StreamId::MAX)));
        assert_eq!(
            (start(b"(5"), end(b"(5"), end(b"(5-0")),
            (id(5, 1), id(5, u64::MAX - 1), id(4, u64::MAX))
        );
        for text in ["(", "(-", "(+", "(18446744073709551615-18446744073709551615"] {
            assert!(start(text.as_bytes()).is_err(), "{text}");
        }
        assert!(end(b"(0-0").is_err());
    }
}
