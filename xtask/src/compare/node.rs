//! Node: what a call costs there. The measuring is done by the package's own `bench.js`, which knows its rivals; it
//! writes lines of operation, contender and nanoseconds, with tabs between.

use super::progress::Progress;
use super::{Better, Part, Row, Setup, Target};
use crate::{Result, process};

const FOLDER: &str = "bindings/node";

/// What rows are meant to reach, by the beginning of their names.
const TARGETS: &[(&str, &[Target])] = &[
    ("get", &[Target::Of(1.0, "lru-cache with TTL")]),
    ("set", &[Target::Of(1.0, "lru-cache with TTL")]),
    ("mget of 100", &[Target::Most(400.0)]),
];

pub(super) fn compare(setup: &Setup<'_>) -> Result<Option<Part>> {
    let folder = setup.workspace.path(FOLDER);
    if !folder.join("bench.js").is_file() {
        eprintln!("compare node: there is no {FOLDER}/bench.js, so nothing is measured");
        return Ok(None);
    }
    let progress = Progress::new("node", 2);
    progress.step("building the addon");
    process::output(setup.workspace.command("node", &["build.js"]).current_dir(&folder))?;
    progress.step("bench.js");
    let mut node = setup.workspace.command("node", &["--expose-gc", "bench.js"]);
    let output = process::output(node.current_dir(&folder))?;
    let mut rows: Vec<Row> = Vec::new();
    for line in output.lines() {
        let [operation, contender, figure] = line.split('\t').collect::<Vec<_>>()[..] else { continue };
        let Ok(ns) = figure.trim().parse() else { continue };
        if !rows.iter().any(|row| row.name == operation) {
            let targets = TARGETS.iter().find(|(name, _)| operation.to_lowercase().starts_with(name));
            rows.push(Row::new(operation, targets.map_or(&[], |(_, targets)| targets)));
        }
        let row = rows.iter_mut().find(|row| row.name == operation).ok_or("a row that was just added")?;
        row.add(contender, ns);
    }
    if rows.is_empty() {
        return Err(
            format!("{FOLDER}/bench.js writes no lines of operation, contender and nanoseconds").into()
        );
    }
    for row in &mut rows {
        row.figures.sort_by_key(|(name, _)| name != "larder");
        row.command = format!("(cd {FOLDER} && node --expose-gc bench.js)");
    }
    Ok(Some(Part {
        key: "node",
        title: "Node: time per call",
        text: "Nanoseconds for a call from JavaScript. Less is better.".into(),
        unit: "ns",
        command: "cargo xtask compare node",
        better: Better::Less,
        rows,
    }))
}
