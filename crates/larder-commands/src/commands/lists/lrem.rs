//! `LREM`: removes equal elements.

use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::list::List;

pub(crate) static LREM: Command = Command {
    name: "lrem",
    summary: "Removes the first, the last or all elements that equal a given one.",
    since: "1.0.0",
    group: Group::Lists,
    complexity: "O(N) in the length of the list",
    arity: 4,
    flags: WRITE,
    keys: &[KeySpec::at(1, RW | DELETE)],
    args: &[Arg::key("key"), Arg::int("count"), Arg::string("element")],
    examples: &[
        "RPUSH list a b a c a",
        "LREM list 1 a",
        "LREM list -1 a",
        "LRANGE list 0 -1",
        "LREM list 0 a",
        "LREM list x a",
        "LREM none 0 a",
        "LRANGE list 0 -1",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let count = args.int(2)?;
    if cx.forbids_all(&args.from(1)[..1])? {
        return Ok(Outcome::Elsewhere);
    }
    let key = cx.key(args.at(1));
    let removed = cx.view.edit::<List, _>(&key, Missing::Skip, |edit| {
        let removed = edit.remove(count, args.at(3));
        if removed > 0 {
            edit.report("lrem");
        }
        removed
    })?;
    out.count(removed.unwrap_or(0));
    Ok(Done)
}
