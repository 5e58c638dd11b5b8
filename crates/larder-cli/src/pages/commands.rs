//! The reference: every command with its syntax, and its examples as they answer.

use larder::{Connection, Larder, ManualClock, Value};
use larder_commands::spec::{Group, flags};
use larder_commands::{Entry, syntax};
use larder_resp::split_arguments;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

pub(super) fn page() -> String {
    let larder = Larder::new();
    let table = larder.instance().table();
    let mut groups: BTreeMap<Group, Vec<&Entry>> = BTreeMap::new();
    for entry in table.all() {
        if entry.command.sub.is_empty() {
            groups.entry(entry.command.group).or_default().push(entry);
        }
    }
    let mut page = String::from(
        "# Commands\n\n\
         Written by `larder docs commands` from the command table; the examples were run while it was written. X
         differ from run to run are left out.\n\n",
    );
    for (group, entries) in &groups {
        let _ = writeln!(page, "- [{0}](#{0}): {1}", group.name(), entries.len());
    }
    for (group, mut entries) in groups {
        entries.sort_by(|a, b| a.full_name.cmp(&b.full_name));
        let _ = writeln!(page, "\n## {}", group.name());
        for entry in entries {
            describe(&mut page, entry);
        }
    }
    page
}

fn describe(page: &mut String, entry: &Entry) {
    let command = entry.command;
    let name = entry.full_name.to_ascii_uppercase().replace('|', " ");
    let args = syntax(command.args);
    let line = if args.is_empty() { name.clone() } else { format!("{name} {args}") };
    let kind = match () {
        () if command.is(flags::WRITE) => "Writes",
        () if command.is(flags::READONLY) => "Reads",
        () => "Neither reads nor writes keys",
    };
    let _ = write!(
        page,
        "\n### {name}\n\n`{line}`\n\n{} {kind}. {}. Since {}.\n",
        command.summary, command.complexity, command.since
    );
    if let Some(missing) = command.partial {
        let _ = writeln!(page, "\nIn part only: {missing}");
    }
    if command.examples.is_empty() {
        return;
    }
    let runs: Vec<Vec<String>> = (1..=SEEDS).map(|seed| run(command.examples, seed)).collect();
    let _ = write!(page, "\n```\n");
    for (at, line) in command.examples.iter().enumerate() {
        let _ = writeln!(page, "> {line}");
        // What chance decides is left out.
        if runs.iter().all(|run| run[at] == runs[0][at]) {
            page.push_str(&runs[0][at]);
        }
    }
    page.push_str("```\n");
}

/// Examples are run with so many kinds of luck.
const SEEDS: u64 = 5;

/// The replies to lines on an engine of their own, whose clock stands still and whose chance repeats.
fn run(lines: &[&str], seed: u64) -> Vec<String> {
    let larder = Larder::builder().clock(Arc::new(ManualClock::new())).seed(seed).build();
    let mut connection: Connection = larder.connect();
    // What changes the connection itself is no subject of an example on paper.
    let reply = |connection: &mut Connection, line: &str| {
        let words = split_arguments(line.as_bytes()).unwrap_or_default();
        let mut text = String::new();
        show(&mut text, &connection.reply(&words), "");
        text
    };
    lines.iter().map(|line| reply(&mut connection, line)).collect()
}

/// A reply as a prompt shows it.
fn show(text: &mut String, value: &Value, indent: &str) {
    let items: Vec<&Value> = match value {
        Value::Array(items) | Value::Set(items) | Value::Push(items) => items.iter().collect(),
        Value::Map(pairs) => {
            for (at, (key, value)) in pairs.iter().enumerate() {
                let lead = if at == 0 { "" } else { indent };
                let mut shown = String::new();
                show(&mut shown, key, "");
                let _ = write!(text, "{lead}{} => ", shown.trim_end());
                show(text, value, &format!("{indent}    "));
            }
            if pairs.is_empty() {
                text.push_str("(empty)\n");
            }
            return;
        }
        scalar => {
            let _ = writeln!(text, "{}", scalar_text(scalar));
            return;
        }
    };
    if items.is_empty() {
        text.push_str("(empty)\n");
    }
    for (at, item) in items.iter().enumerate() {
        let lead = if at == 0 { "" } else { indent };
        let number = format!("{}) ", at + 1);
        let _ = write!(text, "{lead}{number}");
        show(text, item, &format!("{indent}{}", " ".repeat(number.len())));
    }
}

fn scalar_text(value: &Value) -> String {
    match value {
        Value::Status(status) => status.clone(),
        Value::Error(error) => format!("(error) {error}"),
        Value::Int(n) => format!("(integer) {n}"),
        Value::Bulk(bytes) => format!("\"{}\"", bytes.escape_ascii()),
        Value::Double(n) => format!("(double) {n}"),
        Value::Boolean(yes) => format!("({yes})"),
        Value::BigNumber(digits) => digits.clone(),
        Value::Verbatim(_, bytes) => String::from_utf8_lossy(bytes).trim_end().to_string(),
        _ => "(nil)".into(),
    }
}
