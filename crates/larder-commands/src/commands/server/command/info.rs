//! `COMMAND`, `COMMAND INFO`: what dispatchers and cluster clients want to know of commands.

use crate::keys::legacy_range;
use crate::prelude::*;
use crate::spec::access::NAMES as ACCESS_NAMES;
use crate::spec::flags::NAMES as FLAG_NAMES;
use crate::spec::{Begin, Find, acl};
use crate::table::{Entry, Table};

pub(super) static INFO: Command = Command {
    name: "info",
    summary: "Describes commands: arity, flags, keys, categories.",
    since: "2.8.13",
    group: Group::Server,
    complexity: "O(N) in the number of names",
    arity: -2,
    flags: LOADING | STALE,
    acl: acl::CONNECTION,
    args: &[Arg::string("command-name").multiple().optional()],
    tips: &["nondeterministic_output_order"],
    examples: &[
        "COMMAND INFO get nosuch",
        "COMMAND INFO getdel setex",
        "COMMAND INFO config|get",
        "COMMAND INFO blpop setrange",
        "COMMAND INFO get|x",
    ],
    run,
    ..Command::DEFAULT
};

pub(super) fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let table = cx.instance.table();
    match args.from(2) {
        [] => {
            out.array(table.top().len());
            table.top().iter().for_each(|entry| describe(table, entry, out));
        }
        names => {
            out.array(names.len());
            for name in names {
                match named(table, name) {
                    Some(entry) => describe(table, entry, out),
                    None => out.null(),
                }
            }
        }
    }
    Ok(Done)
}

/// The command of a full name: `get`, `config|get`.
pub(super) fn named<'t>(table: &'t Table, name: &[u8]) -> Option<&'t Entry> {
    match name.iter().position(|byte| *byte == b'|') {
        None => table.find(name),
        Some(at) => table.find_sub(table.find(&name[..at])?, &name[at + 1..]),
    }
}

fn describe(table: &Table, entry: &Entry, out: &mut dyn Reply) {
    let command = entry.command;
    out.array(10);
    out.bulk(entry.full_name.as_bytes());
    out.int(i64::from(command.arity));
    let mut names: Vec<&str> =
        FLAG_NAMES.iter().filter(|(flag, _)| command.is(*flag)).map(|(_, name)| *name).collect();
    if is_movable(command) {
        names.push("movablekeys");
    }
    out.set(names.len());
    names.iter().for_each(|name| out.status(name));
    let (first, last, step) = legacy_range(command);
    [first, last, step].iter().for_each(|n| out.int(*n));
    let categories = command.categories();
    let names: Vec<&str> =
        acl::NAMES.iter().filter(|(bit, _)| categories & bit != 0).map(|(_, name)| *name).collect();
    out.set(names.len());
    names.iter().for_each(|name| out.status(&format!("@{name}")));
    out.set(command.tips.len());
    command.tips.iter().for_each(|tip| out.bulk(tip.as_bytes()));
    out.set(command.keys.len());
    command.keys.iter().for_each(|spec| key_spec(spec, out));
    out.set(command.sub.len());
    table.subs(entry).for_each(|sub| describe(table, sub, out));
}

/// Whether the first key, the last and the step do not tell which words are keys.
fn is_movable(command: &Command) -> bool {
    command.more_keys.is_some()
        || command
            .keys
            .iter()
            .any(|spec| !matches!((spec.begin, spec.find), (Begin::Index(_), Find::Range { .. })))
}

pub(super) fn access_names(bits: u32) -> Vec<&'static str> {
    ACCESS_NAMES.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| *name).collect()
}

fn key_spec(spec: &KeySpec, out: &mut dyn Reply) {
    out.map(3);
    out.bulk(b"flags");
    let names = access_names(spec.access);
    out.set(names.len());
    names.iter().for_each(|name| out.status(name));
    let number = |out: &mut dyn Reply, name: &str, n: i64| {
        out.bulk(name.as_bytes());
        out.int(n);
    };
    out.bulk(b"begin_search");
    match spec.begin {
        Begin::Index(index) => {
            part(out, "index", 1);
            number(out, "index", i64::from(index));
        }
        Begin::Keyword(keyword, from) => {
            part(out, "keyword", 2);
            out.bulk(b"keyword");
            out.bulk(keyword.as_bytes());
            number(out, "startfrom", i64::from(from));
        }
        Begin::Unknown => part(out, "unknown", 0),
    }
    out.bulk(b"find_keys");
    match spec.find {
        Find::Range { last, step, limit } => {
            part(out, "range", 3);
            number(out, "lastkey", i64::from(last));
            number(out, "keystep", i64::from(step));
            number(out, "limit", i64::from(limit));
        }
        Find::Numkeys { at, first, step } => {
            part(out, "keynum", 3);
            number(out, "keynumidx", i64::from(at));
            number(out, "firstkey", i64::from(first));
            number(out, "keystep", i64::from(step));
        }
        Find::Unknown => part(out, "unknown", 0),
    }
}

/// The head of one part of a key specification, which has so many fields.
fn part(out: &mut dyn Reply, kind: &str, fields: usize) {
    out.map(2);
    out.bulk(b"type");
    out.bulk(kind.as_bytes());
    out.bulk(b"spec");
    out.map(fields);
}
