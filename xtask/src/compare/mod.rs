//! `cargo xtask compare`: Larder beside its rivals on this machine, in one run.
//!
//! Timings on a shared machine drift, so rivals take turns, round after round, and what counts is the ratio of their
//! medians. A server's cost is its CPU time per operation, from the scheduler's own account: a load generator is often
//! the slower of the two, and then throughput says nothing about the server.

mod embedded;
mod plot;
mod report;
mod scripts;
mod server;

use crate::Result;
use crate::workspace::Workspace;
use report::Report;

/// What can be compared.
const PARTS: &[&str] = &["server", "scripts", "embedded", "memory"];

/// What was asked for.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) parts: Vec<String>,
    pub(crate) rounds: Option<usize>,
    /// A rival's command line, with `{port}` where its port goes.
    pub(crate) rival: Option<String>,
}

pub(crate) fn run(workspace: &Workspace, asked: &Asked) -> Result<()> {
    for part in &asked.parts {
        if !PARTS.contains(&part.as_str()) {
            return Err(format!("there is no part {part} to compare; there are {}", PARTS.join(", ")).into());
        }
    }
    let wants = |part: &str| asked.parts.is_empty() || asked.parts.iter().any(|asked| asked == part);
    let rounds = asked.rounds.unwrap_or(5).max(1);
    let mut report = Report::open(workspace)?;
    if wants("server") || wants("scripts") || wants("memory") {
        let rival =
            asked.rival.as_deref().unwrap_or("redis-server --port {port} --save \"\" --bind 127.0.0.1");
        let larder = server::build(workspace)?;
        if wants("server") {
            report.put("server", &server::compare(&larder, rival, rounds)?)?;
        }
        if wants("scripts") {
            report.put("scripts", &scripts::compare(&larder, rival, rounds)?)?;
            report.put("scripts-at-once", &scripts::compare_at_once(&larder, rival, rounds)?)?;
        }
        if wants("memory") {
            report.put("memory", &server::compare_memory(&larder, rival)?)?;
        }
    }
    if wants("embedded") {
        report.put("embedded", &embedded::compare(workspace, rounds)?)?;
    }
    report.write()
}

/// Figures of one contender in one comparison, one for each round.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures(pub(crate) Vec<f64>);

impl Figures {
    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }

    fn least(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    fn most(&self) -> f64 {
        self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }
}

/// One row of a table: an operation, and each contender's figures for it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) figures: Vec<(String, Figures)>,
}

/// One table with its plot.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) title: &'static str,
    pub(crate) text: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) command: &'static str,
    pub(crate) rows: Vec<Row>,
}
