//! `--bigkeys` and `--memkeys`: the largest key of each type, and averages.
//!
//! The keyspace is walked with SCAN, and each page of keys costs two round trips: one for the types, one for the sizes.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use larder_resp::Value;

use super::{Walk, accepted};
use crate::args::{Measure, Options};
use crate::display;
use crate::execute;
use crate::failure::Failure;
use crate::session::Session;

/// A type of key: its name, the command that measures it, and what that counts.
struct Type(&'static str, &'static str, &'static str);

const TYPES: [Type; 6] = [
    Type("string", "STRLEN", "bytes"),
    Type("list", "LLEN", "items"),
    Type("set", "SCARD", "members"),
    Type("hash", "HLEN", "fields"),
    Type("zset", "ZCARD", "members"),
    Type("stream", "XLEN", "entries"),
];

/// Pages between two pauses of `-i`.
const PAGES_BETWEEN_PAUSES: u64 = 100;

/// What is known about one type.
#[derive(Debug, Default)]
struct Tally {
    keys: u64,
    sum: u64,
    /// The largest, quoted, and its size.
    largest: Option<(String, u64)>,
}

/// What is known about the keyspace.
#[derive(Default)]
struct Survey {
    keys: u64,
    key_bytes: u64,
    tallies: [Tally; TYPES.len()],
}

pub(crate) fn run(session: &mut Session, options: &Options, measure: Measure) -> Result<ExitCode, Failure> {
    execute::write(
        b"\n# Scanning the entire keyspace to find biggest keys as well as\n\
          # average sizes per key type.  You can use -i 0.1 to sleep 0.1 sec\n\
          # per 100 SCAN commands (not usually needed).\n\n",
    )?;
    let total = accepted(session.call(&[b"DBSIZE".to_vec()])?)?.integer().unwrap_or(0).max(0) as u64;
    let progress = progress_bar(total);
    let mut survey = Survey::default();
    let mut walk = Walk::new(options.pattern.as_deref());
    let mut pages = 0_u64;
    while let Some(keys) = walk.next(session)? {
        let percent = 100.0 * survey.keys as f64 / total.max(1) as f64;
        for (key, kind, size) in sizes(session, &keys, measure)? {
            if let Some(found) = survey.add(&key, kind, size) {
                let line = format!("[{:05.2}%] {found} {}", percent.min(100.0), unit(kind, measure));
                progress.suspend(|| execute::write(format!("{line}\n").as_bytes()))?;
            }
        }
        progress.set_position(survey.keys);
        pages += 1;
        if pages.is_multiple_of(PAGES_BETWEEN_PAUSES) {
            execute::pause(options.interval);
        }
    }
    progress.finish_and_clear();
    execute::write(survey.summary(measure).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn progress_bar(total: u64) -> ProgressBar {
    let watched = std::io::stderr().is_terminal();
    let target = if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let progress = ProgressBar::with_draw_target(Some(total), target);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {human_pos} of {human_len} keys, {eta} left") {
        progress.set_style(style);
    }
    progress
}

fn unit(kind: usize, measure: Measure) -> &'static str {
    match measure {
        Measure::Length => TYPES[kind].2,
        Measure::Memory(_) => "bytes",
    }
}

/// Index of its type in the table, and size, of each key. Keys that are gone or of an unknown type are left out.
fn sizes(
    session: &mut Session,
    keys: &[Vec<u8>],
    measure: Measure,
) -> Result<Vec<(Vec<u8>, usize, u64)>, Failure> {
    let ask: Vec<Vec<&[u8]>> = keys.iter().map(|key| vec![b"TYPE".as_slice(), key]).collect();
    let mut known = Vec::new();
    for (key, reply) in keys.iter().zip(session.call_all(&ask)?) {
        let reply = accepted(reply)?;
        let name = reply.bytes().unwrap_or_default();
        if let Some(kind) = TYPES.iter().position(|Type(known, ..)| known.as_bytes() == name) {
            known.push((key, kind));
        }
    }
    let samples = match measure {
        Measure::Memory(Some(samples)) => Some(samples.to_string()),
        _ => None,
    };
    let ask: Vec<Vec<&[u8]>> = known
        .iter()
        .map(|(key, kind)| match (measure, &samples) {
            (Measure::Length, _) => vec![TYPES[*kind].1.as_bytes(), key],
            (Measure::Memory(_), None) => vec![b"MEMORY".as_slice(), b"USAGE", key],
            (Measure::Memory(_), Some(samples)) => {
                vec![b"MEMORY".as_slice(), b"USAGE", key, b"SAMPLES", samples.as_bytes()]
            }
        })
        .collect();
    let replies = session.call_all(&ask)?;
    let mut sizes = Vec::new();
    for ((key, kind), reply) in known.into_iter().zip(replies) {
        match reply {
            Value::Integer(size) => sizes.push((key.clone(), kind, size.max(0) as u64)),
            // The key has gone, or is of another type by now.
            Value::Error(_) if measure == Measure::Length => {}
            Value::Null => {}
            other => {
                accepted(other)?;
            }
        }
    }
    Ok(sizes)
}

impl Survey {
    /// Counts a key; answers a line, but for the unit, when it is the largest of its type so far.
    fn add(&mut self, key: &[u8], kind: usize, size: u64) -> Option<String> {
        self.keys += 1;
        self.key_bytes += key.len() as u64;
        let tally = &mut self.tallies[kind];
        tally.keys += 1;
        tally.sum += size;
        if tally.largest.as_ref().is_some_and(|(_, largest)| *largest >= size) {
            return None;
        }
        let mut name = Vec::new();
        display::quoted(key, &mut name);
        let name = String::from_utf8_lossy(&name).into_owned();
        let line = format!("Biggest {:<6} found so far '{name}' with {size}", TYPES[kind].0);
        tally.largest = Some((name, size));
        Some(line)
    }

    fn summary(&self, measure: Measure) -> String {
        let average = |sum: u64, count: u64| sum as f64 / count.max(1) as f64;
        let mut text = format!(
            "\n-------- summary -------\n\nSampled {} keys in the keyspace!\n\
             Total key length in bytes is {} (avg len {:.2})\n\n",
            self.keys,
            self.key_bytes,
            average(self.key_bytes, self.keys)
        );
        for (kind, tally) in self.tallies.iter().enumerate() {
            if let Some((name, size)) = &tally.largest {
                let _ = writeln!(
                    text,
                    "Biggest {:>6} found '{name}' has {size} {}",
                    TYPES[kind].0,
                    unit(kind, measure)
                );
            }
        }
        text.push('\n');
        for (kind, Tally { keys, sum, .. }) in self.tallies.iter().enumerate() {
            let share = 100.0 * average(*keys, self.keys);
            let _ = writeln!(
                text,
                "{keys} {}s with {sum} {} ({share:05.2}% of keys, avg size {:.2})",
                TYPES[kind].0,
                unit(kind, measure),
                average(*sum, *keys)
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Survey;
    use crate::args::Measure;

    #[test]
    fn the_largest_of_each_type_and_averages() {
        let mut survey = Survey::default();
        assert_eq!(survey.add(b"a", 0, 0).as_deref(), Some("Biggest string found so far '\"a\"' with 0"));
        assert_eq!(survey.add(b"bb", 0, 3).as_deref(), Some("Biggest string found so far '\"bb\"' with 3"));
        assert_eq!(survey.add(b"c", 0, 3), None);
        assert_eq!(survey.add(b"l", 1, 1).as_deref(), Some("Biggest list   found so far '\"l\"' with 1"));
        let text = survey.summary(Measure::Length);
        for line in [
            "Sampled 4 keys in the keyspace!",
            "Total key length in bytes is 5 (avg len 1.25)",
            "Biggest string found '\"bb\"' has 3 bytes",
            "Biggest   list found '\"l\"' has 1 items",
            "3 strings with 6 bytes (75.00% of keys, avg size 2.00)",
            "0 sets with 0 members (00.00% of keys, avg size 0.00)",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
        }
    }
}
