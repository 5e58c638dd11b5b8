//! `HDEL`: removes fields.

use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::hash::Hash;

pub(crate) static HDEL: Command = Command {
    name: "hdel",
    element: 2,
    summary: "Removes fields; a hash without fields is gone.",
    since: "2.0.0",
    group: Group::Hashes,
    complexity: "O(N) in the number of fields",
    arity: -3,
    flags: WRITE | FAST,
    keys: &[KeySpec::at(1, RW | DELETE)],
    args: &[Arg::key("key"), Arg::string("field").multiple()],
    examples: &[
        "HSET user name Ada age 36",
        "HDEL user name mail",
        "HDEL user age",
        "EXISTS user",
        "HDEL user age",
    ],
    history: &[("2.4.0", "Takes several fields.")],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    let removed = cx.view.edit::<Hash, _>(&key, Missing::Skip, |edit| {
        let removed = args.from(2).iter().filter(|field| edit.remove(field)).count();
        if removed > 0 {
            edit.report("hdel");
        }
        removed
    })?;
    out.count(removed.unwrap_or(0));
    Ok(Done)
}
