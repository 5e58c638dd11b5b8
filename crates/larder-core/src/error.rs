//! What can go wrong in the engine. The command layer turns each into Redis' words.

use std::fmt;

/// An engine error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The key holds a value of another type.
    WrongType,
    /// The value is not an integer, or not one that fits 64 bits.
    NotInteger,
    /// The result would not fit 64 bits.
    Overflow,
    /// The value would be longer than the largest allowed (512 MiB).
    TooLarge,
    /// The memory limit is reached and nothing may be evicted.
    OutOfMemory,
    /// The operation touched a key whose stripe it had not locked: a defect of the caller.
    OutsideView,
    /// There is no such database.
    NoSuchDb,
    /// Others changed the keys of a transaction at each of its attempts.
    Contended,
    /// What is about all keys of a database cannot be part of a transaction.
    NotInTransaction,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::WrongType => "the key holds a value of another type",
            Error::NotInteger => "the value is not an integer or out of range",
            Error::Overflow => "the result would overflow",
            Error::TooLarge => "the value would exceed 512 MiB",
            Error::OutOfMemory => "the memory limit is reached",
            Error::OutsideView => "the key is outside of what the operation locked",
            Error::NoSuchDb => "there is no such database",
            Error::Contended => "others kept changing the keys of the transaction",
            Error::NotInTransaction => "operations on all keys cannot be part of a transaction",
        })
    }
}

impl std::error::Error for Error {}

/// A result of the engine.
pub type Result<T> = std::result::Result<T, Error>;
