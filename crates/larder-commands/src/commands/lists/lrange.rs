//! `LRANGE`: elements of a range.

use super::ends::range;
use crate::prelude::*;
use larder_core::value::list::List;

pub(crate) static LRANGE: Command = Command {
    name: "lrange",
    summary: "Returns the elements from one index to another; negative indices count from the end.",
    since: "1.0.0",
    group: Group::Lists,
    complexity: "O(S+N): S blocks to the first element from the nearer end, N elements",
    arity: 4,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[Arg::key("key"), Arg::int("start"), Arg::int("stop")],
    examples: &[
        "RPUSH list a b c d",
        "LRANGE list 0 -1",
        "LRANGE list -3 2",
        "LRANGE list 3 1",
        "LRANGE list -100 100",
        "LRANGE list 9 10",
        "LRANGE none 0 -1",
        "LRANGE list a b",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let (start, stop) = (args.int(2)?, args.int(3)?);
    let (key, haste) = (cx.key(args.at(1)), cx.haste());
    match cx.view.collection::<List>(&key)? {
        None => out.array(0),
        Some(list) => {
            let range = range(start, stop, list.len());
            if haste.forbids(range.len()) {
                return Ok(Outcome::Elsewhere);
            }
            out.array(range.len());
            list.range(range).for_each(|element| out.bulk(element));
        }
    }
    Ok(Done)
}
