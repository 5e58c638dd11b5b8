//! Counting distinct things in fixed space.
//! The list is written by `cargo xtask codegen`.

pub(crate) mod pfadd;
pub(crate) mod pfcount;
pub(crate) mod pfdebug;
pub(crate) mod pfmerge;
pub(crate) mod sketch;
