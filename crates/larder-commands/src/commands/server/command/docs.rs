//! `COMMAND DOCS`: the documentation of commands, for people and for prompts that give hints.

use super::info::named;
use crate::prelude::*;
use crate::spec::ArgKind;
use crate::table::{Entry, Table};

use crate::spec::acl;

pub(super) static DOCS: Command = Command {
    name: "docs",
    summary: "Documents commands: what they do, since when, and their arguments.",
    since: "7.0.0",
    group: Group::Server,
    complexity: "O(N) in the number of commands",
    arity: -2,
    flags: LOADING | STALE,
    acl: acl::CONNECTION,
    args: &[Arg::string("command-name").multiple().optional()],
    tips: &["nondeterministic_output_order"],
    examples: &["COMMAND DOCS get", "COMMAND DOCS nosuch", "COMMAND DOCS config|get"],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let table = cx.instance.table();
    let entries: Vec<&Entry> = match args.from(2) {
        [] => table.top().iter().collect(),
        names => names.iter().filter_map(|name| named(table, name)).collect(),
    };
    out.map(entries.len());
    entries.iter().for_each(|entry| document(table, entry, out));
    Ok(Done)
}

fn document(table: &Table, entry: &Entry, out: &mut dyn Reply) {
    let command = entry.command;
    let has_args = !command.args.is_empty();
    let fields = 4
        + usize::from(command.internal || command.deprecated.is_some())
        + 2 * usize::from(command.deprecated.is_some())
        + usize::from(!command.history.is_empty())
        + usize::from(has_args)
        + usize::from(!command.sub.is_empty());
    let text = |out: &mut dyn Reply, name: &str, value: &str| {
        out.bulk(name.as_bytes());
        out.bulk(value.as_bytes());
    };
    out.bulk(entry.full_name.as_bytes());
    out.map(fields);
    text(out, "summary", command.summary);
    text(out, "since", command.since);
    text(out, "group", command.group.name());
    text(out, "complexity", command.complexity);
    if command.internal || command.deprecated.is_some() {
        out.bulk(b"doc_flags");
        out.set(1);
        out.status(if command.internal { "syscmd" } else { "deprecated" });
    }
    if let Some((since, instead)) = command.deprecated {
        text(out, "deprecated_since", since);
        text(out, "replaced_by", instead);
    }
    if !command.history.is_empty() {
        out.bulk(b"history");
        out.set(command.history.len());
        for (version, change) in command.history {
            out.array(2);
            out.bulk(version.as_bytes());
            out.bulk(change.as_bytes());
        }
    }
    if has_args {
        out.bulk(b"arguments");
        arguments(command.args, out);
    }
    if !command.sub.is_empty() {
        out.bulk(b"subcommands");
        out.map(command.sub.len());
        table.subs(entry).for_each(|sub| document(table, sub, out));
    }
}

fn arguments(args: &[Arg], out: &mut dyn Reply) {
    out.array(args.len());
    args.iter().for_each(|arg| argument(arg, out));
}

fn argument(arg: &Arg, out: &mut dyn Reply) {
    let flags: Vec<&str> =
        [(arg.optional, "optional"), (arg.multiple, "multiple"), (arg.multiple_token, "multiple_token")]
            .into_iter()
            .filter_map(|(set, name)| set.then_some(name))
            .collect();
    let texts = [("token", arg.token), ("since", arg.since), ("deprecated_since", arg.deprecated)];
    let is_key = arg.kind == ArgKind::Key || arg.key_spec != 0;
    let given = texts.iter().filter(|(_, text)| text.is_some()).count();
    out.map(
        2 + usize::from(is_key) + given + usize::from(!flags.is_empty()) + usize::from(!arg.args.is_empty()),
    );
    out.bulk(b"name");
    out.bulk(arg.name.as_bytes());
    out.bulk(b"type");
    out.bulk(arg.kind.name().as_bytes());
    if is_key {
        out.bulk(b"key_spec_index");
        out.int(i64::from(arg.key_spec));
    }
    for (name, text) in texts {
        if let Some(text) = text {
            out.bulk(name.as_bytes());
            out.bulk(text.as_bytes());
        }
    }
    if !flags.is_empty() {
        out.bulk(b"flags");
        out.set(flags.len());
        flags.iter().for_each(|flag| out.status(flag));
    }
    if !arg.args.is_empty() {
        out.bulk(b"arguments");
        arguments(arg.args, out);
    }
}
