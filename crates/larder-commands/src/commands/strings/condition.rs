//! `NX`, `XX`, `IFEQ`, `IFNE`, `IFDEQ`, `IFDNE`: what writes of strings depend on.
//!
//! A digest is XXH3 in 64 bits without a seed, as 16 hexadecimal digits: a way to name a long value without sending it.
//! It is refused if it is longer or shorter; 16 characters that are not such digits are the digest of no string.

use crate::prelude::*;
use larder_core::Condition;
use twox_hash::XxHash3_64;

/// The choices that compare strings, as arguments of a command.
pub(crate) const COMPARISONS: [Arg; 4] = [
    Arg::string("ifeq-value").token("IFEQ").since("8.4.0"),
    Arg::string("ifne-value").token("IFNE").since("8.4.0"),
    Arg::int("ifdeq-digest").token("IFDEQ").since("8.4.0"),
    Arg::int("ifdne-digest").token("IFDNE").since("8.4.0"),
];

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked<'a> {
    /// Something the engine knows of.
    Of(Condition<'a>),
    /// The digest of the string is this one; `None` is the digest of nothing.
    Digest(Option<u64>),
    /// It is another one, or there is no key.
    NotDigest(Option<u64>),
}

impl<'a> Asked<'a> {
    /// Reads a comparison if the option is one.
    pub(crate) fn comparison(option: &[u8], options: &mut Options<'a>) -> Result<Option<Asked<'a>>> {
        Ok(Some(match () {
            () if is(option, "IFEQ") => Asked::Of(Condition::Equals(options.value()?)),
            () if is(option, "IFNE") => Asked::Of(Condition::Differs(options.value()?)),
            () if is(option, "IFDEQ") => Asked::Digest(parse_digest(options.value()?)?),
            () if is(option, "IFDNE") => Asked::NotDigest(parse_digest(options.value()?)?),
            () => return Ok(None),
        }))
    }

    /// Whether it holds.
    pub(crate) fn holds(self, cx: &mut Cx<'_>, key: &Key<'_>) -> Result<bool> {
        match self {
            Asked::Of(condition) => Ok(cx.view.meets(key, condition)?),
            Asked::Digest(expected) => {
                Ok(cx.view.holds_string(key, |held| Some(digest(held)) == expected)?.unwrap_or(false))
            }
            Asked::NotDigest(expected) => {
                Ok(cx.view.holds_string(key, |held| Some(digest(held)) != expected)?.unwrap_or(true))
            }
        }
    }
}

/// The digest of a string.
pub(crate) fn digest(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

fn parse_digest(text: &[u8]) -> Result<Option<u64>> {
    if text.len() != 16 {
        return Err(Error::general("must be exactly 16 hexadecimal characters"));
    }
    let digits = std::str::from_utf8(text).ok().filter(|text| !text.starts_with('+'));
    Ok(digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_documentation() {
        assert_eq!(digest(b"Hello world"), 0xb6ac_b9d8_4a38_ff74);
        assert_eq!(digest(b"Hello, Dragonfly!"), 0x063b_4909_128e_92b7);
        assert_eq!(parse_digest(b"063B4909128e92b7"), Ok(Some(0x063b_4909_128e_92b7)));
        for text in ["", "63b4909128e92b7", "063b4909128e92b7f"] {
            assert!(parse_digest(text.as_bytes()).is_err(), "{text}");
        }
        for text in ["+63b4909128e92b7", "063b4909128e92bg"] {
            assert_eq!(parse_digest(text.as_bytes()), Ok(None), "{text}");
        }
    }
}
