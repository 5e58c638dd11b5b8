//! What happens with one command: send it, wait, show the reply; or go on showing, for commands that open a stream.

use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use larder_resp::Value;

use crate::args::{Options, StdinArg};
use crate::display::{self, Format};
use crate::failure::Failure;
use crate::is_watched;
use crate::session::Session;
use crate::transport::Error;

/// How replies are written to the standard output.
#[derive(Debug)]
pub(crate) struct Printer {
    pub(crate) format: Format,
    bulk_delimiter: Vec<u8>,
    reply_delimiter: Vec<u8>,
    show_pushes: bool,
}

impl Printer {
    pub(crate) fn new(options: &Options) -> Self {
        let watched = is_watched();
        Self {
            format: options.format.unwrap_or(if watched { Format::Text } else { Format::Raw }),
            bulk_delimiter: options.bulk_delimiter.clone(),
            reply_delimiter: options.reply_delimiter.clone(),
            show_pushes: options.show_pushes.unwrap_or(watched),
        }
    }

    /// Writes a reply. `as_text` is for replies that are pages for people, whatever the format.
    fn reply(&self, value: &Value, as_text: bool) -> io::Result<()> {
        let mut out = Vec::new();
        match self.format {
            // Pages bring the end of their last line along.
            _ if as_text => display::raw(value, &self.bulk_delimiter, &mut out),
            Format::Text => display::text(value, &mut out),
            Format::Raw => {
                display::raw(value, &self.bulk_delimiter, &mut out);
                out.extend_from_slice(&self.reply_delimiter);
            }
            Format::Csv => {
                display::csv(value, &mut out);
                out.push(b'\n');
            }
            Format::Json | Format::QuotedJson => {
                display::json(value, self.format == Format::QuotedJson, &mut out);
                out.push(b'\n');
            }
        }
        write(&out)
    }

    /// Writes a message that is no reply.
    fn push(&self, push: &Value) -> io::Result<()> {
        if !self.show_pushes {
            return Ok(());
        }
        match push.items() {
            Some([kind, Value::Array(keys)]) if kind.bytes() == Some(b"invalidate") => {
                let mut out = b"-> invalidate: ".to_vec();
                for (index, key) in keys.iter().enumerate() {
                    out.extend_from_slice(if index > 0 { b", '" } else { b"'" });
                    out.extend_from_slice(key.bytes().unwrap_or_default());
                    out.push(b'\'');
                }
                out.push(b'\n');
                write(&out)
            }
            Some([kind, Value::Null]) if kind.bytes() == Some(b"invalidate") => {
                write(b"-> invalidate: all keys\n")
            }
            _ => self.reply(push, false),
        }
    }

    pub(crate) fn pushes(&self, session: &mut Session) -> io::Result<()> {
        while let Some(push) = session.next_push() {
            self.push(&push)?;
        }
        Ok(())
    }
}

/// Waits as long as the user asked for.
#[expect(clippy::disallowed_methods, reason = "the time is the user's, and there is no event to wait for")]
pub(crate) fn pause(interval: Duration) {
    thread::sleep(interval);
}

/// Writes to the standard output, at once.
pub(crate) fn write(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// Runs the command of the command line, as often as it says.
pub(crate) fn once(session: &mut Session, options: &Options) -> Result<ExitCode, Failure> {
    let mut args = options.command.clone();
    match &options.stdin_arg {
        StdinArg::None => {}
        StdinArg::Last => args.push(stdin()?),
        StdinArg::Tag(tag) => match args.iter_mut().find(|arg| *arg == tag) {
            Some(arg) => *arg = stdin()?,
            None => return Err(Failure::Input("No argument is the tag that -X names.".to_owned())),
        },
    }
    repeated(session, options, &args)
}

/// Runs a script from a file: `key … , argument …` stand in place of the command.
pub(crate) fn script(session: &mut Session, options: &Options, path: &Path) -> Result<ExitCode, Failure> {
    let script = std::fs::read(path).map_err(|error| {
        Failure::Input(format!("Cannot read {}: {}", path.display(), crate::transport::system_text(&error)))
    })?;
    let comma = options.command.iter().position(|arg| arg == b",").unwrap_or(options.command.len());
    let (keys, rest) = options.command.split_at(comma);
    let mut args = vec![b"EVAL".to_vec(), script, keys.len().to_string().into_bytes()];
    args.extend_from_slice(keys);
    args.extend(rest.iter().skip(1).cloned());
    repeated(session, options, &args)
}

fn stdin() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes).map_err(|error| {
        Failure::Input(format!("Cannot read the standard input: {}", crate::transport::system_text(&error)))
    })?;
    Ok(bytes)
}

fn repeated(session: &mut Session, options: &Options, args: &[Vec<u8>]) -> Result<ExitCode, Failure> {
    let printer = Printer::new(options);
    let mut left = options.repeat;
    while left != Some(0) {
        if run(session, &printer, args, options.fail_on_error)?.is_some() {
            return Ok(ExitCode::FAILURE);
        }
        left = left.map(|left| left - 1);
        pause(options.interval);
    }
    Ok(ExitCode::SUCCESS)
}

/// The error of a command, where that ends the program.
pub(crate) struct Refusal;

/// Runs one command and shows its reply. With `fail_on_error`, an error goes to the standard error instead.
pub(crate) fn run(
    session: &mut Session,
    printer: &Printer,
    args: &[Vec<u8>],
    fail_on_error: bool,
) -> Result<Option<Refusal>, Failure> {
    if let Some(stream) = Stream::of(args) {
        return follow(session, printer, args, stream).map(|()| None);
    }
    let reply = session.call(args)?;
    printer.pushes(session)?;
    match reply.error() {
        Some(error) if fail_on_error => {
            eprintln!("{}", String::from_utf8_lossy(error));
            Ok(Some(Refusal))
        }
        _ => {
            printer.reply(&reply, is_page(args))?;
            Ok(None)
        }
    }
}

/// What a command opens that never ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    Subscription,
    Monitor,
}

impl Stream {
    fn of(args: &[Vec<u8>]) -> Option<Self> {
        match args.first()?.to_ascii_lowercase().as_slice() {
            b"subscribe" | b"psubscribe" | b"ssubscribe" => Some(Self::Subscription),
            b"monitor" if args.len() == 1 => Some(Self::Monitor),
            _ => None,
        }
    }
}

/// Shows everything that comes until the user or the server ends it.
fn follow(session: &mut Session, printer: &Printer, args: &[Vec<u8>], stream: Stream) -> Result<(), Failure> {
    let words: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
    session.transport()?.send(&words)?;
    if stream == Stream::Subscription && printer.format != Format::Raw {
        write(b"Reading messages... (press Ctrl-C to quit)\n")?;
    }
    loop {
        match session.transport()?.receive() {
            Ok(value) => {
                printer.reply(&value, false)?;
                if value.error().is_some() {
                    return Ok(());
                }
            }
            Err(error) => {
                session.close();
                return Err(error.into());
            }
        }
    }
}

/// Whether Ctrl-C ended a wait, after which the prompt goes on.
pub(crate) fn is_interruption(failure: &Failure) -> bool {
    matches!(failure, Failure::Transport(Error::Interrupted))
}

/// Commands whose reply is a page for people.
fn is_page(args: &[Vec<u8>]) -> bool {
    let word = |at: usize| args.get(at).map(|word| word.to_ascii_lowercase()).unwrap_or_default();
    let (first, second) = (word(0), word(1));
    match first.as_slice() {
        b"info" | b"lolwut" => true,
        b"debug" => matches!(second.as_slice(), b"htstats" | b"htstats-key"),
        b"memory" => matches!(second.as_slice(), b"malloc-stats" | b"doctor"),
        b"cluster" => args.len() == 2 && matches!(second.as_slice(), b"nodes" | b"info"),
        b"client" => matches!(second.as_slice(), b"list" | b"info"),
        b"latency" => matches!(second.as_slice(), b"graph" | b"doctor"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Stream, is_page};
    use crate::line::split;

    #[test]
    fn pages_and_streams_are_known_by_name() {
        let args = |line: &str| split(line.as_bytes()).expect("balanced");
        for (line, page) in [
            ("INFO", true),
            ("info server", true),
            ("CLIENT LIST", true),
            ("CLIENT ID", false),
            ("GET info", false),
            ("", false),
        ] {
            assert_eq!(is_page(&args(line)), page, "{line}");
        }
        for (line, stream) in [
            ("SUBSCRIBE a", Some(Stream::Subscription)),
            ("subscribe", Some(Stream::Subscription)),
            ("PSubscribe a b", Some(Stream::Subscription)),
            ("MONITOR", Some(Stream::Monitor)),
            ("GET monitor", None),
        ] {
            assert_eq!(Stream::of(&args(line)), stream, "{line}");
        }
    }
}
