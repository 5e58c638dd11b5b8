//! `DEL`: removes keys.

use crate::prelude::*;

pub(crate) static DEL: Command = Command {
    name: "del",
    summary: "Removes keys.",
    since: "1.0.0",
    group: Group::Keys,
    complexity: "O(N) in the number of keys",
    arity: -2,
    flags: WRITE,
    keys: &[KeySpec::range(1, -1, 1, RM | DELETE)],
    args: &[Arg::key("key").multiple()],
    tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
    examples: &["MSET a 1 b 2", "DEL a b c", "EXISTS a"],
    run,
    ..Command::DEFAULT
};

/// What DEL and UNLINK do. Values are freed outside of the locks either way.
pub(crate) fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let mut removed = 0;
    for bytes in args.from(1) {
        let key = cx.key(bytes);
        if cx.view.remove(&key)? {
            cx.view.report(&key, "del", Class::GENERIC)?;
            removed += 1;
        }
    }
    out.int(removed);
    Ok(Done)
}
