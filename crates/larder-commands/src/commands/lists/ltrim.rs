//! `LTRIM`: keeps a range.

use super::ends::range;
use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::list::List;

pub(crate) static LTRIM: Command = Command {
    name: "ltrim",
    summary: "Keeps only the elements from one index to another; negative indices count from the end.",
    since: "1.0.0",
    group: Group::Lists,
    complexity: "O(N) in the elements removed",
    arity: 4,
    flags: WRITE,
    keys: &[KeySpec::at(1, RW | DELETE)],
    args: &[Arg::key("key"), Arg::int("start"), Arg::int("stop")],
    examples: &[
        "RPUSH list a b c d",
        "LTRIM list 1 -2",
        "LRANGE list 0 -1",
        "LTRIM list 5 9",
        "EXISTS list",
        "LTRIM none 0 1",
        "LTRIM none a 1",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let (start, stop) = (args.int(2)?, args.int(3)?);
    let (key, haste) = (cx.key(args.at(1)), cx.haste());
    if haste.forbids(usize::MAX) {
        let len = cx.parts_of(args.at(1))?;
        if haste.forbids(len - range(start, stop, len).len()) {
            return Ok(Outcome::Elsewhere);
        }
    }
    cx.view.edit::<List, _>(&key, Missing::Skip, |edit| {
        let keep = range(start, stop, edit.len());
        edit.trim(keep);
        edit.report("ltrim");
    })?;
    out.ok();
    Ok(Done)
}
