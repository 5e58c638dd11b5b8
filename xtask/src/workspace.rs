//! Where the checkout is and which files belong to it. Git answers the second question, so what `.gitignore`
//! names (build output, `node_modules`) is never looked at, and a new file counts before it is committed.

use crate::{Result, process};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One checkout of the project.
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The checkout whose `cargo xtask` runs. Asked at run time first: worktrees may share one build folder,
    /// and the path known at compile time is then that of the worktree that built last.
    pub(crate) fn here() -> Workspace {
        let own = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        Workspace { root: own.parent().unwrap_or(Path::new(".")).to_path_buf() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path inside the checkout, from its relative form.
    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// A program to be started in the root of the checkout.
    pub(crate) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.root);
        command
    }

    /// The relative paths of the project's files that match any of the patterns (as `git ls-files` reads them),
    /// sorted.
    pub(crate) fn files(&self, patterns: &[&str]) -> Result<Vec<String>> {
        let which = ["--cached", "--others", "--exclude-standard", "--"];
        let mut files = self.listed(&[&which, patterns].concat())?;
        files.sort();
        files.dedup();
        Ok(files)
    }

    /// The relative paths of files that are part of the project although they are to be ignored.
    pub(crate) fn ignored_files(&self) -> Result<Vec<String>> {
        self.listed(&["--cached", "--ignored", "--exclude-standard"])
    }

    /// The files that `git ls-files` lists with these words, as far as they are there.
    fn listed(&self, words: &[&str]) -> Result<Vec<String>> {
        let listed = process::output(self.command("git", &["ls-files", "-z"]).args(words))?;
        let files = listed.split('\0').filter(|file| !file.is_empty() && self.path(file).is_file());
        Ok(files.map(Into::into).collect())
    }

    /// Reads a file of the checkout; the error names it.
    pub(crate) fn read(&self, relative: &str) -> Result<String> {
        std::fs::read_to_string(self.path(relative)).map_err(|error| format!("{relative}: {error}").into())
    }
}
