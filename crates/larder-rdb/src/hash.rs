//! Hashes: fields with their values, small ones as a listpack, which was a ziplist before 7.0 and a zipmap before 2.6.

use crate::listpack::{self, Listpack};
use crate::reader::Reader;
use crate::writer::Writer;
use crate::{Error, Result, kind, ziplist, zipmap};
use larder_core::Tools;
use larder_core::value::hash::Hash;
use larder_core::value::string::{IntText, Str};

pub(crate) fn write(hash: &Hash) -> Writer {
    if hash.encoding() == "listpack" {
        let mut pack = Listpack::new();
        hash.each(|field, value| {
            pack.push_text(field);
            pack.push(value);
            true
        });
        let mut out = Writer::new(kind::HASH_LISTPACK);
        out.text(&pack.finish());
        return out;
    }
    let mut out = Writer::new(kind::HASH);
    out.count(hash.len());
    hash.each(|field, value| {
        out.text(field);
        out.string(value);
        true
    });
    out
}

pub(crate) fn read(kind: u8, rest: &mut Reader<'_>, tools: &Tools<'_>) -> Result<Hash> {
    let mut hash = Hash::new();
    match kind {
        kind::HASH_ZIPMAP => {
            for pair in zipmap::pairs(&rest.text()?)? {
                let (field, value) = pair?;
                set(&mut hash, tools, field, value)?;
            }
        }
        kind::HASH_ZIPLIST => set_pairs(&mut hash, tools, ziplist::elements(&rest.text()?)?)?,
        kind::HASH_LISTPACK => set_pairs(&mut hash, tools, listpack::elements(&rest.text()?)?)?,
        _ => {
            for _ in 0..rest.count()? {
                let (field, value) = (rest.text()?, rest.text()?);
                set(&mut hash, tools, &field, &value)?;
            }
        }
    }
    if hash.is_empty() { Err(Error::Damaged) } else { Ok(hash) }
}

fn set_pairs<'p>(
    hash: &mut Hash,
    tools: &Tools<'_>,
    mut elements: impl Iterator<Item = Result<Str<'p>>>,
) -> Result<()> {
    let (mut field_text, mut value_text) = (IntText::new(), IntText::new());
    while let Some(field) = elements.next() {
        let value = elements.next().ok_or(Error::Damaged)??;
        set(hash, tools, field?.as_bytes(&mut field_text), value.as_bytes(&mut value_text))?;
    }
    Ok(())
}

/// A field that is there already is no field of a hash.
fn set(hash: &mut Hash, tools: &Tools<'_>, field: &[u8], value: &[u8]) -> Result<()> {
    if hash.set(tools, field, value) { Ok(()) } else { Err(Error::Damaged) }
}
