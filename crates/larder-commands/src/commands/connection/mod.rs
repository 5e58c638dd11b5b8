//! What a client says about its own connection.
//! The list is written by `cargo xtask codegen`.

pub(crate) mod ping;
pub(crate) mod select;
