//! The whole check, as a list of commands that anybody can type: the order goes from what is quick and often
//! wrong to what is slow, and a failure ends with the one line that repeats it.

use crate::workspace::Workspace;
use crate::{Result, process};
use std::fmt;
use std::process::Command;
use std::time::{Duration, Instant};

/// A part of the check.
struct Step {
    name: String,
    /// Where the command runs, relative to the root.
    folder: &'static str,
    words: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
    /// A probe that must succeed first, and what to do where it does not.
    needs: Option<(&'static [&'static str], Otherwise)>,
}

/// What becomes of a step whose tool is missing.
#[derive(Clone, Copy)]
enum Otherwise {
    Run(&'static [&'static str]),
    Skip(&'static str),
}

/// Checks that run from outside the workspace, each where its folder has a `package.json`.
const EXTERNAL: &[&str] =
    &["bindings/node", "examples/node-workers", "examples/gateway-chat", "tests/clients"];

pub(crate) fn run(workspace: &Workspace, fast: bool) -> Result<()> {
    let started = Instant::now();
    let external =
        EXTERNAL.iter().copied().filter(|folder| workspace.path(folder).join("package.json").is_file());
    let steps = steps(if fast { Vec::new() } else { external.collect() });
    let mut left_out = 0;
    for (index, step) in steps.iter().enumerate() {
        let place = format!("[{}/{}] {}", index + 1, steps.len(), step.name);
        let step_started = Instant::now();
        match choose(step, |probe| process::succeeds(&mut workspace.command(probe[0], &probe[1..]))) {
            Err(reason) => {
                println!("\n{place}: left out, {reason}");
                left_out += 1;
            }
            Ok(words) => {
                let mut command = command(workspace, step, words);
                println!("\n{place}: {}", process::line(&command));
                if let Err(error) = process::run(&mut command) {
                    let (took, repeat) = (Took(step_started.elapsed()), repeat(step, &command));
                    return Err(
                        format!("{place} failed after {took}\n{error}\nto repeat it: {repeat}").into()
                    );
                }
                println!("{place}: passed in {}", Took(step_started.elapsed()));
            }
        }
    }
    println!(
        "\n{} steps passed, {left_out} left out, in {}",
        steps.len() - left_out,
        Took(started.elapsed())
    );
    Ok(())
}

fn steps(external: Vec<&'static str>) -> Vec<Step> {
    let step =
        |name: &str, words| Step { name: name.into(), folder: "", words, environment: &[], needs: None };
    let mut steps = vec![
        step("setup", &["cargo", "xtask", "setup"]),
        step("generated files", &["cargo", "xtask", "codegen", "--check"]),
        step("format", &["cargo", "fmt", "--all", "--check"]),
        step("tidy", &["cargo", "xtask", "tidy"]),
        step(
            "lints",
            &["cargo", "clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"],
        ),
        Step {
            environment: &[("RUSTDOCFLAGS", "-D warnings")],
            ..step("documentation", &["cargo", "doc", "--workspace", "--no-deps", "--all-features"])
        },
        Step {
            needs: Some((
                &["cargo", "nextest", "--version"],
                Otherwise::Run(&["cargo", "test", "--workspace", "--lib", "--bins", "--tests"]),
            )),
            ..step("tests", &["cargo", "nextest", "run", "--workspace", "--profile", "ci"])
        },
        step("documentation tests", &["cargo", "test", "--workspace", "--doc", "--quiet"]),
        step(
            "features of the library",
            &["cargo", "test", "--package", "larder", "--all-features", "--quiet"],
        ),
        // Advisories are not asked here: they change while the code does not, and need more of the network than
        // packages.
        Step {
            needs: Some((
                &["cargo", "deny", "--version"],
                Otherwise::Skip("cargo-deny is not installed (cargo install --locked cargo-deny)"),
            )),
            ..step("licences and sources", &["cargo", "deny", "check", "bans", "licenses", "sources"])
        },
    ];
    if !external.is_empty() {
        steps.push(Step {
            needs: Some((
                &["valgrind", "--version"],
                Otherwise::Skip("valgrind is not installed (cargo xtask setup)"),
            )),
            ..step("instructions", &["cargo", "xtask", "instructions"])
        });
        steps.push(step("library for C", &["cargo", "xtask", "install", "--prefix", "target/prefix"]));
        steps.push(Step { folder: "examples/c", ..step("examples/c", &["make", "-B", "check"]) });
        steps.push(Step {
            folder: "examples/c",
            needs: Some((
                &["cmake", "--version"],
                Otherwise::Skip("CMake is not installed (cargo xtask setup)"),
            )),
            ..step("examples/c by CMake", &["make", "cmake"])
        });
        steps.push(Step { folder: "examples/rust", ..step("examples/rust", &["cargo", "test", "--quiet"]) });
        // What the examples and the clients are tried on.
        steps.push(step("program", &["cargo", "build", "--release", "--quiet", "-p", "larder-cli"]));
    }
    steps.extend(external.into_iter().map(|folder| Step { folder, ..step(folder, &["npm", "test"]) }));
    steps
}

/// The words to run, or why there are none.
fn choose(
    step: &Step,
    succeeds: impl Fn(&[&str]) -> bool,
) -> std::result::Result<&'static [&'static str], &'static str> {
    match step.needs {
        Some((probe, otherwise)) if !succeeds(probe) => match otherwise {
            Otherwise::Run(words) => Ok(words),
            Otherwise::Skip(reason) => Err(reason),
        },
        _ => Ok(step.words),
    }
}

fn command(workspace: &Workspace, step: &Step, words: &[&str]) -> Command {
    let mut command = workspace.command(words[0], &words[1..]);
    command.current_dir(workspace.path(step.folder)).envs(step.environment.iter().copied());
    command
}

fn repeat(step: &Step, command: &Command) -> String {
    let line = process::line(command);
    if step.folder.is_empty() { line } else { format!("(cd {} && {line})", step.folder) }
}

/// A duration for people: tenths of a second, or minutes and seconds.
struct Took(Duration);

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            seconds @ 60.. => write!(f, "{} min {} s", seconds / 60, seconds % 60),
            _ => write!(f, "{:.1} s", self.0.as_secs_f64()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(external: Vec<&'static str>) -> Vec<String> {
        steps(external).into_iter().map(|step| step.name).collect()
    }

    #[test]
    fn the_quick_checks_come_first_and_the_external_ones_last() {
        let all = names(vec!["tests/clients"]);
        let place = |name: &str| all.iter().position(|step| step == name).unwrap();
        assert_eq!(place("setup"), 0);
        assert!(place("tidy") < place("lints") && place("lints") < place("tests"));
        assert_eq!(place("tests/clients"), all.len() - 1);
        assert!(!names(Vec::new()).contains(&"tests/clients".to_string()));
    }

    #[test]
    fn a_missing_tool_is_replaced_or_named() {
        let steps = steps(Vec::new());
        let of = |name: &str| steps.iter().find(|step| step.name == name).unwrap();
        assert_eq!(choose(of("tests"), |_| true).unwrap()[1], "nextest");
        assert_eq!(choose(of("tests"), |_| false).unwrap()[1], "test");
        assert!(choose(of("licences and sources"), |_| false).unwrap_err().contains("cargo-deny"));
        assert_eq!(choose(of("tidy"), |_| false).unwrap(), ["cargo", "xtask", "tidy"]);
    }

    #[test]
    fn the_line_that_repeats_a_step_can_be_pasted() {
        let workspace = Workspace::here();
        let shown = |step: &Step| repeat(step, &command(&workspace, step, step.words));
        let steps = steps(vec!["tests/clients"]);
        assert_eq!(shown(steps.last().unwrap()), "(cd tests/clients && npm test)");
        let documentation = steps.iter().find(|step| step.name == "documentation").unwrap();
        assert_eq!(
            shown(documentation),
            "RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --all-features"
        );
    }

    #[test]
    fn durations_are_for_people() {
        assert_eq!(Took(Duration::from_millis(1_234)).to_string(), "1.2 s");
        assert_eq!(Took(Duration::from_secs(125)).to_string(), "2 min 5 s");
    }
}
