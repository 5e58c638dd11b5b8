//! The store as a whole: settings, counts, housekeeping.
//! The list is written by `cargo xtask codegen`.

pub(crate) mod command;
pub(crate) mod config;
pub(crate) mod info;
