//! `LINDEX`: the element at an index.

use super::ends::index;
use crate::prelude::*;
use larder_core::value::list::List;

pub(crate) static LINDEX: Command = Command {
    name: "lindex",
    summary: "Returns the element at an index; a negative one counts from the end.",
    since: "1.0.0",
    group: Group::Lists,
    complexity: "O(N) in the blocks from the nearer end; at the ends O(1)",
    arity: 3,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[Arg::key("key"), Arg::int("index")],
    examples: &[
        "RPUSH list a b c",
        "LINDEX list 0",
        "LINDEX list -1",
        "LINDEX list 3",
        "LINDEX list x",
        "LINDEX no 0",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    let Some(list) = cx.view.collection::<List>(&key)? else {
        out.null();
        return Ok(Done);
    };
    let n = args.int(2)?;
    out.bulk_or_null(index(n, list.len()).and_then(|index| list.get(index)));
    Ok(Done)
}
