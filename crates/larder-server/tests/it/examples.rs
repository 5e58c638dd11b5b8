//! Every example of every command gives the same reply as on a real Redis, in both protocols.

use crate::harness::{Client, Larder, Redis, shown};
use larder_resp::Value;
use std::collections::BTreeSet;
use std::fmt::Write;

/// How a reply is compared where it cannot be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compared {
    /// Only the types, and the lengths of what has a length.
    Shape,
    /// In any order.
    AnyOrder,
    /// Not at all.
    Not,
}

/// Where replies differ from those of Redis 7.0.15, and why. A command here that has no examples any more fails the
/// test, so the list stays true.
const DIFFERENCES: &[(&str, Compared, &str)] = &include!("differences.in");

fn difference(name: &str) -> Option<Compared> {
    DIFFERENCES.iter().find(|(known, ..)| *known == name).map(|(_, compared, _)| *compared)
}

/// Whether a command is answered in its own way.
pub(crate) fn fuzzy(name: &str) -> bool {
    difference(name).is_some()
}

/// How many replies a line brings.
fn replies(line: &str) -> usize {
    let words: Vec<&str> = line.split(' ').collect();
    match words[0].to_ascii_lowercase().as_str() {
        "subscribe" | "psubscribe" | "ssubscribe" | "unsubscribe" | "punsubscribe" | "sunsubscribe" => {
            (words.len() - 1).max(1)
        }
        _ => 1,
    }
}

fn same(ours: &Value, theirs: &Value, compared: Option<Compared>) -> bool {
    match compared {
        None => shown(ours) == shown(theirs),
        Some(Compared::Not) => true,
        Some(Compared::AnyOrder) => {
            let sorted = |value: &Value| {
                let mut parts: Vec<String> = match value {
                    Value::Array(items) | Value::Set(items) => items.iter().map(shown).collect(),
                    other => vec![shown(other)],
                };
                parts.sort();
                parts
            };
            sorted(ours) == sorted(theirs)
        }
        Some(Compared::Shape) => std::mem::discriminant(ours) == std::mem::discriminant(theirs),
    }
}

fn compare(
    name: &str,
    examples: &[&str],
    larder: &mut Client,
    redis: &mut Client,
    protocol: u8,
    report: &mut String,
) {
    for client in [&mut *larder, &mut *redis] {
        client.call(&format!("HELLO {protocol}"));
    }
    redis.call("FLUSHALL");
    for line in examples {
        larder.send(line);
        redis.send(line);
        for _ in 0..replies(line) {
            let (Some(ours), Some(theirs)) = (larder.try_receive(), redis.try_receive()) else {
                let _ = writeln!(report, "{name} (RESP{protocol}): {line}: a connection was closed");
                return;
            };
            // A blocking example that is not over, or a reply too many, would show here.
            if !same(&ours, &theirs, difference(name)) {
                let (ours, theirs) = (shown(&ours), shown(&theirs));
                let _ =
                    writeln!(report, "{name} (RESP{protocol}): {line}\n  redis:  {theirs}\n  larder: {ours}");
            }
        }
    }
}

#[test]
fn every_example_is_answered_as_redis_answers_it() {
    let Some(redis) = Redis::start(&[]) else { return };
    let larder = Larder::start(&[]);
    let mut report = String::new();
    let only = std::env::var("LARDER_EXAMPLES").ok();
    let mut seen = BTreeSet::new();
    for entry in larder.server.instance().table().all() {
        let name = &*entry.full_name;
        if only.as_ref().is_some_and(|only| !only.split(',').any(|only| name.starts_with(only))) {
            continue;
        }
        if !entry.command.examples.is_empty() {
            seen.insert(name);
        }
        for protocol in [2, 3] {
            let (mut ours, mut theirs) = (larder.client(), redis.client());
            larder.flush();
            compare(name, entry.command.examples, &mut ours, &mut theirs, protocol, &mut report);
        }
    }
    assert!(report.is_empty(), "repeat one command with LARDER_EXAMPLES=name\n{report}");
    for (name, ..) in DIFFERENCES {
        assert!(only.is_some() || seen.contains(name), "{name} is listed as different but has no examples");
    }
}
