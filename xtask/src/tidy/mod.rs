//! The rules of the house that neither the compiler nor clippy keeps. Each is a small function from what is
//! there to what is wrong with it, so each has a test that shows it can fail.

mod dependencies;
mod ignored;
mod links;
mod names;
mod rust;

use crate::source::Source;
use crate::workspace::Workspace;
use crate::{Result, codegen};
use std::fmt;
use std::path::Path;

/// Something that is not as it should be, and where.
#[derive(Debug, PartialEq)]
struct Finding {
    path: String,
    /// Counted from one; zero speaks of the whole file.
    line: usize,
    text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.text),
            line => write!(f, "{}:{line}: {}", self.path, self.text),
        }
    }
}

/// Files that people write, besides Rust.
const WRITTEN: &[&str] = &[
    "*.md", "*.toml", "*.sh", "*.yml", "*.yaml", "*.js", "*.mjs", "*.cjs", "*.ts", "*.py", "*.c", "*.h",
    "*.html", "*.css",
];

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let mut findings: Vec<Finding> = names::check(&workspace.files(&[])?);
    findings.extend(ignored::check(&workspace.ignored_files()?));
    let rust_files = workspace.files(&["*.rs"])?;
    for path in &rust_files {
        let source = Source::new(workspace.read(path)?);
        for long in rust::long_functions(path, &source) {
            println!("tidy: note: {long}");
        }
        findings.extend(rust::check(path, &source));
    }
    for path in workspace.files(WRITTEN)? {
        let text = workspace.read(&path)?;
        findings.extend(rust::leftover_words(&path, &text));
        if Path::new(&path).extension().is_some_and(|extension| extension == "md") {
            findings.extend(links::check(&path, &text, |target| workspace.path(target).exists()));
        }
    }
    findings.extend(dependencies::check(workspace)?);
    if !findings.is_empty() {
        for finding in &findings {
            println!("{finding}");
        }
        return Err(format!("tidy: {} findings", findings.len()).into());
    }
    println!("tidy: {} Rust files are in order", rust_files.len());
    codegen::run(workspace, true)
}
