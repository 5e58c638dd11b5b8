//! Servers: CPU time per operation, and bytes per key.

use super::{Figures, Part, Row};
use crate::workspace::Workspace;
use crate::{Result, process};
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A load: its name, arguments for redis-benchmark, and how many operations.
const LOADS: &[(&str, &[&str], u64)] = &[
    ("GET, one at a time", &["-t", "get", "-P", "1"], 100_000),
    ("SET, one at a time", &["-t", "set", "-P", "1"], 100_000),
    ("GET, pipeline 16", &["-t", "get", "-P", "16"], 1_000_000),
    ("SET, pipeline 16", &["-t", "set", "-P", "16"], 1_000_000),
    ("GET, pipeline 64", &["-t", "get", "-P", "64"], 2_000_000),
    ("SET, pipeline 64", &["-t", "set", "-P", "64"], 2_000_000),
    ("INCR, pipeline 16", &["-t", "incr", "-P", "16"], 1_000_000),
    ("LPUSH, pipeline 16", &["-t", "lpush", "-P", "16"], 1_000_000),
    ("SADD, pipeline 16", &["-t", "sadd", "-P", "16"], 1_000_000),
    ("HSET, pipeline 16", &["-t", "hset", "-P", "16"], 1_000_000),
    ("ZADD, pipeline 16", &["-t", "zadd", "-P", "16"], 500_000),
    ("LRANGE of 100, pipeline 16", &["-t", "lrange_100", "-P", "16"], 200_000),
    ("MSET of 10, pipeline 16", &["-t", "mset", "-P", "16"], 200_000),
];

const PATIENCE: Duration = Duration::from_mins(1);

/// Builds the server, and says where it is.
pub(crate) fn build(workspace: &Workspace) -> Result<PathBuf> {
    process::run(&mut workspace.command("cargo", &["build", "--release", "-q", "-p", "larder-cli"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.path("target"), PathBuf::from);
    Ok(target.join("release/larder"))
}

/// A running server.
pub(super) struct Server {
    pub(super) name: String,
    child: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is ours, and nothing of it is kept.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(name: &str, line: &str) -> Result<Server> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let line = line.replace("{port}", &port.to_string());
        let mut words = line.split(' ').map(|word| word.trim_matches('"'));
        let program = words.next().ok_or("no program")?;
        let child = Command::new(program).args(words).stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let child = child.map_err(|error| format!("{program}: {error} (cargo xtask setup installs it)"))?;
        let server = Server { name: name.into(), child, port };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if began.elapsed() > PATIENCE {
                return Err(format!("{line} does not listen").into());
            }
            std::thread::yield_now();
        }
        Ok(server)
    }

    /// Nanoseconds that all threads have run so far.
    pub(super) fn run_ns(&self) -> Result<u64> {
        let mut sum = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            // A thread may end meanwhile.
            let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
            sum += text.split(' ').next().and_then(|first| first.parse::<u64>().ok()).unwrap_or(0);
        }
        Ok(sum)
    }

    /// Says a command, and gives its reply, of which the first line counts where it is no text of its own.
    pub(super) fn say(&self, words: &[&str]) -> Result<String> {
        let stream = TcpStream::connect(("127.0.0.1", self.port))?;
        let mut command = format!("*{}\r\n", words.len());
        for word in words {
            let _ = write!(command, "${}\r\n{word}\r\n", word.len());
        }
        (&stream).write_all(command.as_bytes())?;
        let mut reader = BufReader::new(&stream);
        let mut reply = String::new();
        reader.read_line(&mut reply)?;
        if let Some(len) = reply.strip_prefix('$').and_then(|len| len.trim().parse::<usize>().ok()) {
            let mut bytes = vec![0; len];
            std::io::Read::read_exact(&mut reader, &mut bytes)?;
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
        if reply.starts_with('-') { Err(reply.into()) } else { Ok(reply) }
    }

    /// Puts the server under load, as `flags` describe it to redis-benchmark.
    pub(super) fn load(&self, flags: &[&str], operations: u64, keys: u64) -> Result<()> {
        let mut command = Command::new("redis-benchmark");
        let (port, operations, keys) = (self.port.to_string(), operations.to_string(), keys.to_string());
        command.args(["-p", &port, "-q", "-n", &operations, "-r", &keys, "-c", "50"]).args(flags);
        process::output(&mut command).map(|_| ())
    }
}

pub(super) fn start_both(larder: &Path, rival: &str) -> Result<[Server; 2]> {
    let ours = format!("{} serve --port {{port}} --loglevel nothing", larder.display());
    let name = rival.split(' ').next().unwrap_or(rival);
    Ok([Server::start("larder", &ours)?, Server::start(name, rival)?])
}

/// CPU time per operation.
pub(crate) fn compare(larder: &Path, rival: &str, rounds: usize) -> Result<Part> {
    let servers = start_both(larder, rival)?;
    let mut rows: Vec<Row> = LOADS
        .iter()
        .map(|(name, ..)| Row {
            name: (*name).into(),
            figures: servers.iter().map(|server| (server.name.clone(), Figures::default())).collect(),
        })
        .collect();
    for round in 0..rounds {
        for (at, (name, flags, operations)) in LOADS.iter().enumerate() {
            eprint!("\rcompare server: round {} of {rounds}, {name:<30}", round + 1);
            for turn in 0..servers.len() {
                // Who goes first changes from round to round.
                let index = (turn + round) % servers.len();
                let server = &servers[index];
                server.say(&["FLUSHALL"])?;
                if name.starts_with("GET") {
                    server.load(&["-t", "set", "-P", "64"], 200_000, 100_000)?;
                }
                let before = server.run_ns()?;
                server.load(flags, *operations, 100_000)?;
                let spent = server.run_ns()?.saturating_sub(before);
                rows[at].figures[index].1.0.push(spent as f64 / *operations as f64 / 1_000.0);
            }
        }
    }
    eprintln!();
    Ok(Part {
        title: "Server: CPU time per operation",
        text: "Microseconds of CPU time that the server's threads use for one operation, kernel included, under \
               `redis-benchmark` with 50 clients and 100,000 keys of 16 bytes with values of 3 bytes. Less is better.",
        unit: "µs",
        command: "cargo xtask compare server",
        rows,
    })
}

/// A kind of data: its name, how many keys, and the command that makes key number `n`.
type Data = (&'static str, u64, fn(u64) -> String);

const DATA: &[Data] = &[
    ("0.7 M keys of 12 B → 16 B", 700_000, |n| format!("SET key:{n:08} {n:016}x")),
    ("1.0 M keys of 12 B → 16 B", 1_000_000, |n| format!("SET key:{n:08} v{n:015}")),
    ("1.1 M keys of 12 B → 16 B", 1_100_000, |n| format!("SET key:{n:08} v{n:015}")),
    ("1.0 M keys with a TTL", 1_000_000, |n| format!("SET key:{n:08} v{n:015} EX 100000")),
    ("1.0 M keys → integer", 1_000_000, |n| format!("SET key:{n:08} {n}")),
    ("1.0 M keys → 256 B", 1_000_000, |n| format!("SET key:{n:08} {n:0256}")),
    ("100 k hashes of 10 fields", 100_000, |n| {
        let fields: Vec<String> = (0..10).map(|field| format!("field:{field} v{n}")).collect();
        format!("HSET hash:{n:08} {}", fields.join(" "))
    }),
    ("100 k sorted sets of 10", 100_000, |n| {
        let members: Vec<String> = (0..10).map(|member| format!("{} member:{member}", n + member)).collect();
        format!("ZADD zset:{n:08} {}", members.join(" "))
    }),
    ("one sorted set, 1.0 M members", 1_000_000, |n| format!("ZADD zset {n} member:{n:08}")),
    ("one set, 1.0 M members", 1_000_000, |n| format!("SADD set member:{n:08}")),
    ("one list, 1.0 M items", 1_000_000, |n| format!("RPUSH list item:{n:011}")),
];

/// Used memory per element.
pub(crate) fn compare_memory(larder: &Path, rival: &str) -> Result<Part> {
    let mut rows = Vec::new();
    for (name, count, line) in DATA {
        let mut figures = Vec::new();
        for server in start_both(larder, rival)? {
            eprint!("\rcompare memory: {name:<34} {:<14}", server.name);
            let before = used_memory(&server)?;
            fill(&server, *count, *line)?;
            let bytes = used_memory(&server)?.saturating_sub(before);
            figures.push((server.name.clone(), Figures(vec![bytes as f64 / *count as f64])));
        }
        rows.push(Row { name: (*name).into(), figures });
    }
    eprintln!();
    Ok(Part {
        title: "Memory: bytes per element",
        text: "Growth of `used_memory`, as each server reports it, over the number of elements. Less is better.",
        unit: "B",
        command: "cargo xtask compare memory",
        rows,
    })
}

fn used_memory(server: &Server) -> Result<u64> {
    let info = server.say(&["INFO", "memory"])?;
    let line = info.lines().find_map(|line| line.strip_prefix("used_memory:"));
    Ok(line.ok_or("INFO has no used_memory")?.trim().parse()?)
}

fn fill(server: &Server, count: u64, line: fn(u64) -> String) -> Result<()> {
    const BATCH: u64 = 10_000;
    let stream = TcpStream::connect(("127.0.0.1", server.port))?;
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
