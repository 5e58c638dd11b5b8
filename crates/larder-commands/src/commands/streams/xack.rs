//! `XACK`: says that entries are done.

use super::ids;
use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::stream::Stream;

pub(crate) static XACK: Command = Command {
    name: "xack",
    summary: "Acknowledges entries: the group has them pending no longer. Returns how many it had.",
    since: "5.0.0",
    group: Group::Streams,
    complexity: "O(log(N)) for each entry, N being those that are pending",
    arity: -4,
    flags: WRITE | FAST,
    keys: &[KeySpec::at(1, RW | UPDATE)],
    args: &[Arg::key("key"), Arg::string("group"), Arg::string("id").multiple()],
    examples: &[
        "XADD s 1-1 a 1",
        "XADD s 1-2 a 2",
        "XGROUP CREATE s g 0",
        "XREADGROUP GROUP g c STREAMS s >",
        "XACK s g 1-1 1-1 9-9",
        "XPENDING s g",
        "XACK s g x",
        "XACK s other x",
        "XACK none g x",
        "SET t x",
        "XACK t g 1",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let (key, group) = (cx.key(args.at(1)), args.at(2));
    let found = cx.view.collection::<Stream>(&key)?.is_some_and(|stream| stream.group(group).is_some());
    if !found {
        out.int(0);
        return Ok(Done);
    }
    let ids = ids::all(args.from(3))?;
    let acknowledged = cx.view.edit::<Stream, _>(&key, Missing::Skip, |edit| {
        edit.edit_group(group, |_, group| ids.iter().filter(|id| group.acknowledge(**id)).count())
    })?;
    out.count(acknowledged.flatten().unwrap_or(0));
    Ok(Done)
}
