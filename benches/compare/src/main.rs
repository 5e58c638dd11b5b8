//! One round of a comparison in process. Writes a line for each figure: operation, contender, figure, tabs between.
//!
//! `larder-compare TABLE ROUND`; the round chooses the random keys and who goes first.

mod contender;
mod entries;
mod hits;
mod topics;
mod zset;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let table = words.next().unwrap_or_default();
    let round: u64 = words.next().and_then(|round| round.parse().ok()).unwrap_or(0);
    match table.as_str() {
        "entries" => entries::run(round),
        "zset" => zset::run(round),
        "topics" => topics::run(round),
        "hits" => hits::run(round),
        _ => {
            eprintln!(
                "larder-compare: which table? There are entries, zset, topics and hits; then the number of a round"
            );
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

/// A figure.
fn tell(operation: &str, contender: &str, figure: f64) {
    println!("{operation}\t{contender}\t{figure}");
}

/// Nanoseconds of one of `count` operations.
fn tell_time(operation: &str, contender: &str, count: u64, work: impl FnOnce()) {
    let began = std::time::Instant::now();
    work();
    tell(operation, contender, began.elapsed().as_nanos() as f64 / count as f64);
}
