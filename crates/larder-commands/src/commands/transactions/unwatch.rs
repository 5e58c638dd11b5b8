//! `UNWATCH`: forgets what WATCH asked for.

use crate::prelude::*;

pub(crate) static UNWATCH: Command = Command {
    name: "unwatch",
    summary: "Forgets all watched keys.",
    since: "2.2.0",
    group: Group::Transactions,
    complexity: "O(1)",
    arity: 1,
    flags: NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY,
    examples: &["WATCH a", "UNWATCH", "SET a 1", "MULTI", "GET a", "EXEC"],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    // EXEC has ended the watch already, and holds locks.
    if cx.caller == Caller::Client {
        cx.instance.unwatch(cx.session);
        cx.session.show_transaction();
    }
    out.ok();
    Ok(Done)
}
