//! `SMOVE`: a member from one set to another.

use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::set::Set;

pub(crate) static SMOVE: Command = Command {
    name: "smove",
    summary: "Moves a member from one set to another.",
    since: "1.0.0",
    group: Group::Sets,
    arity: 4,
    flags: WRITE | FAST,
    keys: &[KeySpec::at(1, RW | ACCESS | DELETE), KeySpec::at(2, RW | INSERT)],
    args: &[Arg::key("source"), Arg::key_of("destination", 1), Arg::string("member")],
    examples: &[
        "SADD s a b",
        "SMOVE s d a",
        "SMOVE s d x",
        "SMOVE s s b",
        "SMOVE s s x",
        "SADD d b",
        "SMOVE s d b",
        "EXISTS s",
        "SMOVE none d a",
        "SET x 1",
        "SMOVE d x a",
        "SMOVE none x a",
        "SMOVE x d a",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let (source, destination) = (cx.key(args.at(1)), cx.key(args.at(2)));
    let member = args.at(3);
    let Some(set) = cx.view.collection::<Set>(&source)? else {
        out.int(0);
        return Ok(Done);
    };
    let is_member = set.contains(member);
    // Both must be sets before either changes.
    cx.view.peek(&destination)?.map(|entry| entry.collection::<Set>()).transpose()?;
    if !is_member || args[1] == args[2] {
        out.int(i64::from(is_member));
        return Ok(Done);
    }
    cx.view.edit::<Set, _>(&source, Missing::Skip, |edit| {
        edit.remove(member);
        edit.report("srem");
    })?;
    cx.view.edit::<Set, _>(&destination, Missing::Create, |edit| {
        if edit.collection.insert(&edit.tools, member) {
            edit.report("sadd");
        }
    })?;
    out.int(1);
    Ok(Done)
}
