//! Commands out of a read buffer, in place.
//!
//! A server parses many small commands per read, so the common case touches each byte once and allocates nothing: the
//! result is a list of positions in the caller's buffer. A command that has not arrived entirely keeps what is known
//! about it, so that a million arguments or a bulk string of 512 MiB trickling in are not read again from the start.
//! Sizes promised by headers only ever become numbers to compare with; memory grows with bytes that have arrived.
//!
//! Like Redis, the parser looks at the place where a line end must be but not at its bytes: the length alone says
//! where an argument ends.

use std::fmt;

use crate::split_arguments;

/// Where an argument lies in the read buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Position of the first byte.
    pub start: u32,
    /// Number of bytes.
    pub len: u32,
}

impl Span {
    /// The argument's bytes. Panics when `buf` is not the buffer that was parsed.
    #[inline]
    pub fn of<'b>(&self, buf: &'b [u8]) -> &'b [u8] {
        &buf[self.start as usize..][..self.len as usize]
    }
}

/// What one call to [`RequestParser::next`] found.
#[derive(Debug, PartialEq, Eq)]
pub enum Parsed {
    /// A command, whose arguments are `spans[first..first + argc]`; `argc` is at least 1.
    Command {
        /// Index of the first argument in the caller's list.
        first: usize,
        /// Number of arguments.
        argc: usize,
    },
    /// A command typed as a line. Its arguments are owned because quotes may have rewritten them; there is at least
    /// one.
    Inline(Vec<Vec<u8>>),
    /// The line is part of an HTTP request (`POST` or a `Host:` header): somebody makes a browser talk to this port.
    /// Answer nothing and close. `at` stays before the line.
    Http,
    /// No whole command is left in the buffer.
    Incomplete {
        /// At least so many more bytes are needed, and at least 1: a hint for the size of the next read.
        need: usize,
    },
}

/// How large requests may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Arguments of a command, its name included.
    pub args_max: usize,
    /// Bytes of one argument.
    pub bulk_len_max: usize,
    /// Bytes of a line, either an inline command or a header.
    pub line_len_max: usize,
    /// Bytes of a whole command with its headers. At most 4 GiB, because spans are 32 bits wide.
    pub command_len_max: usize,
    /// Whether these are the limits of somebody who has yet to log in, and errors should say so.
    pub unauthenticated: bool,
}

impl Limits {
    /// What a client that may run commands is allowed: Redis' figures.
    pub const STANDARD: Self = Self {
        args_max: 1024 * 1024,
        bulk_len_max: 512 * 1024 * 1024,
        line_len_max: 64 * 1024,
        command_len_max: 1024 * 1024 * 1024,
        unauthenticated: false,
    };

    /// What a client is allowed before it has logged in: Redis' figures, room for `HELLO 3 AUTH user password SETNAME
    /// name` with a long token as the password. Unlike in Redis, they bound the whole command too, not only each
    /// argument.
    pub const UNAUTHENTICATED: Self = Self {
        args_max: 10,
        bulk_len_max: 16 * 1024,
        line_len_max: 16 * 1024,
        command_len_max: 32 * 1024,
        unauthenticated: true,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// A request that cannot be understood. The stream has lost its rhythm: send the error, then close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtocolError {
    /// The number of arguments is no number, or too large.
    InvalidMultibulkLength,
    /// The length of an argument is no number, negative, or too large.
    InvalidBulkLength,
    /// An argument began with this byte instead of `$`.
    ExpectedBulk(u8),
    /// A typed line has quotes that do not balance.
    UnbalancedQuotes,
    /// A typed line is longer than allowed.
    InlineTooBig,
    /// The line with the number of arguments is longer than allowed.
    MultibulkCountTooBig,
    /// The line with the length of an argument is longer than allowed.
    BulkCountTooBig,
    /// More arguments than a client may send before it has logged in.
    UnauthenticatedMultibulkLength,
    /// A longer argument than a client may send before it has logged in.
    UnauthenticatedBulkLength,
    /// The whole command, or the buffer, is longer than allowed.
    CommandTooBig,
}

impl fmt::Display for ProtocolError {
    /// Redis' text, to be sent after `ERR `.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Protocol error: ")?;
        f.write_str(match self {
            Self::InvalidMultibulkLength => "invalid multibulk length",
            Self::InvalidBulkLength => "invalid bulk length",
            // A byte beyond ASCII would be no text; the error is for people, so any sign for it will do.
            Self::ExpectedBulk(byte) if byte.is_ascii() => {
                return write!(f, "expected '$', got '{}'", *byte as char);
            }
            Self::ExpectedBulk(_) => "expected '$', got '?'",
            Self::UnbalancedQuotes => "unbalanced quotes in request",
            Self::InlineTooBig => "too big inline request",
            Self::MultibulkCountTooBig => "too big mbulk count string",
            Self::BulkCountTooBig => "too big bulk count string",
            Self::UnauthenticatedMultibulkLength => "unauthenticated multibulk length",
            Self::UnauthenticatedBulkLength => "unauthenticated bulk length",
            Self::CommandTooBig => "too big request",
        })
    }
}

impl std::error::Error for ProtocolError {}

/// Finds the commands in a connection's read buffer, one per call.
///
/// # The caller's side
/// - Keep one buffer, one position `at`, one list of spans and one parser per connection. Append what arrives to the
///   buffer.
/// - Call [`next`](Self::next) until it answers [`Parsed::Incomplete`]. Spans of finished commands are positions in
///   the whole buffer.
/// - Bytes before `at` are done with. To reuse their room once the finished commands are executed, remove them,
///   subtract their number from `at`, and call [`retire`](Self::retire): spans of an unfinished command are kept
///   relative to its start, so they stay right.
/// - Limits apply to headers as they are read. Before a login, execute each command before parsing the next, then
///   raise the limits by [`set_limits`](Self::set_limits).
/// - After an error, close; the parser cannot continue.
#[derive(Debug)]
pub struct RequestParser {
    limits: Limits,
    /// Whether the limits allow every [short command](short_command).
    takes_short: bool,
    /// Arguments of the unfinished command still to come; 0 between commands.
    args_left: usize,
    /// Arguments of the unfinished command already in the caller's list.
    args_done: usize,
    /// Next byte to look at, from the start of the command.
    position: usize,
    /// Length of the argument at `position`, when its header has been read but its bytes have not arrived.
    bulk_len: Option<usize>,
    /// How much of the unfinished line at `position` is known to hold no line end.
    scanned: usize,
    /// Bytes of arguments of the unfinished command that were passed over.
    passed: usize,
}

/// An argument that has not arrived entirely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Awaited {
    /// Its number in the command, the name being 0.
    pub argument: usize,
    /// Where its bytes begin, from the beginning of the command in the buffer.
    pub start: usize,
    /// Its length, without the line end behind it.
    pub len: usize,
}

impl Default for RequestParser {
    fn default() -> Self {
        Self::new(Limits::STANDARD)
    }
}

impl RequestParser {
    /// A parser between commands.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            takes_short: takes_short(&limits),
            args_left: 0,
            args_done: 0,
            position: 0,
            bulk_len: None,
            scanned: 0,
            passed: 0,
        }
    }

    /// Changes the limits, from the next header on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.takes_short = takes_short(&limits);
    }

    /// The argument whose bytes have not all arrived yet, if it is so long at least: for a caller that would rather
    /// have it in a buffer of its own. It then takes the argument's bytes out of the buffer that is parsed, collects
    /// the rest of them and the line end behind them, and says so by [`pass_over`](Self::pass_over).
    #[inline]
    pub fn awaited(&self, least: usize) -> Option<Awaited> {
        let len = self.bulk_len.filter(|len| *len >= least)?;
        // All of them together may not be longer than a command.
        let fits = self.passed + self.position + len <= self.limits.command_len_max;
        fits.then_some(Awaited { argument: self.args_done, start: self.position, len })
    }

    /// The awaited argument has arrived, elsewhere; the buffer goes on with what comes behind it. Its span is empty.
    /// Gives the command if that was its last argument.
    pub fn pass_over(&mut self, at: &mut usize, spans: &mut Vec<Span>) -> Option<Parsed> {
        self.passed += self.bulk_len.take()?;
        spans.push(Span { start: self.position as u32, len: 0 });
        self.args_done += 1;
        self.args_left -= 1;
        if self.args_left > 0 {
            return None;
        }
        let argc = std::mem::take(&mut self.args_done);
        let first = spans.len() - argc;
        for span in &mut spans[first..] {
            span.start += *at as u32;
        }
        *at += self.position;
        self.passed = 0;
        Some(Parsed::Command { first, argc })
    }

    /// Whether a command has begun. A stream that ends now, or with bytes left in the buffer, was cut off.
    pub fn is_unfinished(&self) -> bool {
        self.args_left > 0
    }

    /// Forgets the spans of finished commands and keeps those of an unfinished one, which are always the last of the
    /// list.
    pub fn retire(&self, spans: &mut Vec<Span>) {
        let finished = spans.len().saturating_sub(self.args_done);
        spans.drain(..finished);
    }

    /// Looks for a command at `buf[*at..]`, appends the positions of its arguments to `spans` and moves `at` behind it.
    ///
    /// Empty lines and commands without arguments (`*0`, `*-1`) are passed over. A command that has not arrived
    /// entirely leaves `at` at its start. O(new bytes), and O(arguments) for a command that came in several reads.
    #[inline]
    pub fn next(
        &mut self,
        buf: &[u8],
        at: &mut usize,
        spans: &mut Vec<Span>,
    ) -> Result<Parsed, ProtocolError> {
        if u32::try_from(buf.len()).is_err() {
            return Err(ProtocolError::CommandTooBig);
        }
        while self.args_left == 0 {
            let rest = buf.get(*at..).unwrap_or_default();
            let passed = match rest.first() {
                None => return Ok(Parsed::Incomplete { need: 1 }),
                Some(b'*') => match self.array_header(rest)? {
                    None => return Ok(Parsed::Incomplete { need: 1 }),
                    Some(Header { length, end }) if length > 0 => {
                        self.args_left = length as usize;
                        self.passed = 0;
                        self.position = end;
                        break;
                    }
                    Some(Header { end, .. }) => end,
                },
                Some(_) => match self.line(rest)? {
                    Line::Unfinished => return Ok(Parsed::Incomplete { need: 1 }),
                    Line::Empty { end } => end,
                    Line::Http => return Ok(Parsed::Http),
                    Line::Args { args, end } => {
                        *at += end;
                        return Ok(Parsed::Inline(args));
                    }
                },
            };
            *at += passed;
        }
        self.arguments(buf, at, spans)
    }

    /// Finds short commands as [`next`](Self::next) does, which nearly all are, but only those that have arrived
    /// entirely, and `most` of them: `found` is told of each where its arguments begin and how many they are. Stops
    /// before the first command that is long, cut off, typed or wrong; `next` says which.
    pub fn next_short(
        &mut self,
        buf: &[u8],
        at: &mut usize,
        spans: &mut Vec<Span>,
        most: usize,
        mut found: impl FnMut(usize, usize),
    ) {
        if self.args_left != 0 || !self.takes_short || u32::try_from(buf.len()).is_err() {
            return;
        }
        for _ in 0..most {
            let first = spans.len();
            let Some(end) = short_command(buf, *at, spans) else {
                spans.truncate(first);
                return;
            };
            *at = end;
            self.scanned = 0;
            found(first, spans.len() - first);
        }
    }

    #[inline]
    fn array_header(&mut self, rest: &[u8]) -> Result<Option<Header>, ProtocolError> {
        let Some(header) = self.header(rest, 1, MULTIBULK)? else {
            return Ok(None);
        };
        if header.length <= self.limits.args_max as i64 {
            Ok(Some(header))
        } else if self.limits.unauthenticated && header.length <= Limits::STANDARD.args_max as i64 {
            Err(ProtocolError::UnauthenticatedMultibulkLength)
        } else {
            Err(ProtocolError::InvalidMultibulkLength)
        }
    }

    #[inline]
    fn arguments(
        &mut self,
        buf: &[u8],
        at: &mut usize,
        spans: &mut Vec<Span>,
    ) -> Result<Parsed, ProtocolError> {
        let rest = buf.get(*at..).unwrap_or_default();
        let start = *at as u32;
        // Those of earlier reads are relative to the command's start; the others become so only if it stays unfinished.
        let earlier = self.args_done;
        let first = spans.len().saturating_sub(earlier);
        while self.args_left > 0 {
            let known = match self.bulk_len.take() {
                None => self.bulk_header(rest)?,
                known => known,
            };
            let Some(len) = known else {
                self.put_off(spans, first + earlier, start);
                return Ok(Parsed::Incomplete { need: 1 });
            };
            // Cannot overflow: both were compared with `command_len_max` when the header was read.
            let end = self.position.wrapping_add(len).wrapping_add(2);
            if end > rest.len() {
                self.bulk_len = Some(len);
                self.put_off(spans, first + earlier, start);
                return Ok(Parsed::Incomplete { need: end - rest.len() });
            }
            spans.push(Span { start: start.wrapping_add(self.position as u32), len: len as u32 });
            self.position = end;
            self.args_left -= 1;
        }
        self.args_done = 0;
        let argc = spans.len() - first;
        for span in &mut spans[first..first + earlier] {
            span.start = span.start.wrapping_add(start);
        }
        *at += self.position;
        Ok(Parsed::Command { first, argc })
    }

    /// Keeps what is known of a command for when more of it has arrived: the spans from `new` on, which are positions
    /// in the buffer, become relative to its start.
    #[cold]
    fn put_off(&mut self, spans: &mut [Span], new: usize, start: u32) {
        self.args_done += spans.len() - new;
        for span in &mut spans[new..] {
            span.start = span.start.wrapping_sub(start);
        }
    }

    /// Reads the header at `position` and moves behind it.
    #[inline]
    fn bulk_header(&mut self, rest: &[u8]) -> Result<Option<usize>, ProtocolError> {
        match rest.get(self.position) {
            None => return Ok(None),
            Some(b'$') => {}
            Some(&other) => return Err(ProtocolError::ExpectedBulk(other)),
        }
        let Some(Header { length, end }) = self.header(rest, self.position + 1, BULK)? else {
            return Ok(None);
        };
        if length < 0 || length > self.limits.bulk_len_max as i64 {
            let understandable = (0..=Limits::STANDARD.bulk_len_max as i64).contains(&length);
            return Err(if self.limits.unauthenticated && understandable {
                ProtocolError::UnauthenticatedBulkLength
            } else {
                ProtocolError::InvalidBulkLength
            });
        }
        if self.passed + end + length as usize + 2 > self.limits.command_len_max {
            return Err(ProtocolError::CommandTooBig);
        }
        self.position = end;
        Ok(Some(length as usize))
    }

    /// The number in a line that starts at `from`; `None` when the line has no end yet.
    #[inline]
    fn header(
        &mut self,
        rest: &[u8],
        from: usize,
        errors: HeaderErrors,
    ) -> Result<Option<Header>, ProtocolError> {
        match plain_number(rest, from) {
            Some(header) => {
                self.scanned = 0;
                Ok(Some(header))
            }
            None => self.unusual_header(rest, from, errors),
        }
    }

    /// Headers that are cut off, negative, very large or wrong.
    #[cold]
    fn unusual_header(
        &mut self,
        rest: &[u8],
        from: usize,
        errors: HeaderErrors,
    ) -> Result<Option<Header>, ProtocolError> {
        let line = rest.get(from..).unwrap_or_default();
        let Some(len) = self.line_end(b'\r', line, errors.too_long)? else { return Ok(None) };
        if len + 1 == line.len() {
            // The byte after CR is still to come. Look at CR again then.
            self.scanned = len;
            return Ok(None);
        }
        self.scanned = 0;
        let length = strict_integer(&line[..len]).ok_or(errors.invalid)?;
        Ok(Some(Header { length, end: from + len + 2 }))
    }

    /// Position of `end` in `line`, without looking again at what earlier calls have seen.
    fn line_end(
        &mut self,
        end: u8,
        line: &[u8],
        too_long: ProtocolError,
    ) -> Result<Option<usize>, ProtocolError> {
        let window = &line[..line.len().min(self.limits.line_len_max)];
        let seen = self.scanned.min(window.len());
        match memchr::memchr(end, &window[seen..]) {
            Some(found) => Ok(Some(seen + found)),
            None if line.len() > self.limits.line_len_max => Err(too_long),
            None => {
                self.scanned = window.len();
                Ok(None)
            }
        }
    }

    fn line(&mut self, rest: &[u8]) -> Result<Line, ProtocolError> {
        let Some(len) = self.line_end(b'\n', rest, ProtocolError::InlineTooBig)? else {
            return Ok(Line::Unfinished);
        };
        self.scanned = 0;
        let args = split_arguments(&rest[..len]).ok_or(ProtocolError::UnbalancedQuotes)?;
        Ok(match args.first() {
            None => Line::Empty { end: len + 1 },
            Some(name) if name.eq_ignore_ascii_case(b"POST") || name.eq_ignore_ascii_case(b"Host:") => {
                Line::Http
            }
            Some(_) if self.limits.unauthenticated && args.len() > self.limits.args_max => {
                return Err(ProtocolError::UnauthenticatedMultibulkLength);
            }
            Some(_) => Line::Args { args, end: len + 1 },
        })
    }
}

/// A number and where the line behind it ends.
struct Header {
    length: i64,
    end: usize,
}

/// What to answer when a header is wrong.
#[derive(Clone, Copy)]
struct HeaderErrors {
    too_long: ProtocolError,
    invalid: ProtocolError,
}

const MULTIBULK: HeaderErrors = HeaderErrors {
    too_long: ProtocolError::MultibulkCountTooBig,
    invalid: ProtocolError::InvalidMultibulkLength,
};
const BULK: HeaderErrors =
    HeaderErrors { too_long: ProtocolError::BulkCountTooBig, invalid: ProtocolError::InvalidBulkLength };

/// A typed line.
enum Line {
    Unfinished,
    Empty { end: usize },
    Http,
    Args { args: Vec<Vec<u8>>, end: usize },
}

/// A short command has no more words than this, its name included.
const SHORT_ARGS_MAX: usize = 99;
/// Nor is a word of it longer.
const SHORT_LEN_MAX: usize = 999;
/// So much it takes at most, with its headers.
const SHORT_COMMAND_LEN_MAX: usize = 5 + SHORT_ARGS_MAX * (6 + SHORT_LEN_MAX + 2);

fn takes_short(limits: &Limits) -> bool {
    limits.args_max >= SHORT_ARGS_MAX
        && limits.bulk_len_max >= SHORT_LEN_MAX
        && limits.command_len_max >= SHORT_COMMAND_LEN_MAX
}

/// Nearly every command: few words, short ones, all of them there. Adds their spans and gives the command's end. `None`
/// for everything else, where spans may have been added; what such a command is, others find out from its start.
#[inline(never)]
fn short_command(buf: &[u8], at: usize, spans: &mut Vec<Span>) -> Option<usize> {
    let [b'*', first, second, third] = *buf.get(at..)?.first_chunk::<4>()? else { return None };
    let (first, ones) = (first.wrapping_sub(b'0'), second.wrapping_sub(b'0'));
    if !(1..=9).contains(&first) {
        return None;
    }
    let (count, mut at) = if second == b'\r' {
        (first, at + 4)
    } else if third == b'\r' && ones <= 9 {
        (first * 10 + ones, at + 5)
    } else {
        return None;
    };
    for _ in 0..count {
        // A word of one byte and its header take seven, an empty one six.
        let header = buf.get(at..)?.first_chunk::<6>()?;
        if header[0] != b'$' {
            return None;
        }
        let digit = |place: usize| header[place].wrapping_sub(b'0');
        let first = digit(1);
        let (len, start) = if header[2] == b'\r' && first <= 9 {
            (u32::from(first), at + 4)
        } else if header[3] == b'\r' && (1..=9).contains(&first) && digit(2) <= 9 {
            (u32::from(first) * 10 + u32::from(digit(2)), at + 5)
        } else if header[4] == b'\r' && (1..=9).contains(&first) && digit(2) <= 9 && digit(3) <= 9 {
            (u32::from(first) * 100 + u32::from(digit(2)) * 10 + u32::from(digit(3)), at + 6)
        } else {
            return None;
        };
        at = start + len as usize + 2;
        if at > buf.len() {
            return None;
        }
        spans.push(Span { start: start as u32, len });
    }
    Some(at)
}

/// The common header: up to nine digits without a leading zero, then a line end that has arrived. Anything else is
/// for the slow path.
#[inline]
fn plain_number(rest: &[u8], from: usize) -> Option<Header> {
    // Nearly all headers have one digit or two: their bytes are looked at together.
    if let Some([tens, ones, end, _]) = rest.get(from..).and_then(|rest| rest.first_chunk::<4>()) {
        let (tens, ones_or_end) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
        if *ones == b'\r' && tens <= 9 {
            return Some(Header { length: i64::from(tens), end: from + 3 });
        }
        if *end == b'\r' && ones_or_end <= 9 && (1..=9).contains(&tens) {
            return Some(Header { length: i64::from(tens * 10 + ones_or_end), end: from + 4 });
        }
    }
    let first = rest.get(from)?.wrapping_sub(b'0');
    if first > 9 {
        return None;
    }
    let mut length = u32::from(first);
    let mut at = from + 1;
    loop {
        let byte = *rest.get(at)?;
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            let whole = byte == b'\r' && at + 1 < rest.len();
            return whole.then_some(Header { length: i64::from(length), end: at + 2 });
        }
        if length == 0 || length > 99_999_999 {
            return None;
        }
        length = length * 10 + u32::from(digit);
        at += 1;
    }
}

/// An integer as Redis writes it: no plus sign, no leading zero, no blank.
fn strict_integer(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let canonical = matches!(digits, [b'1'..=b'9', ..]) || text == b"0";
    if !canonical {
        return None;
    }
    // `parse` checks the digits and the range; what it would also accept, a plus sign, is excluded above.
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Limits, Parsed, ProtocolError, RequestParser, Span};

    /// Everything in `wire` as text, one line per outcome, the same whether short commands are looked for first or not.
    fn outcome(limits: Limits, wire: &[u8]) -> String {
        let (text, with_short) = (outcome_by(limits, wire, 0), outcome_by(limits, wire, usize::MAX));
        assert_eq!(text, with_short);
        text
    }

    fn outcome_by(limits: Limits, wire: &[u8], most_short: usize) -> String {
        let (mut parser, mut at, mut spans) = (RequestParser::new(limits), 0, Vec::new());
        let mut lines = Vec::new();
        parser
            .next_short(wire, &mut at, &mut spans, most_short, |first, argc| lines.push(first..first + argc));
        let mut text: Vec<String> = lines.into_iter().map(|line| show(&spans[line], wire)).collect();
        loop {
            match parser.next(wire, &mut at, &mut spans) {
                Ok(Parsed::Command { first, argc }) => text.push(show(&spans[first..first + argc], wire)),
                Ok(Parsed::Inline(args)) => text.push(format!("inline {}", args.join(&b' ').escape_ascii())),
                Ok(Parsed::Http) => return "http".to_owned(),
                Ok(Parsed::Incomplete { need }) => {
                    text.push(format!("need {need}"));
                    return text.join("; ");
                }
                Err(error) => {
                    text.push(error.to_string().replace("Protocol error: ", ""));
                    return text.join("; ");
                }
            }
        }
    }

    fn show(spans: &[Span], wire: &[u8]) -> String {
        let args: Vec<_> = spans.iter().map(|span| span.of(wire).escape_ascii().to_string()).collect();
        args.join(" ")
    }

    #[test]
    fn requests_and_what_is_found_in_them() {
        let table: &[(&[u8], &str)] = &[
            (b"", "need 1"),
            (b"*1\r\n$4\r\nPING\r\n", "PING; need 1"),
            (b"*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", "PING; GET k; need 1"),
            (b"*2\r\n$3\r\nGET\r\n$0\r\n\r\n", "GET ; need 1"),
            (b"*0\r\n*-1\r\n\r\n\n  \r\nPING\r\n", "inline PING; need 1"),
            (b"*1\r\n$4\r\nPI", "need 4"),
            (b"*1\r\n$4", "need 1"),
            (b"*1\r", "need 1"),
            (b"SET k \"a b\"\nGET k\r\n", "inline SET k a b; inline GET k; need 1"),
            (b"POST / HTTP/1.1\r\n", "http"),
            (b"host: localhost\r\n", "http"),
            (b"*a\r\n", "invalid multibulk length"),
            (b"*\r\n", "invalid multibulk length"),
            (b"*01\r\n", "invalid multibulk length"),
            (b"*+1\r\n", "invalid multibulk length"),
            (b"*1048577\r\n", "invalid multibulk length"),
            (b"*1048576\r\n", "need 1"),
            (b"*99999999999999999999\r\n", "invalid multibulk length"),
            (b"*1\r\n:1\r\n", "expected '$', got ':'"),
            (b"*1\r\n$-1\r\n", "invalid bulk length"),
            (b"*1\r\n$536870913\r\n", "invalid bulk length"),
            (b"*1\r\n$536870912\r\n", "need 536870914"),
            (b"*1\r\n$ 1\r\n", "invalid bulk length"),
            (b"GET \"open\r\n", "unbalanced quotes in request"),
        ];
        for (wire, expected) in table {
            assert_eq!(outcome(Limits::STANDARD, wire), *expected, "{}", wire.escape_ascii());
        }
    }

    #[test]
    fn who_has_not_logged_in_may_send_little() {
        let table: &[(&[u8], &str)] = &[
            (b"*10\r\n", "need 1"),
            (b"*11\r\n", "unauthenticated multibulk length"),
            (b"*1048577\r\n", "invalid multibulk length"),
            (b"*1\r\n$16384\r\n", "need 16386"),
            (b"*1\r\n$16385\r\n", "unauthenticated bulk length"),
            (b"*1\r\n$536870913\r\n", "invalid bulk length"),
            (b"1 2 3 4 5 6 7 8 9 10\n", "inline 1 2 3 4 5 6 7 8 9 10; need 1"),
            (b"1 2 3 4 5 6 7 8 9 10 11\n", "unauthenticated multibulk length"),
        ];
        for (wire, expected) in table {
            assert_eq!(outcome(Limits::UNAUTHENTICATED, wire), *expected, "{}", wire.escape_ascii());
        }
        let mut large = b"*10\r\n".to_vec();
        for _ in 0..3 {
            large.extend_from_slice(b"$10000\r\n");
            large.resize(large.len() + 10_000, b'x');
            large.extend_from_slice(b"\r\n");
        }
        large.extend_from_slice(b"$3000\r\n");
        assert_eq!(outcome(Limits::UNAUTHENTICATED, &large), "too big request");
    }

    #[test]
    fn lines_have_a_longest_length() {
        let max = Limits::STANDARD.line_len_max;
        for (start, error) in [
            ("", "too big inline request"),
            ("*", "too big mbulk count string"),
            ("*1\r\n$", "too big bulk count string"),
        ] {
            let mut wire = start.as_bytes().to_vec();
            wire.resize(wire.len() + max, b'1');
            assert_eq!(outcome(Limits::STANDARD, &wire), "need 1");
            wire.push(b'1');
            assert_eq!(outcome(Limits::STANDARD, &wire), error);
            // The same when the end of the line has arrived meanwhile.
            wire.extend_from_slice(b"\r\n");
            assert_eq!(outcome(Limits::STANDARD, &wire), error);
        }
    }

    #[test]
    fn finished_commands_can_be_removed_under_an_unfinished_one() {
        let mut wire = b"*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$3\r\nk".to_vec();
        let (mut parser, mut at, mut spans) = (RequestParser::default(), 0, Vec::new());
        assert_eq!(parser.next(&wire, &mut at, &mut spans), Ok(Parsed::Command { first: 0, argc: 1 }));
        assert_eq!(parser.next(&wire, &mut at, &mut spans), Ok(Parsed::Incomplete { need: 4 }));
        assert!(parser.is_unfinished());
        wire.drain(..at);
        at = 0;
        parser.retire(&mut spans);
        wire.extend_from_slice(b"ey\r\n");
        assert_eq!(parser.next(&wire, &mut at, &mut spans), Ok(Parsed::Command { first: 0, argc: 2 }));
        assert_eq!(show(&spans, &wire), "GET key");
        assert!(!parser.is_unfinished());
        assert_eq!(at, wire.len());
    }

    #[test]
    fn texts_are_those_of_redis() {
        assert_eq!(ProtocolError::ExpectedBulk(b'x').to_string(), "Protocol error: expected '$', got 'x'");
        assert_eq!(ProtocolError::ExpectedBulk(0xff).to_string(), "Protocol error: expected '$', got '?'");
    }
}
