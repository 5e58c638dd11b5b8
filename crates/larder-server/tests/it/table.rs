//! The table of commands beside Redis': arity, flags, keys, categories, tips and arguments. Clients and proxies act on
//! them, and a slip in a descriptor shows in no example.

use crate::harness::{Client, Larder, Redis, shown};
use larder_resp::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Where the tables differ, and why: the command, the part, the reason.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    ("client|kill", "arguments", "MAXAGE is from Redis 7.4"),
    ("getset", "replaced_by", "Redis has a mark of its documentation system in the text"),
    ("hscan", "arguments", "NOVALUES is from Redis 7.4"),
    ("set", "arguments", "IFEQ, IFNE, IFDEQ and IFDNE are from Redis 8.4"),
    ("xadd", "arguments", "KEEPREF, DELREF and ACKED are from Redis 8.2"),
    ("xtrim", "arguments", "KEEPREF, DELREF and ACKED are from Redis 8.2"),
    ("zrank", "arity", "WITHSCORE is from Redis 7.2"),
    ("zrank", "arguments", "WITHSCORE is from Redis 7.2"),
    ("zrevrank", "arity", "WITHSCORE is from Redis 7.2"),
    ("zrevrank", "arguments", "WITHSCORE is from Redis 7.2"),
];

/// The parts of `COMMAND INFO` that are compared, by their places.
const PARTS: [(usize, &str); 8] = [
    (1, "arity"),
    (2, "flags"),
    (3, "first key"),
    (4, "last key"),
    (5, "step"),
    (6, "categories"),
    (7, "tips"),
    (8, "key specifications"),
];

/// The parts of `COMMAND DOCS` that are compared. Summaries and complexities are in our own words.
const FIELDS: [&str; 6] = ["since", "group", "arguments", "doc_flags", "deprecated_since", "replaced_by"];

/// What each command has, by its full name and the part.
type Facts = BTreeMap<(String, String), String>;

fn text(value: &Value) -> String {
    shown(value).trim_matches('"').to_string()
}

/// A value with its sets in order, and without what explains a key specification to people.
fn canonical(value: &Value) -> String {
    let all = |items: &[Value]| items.iter().map(canonical).collect::<Vec<_>>();
    match value {
        Value::Set(items) => {
            let mut items = all(items);
            items.sort();
            format!("~{items:?}")
        }
        Value::Array(items) => format!("{:?}", all(items)),
        Value::Map(pairs) => {
            let pairs = pairs.iter().filter(|(key, _)| text(key) != "notes");
            let pairs: Vec<String> =
                pairs.map(|(key, value)| format!("{}: {}", text(key), canonical(value))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        other => shown(other),
    }
}

fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) | Value::Set(items) => items,
        _ => &[],
    }
}

fn pairs(value: &Value) -> &[(Value, Value)] {
    match value {
        Value::Map(pairs) => pairs,
        _ => &[],
    }
}

fn add_info(command: &Value, facts: &mut Facts) {
    let parts = items(command);
    let name = text(&parts[0]);
    for (at, part) in PARTS {
        facts.insert((name.clone(), part.into()), canonical(&parts[at]));
    }
    items(&parts[9]).iter().for_each(|sub| add_info(sub, facts));
}

fn add_docs(name: &Value, docs: &Value, facts: &mut Facts) {
    for (field, value) in pairs(docs) {
        let field = text(field);
        if field == "subcommands" {
            pairs(value).iter().for_each(|(name, docs)| add_docs(name, docs, facts));
        } else if FIELDS.contains(&field.as_str()) {
            facts.insert((text(name), field), canonical(value));
        }
    }
}

fn facts_of(client: &mut Client) -> Facts {
    let mut facts = Facts::new();
    client.call("HELLO 3");
    items(&client.call("COMMAND")).iter().for_each(|command| add_info(command, &mut facts));
    pairs(&client.call("COMMAND DOCS")).iter().for_each(|(name, docs)| add_docs(name, docs, &mut facts));
    facts
}

#[test]
fn commands_are_described_as_redis_describes_them() {
    let Some(redis) = Redis::start(&[]) else { return };
    let larder = Larder::start(&[]);
    let (ours, theirs) = (facts_of(&mut larder.client()), facts_of(&mut redis.client()));
    assert!(ours.len() > 1_000 && theirs.len() > 1_000, "nothing to compare");
    let mut report = String::new();
    let known = |facts: &Facts, name: &str| facts.contains_key(&(name.to_string(), "arity".to_string()));
    for place in ours.keys().chain(theirs.keys().filter(|place| !ours.contains_key(place))) {
        let (name, part) = place;
        if !known(&ours, name) || !known(&theirs, name) {
            continue;
        }
        let (a, b) = (ours.get(place), theirs.get(place));
        let expected = DIFFERENCES.iter().any(|(other, differing, _)| other == name && differing == part);
        if (a != b) != expected {
            let none = String::from("nothing");
            let (a, b) = (a.unwrap_or(&none), b.unwrap_or(&none));
            let _ = writeln!(report, "{name}, {part}:\n  redis:  {b}\n  larder: {a}");
        }
    }
    assert!(report.is_empty(), "{report}");
}
