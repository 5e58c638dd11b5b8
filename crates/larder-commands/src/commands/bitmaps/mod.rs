//! Strings as arrays of bits.
//! The list is written by `cargo xtask codegen`.

pub(crate) mod bitcount;
pub(crate) mod bitfield;
pub(crate) mod bitop;
pub(crate) mod bits;
pub(crate) mod setbit;
