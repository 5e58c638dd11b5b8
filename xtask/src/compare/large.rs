//! Large values and large collections: what others notice while one client works with them.
//!
//! One client does something large again and again; readers of other, small keys ask in an open loop meanwhile, so that
//! one who would have asked while the server was busy counts as having waited. Nobody is bound to a core: whether one
//! thread's work holds up another is what is looked at.

use super::load::{Core, Load, Server, pause, start_both};
use super::progress::Progress;
use super::{Better, Part, Row, Setup, Target};
use crate::{Result, process};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read as _, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::Duration;

/// Members of a large collection, and keys of a large database.
const MANY: usize = 1_000_000;
/// Up to where something grows.
const MORE: usize = 4_000_000;
/// A large string.
const BYTES: usize = 100 << 20;
/// Keys of the others, which stay.
const OTHERS: &str = "10000";
/// The others begin so long before.
const BEFORE: Duration = Duration::from_millis(500);
const ANYWHERE: Load = Load { core: Core::Any, by_socket: false };
/// More rounds would tell little more, and each takes minutes.
const ROUNDS_MAX: usize = 3;

/// The client with large values.
struct Client {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Client {
    fn of(server: &Server) -> Result<Client> {
        let stream = server.connect()?;
        let reader = BufReader::with_capacity(1 << 20, stream.try_clone()?);
        Ok(Client { stream, reader })
    }

    /// Says a command, and waits for the whole of its reply.
    fn say(&mut self, words: &[&[u8]]) -> Result<()> {
        let mut line = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            line.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            line.extend_from_slice(word);
            line.extend_from_slice(b"\r\n");
        }
        self.stream.write_all(&line)?;
        self.pass_reply()
    }

    fn pass_reply(&mut self) -> Result<()> {
        let (mut left, mut line) = (1_usize, String::new());
        while left > 0 {
            left -= 1;
            line.clear();
            self.reader.read_line(&mut line)?;
            let (kind, rest) = line.split_at_checked(1).ok_or("the connection is closed")?;
            match kind {
                "-" => return Err(line.into()),
                "$" => {
                    let len = rest.trim().parse::<i64>()?.max(-2) + 2;
                    std::io::copy(&mut (&mut self.reader).take(len as u64), &mut std::io::sink())?;
                }
                "*" => left += rest.trim().parse::<usize>()?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Fills a collection with so many members, a thousand at a time.
    fn fill(&mut self, kind: Kind, key: &str, members: usize) -> Result<()> {
        for start in (0..members).step_by(1_000) {
            let mut words: Vec<Vec<u8>> = vec![kind.command().into(), key.into()];
            for n in start..start + 1_000 {
                match kind {
                    Kind::Hash => words.extend([format!("field:{n}").into(), format!("value:{n}").into()]),
                    Kind::Zset => words.extend([n.to_string().into(), format!("member:{n}").into()]),
                    Kind::Set | Kind::List => words.push(format!("member:{n}").into()),
                    Kind::Keys => words.extend([format!("{key}:{n}").into(), b"value".to_vec()]),
                }
            }
            if kind == Kind::Keys {
                words.remove(1);
            }
            let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
            self.say(&words)?;
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Hash,
    Set,
    Zset,
    List,
    Keys,
}

impl Kind {
    fn command(self) -> &'static str {
        match self {
            Kind::Hash => "HSET",
            Kind::Set => "SADD",
            Kind::Zset => "ZADD",
            Kind::List => "RPUSH",
            Kind::Keys => "MSET",
        }
    }
}

/// Something large that a client does.
struct Deed {
    name: &'static str,
    /// What there is before.
    prepare: fn(&mut Client) -> Result<()>,
    /// What is done; again and again for as long as the others read, unless it is done once.
    act: fn(&mut Client) -> Result<()>,
    once: bool,
}

const fn again(
    name: &'static str,
    prepare: fn(&mut Client) -> Result<()>,
    act: fn(&mut Client) -> Result<()>,
) -> Deed {
    Deed { name, prepare, act, once: false }
}

const fn once(
    name: &'static str,
    prepare: fn(&mut Client) -> Result<()>,
    act: fn(&mut Client) -> Result<()>,
) -> Deed {
    Deed { name, prepare, act, once: true }
}

fn nothing(_: &mut Client) -> Result<()> {
    Ok(())
}

fn large() -> Vec<u8> {
    vec![b'x'; BYTES]
}

/// One of each kind.
fn four(client: &mut Client) -> Result<()> {
    for (kind, key) in [(Kind::Hash, "h"), (Kind::Set, "s"), (Kind::Zset, "z"), (Kind::List, "l")] {
        client.fill(kind, key, MANY)?;
    }
    Ok(())
}

const DEEDS: &[Deed] = &[
    again("SET of 100 MiB", nothing, |client| client.say(&[b"SET", b"b", &large()])),
    again(
        "GET of 100 MiB",
        |client| client.say(&[b"SET", b"b", &large()]),
        |client| client.say(&[b"GET", b"b"]),
    ),
    again("SETRANGE and APPEND to 100 MiB, DEL", nothing, |client| {
        client.say(&[b"SETRANGE", b"b", b"52428800", b"x"])?;
        client.say(&[b"APPEND", b"b", &large()[BYTES / 2..]])?;
        client.say(&[b"DEL", b"b"])
    }),
    again("HGETALL", |client| client.fill(Kind::Hash, "h", MANY), |client| client.say(&[b"HGETALL", b"h"])),
    again("SMEMBERS", |client| client.fill(Kind::Set, "s", MANY), |client| client.say(&[b"SMEMBERS", b"s"])),
    again(
        "LRANGE 0 -1",
        |client| client.fill(Kind::List, "l", MANY),
        |client| client.say(&[b"LRANGE", b"l", b"0", b"-1"]),
    ),
    again(
        "ZRANGE 0 -1",
        |client| client.fill(Kind::Zset, "z", MANY),
        |client| client.say(&[b"ZRANGE", b"z", b"0", b"-1"]),
    ),
    again(
        "SUNION",
        |client| client.fill(Kind::Set, "s", MANY),
        |client| client.say(&[b"SUNION", b"s", b"s"]),
    ),
    again(
        "SORT",
        |client| client.fill(Kind::Zset, "z", MANY),
        |client| client.say(&[b"SORT", b"z", b"ALPHA", b"LIMIT", b"0", b"10"]),
    ),
    again("KEYS *", |client| client.fill(Kind::Keys, "k", MANY), |client| client.say(&[b"KEYS", b"*"])),
    once("DEL of a hash, a set, a sorted set and a list", four, |client| {
        [&b"h"[..], b"s", b"z", b"l"].iter().try_for_each(|key| client.say(&[b"DEL", key]))
    }),
    once("SET over them", four, |client| client.say(&[b"MSET", b"h", b"", b"s", b"", b"z", b"", b"l", b""])),
    once("their deadlines", four, |client| {
        [&b"h"[..], b"s", b"z", b"l"].iter().try_for_each(|key| client.say(&[b"PEXPIRE", key, b"1"]))
    }),
    once(
        "FLUSHALL of 1 M keys",
        |client| client.fill(Kind::Keys, "k", MANY),
        |client| client.say(&[b"FLUSHALL"]),
    ),
    once(
        "1 M keys grow to 4 M",
        |client| client.fill(Kind::Keys, "k", MANY),
        |client| client.fill(Kind::Keys, "k", MORE),
    ),
    once("a hash grows to 4 M fields", nothing, |client| client.fill(Kind::Hash, "h", MORE)),
    once("a set grows to 4 M members", nothing, |client| client.fill(Kind::Set, "s", MORE)),
    once("a sorted set grows to 4 M members", nothing, |client| client.fill(Kind::Zset, "z", MORE)),
];

pub(super) fn compare(setup: &Setup<'_>) -> Result<Part> {
    let rounds = setup.rounds.min(ROUNDS_MAX);
    let progress = Progress::new("large", rounds * 2 * DEEDS.len());
    let mut rows: Vec<Row> = Vec::new();
    for deed in DEEDS {
        rows.push(Row::new(&format!("{}: 99th percentile", deed.name), &[Target::Most(5.0)]));
        rows.push(Row::new(&format!("{}: the slowest", deed.name), &[]));
    }
    let servers = start_both(setup, Core::Any)?;
    for round in 0..rounds {
        for (deed, rows) in DEEDS.iter().zip(rows.chunks_mut(2)) {
            for turn in 0..servers.len() {
                let server = &servers[(turn + round) % servers.len()];
                progress.step(&format!("{}: {}", server.name, deed.name));
                let latency_us = others_meanwhile(server, deed)?;
                for (row, name) in rows.iter_mut().zip(["p99", "max"]) {
                    row.add(&server.name, latency_us[name].as_f64().unwrap_or(f64::NAN) / 1e3);
                }
            }
        }
    }
    for row in &mut rows {
        row.figures.sort_by_key(|(name, _)| name != "larder");
        row.command = readers("4").join(" ");
    }
    Ok(Part {
        key: "large",
        title: "Large values: what others notice",
        text: "How long reads of other keys take, in milliseconds, while one client does something large: 1,000 \
               reads a second in an open loop, for as long as it takes. Collections have a million members, fields or \
               elements where nothing else is said. Reads that fall upon the stripe of the large value wait for it: \
               with 256 stripes, that is one of 256. Less is better."
            .into(),
        unit: "",
        command: "cargo xtask compare large",
        better: Better::Less,
        rows,
    })
}

fn readers(seconds: &str) -> [&str; 10] {
    ["bench", "--rate", "1000", "--duration", seconds, "-c", "8", "--keys", OTHERS, "--mix=get"]
}

/// The latencies of the others while something large is done.
fn others_meanwhile(server: &Server, deed: &Deed) -> Result<Value> {
    let mut client = Client::of(server)?;
    client.say(&[b"FLUSHALL"])?;
    server.bench(&["--fill", "--keys", OTHERS, "-n", "1", "--mix", "ping"], &ANYWHERE)?;
    (deed.prepare)(&mut client)?;
    // What grows takes longer, and is looked at for as long.
    let seconds = if deed.name.contains("grow") { "10" } else { "4" };
    let mut command = server.bench_command(&readers(seconds)[1..], &ANYWHERE);
    let mut readers = command.stdout(Stdio::piped()).spawn()?;
    pause(BEFORE);
    loop {
        (deed.act)(&mut client)?;
        if deed.once || readers.try_wait()?.is_some() {
            break;
        }
    }
    let output = readers.wait_with_output()?;
    if !output.status.success() {
        return Err(format!("{}: {}", process::line(&command), output.status).into());
    }
    let found: Value = serde_json::from_slice(&output.stdout)?;
    Ok(found["all"]["latency_us"].clone())
}
