//! Node: what a call costs there. The measuring is done by the package's own `bench.js`, which knows its rivals and
//! writes a table for each number of keys.

use super::progress::Progress;
use super::{Better, Part, Row, Setup, Target};
use crate::{Result, process};

const FOLDER: &str = "bindings/node";

/// What rows are meant to reach, by the beginning of their names.
const TARGETS: &[(&str, &[Target])] = &[
    ("get", &[Target::Of(1.0, "lru-cache with TTL"), Target::Of(1.2, "raw addon")]),
    ("set", &[Target::Of(1.0, "lru-cache with TTL"), Target::Of(1.2, "raw addon")]),
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
    let rounds = setup.rounds.to_string();
    let mut node = setup.workspace.command("node", &["--expose-gc", "bench.js", &rounds]);
    let mut rows = rows(&process::output(node.current_dir(&folder))?);
    if rows.is_empty() {
        return Err(format!("{FOLDER}/bench.js writes no table that is understood here").into());
    }
    for row in &mut rows {
        row.figures.sort_by_key(|(name, _)| name != "larder");
        row.command = format!("(cd {FOLDER} && node --expose-gc bench.js)");
    }
    Ok(Some(Part {
        key: "node",
        title: "Node: time per call",
        text: "Nanoseconds for a call from JavaScript. The raw addon is what every addon costs: a call that does \
               nothing, one that gives back the string it is given, and a table of one thread in C that has no locks, \
               deadlines or growth (`bindings/node/floor.c`). Less is better."
            .into(),
        unit: "ns",
        command: "cargo xtask compare node",
        better: Better::Less,
        rows,
    }))
}

/// The rows of `bench.js`: a heading that begins with the number of keys, then lines with operation, contender,
/// median, and the least and the most in brackets.
fn rows(output: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut keys = "";
    for line in output.lines() {
        if let Some((count, _)) = line.split_once(" keys of ") {
            keys = count;
        }
        let columns = (line.get(2..22), line.get(23..47), line.get(47..));
        let (Some(operation), Some(contender), Some(figures)) = columns else { continue };
        if !line.starts_with("  ") {
            continue;
        }
        let name = format!("{}, {keys} keys", operation.trim());
        if !rows.iter().any(|row| row.name == name) {
            let targets = TARGETS.iter().find(|(start, _)| operation.trim().starts_with(start));
            rows.push(Row::new(&name, targets.map_or(&[], |(_, targets)| targets)));
        }
        let numbers =
            figures.split(|c: char| !c.is_ascii_digit() && c != '.').filter_map(|word| word.parse().ok());
        if let Some(row) = rows.iter_mut().find(|row| row.name == name) {
            numbers.for_each(|ns: f64| row.add(contender.trim(), ns));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn the_tables_of_the_package_are_read() {
        let output = "\n1,000 keys of 16 bytes, values of 32; ns per call: median (least to most of 9 rounds)\n  \
                      get                  Map                          48  (40 to 52)\n  \
                      get                  larder getInto              147  (140 to 160)\n  \
                      mget of 100, a key   larder                      300  (290 to 310)\n\
                      1,000,000 keys of 16 bytes\n  \
                      get                  larder                      400  (390 to 410)\n";
        let rows = rows(output);
        let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["get, 1,000 keys", "mget of 100, a key, 1,000 keys", "get, 1,000,000 keys"]);
        assert_eq!(rows[0].median_of("larder getInto"), Some(147.0));
        assert_eq!((rows[2].median_of("larder"), rows[1].targets.len()), (Some(400.0), 1));
    }
}
