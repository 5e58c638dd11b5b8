//! Replies into bytes.
//!
//! One encoder serves both protocols: a command says what it means (a map, a double), and the encoder writes what the
//! client negotiated. Nothing is buffered in between; the bytes go straight to the connection's buffer. Text that
//! RESP ends by a line end cannot carry one, so there CR and LF become spaces: no key name or error text can forge a
//! second reply.

use crate::{Value, format_double};

/// The protocol a connection has negotiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Proto {
    /// What every client starts with.
    #[default]
    Resp2,
    /// After `HELLO 3`.
    Resp3,
}

/// Writes replies to the end of `out`.
///
/// Aggregates ([`array`](Self::array), [`map`](Self::map), …) write a header only; their members follow by further
/// calls.
#[derive(Debug)]
pub struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    proto: Proto,
}

impl<'a> Encoder<'a> {
    /// An encoder that appends to `out`.
    pub fn new(out: &'a mut Vec<u8>, proto: Proto) -> Self {
        Self { out, proto }
    }

    /// The protocol in use.
    pub fn proto(&self) -> Proto {
        self.proto
    }

    /// The status `OK`, the commonest of all replies.
    #[inline]
    pub fn ok(&mut self) {
        self.out.extend_from_slice(b"+OK\r\n");
    }

    /// A short status. CR and LF become spaces.
    pub fn simple(&mut self, text: impl AsRef<[u8]>) {
        self.line(b'+', text.as_ref());
    }

    /// An error; its first word is the code. CR and LF become spaces.
    pub fn error(&mut self, text: impl AsRef<[u8]>) {
        self.line(b'-', text.as_ref());
    }

    /// An integer.
    #[inline]
    pub fn integer(&mut self, number: i64) {
        self.number(b':', number);
    }

    /// Bytes.
    #[inline]
    pub fn bulk(&mut self, bytes: &[u8]) {
        self.blob(b'$', bytes);
    }

    /// Nothing, where a value was asked for.
    #[inline]
    pub fn null(&mut self) {
        self.out.extend_from_slice(match self.proto {
            Proto::Resp2 => b"$-1\r\n",
            Proto::Resp3 => b"_\r\n",
        });
    }

    /// Nothing, where a list was asked for.
    #[inline]
    pub fn null_array(&mut self) {
        self.out.extend_from_slice(match self.proto {
            Proto::Resp2 => b"*-1\r\n",
            Proto::Resp3 => b"_\r\n",
        });
    }

    /// The header of a list of `len` values.
    #[inline]
    pub fn array(&mut self, len: usize) {
        self.number(b'*', len);
    }

    /// The header of `len` pairs, each a key and a value. A flat list in RESP2.
    #[inline]
    pub fn map(&mut self, len: usize) {
        match self.proto {
            Proto::Resp2 => self.number(b'*', len.saturating_mul(2)),
            Proto::Resp3 => self.number(b'%', len),
        }
    }

    /// The header of a set of `len` members. A list in RESP2.
    #[inline]
    pub fn set(&mut self, len: usize) {
        self.number(self.resp3_else(b'~', b'*'), len);
    }

    /// The header of a message of `len` values outside the sequence of replies. A list in RESP2.
    #[inline]
    pub fn push(&mut self, len: usize) {
        self.number(self.resp3_else(b'>', b'*'), len);
    }

    /// A double in Redis' text. A bulk string in RESP2.
    pub fn double(&mut self, number: f64) {
        match self.proto {
            Proto::Resp3 => {
                self.out.push(b',');
                format_double(number, self.out);
                self.end_line();
            }
            Proto::Resp2 => {
                // The length stands before the text, and the text is at most 25 bytes: leave two digits of room and
                // close the gap.
                let header = self.out.len();
                self.out.extend_from_slice(b"$00\r\n");
                let text = self.out.len();
                format_double(number, self.out);
                let len = self.out.len() - text;
                self.out[header + 1] = b'0' + (len / 10) as u8;
                self.out[header + 2] = b'0' + (len % 10) as u8;
                if len < 10 {
                    self.out.remove(header + 1);
                }
                self.end_line();
            }
        }
    }

    /// A double in a text of its own. A bulk string in RESP2.
    pub fn decimal(&mut self, text: impl AsRef<[u8]>) {
        match self.proto {
            Proto::Resp2 => self.bulk(text.as_ref()),
            Proto::Resp3 => self.line(b',', text.as_ref()),
        }
    }

    /// True or false. 1 or 0 in RESP2.
    pub fn boolean(&mut self, yes: bool) {
        self.out.extend_from_slice(match (self.proto, yes) {
            (Proto::Resp2, true) => b":1\r\n",
            (Proto::Resp2, false) => b":0\r\n",
            (Proto::Resp3, true) => b"#t\r\n",
            (Proto::Resp3, false) => b"#f\r\n",
        });
    }

    /// An integer of any size, as decimal text. A bulk string in RESP2.
    pub fn big_number(&mut self, digits: impl AsRef<[u8]>) {
        match self.proto {
            Proto::Resp2 => self.bulk(digits.as_ref()),
            Proto::Resp3 => self.line(b'(', digits.as_ref()),
        }
    }

    /// Text with a three-letter format such as `txt`. A bulk string in RESP2, without the format.
    pub fn verbatim(&mut self, format: [u8; 3], text: &[u8]) {
        match self.proto {
            Proto::Resp2 => self.bulk(text),
            Proto::Resp3 => {
                self.number(b'=', text.len() + 4);
                self.out.extend_from_slice(&format);
                self.out.push(b':');
                self.out.extend_from_slice(text);
                self.end_line();
            }
        }
    }

    /// The header of `len` pairs of remarks about the value that follows. RESP2 has no place for them: where this
    /// answers `false`, nothing was written and the pairs must be left out as well.
    #[must_use]
    pub fn attribute(&mut self, len: usize) -> bool {
        if self.proto == Proto::Resp3 {
            self.number(b'|', len);
        }
        self.proto == Proto::Resp3
    }

    /// A whole tree. RESP3 types degrade as the other methods say; an error with line ends becomes a plain error in
    /// RESP2.
    pub fn value(&mut self, value: &Value) {
        match value {
            Value::Simple(text) => self.simple(text),
            Value::BulkError(text) if self.proto == Proto::Resp3 => self.blob(b'!', text),
            Value::Error(text) | Value::BulkError(text) => self.error(text),
            Value::Integer(number) => self.integer(*number),
            Value::Bulk(bytes) => self.bulk(bytes),
            Value::Null => self.null(),
            Value::Double(number) => self.double(*number),
            Value::Boolean(yes) => self.boolean(*yes),
            Value::BigNumber(digits) => self.big_number(digits),
            Value::Verbatim(format, text) => self.verbatim(*format, text),
            Value::Array(items) => {
                self.array(items.len());
                self.values(items);
            }
            Value::Set(items) => {
                self.set(items.len());
                self.values(items);
            }
            Value::Push(items) => {
                self.push(items.len());
                self.values(items);
            }
            Value::Map(pairs) => {
                self.map(pairs.len());
                self.pairs(pairs);
            }
            Value::Attributed(pairs, value) => {
                if self.attribute(pairs.len()) {
                    self.pairs(pairs);
                }
                self.value(value);
            }
        }
    }

    fn values(&mut self, items: &[Value]) {
        for item in items {
            self.value(item);
        }
    }

    fn pairs(&mut self, pairs: &[(Value, Value)]) {
        for (key, value) in pairs {
            self.value(key);
            self.value(value);
        }
    }

    fn resp3_else(&self, resp3: u8, resp2: u8) -> u8 {
        if self.proto == Proto::Resp3 { resp3 } else { resp2 }
    }

    fn line(&mut self, kind: u8, text: &[u8]) {
        self.out.reserve(text.len() + 3);
        self.out.push(kind);
        if memchr::memchr2(b'\r', b'\n', text).is_none() {
            self.out.extend_from_slice(text);
        } else {
            self.out.extend(text.iter().map(|&byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }));
        }
        self.end_line();
    }

    #[inline]
    fn number(&mut self, kind: u8, number: impl Number) {
        header(kind, number, self.out);
    }

    #[inline]
    fn blob(&mut self, kind: u8, bytes: &[u8]) {
        blob(kind, bytes, self.out);
    }

    fn end_line(&mut self) {
        self.out.extend_from_slice(b"\r\n");
    }
}

/// Appends a command as clients send it: an array of bulk strings.
pub fn command<A: AsRef<[u8]>>(args: &[A], out: &mut Vec<u8>) {
    header(b'*', args.len(), out);
    for arg in args {
        blob(b'$', arg.as_ref(), out);
    }
}

#[inline]
fn header(kind: u8, number: impl Number, out: &mut Vec<u8>) {
    // Most replies of one number, and most headers, are of one digit or two.
    match number.small() {
        Some(number @ 0..=9) => out.extend_from_slice(&[kind, b'0' + number, b'\r', b'\n']),
        Some(number) => {
            out.extend_from_slice(&[kind, b'0' + number / 10, b'0' + number % 10, b'\r', b'\n']);
        }
        None => {
            out.push(kind);
            out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// A number of a header.
trait Number: itoa::Integer + Copy {
    /// The number, if it has one digit or two.
    fn small(self) -> Option<u8>;
}

impl Number for i64 {
    #[inline]
    fn small(self) -> Option<u8> {
        if (0..=99).contains(&self) { Some(self as u8) } else { None }
    }
}

impl Number for usize {
    #[inline]
    fn small(self) -> Option<u8> {
        if self <= 99 { Some(self as u8) } else { None }
    }
}
#[inline]
fn blob(kind: u8, bytes: &[u8], out: &mut Vec<u8>) {
    // One reservation for all pieces: 20 digits, the kind and two line ends at most.
    out.reserve(bytes.len() + 25);
    header(kind, bytes.len(), out);
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::{Encoder, Proto};

    fn both(write: impl Fn(&mut Encoder<'_>)) -> (String, String) {
        let text = |proto| {
            let mut out = Vec::new();
            write(&mut Encoder::new(&mut out, proto));
            String::from_utf8(out).expect("ascii").replace("\r\n", " ")
        };
        (text(Proto::Resp2), text(Proto::Resp3))
    }

    #[test]
    fn each_kind_in_both_protocols() {
        type Row<'t> = (&'t dyn Fn(&mut Encoder<'_>), &'t str, &'t str);
        let table: &[Row<'_>] = &[
            (&|e| e.ok(), "+OK ", "+OK "),
            (&|e| e.simple("PONG"), "+PONG ", "+PONG "),
            (&|e| e.error("ERR no"), "-ERR no ", "-ERR no "),
            (&|e| e.integer(-7), ":-7 ", ":-7 "),
            (&|e| e.bulk(b"a"), "$1 a ", "$1 a "),
            (&|e| e.null(), "$-1 ", "_ "),
            (&|e| e.null_array(), "*-1 ", "_ "),
            (&|e| e.array(2), "*2 ", "*2 "),
            (&|e| e.map(2), "*4 ", "%2 "),
            (&|e| e.set(2), "*2 ", "~2 "),
            (&|e| e.push(2), "*2 ", ">2 "),
            (&|e| e.double(0.5), "$3 0.5 ", ",0.5 "),
            (
                &|e| e.double(-1.797_693_134_862_315_7e308),
                "$24 -1.7976931348623157e+308 ",
                ",-1.7976931348623157e+308 ",
            ),
            (&|e| e.decimal("0.50"), "$4 0.50 ", ",0.50 "),
            (&|e| e.boolean(true), ":1 ", "#t "),
            (&|e| e.boolean(false), ":0 ", "#f "),
            (&|e| e.big_number("12"), "$2 12 ", "(12 "),
            (&|e| e.verbatim(*b"txt", b"hi"), "$2 hi ", "=6 txt:hi "),
            (&|e| assert_eq!(e.attribute(1), e.proto() == Proto::Resp3), "", "|1 "),
        ];
        for (write, resp2, resp3) in table {
            assert_eq!(both(write), ((*resp2).to_owned(), (*resp3).to_owned()));
        }
    }

    #[test]
    fn a_line_cannot_carry_a_second_reply() {
        let injected = "ERR \r\n+OK\r\n";
        assert_eq!(both(|e| e.error(injected)).1, "-ERR   +OK   ");
        assert_eq!(both(|e| e.simple(injected)).0, "+ERR   +OK   ");
        assert_eq!(both(|e| e.big_number("1\r\n2")).1, "(1  2 ");
    }
}
