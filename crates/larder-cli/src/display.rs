//! Replies as text, in the forms of `redis-cli`: for people, bare for programs, CSV and JSON.
//!
//! | reply | text | raw | CSV | JSON |
//! |---|---|---|---|---|
//! | bulk string `a"b` | `"a\"b"` | `a"b` | `"a\"b"` | `"a\"b"` |
//! | integer 1 | `(integer) 1` | `1` | `1` | `1` |
//! | double 1.5 | `(double) 1.5` | `1.5` | `1.5` | `1.5` |
//! | nothing | `(nil)` | | `NULL` | `null` |
//! | error `ERR x` | `(error) ERR x` | `ERR x` | `ERROR,"ERR x"` | `error:"ERR x"` |
//! | map k → v | `1# "k" => "v"` | `k v` | `"k","v"` | `{"k":"v"}` |
//!
//! The decoder bounds how deep replies nest, so the recursion here is bounded too.

use std::io::Write as _;

use larder_resp::{Value, format_double};

/// How replies are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Numbered and quoted, for people.
    Text,
    /// Bytes and line ends.
    Raw,
    Csv,
    Json,
    /// JSON in ASCII: each string holds the quoted form of its bytes, which tells all bytes apart.
    QuotedJson,
}

/// Appends a reply as people read it; it ends with a line end.
pub(crate) fn text(value: &Value, out: &mut Vec<u8>) {
    nested_text(value, "", out);
}

fn nested_text(value: &Value, indent: &str, out: &mut Vec<u8>) {
    match value {
        Value::Simple(text) | Value::Verbatim(_, text) => out.extend_from_slice(text),
        Value::Error(text) | Value::BulkError(text) => {
            out.extend_from_slice(b"(error) ");
            out.extend_from_slice(text);
        }
        Value::Bulk(bytes) => quoted(bytes, out),
        Value::Integer(number) => print(out, format_args!("(integer) {number}")),
        Value::Double(number) => {
            out.extend_from_slice(b"(double) ");
            format_double(*number, out);
        }
        Value::BigNumber(digits) => {
            out.extend_from_slice(b"(big number) ");
            out.extend_from_slice(digits);
        }
        Value::Boolean(yes) => print(out, format_args!("({yes})")),
        Value::Null => out.extend_from_slice(b"(nil)"),
        Value::Array(items) => return list_text(items, ')', "(empty array)", indent, out),
        Value::Set(items) => return list_text(items, '~', "(empty set)", indent, out),
        Value::Push(items) => return list_text(items, ')', "(empty push)", indent, out),
        Value::Map(pairs) => return map_text(pairs, indent, out),
        Value::Attributed(_, value) => return nested_text(value, indent, out),
    }
    out.push(b'\n');
}

/// Width of the largest index among `len` items, and the indent of what stands behind indices.
fn columns(len: usize, indent: &str) -> (usize, String) {
    let width = len.to_string().len();
    (width, format!("{indent}{:1$}", "", width + 2))
}

fn list_text(items: &[Value], mark: char, empty: &str, indent: &str, out: &mut Vec<u8>) {
    if items.is_empty() {
        return print(out, format_args!("{empty}\n"));
    }
    let (width, inner) = columns(items.len(), indent);
    for (index, item) in (1..).zip(items) {
        let indent = if index == 1 { "" } else { indent };
        print(out, format_args!("{indent}{index:>width$}{mark} "));
        nested_text(item, &inner, out);
    }
}

fn map_text(pairs: &[(Value, Value)], indent: &str, out: &mut Vec<u8>) {
    if pairs.is_empty() {
        return out.extend_from_slice(b"(empty hash)\n");
    }
    let (width, inner) = columns(pairs.len(), indent);
    for (index, (key, value)) in (1..).zip(pairs) {
        let indent = if index == 1 { "" } else { indent };
        print(out, format_args!("{indent}{index:>width$}# "));
        nested_text(key, &inner, out);
        out.truncate(out.len() - 1);
        out.extend_from_slice(b" => ");
        if is_list(value) {
            print(out, format_args!("\n{inner}"));
        }
        nested_text(value, &inner, out);
    }
}

/// Whether the value is shown as several items below each other. Line ends within a text do not count.
fn is_list(value: &Value) -> bool {
    match value {
        Value::Map(pairs) => {
            pairs.len() > 1 || pairs.iter().any(|(key, value)| is_list(key) || is_list(value))
        }
        Value::Attributed(_, value) => is_list(value),
        other => other.items().is_some_and(|items| items.len() > 1 || items.iter().any(is_list)),
    }
}

/// Appends a reply as bare bytes; `delimiter` stands between the members of aggregates.
pub(crate) fn raw(value: &Value, delimiter: &[u8], out: &mut Vec<u8>) {
    match value {
        Value::Simple(text) | Value::Bulk(text) | Value::Verbatim(_, text) | Value::BigNumber(text) => {
            out.extend_from_slice(text);
        }
        Value::Error(text) | Value::BulkError(text) => {
            out.extend_from_slice(text);
            out.push(b'\n');
        }
        Value::Integer(number) => print(out, format_args!("{number}")),
        Value::Double(number) => format_double(*number, out),
        Value::Boolean(yes) => print(out, format_args!("({yes})")),
        Value::Null => {}
        Value::Array(items) | Value::Set(items) | Value::Push(items) => {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.extend_from_slice(delimiter);
                }
                raw(item, delimiter, out);
            }
        }
        Value::Map(pairs) => {
            for (index, (key, value)) in pairs.iter().enumerate() {
                if index > 0 {
                    out.extend_from_slice(delimiter);
                }
                raw(key, delimiter, out);
                out.push(b' ');
                raw(value, delimiter, out);
            }
        }
        Value::Attributed(_, value) => raw(value, delimiter, out),
    }
}

/// Appends a reply as comma-separated values; nested lists are laid flat.
pub(crate) fn csv(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Simple(text) | Value::Bulk(text) | Value::Verbatim(_, text) => quoted(text, out),
        Value::Error(text) | Value::BulkError(text) => {
            out.extend_from_slice(b"ERROR,");
            quoted(text, out);
        }
        Value::BigNumber(digits) => out.extend_from_slice(digits),
        Value::Integer(number) => print(out, format_args!("{number}")),
        Value::Double(number) => format_double(*number, out),
        Value::Boolean(yes) => print(out, format_args!("{yes}")),
        Value::Null => out.extend_from_slice(b"NULL"),
        Value::Array(items) | Value::Set(items) | Value::Push(items) => {
            joined(items, out, csv);
        }
        Value::Map(pairs) => joined(pairs, out, |(key, value), out| {
            csv(key, out);
            out.push(b',');
            csv(value, out);
        }),
        Value::Attributed(_, value) => csv(value, out),
    }
}

/// Appends a reply as JSON; in ASCII only when `ascii` says so. Errors have no place in JSON and are `error:"…"`.
pub(crate) fn json(value: &Value, ascii: bool, out: &mut Vec<u8>) {
    match value {
        Value::Simple(text) | Value::Bulk(text) | Value::Verbatim(_, text) => json_string(text, ascii, out),
        Value::Error(text) | Value::BulkError(text) => {
            out.extend_from_slice(b"error:");
            json_string(text, ascii, out);
        }
        Value::BigNumber(digits) => out.extend_from_slice(digits),
        Value::Integer(number) => print(out, format_args!("{number}")),
        Value::Double(number) if number.is_finite() => format_double(*number, out),
        Value::Double(number) => {
            let mut text = Vec::new();
            format_double(*number, &mut text);
            json_string(&text, ascii, out);
        }
        Value::Boolean(yes) => print(out, format_args!("{yes}")),
        Value::Null => out.extend_from_slice(b"null"),
        Value::Array(items) | Value::Set(items) | Value::Push(items) => {
            out.push(b'[');
            joined(items, out, |item, out| json(item, ascii, out));
            out.push(b']');
        }
        Value::Map(pairs) => {
            out.push(b'{');
            joined(pairs, out, |(key, value), out| {
                json_key(key, ascii, out);
                out.push(b':');
                json(value, ascii, out);
            });
            out.push(b'}');
        }
        Value::Attributed(_, value) => json(value, ascii, out),
    }
}

/// A key of an object must be a string; other values become the string of their JSON.
fn json_key(key: &Value, ascii: bool, out: &mut Vec<u8>) {
    if let Some(bytes) = key.bytes() {
        json_string(bytes, ascii, out);
    } else {
        let mut text = Vec::new();
        json(key, ascii, &mut text);
        json_string(&text, false, out);
    }
}

fn json_string(bytes: &[u8], ascii: bool, out: &mut Vec<u8>) {
    if ascii {
        let mut text = Vec::new();
        quoted(bytes, &mut text);
        return json_string(&text[1..text.len() - 1], false, out);
    }
    out.push(b'"');
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            ..0x20 => print(out, format_args!("\\u{byte:04x}")),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// Appends bytes in quotes, with escapes for what is not printable ASCII.
pub(crate) fn quoted(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x07 => out.extend_from_slice(b"\\a"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x20..0x7f => out.push(byte),
            _ => print(out, format_args!("\\x{byte:02x}")),
        }
    }
    out.push(b'"');
}

fn joined<T>(items: &[T], out: &mut Vec<u8>, mut each: impl FnMut(&T, &mut Vec<u8>)) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        each(item, out);
    }
}

fn print(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to a vector cannot fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use larder_resp::{Decoder, Value};

    fn decoded(wire: &str) -> Value {
        let wire: Vec<u8> =
            wire.split_whitespace().flat_map(|word| format!("{word}\r\n").into_bytes()).collect();
        Decoder::default().next(&wire, &mut 0).expect("well-formed").expect("whole")
    }

    /// The four forms of a value: text, raw, CSV and JSON.
    fn forms(value: &Value) -> [String; 4] {
        let form = |write: &dyn Fn(&mut Vec<u8>)| {
            let mut out = Vec::new();
            write(&mut out);
            String::from_utf8(out).expect("text")
        };
        [
            form(&|out| super::text(value, out)),
            form(&|out| super::raw(value, b"\n", out)),
            form(&|out| super::csv(value, out)),
            form(&|out| super::json(value, false, out)),
        ]
    }

    #[test]
    fn what_redis_cli_cannot_show_is_shown_here() {
        let table = [
            (
                "(12345678901234567890",
                [
                    "(big number) 12345678901234567890\n",
                    "12345678901234567890",
                    "12345678901234567890",
                    "12345678901234567890",
                ],
            ),
            (",inf", ["(double) inf\n", "inf", "inf", "\"inf\""]),
            ("|1 +a +b :1", ["(integer) 1\n", "1", "1", "1"]),
            ("%1 _ :1", ["1# (nil) => (integer) 1\n", " 1", "NULL,1", "{\"null\":1}"]),
            ("%1 *1 :1 #t", ["1# 1) (integer) 1 => (true)\n", "1 (true)", "1,true", "{\"[1]\":true}"]),
        ];
        for (wire, expected) in table {
            assert_eq!(forms(&decoded(wire)), expected, "{wire}");
        }
    }

    #[test]
    fn aggregates_stand_in_columns() {
        let value = decoded("*2 %1 +a *2 :1 ~1 :2 *10 :1 :2 :3 :4 :5 :6 :7 :8 :9 *0");
        let text = "1) 1# a => \n      1) (integer) 1\n      2) 1~ (integer) 2\n\
            2)  1) (integer) 1\n    2) (integer) 2\n    3) (integer) 3\n    4) (integer) 4\n    5) (integer) 5\n\
            \x20   6) (integer) 6\n    7) (integer) 7\n    8) (integer) 8\n    9) (integer) 9\n   10) (empty array)\n";
        assert_eq!(forms(&value)[0], text);
    }

    #[test]
    fn quoted_json_is_ascii_and_can_be_read_back() {
        let mut out = Vec::new();
        super::json(&Value::Bulk(b"a\"\\\n\xc3\xa9".to_vec()), true, &mut out);
        assert_eq!(String::from_utf8(out).expect("ascii"), r#""a\\\"\\\\\\n\\xc3\\xa9""#);
    }
}
