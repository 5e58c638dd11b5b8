//! How long a command is willing to wait.

use crate::error::{Error, Result};
use crate::long_double::LongDouble;

/// Reads a timeout in seconds, with a fraction if you like: milliseconds, rounded up, or `None` for zero, which is for
/// ever.
pub(crate) fn wait_timeout(word: &[u8]) -> Result<Option<u64>> {
    // 80 bits hold numbers that 64 do not: these are too long, not nonsense.
    let seconds = LongDouble::parse(word).ok_or(Error::TIMEOUT_NOT_FLOAT)?;
    let ms = seconds.in_thousandths().ceil();
    if ms >= i64::MAX as f64 {
        return Err(Error::general("timeout is out of range"));
    }
    // A part of a millisecond below zero is zero.
    if ms < 0.0 {
        return Err(Error::TIMEOUT_NEGATIVE);
    }
    Ok(Some(ms as u64).filter(|ms| *ms != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_as_seconds() {
        assert_eq!(wait_timeout(b"0"), Ok(None));
        assert_eq!(wait_timeout(b"1.5"), Ok(Some(1_500)));
        assert_eq!(wait_timeout(b"0.0001"), Ok(Some(1)));
        assert_eq!(wait_timeout(b"-1"), Err(Error::TIMEOUT_NEGATIVE));
        assert_eq!(wait_timeout(b"x"), Err(Error::TIMEOUT_NOT_FLOAT));
        assert_eq!(wait_timeout(b"-0.0001"), Ok(None));
        assert_eq!(wait_timeout(b"-inf"), Err(Error::TIMEOUT_NEGATIVE));
        for long in ["1e300", "1e400", "inf", "18446744073709551615"] {
            assert_eq!(
                wait_timeout(long.as_bytes()),
                Err(Error::general("timeout is out of range")),
                "{long}"
            );
        }
        for text in ["", " 1", "1 ", "nan", "1e5000"] {
            assert_eq!(wait_timeout(text.as_bytes()), Err(Error::TIMEOUT_NOT_FLOAT), "{text}");
        }
    }
}
