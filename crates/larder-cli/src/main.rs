//! The `larder` command: picks the tool its first word names. Whatever names no tool is for the client, so
//! `larder GET key` works.
#![deny(unsafe_code)]

#[cfg(target_os = "linux")]
mod before_main;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let mut args: Vec<_> = std::env::args_os().skip(1).collect();
    match args.first().and_then(|word| word.to_str()) {
        Some("serve") => {
            let flags: Vec<_> = args.drain(1..).map(|flag| flag.to_string_lossy().into_owned()).collect();
            larder_server::main(&flags)
        }
        Some("bench") => larder_cli::bench(&args[1..]),
        Some("docs") => larder_cli::docs(&args[1..]),
        Some("cli") => {
            args.remove(0);
            larder_cli::run(args)
        }
        _ => larder_cli::run(args),
    }
}
