//! The options of SCAN and its relatives for collections.

use crate::args::{Args, is};
use crate::cx::{Cx, Haste};
use crate::error::{Error, Result};
use larder_core::glob;
use larder_core::value::string::parse_int;

/// `[MATCH pattern] [COUNT count]`, and `[NOVALUES]` for a hash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScanOptions<'a> {
    pattern: Option<&'a [u8]>,
    pub(crate) count: usize,
    /// Only the fields of a hash are wanted.
    pub(crate) no_values: bool,
}

impl<'a> ScanOptions<'a> {
    /// Reads them from `at` on. Redis looks at the cursor before it looks for the key, and at these only where there is
    /// something to visit.
    pub(crate) fn read(args: Args<'a>, at: usize) -> Result<ScanOptions<'a>> {
        ScanOptions::read_all(args, at, false)
    }

    /// Reads those of HSCAN.
    pub(crate) fn read_of_hash(args: Args<'a>, at: usize) -> Result<ScanOptions<'a>> {
        ScanOptions::read_all(args, at, true)
    }

    fn read_all(args: Args<'a>, at: usize, of_hash: bool) -> Result<ScanOptions<'a>> {
        let mut read = ScanOptions { pattern: None, count: 10, no_values: false };
        let mut options = args.options(at);
        while let Some(option) = options.next() {
            if is(option, "MATCH") {
                read.pattern = Some(options.value()?).filter(|pattern| *pattern != b"*");
            } else if is(option, "COUNT") {
                read.count = usize::try_from(options.int()?).ok().filter(|n| *n > 0).ok_or(Error::SYNTAX)?;
            } else if of_hash && is(option, "NOVALUES") {
                read.no_values = true;
            } else {
                return Err(Error::SYNTAX);
            }
        }
        Ok(read)
    }

    /// Whether something is asked for.
    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        self.pattern.is_none_or(|pattern| glob::matches(pattern, text))
    }
}

/// Whether so many members are asked for at once that it takes long to visit them.
pub(crate) fn takes_long(cx: &mut Cx<'_>, args: Args<'_>) -> Result<bool> {
    let is_many = |word: &&[u8]| parse_int(word).is_some_and(|count| count > Haste::PARTS_MAX as i64);
    Ok(args.from(3).iter().any(is_many) && cx.forbids_all(&args.from(1)[..1])?)
}

/// Reads a cursor. One below zero wraps round, as it does in Redis: some clients keep cursors in signed numbers. An
/// empty one is the beginning.
pub(crate) fn cursor(word: &[u8]) -> Result<u64> {
    let text = std::str::from_utf8(word).map_err(|_| Error::CURSOR)?;
    if text.is_empty() {
        return Ok(0);
    }
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    // One sign is enough.
    if negative && digits.starts_with('+') {
        return Err(Error::CURSOR);
    }
    let n: u64 = digits.parse().map_err(|_| Error::CURSOR)?;
    Ok(if negative { n.wrapping_neg() } else { n })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_as_c_reads_them() {
        for (text, expected) in
            [("", 0), ("0", 0), ("-1", u64::MAX), ("+7", 7), ("18446744073709551615", u64::MAX), ("-0", 0)]
        {
            assert_eq!(cursor(text.as_bytes()), Ok(expected), "{text}");
        }
        for text in ["-", "+", "-+1", "+-1", "--1", " 1", "1 ", "x", "1x", "18446744073709551616"] {
            assert_eq!(cursor(text.as_bytes()), Err(Error::CURSOR), "{text}");
        }
    }
}
