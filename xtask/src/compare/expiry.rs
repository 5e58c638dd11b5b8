//! A million keys that are due at the same moment: how long until they are gone, and what others notice of it.
//!
//! "Gone" is what the server itself counts (`DBSIZE`), asked every ten milliseconds. The others are readers of other
//! keys in an open loop, so that one who would have asked while the server was busy counts as having waited. Nobody is
//! bound to a core here: whether one thread's removals hold up another is what is looked at.

use super::load::{Core, Load, Server, pause, start_both};
use super::progress::Progress;
use super::{Better, Part, Row, Setup, Target};
use crate::{Result, process};
use serde_json::Value;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

const KEYS: u64 = 1_000_000;
/// Keys of the others, which stay.
const OTHERS: u64 = 10_000;
/// From the first key written until all are due; writing takes a second or two, and on a busy machine longer.
const AHEAD: [Duration; 3] = [Duration::from_secs(4), Duration::from_secs(10), Duration::from_secs(30)];
/// The others begin so long before, and go on for so long after.
const BEFORE: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(10);
const ANYWHERE: Load = Load { core: Core::Any, by_socket: false };

/// A third round and more would tell nothing new, and each takes ten seconds.
const ROUNDS_MAX: usize = 3;

pub(super) fn compare(setup: &Setup<'_>) -> Result<Part> {
    let rounds = setup.rounds.min(ROUNDS_MAX);
    let progress = Progress::new("expiry", rounds * 2);
    let mut gone = Row::new("until all are gone, ms", &[Target::OfBest(0.1), Target::Most(190.0)]);
    let mut typical = Row::new("a read meanwhile, median, ms", &[]);
    let mut slow = Row::new("a read meanwhile, 99th percentile, ms", &[Target::OfBest(0.1)]);
    let mut slowest = Row::new("a read meanwhile, the slowest, ms", &[]);
    let servers = start_both(setup, Core::Any)?;
    for round in 0..rounds {
        for turn in 0..servers.len() {
            let server = &servers[(turn + round) % servers.len()];
            progress.step(&server.name);
            let (ms, latency_us) = let_expire(server)?;
            gone.add(&server.name, ms);
            for (row, name) in [(&mut typical, "p50"), (&mut slow, "p99"), (&mut slowest, "max")] {
                row.add(&server.name, latency_us[name].as_f64().unwrap_or(f64::NAN) / 1e3);
            }
        }
    }
    let mut rows = vec![gone, typical, slow, slowest];
    for row in &mut rows {
        row.figures.sort_by_key(|(name, _)| name != "larder");
        row.command = format!(
            "larder bench -P 64 --keys {KEYS} --distribution sequential -n {KEYS} SET due:{{key}} {{value}} PXAT …; \
             {}",
            readers().join(" ")
        );
    }
    Ok(Part {
        key: "expiry",
        title: "Expiry: a million keys due at once",
        text: "A million keys get the same deadline. From that moment, the time until the server counts none of them; \
               and how long reads of other keys take from 0.2 seconds before to 2 seconds after it, 5,000 a second in \
               an open loop. Less is better."
            .into(),
        unit: "",
        command: "cargo xtask compare expiry",
        better: Better::Less,
        rows,
    })
}

fn readers() -> [&'static str; 9] {
    ["--rate", "5000", "--duration", "2.2", "-c", "20", "--keys", "10000", "--mix=get"]
}

/// Writes all keys, and gives when they are due: not before they are all there.
fn write(server: &Server) -> Result<SystemTime> {
    for ahead in AHEAD {
        server.say(&["FLUSHALL"])?;
        let others = OTHERS.to_string();
        server.bench(&["--fill", "--keys", &others, "-n", "1", "--mix", "ping"], &ANYWHERE)?;
        let due = SystemTime::now() + ahead;
        let due_ms = due.duration_since(SystemTime::UNIX_EPOCH)?.as_millis().to_string();
        let keys = KEYS.to_string();
        let words = ["-P", "64", "--keys", &keys, "--distribution", "sequential", "-n", &keys];
        let command = ["SET", "due:{key}", "{value}", "PXAT", &due_ms];
        server.bench(&[&words[..], &command].concat(), &ANYWHERE)?;
        let all_there = server.keys()? == KEYS + OTHERS;
        if all_there && due.duration_since(SystemTime::now()).unwrap_or_default() > BEFORE {
            return Ok(due);
        }
    }
    Err(format!("{} takes too long to write a million keys", server.name).into())
}

/// Milliseconds until all were gone, and the latencies of the others.
fn let_expire(server: &Server) -> Result<(f64, Value)> {
    let due = write(server)?;
    let left = due.duration_since(SystemTime::now()).unwrap_or_default();
    pause(left.saturating_sub(BEFORE));
    let mut command = server.bench_command(&readers(), &ANYWHERE);
    let readers = command.stdout(Stdio::piped()).spawn()?;
    pause(due.duration_since(SystemTime::now()).unwrap_or_default());
    let began = Instant::now();
    while server.keys()? > OTHERS {
        if began.elapsed() > PATIENCE {
            return Err(format!("{} does not remove what is due", server.name).into());
        }
        pause(GLANCE);
    }
    let ms = began.elapsed().as_secs_f64() * 1e3;
    let output = readers.wait_with_output()?;
    if !output.status.success() {
        return Err(format!("{}: {}", process::line(&command), output.status).into());
    }
    let found: Value = serde_json::from_slice(&output.stdout)?;
    Ok((ms, found["all"]["latency_us"].clone()))
}
