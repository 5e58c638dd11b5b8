//! Scripts: CPU time of a call of `EVALSHA`, and what eight clients get done at once.

use super::load::{Core, Server, start_both};
use super::progress::Progress;
use super::{Better, Part, Row, Setup};
use crate::Result;
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
    ("fixed window, one at a time", &FIXED_WINDOW, ONE_BY_ONE, 50_000),
    ("fixed window, pipeline 16", &FIXED_WINDOW, PIPELINED, 150_000),
    ("sliding window, one at a time", &SLIDING_WINDOW, ONE_BY_ONE, 30_000),
    ("sliding window, pipeline 16", &SLIDING_WINDOW, PIPELINED, 150_000),
    ("GCRA, one at a time", &GCRA, ONE_BY_ONE, 30_000),
    ("GCRA, pipeline 16", &GCRA, PIPELINED, 100_000),
    ("life of a job, one at a time", &JOB, ONE_BY_ONE, 20_000),
    ("life of a job, pipeline 16", &JOB, PIPELINED, 30_000),
];

const EIGHT: &[Load] = &[("200 commands on one key, eight clients", &WORK, &["-c", "8", "-P", "1"], 5_000)];

/// How many keys each script is called with.
const KEYS: u64 = 10_000;

/// What is measured of a load.
#[derive(Clone, Copy)]
enum Measure {
    CpuTime,
    WallTime,
}

/// CPU time of a call.
pub(super) fn compare(setup: &Setup<'_>) -> Result<Part> {
    Ok(Part {
        key: "scripts",
        title: "Scripts: CPU time per call",
        text: "Microseconds of CPU time that the server's threads use for one `EVALSHA`, kernel included, under \
               `redis-benchmark` with 50 clients: three rate limiters over 10,000 keys, and a queue that adds, takes \
               and finishes a job whose key nobody has declared, with `cjson` and `cmsgpack`. Less is better."
            .into(),
        unit: "µs",
        command: "cargo xtask compare scripts",
        better: Better::Less,
        rows: rows(setup, LOADS, Measure::CpuTime)?,
    })
}

/// Time of a call on the wall, where scripts on different keys are called at the same time.
pub(super) fn compare_at_once(setup: &Setup<'_>) -> Result<Part> {
    Ok(Part {
        key: "scripts-at-once",
        title: "Scripts: time per call, called at once",
        text: "Microseconds on the wall for one `EVALSHA` when eight clients call it at the same time, each with a key \
               of its own. Less is better."
            .into(),
        unit: "µs",
        command: "cargo xtask compare scripts",
        better: Better::Less,
        rows: rows(setup, EIGHT, Measure::WallTime)?,
    })
}

fn rows(setup: &Setup<'_>, loads: &[Load], measure: Measure) -> Result<Vec<Row>> {
    let servers = start_both(setup, Core::Any)?;
    let progress = Progress::new("scripts", loads.len() * setup.rounds);
    let mut rows: Vec<Row> = loads.iter().map(|(name, ..)| Row::new(name, &[])).collect();
    for round in 0..setup.rounds {
        for (row, load) in rows.iter_mut().zip(loads) {
            progress.step(load.0);
            for turn in 0..servers.len() {
                // Who goes first changes from round to round.
                let server = &servers[(turn + round) % servers.len()];
                row.add(&server.name, run(server, load, measure)?);
            }
        }
    }
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
    server.redis_benchmark(&words, *calls, KEYS)?;
    let spent_ns = match measure {
        Measure::CpuTime => server.run_ns()?.saturating_sub(ran_ns) as f64,
        Measure::WallTime => began.elapsed().as_nanos() as f64,
    };
    Ok(spent_ns / *calls as f64 / 1_000.0)
}
