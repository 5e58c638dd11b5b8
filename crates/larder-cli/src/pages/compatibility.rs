//! What of Redis is here, what is here in part, and what is not here yet.

use super::cell;
use larder::Larder;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Names and groups of the commands of Redis 7.2.
const REDIS_COMMANDS: &str = include_str!("redis-commands.txt");
/// The differences that the tests know of.
const DIFFERENCES: &str = include_str!("../../../larder-server/tests/it/differences.in");

/// What a command is.
enum State {
    Whole,
    Partial(&'static str),
    Missing,
}

pub(super) fn page() -> String {
    let larder = Larder::new();
    let table = larder.instance().table();
    let state = |name: &str| match table.all().iter().find(|entry| &*entry.full_name == name) {
        Some(entry) => entry.command.partial.map_or(State::Whole, State::Partial),
        None => State::Missing,
    };
    let mut groups: BTreeMap<&str, Vec<(&str, State)>> = BTreeMap::new();
    for line in REDIS_COMMANDS.lines() {
        if let Some((name, group)) = line.split_once(' ') {
            groups.entry(group).or_default().push((name, state(name)));
        }
    }
    let mut page = String::from(
        "# Compatibility\n\n\
         Written by `larder docs compatibility` from the command table. The reference is Redis 7.2; every example\n\
         of every command is run against a real `redis-server` 7.0.15 in both protocols by `cargo xtask ci`. A\n\
         command that is not here answers with an error that says so.\n\n\
         | group | here | in part | not yet |\n|---|---|---|---|\n",
    );
    for (group, commands) in &groups {
        let count = |wanted: fn(&State) -> bool| commands.iter().filter(|(_, state)| wanted(state)).count();
        let _ = writeln!(
            page,
            "| {group} | {} | {} | {} |",
            count(|state| matches!(state, State::Whole)),
            count(|state| matches!(state, State::Partial(_))),
            count(|state| matches!(state, State::Missing)),
        );
    }
    for (group, commands) in &groups {
        let _ = writeln!(page, "\n## {group}\n");
        let names = |wanted: fn(&State) -> bool| {
            let names = commands.iter().filter(|(_, state)| wanted(state));
            names.map(|(name, _)| format!("`{}`", shown(name))).collect::<Vec<_>>().join(", ")
        };
        let here = names(|state| matches!(state, State::Whole));
        if !here.is_empty() {
            let _ = writeln!(page, "Here: {here}.");
        }
        for (name, state) in commands {
            if let State::Partial(missing) = state {
                let _ = writeln!(page, "\n`{}` in part: {missing}", shown(name));
            }
        }
        let missing = names(|state| matches!(state, State::Missing));
        if !missing.is_empty() {
            let _ = writeln!(page, "\nNot yet: {missing}.");
        }
    }
    page.push_str("\n## Known differences\n\n| command | what differs |\n|---|---|\n");
    for (name, reason) in differences() {
        let _ = writeln!(page, "| `{}` | {} |", shown(name), cell(reason));
    }
    page
}

fn shown(name: &str) -> String {
    name.to_ascii_uppercase().replace('|', " ")
}

/// The name and the reason of each difference.
fn differences() -> impl Iterator<Item = (&'static str, &'static str)> {
    // `("name", Compared::How, "reason"),`: the quoted parts are those with odd numbers.
    let entries = DIFFERENCES.split("Compared::").collect::<Vec<_>>();
    let names: Vec<&str> = entries.iter().filter_map(|part| part.rsplit('"').nth(1)).collect();
    let reasons: Vec<&str> = entries.iter().skip(1).filter_map(|part| part.split('"').nth(1)).collect();
    names.into_iter().zip(reasons)
}
