//! `LPOP`, `RPOP`: take elements from an end.

use super::ends::{End, pop_one, pop_several};
use crate::prelude::*;

const BASE: Command = Command {
    since: "1.0.0",
    group: Group::Lists,
    complexity: "O(N) in the number of elements taken",
    arity: -2,
    flags: WRITE | FAST,
    keys: &[KeySpec::at(1, RW | ACCESS | DELETE)],
    args: &[Arg::key("key"), Arg::int("count").optional().since("6.2.0")],
    history: &[("6.2.0", "Takes a count.")],
    ..Command::DEFAULT
};

pub(crate) static LPOP: Command = Command {
    name: "lpop",
    summary: "Takes elements from the left end of a list.",
    examples: &[
        "RPUSH list a b c d",
        "LPOP list",
        "LPOP list 2",
        "LPOP list 0",
        "LPOP list -1",
        "LPOP list 9",
        "LPOP list",
        "LPOP list 1",
        "LPOP list 1 2",
        "SET s x",
        "LPOP s",
    ],
    run: |cx, args, out| run(cx, args, out, End::Left),
    ..BASE
};

pub(crate) static RPOP: Command = Command {
    name: "rpop",
    summary: "Takes elements from the right end of a list.",
    examples: &["RPUSH list a b c", "RPOP list", "RPOP list 2", "EXISTS list", "RPOP list", "RPOP list x"],
    run: |cx, args, out| run(cx, args, out, End::Right),
    ..BASE
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, end: End) -> Result<Outcome> {
    if args.len() > 3 {
        return Err(Error::arity(cx.entry.command.name));
    }
    let key = cx.key(args.at(1));
    let Some(count) = args.from(2).first() else {
        if !pop_one(cx, &key, end, out)? {
            out.null();
        }
        return Ok(Done);
    };
    let count = parse_int(count).ok_or(Error::NOT_POSITIVE)?;
    let count = usize::try_from(count).map_err(|_| Error::NOT_POSITIVE)?;
    let haste = cx.haste();
    if haste.forbids(count) && haste.forbids(cx.parts_of(args.at(1))?) {
        return Ok(Outcome::Elsewhere);
    }
    if !pop_several(cx, &key, end, count, out, |_| {})? {
        out.null_array();
    }
    Ok(Done)
}
