//! `SAVE`, `BGSAVE`, `BGREWRITEAOF`, `LASTSAVE`: what there is to say about files while there are none.

use crate::prelude::*;
use crate::spec::acl;

pub(crate) static BGREWRITEAOF: Command = Command {
    name: "bgrewriteaof",
    summary: "Would write the journal anew.",
    group: Group::Server,
    flags: ADMIN | NOSCRIPT | NO_ASYNC_LOADING,
    partial: Some("there is no journal yet"),
    run: |_, _, _| Err(Error::NOT_SUPPORTED),
    ..Command::DEFAULT
};

pub(crate) static BGSAVE: Command = Command {
    name: "bgsave",
    summary: "Would take a snapshot in the background.",
    group: Group::Server,
    arity: -1,
    flags: ADMIN | NOSCRIPT | NO_ASYNC_LOADING,
    args: &[Arg::word("schedule", "SCHEDULE").optional().since("3.2.2")],
    examples: &["BGSAVE later"],
    partial: Some("there are no snapshots yet"),
    run: run_bgsave,
    ..Command::DEFAULT
};

pub(crate) static LASTSAVE: Command = Command {
    name: "lastsave",
    summary: "Returns the Unix time of the last snapshot; of the start while there is none.",
    group: Group::Server,
    flags: LOADING | STALE | FAST,
    acl: acl::ADMIN | acl::DANGEROUS,
    tips: &["nondeterministic_output"],
    examples: &["LASTSAVE"],
    run: |cx, _, out| {
        out.int(cx.instance.started_seconds() as i64);
        Ok(Done)
    },
    ..Command::DEFAULT
};

pub(crate) static SAVE: Command = Command {
    name: "save",
    summary: "Would take a snapshot.",
    group: Group::Server,
    complexity: "O(N) where N is the total number of keys in all databases",
    flags: ADMIN | NOSCRIPT | NO_ASYNC_LOADING | NO_MULTI,
    partial: Some("there are no snapshots yet"),
    run: |_, _, _| Err(Error::NOT_SUPPORTED),
    ..Command::DEFAULT
};

fn run_bgsave(_: &mut Cx<'_>, args: Args<'_>, _: &mut dyn Reply) -> Result<Outcome> {
    match args.from(1) {
        [] => Err(Error::NOT_SUPPORTED),
        [when] if is(when, "SCHEDULE") => Err(Error::NOT_SUPPORTED),
        _ => Err(Error::SYNTAX),
    }
}
