//! `INCRBYFLOAT`: fractions.

use crate::long_double::LongDouble;
use crate::prelude::*;
use larder_core::value::string::IntText;

pub(crate) static INCRBYFLOAT: Command = Command {
    name: "incrbyfloat",
    summary: "Adds a fraction to the number of a key; a key that does not exist counts as 0.",
    since: "2.6.0",
    group: Group::Strings,
    arity: 3,
    flags: WRITE | DENYOOM | FAST,
    keys: &[KeySpec::at(1, RW | ACCESS | UPDATE)],
    args: &[Arg::key("key"), Arg::double("increment")],
    examples: &[
        "INCRBYFLOAT sum 0.1",
        "INCRBYFLOAT sum 0.2",
        "INCRBYFLOAT sum -5",
        "SET sum 5.0e3",
        "INCRBYFLOAT sum 2.0e2",
        "INCRBYFLOAT sum x",
        "INCRBYFLOAT sum inf",
        "INCRBYFLOAT sum 1e+",
        "INCRBYFLOAT sum 1e-5000",
        "INCRBYFLOAT sum 1e5000",
        "INCRBYFLOAT sum 0x1.8p3",
        "OBJECT ENCODING sum",
        "SET sum many",
        "INCRBYFLOAT sum 1",
        "LPUSH list x",
        "INCRBYFLOAT list 1",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    let old = match cx.view.peek(&key)? {
        Some(entry) => LongDouble::parse(entry.string()?.as_bytes(&mut IntText::new())),
        None => LongDouble::parse(b"0"),
    };
    let old = old.ok_or(Error::NOT_FLOAT)?;
    let delta = LongDouble::parse(args.at(2)).ok_or(Error::NOT_FLOAT)?;
    let sum = old.plus(delta).ok_or(Error::NOT_FINITE)?.text();
    cx.view.set_text(&key, sum.as_bytes(), Expiry::Keep)?;
    cx.view.report(&key, "incrbyfloat", Class::STRING)?;
    out.bulk(sum.as_bytes());
    Ok(Done)
}
