//! Every command's examples with their replies, as JSON: what each door of Larder is tested with, so that all of them
//! answer alike.
//!
//! A line of the file is a command; its lines are to be run in order on one connection to an empty engine whose clock
//! stands still. A reply has one name, its kind. One that differs from run to run has none.

use larder::{Larder, ManualClock, Value};
use larder_resp::split_arguments;
use std::fmt::Write;
use std::sync::Arc;

/// Examples are run with so many kinds of luck, at as many times.
const RUNS: u64 = 12;

pub(super) fn page() -> String {
    let larder = Larder::new();
    let mut entries: Vec<_> =
        larder.instance().table().all().iter().filter(|entry| !entry.command.examples.is_empty()).collect();
    entries.sort_by(|a, b| a.full_name.cmp(&b.full_name));
    let mut page = String::from("[\n");
    for (place, entry) in entries.iter().enumerate() {
        let lines: Vec<Vec<Vec<u8>>> = entry.command.examples.iter().map(|line| words(line)).collect();
        let runs: Vec<Vec<String>> = (1..=RUNS).map(|seed| run(&lines, seed)).collect();
        let comma = if place == 0 { "" } else { ",\n" };
        let _ = write!(page, "{comma}{{\"command\":{},\"lines\":[", text(entry.full_name.as_bytes()));
        for (at, line) in lines.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let words: Vec<String> = line.iter().map(|word| text(word)).collect();
            let _ = write!(page, "{comma}\n {{\"words\":[{}]", words.join(","));
            if runs.iter().all(|run| run[at] == runs[0][at]) {
                let _ = write!(page, ",\"reply\":{}", runs[0][at]);
            }
            page.push('}');
        }
        page.push_str("]}");
    }
    page.push_str("\n]\n");
    page
}

fn words(line: &str) -> Vec<Vec<u8>> {
    split_arguments(line.as_bytes()).unwrap_or_default()
}

fn run(lines: &[Vec<Vec<u8>>], seed: u64) -> Vec<String> {
    let clock = Arc::new(ManualClock::at_unix_ms(1_577_836_800_000 + seed * 1_000_003));
    let larder = Larder::builder().clock(clock).seed(seed).build();
    // Numbers of connections are no part of an example.
    let _others: Vec<_> = (0..seed).map(|_| larder.connect()).collect();
    let mut connection = larder.connect();
    lines.iter().map(|words| json(&connection.reply(words))).collect()
}

/// A reply: its kind and what it holds.
fn json(value: &Value) -> String {
    let all = |items: &[Value]| items.iter().map(json).collect::<Vec<_>>().join(",");
    match value {
        Value::Null | Value::NullArray => "{\"null\":true}".into(),
        Value::Status(status) => format!("{{\"status\":{}}}", text(status.as_bytes())),
        Value::Error(error) => format!("{{\"error\":{}}}", text(error.text().as_bytes())),
        Value::Int(n) => format!("{{\"integer\":\"{n}\"}}"),
        Value::Bulk(bytes) => format!("{{\"bytes\":{}}}", text(bytes)),
        Value::Array(items) => format!("{{\"array\":[{}]}}", all(items)),
        Value::Set(items) => format!("{{\"set\":[{}]}}", all(items)),
        Value::Push(items) => format!("{{\"push\":[{}]}}", all(items)),
        Value::Map(pairs) => {
            let pairs: Vec<String> =
                pairs.iter().map(|(key, value)| format!("{},{}", json(key), json(value))).collect();
            format!("{{\"map\":[{}]}}", pairs.join(","))
        }
        Value::Double(n) => format!("{{\"double\":\"{n}\"}}"),
        Value::Boolean(yes) => format!("{{\"boolean\":{yes}}}"),
        Value::BigNumber(digits) => format!("{{\"big\":{}}}", text(digits.as_bytes())),
        Value::Verbatim(_, words) => format!("{{\"text\":{}}}", text(words)),
    }
}

/// Bytes as a string of JSON; those that are no text have a name of their own.
fn text(bytes: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(bytes) else {
        let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        return format!("{{\"hex\":\"{hex}\"}}");
    };
    let mut quoted = String::from("\"");
    for symbol in text.chars() {
        match symbol {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            symbol if symbol < ' ' || symbol == '\u{7f}' => {
                let _ = write!(quoted, "\\u{:04x}", symbol as u32);
            }
            symbol => quoted.push(symbol),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_json_whatever_they_hold() {
        let value =
            Value::Array(vec![Value::Bulk(b"a\"\\\n".to_vec()), Value::Bulk(vec![0xff, 0]), Value::Int(-1)]);
        let expected = r#"{"array":[{"bytes":"a\"\\\u000a"},{"bytes":{"hex":"ff00"}},{"integer":"-1"}]}"#;
        assert_eq!(json(&value), expected);
    }
}
