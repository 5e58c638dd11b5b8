//! `WATCH`: makes the next EXEC fail if a key changes before it.

use crate::prelude::*;
use larder_core::OwnedKey;

pub(crate) static WATCH: Command = Command {
    name: "watch",
    summary: "Makes the next EXEC do nothing if one of these keys changes before it.",
    since: "2.2.0",
    group: Group::Transactions,
    complexity: "O(1) for each key",
    arity: -2,
    flags: NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY | NO_QUEUE,
    keys: &[KeySpec::range(1, -1, 1, RO)],
    args: &[Arg::key("key").multiple()],
    examples: &["WATCH a", "SET a 1", "MULTI", "GET a", "EXEC", "MULTI", "WATCH a", "DISCARD"],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    if cx.session.transaction.is_some() {
        return Err(Error::general("WATCH inside MULTI is not allowed"));
    }
    let mark = cx.session.mark.get_or_insert_default().clone();
    for bytes in args.from(1) {
        let key = cx.key(bytes);
        // What is due already is gone: it does not count as a change later.
        cx.view.purge(&key)?;
        cx.view.watch(&key, &mark)?;
        let owned = OwnedKey { db: key.db, bytes: key.bytes.into() };
        if !cx.session.watched.contains(&owned) {
            cx.session.watched.push(owned);
        }
    }
    cx.session.show_watched();
    out.ok();
    Ok(Done)
}
