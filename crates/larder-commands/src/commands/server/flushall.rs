//! `FLUSHALL`, `FLUSHDB`: empty all databases, or one.

use crate::prelude::*;
use crate::session::Afterwards;
use crate::spec::acl;

pub(crate) static FLUSHALL: Command = Command {
    name: "flushall",
    summary: "Removes every key of every database.",
    group: Group::Server,
    complexity: "O(N) in the number of keys",
    arity: -1,
    flags: WRITE,
    acl: acl::DANGEROUS | acl::KEYSPACE,
    reach: Reach::Everything,
    args: &[Arg::one_of(
        "async",
        &[Arg::word("async", "ASYNC").since("4.0.0"), Arg::word("sync", "SYNC").since("6.2.0")],
    )
    .optional()],
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    examples: &[
        "SET a 1",
        "SELECT 1",
        "SET a 1",
        "FLUSHALL",
        "DBSIZE",
        "FLUSHALL SYNC",
        "FLUSHALL later",
        "FLUSHALL ASYNC SYNC",
    ],
    run: run_all,
    ..Command::DEFAULT
};

pub(crate) static FLUSHDB: Command = Command {
    name: "flushdb",
    summary: "Removes every key of the database.",
    group: Group::Server,
    complexity: "O(N) in the number of keys",
    arity: -1,
    flags: WRITE,
    acl: acl::DANGEROUS | acl::KEYSPACE,
    reach: Reach::Everything,
    args: &[Arg::one_of(
        "async",
        &[Arg::word("async", "ASYNC").since("4.0.0"), Arg::word("sync", "SYNC").since("6.2.0")],
    )
    .optional()],
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    examples: &[
        "SET a 1",
        "SELECT 1",
        "SET a 1",
        "FLUSHDB",
        "DBSIZE",
        "SELECT 0",
        "DBSIZE",
        "FLUSHDB ASYNC",
        "FLUSHDB later",
    ],
    run: run_one,
    ..Command::DEFAULT
};

/// Values are dropped when the locks are gone, in either mode.
fn check(args: Args<'_>) -> Result<()> {
    match args.from(1) {
        [] => Ok(()),
        [mode] if is(mode, "ASYNC") || is(mode, "SYNC") => Ok(()),
        _ => Err(Error::SYNTAX),
    }
}

fn run_all(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    check(args)?;
    for db in DbIndex::all() {
        cx.view.flush(db)?;
    }
    cx.session.afterwards.push(Afterwards::Flushed);
    out.ok();
    Ok(Done)
}

fn run_one(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    check(args)?;
    cx.view.flush(cx.db())?;
    cx.session.afterwards.push(Afterwards::Flushed);
    out.ok();
    Ok(Done)
}
