//! `XDEL`: deletes entries from the middle of a stream.

use super::ids;
use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::stream::{Deleted, References, Stream};

pub(crate) static XDEL: Command = Command {
    name: "xdel",
    summary: "Deletes entries of a stream.",
    since: "5.0.0",
    group: Group::Streams,
    complexity: "O(log(N)) for each entry",
    arity: -3,
    flags: WRITE | FAST,
    keys: &[KeySpec::at(1, RW | DELETE)],
    args: &[Arg::key("key"), Arg::string("id").multiple()],
    examples: &[
        "XADD s 1-1 a 1",
        "XADD s 1-2 a 2",
        "XADD s 1-3 a 3",
        "XDEL s 1-2 1-2 9-9",
        "XRANGE s - +",
        "XDEL s 1-1 x",
        "XDEL s 1-1 1-3",
        "XLEN s",
        "XDEL none x",
        "SET t x",
        "XDEL t 1-1",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    if cx.view.collection::<Stream>(&key)?.is_none() {
        out.int(0);
        return Ok(Done);
    }
    let ids = ids::all(args.from(2))?;
    let deleted = cx.view.edit::<Stream, _>(&key, Missing::Skip, |edit| {
        let deleted = ids.iter().filter(|id| edit.delete(**id, References::Keep) == Deleted::Yes).count();
        if deleted > 0 {
            edit.report("xdel");
        }
        deleted
    })?;
    out.count(deleted.unwrap_or(0));
    Ok(Done)
}
