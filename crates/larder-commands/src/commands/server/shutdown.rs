//! `SHUTDOWN`: ends the server.

use crate::host::Shutdown;
use crate::prelude::*;

pub(crate) static SHUTDOWN: Command = Command {
    name: "shutdown",
    summary: "Ends the server.",
    group: Group::Server,
    complexity: "O(1)",
    arity: -1,
    flags: ADMIN | NOSCRIPT | LOADING | STALE | NO_MULTI | ALLOW_BUSY,
    args: &[
        Arg::one_of("nosave_save", &[Arg::word("nosave", "NOSAVE"), Arg::word("save", "SAVE")]).optional(),
        Arg::word("now", "NOW").optional().since("7.0.0"),
        Arg::word("force", "FORCE").optional().since("7.0.0"),
        Arg::word("abort", "ABORT").optional().since("7.0.0"),
    ],
    examples: &["SHUTDOWN later", "SHUTDOWN NOSAVE SAVE", "SHUTDOWN ABORT", "SHUTDOWN ABORT NOW"],
    partial: Some("SAVE is refused while there are no snapshots"),
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, _: &mut dyn Reply) -> Result<Outcome> {
    let mut how = Shutdown::default();
    let mut abort = false;
    for word in args.from(1) {
        match () {
            () if is(word, "NOSAVE") && how.save != Some(true) => how.save = Some(false),
            () if is(word, "SAVE") && how.save != Some(false) => how.save = Some(true),
            () if is(word, "NOW") => how.now = true,
            () if is(word, "FORCE") => how.force = true,
            () if is(word, "ABORT") => abort = true,
            () => return Err(Error::SYNTAX),
        }
    }
    if abort {
        // A shutdown that has begun does not wait for anything, so there is never one to call off.
        let alone = how == Shutdown::default();
        return Err(if alone { Error::general("No shutdown in progress.") } else { Error::SYNTAX });
    }
    if how.save == Some(true) {
        return Err(Error::NO_SNAPSHOTS);
    }
    cx.instance.host().shut_down(how).map_err(Error::general)?;
    // The end of the connection is the answer.
    cx.session.closing = true;
    Ok(Done)
}
