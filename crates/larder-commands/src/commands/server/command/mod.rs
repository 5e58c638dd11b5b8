//! `COMMAND`: the table of commands, for clients and tools. All of it is read from the descriptors.

use crate::help::help;
use crate::prelude::*;

mod docs;
mod info;
mod keys;
mod list;

use crate::spec::acl;

pub(crate) static COMMAND: Command = Command {
    name: "command",
    summary: "Describes every command.",
    since: "2.8.13",
    group: Group::Server,
    complexity: "O(N) in the number of commands",
    arity: -1,
    flags: LOADING | STALE,
    acl: acl::CONNECTION,
    tips: &["nondeterministic_output_order"],
    examples: &["COMMAND COUNT x", "COMMAND NOSUCH"],
    sub: &[&COUNT, &docs::DOCS, &keys::GETKEYS, &keys::GETKEYSANDFLAGS, &HELP, &info::INFO, &list::LIST],
    run: info::run,
    ..Command::DEFAULT
};

static COUNT: Command = Command {
    name: "count",
    summary: "Says how many commands there are.",
    since: "2.8.13",
    group: Group::Server,
    arity: 2,
    flags: LOADING | STALE,
    acl: acl::CONNECTION,
    examples: &["COMMAND COUNT"],
    run: |cx, _, out| {
        out.count(cx.instance.table().top().len());
        Ok(Done)
    },
    ..Command::DEFAULT
};

static HELP: Command = Command {
    name: "help",
    summary: "Names the subcommands.",
    since: "5.0.0",
    group: Group::Server,
    arity: 2,
    flags: LOADING | STALE,
    acl: acl::CONNECTION,
    run: |_, _, out| help(out, &COMMAND),
    ..Command::DEFAULT
};
