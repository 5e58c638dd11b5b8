//! `LSET`: another element at an index.

use super::ends::index;
use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::list::List;

pub(crate) static LSET: Command = Command {
    name: "lset",
    summary: "Puts another element at an index; a negative one counts from the end.",
    since: "1.0.0",
    group: Group::Lists,
    complexity: "O(N) in the blocks from the nearer end; at the ends O(1)",
    arity: 4,
    flags: WRITE | DENYOOM,
    keys: &[KeySpec::at(1, RW | UPDATE)],
    args: &[Arg::key("key"), Arg::int("index"), Arg::string("element")],
    examples: &[
        "LSET none 0 a",
        "RPUSH list a b c",
        "LSET list 1 x",
        "LSET list -1 y",
        "LSET list 3 z",
        "LSET list i z",
        "LRANGE list 0 -1",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    if cx.view.collection::<List>(&key)?.is_none() {
        return Err(Error::NO_SUCH_KEY);
    }
    let n = args.int(2)?;
    let set = cx.view.edit::<List, _>(&key, Missing::Skip, |edit| {
        let limits = edit.tools.limits;
        let set = index(n, edit.len()).is_some_and(|index| edit.set(&limits, index, args.at(3)));
        if set {
            edit.report("lset");
        }
        set
    })?;
    if set != Some(true) {
        return Err(Error::INDEX);
    }
    out.ok();
    Ok(Done)
}
