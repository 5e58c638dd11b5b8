//! Hostile arguments: every word of every example replaced by what programs get wrong. Whatever the answer, the server
//! goes on, and where Redis answers too, it answers the same kind of thing.

use crate::harness::{Larder, Redis, shown};
use larder_commands::spec::flags;
use larder_resp::{Value, split_arguments};
use std::fmt::Write;

const HOSTILE: &[&[u8]] = &[
    b"",
    b"0",
    b"-0",
    b"-1",
    b"1.5",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"9223372036854775808",
    b"18446744073709551616",
    b"4294967296",
    b"2147483648",
    b"nan",
    b"inf",
    b"-inf",
    b"1e400",
    b"0x10",
    b" 1",
    b"\xff\xfe",
    b"a\0b\r\n",
    b"*",
    b"[",
];

/// These answer later, or not at all, or end the connection or the server.
fn is_left_out(name: &str, flags_of: u32) -> bool {
    const NAMES: &[&str] = &[
        "subscribe",
        "psubscribe",
        "ssubscribe",
        "unsubscribe",
        "punsubscribe",
        "sunsubscribe",
        "monitor",
        "quit",
        "reset",
        "hello",
        "shutdown",
        "debug",
        "client",
        "multi",
        "exec",
        "auth",
        "wait",
        "waitaof",
        "config",
        "failover",
        "sync",
        "psync",
        "replicaof",
        "slaveof",
        "latency",
        "memory",
        "acl",
        "save",
        "bgsave",
        "bgrewriteaof",
        "slowlog",
        "lolwut",
    ];
    flags_of & flags::BLOCKING != 0 || NAMES.iter().any(|left_out| name.split('|').next() == Some(left_out))
}

fn kind(value: &Value) -> String {
    match value {
        Value::Error(text) => {
            let text = String::from_utf8_lossy(text);
            text.split(' ').next().unwrap_or_default().to_string()
        }
        _ => "answer".into(),
    }
}

/// A line in words.
type Line = Vec<Vec<u8>>;

/// The lines that a command's examples become when each of their words is replaced in turn.
fn lines(examples: &[&str]) -> Vec<(Vec<Line>, Line)> {
    let mut all = Vec::new();
    let examples: Vec<Line> =
        examples.iter().map(|line| split_arguments(line.as_bytes()).expect("balanced quotes")).collect();
    for (at, words) in examples.iter().enumerate() {
        for word in 1..words.len() {
            for hostile in HOSTILE {
                let mut line = words.clone();
                line[word] = hostile.to_vec();
                all.push((examples[..at].to_vec(), line));
            }
        }
    }
    all
}

#[test]
fn nothing_that_is_asked_ends_the_server() {
    let larder = Larder::start(&[]);
    let mut client = larder.client();
    for entry in larder.server.instance().table().all() {
        if is_left_out(&entry.full_name, entry.command.flags) {
            continue;
        }
        for (_, line) in lines(entry.command.examples) {
            client.send_words(&line);
            let reply = client.try_receive();
            assert!(reply.is_some(), "the connection ended at {line:?}");
        }
        larder.flush();
    }
    assert_eq!(client.says("PING"), "PONG");
}

/// Takes minutes: run by hand, `cargo test -p larder-server --test it hostile -- --ignored`. `LARDER_EXAMPLES=name`
/// picks commands.
#[test]
#[ignore = "a search for differences, not a check"]
fn hostile_arguments_are_answered_as_redis_answers_them() {
    let Some(redis) = Redis::start(&[]) else { return };
    let larder = Larder::start(&[]);
    let only = std::env::var("LARDER_EXAMPLES").ok();
    let (mut ours, mut theirs) = (larder.client(), redis.client());
    let mut report = String::new();
    for entry in larder.server.instance().table().all() {
        let name = &*entry.full_name;
        let wanted = only.as_ref().is_none_or(|only| only.split(',').any(|only| name.starts_with(only)));
        if !wanted || is_left_out(name, entry.command.flags) {
            continue;
        }
        for (before, line) in lines(entry.command.examples) {
            larder.flush();
            theirs.call("FLUSHALL");
            for line in before.iter().chain([&line]) {
                ours.send_words(line);
                theirs.send_words(line);
                let (a, b) = (ours.receive(), theirs.receive());
                if line == before.last().unwrap_or(line) {
                    continue;
                }
                if kind(&a) != kind(&b) || (matches!(a, Value::Error(_)) && shown(&a) != shown(&b)) {
                    let text: Vec<String> = line.iter().map(|word| word.escape_ascii().to_string()).collect();
                    let _ = writeln!(
                        report,
                        "{}\n  redis:  {}\n  larder: {}",
                        text.join(" "),
                        shown(&b),
                        shown(&a)
                    );
                }
            }
        }
    }
    assert!(report.is_empty(), "{report}");
}
