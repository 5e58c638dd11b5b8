//! Servers: bytes of memory per element.

use super::load::{Core, Server, start_larder, start_rival};
use super::progress::Progress;
use super::{Better, Part, Row, Setup, Target};
use crate::Result;
use std::io::{BufRead, BufReader, Write};

/// A kind of data: its name, how many elements, the most bytes one may take, and the command that makes number `n`.
type Data = (&'static str, u64, f64, fn(u64) -> String);

const DATA: &[Data] = &[
    ("0.7 M keys of 12 B → 16 B", 700_000, 66.0, |n| format!("SET key:{n:08} v{n:015}")),
    ("1.0 M keys of 12 B → 16 B", 1_000_000, 66.0, |n| format!("SET key:{n:08} v{n:015}")),
    ("1.1 M keys of 12 B → 16 B", 1_100_000, 66.0, |n| format!("SET key:{n:08} v{n:015}")),
    ("1.0 M keys with a TTL", 1_000_000, 82.0, |n| format!("SET key:{n:08} v{n:015} EX 100000")),
    ("1.0 M keys → integer", 1_000_000, 52.0, |n| format!("SET key:{n:08} {n}")),
    ("1.0 M keys → 256 B", 1_000_000, 320.0, |n| format!("SET key:{n:08} {n:0256}")),
    ("100 k hashes of 10 fields", 100_000, 300.0, |n| {
        let fields: Vec<String> = (0..10).map(|field| format!("field:{field} v{n}")).collect();
        format!("HSET hash:{n:08} {}", fields.join(" "))
    }),
    ("100 k sorted sets of 10", 100_000, 270.0, |n| {
        let members: Vec<String> = (0..10).map(|member| format!("{} member:{member}", n + member)).collect();
        format!("ZADD zset:{n:08} {}", members.join(" "))
    }),
    ("one sorted set, 1.0 M members", 1_000_000, 70.0, |n| format!("ZADD zset {n} member:{n:08}")),
    ("one set, 1.0 M members", 1_000_000, 34.0, |n| format!("SADD set member:{n:08}")),
    ("one list, 1.0 M items", 1_000_000, 18.2, |n| format!("RPUSH list item:{n:011}")),
];

/// Used memory per element. It is the same in every round, so one will do.
pub(super) fn compare(setup: &Setup<'_>) -> Result<Part> {
    let progress = Progress::new("memory", DATA.len() * 2);
    let mut rows = Vec::new();
    for (name, count, most, line) in DATA {
        let mut row = Row::new(name, &[Target::Most(*most)]);
        for start in [start_larder, start_rival] {
            progress.step(name);
            let server = start(setup, Core::Servers)?;
            let before = server.used_bytes()?;
            fill(&server, *count, *line)?;
            let bytes = server.used_bytes()?.saturating_sub(before);
            row.add(&server.name, bytes as f64 / *count as f64);
        }
        row.command = format!("{}, and so on", line(0));
        rows.push(row);
    }
    Ok(Part {
        key: "memory",
        title: "Memory: bytes per element",
        text: "Growth of `used_memory`, as each server reports it, over the number of elements: keys, or members of \
               the one collection. Less is better."
            .into(),
        unit: "B",
        command: "cargo xtask compare memory",
        better: Better::Less,
        rows,
    })
}

fn fill(server: &Server, count: u64, line: fn(u64) -> String) -> Result<()> {
    const BATCH: u64 = 10_000;
    let stream = server.connect()?;
    let mut replies = BufReader::new(stream.try_clone()?);
    let mut reply = String::new();
    for start in (0..count).step_by(BATCH as usize) {
        let numbers = start..(start + BATCH).min(count);
        let lines: String = numbers.clone().map(|n| line(n) + "\r\n").collect();
        (&stream).write_all(lines.as_bytes())?;
        for _ in numbers {
            reply.clear();
            replies.read_line(&mut reply)?;
            if reply.starts_with('-') {
                return Err(reply.into());
            }
        }
    }
    Ok(())
}
