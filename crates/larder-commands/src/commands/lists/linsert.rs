//! `LINSERT`: an element beside another.

use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::list::List;

pub(crate) static LINSERT: Command = Command {
    name: "linsert",
    summary: "Inserts an element before or after the first one that equals a given one.",
    since: "2.2.0",
    group: Group::Lists,
    complexity: "O(N) in the elements before the given one",
    arity: 5,
    flags: WRITE | DENYOOM,
    keys: &[KeySpec::at(1, RW | INSERT)],
    args: &[
        Arg::key("key"),
        Arg::one_of("where", &[Arg::word("before", "BEFORE"), Arg::word("after", "AFTER")]),
        Arg::string("pivot"),
        Arg::string("element"),
    ],
    examples: &[
        "LINSERT list BEFORE a b",
        "RPUSH list a c",
        "LINSERT list AFTER a b",
        "LINSERT list BEFORE x y",
        "LINSERT list BESIDE a b",
        "LRANGE list 0 -1",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let before = match args.at(2) {
        word if is(word, "BEFORE") => true,
        word if is(word, "AFTER") => false,
        _ => return Err(Error::SYNTAX),
    };
    if cx.forbids_all(&args.from(1)[..1])? {
        return Ok(Outcome::Elsewhere);
    }
    let key = cx.key(args.at(1));
    let len = cx.view.edit::<List, _>(&key, Missing::Skip, |edit| {
        let limits = edit.tools.limits;
        if !edit.insert_beside(&limits, args.at(3), before, args.at(4)) {
            return -1;
        }
        edit.report("linsert");
        edit.len() as i64
    })?;
    out.int(len.unwrap_or(0));
    Ok(Done)
}
