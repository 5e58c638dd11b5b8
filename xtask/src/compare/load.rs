//! Servers to be measured, and the load that is put on them.
//!
//! Where there are two cores, a server has one and the load generator the other, as the targets were measured: else a
//! server's figure depends on how often the kernel moves it. One core for both tells what a request costs when nobody
//! has to be woken on another core.

use super::Setup;
use crate::workspace::Workspace;
use crate::{Result, process};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read as _, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_mins(1);

/// Builds the program, and says where it is.
pub(super) fn build(workspace: &Workspace) -> Result<PathBuf> {
    process::run(&mut workspace.command("cargo", &["build", "--release", "-q", "-p", "larder-cli"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.path("target"), PathBuf::from);
    Ok(target.join("release/larder"))
}

/// On which core something runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Core {
    Servers,
    Clients,
    Any,
}

/// A program on its core, where the machine has more than one and can say so.
fn command(core: Core, program: &Path) -> Command {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let number = match core {
        Core::Servers => "0",
        Core::Clients => "1",
        Core::Any => "",
    };
    if cores < 2 || number.is_empty() || !process::succeeds(Command::new("taskset").arg("--version")) {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["-c", number]).arg(program);
    command
}

/// A running server.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) name: String,
    child: Child,
    port: u16,
    socket: Option<PathBuf>,
    /// The load generator.
    larder: PathBuf,
    /// From being started to being listened to.
    pub(super) started_in: Duration,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It is ours, and nothing of it is kept.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(socket) = &self.socket {
            let _ = fs::remove_file(socket);
        }
    }
}

/// Larder and its rival, each alone on the servers' core or wherever the kernel wants them.
pub(super) fn start_both(setup: &Setup<'_>, core: Core) -> Result<[Server; 2]> {
    Ok([start_larder(setup, core)?, start_rival(setup, core)?])
}

pub(super) fn start_larder(setup: &Setup<'_>, core: Core) -> Result<Server> {
    let line = format!(
        "{} serve --port {{port}} --unixsocket {{socket}} --loglevel nothing",
        setup.larder.display()
    );
    Server::start("larder", &line, core, setup)
}

pub(super) fn start_rival(setup: &Setup<'_>, core: Core) -> Result<Server> {
    let name = setup.rival.split(' ').next().unwrap_or(setup.rival);
    Server::start(name.rsplit('/').next().unwrap_or(name), setup.rival, core, setup)
}

impl Server {
    fn start(name: &str, line: &str, core: Core, setup: &Setup<'_>) -> Result<Server> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let socket = std::env::temp_dir().join(format!("larder-compare-{port}.sock"));
        let has_socket = line.contains("{socket}");
        let line = line.replace("{port}", &port.to_string()).replace("{socket}", &socket.to_string_lossy());
        let mut words = line.split(' ').map(|word| word.trim_matches('"'));
        let program = words.next().ok_or("no program")?;
        let mut command = command(core, Path::new(program));
        command.args(words).stdin(Stdio::null()).stdout(Stdio::null());
        let began = Instant::now();
        let child =
            command.spawn().map_err(|error| format!("{program}: {error} (cargo xtask setup installs it)"))?;
        let mut server = Server {
            name: name.into(),
            child,
            port,
            socket: has_socket.then_some(socket),
            larder: setup.larder.clone(),
            started_in: Duration::ZERO,
        };
        while server.say(&["PING"]).is_err() {
            if began.elapsed() > PATIENCE || server.child.try_wait()?.is_some() {
                return Err(format!("{line} does not listen").into());
            }
            std::thread::yield_now();
        }
        server.started_in = began.elapsed();
        Ok(server)
    }

    /// Whether it listens to a Unix socket.
    pub(super) fn has_socket(&self) -> bool {
        self.socket.is_some()
    }

    /// Nanoseconds that all threads have run so far, those that have ended included.
    pub(super) fn run_ns(&self) -> Result<u64> {
        let process = format!("/proc/{}", self.child.id());
        let mut sum = 0;
        for task in fs::read_dir(format!("{process}/task"))? {
            // A thread may end meanwhile.
            let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
            sum += text.split(' ').next().and_then(|first| first.parse::<u64>().ok()).unwrap_or(0);
        }
        // The time of the whole process is in hundredths of a second, rounded down: it is more only if threads have
        // ended.
        let stat = fs::read_to_string(format!("{process}/stat"))?;
        let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
        let ticks: u64 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        Ok(sum.max(ticks * 10_000_000))
    }

    /// Bytes of memory that the system has given to it.
    pub(super) fn resident_bytes(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        Ok(kib.ok_or("/proc says nothing of its memory")? * 1_024)
    }

    /// Bytes of memory that it says it uses.
    pub(super) fn used_bytes(&self) -> Result<u64> {
        let info = self.say(&["INFO", "memory"])?;
        let line = info.lines().find_map(|line| line.strip_prefix("used_memory:"));
        Ok(line.ok_or("INFO has no used_memory")?.trim().parse()?)
    }

    /// How many keys it has.
    pub(super) fn keys(&self) -> Result<u64> {
        Ok(self.say(&["DBSIZE"])?.trim().trim_start_matches(':').parse()?)
    }

    pub(super) fn connect(&self) -> Result<TcpStream> {
        Ok(TcpStream::connect(("127.0.0.1", self.port))?)
    }

    /// Says a command, and gives its reply, of which the first line counts where it is no text of its own.
    pub(super) fn say(&self, words: &[&str]) -> Result<String> {
        let stream = self.connect()?;
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
            reader.read_exact(&mut bytes)?;
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
        if reply.is_empty() || reply.starts_with('-') { Err(reply.into()) } else { Ok(reply) }
    }

    /// The load generator with these words, on its core.
    pub(super) fn bench(&self, words: &[&str], load: &Load) -> Result<Value> {
        let output = process::output(&mut self.bench_command(words, load))?;
        let found: Value = serde_json::from_str(&output)?;
        if let Some(error) = found["first_error"].as_str() {
            return Err(format!("{}: {} answers {error}", words.join(" "), self.name).into());
        }
        Ok(found)
    }

    /// The same, to be started by the caller.
    pub(super) fn bench_command(&self, words: &[&str], load: &Load) -> Command {
        let mut command = command(load.core, &self.larder);
        command.arg("bench").arg("--json");
        match &self.socket {
            Some(socket) if load.by_socket => _ = command.arg("--unix").arg(socket),
            _ => _ = command.args(["--port", &self.port.to_string()]),
        }
        command.args(words);
        command
    }

    /// Nanoseconds of CPU time of the server for each request of a load, or for each message it delivers.
    pub(super) fn cpu_ns(&self, words: &[&str], load: &Load) -> Result<f64> {
        let before = self.run_ns()?;
        let found = self.bench(words, load)?;
        let spent = self.run_ns()?.saturating_sub(before) as f64;
        let delivered = found["delivered"].as_f64().unwrap_or(0.0);
        let count = if delivered > 0.0 { delivered } else { found["all"]["replies"].as_f64().unwrap_or(0.0) };
        Ok(spent / count)
    }

    /// Puts the server under load, as `flags` describe it to redis-benchmark.
    pub(super) fn redis_benchmark(&self, flags: &[&str], operations: u64, keys: u64) -> Result<()> {
        let mut command = Command::new("redis-benchmark");
        let (port, operations, keys) = (self.port.to_string(), operations.to_string(), keys.to_string());
        command.args(["-p", &port, "-q", "-n", &operations, "-r", &keys, "-c", "50"]).args(flags);
        process::output(&mut command).map(|_| ())
    }
}

/// Where a load comes from and which way it goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) core: Core,
    pub(super) by_socket: bool,
}

impl Load {
    pub(super) const TCP: Load = Load { core: Core::Clients, by_socket: false };
}

/// Waits for a time that is itself what is measured.
#[expect(clippy::disallowed_methods, reason = "the time is part of the measurement")]
pub(super) fn pause(time: Duration) {
    std::thread::sleep(time);
}
