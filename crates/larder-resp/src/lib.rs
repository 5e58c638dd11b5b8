//! RESP2 and RESP3, the language of Redis on the wire, without sockets.
//!
//! | you are | you want | module |
//! |---|---|---|
//! | a server | arguments out of a read buffer, without copies | [`request`] |
//! | a server | replies into a write buffer | [`encode`] |
//! | a client | commands into a write buffer | [`encode::command`] |
//! | a client | replies as a tree of values | [`decode`], [`value`] |
//! | anybody | a double in Redis' text | [`double`] |
//!
//! Nothing here reads, writes or waits: callers bring the bytes and decide when to fetch more. That keeps the codec
//! usable from blocking code, from an event loop and from a test, and lets the property tests try every way a stream
//! can be cut into pieces.
//!
//! Two rules hold everywhere, because the other side may be hostile: memory grows with the bytes that have arrived,
//! never with what a header promises; and no input recurses.
//!
//! ```
//! use larder_resp::{Decoder, Encoder, Parsed, Proto, RequestParser, Value, encode};
//!
//! // A client writes a command,
//! let mut wire = Vec::new();
//! encode::command(&["GET", "greeting"], &mut wire);
//!
//! // a server reads it in place and answers,
//! let (mut parser, mut at, mut spans) = (RequestParser::default(), 0, Vec::new());
//! let Parsed::Command { first, argc } = parser.next(&wire, &mut at, &mut spans)? else { unreachable!() };
//! let args: Vec<&[u8]> = spans[first..first + argc].iter().map(|span| span.of(&wire)).collect();
//! assert_eq!(args, [b"GET".as_slice(), b"greeting"]);
//! let mut reply = Vec::new();
//! Encoder::new(&mut reply, Proto::Resp3).bulk(b"hello");
//!
//! // and the client reads the reply.
//! let value = Decoder::default().next(&reply, &mut 0)?;
//! assert_eq!(value, Some(Value::Bulk(b"hello".to_vec())));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

pub mod decode;
pub mod double;
pub mod encode;
mod inline;
pub mod request;
pub mod value;

pub use decode::{DecodeError, Decoder, DecoderLimits};
pub use double::format_double;
pub use encode::{Encoder, Proto, command as encode_command};
pub use inline::split_arguments;
pub use request::{Awaited, Limits, Parsed, ProtocolError, RequestParser, Span};
pub use value::Value;
