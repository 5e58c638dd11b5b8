//! `cargo xtask compare`: Larder beside its rivals on this machine, in one run.
//!
//! Timings on a shared machine drift, so rivals take turns, round after round, and what counts is the ratio of their
//! medians. A server's cost is its CPU time per operation, from the scheduler's own account: a load generator is often
//! the slower of the two, and then throughput says nothing about the server. Each row has its target beside it, so that
//! the report says what is met and what is not.

mod doors;
mod embedded;
mod eviction;
mod expiry;
mod large;
mod load;
mod memory;
mod node;
mod plot;
mod progress;
mod pubsub;
mod report;
mod scripts;
mod server;
mod startup;
mod target;

use crate::Result;
use crate::workspace::Workspace;
use report::Report;
use target::Target;

/// What can be compared.
const PARTS: &[&str] = &[
    "doors", "server", "scripts", "embedded", "memory", "pubsub", "expiry", "eviction", "large", "node",
    "startup",
];

/// The rival unless another is asked for. `{socket}` is where its Unix socket goes, if it has one.
const REDIS: &str = "redis-server --port {port} --unixsocket {socket} --save \"\" --bind 127.0.0.1";

/// What was asked for.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) parts: Vec<String>,
    pub(crate) rounds: Option<usize>,
    /// A rival's command line, with `{port}` where its port goes.
    pub(crate) rival: Option<String>,
}

/// What every part is measured with.
struct Setup<'w> {
    workspace: &'w Workspace,
    /// The program, built for speed.
    larder: std::path::PathBuf,
    /// The rival's command line.
    rival: &'w str,
    rounds: usize,
}

pub(crate) fn run(workspace: &Workspace, asked: &Asked) -> Result<()> {
    for part in &asked.parts {
        if !PARTS.contains(&part.as_str()) {
            return Err(format!("there is no part {part} to compare; there are {}", PARTS.join(", ")).into());
        }
    }
    let mut report = Report::open(workspace)?;
    let setup = Setup {
        workspace,
        larder: load::build(workspace)?,
        rival: asked.rival.as_deref().unwrap_or(REDIS),
        rounds: asked.rounds.unwrap_or(5).max(1),
    };
    let wanted =
        PARTS.iter().filter(|part| asked.parts.is_empty() || asked.parts.iter().any(|asked| asked == *part));
    for part in wanted {
        let parts = match *part {
            "doors" => vec![doors::compare(&setup)?],
            "server" => vec![server::compare(&setup)?],
            "scripts" => vec![scripts::compare(&setup)?, scripts::compare_at_once(&setup)?],
            "embedded" => embedded::compare(&setup)?,
            "memory" => vec![memory::compare(&setup)?],
            "pubsub" => pubsub::compare(&setup)?,
            "expiry" => vec![expiry::compare(&setup)?],
            "eviction" => vec![eviction::compare(&setup)?],
            "large" => vec![large::compare(&setup)?],
            "startup" => vec![startup::compare(&setup)?],
            _ => node::compare(&setup)?.into_iter().collect(),
        };
        for part in parts {
            report.put(&part)?;
        }
        // What is measured is kept, whatever becomes of the next part.
        report.write()?;
    }
    Ok(())
}

/// Figures of one contender in one comparison, one for each round.
#[derive(Clone, Debug, Default)]
struct Figures(Vec<f64>);

impl Figures {
    /// Not a number where nothing was measured.
    fn median(&self) -> f64 {
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

/// One row of a table: an operation, and each contender's figures for it, Larder's first.
#[derive(Clone, Debug)]
struct Row {
    name: String,
    figures: Vec<(String, Figures)>,
    targets: Vec<Target>,
    /// What puts the load on, as one types it; empty where the part's command is all there is.
    command: String,
}

impl Row {
    fn new(name: &str, targets: &[Target]) -> Row {
        Row { name: name.into(), figures: Vec::new(), targets: targets.to_vec(), command: String::new() }
    }

    /// Adds a figure to a contender's.
    fn add(&mut self, contender: &str, figure: f64) {
        if let Some((_, figures)) = self.figures.iter_mut().find(|(name, _)| name == contender) {
            figures.0.push(figure);
        } else {
            self.figures.push((contender.into(), Figures(vec![figure])));
        }
    }

    fn median_of(&self, contender: &str) -> Option<f64> {
        let (_, figures) = self.figures.iter().find(|(name, _)| name == contender)?;
        Some(figures.median()).filter(|median| !median.is_nan())
    }
}

/// Which figures are better.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Better {
    Less,
    More,
}

/// One table with its plot.
#[derive(Clone, Debug)]
struct Part {
    /// Its name in the report's file, and its plot's.
    key: &'static str,
    title: &'static str,
    text: String,
    unit: &'static str,
    command: &'static str,
    better: Better,
    rows: Vec<Row>,
}
