//! The two ends of a sorted set, and what commands take from there.

use super::members::Shape;
use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::zset::Zset;

/// An end of a sorted set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Min,
    Max,
}

impl End {
    /// Reads `MIN` or `MAX`.
    pub(crate) fn parse(word: &[u8]) -> Result<End> {
        match () {
            () if is(word, "MIN") => Ok(End::Min),
            () if is(word, "MAX") => Ok(End::Max),
            () => Err(Error::SYNTAX),
        }
    }

    fn popped(self) -> &'static str {
        match self {
            End::Min => "zpopmin",
            End::Max => "zpopmax",
        }
    }
}

/// Takes up to `count` members into a reply, after what `heading` writes. `false`, and nothing written, where there is
/// no sorted set.
pub(crate) fn pop(
    cx: &mut Cx<'_>,
    key: &Key<'_>,
    end: End,
    count: usize,
    out: &mut dyn Reply,
    heading: impl FnOnce(&mut dyn Reply, usize) -> Shape,
) -> Result<bool> {
    let popped = cx.view.edit::<Zset, _>(key, Missing::Skip, |edit| {
        let len = edit.len();
        let count = count.min(len);
        let shape = heading(out, count);
        if count == 0 {
            return;
        }
        match end {
            End::Min => {
                edit.remove_range(0..count, |member, score| shape.one(out, member, score));
            }
            End::Max => {
                let ranks = len - count..len;
                edit.range(ranks.clone()).rev().for_each(|(member, score)| shape.one(out, member, score));
                edit.remove_range(ranks, |_, _| {});
            }
        }
        edit.report(end.popped());
    })?;
    Ok(popped.is_some())
}
