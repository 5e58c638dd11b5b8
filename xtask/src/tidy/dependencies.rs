//! Which crate may build on which. The direction is what lets a program embed the engine without the network,
//! and what tells a reader where a thing lives; `cargo` only refuses cycles.

use super::Finding;
use crate::workspace::Workspace;
use crate::{Result, process};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Each crate of the workspace, with the crates of the workspace it may name.
const MAY_USE: &[(&str, &[&str])] = &[
    ("larder-core", &[]),
    ("larder-load", &[]),
    ("larder-lua", &[]),
    ("larder-rdb", &["larder-core"]),
    ("larder-commands", &["larder-core", "larder-lua", "larder-rdb"]),
    ("larder-resp", &["larder-core", "larder-commands"]),
    ("larder-persist", &["larder-core", "larder-commands", "larder-rdb"]),
    // The server stands beneath the library, as a feature that must be asked for.
    ("larder", &["larder-core", "larder-commands", "larder-resp", "larder-persist", "larder-server"]),
    ("larder-server", &["larder-core", "larder-rdb", "larder-commands", "larder-resp", "larder-persist"]),
    ("larder-ffi", LIBRARY),
    ("larder-node", LIBRARY),
    (
        "larder-cli",
        &[
            "larder",
            "larder-core",
            "larder-commands",
            "larder-load",
            "larder-resp",
            "larder-persist",
            "larder-server",
        ],
    ),
    ("xtask", &[]),
];
const LIBRARY: &[&str] =
    &["larder", "larder-core", "larder-rdb", "larder-commands", "larder-resp", "larder-persist"];

/// What must not come along with the crates that others embed, however indirectly. `larder` itself is looked at as it
/// is built without features: see [`small_library`].
const EMBEDDED: &[&str] = &["larder-core", "larder-rdb", "larder-commands", "larder-resp", "larder-persist"];
const NOT_EMBEDDED: &[&str] =
    &["tokio", "mio", "socket2", "async-std", "smol", "mimalloc", "tikv-jemallocator"];

/// The engine stays small: this many packages named by it at most.
const CORE_DEPENDENCIES_MAX: usize = 10;

/// What comes along from outside with the crate that others add, where nothing more is asked for. Fifteen is the aim,
/// and a feature is the place for what few need.
const LIBRARY_DEPENDENCIES_MAX: usize = 15;

/// The packages of the workspace and below, by name, with what they build on.
struct Graph {
    /// Members of the workspace: their manifests and the packages they name for any purpose.
    members: BTreeMap<String, Member>,
    /// All packages: what each builds on when it is itself a dependency (not for its own tests).
    builds_on: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Default)]
struct Member {
    manifest: String,
    named: BTreeSet<String>,
}

pub(super) fn check(workspace: &Workspace) -> Result<Vec<Finding>> {
    let metadata = process::output(&mut workspace.command("cargo", &["metadata", "--format-version", "1"]))?;
    let graph = Graph::read(&serde_json::from_str(&metadata)?, &workspace.root().to_string_lossy())
        .ok_or("the output of cargo metadata has an unknown shape")?;
    // Metadata tells of the features of all members together; the tree tells of this one alone.
    let tree = ["tree", "--package", "larder", "--edges", "normal", "--prefix", "none", "--format", "{p}"];
    let tree = process::output(&mut workspace.command("cargo", &tree))?;
    let findings = [direction(&graph), embeddable(&graph), small_core(&graph), small_library(&tree)];
    Ok(findings.into_iter().flatten().collect())
}

impl Graph {
    fn read(metadata: &Value, root: &str) -> Option<Graph> {
        let mut names = BTreeMap::new();
        let mut members = BTreeMap::new();
        let own: Vec<&str> =
            metadata["workspace_members"].as_array()?.iter().filter_map(Value::as_str).collect();
        for package in metadata["packages"].as_array()? {
            let (id, name) = (package["id"].as_str()?, package["name"].as_str()?);
            names.insert(id, name);
            if own.contains(&id) {
                let manifest = package["manifest_path"].as_str()?;
                let named =
                    package["dependencies"].as_array()?.iter().filter_map(|named| named["name"].as_str());
                let manifest =
                    manifest.strip_prefix(root).unwrap_or(manifest).trim_start_matches('/').to_string();
                members.insert(name.into(), Member { manifest, named: named.map(Into::into).collect() });
            }
        }
        let mut builds_on: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for node in metadata["resolve"]["nodes"].as_array()? {
            let below = builds_on.entry((*names.get(node["id"].as_str()?)?).into()).or_default();
            for dependency in node["deps"].as_array()? {
                if dependency["dep_kinds"].as_array()?.iter().any(|kind| kind["kind"].is_null()) {
                    below.insert((*names.get(dependency["pkg"].as_str()?)?).into());
                }
            }
        }
        Some(Graph { members, builds_on })
    }

    /// Everything that is linked along with a package.
    fn beneath<'a>(&'a self, name: &'a str) -> BTreeSet<&'a str> {
        let (mut seen, mut open) = (BTreeSet::new(), vec![name]);
        while let Some(name) = open.pop() {
            for below in self.builds_on.get(name).into_iter().flatten() {
                if seen.insert(below.as_str()) {
                    open.push(below);
                }
            }
        }
        seen
    }
}

fn finding(member: &Member, text: String) -> Finding {
    Finding { path: member.manifest.clone(), line: 0, text }
}

fn direction(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, member) in &graph.members {
        let Some((_, may_use)) = MAY_USE.iter().find(|(known, _)| known == name) else {
            findings
                .push(finding(member, format!("{name} has no place in xtask/src/tidy/dependencies.rs yet")));
            continue;
        };
        let wrong = member
            .named
            .iter()
            .filter(|used| graph.members.contains_key(*used) && !may_use.contains(&used.as_str()));
        findings.extend(wrong.map(|used| finding(member, format!("{name} must not build on {used}"))));
    }
    findings
}

fn embeddable(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, member) in graph.members.iter().filter(|(name, _)| EMBEDDED.contains(&name.as_str())) {
        let beneath = graph.beneath(name);
        let heavy = NOT_EMBEDDED.iter().filter(|heavy| beneath.contains(**heavy));
        findings.extend(
            heavy.map(|heavy| finding(member, format!("{name} is for embedding, but brings {heavy} along"))),
        );
    }
    findings
}

fn small_core(graph: &Graph) -> Vec<Finding> {
    let core = graph.members.get_key_value("larder-core");
    let count = |name: &str| graph.builds_on.get(name).map_or(0, BTreeSet::len);
    core.filter(|(name, _)| count(name) > CORE_DEPENDENCIES_MAX)
        .map(|(name, member)| {
            let text = format!("{} dependencies, at most {CORE_DEPENDENCIES_MAX} are wanted", count(name));
            finding(member, text)
        })
        .into_iter()
        .collect()
}

/// `tree` has a line for each package that is built with the library; those of the workspace end in their folder.
fn small_library(tree: &str) -> Vec<Finding> {
    let outside = tree.lines().filter(|line| !line.is_empty() && !line.contains(" (/"));
    let names: BTreeSet<&str> = outside.filter_map(|line| line.split(' ').next()).collect();
    let heavy = NOT_EMBEDDED.iter().filter(|heavy| names.contains(**heavy));
    let mut texts: Vec<String> =
        heavy.map(|heavy| format!("larder is for embedding, but brings {heavy} along")).collect();
    if names.len() > LIBRARY_DEPENDENCIES_MAX {
        let most = LIBRARY_DEPENDENCIES_MAX;
        texts.push(format!("{} packages come along with larder, at most {most}", names.len()));
    }
    let path = "crates/larder/Cargo.toml";
    texts.into_iter().map(|text| Finding { path: path.into(), line: 0, text }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A graph from lines `user: used used`; names with `larder` and `xtask` are members.
    fn graph(lines: &[&str]) -> Graph {
        let mut graph = Graph { members: BTreeMap::new(), builds_on: BTreeMap::new() };
        for line in lines {
            let (user, used) = line.split_once(':').unwrap();
            let named: BTreeSet<String> = used.split_whitespace().map(Into::into).collect();
            if user.starts_with("larder") || user == "xtask" {
                let manifest = format!("crates/{user}/Cargo.toml");
                graph.members.insert(user.into(), Member { manifest, named: named.clone() });
            }
            graph.builds_on.insert(user.into(), named);
        }
        graph
    }

    #[test]
    fn an_edge_against_the_direction_is_found() {
        assert!(direction(&graph(&["larder-core:", "larder-commands:larder-core itoa"])).is_empty());
        let found = direction(&graph(&["larder-core:larder-commands", "larder-commands:", "larder-cake:"]));
        let texts: Vec<_> = found.iter().map(|finding| finding.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "larder-cake has no place in xtask/src/tidy/dependencies.rs yet",
                "larder-core must not build on larder-commands"
            ]
        );
    }

    #[test]
    fn a_runtime_is_found_however_deep() {
        let lines = ["larder-server:tokio", "larder-resp:frames", "frames:tokio", "tokio:mio"];
        let found = embeddable(&graph(&lines));
        let texts: Vec<_> = found.iter().map(|finding| finding.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "larder-resp is for embedding, but brings tokio along",
                "larder-resp is for embedding, but brings mio along"
            ]
        );
        assert!(embeddable(&graph(&["larder-server:tokio", "larder-resp:frames", "frames:"])).is_empty());
    }

    #[test]
    fn a_core_that_grew_is_found() {
        assert!(small_core(&graph(&["larder-core:a b c d e f g h i j"])).is_empty());
        assert_eq!(small_core(&graph(&["larder-core:a b c d e f g h i j k"])).len(), 1);
    }

    #[test]
    fn a_library_that_grew_is_found() {
        let lines = |count: usize| {
            let outside = (0..count).map(|n| format!("package{n} v1.0.0 (*)\npackage{n} v1.0.0\n"));
            format!("larder v0.1.0 (/at/larder)\n{}\n", outside.collect::<String>())
        };
        assert!(small_library(&lines(LIBRARY_DEPENDENCIES_MAX)).is_empty());
        assert_eq!(small_library(&lines(LIBRARY_DEPENDENCIES_MAX + 1)).len(), 1);
        assert_eq!(small_library("larder v0.1.0 (/at/larder)\ntokio v1.54.0\n").len(), 1);
    }

    #[test]
    fn the_output_of_cargo_is_read() {
        let package = |name: &str, named: &[&str]| {
            let named: Vec<Value> = named.iter().map(|name| json!({ "name": name })).collect();
            let manifest = format!("/at/{name}/Cargo.toml");
            json!({ "id": format!("id+{name}"), "name": name, "manifest_path": manifest, "dependencies": named })
        };
        let edge =
            |name: &str, kind: Value| json!({ "pkg": format!("id+{name}"), "dep_kinds": [{ "kind": kind }] });
        let metadata = json!({
            "workspace_members": ["id+a"],
            "packages": [package("a", &["b", "c"]), package("b", &[]), package("c", &[])],
            "resolve": { "nodes": [
                { "id": "id+a", "deps": [edge("b", Value::Null), edge("c", json!("dev"))] },
                { "id": "id+b", "deps": [] },
            ] },
        });
        let graph = Graph::read(&metadata, "/at").unwrap();
        assert_eq!(graph.members["a"].manifest, "a/Cargo.toml");
        assert_eq!(graph.members["a"].named.iter().collect::<Vec<_>>(), ["b", "c"]);
        assert_eq!(graph.beneath("a").into_iter().collect::<Vec<_>>(), ["b"]);
        assert!(Graph::read(&json!({}), "/at").is_none());
    }
}
