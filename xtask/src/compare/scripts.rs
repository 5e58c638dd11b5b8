//! Scripts: CPU time of a call of `EVALSHA`, and what eight clients get done at once.

use super::server::{Server, start_both};
use super::{Figures, Part, Row};
use crate::Result;
use std::path::Path;
use std::time::Instant;

/// What scripts are called with: their texts, the key and the arguments.
struct Script {
    text: &'static str,
    key: &'static str,
    args: &'static [&'static str],
}

const FIXED_WINDOW: Script = Script {
    text: include_str!("scripts/fixed_window.lua"),
    key: "limit:__rand_int__",
    args: &["100", "60000"],
};
const SLIDING_WINDOW: Script = Script {
    text: include_str!("scripts/sliding_window.lua"),
    key: "log:__rand_int__",
    args: &["10", "60000"],
};
const GCRA: Script =
    Script { text: include_str!("scripts/gcra.lua"), key: "rate:__rand_int__", args: &["10", "10", "60"] };
const JOB: Script = Script {
    text: include_str!("scripts/job.lua"),
    key: "queue",
    args: &["mail", r#"{"to":"a@example.org","parts":[1,2.5,"x"],"nested":{"ok":true,"none":null}}"#],
};
/// Much work on one key of its own: what several clients can do at the same time.
const WORK: Script = Script {
    text: "for n = 1, 200 do redis.call('INCRBY', KEYS[1], n) end return redis.call('GET', KEYS[1])",
    key: "sum:__rand_int__",
    args: &[],
};

/// A load: its name, the script, flags of redis-benchmark, and how many calls.
type Load = (&'static str, &'static Script, &'static [&'static str], u64);

const ONE_BY_ONE: &[&str] = &["-c", "50", "-P", "1"];
const PIPELINED: &[&str] = &["-c", "50", "-P", "16"];

const LOADS: &[Load] = &[
    ("fixed window, one at a time", &FIXED_WINDOW, ONE_BY_ONE, 100_000),
    ("fixed window, pipeline 16", &FIXED_WINDOW, PIPELINED, 300_000),
    ("sliding window, one at a time", &SLIDING_WINDOW, ONE_BY_ONE, 60_000),
    ("sliding window, pipeline 16", &SLIDING_WINDOW, PIPELINED, 150_000),
    ("GCRA, one at a time", &GCRA, ONE_BY_ONE, 60_000),
    ("GCRA, pipeline 16", &GCRA, PIPELINED, 200_000),
    ("life of a job, one at a time", &JOB, ONE_BY_ONE, 40_000),
    ("life of a job, pipeline 16", &JOB, PIPELINED, 60_000),
];

const EIGHT: &[Load] = &[("200 commands on one key, eight clients", &WORK, &["-c", "8", "-P", "1"], 10_000)];

/// How many keys each script is called with.
const KEYS: u64 = 10_000;

/// What is measured of a load.
#[derive(Clone, Copy)]
enum Measure {
    CpuTime,
    WallTime,
}

/// CPU time of a call.
pub(crate) fn compare(larder: &Path, rival: &str, rounds: usize) -> Result<Part> {
    Ok(Part {
        title: "Scripts: CPU time per call",
        text: "Microseconds of CPU time that the server's threads use for one `EVALSHA`, kernel included, under \
               `redis-benchmark` with 50 clients: three rate limiters over 10,000 keys, and a queue that adds, takes \
               and finishes a job whose key nobody has declared, with `cjson` and `cmsgpack`. Less is better.",
        unit: "µs",
        command: "cargo xtask compare scripts",
        rows: rows(larder, rival, rounds, LOADS, Measure::CpuTime)?,
    })
}

/// Time of a call on the wall, where scripts on different keys are called at the same time.
pub(crate) fn compare_at_once(larder: &Path, rival: &str, rounds: usize) -> Result<Part> {
    Ok(Part {
        title: "Scripts: time per call, called at once",
        text: "Microseconds on the wall for one `EVALSHA` when eight clients call it at the same time, each with a key \
               of its own. Less is better.",
        unit: "µs",
        command: "cargo xtask compare scripts",
        rows: rows(larder, rival, rounds, EIGHT, Measure::WallTime)?,
    })
}

fn rows(larder: &Path, rival: &str, rounds: usize, loads: &[Load], measure: Measure) -> Result<Vec<Row>> {
    let servers = start_both(larder, rival)?;
    let figures = || servers.iter().map(|server| (server.name.clone(), Figures::default())).collect();
    let mut rows: Vec<Row> =
        loads.iter().map(|(name, ..)| Row { name: (*name).into(), figures: figures() }).collect();
    for round in 0..rounds {
        for (at, load) in loads.iter().enumerate() {
            eprint!("\rcompare scripts: round {} of {rounds}, {:<40}", round + 1, load.0);
            for turn in 0..servers.len() {
                // Who goes first changes from round to round.
                let index = (turn + round) % servers.len();
                rows[at].figures[index].1.0.push(run(&servers[index], load, measure)?);
            }
        }
    }
    eprintln!();
    Ok(rows)
}

/// Microseconds of a call.
fn run(server: &Server, (_, script, flags, calls): &Load, measure: Measure) -> Result<f64> {
    server.say(&["FLUSHALL"])?;
    let digest = server.say(&["SCRIPT", "LOAD", script.text])?;
    let mut words = flags.to_vec();
    words.extend(["EVALSHA", &digest, "1", script.key]);
    words.extend(script.args);
    let (ran_ns, began) = (server.run_ns()?, Instant::now());
    server.load(&words, *calls, KEYS)?;
    let spent_ns = match measure {
        Measure::CpuTime => server.run_ns()?.saturating_sub(ran_ns) as f64,
        Measure::WallTime => began.elapsed().as_nanos() as f64,
    };
    Ok(spent_ns / *calls as f64 / 1_000.0)
}
