//! `cargo xtask instructions`: how many instructions the hot paths take, beside what they took when somebody last
//! looked.
//!
//! Times drift by a quarter on a shared machine and hide what a change costs; counts under callgrind repeat to the
//! instruction. They do depend on the compiler and, through the copies of the C library, on the kind of processor. So
//! the file says which compiler it is for: with another one, differences are shown and nothing fails.

use crate::workspace::Workspace;
use crate::{Result, process};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};

const MANIFEST: &str = "benches/engine/Cargo.toml";
const PROGRAM: &str = "benches/engine/target/release/instructions";
const FILE: &str = "benches/engine/instructions.txt";

/// More than this, in per cent, is a regression; less is what a neighbouring change of layout does.
const TOLERANCE_PERCENT: f64 = 8.0;

/// So many more are no regression even of the shortest path: whether the compiler takes one small function into
/// another differs with its neighbours, and costs about as much.
const TOLERANCE_INSTRUCTIONS: f64 = 24.0;

/// Instructions of one path each time it does what it is about.
type Counts = BTreeMap<String, f64>;

pub(crate) fn run(workspace: &Workspace, bless: bool) -> Result<()> {
    if !process::succeeds(&mut workspace.command("valgrind", &["--version"])) {
        return Err("valgrind is not installed (cargo xtask setup installs it)".into());
    }
    let build = ["build", "--release", "-q", "--bin", "instructions", "--manifest-path", MANIFEST];
    process::run(workspace.command("cargo", &build).env_remove("CARGO_TARGET_DIR"))?;
    let compiler = process::output(&mut workspace.command("rustc", &["--version"]))?.trim().to_owned();
    let mut found = Counts::new();
    for line in process::output(&mut workspace.command(PROGRAM, &[]))?.lines() {
        let (name, count) = line.split_once('\t').ok_or("a path without a count")?;
        found.insert(name.into(), counted(workspace, name)? as f64 / count.parse::<f64>()?);
    }
    if bless {
        fs::write(workspace.path(FILE), written(&compiler, &found))?;
        println!("instructions: {FILE} has the figures of {} paths", found.len());
        return Ok(());
    }
    let (blessed_compiler, blessed) = read(&workspace.read(FILE)?)?;
    let (lines, regressions) = compared(&blessed, &found);
    lines.iter().for_each(|line| println!("{line}"));
    if blessed_compiler != compiler {
        println!("instructions: {FILE} is for {blessed_compiler}; this is {compiler}, so nothing is refused");
        return Ok(());
    }
    if regressions.is_empty() {
        println!("instructions: {} paths are within {TOLERANCE_PERCENT} % of {FILE}", found.len());
        return Ok(());
    }
    Err(format!(
        "instructions: {}\nif that is the price of something worth it: cargo xtask instructions --bless",
        regressions.join("\n              ")
    )
    .into())
}

/// Instructions that a run of a path takes.
fn counted(workspace: &Workspace, name: &str) -> Result<u64> {
    let mut command: Command =
        workspace.command("valgrind", &["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    command.args(["--collect-atstart=no", "--toggle-collect=*instructions*counted*", PROGRAM, name]);
    let line = process::line(&command);
    let output = command.stdin(Stdio::null()).output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let count = text.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse::<u64>().ok());
    match count {
        Some(count) if count > 0 && output.status.success() => Ok(count),
        _ => Err(format!("{line}: {}\n{text}", output.status).into()),
    }
}

/// Each path beside its blessed figure, and those that take more than they may.
fn compared(blessed: &Counts, found: &Counts) -> (Vec<String>, Vec<String>) {
    let (mut lines, mut regressions) = (Vec::new(), Vec::new());
    for (name, now) in found {
        let Some(before) = blessed.get(name) else {
            regressions.push(format!("{name} has no figure yet"));
            continue;
        };
        let percent = (now / before - 1.0) * 100.0;
        lines.push(format!("{name:<28} {now:>9.1} {percent:>+7.1} %"));
        if percent > TOLERANCE_PERCENT && now - before > TOLERANCE_INSTRUCTIONS {
            regressions.push(format!(
                "{name} takes {now:.1} instructions, {percent:.1} % more than {before:.1} ({TOLERANCE_PERCENT} % are \
                 allowed)"
            ));
        } else if percent < -TOLERANCE_PERCENT {
            lines.push(format!("{:<28} it got cheaper: --bless keeps it so", ""));
        }
    }
    let gone = blessed.keys().filter(|name| !found.contains_key(*name));
    regressions.extend(gone.map(|name| format!("{name} is gone")));
    (lines, regressions)
}

fn written(compiler: &str, counts: &Counts) -> String {
    let mut text = format!(
        "# Instructions of the hot paths, each time; written by `cargo xtask instructions --bless`.\n# {compiler}\n"
    );
    counts.iter().for_each(|(name, count)| _ = writeln!(text, "{name}\t{count:.1}"));
    text
}

fn read(text: &str) -> Result<(String, Counts)> {
    let mut counts = Counts::new();
    let mut compiler = String::new();
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            comment.clone_into(&mut compiler);
        } else {
            let (name, count) = line.split_once('\t').ok_or_else(|| format!("{FILE}: {line}"))?;
            counts.insert(name.into(), count.parse()?);
        }
    }
    Ok((compiler, counts))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(of: &[(&str, f64)]) -> Counts {
        of.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let all = counts(&[("string-get", 544.2), ("string-set", 1_437.3)]);
        assert_eq!(read(&written("rustc 1.95.0", &all)).unwrap(), ("rustc 1.95.0".into(), all));
        assert!(read("string-get 5").is_err());
    }

    #[test]
    fn a_path_that_takes_more_is_named_with_how_much() {
        let (lines, regressions) = compared(
            &counts(&[("dear", 1000.0), ("same", 1000.0), ("short", 100.0), ("cheap", 100.0), ("gone", 1.0)]),
            &counts(&[("dear", 1100.0), ("same", 1079.0), ("short", 120.0), ("cheap", 50.0), ("new", 1.0)]),
        );
        assert_eq!(
            regressions,
            [
                "dear takes 1100.0 instructions, 10.0 % more than 1000.0 (8 % are allowed)",
                "new has no figure yet",
                "gone is gone"
            ]
        );
        assert!(lines.iter().any(|line| line.contains("it got cheaper")), "{lines:?}");
    }
}
