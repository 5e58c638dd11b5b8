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
use std::time::{Duration, Instant};

/// Members of a large collection, and keys of a large database.
const MANY: usize = 1_000_000;
/// Up to where something grows.
const MORE: usize = 4_000_000;
/// Members of what is removed.
const MOST: usize = 10_000_000;
/// A large string.
const BYTES: usize = 100 << 20;
/// Keys of the others, which stay.
const OTHERS: &str = "10000";
/// The others begin so long before.
const BEFORE: Duration = Duration::from_millis(500);
const ANYWHERE: Load = Load { core: Core::Any, by_socket: false };
/// More rounds would tell little more, and each takes minutes.
const ROUNDS_MAX: usize = 3;
/// For so long others read while something is done again and again, or is freed, in seconds.
const SECONDS: &str = "3";
/// The same while something grows, which takes longer.
const SECONDS_OF_GROWTH: &str = "8";

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
        self.send(words)?;
        self.pass_reply()
    }

    fn send(&mut self, words: &[&[u8]]) -> Result<()> {
        let mut line = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            line.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            line.extend_from_slice(word);
            line.extend_from_slice(b"\r\n");
        }
        Ok(self.stream.write_all(&line)?)
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
                    // Nothing, `$-1`, has no bytes and no line end behind them.
                    if let Ok(len) = rest.trim().parse::<u64>() {
                        std::io::copy(&mut (&mut self.reader).take(len + 2), &mut std::io::sink())?;
                    }
                }
                "*" => left += rest.trim().parse::<usize>()?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Says a command that is answered with a number.
    fn count(&mut self, words: &[&[u8]]) -> Result<usize> {
        self.send(words)?;
        let mut line = String::new();
        self.reader.read_line(&mut line)?;
        Ok(line.trim_start_matches(':').trim().parse()?)
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
                    Kind::Stream => {}
                }
            }
            if kind == Kind::Keys {
                words.remove(1);
            }
            if kind == Kind::Stream {
                self.append(key, start..start + 1_000)?;
                continue;
            }
            let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
            self.say(&words)?;
        }
        Ok(())
    }

    /// Appends entries to a stream, all of them before any reply is read.
    fn append(&mut self, key: &str, entries: std::ops::Range<usize>) -> Result<()> {
        let count = entries.len();
        let line = |n: usize| format!("XADD {key} {}-1 field value:{n}\r\n", n + 1);
        self.stream.write_all(entries.map(line).collect::<String>().as_bytes())?;
        (0..count).try_for_each(|_| self.pass_reply())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Hash,
    Set,
    Zset,
    List,
    Keys,
    Stream,
}

impl Kind {
    fn command(self) -> &'static str {
        match self {
            Kind::Hash => "HSET",
            Kind::Set => "SADD",
            Kind::Zset => "ZADD",
            Kind::List => "RPUSH",
            Kind::Keys => "MSET",
            Kind::Stream => "XADD",
        }
    }
}

/// Something large that a client does.
struct Deed {
    name: &'static str,
    /// What there is before, beside what everything begins with.
    prepare: fn(&mut Client) -> Result<()>,
    /// What is done; again and again for as long as the others read, unless it is done once.
    act: fn(&mut Client) -> Result<()>,
    once: bool,
    seconds: &'static str,
}

const fn again(name: &'static str, act: fn(&mut Client) -> Result<()>) -> Deed {
    Deed { name, prepare: nothing, act, once: false, seconds: SECONDS }
}

const fn freeing(name: &'static str, act: fn(&mut Client) -> Result<()>) -> Deed {
    Deed { name, prepare: copy_of_most, act, once: true, seconds: SECONDS }
}

const fn growth(
    name: &'static str,
    prepare: fn(&mut Client) -> Result<()>,
    act: fn(&mut Client) -> Result<()>,
) -> Deed {
    Deed { name, prepare, act, once: true, seconds: SECONDS_OF_GROWTH }
}

fn nothing(_: &mut Client) -> Result<()> {
    Ok(())
}

fn large() -> Vec<u8> {
    vec![b'x'; BYTES]
}

/// One of each kind, and many keys.
fn all_kinds(client: &mut Client) -> Result<()> {
    for (kind, key) in [
        (Kind::Hash, "h"),
        (Kind::Set, "s"),
        (Kind::Zset, "z"),
        (Kind::List, "l"),
        (Kind::Stream, "x"),
        (Kind::Keys, "k"),
    ] {
        client.fill(kind, key, MANY)?;
    }
    client.say(&[b"SET", b"b", &large()])
}

/// A set that is removed, and another one that the next copy is made of, which takes less time than filling it.
fn copy_of_most(client: &mut Client) -> Result<()> {
    if client.count(&[b"SCARD", b"most"])? == 0 {
        client.say(&[b"FLUSHALL"])?;
        client.fill(Kind::Set, "most", MOST)?;
    }
    client.say(&[b"COPY", b"most", b"copy"])
}

/// Two threads that have nothing to do with the server compute for a while: what others notice then is the machine's,
/// and what a server does beside two threads that work for it cannot be noticed less.
fn compute() -> Result<()> {
    let until = Instant::now() + Duration::from_millis(100);
    let spin = || {
        while Instant::now() < until {
            std::hint::spin_loop();
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(spin);
        spin();
    });
    Ok(())
}

const DEEDS: &[Deed] = &[
    again("nothing large, but two threads compute", |_| compute()),
    again("GET of 100 MiB", |client| client.say(&[b"GET", b"b"])),
    again("SET of 100 MiB", |client| client.say(&[b"SET", b"c", &large()])),
    again("SETRANGE and APPEND to 100 MiB, DEL", |client| {
        client.say(&[b"SETRANGE", b"d", b"52428800", b"x"])?;
        client.say(&[b"APPEND", b"d", &large()[BYTES / 2..]])?;
        client.say(&[b"DEL", b"d"])
    }),
    again("SETBIT at 100 MiB, DEL", |client| {
        client.say(&[b"SETBIT", b"d", b"838860800", b"1"])?;
        client.say(&[b"DEL", b"d"])
    }),
    again("BITCOUNT of 100 MiB", |client| client.say(&[b"BITCOUNT", b"b"])),
    again("BITOP of 100 MiB", |client| client.say(&[b"BITOP", b"NOT", b"e", b"b"])),
    again("HGETALL", |client| client.say(&[b"HGETALL", b"h"])),
    again("SMEMBERS", |client| client.say(&[b"SMEMBERS", b"s"])),
    again("LRANGE 0 -1", |client| client.say(&[b"LRANGE", b"l", b"0", b"-1"])),
    again("ZRANGE 0 -1", |client| client.say(&[b"ZRANGE", b"z", b"0", b"-1"])),
    again("XRANGE - +", |client| client.say(&[b"XRANGE", b"x", b"-", b"+"])),
    again("SUNION", |client| client.say(&[b"SUNION", b"s", b"s"])),
    again("SORT", |client| client.say(&[b"SORT", b"z", b"ALPHA", b"LIMIT", b"0", b"10"])),
    again("COPY of a set", |client| client.say(&[b"COPY", b"s", b"f", b"REPLACE"])),
    again("COPY of a hash", |client| client.say(&[b"COPY", b"h", b"f", b"REPLACE"])),
    again("DUMP of a set", |client| client.say(&[b"DUMP", b"s"])),
    again("LPOS", |client| client.say(&[b"LPOS", b"l", b"none"])),
    again("SRANDMEMBER 500000", |client| client.say(&[b"SRANDMEMBER", b"s", b"500000"])),
    again("ZINTERCARD", |client| client.say(&[b"ZINTERCARD", b"2", b"z", b"s"])),
    // Their scores are those of places in one corner of the map.
    again("GEOSEARCH among all", |client| {
        client.say(&[
            b"GEOSEARCH",
            b"z",
            b"FROMMEMBER",
            b"member:0",
            b"BYRADIUS",
            b"10",
            b"km",
            b"COUNT",
            b"10",
        ])
    }),
    again("KEYS *", |client| client.say(&[b"KEYS", b"*"])),
    freeing("DEL of 10 M members", |client| client.say(&[b"DEL", b"copy"])),
    freeing("SET over 10 M members", |client| client.say(&[b"SET", b"copy", b""])),
    freeing("the deadline of 10 M members", |client| client.say(&[b"PEXPIRE", b"copy", b"1"])),
    freeing("FLUSHALL of 20 M members", |client| client.say(&[b"FLUSHALL"])),
    growth(
        "1 M keys grow to 4 M",
        |client| {
            client.say(&[b"FLUSHALL"])?;
            client.fill(Kind::Keys, "k", MANY)
        },
        |client| client.fill(Kind::Keys, "k", MORE),
    ),
    growth(
        "a set grows to 4 M members",
        |client| client.say(&[b"FLUSHALL"]),
        |client| client.fill(Kind::Set, "s", MORE),
    ),
];

pub(super) fn compare(setup: &Setup<'_>) -> Result<Part> {
    // What takes long to prepare is done in one round only.
    let rounds_of = |deed: &Deed| if deed.once { 1 } else { setup.rounds.min(ROUNDS_MAX) };
    let deeds: usize = DEEDS.iter().map(rounds_of).sum();
    let progress = Progress::new("large", 2 * (deeds + 1));
    let mut rows: Vec<Row> = Vec::new();
    for deed in DEEDS {
        rows.push(Row::new(&format!("{}: 99.9th percentile", deed.name), &[Target::Most(5.0)]));
        rows.push(Row::new(&format!("{}: the slowest", deed.name), &[]));
    }
    let servers = start_both(setup, Core::Any)?;
    let mut clients = Vec::new();
    for server in &servers {
        progress.step(&format!("{}: filling", server.name));
        let mut client = Client::of(server)?;
        all_kinds(&mut client)?;
        clients.push(client);
    }
    // What is done once takes the place of what the others work on: it comes last.
    for (once, rounds) in [(false, setup.rounds.min(ROUNDS_MAX)), (true, 1)] {
        for round in 0..rounds {
            let deeds = DEEDS.iter().zip(rows.chunks_mut(2)).filter(|(deed, _)| deed.once == once);
            for (deed, rows) in deeds {
                for turn in 0..servers.len() {
                    let turn = (turn + round) % servers.len();
                    let server = &servers[turn];
                    progress.step(&format!("{}: {}", server.name, deed.name));
                    let latency_us = others_meanwhile(server, &mut clients[turn], deed)
                        .map_err(|problem| format!("{}: {}: {problem}", server.name, deed.name))?;
                    for (row, name) in rows.iter_mut().zip(["p99.9", "max"]) {
                        row.add(&server.name, latency_us[name].as_f64().unwrap_or(f64::NAN) / 1e3);
                    }
                }
            }
        }
    }
    for row in &mut rows {
        row.figures.sort_by_key(|(name, _)| name != "larder");
        row.command = readers(SECONDS).join(" ");
    }
    Ok(Part {
        key: "large",
        title: "Large values: what others notice",
        text: "How long reads of other keys take, in milliseconds, while one client does something large: 2,000 \
               reads a second in an open loop, for as long as it takes. Collections have a million members, fields, \
               entries or elements where nothing else is said, and so many keys has the database. What is done once \
               (freeing, growth) is measured in one round. The first two rows are the machine's: nothing large is \
               done there, but two threads of nobody's compute, as a server's and its client's do. It takes ten \
               minutes and two gigabytes. Less is better."
            .into(),
        unit: "",
        command: "cargo xtask compare large",
        better: Better::Less,
        rows,
    })
}

fn readers(seconds: &str) -> [&str; 10] {
    ["bench", "--rate", "2000", "--duration", seconds, "-c", "8", "--keys", OTHERS, "--mix=get"]
}

/// The latencies of the others while something large is done.
fn others_meanwhile(server: &Server, client: &mut Client, deed: &Deed) -> Result<Value> {
    (deed.prepare)(client)?;
    server.bench(&["--fill", "--keys", OTHERS, "-n", "1", "--mix", "ping"], &ANYWHERE)?;
    let mut command = server.bench_command(&readers(deed.seconds)[1..], &ANYWHERE);
    let mut readers = command.stdout(Stdio::piped()).spawn()?;
    pause(BEFORE);
    loop {
        (deed.act)(client)?;
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
