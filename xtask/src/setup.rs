//! Brings a machine that has Rust, Node 20 and Debian's packages to where the whole check can run. Each item
//! looks first and installs only what is missing, so a second run is quick and needs no network.
//!
//! Two degrees: without what is *needed* the check means nothing, so its absence is an error; what is *wished*
//! (the faster test runner, a real Redis and a browser to compare and to click with) may be missing with a
//! note, and whoever uses it says so again in its place. Services are never started: a checkout has no business
//! with the machine's port 6379.

use crate::workspace::Workspace;
use crate::{Result, process};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Programs from Debian, and the packages that bring them.
const DEBIAN: &[(&str, &[&str], &str)] = &[
    ("redis-server", &["--version"], "redis-server"),
    ("redis-cli", &["--version"], "redis-tools"),
    ("chromium", &["--version"], "chromium"),
    ("python3", &["-c", "import ensurepip, venv"], "python3-venv"),
    ("pkg-config", &["--version"], "pkg-config"),
    ("valgrind", &["--version"], "valgrind"),
    ("cmake", &["--version"], "cmake"),
];

/// The release that is known to build with the Rust version of the workspace.
const NEXTEST: &str = "cargo-nextest@0.9.143";

/// What the Python clients that test the server need, and where they are installed.
const REQUIREMENTS: &str = "tests/clients/python/requirements.txt";
const VENV: &str = "target/client-venv";

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    rust_components(workspace)?;
    wished("Debian packages", debian(workspace));
    wished("cargo-nextest", nextest(workspace));
    if !process::succeeds(&mut workspace.command("cargo", &["deny", "--version"])) {
        note("cargo-deny is not installed (it takes minutes to build); the licence step will be left out");
    }
    node(workspace)?;
    python(workspace)
}

fn note(text: &str) {
    println!("setup: {text}");
}

/// Reports what could not be had and lets the rest go on.
fn wished(what: &str, outcome: Result<()>) {
    if let Err(error) = outcome {
        note(&format!("going on without {what}: {error}"));
    }
}

fn rust_components(workspace: &Workspace) -> Result<()> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if process::succeeds(&mut workspace.command("cargo", &[subcommand, "--version"])) {
            note(&format!("{component} is there"));
        } else {
            note(&format!("adding {component}"));
            process::run(&mut workspace.command("rustup", &["component", "add", component]))?;
        }
    }
    Ok(())
}

fn debian(workspace: &Workspace) -> Result<()> {
    let missing: Vec<&str> = DEBIAN
        .iter()
        .filter(|(program, probe, _)| !process::succeeds(&mut workspace.command(program, probe)))
        .map(|(_, _, package)| *package)
        .collect();
    if missing.is_empty() {
        note("Redis, Chromium, Python, pkg-config, valgrind and CMake are there");
        return Ok(());
    }
    if !process::succeeds(&mut workspace.command("apt-get", &["--version"])) {
        return Err(
            format!("there is no apt-get here; to be installed by hand: {}", missing.join(", ")).into()
        );
    }
    note(&format!("installing {}", missing.join(", ")));
    process::run(&mut as_root(workspace, &["apt-get", "-qq", "update"]))?;
    let install = ["apt-get", "-qq", "-y", "install", "--no-install-recommends"];
    process::run(&mut as_root(workspace, &[&install[..], &missing[..]].concat()))
}

/// A command as root, told neither to ask questions nor to start the services it installs.
fn as_root(workspace: &Workspace, words: &[&str]) -> Command {
    let quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "SYSTEMD_OFFLINE=1"];
    let root = process::output(&mut workspace.command("id", &["-u"])).is_ok_and(|id| id.trim() == "0");
    let words = [&quiet[..], words].concat();
    if root { workspace.command(words[0], &words[1..]) } else { workspace.command("sudo", &words) }
}

fn nextest(workspace: &Workspace) -> Result<()> {
    if process::succeeds(&mut workspace.command("cargo", &["nextest", "--version"])) {
        note("cargo-nextest is there");
        return Ok(());
    }
    note("building cargo-nextest, once, for some minutes");
    process::run(&mut workspace.command("cargo", &["install", "--locked", NEXTEST]))
}

/// Installs the packages of each folder that has a lock file and an older installation, or none.
fn node(workspace: &Workspace) -> Result<()> {
    for lock in workspace.files(&["package-lock.json", "*/package-lock.json"])? {
        let folder = workspace.path(&lock).parent().map(Path::to_path_buf).unwrap_or_default();
        // npm writes this file last, so its age is that of a complete installation.
        if is_newer(&folder.join("node_modules/.package-lock.json"), &workspace.path(&lock)) {
            note(&format!("{lock} is installed"));
            continue;
        }
        note(&format!("installing {lock}"));
        process::run(workspace.command("npm", &["ci", "--no-audit", "--no-fund"]).current_dir(&folder))?;
    }
    Ok(())
}

fn is_newer(file: &Path, than: &Path) -> bool {
    let changed = |path: &Path| fs::metadata(path).and_then(|data| data.modified());
    matches!((changed(file), changed(than)), (Ok(file), Ok(than)) if file >= than)
}

fn python(workspace: &Workspace) -> Result<()> {
    let Ok(wanted) = fs::read_to_string(workspace.path(REQUIREMENTS)) else { return Ok(()) };
    let installed = workspace.path(VENV).join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
        note(&format!("{REQUIREMENTS} is installed"));
        return Ok(());
    }
    note(&format!("installing {REQUIREMENTS} into {VENV}"));
    process::run(&mut workspace.command("python3", &["-m", "venv", "--clear", VENV]))?;
    let mut pip = Command::new(workspace.path(VENV).join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "-r", REQUIREMENTS]).current_dir(workspace.root());
    process::run(&mut pip)?;
    fs::write(installed, wanted)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_older_than_anything() {
        let here = Workspace::here();
        let (present, absent) = (here.path("Cargo.toml"), here.path("no-such-file"));
        assert!(is_newer(&present, &present));
        assert!(!is_newer(&absent, &present));
        assert!(!is_newer(&present, &absent));
    }
}
