//! What a write may depend on: whether there is a key, and what string it holds. Checked under the lock of the write
//! itself, so that nothing comes between.

use super::{Key, View};
use crate::error::Result;
use crate::value::string::IntText;

/// What must hold for a write to happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Condition<'a> {
    /// Nothing.
    #[default]
    Always,
    /// There is no such key.
    Absent,
    /// There is such a key, whatever it holds.
    Present,
    /// The key holds this string.
    Equals(&'a [u8]),
    /// The key does not hold this string, or does not exist.
    Differs(&'a [u8]),
}

impl View<'_> {
    /// Whether a condition holds. It is no use of the key. [`Error::WrongType`](crate::Error::WrongType) where strings
    /// are to be compared and the key holds something else.
    pub fn meets(&mut self, key: &Key<'_>, condition: Condition<'_>) -> Result<bool> {
        match condition {
            Condition::Always => Ok(true),
            Condition::Absent => Ok(!self.exists(key)?),
            Condition::Present => self.exists(key),
            Condition::Equals(expected) => {
                Ok(self.holds_string(key, |held| held == expected)?.unwrap_or(false))
            }
            Condition::Differs(expected) => {
                Ok(self.holds_string(key, |held| held != expected)?.unwrap_or(true))
            }
        }
    }

    /// Asks something about the string of a key, as no use of it; `None` where there is no key.
    pub fn holds_string(&mut self, key: &Key<'_>, ask: impl FnOnce(&[u8]) -> bool) -> Result<Option<bool>> {
        let Some(entry) = self.peek(key)? else { return Ok(None) };
        Ok(Some(ask(entry.string()?.as_bytes(&mut IntText::new()))))
    }
}
