//! The store as a whole: settings, counts, housekeeping.
//! The list is written by `cargo xtask codegen`.

pub(crate) mod acl;
pub(crate) mod cluster;
pub(crate) mod command;
pub(crate) mod config;
pub(crate) mod dbsize;
pub(crate) mod debug;
pub(crate) mod flushall;
pub(crate) mod info;
pub(crate) mod latency;
pub(crate) mod lolwut;
pub(crate) mod memory;
pub(crate) mod module;
pub(crate) mod monitor;
pub(crate) mod replication;
pub(crate) mod role;
pub(crate) mod save;
pub(crate) mod shutdown;
pub(crate) mod slowlog;
pub(crate) mod swapdb;
pub(crate) mod time;
