//! `LLEN`: the length of a list.

use crate::prelude::*;
use larder_core::value::list::List;

pub(crate) static LLEN: Command = Command {
    name: "llen",
    summary: "Returns the length of a list.",
    since: "1.0.0",
    group: Group::Lists,
    complexity: "O(1)",
    arity: 2,
    flags: READONLY | FAST,
    keys: &[KeySpec::at(1, RO)],
    args: &[Arg::key("key")],
    examples: &["LLEN list", "RPUSH list a b", "LLEN list", "SET s x", "LLEN s"],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    out.count(cx.view.collection::<List>(&key)?.map_or(0, List::len));
    Ok(Done)
}
