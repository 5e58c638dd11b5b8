//! The two ends of a list, and what commands do there.

use crate::prelude::*;
use larder_core::value::list::List;
use larder_core::{Edit, Missing};
use std::ops::Range;

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Left,
    Right,
}

impl End {
    /// Reads `LEFT` or `RIGHT`.
    pub(crate) fn parse(word: &[u8]) -> Result<End> {
        match () {
            () if is(word, "LEFT") => Ok(End::Left),
            () if is(word, "RIGHT") => Ok(End::Right),
            () => Err(Error::SYNTAX),
        }
    }

    fn pushed(self) -> &'static str {
        match self {
            End::Left => "lpush",
            End::Right => "rpush",
        }
    }

    fn popped(self) -> &'static str {
        match self {
            End::Left => "lpop",
            End::Right => "rpop",
        }
    }

    fn peek(self, list: &List) -> Option<Vec<u8>> {
        let index = match self {
            End::Left => 0,
            End::Right => list.len().checked_sub(1)?,
        };
        list.get(index).map(<[u8]>::to_vec)
    }

    fn pop(self, list: &mut List) -> Option<Vec<u8>> {
        self.take(list, <[u8]>::to_vec)
    }

    /// Shows the element there, then removes it.
    fn take<R>(self, list: &mut List, look: impl FnOnce(&[u8]) -> R) -> Option<R> {
        match self {
            End::Left => list.take_front(look),
            End::Right => list.take_back(look),
        }
    }

    fn push(self, edit: &mut Edit<'_, List>, element: &[u8]) {
        let Edit { collection, tools, .. } = edit;
        match self {
            End::Left => collection.push_front(&tools.limits, element),
            End::Right => collection.push_back(&tools.limits, element),
        }
    }
}

/// Pushes elements one after the other; the new length, or `None` where there is no list and none shall be made.
pub(crate) fn push(
    cx: &mut Cx<'_>,
    key: &[u8],
    elements: &[&[u8]],
    end: End,
    missing: Missing,
) -> Result<Option<usize>> {
    let key = cx.key(key);
    let len = cx.view.edit::<List, _>(&key, missing, |edit| {
        elements.iter().for_each(|element| end.push(edit, element));
        edit.report(end.pushed());
        edit.len()
    })?;
    Ok(len)
}

/// Pops one element.
pub(crate) fn pop(cx: &mut Cx<'_>, key: &Key<'_>, end: End) -> Result<Option<Vec<u8>>> {
    let popped = cx.view.edit::<List, _>(key, Missing::Skip, |edit| {
        edit.report(end.popped());
        end.pop(edit)
    })?;
    Ok(popped.flatten())
}

/// Pops one element into a reply. `false`, and nothing written, where there is no list.
pub(crate) fn pop_one(cx: &mut Cx<'_>, key: &Key<'_>, end: End, out: &mut dyn Reply) -> Result<bool> {
    let popped = cx.view.edit::<List, _>(key, Missing::Skip, |edit| {
        edit.report(end.popped());
        end.take(edit, |element| out.bulk(element));
    })?;
    Ok(popped.is_some())
}

/// Pops up to `count` elements into a reply: a list of them. `false`, and nothing written, where there is no list.
pub(crate) fn pop_several(
    cx: &mut Cx<'_>,
    key: &Key<'_>,
    end: End,
    count: usize,
    out: &mut dyn Reply,
    before: impl FnOnce(&mut dyn Reply),
) -> Result<bool> {
    let popped = cx.view.edit::<List, _>(key, Missing::Skip, |edit| {
        before(out);
        let count = count.min(edit.len());
        out.array(count);
        for _ in 0..count {
            end.take(edit, |element| out.bulk(element));
        }
        if count > 0 {
            edit.report(end.popped());
        }
    })?;
    Ok(popped.is_some())
}

/// Moves an element from one list to another, or round one list. `None` where the source is empty. Listeners are told
/// of the push before the pop, as by Redis.
pub(crate) fn shift(
    cx: &mut Cx<'_>,
    from: &[u8],
    to: &[u8],
    out_of: End,
    into: End,
) -> Result<Option<Vec<u8>>> {
    let (source, destination) = (cx.key(from), cx.key(to));
    let Some(element) = cx.view.collection::<List>(&source)?.and_then(|list| out_of.peek(list)) else {
        return Ok(None);
    };
    // Both must be lists before either changes.
    cx.view.peek(&destination)?.map(|entry| entry.collection::<List>()).transpose()?;
    if from == to {
        let moved = cx.view.edit::<List, _>(&source, Missing::Skip, |edit| {
            let element = out_of.pop(edit)?;
            into.push(edit, &element);
            edit.report(into.pushed());
            edit.report(out_of.popped());
            Some(element)
        })?;
        return Ok(moved.flatten());
    }
    push(cx, to, &[&element], into, Missing::Create)?;
    pop(cx, &source, out_of)
}

/// The indices that a start and a stop mean, both of which may count from the end.
pub(crate) fn range(start: i64, stop: i64, len: usize) -> Range<usize> {
    let len = len as i64;
    let from_start = |index: i64| if index < 0 { len.saturating_add(index) } else { index };
    let start = from_start(start).max(0);
    let stop = from_start(stop).min(len - 1);
    if start > stop { 0..0 } else { start as usize..stop as usize + 1 }
}

/// The index that a number means, which may count from the end; `None` beyond the ends.
pub(crate) fn index(n: i64, len: usize) -> Option<usize> {
    let index = if n < 0 { (len as i64).checked_add(n)? } else { n };
    usize::try_from(index).ok().filter(|index| *index < len)
}
