//! Sorted sets: members with their scores, small ones as a listpack, which was a ziplist before 7.0.

use crate::listpack::{self, Listpack};
use crate::reader::Reader;
use crate::writer::Writer;
use crate::{Error, Result, kind, ziplist};
use larder_core::Tools;
use larder_core::value::score::{ScoreText, parse_score};
use larder_core::value::string::{IntText, Str};
use larder_core::value::zset::{Inserted, Zset};

pub(crate) fn write(zset: &Zset) -> Writer {
    if zset.encoding() == "listpack" {
        let mut pack = Listpack::new();
        for (member, score) in zset {
            pack.push_text(member);
            pack.push_text(ScoreText::new().write(score));
        }
        let mut out = Writer::new(kind::ZSET_LISTPACK);
        out.text(&pack.finish());
        return out;
    }
    let mut out = Writer::new(kind::ZSET);
    out.count(zset.len());
    // From the last to the first: a skiplist takes in each at its front, without looking for its place.
    for (member, score) in zset.iter().rev() {
        out.text(member);
        out.double(score);
    }
    out
}

pub(crate) fn read(kind: u8, rest: &mut Reader<'_>, tools: &Tools<'_>) -> Result<Zset> {
    let mut zset = Zset::new();
    match kind {
        kind::ZSET_ZIPLIST => insert_pairs(&mut zset, tools, ziplist::elements(&rest.text()?)?)?,
        kind::ZSET_LISTPACK => insert_pairs(&mut zset, tools, listpack::elements(&rest.text()?)?)?,
        _ => {
            for _ in 0..rest.count()? {
                let member = rest.text()?;
                let score = if kind == kind::ZSET { rest.double()? } else { rest.double_text()? };
                insert(&mut zset, tools, &member, score)?;
            }
        }
    }
    if zset.is_empty() { Err(Error::Damaged) } else { Ok(zset) }
}

fn insert_pairs<'p>(
    zset: &mut Zset,
    tools: &Tools<'_>,
    mut elements: impl Iterator<Item = Result<Str<'p>>>,
) -> Result<()> {
    let mut text = IntText::new();
    while let Some(member) = elements.next() {
        let score = match elements.next().ok_or(Error::Damaged)?? {
            Str::Int(score) => score as f64,
            score => parse_score(&score.to_vec()).ok_or(Error::Damaged)?,
        };
        insert(zset, tools, member?.as_bytes(&mut text), score)?;
    }
    Ok(())
}

fn insert(zset: &mut Zset, tools: &Tools<'_>, member: &[u8], score: f64) -> Result<()> {
    if score.is_nan() || zset.insert(tools, member, score) != Inserted::Added {
        return Err(Error::Damaged);
    }
    Ok(())
}
