//! Members without order.
//! The list is written by `cargo xtask codegen`.

pub(crate) mod combine;
pub(crate) mod sadd;
pub(crate) mod smembers;
pub(crate) mod smove;
pub(crate) mod spop;
pub(crate) mod sscan;
