//! `PFCOUNT`: how many distinct members there are, about.

use super::sketch::{self, REGISTERS};
use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::string::IntText;

pub(crate) static PFCOUNT: Command = Command {
    name: "pfcount",
    summary: "Estimates how many distinct members were added, to one key or to several together.",
    since: "2.8.9",
    group: Group::HyperLogLog,
    complexity: "O(1) for one key that did not change since, else O(N) in the number of keys, with 16,384 steps each",
    arity: -2,
    flags: READONLY | MAY_REPLICATE,
    keys: &[KeySpec::range(1, -1, 1, RW | ACCESS)],
    args: &[Arg::key("key").multiple()],
    examples: &[
        "PFADD a x y z",
        "PFADD b z w",
        "PFCOUNT a",
        "PFCOUNT a",
        "PFCOUNT a b none",
        "PFCOUNT none",
        "SET s text",
        "PFCOUNT s",
        "PFCOUNT a s",
    ],
    run,
    ..Command::DEFAULT
};

/// Raises registers to those of a sketch.
pub(super) fn merge(all: &mut [u8], bytes: &[u8]) -> Result<()> {
    for (most, value) in all.iter_mut().zip(sketch::registers(bytes)?) {
        *most = (*most).max(value);
    }
    Ok(())
}

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let mut text = IntText::new();
    if let [key] = args.from(1) {
        let key = cx.key(key);
        let Some(value) = cx.view.string(&key)? else {
            out.int(0);
            return Ok(Done);
        };
        let bytes = value.as_bytes(&mut text);
        sketch::check(bytes)?;
        if let Some(count) = sketch::cached(bytes) {
            out.int(count as i64);
            return Ok(Done);
        }
        let count = sketch::estimate(&sketch::registers(bytes)?);
        cx.view.edit_bytes(&key, Missing::Skip, |bytes| sketch::keep_count(bytes, count))?;
        out.int(count as i64);
        return Ok(Done);
    }
    let mut all = vec![0; REGISTERS];
    for key in args.from(1) {
        let key = cx.key(key);
        if let Some(value) = cx.view.string(&key)? {
            let bytes = value.as_bytes(&mut text);
            sketch::check(bytes)?;
            merge(&mut all, bytes)?;
        }
    }
    out.int(sketch::estimate(&all) as i64);
    Ok(Done)
}
