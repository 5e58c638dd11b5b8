//! One value under one key: bytes or a number.
//! The list is written by `cargo xtask codegen`.

pub(crate) mod expiry_options;
pub(crate) mod get;
pub(crate) mod set;
