//! `FLUSHALL`, `FLUSHDB`: empty all databases, or one.

use crate::prelude::*;
use crate::session::Afterwards;
use crate::spec::acl;
use std::sync::atomic::Ordering;

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

/// Whether nobody is to wait for it. Values are dropped when the locks are gone in either mode; INFO counts those of
/// this one.
fn is_async(args: Args<'_>) -> Result<bool> {
    match args.from(1) {
        [] => Ok(false),
        [mode] if is(mode, "ASYNC") || is(mode, "SYNC") => Ok(is(mode, "ASYNC")),
        _ => Err(Error::SYNTAX),
    }
}

fn flush(cx: &mut Cx<'_>, db: DbIndex, is_async: bool) -> Result<()> {
    if is_async {
        let keys = cx.view.len(db)? as u64;
        cx.instance.stats.lazyfreed_objects.fetch_add(keys, Ordering::Relaxed);
    }
    cx.view.flush(db)?;
    Ok(())
}

fn run_all(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let is_async = is_async(args)?;
    for db in DbIndex::all() {
        flush(cx, db, is_async)?;
    }
    cx.session.afterwards.push(Afterwards::Flushed);
    out.ok();
    Ok(Done)
}

fn run_one(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let is_async = is_async(args)?;
    flush(cx, cx.db(), is_async)?;
    cx.session.afterwards.push(Afterwards::Flushed);
    out.ok();
    Ok(Done)
}
