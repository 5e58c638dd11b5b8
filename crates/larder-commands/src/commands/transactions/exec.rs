//! `EXEC`: runs the queued commands at once, within the locks of all their keys.

use crate::keys;
use crate::prelude::*;
use crate::session::Transaction;
use crate::users::Context;
use std::sync::atomic::Ordering;

pub(crate) static EXEC: Command = Command {
    name: "exec",
    summary: "Runs the commands of the transaction, all at once.",
    since: "1.2.0",
    group: Group::Transactions,
    complexity: "That of the commands",
    arity: 1,
    flags: NOSCRIPT | LOADING | STALE | SKIP_SLOWLOG | NO_QUEUE,
    reach: Reach::Queued,
    examples: &[
        "MULTI",
        "SET a x",
        "INCR a",
        "LPUSH b 1",
        "EXEC",
        "EXEC",
        "MULTI",
        "NOSUCH",
        "EXEC",
        "MULTI",
        "EXEC a",
        "EXEC",
        "EXEC a",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    if cx.haste().forbids_waiting() && takes_long(cx) {
        return Ok(Outcome::Elsewhere);
    }
    let (instance, exec) = (cx.instance, cx.entry);
    let monitored = instance.clients().monitored.load(Ordering::Relaxed);
    let outcome = run_queued(cx, monitored, out);
    cx.entry = exec;
    if monitored {
        instance.show_to_monitors(cx.session, exec, args.0, false);
    }
    outcome
}

/// Whether the queued commands may have to go through much: nothing is known of them but what their keys hold, and
/// which take the same time whatever that is.
fn takes_long(cx: &mut Cx<'_>) -> bool {
    let Some(transaction) = cx.session.transaction.take() else { return false };
    let parts = parts_of(cx, &transaction);
    cx.session.transaction = Some(transaction);
    cx.haste().forbids(parts)
}

fn parts_of(cx: &mut Cx<'_>, transaction: &Transaction) -> usize {
    let mut parts = 0;
    for (index, words) in &transaction.queued {
        let Some(entry) =
            cx.instance.table().get(*index).filter(|entry| !entry.command.is(FAST | FAST_IF_SHORT))
        else {
            continue;
        };
        let words: Vec<&[u8]> = words.iter().map(|word| &**word).collect();
        if !matches!(entry.command.reach_of(&words), Reach::Keys) {
            parts += cx.view.len(cx.db()).unwrap_or(0);
            continue;
        }
        let mut found = Vec::new();
        if keys::positions(entry.command, &words, &mut found).is_ok() {
            for (at, _) in found {
                parts += cx.parts_of(words[at]).unwrap_or(0);
            }
        }
    }
    parts
}

fn run_queued(cx: &mut Cx<'_>, monitored: bool, out: &mut dyn Reply) -> Result<Outcome> {
    let Some(transaction) = cx.session.transaction.take() else {
        return Err(Error::general("EXEC without MULTI"));
    };
    let changed = forget_watched(cx)?;
    if transaction.failed || changed {
        cx.session.show_transaction();
    }
    if transaction.failed {
        return Err(Error::EXEC_ABORT);
    }
    if changed {
        out.null_array();
        return Ok(Done);
    }
    let instance = cx.instance;
    cx.caller = Caller::Transaction;
    cx.first = None;
    out.array(transaction.queued.len());
    for (index, words) in &transaction.queued {
        let Some(entry) = instance.table().get(*index) else { continue };
        let words: Vec<&[u8]> = words.iter().map(|word| &**word).collect();
        if let Err(denied) = cx.session.user.may(entry, &words) {
            // The rules have changed since it was queued.
            instance.note_denied(cx.session, entry, &words, denied, Context::Transaction);
            let error = denied.error_in_transaction();
            entry.stats.rejected.fetch_add(1, Ordering::Relaxed);
            instance.stats.count_error(&error);
            out.error(&error);
            continue;
        }
        cx.entry = entry;
        instance.call(cx, &words, out);
        if monitored && !entry.command.is(SKIP_MONITOR | ADMIN) {
            instance.show_to_monitors(cx.session, entry, &words, false);
        }
    }
    // Until here others see it in its transaction.
    cx.session.show_transaction();
    Ok(Done)
}

/// Ends the watch, and says whether a watched key changed. EXEC has the watched keys locked: nothing slips in between.
fn forget_watched(cx: &mut Cx<'_>) -> Result<bool> {
    let Some(mark) = cx.session.mark.take() else { return Ok(false) };
    for watched in std::mem::take(&mut cx.session.watched) {
        let key = cx.instance.engine().key(watched.db, &watched.bytes);
        // A key whose deadline has come is gone, though nobody has removed it yet.
        cx.view.purge(&key)?;
        cx.view.unwatch(&key, &mark)?;
    }
    cx.session.show_watched();
    Ok(mark.is_set())
}
