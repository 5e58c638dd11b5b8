//! `COMMAND GETKEYS`, `COMMAND GETKEYSANDFLAGS`: which words of a line are keys.

use super::info::access_names;
use crate::keys;
use crate::prelude::*;

use crate::spec::acl;

pub(super) static GETKEYS: Command = Command {
    name: "getkeys",
    summary: "Returns the keys of a whole command line.",
    since: "2.8.13",
    group: Group::Server,
    complexity: "O(N) in the length of the line",
    arity: -4,
    flags: LOADING | STALE,
    acl: acl::CONNECTION,
    examples: &[
        "COMMAND GETKEYS get a",
        "COMMAND GETKEYS mset a 1 b 2",
        "COMMAND GETKEYS get a b",
        "COMMAND GETKEYS ping a",
        "COMMAND GETKEYS nosuch a",
        "COMMAND GETKEYS config get a",
    ],
    run: run_keys,
    ..Command::DEFAULT
};

pub(super) static GETKEYSANDFLAGS: Command = Command {
    name: "getkeysandflags",
    summary: "Returns the keys of a whole command line, each with what is done to it.",
    since: "7.0.0",
    group: Group::Server,
    complexity: "O(N) in the length of the line",
    arity: -4,
    flags: LOADING | STALE,
    acl: acl::CONNECTION,
    examples: &[
        "COMMAND GETKEYSANDFLAGS lmove a b left right",
        "COMMAND GETKEYSANDFLAGS mset a 1 b 2",
        "COMMAND GETKEYSANDFLAGS ping a",
        "COMMAND GETKEYSANDFLAGS set a get",
        "COMMAND GETKEYSANDFLAGS set a 1 ex 10 get",
        "COMMAND GETKEYSANDFLAGS bitfield a get u8 0",
        "COMMAND GETKEYSANDFLAGS bitfield a set u8 0 1",
    ],
    run: run_flags,
    ..Command::DEFAULT
};

fn found<'a>(cx: &Cx<'_>, args: Args<'a>) -> Result<Vec<(&'a [u8], u32)>> {
    let line = args.from(2);
    let entry = cx.instance.table().resolve(line);
    let entry = entry.ok_or_else(|| Error::general("Invalid command specified"))?;
    let command = entry.command;
    let is_key = |access: u32| access & NOT_KEY == 0;
    if command.more_keys.is_none() && !command.keys.iter().any(|spec| is_key(spec.access)) {
        return Err(Error::general("The command has no key arguments"));
    }
    if !command.takes(line.len()) {
        return Err(Error::general("Invalid number of arguments specified for command"));
    }
    let mut positions = Vec::new();
    if keys::positions(command, line, &mut positions).is_err() {
        positions.clear();
    }
    let keys = positions.into_iter().filter(|(_, access)| is_key(*access));
    let keys: Vec<_> = keys.filter_map(|(at, access)| Some((*line.get(at)?, access))).collect();
    if keys.is_empty() && !command.is(NO_MANDATORY_KEYS) {
        return Err(Error::general("Invalid arguments specified for command"));
    }
    Ok(keys)
}

fn run_keys(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let keys = found(cx, args)?;
    out.array(keys.len());
    keys.iter().for_each(|(key, _)| out.bulk(key));
    Ok(Done)
}

fn run_flags(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let keys = found(cx, args)?;
    out.array(keys.len());
    for (key, access) in keys {
        out.array(2);
        out.bulk(key);
        let names = access_names(access);
        out.set(names.len());
        names.iter().for_each(|name| out.status(name));
    }
    Ok(Done)
}
