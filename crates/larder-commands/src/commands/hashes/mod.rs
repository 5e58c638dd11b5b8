//! Fields and values under one key.
//! The list is written by `cargo xtask codegen`.

pub(crate) mod field_options;
pub(crate) mod fields;
pub(crate) mod hdel;
pub(crate) mod hexpire;
pub(crate) mod hget;
pub(crate) mod hgetall;
pub(crate) mod hgetdel;
pub(crate) mod hgetex;
pub(crate) mod hincrby;
pub(crate) mod hpersist;
pub(crate) mod hrandfield;
pub(crate) mod hscan;
pub(crate) mod hset;
pub(crate) mod hsetex;
pub(crate) mod httl;
