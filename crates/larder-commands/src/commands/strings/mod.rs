//! One value under one key: bytes or a number.
//! The list is written by `cargo xtask codegen`.

pub(crate) mod condition;
pub(crate) mod delex;
pub(crate) mod digest;
pub(crate) mod expiry_options;
pub(crate) mod get;
pub(crate) mod getdel;
pub(crate) mod incr;
pub(crate) mod incrbyfloat;
pub(crate) mod increx;
pub(crate) mod lcs;
pub(crate) mod mget;
pub(crate) mod mset;
pub(crate) mod msetex;
pub(crate) mod range;
pub(crate) mod set;
pub(crate) mod setnx;
pub(crate) mod throttle;
