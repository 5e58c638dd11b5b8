//! What a client says about its own connection.
//! The list is written by `cargo xtask codegen`.

pub(crate) mod auth;
pub(crate) mod client;
pub(crate) mod echo;
pub(crate) mod hello;
pub(crate) mod names;
pub(crate) mod ping;
pub(crate) mod quit;
pub(crate) mod reset;
pub(crate) mod select;
