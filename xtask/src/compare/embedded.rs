//! In process: Larder beside the maps and caches that a Rust program would use. The rivals live in a workspace of their
//! own, whose program does one round of one table at a time.

use super::load::{Core, Load, start_rival};
use super::progress::Progress;
use super::{Better, Part, Row, Setup, Target};
use crate::{Result, process};

const MANIFEST: &str = "benches/compare/Cargo.toml";
const BARE: &str = "one lock, hashbrown, fixed sizes";

/// A row by its name, and what it is meant to reach.
pub(super) type Wanted = (&'static str, &'static [Target]);

const ENTRIES: &[Wanted] = &[
    ("GET, uniform", &[Target::Of(1.5, BARE), Target::Of(0.5, "dashmap")]),
    ("MGET of 16, for each key", &[]),
    ("SET, uniform", &[]),
    ("SET with a TTL, uniform", &[Target::Of(2.0, BARE), Target::Of(0.15, "moka with TTL")]),
    ("half GET, half SET", &[]),
    ("GET, 64 hot keys", &[]),
    ("GET, two threads", &[]),
    ("GET, two threads, 64 hot keys", &[]),
    ("bytes for each entry (B)", &[Target::Most(110.0)]),
];

/// Rows that are ratios of others.
const RATIOS: &[(&str, &str, &str, Target)] = &[
    ("a key of MGET ÷ GET", "MGET of 16, for each key", "GET, uniform", Target::Most(0.6)),
    ("one thread ÷ two threads", "GET, uniform", "GET, two threads", Target::Least(1.7)),
];

const ZSET: &[Wanted] = &[
    ("insert", &[Target::Most(1_050.0)]),
    ("update", &[Target::Most(2_700.0)]),
    ("rank", &[Target::Most(1_700.0)]),
    ("range of 10", &[Target::Most(900.0)]),
];

pub(super) fn compare(setup: &Setup<'_>) -> Result<Vec<Part>> {
    let progress = Progress::new("embedded", setup.rounds * 2 + 1);
    let mut rows = gather(setup, "entries", ENTRIES, &progress)?;
    for (name, of, by, target) in RATIOS {
        let own = |name: &str| rows.iter().find(|row| row.name == name)?.median_of("larder");
        if let (Some(of), Some(by)) = (own(of), own(by)) {
            let mut row = Row::new(name, &[*target]);
            row.add("larder", of / by);
            rows.push(row);
        }
    }
    progress.step("a GET over the network");
    rows.push(round_trip(setup, rows.first().and_then(|row| row.median_of("larder")))?);
    let entries = Part {
        key: "embedded",
        title: "In process: time per operation",
        text: "Nanoseconds for one operation on a million entries of 16 bytes with values of 32 bytes, keys chosen \
               uniformly; contenders take turns within each round. Larder runs with time to live, memory accounting, \
               statistics and change reports on, as users get it. Less is better. The last row sets a GET in process \
               beside one of a single client over TCP loopback: what a program saves by not leaving its process."
            .into(),
        unit: "ns",
        command: "cargo xtask compare embedded",
        better: Better::Less,
        rows,
    };
    let zset = Part {
        key: "zset",
        title: "In process: one sorted set of a million members",
        text: "Nanoseconds for one operation on a sorted set of a million members of 15 bytes, chosen at random, \
               through the typed interface. The targets are figures of a prototype on the same kind of machine, where \
               a skip list with spans took 7,300, 20,900, 9,900 and 12,700. Less is better."
            .into(),
        unit: "ns",
        command: "cargo xtask compare embedded",
        better: Better::Less,
        rows: gather(setup, "zset", ZSET, &progress)?,
    };
    Ok(vec![entries, zset])
}

/// A GET of one client over TCP, beside one in process.
fn round_trip(setup: &Setup<'_>, own_ns: Option<f64>) -> Result<Row> {
    const LINE: &str = "--fill --keys 1000000 --value-size 32 -c 1 -n 20000 --mix get";
    let server = start_rival(setup, Core::Servers)?;
    let found = server.bench(&LINE.split(' ').collect::<Vec<_>>(), &Load::TCP)?;
    let name = format!("{} over TCP", server.name);
    let mut row = Row::new("GET, beside one over the network", &[Target::OfBest(0.005)]);
    row.add("larder", own_ns.unwrap_or(f64::NAN));
    row.add(&name, found["all"]["latency_us"]["mean"].as_f64().unwrap_or(f64::NAN) * 1e3);
    row.command = format!("larder bench {LINE}");
    Ok(row)
}

/// Rounds of one table of the rivals' program, which writes lines of operation, contender and figure, tabs between.
pub(super) fn gather(
    setup: &Setup<'_>,
    table: &str,
    wanted: &[Wanted],
    progress: &Progress,
) -> Result<Vec<Row>> {
    process::run(
        &mut setup.workspace.command("cargo", &["build", "--release", "-q", "--manifest-path", MANIFEST]),
    )?;
    let mut rows: Vec<Row> = wanted.iter().map(|(name, targets)| Row::new(name, targets)).collect();
    for round in 0..setup.rounds {
        progress.step(table);
        let seed = round.to_string();
        let mut run = setup
            .workspace
            .command("cargo", &["run", "--release", "-q", "--manifest-path", MANIFEST, "--", table, &seed]);
        for line in process::output(&mut run)?.lines() {
            let [operation, contender, figure] = line.split('\t').collect::<Vec<_>>()[..] else { continue };
            let row = rows.iter_mut().find(|row| row.name == operation);
            row.ok_or_else(|| format!("{operation} has no row"))?.add(contender, figure.parse()?);
        }
    }
    for row in &mut rows {
        // Larder's column comes first, whoever had the first turn.
        row.figures.sort_by_key(|(name, _)| name != "larder");
        row.command = format!("cargo run --release --manifest-path {MANIFEST} -- {table} 0");
    }
    Ok(rows)
}
