//! Every example of every command, through the doors that Rust opens: by words on a connection, and over a socket. Both
//! answer as `docs/examples.json` says; other doors are tried with the same file.

use larder::{Connection, Larder, ManualClock, Value};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

struct Example {
    command: String,
    lines: Vec<(Vec<Vec<u8>>, Option<Json>)>,
}

/// A word, or what a reply holds: text, or bytes as hexadecimal digits.
fn bytes(json: &Json) -> Vec<u8> {
    if let Some(text) = json.as_str() {
        return text.into();
    }
    let digits = json["hex"].as_str().expect("text or hex");
    (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("a byte"))
        .collect()
}

fn examples() -> Vec<Example> {
    let file: Json = serde_json::from_str(include_str!("../../../docs/examples.json")).expect("JSON");
    let line = |line: &Json| {
        let words = line["words"].as_array().expect("words").iter().map(bytes).collect();
        (words, line.get("reply").cloned())
    };
    let example = |example: &Json| Example {
        command: example["command"].as_str().expect("a name").into(),
        lines: example["lines"].as_array().expect("lines").iter().map(line).collect(),
    };
    file.as_array().expect("a list").iter().map(example).collect()
}

fn engine() -> Larder {
    Larder::builder().clock(Arc::new(ManualClock::new())).seed(7).build()
}

/// Built without Lua, the commands for scripts say that it is not there.
fn is_offered(larder: &Larder, command: &str) -> bool {
    let of_scripts = ["eval", "fcall", "function", "script"].iter().any(|name| command.starts_with(name));
    !of_scripts || larder.call(["EVAL", "return 1", "0"]).is_ok()
}

fn text(bytes: &[u8]) -> Json {
    let hex = || bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    std::str::from_utf8(bytes).map_or_else(|_| json!({ "hex": hex() }), |text| json!(text))
}

fn of_value(value: &Value) -> Json {
    let all = |items: &[Value]| Json::Array(items.iter().map(of_value).collect());
    match value {
        Value::Null | Value::NullArray => json!({ "null": true }),
        Value::Status(status) => json!({ "status": status }),
        Value::Error(error) => json!({ "error": text(error.text().as_bytes()) }),
        Value::Int(n) => json!({ "integer": n.to_string() }),
        Value::Bulk(bytes) => json!({ "bytes": text(bytes) }),
        Value::Array(items) => json!({ "array": all(items) }),
        Value::Set(items) => json!({ "set": all(items) }),
        Value::Push(items) => json!({ "push": all(items) }),
        Value::Map(pairs) => {
            let flat = pairs.iter().flat_map(|(key, value)| [of_value(key), of_value(value)]);
            json!({ "map": flat.collect::<Vec<_>>() })
        }
        Value::Double(n) => json!({ "double": n.to_string() }),
        Value::Boolean(yes) => json!({ "boolean": yes }),
        Value::BigNumber(digits) => json!({ "big": digits }),
        Value::Verbatim(_, words) => json!({ "text": text(words) }),
    }
}

fn note(report: &mut String, command: &str, words: &[Vec<u8>], expected: Option<&Json>, found: &Json) {
    if expected.is_some_and(|expected| expected != found) {
        let line: Vec<_> = words.iter().map(|word| word.escape_ascii().to_string()).collect();
        let expected = expected.map(Json::to_string).unwrap_or_default();
        let _ = writeln!(report, "{command}: {}\n  expected {expected}\n  found    {found}", line.join(" "));
    }
}

#[test]
fn calls_by_words_answer_as_the_examples_say() {
    let mut report = String::new();
    for Example { command, lines } in examples() {
        let larder = engine();
        if !is_offered(&larder, &command) {
            continue;
        }
        let mut connection: Connection = larder.connect();
        for (words, expected) in &lines {
            let found = of_value(&connection.reply(words));
            note(&mut report, &command, words, expected.as_ref(), &found);
        }
    }
    assert!(report.is_empty(), "{report}");
}

/// Commands that a socket answers in its own way: after `RESET` it speaks RESP2, where a message is a list.
const OF_SOCKETS: &[&str] = &["reset"];

#[cfg(feature = "server")]
#[test]
fn a_socket_answers_as_the_examples_say() {
    use larder_resp::{Decoder, DecoderLimits, Value as Wire, encode_command};
    use std::io::{Read, Write as _};

    fn of_wire(value: &Wire) -> Json {
        let all = |items: &[Wire]| Json::Array(items.iter().map(of_wire).collect());
        match value {
            Wire::Null => json!({ "null": true }),
            Wire::Simple(status) => json!({ "status": text(status) }),
            Wire::Error(error) | Wire::BulkError(error) => json!({ "error": text(error) }),
            Wire::Integer(n) => json!({ "integer": n.to_string() }),
            Wire::Bulk(bytes) => json!({ "bytes": text(bytes) }),
            Wire::Array(items) => json!({ "array": all(items) }),
            Wire::Set(items) => json!({ "set": all(items) }),
            Wire::Push(items) => json!({ "push": all(items) }),
            Wire::Map(pairs) => {
                let flat = pairs.iter().flat_map(|(key, value)| [of_wire(key), of_wire(value)]);
                json!({ "map": flat.collect::<Vec<_>>() })
            }
            Wire::Double(n) => json!({ "double": n.to_string() }),
            Wire::Boolean(yes) => json!({ "boolean": yes }),
            Wire::BigNumber(digits) => json!({ "big": text(digits) }),
            Wire::Verbatim(_, words) => json!({ "text": text(words) }),
            Wire::Attributed(_, value) => of_wire(value),
        }
    }

    /// How many replies a line brings, one for each name.
    fn replies(words: &[Vec<u8>]) -> usize {
        let name = words[0].to_ascii_lowercase();
        let of_topics = name.ends_with(b"subscribe");
        if of_topics { (words.len() - 1).max(1) } else { 1 }
    }

    let mut report = String::new();
    for Example { command, lines } in examples() {
        let larder = engine();
        if !is_offered(&larder, &command) || OF_SOCKETS.contains(&command.as_str()) {
            continue;
        }
        let server = larder.serve_at("127.0.0.1:0").expect("a server");
        let mut stream = std::net::TcpStream::connect(server.addresses()[0]).expect("a connection");
        stream.set_read_timeout(Some(std::time::Duration::from_mins(1))).expect("a timeout");
        let (mut decoder, mut input) = (Decoder::new(DecoderLimits::default()), Vec::new());
        // `None` at the end of the stream.
        let mut ask = |words: &[Vec<u8>]| {
            let (mut line, mut last) = (Vec::new(), None);
            encode_command(words, &mut line);
            stream.write_all(&line).ok()?;
            for _ in 0..replies(words) {
                last = loop {
                    let mut at = 0;
                    let value = decoder.next(&input, &mut at).expect("a valid reply");
                    input.drain(..at);
                    if value.is_some() {
                        break value;
                    }
                    let mut chunk = [0; 16 * 1024];
                    let len = stream.read(&mut chunk).ok().filter(|len| *len > 0)?;
                    input.extend(&chunk[..len]);
                };
            }
            last
        };
        ask(&[b"HELLO".to_vec(), b"3".to_vec()]);
        for (words, expected) in &lines {
            let Some(found) = ask(words) else { break };
            note(&mut report, &command, words, expected.as_ref(), &of_wire(&found));
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn commands_named_apart_have_examples() {
    let all: BTreeSet<String> = examples().into_iter().map(|example| example.command).collect();
    assert!(all.len() > 300);
    assert!(OF_SOCKETS.iter().all(|name| all.contains(*name)));
}
