//! Scripts that run beside the data.
//! The list is written by `cargo xtask codegen`.

pub(crate) mod eval;
pub(crate) mod function;
pub(crate) mod script;
