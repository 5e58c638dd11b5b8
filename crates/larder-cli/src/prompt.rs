//! The prompt: lines in, replies out, until the user leaves.
//!
//! On a terminal, lines can be edited, are kept in a history file and get hints about the syntax. Lines from a file or
//! a pipe are taken as they are, bytes that are no text included.

use std::borrow::Cow;
use std::env;
use std::fmt::Write as _;
use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, Helper};

use crate::args::Options;
use crate::display::Format;
use crate::docs::{Doc, Docs};
use crate::execute::{self, Printer};
use crate::failure::Failure;
use crate::line;
use crate::session::Session;

/// Runs the prompt, or the lines of the standard input where no terminal is there to prompt.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    if io::stdin().is_terminal() { at_terminal(options) } else { from_input(options) }
}

fn from_input(options: &Options) -> Result<ExitCode, Failure> {
    let mut prompt = Prompt::new(options, None);
    prompt.connect();
    for line in io::stdin().lock().split(b'\n') {
        let line =
            line.map_err(|error| Failure::Input(format!("Cannot read the standard input: {error}")))?;
        if prompt.take(&line)? == Next::Leave {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn at_terminal(options: &Options) -> Result<ExitCode, Failure> {
    let interrupt = Arc::new(AtomicBool::new(false));
    let signal = signal_hook::consts::SIGINT;
    signal_hook::flag::register(signal, Arc::clone(&interrupt)).map_err(terminal_failure)?;
    let mut prompt = Prompt::new(options, Some(interrupt));
    prompt.connect();
    prompt.fetch_docs();
    let config = Config::builder().completion_type(CompletionType::List).build();
    let mut editor: Editor<Aid, FileHistory> =
        Editor::with_config(config).map_err(|error| Failure::Input(error.to_string()))?;
    let history = history_file();
    if let Some(path) = &history {
        // The first start has no history.
        let _ = editor.load_history(path);
    }
    editor.set_helper(Some(Aid { docs: Arc::clone(&prompt.docs), hints: true }));
    let mut just_interrupted = false;
    loop {
        match editor.readline(&prompt.session.prompt()) {
            Ok(line) => {
                just_interrupted = false;
                remember(&mut editor, history.as_ref(), &line);
                let next = prompt.take(line.as_bytes())?;
                if next == Next::Leave {
                    return Ok(ExitCode::SUCCESS);
                }
                if let (Next::Hints(hints), Some(aid)) = (next, editor.helper_mut()) {
                    aid.hints = hints;
                }
            }
            Err(ReadlineError::Interrupted) if !just_interrupted => {
                just_interrupted = true;
                println!("(Ctrl-C again or Ctrl-D leaves)");
            }
            Err(ReadlineError::Interrupted | ReadlineError::Eof) => return Ok(ExitCode::SUCCESS),
            Err(error) => return Err(Failure::Input(error.to_string())),
        }
    }
}

fn terminal_failure(error: io::Error) -> Failure {
    Failure::Input(format!("Cannot listen for Ctrl-C: {error}"))
}

/// `LARDER_HISTFILE`, or `.larder_history` in the user's home. `/dev/null` keeps none.
fn history_file() -> Option<PathBuf> {
    let named = env::var_os("LARDER_HISTFILE").map(PathBuf::from);
    named.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".larder_history")))
}

/// Adds a line to the history, at once, so that several prompts can share the file. Passwords are left out.
fn remember(editor: &mut Editor<Aid, FileHistory>, history: Option<&PathBuf>, line: &str) {
    let args = line::split(line.as_bytes()).unwrap_or_default();
    if args.is_empty() || line::is_secret(&args) {
        return;
    }
    if matches!(editor.add_history_entry(line), Ok(true))
        && let Some(path) = history
    {
        // A home that cannot be written to is no reason to stop.
        let _ = editor.append_history(path);
    }
}

/// What follows a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Line,
    Leave,
    Hints(bool),
}

struct Prompt {
    session: Session,
    printer: Printer,
    interrupt: Option<Arc<AtomicBool>>,
    docs: Arc<Docs>,
}

impl Prompt {
    fn new(options: &Options, interrupt: Option<Arc<AtomicBool>>) -> Self {
        Self {
            session: Session::new(options, interrupt.clone()),
            printer: Printer::new(options),
            interrupt,
            docs: Arc::default(),
        }
    }

    /// Connects; the prompt goes on without a connection.
    fn connect(&mut self) {
        complain(self.session.open());
    }

    /// Asks the server what its commands are, unless that is known.
    fn fetch_docs(&mut self) {
        if self.docs.groups().is_empty() && self.session.is_connected() {
            let reply = self.session.call(&[b"COMMAND".to_vec(), b"DOCS".to_vec()]);
            self.docs = Arc::new(reply.map(Docs::of).unwrap_or_default());
        }
    }

    fn take(&mut self, line: &[u8]) -> Result<Next, Failure> {
        let Some(args) = line::split(line) else {
            execute::write(b"Invalid argument(s)\n")?;
            return Ok(Next::Line);
        };
        let words: Vec<Cow<'_, str>> = args.iter().map(|arg| String::from_utf8_lossy(arg)).collect();
        let lower: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        match lower.as_slice() {
            [] => {}
            ["quit" | "exit"] => return Ok(Next::Leave),
            ["clear"] => execute::write(b"\x1b[H\x1b[2J")?,
            [":set", "hints"] => return Ok(Next::Hints(true)),
            [":set", "nohints"] => return Ok(Next::Hints(false)),
            ["help" | "?", topic @ ..] => {
                self.fetch_docs();
                execute::write(help(&self.docs, topic).as_bytes())?;
            }
            ["connect", _, port] => match port.parse() {
                Ok(port) => complain(self.session.move_to(words[1].to_string(), port)),
                Err(_) => execute::write(b"connect needs a host and a port\n")?,
            },
            _ => return self.command(args),
        }
        Ok(Next::Line)
    }

    fn command(&mut self, args: Vec<Vec<u8>>) -> Result<Next, Failure> {
        if let Some(flag) = &self.interrupt {
            flag.store(false, Ordering::Relaxed);
        }
        let (times, args) = line::repetitions(args);
        let start = Instant::now();
        for _ in 0..times {
            if let Err(failure) = self.session.revive() {
                complain(Err(failure));
                return Ok(Next::Line);
            }
            match execute::run(&mut self.session, &self.printer, &args, false) {
                Ok(_) => {}
                Err(failure @ Failure::Output(_)) => return Err(failure),
                Err(failure) if execute::is_interruption(&failure) => {
                    println!();
                    // What the server was busy with ends with the connection.
                    self.connect();
                    return Ok(Next::Line);
                }
                Err(failure) => {
                    complain(Err(failure));
                    return Ok(Next::Line);
                }
            }
        }
        let elapsed = start.elapsed();
        if elapsed >= Duration::from_millis(500) && self.printer.format == Format::Text {
            execute::write(format!("({:.2}s)\n", elapsed.as_secs_f64()).as_bytes())?;
        }
        Ok(Next::Line)
    }
}

fn complain(outcome: Result<(), Failure>) {
    if let Some(text) = outcome.err().and_then(|failure| failure.text()) {
        eprintln!("{text}");
    }
}

/// The text of `help`, `help @group` or `help command`.
fn help(docs: &Docs, topic: &[&str]) -> String {
    let found: Vec<&Doc> = match topic {
        [] => {
            let mut text =
                "help <command>, help @<group>, connect <host> <port>, clear, quit; a number before\n\
                 a command repeats it, as in 3 PING. :set nohints and :set hints turn hints off and on.\n"
                    .to_owned();
            if !docs.groups().is_empty() {
                let _ = writeln!(text, "Groups: @{}", docs.groups().join(" @"));
            }
            return text;
        }
        [group] if group.starts_with('@') => docs.group(&group[1..]).collect(),
        words => {
            let name = words.join(" ");
            match docs.get(&name) {
                Some(doc) => {
                    // A container is explained by its subcommands.
                    let start = format!("{name} ");
                    std::iter::once(doc).chain(docs.beginning(&start)).collect()
                }
                None => docs.beginning(&name).collect(),
            }
        }
    };
    if found.is_empty() {
        return format!("No help for {}.\n", topic.join(" "));
    }
    let mut text = String::new();
    for doc in found {
        let _ = writeln!(text, "\n  {}\n  summary: {}", doc.syntax(), doc.summary);
        for (title, value) in [("since", &doc.since), ("group", &doc.group), ("complexity", &doc.complexity)]
        {
            if !value.is_empty() {
                let _ = writeln!(text, "  {title}: {value}");
            }
        }
    }
    text.push('\n');
    text
}

/// What helps while typing: hints behind the line, and Tab.
struct Aid {
    docs: Arc<Docs>,
    hints: bool,
}

/// The words of a line that are finished, and whether the last one is.
fn words(line: &str) -> (Vec<String>, bool) {
    let finished = line.ends_with(char::is_whitespace);
    let words = line::split(line.as_bytes()).unwrap_or_default();
    (words.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect(), finished)
}

impl Hinter for Aid {
    type Hint = String;

    fn hint(&self, line: &str, pos: usize, _: &Context<'_>) -> Option<String> {
        if !self.hints || pos < line.len() {
            return None;
        }
        let (words, finished) = words(line);
        let (doc, name) = self.docs.of_words(&words)?;
        let rest = doc.rest(&words[name..]);
        let space = if finished { "" } else { " " };
        (!rest.is_empty()).then(|| format!("{space}{rest}"))
    }
}

impl Completer for Aid {
    type Candidate = String;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let line = &line[..pos];
        let start = match line.split_once(' ') {
            Some((help, _)) if help.eq_ignore_ascii_case("help") => help.len() + 1,
            _ => 0,
        };
        let typed = &line[start..];
        if typed.is_empty() && start == 0 {
            return Ok((0, Vec::new()));
        }
        let lower = typed.chars().any(|letter| letter.is_ascii_lowercase());
        let mut names: Vec<String> = self
            .docs
            .beginning(typed)
            .map(|doc| if lower { doc.name.to_ascii_lowercase() } else { doc.name.clone() })
            .collect();
        if start > 0 {
            let groups = self.docs.groups();
            names.extend(
                groups.iter().map(|group| format!("@{group}")).filter(|name| name.starts_with(typed)),
            );
        }
        Ok((start, names))
    }
}

impl Highlighter for Aid {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("\x1b[90m{hint}\x1b[0m"))
    }
}

impl Validator for Aid {}
impl Helper for Aid {}
