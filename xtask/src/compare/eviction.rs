//! Eviction: how many of the reads of a cache find something, when it holds one key in a hundred.
//!
//! Policies are compared at the same number of entries, because what is compared is which keys they keep; what an
//! entry takes is another table. Caches that count entries are told ten thousand. Engines that count bytes are given as
//! many as make them hold ten thousand, within one in a hundred.

use super::embedded::{Wanted, gather};
use super::load::{Core, Load, Server, start_rival};
use super::progress::Progress;
use super::{Better, Part, Setup, Target};
use crate::Result;

const ENTRIES: u64 = 10_000;
/// Enough for a policy to learn what is popular.
const WARM_UP: &str = "600000";
const ADJUSTMENT: &str = "200000";
const MEASURED: &str = "1000000";

/// Each trace, what a simulation of S3-FIFO reached on one like it, and its words for the load generator.
const TRACES: &[(Wanted, &str)] = &[
    (("Zipf 0.7", &[Target::Least(22.1)]), "zipf:0.7"),
    (("Zipf 0.99", &[Target::Least(65.3)]), "zipf:0.99"),
    (("Zipf 0.99, a third of it scans", &[Target::Least(43.5)]), "scans:0.99"),
    (("Zipf 0.99, shifting", &[Target::Least(62.4)]), "shifting:0.99"),
];

pub(super) fn compare(setup: &Setup<'_>) -> Result<Part> {
    // What is random is only which keys come when: a second round says how much that matters.
    let setup = &Setup { rounds: setup.rounds.min(2), larder: setup.larder.clone(), ..*setup };
    let progress = Progress::new("eviction", setup.rounds + TRACES.len());
    let wanted: Vec<Wanted> = TRACES.iter().map(|(wanted, _)| *wanted).collect();
    let mut rows = gather(setup, "hits", &wanted, &progress)?;
    let server = start_rival(setup, Core::Servers)?;
    for (row, (_, trace)) in rows.iter_mut().zip(TRACES) {
        progress.step(&format!("{trace} on {}", server.name));
        let percent = hit_percent(&server, trace)?;
        row.add(&format!("{}, allkeys-lru", server.name), percent);
        row.command = format!("{}; larder bench {}", row.command, words(trace, "2", MEASURED).join(" "));
    }
    Ok(Part {
        key: "eviction",
        title: "Hits of a cache that holds one key in a hundred",
        text: format!(
            "Per cent of reads that find their key, when a miss writes it, a million keys are asked for and the cache \
             has room for {ENTRIES}. Larder is called in process with `allkeys-s3fifo` and a budget in bytes that lets \
             it hold so many entries of 16 bytes with values of 32; `quick_cache` and `moka` count entries; a server \
             is asked by `SET … NX GET`, its `maxmemory` adjusted until it holds so many, within 1 %. The targets are \
             figures of a simulation of S3-FIFO with scans and shifts of its own. More is better."
        ),
        unit: "%",
        command: "cargo xtask compare eviction",
        better: Better::More,
        rows,
    })
}

fn words<'w>(trace: &'w str, seed: &'w str, count: &'w str) -> Vec<&'w str> {
    let mut words = vec!["-c", "1", "-P", "64", "--keys", "1000000", "--value-size", "32"];
    words.extend(["--distribution", trace, "--seed", seed, "-n", count, "--mix", "fetch"]);
    words
}

fn hit_percent(server: &Server, trace: &str) -> Result<f64> {
    server.say(&["CONFIG", "SET", "maxmemory", "0"])?;
    server.say(&["FLUSHALL"])?;
    server.say(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"])?;
    let empty = server.used_bytes()?;
    let entries = ENTRIES.to_string();
    let fill = ["--fill", "-n", "1", "-c", "1", "--keys", &entries, "--value-size", "32", "--mix", "ping"];
    server.bench(&fill, &Load::TCP)?;
    let full = server.used_bytes()?;
    let bytes = full.saturating_sub(empty) / ENTRIES;
    let mut budget = full;
    server.say(&["CONFIG", "SET", "maxmemory", &budget.to_string()])?;
    server.bench(&words(trace, "1", WARM_UP), &Load::TCP)?;
    for _ in 0..12 {
        let keys = server.keys()?;
        if keys.abs_diff(ENTRIES) <= ENTRIES / 100 {
            break;
        }
        budget = budget.saturating_add_signed((ENTRIES as i64 - keys as i64) * bytes as i64);
        server.say(&["CONFIG", "SET", "maxmemory", &budget.to_string()])?;
        server.bench(&words(trace, "1", ADJUSTMENT), &Load::TCP)?;
    }
    let found = server.bench(&words(trace, "2", MEASURED), &Load::TCP)?;
    let keys = server.keys()?;
    if keys.abs_diff(ENTRIES) > ENTRIES / 20 {
        return Err(format!("{} holds {keys} entries where {ENTRIES} are to be compared", server.name).into());
    }
    let (replies, nulls) = (found["all"]["replies"].as_f64(), found["all"]["nulls"].as_f64());
    Ok((1.0 - nulls.unwrap_or(f64::NAN) / replies.unwrap_or(f64::NAN)) * 100.0)
}
