//! Errors as clients read them: one line, its first word a code. The texts are part of the interface, since clients
//! parse them, and stand in this one place.

use std::borrow::Cow;
use std::fmt;

/// An error reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Cow<'static, str>);

/// A result of a command.
pub type Result<T> = std::result::Result<T, Error>;

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        impl Error {
            $($(#[$doc])* pub const $name: Error = Error(Cow::Borrowed($text));)*
        }
    };
}

texts! {
    /// The options make no sense.
    SYNTAX = "ERR syntax error";
    /// The key holds a value of another type.
    WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";
    /// Not a whole number of 64 bits.
    NOT_INTEGER = "ERR value is not an integer or out of range";
    /// Not a number.
    NOT_FLOAT = "ERR value is not a valid float";
    /// A number below zero, or too large.
    OUT_OF_RANGE = "ERR value is out of range";
    /// A number below one.
    NOT_POSITIVE = "ERR value is out of range, must be positive";
    /// A number that may be below zero, but whose opposite must be a number too.
    NOT_NEGATABLE = "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";
    /// INCR and its like.
    OVERFLOW = "ERR increment or decrement would overflow";
    /// INCRBYFLOAT and its like.
    NOT_FINITE = "ERR increment would produce NaN or Infinity";
    /// A string longer than 512 MiB.
    TOO_LONG = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
    /// The memory limit.
    OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'.";
    /// A key that must exist does not.
    NO_SUCH_KEY = "ERR no such key";
    /// An index beyond the ends.
    INDEX = "ERR index out of range";
    /// SELECT and its like.
    DB_INDEX = "ERR DB index is out of range";
    /// A database number that is no number.
    INVALID_DB = "ERR invalid DB index";
    /// A scan cursor that is no number.
    CURSOR = "ERR invalid cursor";
    /// Nobody has logged in.
    NO_AUTH = "NOAUTH Authentication required.";
    /// A wrong name or password.
    WRONG_PASS = "WRONGPASS invalid username-password pair or user is disabled.";
    /// A blocking timeout that is no number.
    TIMEOUT_NOT_FLOAT = "ERR timeout is not a float or out of range";
    /// A blocking timeout below zero.
    TIMEOUT_NEGATIVE = "ERR timeout is negative";
    /// A transaction that had a bad command.
    EXEC_ABORT = "EXECABORT Transaction discarded because of previous errors.";
    /// `*BY` with bounds that are no numbers.
    RANGE_NOT_FLOAT = "ERR min or max is not a float";
    /// `*BYLEX` with bad bounds.
    RANGE_NOT_STRING = "ERR min or max not valid string range item";
    /// Keys that lie in several slots, in cluster mode.
    CROSS_SLOT = "CROSSSLOT Keys in request don't hash to the same slot";
    /// A write, where replicas are asked for that are not there.
    NO_REPLICAS = "NOREPLICAS Not enough good replicas to write.";
    /// What would have to be kept in a file.
    NO_SNAPSHOTS = "ERR there are no snapshots yet: Larder keeps these data in memory only";
    /// What asks for a journal.
    NO_JOURNAL = "ERR there is no journal yet: Larder keeps these data in memory only";
    /// What asks for replicas, or for another primary.
    NO_REPLICATION = "ERR there is no replication yet: Larder is neither a replica nor has any";
}

impl Error {
    /// An error of this text, which starts with a code. Line ends become spaces: a reply is one line.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Error {
        let text = text.into();
        if text.bytes().any(|b| b == b'\r' || b == b'\n') {
            return Error(Cow::Owned(text.replace(['\r', '\n'], " ")));
        }
        Error(text)
    }

    /// An error of this text with the general code.
    pub fn general(text: impl fmt::Display) -> Error {
        Error::new(format!("ERR {text}"))
    }

    /// The same as EXEC says it, whose transaction is over by that.
    #[must_use]
    pub fn ends_transaction(self) -> Error {
        let why = self.0.strip_prefix("ERR ").unwrap_or(&self.0);
        Error::new(format!("EXECABORT Transaction discarded because of: {why}"))
    }

    /// The number of words is wrong. `name` is the full name, `config|get` for a subcommand.
    pub fn arity(name: &str) -> Error {
        Error::general(format_args!("wrong number of arguments for '{name}' command"))
    }

    /// A subcommand is given words that it does not take.
    pub fn unknown_arguments(sub: &[u8], container: &str) -> Error {
        let sub = String::from_utf8_lossy(&sub[..sub.len().min(128)]);
        Error::general(format_args!(
            "unknown subcommand or wrong number of arguments for '{sub}'. Try {container} HELP."
        ))
    }

    /// The expire time makes no sense.
    pub fn expire_time(name: &str) -> Error {
        Error::general(format_args!("invalid expire time in '{name}' command"))
    }

    /// The whole line.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Its first word.
    pub fn code(&self) -> &str {
        self.0.split(' ').next().unwrap_or("ERR")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl From<larder_core::Error> for Error {
    fn from(error: larder_core::Error) -> Error {
        use larder_core::Error as Engine;
        match error {
            Engine::WrongType => Error::WRONG_TYPE,
            Engine::NotInteger => Error::NOT_INTEGER,
            Engine::Overflow => Error::OVERFLOW,
            Engine::TooLarge => Error::TOO_LONG,
            Engine::OutOfMemory => Error::OUT_OF_MEMORY,
            Engine::NoSuchDb => Error::DB_INDEX,
            other => Error::general(other),
        }
    }
}

impl From<larder_rdb::Error> for Error {
    fn from(error: larder_rdb::Error) -> Error {
        use larder_rdb::Error as Codec;
        Error::general(match error {
            Codec::Unsealed => "DUMP payload version or checksum are wrong",
            Codec::Damaged => "Bad data format",
            Codec::NotFunctions => "given type is not a function",
            other => return Error::general(other),
        })
    }
}
