//! Several commands as one, and keys watched meanwhile.
//! The list is written by `cargo xtask codegen`.

pub(crate) mod discard;
pub(crate) mod exec;
pub(crate) mod multi;
pub(crate) mod unwatch;
pub(crate) mod watch;
