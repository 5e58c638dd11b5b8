//! Logs with identifiers, and groups that read them.
//! The list is written by `cargo xtask codegen`.

pub(crate) mod entries;
pub(crate) mod groups;
pub(crate) mod ids;
pub(crate) mod reading;
pub(crate) mod trimming;
pub(crate) mod xack;
pub(crate) mod xadd;
pub(crate) mod xautoclaim;
pub(crate) mod xclaim;
pub(crate) mod xdel;
pub(crate) mod xdelex;
pub(crate) mod xgroup;
pub(crate) mod xinfo;
pub(crate) mod xlen;
pub(crate) mod xpending;
pub(crate) mod xrange;
pub(crate) mod xread;
pub(crate) mod xreadgroup;
pub(crate) mod xsetid;
pub(crate) mod xtrim;
