//! `PERSIST`: takes a key's deadline away.

use crate::prelude::*;

pub(crate) static PERSIST: Command = Command {
    name: "persist",
    summary: "Takes the deadline of a key away.",
    since: "2.2.0",
    group: Group::Keys,
    complexity: "O(1)",
    arity: 2,
    flags: WRITE | FAST,
    keys: &[KeySpec::at(1, RW | UPDATE)],
    args: &[Arg::key("key")],
    examples: &["SET k v EX 100", "PERSIST k", "TTL k", "PERSIST k", "PERSIST nothing"],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    let had = cx.view.peek(&key)?.is_some_and(|entry| entry.deadline().is_some());
    if had {
        cx.view.set_deadline(&key, None)?;
        cx.view.report(&key, "persist", Class::GENERIC)?;
    }
    out.int(i64::from(had));
    Ok(Done)
}
