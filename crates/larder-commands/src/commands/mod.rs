//! The commands, one file each, in the groups that the documentation of Redis uses.
//! The list is written by `cargo xtask codegen`.

pub(crate) mod bitmaps;
pub(crate) mod connection;
pub(crate) mod geo;
pub(crate) mod hashes;
pub(crate) mod hyperloglog;
pub(crate) mod keys;
pub(crate) mod lists;
pub(crate) mod pubsub;
pub(crate) mod scripting;
pub(crate) mod server;
pub(crate) mod sets;
pub(crate) mod streams;
pub(crate) mod strings;
pub(crate) mod transactions;
pub(crate) mod zsets;
