//! `MULTI`: begins a transaction.

use crate::prelude::*;
use crate::session::Transaction;

pub(crate) static MULTI: Command = Command {
    name: "multi",
    summary: "Begins a transaction: the commands that follow are queued.",
    since: "1.2.0",
    group: Group::Transactions,
    complexity: "O(1)",
    arity: 1,
    flags: NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY | NO_QUEUE,
    examples: &["MULTI", "SET a 1", "INCR a", "EXEC"],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    if cx.session.transaction.is_some() {
        return Err(Error::general("MULTI calls can not be nested"));
    }
    cx.session.transaction = Some(Transaction::default());
    cx.session.show_transaction();
    out.ok();
    Ok(Done)
}
