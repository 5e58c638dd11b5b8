//! A `redis-server` of our own for the length of a test, and programs run against it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// A server that ends when this is dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) port: u16,
}

/// The client under test.
pub(crate) const LARDER: &str = env!("CARGO_BIN_EXE_larder");

impl Server {
    /// Starts a server; `None` where `redis-server` is not installed.
    pub(crate) fn start(settings: &[&str]) -> Option<Self> {
        // Somebody may take the port between our letting it go and the server's binding it. Then try another.
        for _ in 0..20 {
            let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
            let mut command = Command::new("redis-server");
            command.args(["--save", "", "--bind", "127.0.0.1", "--enable-debug-command", "yes"]);
            command.args(["--port", &port.to_string()]).args(settings);
            let Ok(process) = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn() else {
                eprintln!("redis-server is not installed: nothing compared");
                return None;
            };
            let mut server = Self { process, port };
            let log = BufReader::new(server.process.stdout.take()?);
            for line in log.lines() {
                if line.ok()?.contains("Ready to accept connections") {
                    return Some(server);
                }
            }
        }
        panic!("redis-server does not start");
    }

    /// Runs a client against the server, with this input.
    pub(crate) fn run(&self, program: &str, args: &[&str], input: &[u8]) -> Output {
        let port = self.port.to_string();
        run(program, &[&["-p", &port], args].concat(), input)
    }

    /// What our client prints.
    pub(crate) fn larder(&self, args: &[&str]) -> String {
        let output = self.run(LARDER, args, b"");
        String::from_utf8(output.stdout).expect("text")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs a client with this input.
pub(crate) fn run(program: &str, args: &[&str], input: &[u8]) -> Output {
    let mut process = client(program, args).stdin(Stdio::piped()).spawn().expect("the client starts");
    let mut stdin = process.stdin.take().expect("piped");
    // A client that refuses its options does not read its input.
    let _ = stdin.write_all(input);
    drop(stdin);
    process.wait_with_output().expect("the client ends")
}

/// A client with no settings from this machine.
pub(crate) fn client(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).env("HOME", "/nonexistent");
    for prefix in ["LARDER_", "REDIS_", "REDISCLI_"] {
        for name in ["HOST", "PORT", "PASSWORD", "AUTH"] {
            command.env_remove(format!("{prefix}{name}"));
        }
    }
    command
}

/// Whether a program is there.
pub(crate) fn is_installed(program: &str) -> bool {
    Path::new("/usr/bin").join(program).exists() || Command::new(program).arg("--version").output().is_ok()
}
