//! The same GET through every door: what a program pays for its language, and what it pays for leaving its process. The
//! figures lie five orders of magnitude apart at most, so the plot has a logarithmic scale.

use super::load::{Core, Load, Server, start_both};
use super::progress::Progress;
use super::{Better, Part, Row, Setup, Target};
use crate::{Result, install, process};
use std::path::PathBuf;
use std::process::Command;

/// One connection, one request at a time: what is told is the time until the reply is there.
const LINE: &str = "-c 1 -n 20000 --keys 1000000 --mix get";
const FILL: &str = "--fill -n 1 -c 1 --keys 1000000 --value-size 32 --mix ping";

/// A program that opens an engine in its own process and writes how many nanoseconds a GET took.
struct Program {
    row: &'static str,
    words: Vec<String>,
    folder: PathBuf,
}

pub(super) fn compare(setup: &Setup<'_>) -> Result<Part> {
    let progress = Progress::new("doors", 5 * setup.rounds + 2);
    progress.step("building the programs");
    let programs = build(setup)?;
    progress.step("a million keys");
    let servers = start_both(setup, Core::Any)?;
    for server in &servers {
        server.bench(&words(FILL), &Load { core: Core::Any, by_socket: false })?;
    }
    let mut rows: Vec<Row> =
        programs.iter().map(|program| row(program.row, &program.words.join(" "))).collect();
    let sockets = [("Unix socket", true), ("TCP", false)];
    let by_server = |by_socket| format!("larder bench {}{LINE}", if by_socket { "--unix PATH " } else { "" });
    rows.extend(sockets.map(|(name, by_socket)| row(name, &by_server(by_socket))));
    for round in 0..setup.rounds {
        for (program, row) in programs.iter().zip(&mut rows) {
            progress.step(program.row);
            let mut command = Command::new(&program.words[0]);
            let output = process::output(command.args(&program.words[1..]).current_dir(&program.folder))?;
            row.add("larder", output.trim().parse()?);
        }
        for ((name, by_socket), row) in sockets.iter().zip(&mut rows[programs.len()..]) {
            progress.step(name);
            for turn in 0..servers.len() {
                // Who goes first changes from round to round.
                let server = &servers[(turn + round) % servers.len()];
                if !by_socket || server.has_socket() {
                    row.add(&server.name, round_trip_ns(server, *by_socket)?);
                }
            }
        }
    }
    for row in &mut rows {
        row.figures.sort_by_key(|(name, _)| name != "larder");
    }
    Ok(Part {
        key: "doors",
        title: "One GET through every door",
        text: "Nanoseconds until a program has the value of a key, a million keys of 16 bytes with values of 32, \
               chosen at random: called in process from three languages, and asked of a server by one connection, one \
               request at a time, with nothing bound to a core. The picture has a logarithmic scale. Less is better."
            .into(),
        unit: "ns",
        command: "cargo xtask compare doors",
        better: Better::Less,
        rows,
    })
}

fn words(line: &'static str) -> Vec<&'static str> {
    line.split(' ').collect()
}

fn row(name: &str, command: &str) -> Row {
    // In process, no rival is there to be a share of.
    let targets: &[Target] =
        if name.contains("socket") || name == "TCP" { &[Target::OfBest(1.0)] } else { &[] };
    Row { command: command.into(), ..Row::new(name, targets) }
}

/// The three programs, built as anybody would build them.
fn build(setup: &Setup<'_>) -> Result<Vec<Program>> {
    let workspace = setup.workspace;
    let example =
        ["build", "--release", "-q", "-p", "larder", "--features", "scripts", "--example", "one_get"];
    process::run(&mut workspace.command("cargo", &example))?;
    install::run(workspace, &workspace.path("target/prefix"))?;
    process::run(&mut workspace.command("make", &["-B", "-C", "examples/c", "one_get"]))?;
    let node = workspace.path("bindings/node");
    process::output(workspace.command("node", &["build.js"]).current_dir(&node))?;
    let built = setup.larder.with_file_name("examples").join("one_get");
    let relative = built.strip_prefix(workspace.root()).unwrap_or(&built).to_string_lossy().into_owned();
    let root = || workspace.root().to_path_buf();
    Ok(vec![
        Program { row: "Rust", words: vec![format!("./{relative}")], folder: root() },
        Program { row: "C", words: vec!["examples/c/one_get".into()], folder: root() },
        Program {
            row: "Node",
            words: vec!["node".into(), "bindings/node/one_get.js".into()],
            folder: root(),
        },
    ])
}

fn round_trip_ns(server: &Server, by_socket: bool) -> Result<f64> {
    let found = server.bench(&words(LINE), &Load { core: Core::Any, by_socket })?;
    let mean_us = found["all"]["latency_us"]["mean"].as_f64();
    Ok(mean_us.ok_or("the load generator tells no latency")? * 1e3)
}
