//! Replies as RESP2 or RESP3, straight into a connection's output buffer.

use crate::output::{Pieces, SHARED_LEN_MIN};
use larder_commands::{Error, Protocol, Reply, write_message};
use larder_core::value::string::{IntText, Str};
use larder_core::{Encoding, Message};
use larder_resp::{Encoder, Proto};

/// Writes replies into a buffer.
#[derive(Debug)]
pub struct RespReply<'o> {
    out: &'o mut Vec<u8>,
    protocol: Protocol,
    /// Where long strings go that need not be copied.
    pieces: Option<&'o mut Pieces>,
}

impl<'o> RespReply<'o> {
    /// Appends to this buffer, for a reader of this protocol.
    pub fn new(out: &'o mut Vec<u8>, protocol: Protocol) -> RespReply<'o> {
        RespReply { out, protocol, pieces: None }
    }

    /// The same, with long strings beside the buffer instead of in it.
    pub(crate) fn sharing(out: &'o mut Vec<u8>, pieces: &'o mut Pieces, protocol: Protocol) -> RespReply<'o> {
        RespReply { out, protocol, pieces: Some(pieces) }
    }

    /// Bytes in the buffer.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether the buffer is empty.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    #[inline]
    fn encode(&mut self) -> Encoder<'_> {
        let proto = match self.protocol {
            Protocol::Resp2 => Proto::Resp2,
            Protocol::Resp3 => Proto::Resp3,
        };
        Encoder::new(self.out, proto)
    }
}

impl Reply for RespReply<'_> {
    fn protocol(&self) -> Protocol {
        self.protocol
    }
    fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
    }
    #[inline]
    fn status(&mut self, text: &str) {
        self.encode().simple(text);
    }
    #[inline]
    fn ok(&mut self) {
        self.encode().ok();
    }
    fn error(&mut self, error: &Error) {
        self.encode().error(error.text());
    }
    #[inline]
    fn int(&mut self, n: i64) {
        self.encode().integer(n);
    }
    #[inline]
    fn bulk(&mut self, bytes: &[u8]) {
        self.encode().bulk(bytes);
    }
    #[inline]
    fn string(&mut self, value: Str<'_>) {
        match (value, &mut self.pieces) {
            (Str::Shared(bytes), Some(pieces)) if bytes.len() >= SHARED_LEN_MIN => {
                self.out.extend_from_slice(b"$");
                self.out.extend_from_slice(IntText::new().write(bytes.len() as i64));
                self.out.extend_from_slice(b"\r\n");
                pieces.push(self.out.len(), bytes.clone());
                self.out.extend_from_slice(b"\r\n");
            }
            (Str::Shared(bytes), _) => self.bulk(bytes),
            (Str::Bytes(bytes), _) => self.bulk(bytes),
            (Str::Int(n), _) => self.bulk(IntText::new().write(n)),
        }
    }
    #[inline]
    fn null(&mut self) {
        self.encode().null();
    }
    fn null_array(&mut self) {
        self.encode().null_array();
    }
    #[inline]
    fn array(&mut self, len: usize) {
        self.encode().array(len);
    }
    fn map(&mut self, pairs: usize) {
        self.encode().map(pairs);
    }
    fn set(&mut self, len: usize) {
        self.encode().set(len);
    }
    fn push(&mut self, len: usize) {
        self.encode().push(len);
    }
    fn attribute(&mut self, pairs: usize) -> bool {
        self.encode().attribute(pairs)
    }
    fn double(&mut self, n: f64) {
        self.encode().double(n);
    }
    fn decimal(&mut self, _: f64, text: &str) {
        self.encode().decimal(text);
    }
    fn boolean(&mut self, yes: bool) {
        self.encode().boolean(yes);
    }
    fn big_number(&mut self, digits: &str) {
        self.encode().big_number(digits);
    }
    fn verbatim(&mut self, format: &str, text: &[u8]) {
        let mut three = *b"txt";
        if let Ok(given) = <[u8; 3]>::try_from(format.as_bytes()) {
            three = given;
        }
        self.encode().verbatim(three, text);
    }
    fn message(&mut self, message: &Message) {
        // Encoded once for all who receive it in this protocol.
        let protocol = self.protocol;
        let encoding = match protocol {
            Protocol::Resp2 => Encoding::First,
            Protocol::Resp3 => Encoding::Second,
        };
        let bytes = message.encoded(encoding, |_| {
            let mut bytes = Vec::new();
            write_message(message, &mut RespReply::new(&mut bytes, protocol));
            bytes
        });
        self.out.extend_from_slice(bytes);
    }
}
