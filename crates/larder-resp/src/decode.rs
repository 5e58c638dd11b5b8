//! Replies into values: the client's side.
//!
//! The decoder takes each token as soon as it is whole and keeps the unfinished tree, so an array of a million
//! members that arrives in small pieces costs as much as one that arrives at once, and its bytes need not be kept.
//! Open aggregates stand on an explicit stack of limited depth: a hostile server can neither exhaust the call stack
//! nor make room be reserved for members it only announces.
//!
//! RESP3's streamed strings and aggregates (`$?`, `*?`) are refused: no server sends them.

use std::fmt;

use crate::{Value, value};

/// How large replies may be. All limits guard the client against the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecoderLimits {
    /// Aggregates within aggregates; values are taken between 1 and 128, so that dropping the tree cannot exhaust the
    /// stack either.
    pub depth_max: usize,
    /// Bytes of one bulk string, verbatim string or bulk error.
    pub bulk_len_max: usize,
    /// Bytes of a line: simple strings, errors, numbers. `MONITOR` prints whole commands in one.
    pub line_len_max: usize,
    /// Values in one reply, counted through all its levels.
    pub values_max: usize,
    /// Whether attributes become [`Value::Attributed`] or are skipped.
    pub keep_attributes: bool,
}

impl DecoderLimits {
    const DEPTH_MOST: usize = 128;
}

impl Default for DecoderLimits {
    fn default() -> Self {
        Self {
            depth_max: 64,
            bulk_len_max: 512 * 1024 * 1024,
            line_len_max: 64 * 1024 * 1024,
            values_max: 1 << 28,
            keep_attributes: false,
        }
    }
}

/// A reply that cannot be understood, or is larger than allowed. The stream has lost its rhythm: close it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// No type starts with this byte.
    UnknownType(u8),
    /// A length or number is malformed.
    InvalidNumber,
    /// A boolean, null or verbatim string is malformed, or a line does not end in CR LF.
    InvalidFrame,
    /// More than [`DecoderLimits::depth_max`].
    TooDeep,
    /// More than [`DecoderLimits::bulk_len_max`].
    BulkTooBig,
    /// More than [`DecoderLimits::line_len_max`].
    LineTooBig,
    /// More than [`DecoderLimits::values_max`].
    TooManyValues,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownType(byte) => {
                return write!(f, "reply starts with unknown type '{}'", byte.escape_ascii());
            }
            Self::InvalidNumber => "reply holds a malformed number",
            Self::InvalidFrame => "reply is malformed",
            Self::TooDeep => "reply is nested too deeply",
            Self::BulkTooBig => "reply holds a string that is too long",
            Self::LineTooBig => "reply holds a line that is too long",
            Self::TooManyValues => "reply holds too many values",
        })
    }
}

impl std::error::Error for DecodeError {}

/// Reads replies out of the bytes as they arrive.
#[derive(Debug, Default)]
pub struct Decoder {
    limits: DecoderLimits,
    open: Vec<Frame>,
    /// Values of the unfinished reply so far.
    values: usize,
    /// How much of the unfinished line is known to hold no line end.
    scanned: usize,
}

/// An aggregate whose members are still arriving.
#[derive(Debug)]
struct Frame {
    kind: Kind,
    members_left: usize,
    members: Vec<Value>,
}

#[derive(Debug)]
enum Kind {
    Array,
    Map,
    Set,
    Push,
    /// Remarks about the value that follows.
    Attribute,
    /// That value; its one member is on its way.
    Attributed(Vec<(Value, Value)>),
}

/// The smallest thing that can be taken from the stream.
enum Token {
    Value(Value),
    Open(Kind, usize),
}

impl Decoder {
    /// A decoder between replies.
    pub fn new(limits: DecoderLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Whether an aggregate is open. A stream that ends now, or with bytes left in the buffer, was cut off.
    pub fn is_unfinished(&self) -> bool {
        !self.open.is_empty()
    }

    /// Reads the reply at `buf[*at..]`; `None` until it has arrived entirely.
    ///
    /// `at` moves behind everything that was taken, of unfinished replies too: those bytes may be dropped. O(new
    /// bytes).
    pub fn next(&mut self, buf: &[u8], at: &mut usize) -> Result<Option<Value>, DecodeError> {
        loop {
            let Some((token, len)) = self.token(buf.get(*at..).unwrap_or_default())? else { return Ok(None) };
            self.scanned = 0;
            *at += len;
            self.values += 1;
            if self.values > self.limits.values_max {
                return Err(DecodeError::TooManyValues);
            }
            let whole = match token {
                Token::Value(value) => self.attach(value),
                Token::Open(kind, members) => self.open(kind, members)?,
            };
            if whole.is_some() {
                self.values = 0;
                return Ok(whole);
            }
        }
    }

    fn open(&mut self, kind: Kind, members_left: usize) -> Result<Option<Value>, DecodeError> {
        if self.open.len() >= self.limits.depth_max.clamp(1, DecoderLimits::DEPTH_MOST) {
            return Err(DecodeError::TooDeep);
        }
        self.open.push(Frame { kind, members_left, members: Vec::new() });
        Ok(self.close_filled())
    }

    /// Gives `value` to the innermost open aggregate, or answers it when there is none.
    fn attach(&mut self, value: Value) -> Option<Value> {
        match self.open.last_mut() {
            None => Some(value),
            Some(frame) => {
                frame.members.push(value);
                frame.members_left -= 1;
                self.close_filled()
            }
        }
    }

    /// Closes the innermost aggregate while it has all its members; answers the outermost.
    fn close_filled(&mut self) -> Option<Value> {
        while let Some(Frame { kind, mut members, .. }) = self.open.pop_if(|frame| frame.members_left == 0) {
            let closed = match kind {
                Kind::Array => Value::Array(members),
                Kind::Map => Value::Map(value::pair_up(members)),
                Kind::Set => Value::Set(members),
                Kind::Push => Value::Push(members),
                Kind::Attribute => {
                    if self.limits.keep_attributes {
                        let kind = Kind::Attributed(value::pair_up(members));
                        self.open.push(Frame { kind, members_left: 1, members: Vec::new() });
                    }
                    return None;
                }
                Kind::Attributed(pairs) => Value::Attributed(pairs, Box::new(members.pop()?)),
            };
            match self.open.last_mut() {
                None => return Some(closed),
                Some(parent) => {
                    parent.members.push(closed);
                    parent.members_left -= 1;
                }
            }
        }
        None
    }

    /// The token at the start of `rest` and its length, `None` until it has arrived entirely.
    fn token(&mut self, rest: &[u8]) -> Result<Option<(Token, usize)>, DecodeError> {
        let Some(&kind) = rest.first() else { return Ok(None) };
        if !b"+-:$_,#(!=*%~>|".contains(&kind) {
            return Err(DecodeError::UnknownType(kind));
        }
        let Some(line) = self.line(&rest[1..])? else { return Ok(None) };
        let end = line.len() + 3;
        let value = match kind {
            b'+' => Value::Simple(line.to_vec()),
            b'-' => Value::Error(line.to_vec()),
            b':' => Value::Integer(integer(line)?),
            b',' => Value::Double(double(line)?),
            b'(' => Value::BigNumber(big_number(line)?),
            b'#' => Value::Boolean(match line {
                b"t" => true,
                b"f" => false,
                _ => return Err(DecodeError::InvalidFrame),
            }),
            b'_' if line.is_empty() => Value::Null,
            b'_' => return Err(DecodeError::InvalidFrame),
            b'$' | b'*' if line == b"-1" => Value::Null,
            b'$' | b'!' | b'=' => return self.blob(kind, length(line)?, rest, end),
            _ => return self.aggregate(kind, length(line)?).map(|token| Some((token, end))),
        };
        Ok(Some((Token::Value(value), end)))
    }

    /// The line at the start of `rest`, without its end.
    fn line<'b>(&mut self, rest: &'b [u8]) -> Result<Option<&'b [u8]>, DecodeError> {
        let window = &rest[..rest.len().min(self.limits.line_len_max)];
        let seen = self.scanned.min(window.len());
        match memchr::memchr(b'\r', &window[seen..]) {
            None if rest.len() > self.limits.line_len_max => Err(DecodeError::LineTooBig),
            None => {
                self.scanned = window.len();
                Ok(None)
            }
            Some(found) => match rest.get(seen + found + 1) {
                Some(b'\n') => Ok(Some(&rest[..seen + found])),
                Some(_) => Err(DecodeError::InvalidFrame),
                None => {
                    self.scanned = seen + found;
                    Ok(None)
                }
            },
        }
    }

    fn blob(
        &self,
        kind: u8,
        len: usize,
        rest: &[u8],
        from: usize,
    ) -> Result<Option<(Token, usize)>, DecodeError> {
        if len > self.limits.bulk_len_max {
            return Err(DecodeError::BulkTooBig);
        }
        if rest.len() < from + len + 2 {
            return Ok(None);
        }
        let (bytes, end) = rest[from..from + len + 2].split_at(len);
        if end != b"\r\n" {
            return Err(DecodeError::InvalidFrame);
        }
        let value = match kind {
            b'$' => Value::Bulk(bytes.to_vec()),
            b'!' => Value::BulkError(bytes.to_vec()),
            _ => match *bytes {
                [a, b, c, b':', ref text @ ..] => Value::Verbatim([a, b, c], text.to_vec()),
                _ => return Err(DecodeError::InvalidFrame),
            },
        };
        Ok(Some((Token::Value(value), from + len + 2)))
    }

    fn aggregate(&self, kind: u8, len: usize) -> Result<Token, DecodeError> {
        // Also keeps the doubling of pairs far from overflow.
        if len > self.limits.values_max {
            return Err(DecodeError::TooManyValues);
        }
        let pairs = len.checked_mul(2).ok_or(DecodeError::TooManyValues);
        Ok(match kind {
            b'*' => Token::Open(Kind::Array, len),
            b'~' => Token::Open(Kind::Set, len),
            b'>' => Token::Open(Kind::Push, len),
            b'%' => Token::Open(Kind::Map, pairs?),
            _ => Token::Open(Kind::Attribute, pairs?),
        })
    }
}

fn length(text: &[u8]) -> Result<usize, DecodeError> {
    let number = integer(text)?;
    // Half of the address space is more than can be there, and leaves room to add to it.
    usize::try_from(number).ok().filter(|&len| len < usize::MAX / 4).ok_or(DecodeError::InvalidNumber)
}

fn integer(text: &[u8]) -> Result<i64, DecodeError> {
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(DecodeError::InvalidNumber)
}

fn double(text: &[u8]) -> Result<f64, DecodeError> {
    match text {
        b"inf" | b"+inf" => return Ok(f64::INFINITY),
        b"-inf" => return Ok(f64::NEG_INFINITY),
        b"nan" | b"-nan" => return Ok(f64::NAN),
        _ => {}
    }
    // The standard library also reads words such as `infinity`; RESP does not.
    let plain = text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    let text = std::str::from_utf8(text).ok().filter(|_| plain);
    text.and_then(|text| text.parse().ok()).ok_or(DecodeError::InvalidNumber)
}

fn big_number(text: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(DecodeError::InvalidNumber);
    }
    Ok(text.to_vec())
}

#[cfg(test)]
mod tests {
    use super::{DecodeError, Decoder, DecoderLimits};
    use crate::Value;

    fn decode(wire: &[u8]) -> Result<Option<Value>, DecodeError> {
        Decoder::default().next(wire, &mut 0)
    }

    fn bulk(text: &str) -> Value {
        Value::Bulk(text.into())
    }

    #[test]
    fn each_type() {
        let table: Vec<(&[u8], Value)> = vec![
            (b"+OK\r\n", Value::Simple(b"OK".to_vec())),
            (b"-ERR x\r\n", Value::Error(b"ERR x".to_vec())),
            (b"!5\r\nE\r\nxy\r\n", Value::BulkError(b"E\r\nxy".to_vec())),
            (b":-5\r\n", Value::Integer(-5)),
            (b"$0\r\n\r\n", bulk("")),
            (b"$-1\r\n", Value::Null),
            (b"*-1\r\n", Value::Null),
            (b"_\r\n", Value::Null),
            (b",1.5e-3\r\n", Value::Double(0.0015)),
            (b",-inf\r\n", Value::Double(f64::NEG_INFINITY)),
            (b"#t\r\n", Value::Boolean(true)),
            (
                b"(-123456789012345678901234567890\r\n",
                Value::BigNumber(b"-123456789012345678901234567890".to_vec()),
            ),
            (b"=6\r\ntxt:hi\r\n", Value::Verbatim(*b"txt", b"hi".to_vec())),
            (b"*2\r\n*0\r\n:1\r\n", Value::Array(vec![Value::Array(vec![]), Value::Integer(1)])),
            (b"%1\r\n+k\r\n_\r\n", Value::Map(vec![(Value::Simple(b"k".to_vec()), Value::Null)])),
            (b"~1\r\n:1\r\n", Value::Set(vec![Value::Integer(1)])),
            (b">1\r\n:1\r\n", Value::Push(vec![Value::Integer(1)])),
            (b"|1\r\n+a\r\n:1\r\n*1\r\n|0\r\n:2\r\n", Value::Array(vec![Value::Integer(2)])),
        ];
        for (wire, value) in table {
            assert_eq!(decode(wire), Ok(Some(value)), "{}", wire.escape_ascii());
            for cut in 0..wire.len() {
                assert_eq!(decode(&wire[..cut]), Ok(None), "{}", wire[..cut].escape_ascii());
            }
        }
        assert!(matches!(decode(b",nan\r\n"), Ok(Some(Value::Double(number))) if number.is_nan()));
    }

    #[test]
    fn attributes_are_kept_on_request() {
        let limits = DecoderLimits { keep_attributes: true, ..DecoderLimits::default() };
        let reply = Decoder::new(limits).next(b"*1\r\n|1\r\n+a\r\n:1\r\n:2\r\n", &mut 0);
        let attributed = Value::Attributed(
            vec![(Value::Simple(b"a".to_vec()), Value::Integer(1))],
            Box::new(Value::Integer(2)),
        );
        assert_eq!(reply, Ok(Some(Value::Array(vec![attributed]))));
    }

    #[test]
    fn what_is_refused() {
        let table: &[(&[u8], DecodeError)] = &[
            (b"x", DecodeError::UnknownType(b'x')),
            (b":1a\r\n", DecodeError::InvalidNumber),
            (b"$-2\r\n", DecodeError::InvalidNumber),
            (b"~-1\r\n", DecodeError::InvalidNumber),
            (b"$?\r\n", DecodeError::InvalidNumber),
            (b"$9223372036854775807\r\n", DecodeError::InvalidNumber),
            (b"$536870913\r\n", DecodeError::BulkTooBig),
            (b"*1000000000\r\n", DecodeError::TooManyValues),
            (b"%4611686018427387903\r\n", DecodeError::InvalidNumber),
            (b"$1\r\nabc", DecodeError::InvalidFrame),
            (b"+a\rb", DecodeError::InvalidFrame),
            (b"#x\r\n", DecodeError::InvalidFrame),
            (b"_x\r\n", DecodeError::InvalidFrame),
            (b"=3\r\ntxt\r\n", DecodeError::InvalidFrame),
            (b",infinity\r\n", DecodeError::InvalidNumber),
            (b",\r\n", DecodeError::InvalidNumber),
            (b"(\r\n", DecodeError::InvalidNumber),
        ];
        for (wire, error) in table {
            assert_eq!(decode(wire), Err(*error), "{}", wire.escape_ascii());
        }
        let deep = b"*1\r\n".repeat(65);
        assert_eq!(decode(&deep[..deep.len() - 4]), Ok(None));
        assert_eq!(decode(&deep), Err(DecodeError::TooDeep));
    }

    #[test]
    fn limits_count_the_values_of_one_reply() {
        let limits = DecoderLimits { values_max: 3, ..DecoderLimits::default() };
        let (mut decoder, mut at) = (Decoder::new(limits), 0);
        let wire = b"*2\r\n:1\r\n:2\r\n*2\r\n:1\r\n:2\r\n*3\r\n:1\r\n:2\r\n:3\r\n";
        assert!(matches!(decoder.next(wire, &mut at), Ok(Some(_))));
        assert!(matches!(decoder.next(wire, &mut at), Ok(Some(_))));
        assert_eq!(decoder.next(wire, &mut at), Err(DecodeError::TooManyValues));
    }

    /// Bytes of the heap that `value` keeps.
    fn held(value: &Value) -> usize {
        let members = |items: &Vec<Value>| {
            items.capacity() * size_of::<Value>() + items.iter().map(held).sum::<usize>()
        };
        match value {
            Value::Simple(bytes) | Value::Error(bytes) | Value::BulkError(bytes) | Value::Bulk(bytes) => {
                bytes.capacity()
            }
            Value::BigNumber(bytes) | Value::Verbatim(_, bytes) => bytes.capacity(),
            Value::Array(items) | Value::Set(items) | Value::Push(items) => members(items),
            Value::Map(pairs) => {
                let inner: usize = pairs.iter().map(|(key, value)| held(key) + held(value)).sum();
                pairs.capacity() * 2 * size_of::<Value>() + inner
            }
            _ => 0,
        }
    }

    #[test]
    fn room_grows_with_what_has_arrived_and_not_with_what_is_promised() {
        for wire in [b"*100000000\r\n".to_vec(), b"%99999999\r\n".repeat(60), b"$500000000\r\nab".to_vec(), {
            [b"*100000000\r\n".to_vec(), b"_\r\n".repeat(1000), b"~1\r\n+ab\r\n".repeat(1000)].concat()
        }] {
            let mut decoder = Decoder::default();
            assert_eq!(decoder.next(&wire, &mut 0), Ok(None));
            let open: usize = decoder
                .open
                .iter()
                .map(|frame| {
                    frame.members.capacity() * size_of::<Value>()
                        + frame.members.iter().map(held).sum::<usize>()
                })
                .sum();
            let stack = decoder.open.capacity() * size_of::<super::Frame>();
            assert!(
                open + stack <= 24 * wire.len() + 1024,
                "{open} + {stack} bytes for {} on the wire",
                wire.len()
            );
        }
    }

    #[test]
    fn bytes_of_an_unfinished_reply_may_be_dropped() {
        let mut decoder = Decoder::default();
        for member in 0..2 {
            let wire = if member == 0 { b"*2\r\n+a\r\n".as_slice() } else { b"+b\r\n" };
            let mut at = 0;
            let reply = decoder.next(wire, &mut at).expect("well-formed");
            assert_eq!(at, wire.len());
            assert_eq!(reply.is_some(), member == 1);
            assert_eq!(decoder.is_unfinished(), member == 0);
        }
    }
}
