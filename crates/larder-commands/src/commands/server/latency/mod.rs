//! `LATENCY`: what took long and when, and how long commands take.

use crate::help::help;
use crate::prelude::*;

mod histogram;
mod report;

pub(crate) static LATENCY: Command = Command {
    name: "latency",
    summary: "Shows what took long and when.",
    since: "2.8.13",
    group: Group::Server,
    complexity: "That of the subcommand",
    arity: -2,
    sub: &[&report::DOCTOR, &report::GRAPH, &HELP, &histogram::HISTOGRAM, &HISTORY, &LATEST, &RESET],
    ..Command::DEFAULT
};

static HELP: Command = Command {
    name: "help",
    summary: "Names the subcommands.",
    since: "2.8.13",
    group: Group::Server,
    arity: 2,
    flags: LOADING | STALE,
    run: |_, _, out| help(out, &LATENCY),
    ..Command::DEFAULT
};

static HISTORY: Command = Command {
    name: "history",
    summary: "Returns the moments and durations in milliseconds that are remembered of an event.",
    since: "2.8.13",
    group: Group::Server,
    arity: 3,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    args: &[Arg::string("event")],
    tips: &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
    examples: &["LATENCY HISTORY command", "LATENCY HISTORY"],
    run: run_history,
    ..Command::DEFAULT
};

static LATEST: Command = Command {
    name: "latest",
    summary: "Returns the events there were: name, last moment, last duration, worst duration.",
    since: "2.8.13",
    group: Group::Server,
    arity: 2,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    tips: &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
    examples: &["LATENCY LATEST"],
    run: run_latest,
    ..Command::DEFAULT
};

static RESET: Command = Command {
    name: "reset",
    summary: "Forgets some events, or all.",
    since: "2.8.13",
    group: Group::Server,
    arity: -2,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    args: &[Arg::string("event").multiple().optional()],
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    examples: &["LATENCY RESET", "LATENCY RESET command nosuch"],
    run: |cx, args, out| {
        out.count(cx.instance.latency.reset(args.from(2)));
        Ok(Done)
    },
    ..Command::DEFAULT
};

fn run_history(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let events = cx.instance.latency.events();
    let found = events.iter().find(|(name, _)| name.as_bytes() == args.at(2));
    let samples: Vec<(u64, u64)> =
        found.map(|(_, event)| event.samples.iter().copied().collect()).unwrap_or_default();
    out.array(samples.len());
    for (seconds, ms) in samples {
        out.array(2);
        out.int(seconds as i64);
        out.int(ms as i64);
    }
    Ok(Done)
}

fn run_latest(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let events = cx.instance.latency.events();
    out.array(events.len());
    for (name, event) in &events {
        let (seconds, ms) = event.samples.back().copied().unwrap_or_default();
        out.array(4);
        out.bulk(name.as_bytes());
        out.int(seconds as i64);
        out.int(ms as i64);
        out.int(event.max_ms as i64);
    }
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn events_are_remembered_by_second() {
        let house = House::new();
        let mut guest = house.guest();
        house.instance.latency.threshold_ms.store(1, std::sync::atomic::Ordering::Relaxed);
        house.instance.latency.record("command", 30, 5_000_000);
        house.instance.latency.record("command", 20, 9_000_000);
        assert_eq!(guest.says("LATENCY LATEST"), "[[\"command\" (9) (20) (30)]]");
        assert_eq!(guest.says("LATENCY HISTORY command"), "[[(5) (30)] [(9) (20)]]");
        assert!(guest.says("LATENCY GRAPH command").contains("30 ms"));
        assert!(guest.says("LATENCY DOCTOR").contains("command: 2"));
        assert_eq!(guest.says("LATENCY RESET nosuch"), "(0)");
        assert_eq!(guest.says("LATENCY RESET command"), "(1)");
        assert_eq!(guest.says("LATENCY LATEST"), "[]");
    }

    #[test]
    fn histograms_name_subcommands() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("CONFIG GET timeout");
        assert_eq!(
            guest.says("LATENCY HISTOGRAM config nosuch"),
            "{\"config|get\": {\"calls\": (1), \"histogram_usec\": {(1): (1)}}}"
        );
        assert_eq!(guest.says("LATENCY HISTOGRAM get"), "{}");
    }

    #[test]
    fn the_first_call_of_a_fast_command_is_timed() {
        let house = House::new();
        let mut guest = house.guest();
        for line in ["SET a 1", "GET a", "LPUSH list 1"] {
            guest.says(line);
        }
        let info = guest.says("INFO latencystats");
        for command in ["set", "get", "lpush"] {
            assert!(
                info.contains(&format!("latency_percentiles_usec_{command}:p50=")),
                "{command} in {info}"
            );
            assert!(guest.says(&format!("LATENCY HISTOGRAM {command}")).contains("\"calls\": (1)"));
        }
    }
}
