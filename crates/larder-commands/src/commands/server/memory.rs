//! `MEMORY`: what takes how much of it.

use crate::help::help;
use crate::prelude::*;
use std::sync::atomic::Ordering::Relaxed;

pub(crate) static MEMORY: Command = Command {
    name: "memory",
    summary: "Shows what takes how much memory.",
    since: "4.0.0",
    group: Group::Server,
    complexity: "That of the subcommand",
    arity: -2,
    sub: &[&DOCTOR, &HELP, &MALLOC_STATS, &PURGE, &STATS, &USAGE],
    ..Command::DEFAULT
};

static DOCTOR: Command = Command {
    name: "doctor",
    summary: "Tells in words whether something about memory is odd.",
    since: "4.0.0",
    group: Group::Server,
    arity: 2,
    reach: Reach::Stripes,
    tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
    examples: &["MEMORY DOCTOR"],
    run: run_doctor,
    ..Command::DEFAULT
};

static HELP: Command = Command {
    name: "help",
    summary: "Names the subcommands.",
    since: "4.0.0",
    group: Group::Server,
    arity: 2,
    flags: LOADING | STALE,
    run: |_, _, out| help(out, &MEMORY),
    ..Command::DEFAULT
};

static MALLOC_STATS: Command = Command {
    name: "malloc-stats",
    summary: "Would show figures of the allocator; it is the system's, and has none.",
    since: "4.0.0",
    group: Group::Server,
    complexity: "O(1)",
    arity: 2,
    tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
    examples: &["MEMORY MALLOC-STATS"],
    partial: Some("the system's allocator has no figures to show"),
    run: |_, _, out| {
        out.verbatim("txt", b"Stats not supported for the current allocator");
        Ok(Done)
    },
    ..Command::DEFAULT
};

static PURGE: Command = Command {
    name: "purge",
    summary: "Would ask the allocator to give memory back; it does so by itself.",
    since: "4.0.0",
    group: Group::Server,
    complexity: "O(1)",
    arity: 2,
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    examples: &["MEMORY PURGE"],
    run: |_, _, out| {
        out.ok();
        Ok(Done)
    },
    ..Command::DEFAULT
};

static STATS: Command = Command {
    name: "stats",
    summary: "Returns how much memory is taken by what.",
    since: "4.0.0",
    group: Group::Server,
    arity: 2,
    reach: Reach::Stripes,
    tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
    examples: &["MEMORY STATS"],
    run: run_stats,
    ..Command::DEFAULT
};

static USAGE: Command = Command {
    name: "usage",
    summary: "Returns how many bytes a key takes with its value.",
    since: "4.0.0",
    group: Group::Server,
    complexity: "O(1): sizes are kept, not sampled",
    arity: -3,
    flags: READONLY,
    keys: &[KeySpec::at(2, RO)],
    args: &[Arg::key("key"), Arg::int("count").token("SAMPLES").optional()],
    examples: &[
        "MEMORY USAGE nosuch",
        "SET a 1",
        "MEMORY USAGE a",
        "MEMORY USAGE a SAMPLES",
        "MEMORY USAGE a SAMPLES x",
        "MEMORY USAGE a SAMPLES -1",
        "MEMORY USAGE a OTHER 1",
    ],
    run: run_usage,
    ..Command::DEFAULT
};

fn run_usage(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let mut options = args.options(3);
    while let Some(option) = options.next() {
        // Sizes are exact: no samples are taken, whatever is asked for.
        if !is(option, "SAMPLES") || options.int()? < 0 {
            return Err(Error::SYNTAX);
        }
    }
    let key = cx.key(args.at(2));
    match cx.view.peek(&key)? {
        Some(entry) => out.count(entry.used_bytes()),
        None => out.null(),
    }
    Ok(Done)
}

/// Bytes of data, the most there were, and what the process takes.
fn sizes(cx: &mut Cx<'_>) -> Result<(u64, u64, u64)> {
    let used = cx.view.used_bytes()? + cx.instance.engine().topics().used_bytes() as u64;
    let peak = cx.instance.stats.peak_bytes.fetch_max(used, Relaxed).max(used);
    Ok((used, peak, cx.instance.host().rss_bytes()))
}

fn run_doctor(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    const SMALL: u64 = 5 * 1_024 * 1_024;
    let (used, peak, rss) = sizes(cx)?;
    let limit = cx.instance.engine().memory_max_bytes();
    let mut text = String::new();
    if used < SMALL {
        text.push_str("There is hardly any data, so nothing can be said about its memory.\n");
    } else {
        if peak > used + used / 2 {
            text.push_str(
                "There was much more data before: memory of the process may still be held from then.\n",
            );
        }
        if rss > used + used / 2 {
            text.push_str(
                "The process takes much more than its data: look at buffers of clients (CLIENT LIST, tot-mem) and at \
                 what else lives in the process.\n",
            );
        }
        if limit.is_some_and(|limit| used > limit / 10 * 9) {
            text.push_str("More than nine tenths of maxmemory are taken.\n");
        }
        if text.is_empty() {
            text.push_str("Nothing is odd about memory.\n");
        }
    }
    out.verbatim("txt", text.as_bytes());
    Ok(Done)
}

fn run_stats(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let (used, peak, rss) = sizes(cx)?;
    let mut keys = 0;
    for db in DbIndex::all() {
        keys += cx.view.len(db)? as u64;
    }
    let clients: usize = cx.instance.clients().list().iter().map(|client| client.used_bytes()).sum();
    let topics = cx.instance.engine().topics().used_bytes() as u64;
    let scripts = cx.instance.scripts.machine_bytes() as u64;
    let beside_data = rss.saturating_sub(used);
    let numbers = [
        ("peak.allocated", peak),
        ("total.allocated", used),
        ("startup.allocated", 0),
        ("replication.backlog", 0),
        ("clients.slaves", 0),
        ("clients.normal", clients as u64),
        ("cluster.links", 0),
        ("aof.buffer", 0),
        ("lua.caches", scripts),
        ("functions.caches", 0),
        ("topics", topics),
        ("overhead.total", topics),
        ("keys.count", keys),
        ("keys.bytes-per-key", used.saturating_sub(topics).checked_div(keys).unwrap_or(0)),
        ("dataset.bytes", used.saturating_sub(topics)),
        ("allocator.allocated", used),
        ("allocator.active", rss),
        ("allocator.resident", rss),
        ("allocator-fragmentation.bytes", beside_data),
        ("allocator-rss.bytes", 0),
        ("rss-overhead.bytes", 0),
        ("process.resident", rss),
    ];
    let ratio = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    // The allocator is the process's own and is not asked: all it holds counts as active.
    let ratios = [
        ("dataset.percentage", 100.0 * ratio(used.saturating_sub(topics), used)),
        ("peak.percentage", 100.0 * ratio(used, peak)),
        ("allocator-fragmentation.ratio", ratio(rss, used)),
        ("allocator-rss.ratio", 1.0),
        ("rss-overhead.ratio", 1.0),
        ("fragmentation", ratio(rss, used)),
    ];
    out.map(numbers.len() + ratios.len() + 1);
    for (name, number) in numbers {
        out.bulk(name.as_bytes());
        out.int(number as i64);
    }
    for (name, ratio) in ratios {
        out.bulk(name.as_bytes());
        out.double(ratio);
    }
    out.bulk(b"fragmentation.bytes");
    out.int(rss as i64 - used as i64);
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    /// Clients turn the answer into an object whose fields all have to be there.
    #[test]
    fn stats_have_every_field_that_clients_read() {
        let told = House::new().guest().says("MEMORY STATS");
        for name in [
            "peak.allocated",
            "total.allocated",
            "startup.allocated",
            "replication.backlog",
            "clients.slaves",
            "clients.normal",
            "cluster.links",
            "aof.buffer",
            "lua.caches",
            "functions.caches",
            "overhead.total",
            "keys.count",
            "keys.bytes-per-key",
            "dataset.bytes",
            "dataset.percentage",
            "peak.percentage",
            "allocator.allocated",
            "allocator.active",
            "allocator.resident",
            "allocator-fragmentation.ratio",
            "allocator-fragmentation.bytes",
            "allocator-rss.ratio",
            "allocator-rss.bytes",
            "rss-overhead.ratio",
            "rss-overhead.bytes",
            "fragmentation",
            "fragmentation.bytes",
        ] {
            assert!(told.contains(&format!("\"{name}\": ")), "{name}: {told}");
        }
    }
}
