//! Generated files. They are committed, so that readers, editors and a plain `cargo build` need no generator,
//! and checked for freshness, so that they cannot drift from what they are derived from.
//!
//! A generator gives whole files; it never edits. To add one is one line in [`GENERATORS`].

mod header;
mod node;
mod pages;
mod registry;

use crate::workspace::Workspace;
use crate::{Result, process};
use std::fs;
use std::path::Path;

/// A file as it should be.
#[derive(Debug, PartialEq)]
struct Generated {
    /// Relative to the root of the checkout.
    path: String,
    text: String,
}

type Generator = fn(&Workspace) -> Result<Vec<Generated>>;

/// What is generated, and by what.
const GENERATORS: &[(&str, Generator)] = &[
    ("command registry", registry::generate),
    ("pages", pages::generate),
    ("header for C", header::generate),
    ("package for Node", node::generate),
];

/// Writes what is stale, or with `check` only says so, as an error.
pub(crate) fn run(workspace: &Workspace, check: bool) -> Result<()> {
    let mut stale = Vec::new();
    let mut count = 0;
    for (name, generate) in GENERATORS {
        for file in generate(workspace).map_err(|error| format!("{name}: {error}"))? {
            count += 1;
            let file = formatted(workspace, file)?;
            if fs::read_to_string(workspace.path(&file.path)).is_ok_and(|present| present == file.text) {
                continue;
            }
            if !check {
                fs::write(workspace.path(&file.path), &file.text)
                    .map_err(|error| format!("{}: {error}", file.path))?;
                println!("codegen: wrote {}", file.path);
            }
            stale.push(file.path);
        }
    }
    if check && !stale.is_empty() {
        return Err(format!("stale: {}\nto write them anew: cargo xtask codegen", stale.join(", ")).into());
    }
    println!("codegen: {count} generated files are fresh");
    Ok(())
}

/// Rust goes through `rustfmt`, so generators need not know how a line is broken.
fn formatted(workspace: &Workspace, mut file: Generated) -> Result<Generated> {
    if Path::new(&file.path).extension().is_some_and(|extension| extension == "rs") {
        let mut rustfmt = workspace.command("rustfmt", &["--edition", "2024", "--emit", "stdout", "--quiet"]);
        file.text =
            process::filter(&mut rustfmt, &file.text).map_err(|error| format!("{}: {error}", file.path))?;
    }
    Ok(file)
}
