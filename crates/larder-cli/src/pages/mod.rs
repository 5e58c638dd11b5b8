//! `larder docs`: the pages of the documentation that are made from the tables the program itself runs on.

mod commands;
mod compatibility;
mod examples;
mod json;
mod settings;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// Prints a page.
pub fn docs(args: &[OsString]) -> ExitCode {
    let page = match args.first().and_then(|page| page.to_str()) {
        Some("commands") => commands::page(),
        Some("compatibility") => compatibility::page(),
        Some("examples") => examples::page(),
        Some("settings") => settings::page(),
        Some("json") => json::page(),
        _ => {
            eprintln!(
                "larder docs: which page? There are: commands, compatibility, examples, settings, json"
            );
            return ExitCode::from(2);
        }
    };
    // Whoever has read enough may leave.
    let _ = io::stdout().write_all(page.as_bytes());
    ExitCode::SUCCESS
}

/// Text within a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
