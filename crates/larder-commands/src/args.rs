//! The words of one command line, and how commands read numbers and options from them.

use crate::error::{Error, Result};
use larder_core::value::string::parse_int;
use std::ops::Index;

/// The words, the command's name first.
#[derive(Clone, Copy, Debug)]
pub struct Args<'a>(pub &'a [&'a [u8]]);

impl Index<usize> for Args<'_> {
    type Output = [u8];
    fn index(&self, at: usize) -> &[u8] {
        self.0[at]
    }
}

impl<'a> Args<'a> {
    /// How many words.
    #[inline]
    pub fn len(self) -> usize {
        self.0.len()
    }

    /// Never: there is a name at least.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// A word with the lifetime of the line. Positions within the arity are there.
    #[inline]
    pub fn at(self, at: usize) -> &'a [u8] {
        self.0[at]
    }

    /// A word, or a syntax error where there is none.
    pub fn need(self, at: usize) -> Result<&'a [u8]> {
        self.0.get(at).copied().ok_or(Error::SYNTAX)
    }

    /// A word as a number, or Redis' general error.
    pub fn int(self, at: usize) -> Result<i64> {
        parse_int(self.need(at)?).ok_or(Error::NOT_INTEGER)
    }

    /// A word as a floating-point number.
    pub fn float(self, at: usize) -> Result<f64> {
        parse_float(self.need(at)?).ok_or(Error::NOT_FLOAT)
    }

    /// The words from here to the end.
    pub fn from(self, at: usize) -> &'a [&'a [u8]] {
        self.0.get(at..).unwrap_or_default()
    }

    /// The options from here to the end.
    pub fn options(self, at: usize) -> Options<'a> {
        Options { words: self.from(at) }
    }
}

/// Reads options from left to right.
///
/// ```ignore
/// let mut options = args.options(3);
/// while let Some(option) = options.next() {
///     match () {
///         () if is(option, "NX") => nx = true,
///         () if is(option, "EX") => seconds = Some(options.int()?),
///         () => return Err(Error::SYNTAX),
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Options<'a> {
    words: &'a [&'a [u8]],
}

impl<'a> Options<'a> {
    /// The words that are left.
    pub fn rest(&self) -> &'a [&'a [u8]] {
        self.words
    }

    /// Takes the next word if it is this one.
    pub fn accept(&mut self, word: &str) -> bool {
        match self.words {
            [first, rest @ ..] if is(first, word) => {
                self.words = rest;
                true
            }
            _ => false,
        }
    }

    /// The value of an option: the next word, or a syntax error.
    pub fn value(&mut self) -> Result<&'a [u8]> {
        self.next().ok_or(Error::SYNTAX)
    }

    /// The value of an option as a number.
    pub fn int(&mut self) -> Result<i64> {
        parse_int(self.value()?).ok_or(Error::NOT_INTEGER)
    }

    /// The value of an option as a floating-point number.
    pub fn float(&mut self) -> Result<f64> {
        parse_float(self.value()?).ok_or(Error::NOT_FLOAT)
    }

    /// The next so many words, or `None` if there are fewer.
    pub fn take_words(&mut self, count: usize) -> Option<&'a [&'a [u8]]> {
        let (taken, rest) = self.words.split_at_checked(count)?;
        self.words = rest;
        Some(taken)
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = &'a [u8];
    fn next(&mut self) -> Option<&'a [u8]> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }
}

/// Whether a word is this one, in upper or lower case.
#[inline]
pub(crate) fn is(word: &[u8], expected: &str) -> bool {
    word.eq_ignore_ascii_case(expected.as_bytes())
}

/// Reads a floating-point number as Redis does: no spaces around it, no `nan`, `inf` and `infinity` with a sign in any
/// case, and hexadecimal floats as `strtod` knows them.
pub(crate) fn parse_float(text: &[u8]) -> Option<f64> {
    if text.is_empty() || text.len() > 255 {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?;
    let (negative, digits) = match text.as_bytes()[0] {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let first = *digits.as_bytes().first()?;
    let magnitude = if first.eq_ignore_ascii_case(&b'i') {
        let infinite = digits.eq_ignore_ascii_case("inf") || digits.eq_ignore_ascii_case("infinity");
        infinite.then_some(f64::INFINITY)?
    } else if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        parse_hex_float(hex)?
    } else if first.is_ascii_digit() || first == b'.' {
        digits.parse::<f64>().ok()?
    } else {
        return None;
    };
    // A decimal number beyond the largest is an error, as with strtod's ERANGE; a written infinity is not.
    if magnitude.is_infinite() && !first.eq_ignore_ascii_case(&b'i') {
        return None;
    }
    Some(if negative { -magnitude } else { magnitude })
}

fn parse_hex_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = match text.split_once(['p', 'P']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0.0_f64;
    for digit in whole.chars().chain(fraction.chars()) {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
    }
    Some(value * 2.0_f64.powi(exponent.saturating_sub(4 * i32::try_from(fraction.len()).ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_read_as_redis_reads_them() {
        for (text, expected) in [
            ("1", 1.0),
            ("-1.5", -1.5),
            ("+3", 3.0),
            ("1e3", 1000.0),
            (".5", 0.5),
            ("0x10", 16.0),
            ("-INF", f64::NEG_INFINITY),
            ("5.", 5.0),
        ] {
            assert_eq!(parse_float(text.as_bytes()), Some(expected), "{text}");
        }
        for text in ["", " 1", "1 ", "nan", "-nan", "1a", "--1", "+-1", "1e400", "infin", "e5", "."] {
            assert_eq!(parse_float(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn options_are_read_once_each() {
        let words: [&[u8]; 3] = [b"ex", b"10", b"NX"];
        let mut options = Options { words: &words };
        assert!(!options.accept("NX") && options.accept("EX"));
        assert_eq!(options.int(), Ok(10));
        assert_eq!(options.next(), Some(&b"NX"[..]));
        assert_eq!(options.value(), Err(Error::SYNTAX));
    }
}
