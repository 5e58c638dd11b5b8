//! Sequences with two ends, and waiting for them to fill.
//! The list is written by `cargo xtask codegen`.

pub(crate) mod bpop;
pub(crate) mod ends;
pub(crate) mod lindex;
pub(crate) mod linsert;
pub(crate) mod llen;
pub(crate) mod lmove;
pub(crate) mod lmpop;
pub(crate) mod lpos;
pub(crate) mod lrange;
pub(crate) mod lrem;
pub(crate) mod lset;
pub(crate) mod ltrim;
pub(crate) mod pop;
pub(crate) mod push;
