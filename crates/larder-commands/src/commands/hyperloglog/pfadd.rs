//! `PFADD`: counts members without keeping them.

use super::sketch;
use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::string::IntText;

pub(crate) static PFADD: Command = Command {
    name: "pfadd",
    summary: "Adds members to an estimate of how many distinct ones there are.",
    since: "2.8.9",
    group: Group::HyperLogLog,
    complexity: "O(1) for each member",
    arity: -2,
    flags: WRITE | DENYOOM | FAST,
    keys: &[KeySpec::at(1, RW | INSERT)],
    args: &[Arg::key("key"), Arg::string("element").multiple().optional()],
    examples: &[
        "PFADD visits ada bob cat",
        "PFADD visits ada",
        "PFCOUNT visits",
        "PFADD none",
        "PFADD none",
        "GET visits",
        "SET s text",
        "PFADD s x",
        "LPUSH l x",
        "PFADD l x",
    ],
    run,
    ..Command::DEFAULT
};

/// Checks that a key holds a sketch, if anything. Says whether it is there.
pub(super) fn check(cx: &mut Cx<'_>, key: &Key<'_>) -> Result<bool> {
    let mut text = IntText::new();
    match cx.view.string(key)? {
        Some(value) => sketch::check(value.as_bytes(&mut text)).map(|()| true),
        None => Ok(false),
    }
}

/// So long may a sketch be before it becomes dense.
pub(super) fn sparse_max(cx: &Cx<'_>) -> usize {
    cx.instance.settings().int("hll-sparse-max-bytes") as usize
}

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    let (exists, sparse_max) = (check(cx, &key)?, sparse_max(cx));
    let added = cx.view.edit_bytes(&key, Missing::Create, |bytes| {
        if !exists {
            *bytes = sketch::empty();
        }
        let mut changed = !exists;
        for member in args.from(2) {
            let (register, rank) = sketch::place(member);
            changed |= sketch::raise(bytes, register, rank, sparse_max)?;
        }
        if changed {
            sketch::forget_count(bytes);
        }
        Ok::<_, Error>(changed)
    })?;
    let changed = added.unwrap_or(Ok(false))?;
    if changed {
        cx.view.report(&key, "pfadd", Class::STRING)?;
    }
    out.int(i64::from(changed));
    Ok(Done)
}
