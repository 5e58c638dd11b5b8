//! `TOUCH`: counts as a use of the keys, without asking for what they hold.

use crate::prelude::*;

pub(crate) static TOUCH: Command = Command {
    name: "touch",
    summary: "Counts as a use of the keys, and tells how many of them exist.",
    since: "3.2.1",
    group: Group::Keys,
    complexity: "O(N) in the number of keys",
    arity: -2,
    flags: READONLY | FAST,
    keys: &[KeySpec::range(1, -1, 1, RO)],
    args: &[Arg::key("key").multiple()],
    tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
    examples: &["SET a 1", "TOUCH a b", "OBJECT IDLETIME a"],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let mut found = 0;
    // It is what this command is for, whatever the client said about others.
    cx.view.count_uses(true);
    for bytes in args.from(1) {
        let key = cx.key(bytes);
        found += i64::from(cx.view.get(&key)?.is_some());
    }
    cx.count_uses();
    out.int(found);
    Ok(Done)
}
