//! `MGET`: the strings of several keys.

use crate::prelude::*;

pub(crate) static MGET: Command = Command {
    name: "mget",
    summary: "Returns the strings of several keys; nothing for a key that is missing or of another type.",
    since: "1.0.0",
    group: Group::Strings,
    complexity: "O(N) in the number of keys",
    arity: -2,
    flags: READONLY | FAST,
    keys: &[KeySpec::range(1, -1, 1, RO | ACCESS)],
    args: &[Arg::key("key").multiple()],
    tips: &["request_policy:multi_shard"],
    examples: &["MSET a 1 b two", "LPUSH list x", "MGET a b none list a", "MGET"],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    out.array(args.len() - 1);
    for bytes in args.from(1) {
        let key = cx.key(bytes);
        match cx.view.string(&key) {
            Ok(value) => out.string_or_null(value),
            Err(_) => out.null(),
        }
    }
    Ok(Done)
}
