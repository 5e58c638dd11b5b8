//! What can be done to a key whatever it holds.
//! The list is written by `cargo xtask codegen`.

pub(crate) mod copy;
pub(crate) mod del;
pub(crate) mod dump;
pub(crate) mod exists;
pub(crate) mod expire;
pub(crate) mod keys_matching;
pub(crate) mod migrate;
pub(crate) mod move_key;
pub(crate) mod object;
pub(crate) mod persist;
pub(crate) mod randomkey;
pub(crate) mod rename;
pub(crate) mod restore;
pub(crate) mod scan;
pub(crate) mod sort;
pub(crate) mod touch;
pub(crate) mod ttl;
pub(crate) mod type_name;
pub(crate) mod unlink;
pub(crate) mod wait;
