//! The client behind the `larder` command: a prompt, one-shot commands and a few tools, in the manner of `redis-cli`.
//!
//! | question | file |
//! |---|---|
//! | which options are there, and what do they default to? | `args`, `url` |
//! | how do commands reach an engine? | `transport`, `embedded` |
//! | who logs in, selects a database and reconnects? | `session` |
//! | what does a reply look like? | `display` |
//! | what happens with one command? | `execute` |
//! | what is a command's syntax? | `docs` |
//! | what happens at the prompt? | `prompt`, `line` |
//! | `--pipe`, `--scan`, `--bigkeys`, … | `modes` |
//! | what does `larder docs` print? | `pages` |
//! | how fast is it? | `bench` |
//!
//! Scripts parse what this prints, so the text of replies is that of `redis-cli` byte for byte, and the tests compare
//! the two. Options that cannot be understood end the program with status 2 before anything is sent; everything else
//! that fails ends with 1.
#![forbid(unsafe_code)]

mod args;
mod bench;
mod display;
mod docs;
mod embedded;
mod execute;
mod failure;
mod line;
mod modes;
mod pages;
mod prompt;
mod session;
mod transport;
mod url;

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use args::{Mode, Options, Request};
use failure::Failure;
use session::Session;

pub use bench::bench;
pub use pages::docs;

/// Prints a text.
fn show(text: &str) -> Result<ExitCode, Failure> {
    io::stdout().write_all(text.as_bytes()).map_err(Failure::Output)?;
    Ok(ExitCode::SUCCESS)
}

/// Runs the client with the words after its name. Reads the standard input, writes to the standard output and error.
pub fn run(args: Vec<OsString>) -> ExitCode {
    let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let outcome = match args::parse(args, environment) {
        Ok(Request::Run(options)) => start(&options),
        Ok(Request::Help) => show(&args::usage()),
        Ok(Request::Version) => show(concat!("larder ", env!("CARGO_PKG_VERSION"), "\n")),
        Err(failure) => Err(failure),
    };
    outcome.unwrap_or_else(|failure| {
        if let Some(text) = failure.text() {
            eprintln!("{text}");
        }
        failure.exit_code()
    })
}

fn start(options: &Options) -> Result<ExitCode, Failure> {
    if options.warn_of_password {
        eprintln!(
            "Warning: Using a password on the command line shows it to others; set LARDER_PASSWORD instead."
        );
    }
    if options.mode == Mode::Command && options.command.is_empty() {
        return prompt::run(options);
    }
    let mut session = Session::new(options, None::<Arc<AtomicBool>>);
    session.open()?;
    match &options.mode {
        Mode::Command => execute::once(&mut session, options),
        Mode::Eval(script) => execute::script(&mut session, options, script),
        Mode::Pipe { patience } => modes::pipe::run(&mut session, io::stdin().lock(), *patience),
        Mode::Stat => modes::stat::run(&mut session, options),
        Mode::Scan => modes::scan::run(&mut session, options),
        Mode::BigKeys(measure) => modes::bigkeys::run(&mut session, options, *measure),
        Mode::Latency => modes::latency::run(&mut session, options),
        Mode::LatencyHistory => modes::latency::history(&mut session, options),
    }
}

/// Whether a person reads the output.
fn is_watched() -> bool {
    io::stdout().is_terminal()
}
