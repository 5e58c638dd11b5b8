//! `cargo xtask`: everything a checkout needs beyond `cargo build`, written in Rust so that it runs wherever
//! the project does and is checked by the same compiler. It depends on a few crates and nothing of Larder,
//! so a broken engine never stops the tool that reports it.

mod ci;
mod codegen;
mod compare;
mod install;
mod instructions;
mod process;
mod setup;
mod source;
mod tidy;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;
use workspace::Workspace;

/// An error here is a text for the person at the terminal; nobody branches on its kind.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const HELP: &str = "\
cargo xtask <command>

  setup              install what this machine lacks for the checks; does nothing where nothing is missing
  codegen [--check]  write the generated files, or say which ones are stale
  tidy               the rules of the house that no other tool keeps
  ci [--fast]        the whole check, in order; --fast leaves out the examples and the client tests
  install --prefix DIR
                     header, libraries and pkg-config file for C programs, below DIR
  instructions       the instructions of the hot paths, counted by callgrind, beside those in
                     benches/engine/instructions.txt, which --bless writes
  compare [part]...  Larder beside its rivals; writes docs/performance.md, where parts not asked for stay
                     parts: doors, server, scripts, embedded, memory, pubsub, expiry, eviction, large, node, startup
                     --rounds N [5], and --rival 'valkey-server --port {port}' for another server
";

enum Task {
    Help,
    Setup,
    Codegen { check: bool },
    Tidy,
    Ci { fast: bool },
    Install { prefix: Option<PathBuf> },
    Instructions { bless: bool },
    Compare(compare::Asked),
}

fn main() -> ExitCode {
    match parse(lexopt::Parser::from_env()).and_then(|task| perform(&task)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn perform(task: &Task) -> Result<()> {
    let workspace = Workspace::here();
    match *task {
        Task::Help => {
            print!("{HELP}");
            Ok(())
        }
        Task::Setup => setup::run(&workspace),
        Task::Codegen { check } => codegen::run(&workspace, check),
        Task::Tidy => tidy::run(&workspace),
        Task::Ci { fast } => ci::run(&workspace, fast),
        Task::Install { ref prefix } => {
            let prefix = prefix.as_deref().ok_or("install needs --prefix DIR")?;
            install::run(&workspace, prefix)
        }
        Task::Instructions { bless } => instructions::run(&workspace, bless),
        Task::Compare(ref asked) => compare::run(&workspace, asked),
    }
}

fn parse(mut words: lexopt::Parser) -> Result<Task> {
    use lexopt::prelude::*;
    let mut task = match words.next()? {
        None | Some(Short('h') | Long("help")) => return Ok(Task::Help),
        Some(Value(word)) => match word.to_str() {
            Some("help") => Task::Help,
            Some("setup") => Task::Setup,
            Some("codegen") => Task::Codegen { check: false },
            Some("tidy") => Task::Tidy,
            Some("ci") => Task::Ci { fast: false },
            Some("install") => Task::Install { prefix: None },
            Some("instructions") => Task::Instructions { bless: false },
            Some("compare") => Task::Compare(compare::Asked::default()),
            _ => return Err(format!("no command {}\n\n{HELP}", word.display()).into()),
        },
        Some(other) => return Err(other.unexpected().into()),
    };
    while let Some(word) = words.next()? {
        match (&mut task, &word) {
            (Task::Codegen { check }, Long("check")) => *check = true,
            (Task::Ci { fast }, Long("fast")) => *fast = true,
            (Task::Install { prefix }, Long("prefix")) => *prefix = Some(words.value()?.into()),
            (Task::Instructions { bless }, Long("bless")) => *bless = true,
            (Task::Compare(asked), Value(part)) => asked.parts.push(part.to_string_lossy().into_owned()),
            (Task::Compare(asked), Long("rounds")) => asked.rounds = Some(words.value()?.parse()?),
            (Task::Compare(asked), Long("rival")) => asked.rival = Some(words.value()?.string()?),
            (_, Short('h') | Long("help")) => return Ok(Task::Help),
            _ => return Err(word.unexpected().into()),
        }
    }
    Ok(task)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Task> {
        parse(lexopt::Parser::from_args(words))
    }

    #[test]
    fn options_belong_to_their_command() {
        assert!(matches!(parsed(&["codegen", "--check"]), Ok(Task::Codegen { check: true })));
        assert!(matches!(parsed(&["ci"]), Ok(Task::Ci { fast: false })));
        assert!(matches!(parsed(&["ci", "--fast"]), Ok(Task::Ci { fast: true })));
        assert!(matches!(parsed(&["tidy", "--help"]), Ok(Task::Help)));
        assert!(parsed(&["tidy", "--check"]).is_err());
        assert!(parsed(&["frobnicate"]).is_err());
    }
}
