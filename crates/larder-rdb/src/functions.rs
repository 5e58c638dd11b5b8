//! Libraries of functions: their texts, one after another.

use crate::payload::{open, seal};
use crate::reader::Reader;
use crate::writer::Writer;
use crate::{Error, Result, kind};

/// Writes the texts of libraries.
pub fn dump_functions<'t>(texts: impl IntoIterator<Item = &'t [u8]>) -> Vec<u8> {
    let mut out = Writer::default();
    for text in texts {
        out.byte(kind::FUNCTIONS);
        out.text(text);
    }
    seal(out.into_bytes(), kind::version(kind::FUNCTIONS))
}

/// Reads the texts of libraries.
pub fn restore_functions(payload: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut rest = Reader::new(open(payload)?);
    let mut texts = Vec::new();
    while !rest.is_empty() {
        if rest.byte()? != kind::FUNCTIONS {
            return Err(Error::NotFunctions);
        }
        texts.push(rest.text()?.into_owned());
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_in_their_order() {
        let long = b"redis.register_function('f', function() return 1 end)".repeat(9);
        let texts = [&b"#!lua name=b"[..], b"", &long, b"12"];
        let payload = dump_functions(texts);
        assert_eq!(restore_functions(&payload), Ok(texts.map(<[u8]>::to_vec).to_vec()));
        assert_eq!(restore_functions(&dump_functions([])), Ok(Vec::new()));
        assert_eq!(
            restore_functions(&seal(vec![kind::STRING, 1, b'a'], kind::version(kind::FUNCTIONS))),
            Err(Error::NotFunctions)
        );
        assert_eq!(
            restore_functions(&seal(vec![kind::FUNCTIONS, 2, b'a'], kind::version(kind::FUNCTIONS))),
            Err(Error::Damaged)
        );
        assert_eq!(restore_functions(b"short"), Err(Error::Unsealed));
    }
}
