//! `LATENCY DOCTOR`, `LATENCY GRAPH`: the same figures for people.

use crate::prelude::*;
use crate::stats::LatencyEvents;
use std::fmt::Write;

pub(super) static DOCTOR: Command = Command {
    name: "doctor",
    summary: "Tells in words what took long, and what might help.",
    since: "2.8.13",
    group: Group::Server,
    arity: 2,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    tips: &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
    examples: &["LATENCY DOCTOR"],
    run: run_doctor,
    ..Command::DEFAULT
};

pub(super) static GRAPH: Command = Command {
    name: "graph",
    summary: "Draws the durations that are remembered of an event.",
    since: "2.8.13",
    group: Group::Server,
    arity: 3,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    args: &[Arg::string("event")],
    tips: &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
    examples: &["LATENCY GRAPH nosuch"],
    run: run_graph,
    ..Command::DEFAULT
};

fn run_doctor(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let threshold = cx.instance.settings().int("latency-monitor-threshold");
    let events = cx.instance.latency.events();
    let mut text = String::new();
    // Writing to a string cannot fail.
    if threshold == 0 {
        text.push_str(
            "Nothing is being watched: latency-monitor-threshold is 0. CONFIG SET latency-monitor-threshold 20 would \
             remember whatever takes 20 milliseconds or more.\n",
        );
    } else if events.is_empty() {
        let _ = writeln!(text, "Nothing has taken {threshold} milliseconds or more.");
    }
    for (name, event) in &events {
        let (count, sum) = (event.samples.len() as u64, event.samples.iter().map(|(_, ms)| ms).sum::<u64>());
        let _ = writeln!(
            text,
            "{name}: {count} seconds with spikes, {} ms on average, {} ms at worst.",
            sum.checked_div(count).unwrap_or(0),
            event.max_ms,
        );
    }
    if !events.is_empty() {
        text.push_str(
            "\nSLOWLOG GET names the commands. Look for ranges over large collections, for KEYS where \
             SCAN would do, and for scripts that walk the keyspace. LATENCY HISTOGRAM shows which commands are \
             slow every time.\n",
        );
    }
    out.verbatim("txt", text.as_bytes());
    Ok(Done)
}

fn run_graph(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let events = cx.instance.latency.events();
    let Some((name, event)) = events.iter().find(|(name, _)| name.as_bytes() == args.at(2)) else {
        let name = String::from_utf8_lossy(args.at(2));
        return Err(Error::general(format_args!("No samples available for event '{name}'")));
    };
    let now = cx.instance.engine().clock().wall_us() / 1_000_000;
    out.verbatim("txt", graph(name, event, now).as_bytes());
    Ok(Done)
}

/// One line for each second, the oldest first, with a bar as long as its duration compared with the longest.
fn graph(name: &str, event: &LatencyEvents, now: u64) -> String {
    const BAR: u64 = 50;
    let durations = event.samples.iter().map(|(_, ms)| *ms);
    let (high, low) = (durations.clone().max().unwrap_or(0), durations.min().unwrap_or(0));
    let mut text = format!("{name} - high {high} ms, low {low} ms (all time high {} ms)\n", event.max_ms);
    for (seconds, ms) in &event.samples {
        let bar = "#".repeat((ms * BAR).checked_div(high).unwrap_or(0).max(1) as usize);
        let ago = now.saturating_sub(*seconds);
        let _ = writeln!(text, "{ago:>8} s ago {bar} {ms} ms");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_durations() {
        let event = LatencyEvents { samples: [(90, 100), (97, 50)].into(), max_ms: 200 };
        let text = graph("command", &event, 100);
        let bars: Vec<usize> = text.lines().skip(1).map(|line| line.matches('#').count()).collect();
        assert_eq!(bars, [50, 25]);
        assert!(text.starts_with("command - high 100 ms, low 50 ms (all time high 200 ms)\n"));
        assert!(text.contains("3 s ago"));
    }
}
