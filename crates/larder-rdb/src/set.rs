//! Sets: numbers as an intset, others member by member, since 7.2 small ones as a listpack.

use crate::reader::Reader;
use crate::writer::Writer;
use crate::{Error, Result, intset, kind, listpack};
use larder_core::Tools;
use larder_core::value::set::Set;
use larder_core::value::string::{IntText, Str};

pub(crate) fn write(set: &Set) -> Writer {
    if set.encoding() == "intset" {
        let mut numbers = Vec::with_capacity(set.len());
        set.each(|member| {
            numbers.extend(member.as_int());
            true
        });
        let mut out = Writer::new(kind::SET_INTSET);
        out.text(&intset::write(&numbers));
        return out;
    }
    let mut out = Writer::new(kind::SET);
    out.count(set.len());
    set.each(|member| {
        out.string(member);
        true
    });
    out
}

pub(crate) fn read(kind: u8, rest: &mut Reader<'_>, tools: &Tools<'_>) -> Result<Set> {
    let mut set = Set::new();
    let mut text = IntText::new();
    // A member that is there already is no member of a set.
    let mut all_new = true;
    match kind {
        kind::SET_INTSET => {
            let numbers = rest.text()?;
            intset::read(&numbers, |number| all_new &= set.insert(tools, text.write(number)))?;
        }
        kind::SET_LISTPACK => {
            for member in listpack::elements(&rest.text()?)? {
                all_new &= set.insert(tools, Str::as_bytes(&member?, &mut text));
            }
        }
        _ => {
            for _ in 0..rest.count()? {
                all_new &= set.insert(tools, &rest.text()?);
            }
        }
    }
    if all_new && !set.is_empty() { Ok(set) } else { Err(Error::Damaged) }
}
