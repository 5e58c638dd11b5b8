//! `GET`: the string of a key.

use crate::prelude::*;

pub(crate) static GET: Command = Command {
    name: "get",
    summary: "Returns the string of a key.",
    since: "1.0.0",
    group: Group::Strings,
    complexity: "O(1)",
    arity: 2,
    flags: READONLY | FAST,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[Arg::key("key")],
    examples: &["GET nothing", "SET greeting hello", "GET greeting", "LPUSH list a", "GET list"],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    out.string_or_null(cx.view.string(&key)?);
    Ok(Done)
}
