//! What can be done to a key whatever it holds.
//! The list is written by `cargo xtask codegen`.

pub(crate) mod del;
