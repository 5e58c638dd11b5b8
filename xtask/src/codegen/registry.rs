//! The table of all commands and the `mod` lines that lead to them, from the command files themselves: a new
//! command is one new file, and two people who add one each do not meet in a list kept by hand.
//!
//! A command is a `pub(crate) static NAME: Command = …` in `commands/<group>/<file>.rs`. A sub-command is a
//! private `static` that its container names, so it is not in the table.

use super::Generated;
use crate::Result;
use crate::source::Source;
use crate::workspace::Workspace;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Where the crate keeps its commands.
const SRC: &str = "crates/larder-commands/src";

/// The groups there are, with what their module says of itself.
const GROUPS: &[(&str, &str)] = &[
    ("bitmaps", "Strings as arrays of bits."),
    ("connection", "What a client says about its own connection."),
    ("geo", "Places on the earth, kept in sorted sets."),
    ("hashes", "Fields and values under one key."),
    ("hyperloglog", "Counting distinct things in fixed space."),
    ("keys", "What can be done to a key whatever it holds."),
    ("lists", "Sequences with two ends, and waiting for them to fill."),
    ("pubsub", "Channels, patterns and who listens to them."),
    ("scripting", "Scripts that run beside the data."),
    ("server", "The store as a whole: settings, counts, housekeeping."),
    ("sets", "Members without order."),
    ("streams", "Logs with identifiers, and groups that read them."),
    ("strings", "One value under one key: bytes or a number."),
    ("transactions", "Several commands as one, and keys watched meanwhile."),
    ("zsets", "Members ordered by a score."),
];

/// Modules of `commands/`, by group; the group `""` holds the files that lie beside the groups.
type Groups = BTreeMap<String, BTreeMap<String, Module>>;

/// The commands a file registers; none for code that a group shares.
#[derive(Default)]
struct Module {
    commands: Vec<String>,
}

pub(super) fn generate(workspace: &Workspace) -> Result<Vec<Generated>> {
    let folder = format!("{SRC}/commands/");
    let mut groups = Groups::new();
    if !workspace.path(&folder).is_dir() {
        return Ok(Vec::new());
    }
    for path in workspace.files(&[&format!("{folder}*.rs")])? {
        let Some((group, stem)) = path.strip_prefix(&folder).and_then(place) else { continue };
        let commands =
            statics(&Source::new(workspace.read(&path)?)).map_err(|error| format!("{path}: {error}"))?;
        groups.entry(group.into()).or_default().insert(stem.into(), Module { commands });
    }
    files(&groups)
}

/// The group and the module of a path below `commands/`: `lists/lpush.rs`, `server/config/mod.rs` or
/// `shared.rs`, but nothing deeper and not the generated `mod.rs` files themselves.
fn place(path: &str) -> Option<(&str, &str)> {
    let parts: Vec<&str> = path.strip_suffix(".rs")?.split('/').collect();
    match parts[..] {
        [stem] if stem != "mod" => Some(("", stem)),
        [group, stem] if stem != "mod" => Some((group, stem)),
        [group, stem, "mod"] => Some((group, stem)),
        _ => None,
    }
}

/// The names of the commands that a file registers.
fn statics(source: &Source) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for line in source.code.lines().filter(|line| line.starts_with("pub")) {
        let Some((visibility, rest)) = line.split_once(" static ") else { continue };
        let Some((name, kind)) = rest.split_once(':') else { continue };
        if kind.split('=').next().map(str::trim) != Some("Command") {
            continue;
        }
        if visibility != "pub(crate)" {
            return Err(
                format!("{name} is to be `pub(crate) static`, or private where it is a sub-command").into()
            );
        }
        names.push(name.trim().to_string());
    }
    Ok(names)
}

fn files(groups: &Groups) -> Result<Vec<Generated>> {
    let beside = groups.get("").into_iter().flatten();
    let names = groups.keys().filter(|group| !group.is_empty());
    let mut generated = vec![
        registry(groups)?,
        Generated {
            path: format!("{SRC}/commands/mod.rs"),
            text: mod_file(
                "The commands, one file each, in the groups that the documentation of Redis uses.",
                beside.map(|(stem, _)| stem.as_str()).chain(names.map(String::as_str)).collect(),
            ),
        },
    ];
    for (group, modules) in groups.iter().filter(|(group, _)| !group.is_empty()) {
        let Some((_, doc)) = GROUPS.iter().find(|(name, _)| name == group) else {
            return Err(format!("the group {group} is not in GROUPS of xtask/src/codegen/registry.rs").into());
        };
        generated.push(Generated {
            path: format!("{SRC}/commands/{group}/mod.rs"),
            text: mod_file(doc, modules.keys().map(String::as_str).collect()),
        });
    }
    Ok(generated)
}

fn registry(groups: &Groups) -> Result<Generated> {
    let mut paths = BTreeMap::new();
    for (group, modules) in groups {
        for (stem, module) in modules {
            for name in &module.commands {
                if group.is_empty() {
                    return Err(
                        format!("{name} lies in commands/{stem}.rs; a command belongs in a group").into()
                    );
                }
                if paths.insert(name, format!("commands::{group}::{}::{name}", identifier(stem))).is_some() {
                    return Err(format!("two commands are called {name}").into());
                }
            }
        }
    }
    let mut text = String::from(
        "//! Every command, in one table. Written by `cargo xtask codegen` from the files under `commands/`: to add a\n\
         //! command, add its file and run that.\n\n\
         use crate::commands;\nuse crate::spec::Command;\n\n\
         /// The commands, sorted by the names of their statics.\n\
         pub(crate) static COMMANDS: &[&Command] = &[\n",
    );
    for path in paths.values() {
        writeln!(text, "&{path},")?;
    }
    text.push_str("];\n");
    Ok(Generated { path: format!("{SRC}/registry.rs"), text })
}

fn mod_file(doc: &str, modules: BTreeSet<&str>) -> String {
    let lines = modules.into_iter().map(|module| {
        let test = if module == "tests" { "#[cfg(test)]\n" } else { "pub(crate) " };
        format!("{test}mod {};\n", identifier(module))
    });
    format!("//! {doc}\n//! The list is written by `cargo xtask codegen`.\n\n{}", lines.collect::<String>())
}

/// Commands are named by English verbs, and some of those are words of Rust.
fn identifier(module: &str) -> String {
    const WORDS: &[&str] =
        &["as", "const", "continue", "move", "ref", "static", "type", "use", "where", "yield"];
    if WORDS.contains(&module) { format!("r#{module}") } else { module.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(files: &[(&str, &str)]) -> Groups {
        let mut groups = Groups::new();
        for (path, text) in files {
            let (group, stem) = place(path).unwrap();
            let commands = statics(&Source::new(*text)).unwrap();
            groups.entry(group.into()).or_default().insert(stem.into(), Module { commands });
        }
        groups
    }

    #[test]
    fn commands_are_found_where_they_are_defined() {
        let text =
            "pub(crate) static GETEX: Command = Command {\n};\nstatic CONFIG_GET: Command = Command {};\n\
                    // pub(crate) static OLD: Command = Command {};\npub(crate) static SUBS: &[&Command] =
                    // &[];\n\
                    pub(crate) static GET: Command = Command {};\n";
        assert_eq!(statics(&Source::new(text)).unwrap(), ["GETEX", "GET"]);
        assert!(statics(&Source::new("pub static GET: Command = Command {};")).is_err());
        assert!(statics(&Source::new("pub(super) static GET: Command = Command {};")).is_err());
    }

    #[test]
    fn only_two_levels_count() {
        assert_eq!(place("lists/lpush.rs"), Some(("lists", "lpush")));
        assert_eq!(place("server/config/mod.rs"), Some(("server", "config")));
        assert_eq!(place("shared.rs"), Some(("", "shared")));
        for path in
            ["mod.rs", "lists/mod.rs", "server/config/get.rs", "server/config/deep/mod.rs", "GROUP.md"]
        {
            assert_eq!(place(path), None, "{path}");
        }
    }

    #[test]
    fn the_files_of_two_groups() {
        let static_of = |name: &str| format!("pub(crate) static {name}: Command = Command {{}};\n");
        let generated = files(&groups(&[
            ("strings/set.rs", &static_of("SET")),
            ("keys/type.rs", &static_of("TYPE")),
            ("keys/glob.rs", "//! Shared.\n"),
            ("keys/tests.rs", "//! Tests.\n"),
            ("shared.rs", "//! Shared.\n"),
        ]))
        .unwrap();
        let paths: Vec<_> = generated.iter().map(|file| file.path.strip_prefix(SRC).unwrap()).collect();
        assert_eq!(
            paths,
            ["/registry.rs", "/commands/mod.rs", "/commands/keys/mod.rs", "/commands/strings/mod.rs"]
        );
        let bodies: Vec<_> = generated.iter().map(|file| file.text.split_once("\n\n").unwrap().1).collect();
        assert!(
            bodies[0].ends_with(" = &[\n&commands::strings::set::SET,\n&commands::keys::r#type::TYPE,\n];\n")
        );
        assert_eq!(bodies[1], "pub(crate) mod keys;\npub(crate) mod shared;\npub(crate) mod strings;\n");
        assert_eq!(bodies[2], "pub(crate) mod glob;\n#[cfg(test)]\nmod tests;\npub(crate) mod r#type;\n");
        assert_eq!(bodies[3], "pub(crate) mod set;\n");
    }

    #[test]
    fn what_cannot_be_registered_is_refused() {
        let set = "pub(crate) static SET: Command = Command {};";
        assert!(files(&groups(&[("strings/set.rs", set), ("keys/set.rs", set)])).is_err());
        assert!(files(&groups(&[("set.rs", set)])).is_err());
        assert!(files(&groups(&[("cakes/set.rs", set)])).is_err());
    }
}
