//! `docs/performance.md`: one section for each part, so that parts can be measured one at a time.

use super::{Figures, Part, plot};
use crate::workspace::Workspace;
use crate::{Result, process};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

const FILE: &str = "docs/performance.md";
const ORDER: &[&str] = &["embedded", "server", "scripts", "scripts-at-once", "memory"];

pub(crate) struct Report {
    root: PathBuf,
    /// Sections by part, those measured before included.
    sections: BTreeMap<String, String>,
}

/// A figure with three digits that count.
pub(crate) fn figure(n: f64) -> String {
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

fn begin(part: &str) -> String {
    format!("<!-- {part}: begin -->\n")
}

fn end(part: &str) -> String {
    format!("<!-- {part}: end -->\n")
}

impl Report {
    /// What was measured before stays until it is measured again.
    pub(crate) fn open(workspace: &Workspace) -> Result<Report> {
        let text = fs::read_to_string(workspace.path(FILE)).unwrap_or_default();
        let section = |part: &&str| {
            let (_, rest) = text.split_once(&begin(part))?;
            let (section, _) = rest.split_once(&end(part))?;
            Some(((*part).to_string(), section.to_string()))
        };
        fs::create_dir_all(workspace.path("docs/performance"))?;
        Ok(Report { root: workspace.root().into(), sections: ORDER.iter().filter_map(section).collect() })
    }

    /// Writes the plot of a part, and keeps its section.
    pub(crate) fn put(&mut self, name: &str, part: &Part) -> Result<()> {
        fs::write(self.root.join(format!("docs/performance/{name}.svg")), plot::bars(part))?;
        let mut text = format!("## {}\n\n{}\n\n", part.title, part.text);
        let names: Vec<&str> = part
            .rows
            .first()
            .into_iter()
            .flat_map(|row| &row.figures)
            .map(|(name, _)| name.as_str())
            .collect();
        let _ = writeln!(text, "| {} | {} | {} ÷ best rival |", part.unit, names.join(" | "), names[0]);
        let _ = writeln!(text, "|---|{}", "---|".repeat(names.len() + 1));
        for row in &part.rows {
            let cells: Vec<String> = row.figures.iter().map(|(_, figures)| spread(figures)).collect();
            let best =
                row.figures.iter().skip(1).map(|(_, figures)| figures.median()).fold(f64::INFINITY, f64::min);
            let ratio = row.figures[0].1.median() / best;
            let _ = writeln!(text, "| {} | {} | {ratio:.2} |", row.name, cells.join(" | "));
        }
        let _ = write!(text, "\n![{}](performance/{name}.svg)\n\n", part.title);
        let _ = writeln!(text, "`{}`, {}", part.command, machine());
        println!("{text}");
        self.sections.insert(name.into(), text);
        Ok(())
    }

    pub(crate) fn write(&self) -> Result<()> {
        let mut text = String::from(
            "# Performance\n\n\
             Figures of one machine on one day, the contenders measured by turns in one run: the ratios mean more\n\
             than the numbers. Each cell is the median of all rounds, with the least and the most in brackets.\n\
             Written by `cargo xtask compare`, which anybody can run.\n\n",
        );
        for part in ORDER {
            if let Some(section) = self.sections.get(*part) {
                let _ = writeln!(text, "{}{section}{}", begin(part), end(part));
            }
        }
        fs::write(self.root.join(FILE), text.trim_end().to_string() + "\n")?;
        Ok(())
    }
}

/// What it was measured on.
fn machine() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches([' ', '\t', ':']);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let told = |program: &str, argument: &str| {
        let output = process::output(std::process::Command::new(program).arg(argument)).unwrap_or_default();
        output.split_whitespace().take(3).collect::<Vec<_>>().join(" ").replace("v=", "")
    };
    format!(
        "{model}, {cores} cores, Linux {}, {}, {}.",
        told("uname", "-r"),
        told("rustc", "--version"),
        told("redis-server", "--version")
    )
}
