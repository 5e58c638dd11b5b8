//! Entries as replies, and where they are looked for.

use super::ids;
use crate::prelude::*;
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

/// The stream of a key that was read in this command already.
pub(crate) fn again<'c>(cx: &'c mut Cx<'_>, key: &Key<'_>) -> Result<Option<&'c Stream>> {
    Ok(cx.view.peek(key)?.map(|entry| entry.collection::<Stream>()).transpose()?)
}
