//! `QUIT`: says goodbye.

use crate::prelude::*;

pub(crate) static QUIT: Command = Command {
    name: "quit",
    summary: "Closes the connection.",
    since: "1.0.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: -1,
    flags: NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY | NO_QUEUE | WHILE_SUBSCRIBED,
    examples: &["QUIT"],
    run: |cx, _, out| {
        cx.session.closing = true;
        out.ok();
        Ok(Done)
    },
    ..Command::DEFAULT
};
