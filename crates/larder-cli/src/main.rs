//! The `larder` command.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let flags: Vec<String> = std::env::args().skip(1).collect();
    match flags.first().map(String::as_str) {
        Some("serve") => larder_server::main(&flags[1..]),
        _ => ExitCode::FAILURE,
    }
}
