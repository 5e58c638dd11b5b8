//! The first of several keys that has something: `BLPOP`, `LMPOP`, `BZPOPMIN`, `ZMPOP` and their kin, which take from
//! it or wait for one to come.

use crate::prelude::*;
use crate::wait_timeout::wait_timeout;
use larder_core::value::Collection;
use std::ops::Range;

/// Calls `take` for each key that holds a collection of type `C`, in their order, until it has taken something: whether
/// it has. A command that may wait passes over keys for which others wait longer.
pub(crate) fn take_first<C: Collection>(
    cx: &mut Cx<'_>,
    args: Args<'_>,
    keys: Range<usize>,
    mut take: impl FnMut(&mut Cx<'_>, &[u8], &Key<'_>) -> Result<bool>,
) -> Result<bool> {
    let waits = cx.entry.command.is(BLOCKING);
    for name in keys.map(|at| args.at(at)) {
        let key = cx.key(name);
        if holds::<C>(cx, &key)? && !(waits && cx.must_queue(&key)?) && take(cx, name, &key)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a key holds a collection of type `C`. Who waits already is not disturbed by a value of another type.
pub(crate) fn holds<C: Collection>(cx: &mut Cx<'_>, key: &Key<'_>) -> Result<bool> {
    match cx.view.collection::<C>(key) {
        Ok(found) => Ok(found.is_some()),
        Err(_) if cx.caller == Caller::Waiter => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Waits for one of the keys; nothing came in time is an array of nothing.
pub(crate) fn wait(keys: Range<usize>, timeout_ms: Option<u64>) -> Outcome {
    Outcome::Wait(Wait { keys: keys.collect(), timeout_ms, empty: Empty::NullArray, pinned: Vec::new() })
}

/// `numkeys key … END [COUNT count]`.
pub(crate) struct Asked<E> {
    pub keys: Range<usize>,
    pub end: E,
    pub count: usize,
}

impl<E> Asked<E> {
    fn read(args: Args<'_>, at: usize, end: impl FnOnce(&[u8]) -> Result<E>) -> Result<Asked<E>> {
        let keys = positive(args.at(at), "numkeys should be greater than 0")?;
        let end_at = (at + 1).checked_add(keys).ok_or(Error::SYNTAX)?;
        let end = end(args.need(end_at)?)?;
        let mut count = None;
        let mut options = args.options(end_at + 1);
        while let Some(option) = options.next() {
            if !is(option, "COUNT") || count.is_some() {
                return Err(Error::SYNTAX);
            }
            count = Some(positive(options.value()?, "count should be greater than 0")?);
        }
        Ok(Asked { keys: at + 1..end_at, end, count: count.unwrap_or(1) })
    }
}

fn positive(word: &[u8], otherwise: &'static str) -> Result<usize> {
    let n = parse_int(word).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
    n.ok_or_else(|| Error::general(otherwise))
}

/// Runs `LMPOP`, `ZMPOP` and, where the command is one that waits, `BLMPOP`, `BZMPOP`, whose first word is a timeout.
/// `take` takes up to as many as asked from the asked end of a key, and writes the key and what it took.
pub(crate) fn run_mpop<C: Collection, E>(
    cx: &mut Cx<'_>,
    args: Args<'_>,
    out: &mut dyn Reply,
    end: impl FnOnce(&[u8]) -> Result<E>,
    take: impl Fn(&mut Cx<'_>, &[u8], &Key<'_>, &Asked<E>, &mut dyn Reply) -> Result<bool>,
) -> Result<Outcome> {
    let waits = cx.entry.command.is(BLOCKING);
    let asked = Asked::read(args, if waits { 2 } else { 1 }, end)?;
    let timeout_ms = if waits { wait_timeout(args.at(1))? } else { None };
    let taken =
        take_first::<C>(cx, args, asked.keys.clone(), |cx, name, key| take(cx, name, key, &asked, out))?;
    if !taken && waits {
        return Ok(wait(asked.keys, timeout_ms));
    }
    if !taken {
        out.null_array();
    }
    Ok(Done)
}
