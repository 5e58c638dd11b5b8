//! How long a command is willing to wait.

use crate::args::parse_float;
use crate::error::{Error, Result};

/// Reads a timeout in seconds, with a fraction if you like: milliseconds, rounded up, or `None` for zero, which is for
/// ever.
pub(crate) fn wait_timeout(word: &[u8]) -> Result<Option<u64>> {
    let seconds = parse_float(word).filter(|seconds| seconds.is_finite()).ok_or(Error::TIMEOUT_NOT_FLOAT)?;
    let ms = (seconds * 1_000.0).ceil();
    if ms >= i64::MAX as f64 {
        return Err(Error::general("timeout is out of range"));
    }
    if seconds < 0.0 {
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
        assert!(wait_timeout(b"1e300").is_err() && wait_timeout(b"inf").is_err());
    }
}
