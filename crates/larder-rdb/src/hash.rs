//! Hashes: fields with their values, small ones as a listpack, which was a ziplist before 7.0 and a zipmap before 2.6.
//!
//! Since 7.4 fields may have deadlines. Such a hash is written as the nearest deadline, and then the fields: how much
//! later than that each of them dies, plus one so that nothing stands for never, name and value. Small ones may come as
//! a listpack with a deadline after each value; they are not written as such, because Redis keeps them in the order
//! of their deadlines.

use crate::listpack::{self, Listpack};
use crate::reader::Reader;
use crate::writer::Writer;
use crate::{Error, Present, Result, kind, ziplist, zipmap};
use larder_core::value::Collection;
use larder_core::value::hash::Hash;
use larder_core::value::string::{IntText, Str};
use larder_core::{Deadline, Tools};

/// The last moment that a payload may name: milliseconds of Unix time in 48 bits.
const UNIX_MS_MAX: u64 = (1 << 48) - 1;

pub(crate) fn write(hash: &Hash, present: Present) -> Writer {
    if hash.dues().next_ms.is_some() {
        return write_mortal(hash, present);
    }
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

fn write_mortal(hash: &Hash, present: Present) -> Writer {
    let unix_ms =
        |deadline: Deadline| present.to_unix(deadline.ms() as i64).clamp(1, UNIX_MS_MAX as i64) as u64;
    let (mut first, mut len) = (UNIX_MS_MAX, 0);
    hash.each_with_deadline(|_, _, deadline| {
        len += 1;
        first = first.min(deadline.map_or(UNIX_MS_MAX, unix_ms));
        true
    });
    let mut out = Writer::new(kind::HASH_MORTAL);
    out.bytes(&first.to_le_bytes());
    out.count(len);
    hash.each_with_deadline(|field, value, deadline| {
        out.number(deadline.map_or(0, |deadline| unix_ms(deadline) - first + 1));
        out.text(field);
        out.string(value);
        true
    });
    out
}

/// Reads a hash of which some fields have deadlines; nothing where all of them have died meanwhile.
pub(crate) fn read_mortal(
    kind: u8,
    rest: &mut Reader<'_>,
    tools: &Tools<'_>,
    present: Present,
) -> Result<Option<Hash>> {
    let first = match kind {
        kind::HASH_MORTAL | kind::HASH_MORTAL_LISTPACK => u64::from_le_bytes(rest.array()?),
        _ => 0,
    };
    let mut mortal = Mortal { hash: Hash::new(), tools, present, died: false };
    if matches!(kind, kind::HASH_MORTAL_LISTPACK | kind::HASH_MORTAL_LISTPACK_RC) {
        let elements = rest.text()?;
        let mut elements = listpack::elements(&elements)?;
        let (mut field_text, mut value_text) = (IntText::new(), IntText::new());
        while let Some(field) = elements.next() {
            let (field, value) = (field?, elements.need()?);
            let dies = u64::try_from(elements.need_int()?).map_err(|_| Error::Damaged)?;
            mortal.set(field.as_bytes(&mut field_text), value.as_bytes(&mut value_text), dies)?;
        }
    } else {
        for _ in 0..rest.count()? {
            let dies = match rest.number()? {
                0 => 0,
                later if kind == kind::HASH_MORTAL => first.checked_add(later - 1).ok_or(Error::Damaged)?,
                dies => dies,
            };
            mortal.set(&rest.text()?, &rest.text()?, dies)?;
        }
    }
    match mortal {
        Mortal { hash, .. } if !hash.is_empty() => Ok(Some(hash)),
        Mortal { died: true, .. } => Ok(None),
        _ => Err(Error::Damaged),
    }
}

/// A hash that is being read, of which some fields have deadlines.
struct Mortal<'t> {
    hash: Hash,
    tools: &'t Tools<'t>,
    present: Present,
    /// Some field had died.
    died: bool,
}

impl Mortal<'_> {
    /// Adds a field, unless it has died meanwhile. It lives on if its moment is nothing.
    fn set(&mut self, field: &[u8], value: &[u8], dies_unix_ms: u64) -> Result<()> {
        if dies_unix_ms > UNIX_MS_MAX {
            return Err(Error::Damaged);
        }
        set(&mut self.hash, self.tools, field, value)?;
        if dies_unix_ms == 0 {
            return Ok(());
        }
        let dies_ms = self.present.to_engine(dies_unix_ms as i64);
        if dies_ms <= self.present.engine_ms {
            self.died = true;
            self.hash.remove(field);
        } else {
            self.hash.set_deadline(self.tools, field, Some(Deadline::at_ms(dies_ms as u64)));
        }
        Ok(())
    }
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
