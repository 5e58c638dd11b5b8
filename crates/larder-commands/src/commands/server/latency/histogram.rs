//! `LATENCY HISTOGRAM`: how long commands take.

use crate::prelude::*;
use crate::table::Entry;

pub(super) static HISTOGRAM: Command = Command {
    name: "histogram",
    summary: "Returns for commands how many calls took no longer than 1, 2, 4, … microseconds.",
    since: "7.0.0",
    group: Group::Server,
    complexity: "O(N) in the number of commands",
    arity: -2,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    args: &[Arg::string("command").multiple().optional()],
    tips: &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
    examples: &["LATENCY HISTOGRAM nosuch"],
    partial: Some(
        "of fast commands and of SET with short values every sixteenth call is timed, and stands for the others",
    ),
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let table = cx.instance.table();
    let named = args.from(2);
    let mut entries: Vec<&Entry> = Vec::new();
    if named.is_empty() {
        entries.extend(table.all());
    }
    for name in named {
        let name = name.splitn(2, |byte| *byte == b'|').collect::<Vec<_>>();
        let Some(entry) = table.find(name[0]) else { continue };
        if let Some(sub) = name.get(1) {
            entries.extend(table.find_sub(entry, sub));
        } else {
            entries.push(entry);
            entries.extend(table.subs(entry));
        }
    }
    entries.retain(|entry| entry.stats.histogram.total() > 0);
    out.map(entries.len());
    for entry in entries {
        let bounds = entry.stats.histogram.cumulative();
        out.bulk(entry.full_name.as_bytes());
        out.map(2);
        out.bulk(b"calls");
        out.int(entry.stats.histogram.total() as i64);
        out.bulk(b"histogram_usec");
        out.map(bounds.len());
        for (bound, count) in bounds {
            out.int(bound as i64);
            out.int(count as i64);
        }
    }
    Ok(Done)
}
