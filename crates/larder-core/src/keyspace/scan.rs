//! Scan cursors over a whole database: a stripe, and a position within it that later growth does not invalidate.
//!
//! A cursor fits in 40 bits, so that it also survives clients that keep it as a floating-point number.

use crate::limits::STRIPES;

/// Where a scan of a database goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScanCursor(u64);

impl ScanCursor {
    /// The beginning.
    pub const START: ScanCursor = ScanCursor(0);

    /// The cursor as the number that a user sees; 0 is the beginning and the end.
    pub fn to_u64(self) -> u64 {
        self.0
    }

    /// The cursor from a user's number. Any number is a cursor: a meaningless one just starts somewhere.
    pub fn from_u64(n: u64) -> ScanCursor {
        ScanCursor(n % ((STRIPES as u64) << 32))
    }

    pub(crate) fn at(stripe: usize, position: u32) -> ScanCursor {
        ScanCursor(if stripe < STRIPES { (stripe as u64) | u64::from(position) << 8 } else { 0 })
    }

    pub(crate) fn parts(self) -> (usize, u32) {
        ((self.0 % STRIPES as u64) as usize, (self.0 >> 8) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_survive_the_user() {
        for (stripe, position) in [(0, 1), (255, u32::MAX), (3, 0), (17, 1 << 31)] {
            let cursor = ScanCursor::at(stripe, position);
            assert_eq!(ScanCursor::from_u64(cursor.to_u64()).parts(), (stripe, position));
            assert!(cursor.to_u64() < 1 << 53);
        }
        assert_eq!(ScanCursor::at(STRIPES, 0), ScanCursor::START);
        let (stripe, _) = ScanCursor::from_u64(u64::MAX).parts();
        assert!(stripe < STRIPES);
    }
}
