//! `PFMERGE`: several estimates as one.

use super::pfadd::{check, sparse_max};
use super::pfcount::merge;
use super::sketch::{self, REGISTERS};
use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::string::IntText;

pub(crate) static PFMERGE: Command = Command {
    name: "pfmerge",
    summary: "Makes one estimate of several.",
    since: "2.8.9",
    group: Group::HyperLogLog,
    complexity: "O(N) in the number of keys, with 16,384 steps each",
    arity: -2,
    flags: WRITE | DENYOOM,
    keys: &[KeySpec::at(1, RW | ACCESS | INSERT), KeySpec::range(2, -1, 1, RO | ACCESS)],
    args: &[Arg::key("destkey"), Arg::key_of("sourcekey", 1).multiple()],
    examples: &[
        "PFADD a x y z",
        "PFADD b z w",
        "PFMERGE both a b",
        "PFCOUNT both",
        "PFMERGE both",
        "PFMERGE new none",
        "PFCOUNT new",
        "SET s text",
        "PFMERGE both s",
        "PFMERGE s a",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let (mut all, mut dense) = (vec![0; REGISTERS], false);
    let mut text = IntText::new();
    for key in args.from(1) {
        let key = cx.key(key);
        if let Some(value) = cx.view.string(&key)? {
            let bytes = value.as_bytes(&mut text);
            sketch::check(bytes)?;
            dense |= sketch::is_dense(bytes);
            merge(&mut all, bytes)?;
        }
    }
    let key = cx.key(args.at(1));
    let (exists, sparse_max) = (check(cx, &key)?, sparse_max(cx));
    let merged = cx.view.edit_bytes(&key, Missing::Create, |bytes| {
        if !exists {
            *bytes = sketch::empty();
        }
        if dense {
            sketch::to_dense(bytes)?;
        }
        for (register, value) in all.iter().enumerate().filter(|(_, value)| **value > 0) {
            sketch::raise(bytes, register, *value, sparse_max)?;
        }
        sketch::forget_count(bytes);
        Ok::<_, Error>(())
    })?;
    merged.unwrap_or(Ok(()))?;
    cx.view.report(&key, "pfadd", Class::STRING)?;
    out.ok();
    Ok(Done)
}
