//! `XSETID`: sets what a stream remembers beside its entries.

use super::ids;
use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::stream::{Log, Stream, StreamId};

pub(crate) static XSETID: Command = Command {
    name: "xsetid",
    summary: "Sets the last id of a stream, and what else it remembers of entries that are gone.",
    since: "5.0.0",
    group: Group::Streams,
    arity: -3,
    flags: WRITE | DENYOOM | FAST,
    keys: &[KeySpec::at(1, RW | UPDATE)],
    args: &[
        Arg::key("key"),
        Arg::string("last-id"),
        Arg::int("entries_added").token("ENTRIESADDED").optional().since("7.0.0"),
        Arg::string("max_deleted_entry_id").token("MAXDELETEDID").optional().since("7.0.0"),
    ],
    history: &[("7.0.0", "Takes ENTRIESADDED and MAXDELETEDID.")],
    examples: &[
        "XSETID none 1-1",
        "XADD s 1-1 a 1",
        "XSETID s 5-5 ENTRIESADDED 10 MAXDELETEDID 3-3",
        "XINFO STREAM s",
        "XADD s 5-5 a 1",
        "XSETID s 2-2",
        "XSETID s 1-0 MAXDELETEDID 2-0",
        "XSETID s 7-7 ENTRIESADDED 0",
        "XSETID s 7-7 ENTRIESADDED -1",
        "XSETID s 7-7 WHAT 1",
        "XSETID s x",
        "SET t x",
        "XSETID t 1-1",
    ],
    run,
    ..Command::DEFAULT
};

fn smaller(than: &str) -> Error {
    Error::general(format_args!("The ID specified in XSETID is smaller than {than}"))
}

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let id = ids::strict(args.at(2), 0)?;
    let mut added = None;
    let mut max_deleted = StreamId::MIN;
    let mut options = args.options(3);
    while let Some(option) = options.next() {
        match () {
            () if options.rest().is_empty() => return Err(Error::SYNTAX),
            () if is(option, "ENTRIESADDED") => {
                let count = options.int()?;
                if count < 0 {
                    return Err(Error::general("entries_added must be positive"));
                }
                added = Some(count);
            }
            () if is(option, "MAXDELETEDID") => {
                max_deleted = ids::strict(options.value()?, 0)?;
                if id < max_deleted {
                    return Err(smaller("the provided max_deleted_entry_id"));
                }
            }
            () => return Err(Error::SYNTAX),
        }
    }
    let set = cx.view.edit::<Stream, _>(&cx.key(args.at(1)), Missing::Skip, |edit| {
        check(edit.log(), id, added)?;
        let log = edit.log_mut();
        log.set_last_id(id);
        if let Some(count) = added {
            log.set_entries_added(count);
        }
        if max_deleted != StreamId::MIN {
            log.set_max_deleted_id(max_deleted);
        }
        edit.report("xsetid");
        Ok::<_, Error>(())
    })?;
    set.ok_or(Error::NO_SUCH_KEY)??;
    out.ok();
    Ok(Done)
}

/// Whether what a stream shall remember goes with what it has.
fn check(log: &Log, id: StreamId, added: Option<i64>) -> Result<()> {
    if log.last().is_some_and(|last| id < last.id) {
        return Err(smaller("the target stream top item"));
    }
    if added.is_some_and(|added| log.len() as u64 > added as u64) {
        return Err(Error::general(
            "The entries_added specified in XSETID is smaller than the target stream length",
        ));
    }
    Ok(())
}
