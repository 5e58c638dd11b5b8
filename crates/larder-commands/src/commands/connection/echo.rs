//! `ECHO`: says what it is told.

use crate::prelude::*;

pub(crate) static ECHO: Command = Command {
    name: "echo",
    summary: "Returns its argument.",
    since: "1.0.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: 2,
    flags: LOADING | STALE | FAST,
    args: &[Arg::string("message")],
    examples: &["ECHO hello", "ECHO"],
    run: |_, args, out| {
        out.bulk(args.at(1));
        Ok(Done)
    },
    ..Command::DEFAULT
};
