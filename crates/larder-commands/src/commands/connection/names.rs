//! What clients may call themselves.

use crate::error::{Error, Result};

/// A name as CLIENT LIST can show it: printable ASCII without spaces. Empty takes the name away.
pub(crate) fn valid_name(name: &[u8]) -> Result<String> {
    if name.iter().any(|byte| !(b'!'..=b'~').contains(byte)) {
        return Err(Error::general("Client names cannot contain spaces, newlines or special characters."));
    }
    Ok(String::from_utf8_lossy(name).into_owned())
}
