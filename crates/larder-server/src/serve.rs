//! `larder serve`: from flags to a running server, and to a tidy end.

use crate::config::{self, Request};
use crate::log::Level;
use crate::server::Server;
use larder_commands::settings::SETTINGS;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// Runs `larder serve` with these flags until a signal ends it.
pub fn main(flags: &[String]) -> ExitCode {
    let (settings, file) = match config::of_process(flags) {
        Ok(Request::Serve(settings, file)) => (*settings, file),
        Ok(Request::Help) => {
            say(&help());
            return ExitCode::SUCCESS;
        }
        Ok(Request::Version) => {
            say(concat!("larder ", env!("CARGO_PKG_VERSION")));
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("larder serve: {error}\nTry: larder serve --help");
            return ExitCode::from(2);
        }
    };
    let server = match Server::start(settings) {
        Ok(server) => server,
        Err(error) => {
            eprintln!("larder serve: {error}");
            return ExitCode::FAILURE;
        }
    };
    if let Some(file) = &file {
        server.set_config_file(file);
    }
    say(&greeting(&server));
    let reason = wait(&server);
    server.log().line(Level::Notice, format_args!("{reason}: closing connections"));
    server.stop();
    ExitCode::SUCCESS
}

/// Prints a text for whoever still reads: a server goes on when nobody does.
fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Waits for a signal or a command that ends the server, and says which.
fn wait(server: &Server) -> &'static str {
    let mut stopped = server.stopped();
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return "no runtime for signals";
    };
    runtime.block_on(async {
        let (Ok(mut terminate), Ok(mut interrupt)) =
            (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            return "no signals";
        };
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
            _ = stopped.wait_for(|stop| *stop) => "SHUTDOWN",
        }
    })
}

fn greeting(server: &Server) -> String {
    let settings = server.instance().settings();
    let mut text = format!("Larder {} is serving, in memory.\n", env!("CARGO_PKG_VERSION"));
    let secret = if settings.password().is_some() { ":password@" } else { "" };
    for address in server.addresses() {
        let _ = writeln!(text, "  connect   redis://{secret}{address}");
    }
    let path = settings.text("unixsocket");
    if !path.is_empty() {
        let _ = writeln!(text, "  connect   unix://{path}");
    }
    if let Some(address) = server.addresses().first() {
        let auth = if secret.is_empty() { "" } else { " -a password" };
        let _ = writeln!(text, "  try       larder cli -p {}{auth} SET greeting hello", address.port());
        let _ = writeln!(text, "            redis-cli -p {}{auth} GET greeting", address.port());
    }
    text.push_str("  stop      Ctrl-C\n");
    // What starts a server for tests waits for this line of Redis' log.
    text.push_str(" * Ready to accept connections");
    text
}

fn help() -> String {
    let mut text = String::from(
        "Usage: larder serve [file] [--setting value]...\n\n\
         Serves an engine to Redis clients. Settings come from flags, from the environment (LARDER_PORT,\n\
         LARDER_PASSWORD, LARDER_MAXMEMORY, …; REDIS_HOST, REDIS_PORT and REDIS_PASSWORD are understood), from a file\n\
         in the manner of redis.conf, in this order. --host, --password and --threads stand for --bind, --requirepass\n\
         and --io-threads.\n\n\
         Settings:\n",
    );
    for setting in SETTINGS.iter().filter(|setting| !setting.inert) {
        let default = if setting.default.is_empty() { "none" } else { setting.default };
        let _ = writeln!(text, "  --{:<28} {} [{default}]", setting.name, setting.summary);
    }
    text.pop();
    text
}
