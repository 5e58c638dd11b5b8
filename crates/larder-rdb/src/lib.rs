//! Values as bytes and back, in the format in which Redis keeps them in its files and sends them with `DUMP`.
//!
//! - [`dump`], [`dump_object`] and [`restore`]: a value of a key as a payload: what it is, the value, the version of
//!   the format, a checksum.
//! - [`dump_functions`] and [`restore_functions`]: the same for libraries of functions.
//! - [`Value`]: what comes out. [`Present`]: what the codec has to know of time. [`Error`]: why nothing came out.
//!
//! Written is what Redis 7.0 reads, whose forms every later one reads, too, except for hashes of which some fields have
//! deadlines: these are for Redis 7.4. Read is everything that any Redis up to 7.4 has written since 2.4, modules
//! aside.
//!
//! A payload may come from anywhere, and a checksum keeps nobody from writing one: lengths and counts are compared with
//! what is left before anything is made to hold them, every value is built by the same insertions that commands use,
//! and what no sequence of commands could have made (a member twice, a score that is no number, ids that go backwards,
//! something pending that nobody has) is refused as a whole.
//!
//! ```
//! use larder_core::{DbIndex, Engine, Expiry};
//! use larder_rdb::{Present, Value};
//!
//! let engine = Engine::new();
//! let key = engine.key(DbIndex::default(), b"k");
//! let mut view = engine.view_one(&key, None);
//! view.set(&key, b"hello", Expiry::Never)?;
//! let present = Present { engine_ms: 0, unix_ms: 0 };
//! let payload = larder_rdb::dump(&view.peek(&key)?.expect("it was set"), present)?;
//! let Value::Text(text) = larder_rdb::restore(&payload, &view.tools(), present)? else { panic!("it was a string") };
//! assert_eq!(&*text, b"hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod crc64;
mod functions;
mod hash;
mod intset;
mod kind;
mod list;
mod listpack;
mod lzf;
mod payload;
mod reader;
mod set;
mod stream;
mod writer;
mod ziplist;
mod zipmap;
mod zset;

pub use functions::{dump_functions, restore_functions};
pub use payload::{Present, VERSION_MAX, Value, dump, dump_object, restore, seal};

use std::fmt;

/// Why a payload was not read, or a value not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The payload is of a later version of the format, or its checksum is wrong.
    Unsealed,
    /// The payload is not that of a value, or of one that cannot be.
    Damaged,
    /// The payload is that of something else than functions.
    NotFunctions,
    /// The format has no form for such a value.
    Formless,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::Unsealed => "the payload's version is unknown or its checksum wrong",
            Error::Damaged => "the payload is damaged",
            Error::NotFunctions => "the payload is not that of functions",
            Error::Formless => "the format has no form for such a value",
        })
    }
}

impl std::error::Error for Error {}

/// A result of the codec.
pub type Result<T> = std::result::Result<T, Error>;
