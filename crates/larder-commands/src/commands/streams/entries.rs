//! Entries as replies, and where they are looked for.

use super::ids;
use crate::byte_list::ByteList;
use crate::prelude::*;
use larder_core::Slice;
use larder_core::value::stream::{Entry, Log, Stream, StreamId};
use smallvec::SmallVec;

/// Writes an entry: its id, and fields and values in turn.
pub(crate) fn write(out: &mut dyn Reply, entry: &Entry<'_>) {
    out.array(2);
    ids::write(out, entry.id);
    let fields = entry.fields();
    out.array(2 * fields.len());
    for (name, value) in fields {
        out.string(name);
        out.string(value);
    }
}

/// Writes entries as a list. Many of them are walked over twice, since a list begins with its length.
pub(crate) fn write_all<'s>(out: &mut dyn Reply, entries: impl Iterator<Item = Entry<'s>> + Clone) {
    const FEW: usize = 16;
    let few: SmallVec<[Entry<'s>; FEW]> = entries.clone().take(FEW).collect();
    if few.len() < FEW {
        out.array(few.len());
        return few.iter().for_each(|entry| write(out, entry));
    }
    out.array(entries.clone().count());
    entries.for_each(|entry| write(out, &entry));
}

/// Writes the entries of a consumer's history, the deleted ones without content.
pub(crate) fn write_history(out: &mut dyn Reply, log: &Log, history: &[StreamId]) {
    out.array(history.len());
    for id in history {
        if let Some(entry) = log.get(*id) {
            write(out, &entry);
        } else {
            out.array(2);
            ids::write(out, *id);
            out.null_array();
        }
    }
}

/// Entries that were copied: their ids, how many words each has, and these.
#[derive(Debug, Default)]
pub(crate) struct Copied {
    entries: Vec<(StreamId, usize)>,
    words: ByteList,
}

impl Copied {
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Goes on with the entries between two ids, `most` of them, for as long as a slice allows. Says whether that was
    /// all.
    pub(crate) fn go_on(
        &mut self,
        log: &Log,
        (start, end): (StreamId, StreamId),
        most: usize,
        back: bool,
        slice: &mut Slice,
    ) -> bool {
        let last = self.entries.last().map(|(id, _)| *id);
        let left = most - self.entries.len();
        let mut add = |entry: Entry<'_>| {
            let fields = entry.fields();
            self.entries.push((entry.id, 2 * fields.len()));
            for (name, value) in fields {
                self.words.push_part(name, slice);
                self.words.push_part(value, slice);
            }
            slice.add(0);
            slice.left() > 0
        };
        // The one that ended the last slice is there still, and is passed over.
        let passed = usize::from(last.is_some());
        if back {
            log.range_back(start, last.unwrap_or(end)).skip(passed).take(left).all(&mut add)
        } else {
            log.range(last.unwrap_or(start), end).skip(passed).take(left).all(&mut add)
        }
    }

    /// Writes them as a list.
    pub(crate) fn write(&self, out: &mut dyn Reply) {
        let mut words = self.words.iter();
        out.array(self.entries.len());
        for (id, len) in &self.entries {
            out.array(2);
            ids::write(out, *id);
            out.array(*len);
            words.by_ref().take(*len).for_each(|word| out.bulk(word));
        }
    }
}

/// The stream of a key that was read in this command already.
pub(crate) fn again<'c>(cx: &'c mut Cx<'_>, key: &Key<'_>) -> Result<Option<&'c Stream>> {
    Ok(cx.view.peek(key)?.map(|entry| entry.collection::<Stream>()).transpose()?)
}
