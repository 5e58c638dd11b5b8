//! `--pipe`: the commands on the standard input, as fast as they go.
//!
//! The input is parsed here, so each command is known to be whole before it is sent and each reply can be counted. A
//! bounded number of bytes is on its way at any time: enough to keep the server busy, too little for both sides to wait
//! for each other with full buffers.

use std::collections::VecDeque;
use std::io::{IsTerminal as _, Read};
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use larder_resp::{Limits, Parsed, RequestParser, Value};

use crate::execute;
use crate::failure::Failure;
use crate::session::Session;
use crate::transport::{Transport, system_text};

/// Bytes of commands without a reply. Half of what a Unix socket buffers by default.
const ON_THEIR_WAY_MAX: usize = 96 * 1024;
const READ_SIZE: usize = 64 * 1024;
/// Commands between two looks of the progress bar.
const PROGRESS_STEP: u64 = 1000;

/// Sends all commands of `input`. A reply has to come within `patience` once everything is sent, and in time before.
pub(crate) fn run(
    session: &mut Session,
    mut input: impl Read,
    patience: Option<Duration>,
) -> Result<ExitCode, Failure> {
    let transport = session.transport()?;
    transport.set_patience(patience)?;
    let mut pipe = Pipe::new(transport);
    let outcome = pipe.send_all(&mut input).and_then(|()| {
        execute::write(b"All data transferred. Waiting for the last reply...\n")?;
        pipe.receive_until(0)?;
        execute::write(b"Last reply received from server.\n")?;
        Ok(())
    });
    pipe.progress.finish_and_clear();
    let (errors, replies) = (pipe.errors, pipe.replies);
    execute::write(format!("errors: {errors}, replies: {replies}\n").as_bytes())?;
    outcome?;
    Ok(if errors > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

struct Pipe<'t> {
    transport: &'t mut dyn Transport,
    /// Bytes of each command that has no reply yet.
    on_their_way: VecDeque<usize>,
    on_their_way_bytes: usize,
    replies: u64,
    errors: u64,
    progress: ProgressBar,
}

impl<'t> Pipe<'t> {
    fn new(transport: &'t mut dyn Transport) -> Self {
        let watched = std::io::stderr().is_terminal();
        let target = if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let progress = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {human_pos} replies, {per_sec}, {elapsed}")
        {
            progress.set_style(style);
        }
        Self {
            transport,
            on_their_way: VecDeque::new(),
            on_their_way_bytes: 0,
            replies: 0,
            errors: 0,
            progress,
        }
    }

    fn send_all(&mut self, input: &mut impl Read) -> Result<(), Failure> {
        let (mut parser, mut buf, mut spans) = (RequestParser::new(LIMITS), Vec::new(), Vec::new());
        let (mut at, mut passed) = (0, 0_u64);
        loop {
            match parser.next(&buf, &mut at, &mut spans) {
                Ok(Parsed::Command { first, argc }) => {
                    let args: Vec<&[u8]> =
                        spans[first..first + argc].iter().map(|span| span.of(&buf)).collect();
                    self.send(&args)?;
                    spans.truncate(first);
                }
                Ok(Parsed::Inline(args)) => {
                    let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
                    self.send(&args)?;
                }
                Ok(Parsed::Incomplete { need }) => {
                    passed += at as u64;
                    buf.drain(..at);
                    at = 0;
                    if read(input, &mut buf, need)? == 0 {
                        return self.end_of_input(&mut parser, buf, passed);
                    }
                }
                Ok(Parsed::Http) => {
                    return Err(Failure::Input(format!("Byte {}: not a command", passed + at as u64)));
                }
                Err(error) => return Err(Failure::Input(format!("Byte {}: {error}", passed + at as u64))),
            }
        }
    }

    /// The last line may lack its end; anything else that is left was cut off.
    fn end_of_input(&mut self, parser: &mut RequestParser, buf: Vec<u8>, passed: u64) -> Result<(), Failure> {
        if buf.is_empty() {
            return Ok(self.transport.flush()?);
        }
        let is_line = !parser.is_unfinished() && buf[0] != b'*';
        let args = if is_line { larder_resp::split_arguments(&buf) } else { None };
        let args =
            args.ok_or_else(|| Failure::Input(format!("Byte {passed}: the input ends within a command")))?;
        if !args.is_empty() {
            self.send(&args.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
        }
        Ok(self.transport.flush()?)
    }

    fn send(&mut self, args: &[&[u8]]) -> Result<(), Failure> {
        // Headers count as well: a command of empty arguments takes room too.
        let bytes = args.iter().map(|arg| arg.len() + 16).sum();
        if self.on_their_way_bytes + bytes > ON_THEIR_WAY_MAX {
            self.receive_until(ON_THEIR_WAY_MAX / 2)?;
        }
        self.transport.send(args)?;
        self.on_their_way.push_back(bytes);
        self.on_their_way_bytes += bytes;
        Ok(())
    }

    /// Receives replies until at most so many bytes of commands wait for theirs.
    fn receive_until(&mut self, bytes_max: usize) -> Result<(), Failure> {
        while self.on_their_way_bytes > bytes_max {
            let reply = self.transport.receive()?;
            if matches!(reply, Value::Push(_)) {
                continue;
            }
            self.on_their_way_bytes -= self.on_their_way.pop_front().unwrap_or(0);
            self.replies += 1;
            if let Some(error) = reply.error() {
                self.errors += 1;
                let text = String::from_utf8_lossy(error).into_owned();
                self.progress.suspend(|| eprintln!("{text}"));
            }
            if self.replies.is_multiple_of(PROGRESS_STEP) {
                self.progress.set_position(self.replies);
            }
        }
        Ok(())
    }
}

/// A file may hold anything a server could take; the server has the last word.
const LIMITS: Limits = Limits { command_len_max: 2 * 1024 * 1024 * 1024, ..Limits::STANDARD };

/// Appends what is there, or at least a part of `need` bytes.
fn read(input: &mut impl Read, buf: &mut Vec<u8>, need: usize) -> Result<usize, Failure> {
    let len = buf.len();
    let room = need.clamp(READ_SIZE, 16 * READ_SIZE);
    buf.resize(len + room, 0);
    let outcome = loop {
        match input.read(&mut buf[len..]) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            other => break other,
        }
    };
    buf.truncate(len + outcome.as_ref().copied().unwrap_or(0));
    outcome
        .map_err(|error| Failure::Input(format!("Cannot read the standard input: {}", system_text(&error))))
}

#[cfg(test)]
mod tests {
    use super::Pipe;
    use crate::failure::Failure;
    use crate::transport::{Error, Transport};
    use larder_resp::Value;
    use std::time::Duration;

    /// Answers each command with OK, or with an error when it is called BAD.
    #[derive(Default)]
    struct Echo {
        sent: Vec<String>,
        answered: usize,
        waiting_max: usize,
    }

    impl Transport for Echo {
        fn send(&mut self, args: &[&[u8]]) -> Result<(), Error> {
            let words: Vec<_> = args.iter().map(|arg| arg.escape_ascii().to_string()).collect();
            self.sent.push(words.join(" "));
            self.waiting_max = self.waiting_max.max(self.sent.len() - self.answered);
            Ok(())
        }

        fn flush(&mut self) -> Result<(), Error> {
            Ok(())
        }

        fn receive(&mut self) -> Result<Value, Error> {
            let command = self.sent.get(self.answered).ok_or(Error::TimedOut)?;
            self.answered += 1;
            Ok(if command == "BAD" { Value::Error(b"ERR".to_vec()) } else { Value::Simple(b"OK".to_vec()) })
        }

        fn set_patience(&mut self, _: Option<Duration>) -> Result<(), Error> {
            Ok(())
        }

        fn is_open(&mut self) -> bool {
            true
        }
    }

    fn piped(mut input: &[u8]) -> (Echo, u64, u64, Result<(), Failure>) {
        let mut echo = Echo::default();
        let mut pipe = Pipe::new(&mut echo);
        let outcome = pipe.send_all(&mut input).and_then(|()| pipe.receive_until(0));
        let (errors, replies) = (pipe.errors, pipe.replies);
        (echo, errors, replies, outcome)
    }

    #[test]
    fn both_forms_of_commands_are_sent_and_errors_counted() {
        let (echo, errors, replies, outcome) = piped(b"SET a 'x y'\r\n*1\r\n$3\r\nBAD\r\n\r\nGET a");
        assert!(outcome.is_ok());
        assert_eq!(echo.sent, ["SET a x y", "BAD", "GET a"]);
        assert_eq!((errors, replies), (1, 3));
    }

    #[test]
    fn what_was_cut_off_is_not_sent() {
        for (input, place) in [
            ("PING\r\n*2\r\n$3\r\nGET\r\n$1", "Byte 6: the input ends"),
            ("*1\r\n$x\r\n", "Byte 0: Protocol error"),
        ] {
            let (echo, _, _, outcome) = piped(input.as_bytes());
            assert!(echo.sent.len() < 2);
            let text = outcome.err().and_then(|failure| failure.text()).expect("refused");
            assert!(text.starts_with(place), "{text}");
        }
    }

    #[test]
    fn only_so_much_is_on_its_way() {
        let input = "PING\n".repeat(100_000);
        let (echo, _, replies, outcome) = piped(input.as_bytes());
        assert!(outcome.is_ok());
        assert_eq!(replies, 100_000);
        assert!(echo.waiting_max <= super::ON_THEIR_WAY_MAX / 20, "{}", echo.waiting_max);
    }
}
