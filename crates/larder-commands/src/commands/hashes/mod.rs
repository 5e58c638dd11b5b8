//! Fields and values under one key.
//! The list is written by `cargo xtask codegen`.

pub(crate) mod hdel;
pub(crate) mod hget;
pub(crate) mod hgetall;
pub(crate) mod hincrby;
pub(crate) mod hrandfield;
pub(crate) mod hscan;
pub(crate) mod hset;
