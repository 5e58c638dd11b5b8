//! `docs/performance.md`: one section for each part, so that parts can be measured one at a time.

use super::{Better, Figures, Part, Row, plot};
use crate::workspace::Workspace;
use crate::{Result, process};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

const FILE: &str = "docs/performance.md";
const ORDER: &[&str] = &[
    "doors",
    "embedded",
    "server",
    "scripts",
    "scripts-at-once",
    "memory",
    "eviction",
    "expiry",
    "large",
    "zset",
    "pubsub",
    "topics",
    "node",
    "startup",
];

pub(super) struct Report {
    root: PathBuf,
    /// Sections by part, those measured before included.
    sections: BTreeMap<String, String>,
}

/// A figure with three digits that count.
pub(super) fn figure(n: f64) -> String {
    match n.abs() {
        n if n >= 100.0 => format!("{n:.0}"),
        n if n >= 10.0 => format!("{n:.1}"),
        _ => format!("{n:.2}"),
    }
}

fn spread(figures: &Figures) -> String {
    if figures.0.len() < 2 {
        return figure(figures.median());
    }
    format!("{} ({}–{})", figure(figures.median()), figure(figures.least()), figure(figures.most()))
}

/// The rows, with what they are meant to reach.
fn table(part: &Part) -> String {
    let names = part.contenders();
    let mut text = String::new();
    let _ = writeln!(text, "| {} | {} | larder ÷ best rival | target | |", part.unit, names.join(" | "));
    let _ = writeln!(text, "|---|{}", "---|".repeat(names.len() + 3));
    for row in &part.rows {
        let cells: Vec<String> = names.iter().map(|name| cell(row, name)).collect();
        let ratio = row.ratio(part.better).map_or("–".into(), |ratio| format!("{ratio:.2}"));
        let targets: Vec<String> = row.targets.iter().map(|target| target.text()).collect();
        let outcomes = row.targets.iter().map(|target| match target.is_met(row) {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "not measured",
        });
        let outcomes: Vec<&str> = outcomes.collect();
        let (targets, outcomes) = (targets.join(", "), outcomes.join(", "));
        let _ = writeln!(text, "| {} | {} | {ratio} | {targets} | {outcomes} |", row.name, cells.join(" | "));
    }
    text
}

fn cell(row: &Row, contender: &str) -> String {
    let figures = row.figures.iter().find(|(name, figures)| name == contender && !figures.0.is_empty());
    figures.map_or("–".into(), |(_, figures)| spread(figures))
}

/// What put the load on, row by row, or once where it is the same for all.
fn commands(part: &Part) -> String {
    let mut text = String::new();
    let first = part.rows.first().map(|row| row.command.as_str()).unwrap_or_default();
    if part.rows.iter().all(|row| row.command == first) {
        if !first.is_empty() {
            let _ = writeln!(text, "`{first}`");
        }
        return text;
    }
    for row in part.rows.iter().filter(|row| !row.command.is_empty()) {
        let _ = writeln!(text, "- {}: `{}`", row.name, row.command);
    }
    text
}

impl Row {
    /// Larder's median over the best of the others.
    fn ratio(&self, better: Better) -> Option<f64> {
        let own = self.figures.first().map(|(_, figures)| figures.median()).filter(|own| !own.is_nan())?;
        let best = match better {
            Better::Less => self.rivals().min_by(f64::total_cmp)?,
            Better::More => self.rivals().max_by(f64::total_cmp)?,
        };
        Some(own / best)
    }
}

impl Part {
    /// Everybody in any row, in order of appearance.
    pub(super) fn contenders(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (name, _) in self.rows.iter().flat_map(|row| &row.figures) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }
}

/// The plot of a part: bars, each row on its own scale, unless it is the rows that are compared.
fn picture(part: &Part) -> String {
    if part.key == "doors" { plot::ladder(part) } else { plot::bars(part) }
}

fn begin(part: &str) -> String {
    format!("<!-- {part}: begin -->\n")
}

fn end(part: &str) -> String {
    format!("<!-- {part}: end -->\n")
}

/// The sections of a report, by part.
fn sections(text: &str) -> BTreeMap<String, String> {
    let section = |part: &&str| {
        let (_, rest) = text.split_once(&begin(part))?;
        let (section, _) = rest.split_once(&end(part))?;
        Some(((*part).to_string(), section.to_string()))
    };
    ORDER.iter().filter_map(section).collect()
}

impl Report {
    /// What was measured before stays until it is measured again.
    pub(super) fn open(workspace: &Workspace) -> Result<Report> {
        let text = fs::read_to_string(workspace.path(FILE)).unwrap_or_default();
        fs::create_dir_all(workspace.path("docs/performance"))?;
        Ok(Report { root: workspace.root().into(), sections: sections(&text) })
    }

    /// Writes the plot of a part, and keeps its section.
    pub(super) fn put(&mut self, part: &Part) -> Result<()> {
        let name = part.key;
        fs::write(self.root.join(format!("docs/performance/{name}.svg")), picture(part))?;
        let mut text = format!("## {}\n\n{}\n\n{}", part.title, part.text, table(part));
        let _ = write!(text, "\n![{}](performance/{name}.svg)\n\n", part.title);
        let commands = commands(part);
        if !commands.is_empty() {
            let _ = write!(text, "<details><summary>Commands</summary>\n\n{commands}\n</details>\n\n");
        }
        let _ = writeln!(text, "`{}`, {}", part.command, self.circumstances());
        println!("{text}");
        self.sections.insert(name.into(), text);
        Ok(())
    }

    /// What it was measured on, and when.
    fn circumstances(&self) -> String {
        let git = |arguments: &[&str]| {
            let mut command = std::process::Command::new("git");
            let output = process::output(command.args(arguments).current_dir(&self.root));
            output.unwrap_or_default().trim().to_owned()
        };
        let changed =
            if git(&["status", "--porcelain", "--", "crates"]).is_empty() { "" } else { " with changes" };
        let date = process::output(std::process::Command::new("date").arg("+%F")).unwrap_or_default();
        format!("{}, commit {}{changed}, {}", date.trim(), git(&["rev-parse", "--short", "HEAD"]), machine())
    }

    pub(super) fn write(&self) -> Result<()> {
        fs::write(self.root.join(FILE), self.text())?;
        Ok(())
    }

    fn text(&self) -> String {
        let mut text = String::from(
            "# Performance\n\n\
             Figures of one machine, the contenders measured by turns in one run: the ratios mean more than the\n\
             numbers. Each cell is the median of all rounds, with the least and the most in brackets; each part says\n\
             when it was measured and on what. Targets are shares of the best rival's figure unless they say\n\
             otherwise. Written by `cargo xtask compare [part]...`, which anybody can run. What cannot be measured\n\
             here, and what to watch in a running server, stands in [contention.md](contention.md); why rows are\n\
             missed, and what was tried, in [limits-of-speed.md](limits-of-speed.md).\n\n",
        );
        for part in ORDER {
            if let Some(section) = self.sections.get(*part) {
                let _ = writeln!(text, "{}{section}{}", begin(part), end(part));
            }
        }
        text.trim_end().to_string() + "\n"
    }
}

/// The machine.
fn machine() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches([' ', '\t', ':']);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let told = |program: &str, argument: &str, words: usize| {
        let output = process::output(std::process::Command::new(program).arg(argument)).unwrap_or_default();
        output.split_whitespace().take(words).collect::<Vec<_>>().join(" ").replace("v=", "")
    };
    format!(
        "{model}, {cores} cores, Linux {}, {}, {}.",
        told("uname", "-r", 1),
        told("rustc", "--version", 2),
        told("redis-server", "--version", 3)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Target;

    fn part() -> Part {
        let mut get = Row::new("GET", &[Target::OfBest(0.5), Target::Most(3.0)]);
        get.add("larder", 2.0);
        get.add("larder", 4.0);
        get.add("larder", 3.0);
        get.add("redis", 4.0);
        let mut other = Row::new("SET", &[Target::OfBest(0.5)]);
        other.add("larder", 1.0);
        other.add("map", 20.0);
        Part {
            key: "server",
            title: "Title",
            text: "Text.".into(),
            unit: "µs",
            command: "cargo xtask compare server",
            better: Better::Less,
            rows: vec![get, other],
        }
    }

    #[test]
    fn a_table_says_what_was_reached_and_what_was_meant() {
        assert_eq!(
            table(&part()),
            "| µs | larder | redis | map | larder ÷ best rival | target | |\n\
             |---|---|---|---|---|---|---|\n\
             | GET | 3.00 (2.00–4.00) | 4.00 | – | 0.75 | ≤ 0.5 ×, ≤ 3.00 | **missed**, met |\n\
             | SET | 1.00 | – | 20.0 | 0.05 | ≤ 0.5 × | met |\n"
        );
    }

    #[test]
    fn more_is_better_where_the_part_says_so() {
        let mut hits = Row::new("Zipf", &[]);
        [("larder", 60.0), ("lru", 50.0), ("other", 40.0)]
            .iter()
            .for_each(|(name, figure)| hits.add(name, *figure));
        assert_eq!((hits.ratio(Better::More), hits.ratio(Better::Less)), (Some(1.2), Some(1.5)));
    }

    #[test]
    fn sections_of_parts_not_measured_stay() {
        let mut report = Report { root: "/nowhere".into(), sections: BTreeMap::new() };
        report.sections.insert("memory".into(), "## Memory\n".into());
        let text = report.text();
        assert_eq!(sections(&text), report.sections);
        assert!(sections("no report").is_empty());
    }
}
