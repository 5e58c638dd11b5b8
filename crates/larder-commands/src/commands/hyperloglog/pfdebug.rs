//! `PFDEBUG`, `PFSELFTEST`: for those who look into an estimate.

use super::pfadd::check;
use super::sketch;
use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::string::IntText;

pub(crate) static PFDEBUG: Command = Command {
    name: "pfdebug",
    summary: "Shows the registers or the form of an estimate, or makes it dense.",
    since: "2.8.9",
    group: Group::HyperLogLog,
    complexity: "O(1), with 16,384 steps",
    arity: 3,
    flags: WRITE | DENYOOM | ADMIN,
    keys: &[KeySpec::at(2, RW | ACCESS)],
    args: &[Arg::string("subcommand"), Arg::key("key")],
    internal: true,
    examples: &[
        "PFADD a x y",
        "PFDEBUG ENCODING a",
        "PFDEBUG DECODE a",
        "PFDEBUG TODENSE a",
        "PFDEBUG TODENSE a",
        "PFDEBUG ENCODING a",
        "PFDEBUG DECODE a",
        "PFDEBUG NOSUCH a",
        "PFDEBUG ENCODING none",
        "SET s text",
        "PFDEBUG ENCODING s",
    ],
    run,
    ..Command::DEFAULT
};

pub(crate) static PFSELFTEST: Command = Command {
    name: "pfselftest",
    summary: "Does nothing: estimates are tested before they are built.",
    since: "2.8.9",
    group: Group::HyperLogLog,
    arity: 1,
    flags: ADMIN,
    internal: true,
    examples: &["PFSELFTEST"],
    run: |_, _, out| {
        out.ok();
        Ok(Done)
    },
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let key = cx.key(args.at(2));
    if !cx.view.exists(&key)? {
        return Err(Error::general("The specified key does not exist"));
    }
    check(cx, &key)?;
    let mut text = IntText::new();
    let bytes = cx.view.string(&key)?.map(|value| value.as_bytes(&mut text).to_vec()).unwrap_or_default();
    match args.at(1) {
        word if is(word, "GETREG") => {
            let registers = sketch::registers(&bytes)?;
            cx.view.edit_bytes(&key, Missing::Skip, sketch::to_dense)?.unwrap_or(Ok(()))?;
            out.array(registers.len());
            registers.into_iter().for_each(|value| out.int(i64::from(value)));
        }
        word if is(word, "DECODE") => {
            if sketch::is_dense(&bytes) {
                return Err(Error::general("HLL encoding is not sparse"));
            }
            out.bulk(sketch::decoded(&bytes)?.as_bytes());
        }
        word if is(word, "ENCODING") => out.status(if sketch::is_dense(&bytes) { "dense" } else { "sparse" }),
        word if is(word, "TODENSE") => {
            let sparse = !sketch::is_dense(&bytes);
            if sparse {
                cx.view.edit_bytes(&key, Missing::Skip, sketch::to_dense)?.unwrap_or(Ok(()))?;
            }
            out.int(i64::from(sparse));
        }
        word => {
            let word = String::from_utf8_lossy(word).into_owned();
            return Err(Error::general(format_args!("Unknown PFDEBUG subcommand '{word}'")));
        }
    }
    Ok(Done)
}
