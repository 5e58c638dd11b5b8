//! `DISCARD`: forgets the transaction.

use crate::prelude::*;

pub(crate) static DISCARD: Command = Command {
    name: "discard",
    summary: "Forgets the transaction that MULTI began.",
    since: "2.0.0",
    group: Group::Transactions,
    complexity: "O(N) in the number of queued commands",
    arity: 1,
    flags: NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY | NO_QUEUE,
    examples: &["MULTI", "SET a 1", "DISCARD", "GET a", "DISCARD"],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    if cx.session.transaction.take().is_none() {
        return Err(Error::general("DISCARD without MULTI"));
    }
    cx.instance.unwatch(cx.session);
    cx.session.show_transaction();
    out.ok();
    Ok(Done)
}
