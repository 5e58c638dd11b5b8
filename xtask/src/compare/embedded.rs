//! In process: Larder beside the maps and caches that a Rust program would use.

use super::{Figures, Part, Row};
use crate::workspace::Workspace;
use crate::{Result, process};

pub(crate) fn compare(workspace: &Workspace, rounds: usize) -> Result<Part> {
    let manifest = "benches/compare/Cargo.toml";
    eprintln!("compare embedded: building the rivals");
    process::run(
        &mut workspace.command("cargo", &["build", "--release", "-q", "--manifest-path", manifest]),
    )?;
    let mut rows: Vec<Row> = Vec::new();
    for round in 0..rounds {
        eprint!("\rcompare embedded: round {} of {rounds}", round + 1);
        let seed = round.to_string();
        let mut run =
            workspace.command("cargo", &["run", "--release", "-q", "--manifest-path", manifest, "--", &seed]);
        for line in process::output(&mut run)?.lines() {
            // operation <tab> contender <tab> nanoseconds
            let [operation, contender, ns] = line.split('\t').collect::<Vec<_>>()[..] else { continue };
            let row = if let Some(at) = rows.iter().position(|row| row.name == operation) {
                &mut rows[at]
            } else {
                rows.push(Row { name: operation.into(), figures: Vec::new() });
                let last = rows.len() - 1;
                &mut rows[last]
            };
            let figures = if let Some(at) = row.figures.iter().position(|(name, _)| name == contender) {
                &mut row.figures[at].1
            } else {
                row.figures.push((contender.into(), Figures::default()));
                let last = row.figures.len() - 1;
                &mut row.figures[last].1
            };
            figures.0.push(ns.parse()?);
        }
    }
    eprintln!();
    Ok(Part {
        title: "In process: time per operation",
        text: "Nanoseconds for one operation on a million entries of 16 bytes with values of 32 bytes, keys chosen \
               uniformly; contenders take turns within each round. Larder runs with time to live, memory accounting, \
               statistics and change reports on, as users get it. Less is better.",
        unit: "ns",
        command: "cargo xtask compare embedded",
        rows,
    })
}
