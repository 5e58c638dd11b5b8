//! Larder for C. What a caller sees is `include/larder.h`, which is generated from the functions of this crate, their
//! comments included.
//!
//! The border has three rules, each kept in one file, so that the functions themselves stay a few lines of
//! translation:
//!
//! - `boundary`: nothing unwinds into C. A panic, a forked child, an engine that is gone: each is a status.
//! - `handle`: C holds numbers, never addresses. A number says what it names and of which generation it is, so that
//!   one that is stale, foreign or made up is an error and never a wild read.
//! - `pointer`: the few pointers that C must give are looked at once, where they come in.

#![allow(non_camel_case_types, reason = "these names are read in C")]
#![allow(clippy::doc_markdown, reason = "so are these comments, where names of functions need no marks")]

mod boundary;
mod call;
mod engine;
mod handle;
mod pointer;
mod reply;
mod status;
mod strings;
mod topics;

pub use call::{larder_call, larder_connect, larder_disconnect, larder_listen};
pub use engine::{
    larder_advance_clock, larder_close, larder_error_text, larder_open, larder_option, larder_tick,
    larder_version, larder_version_number,
};
pub use handle::larder_handle;
pub use reply::{larder_kind, larder_node, larder_reply_free, larder_reply_node};
pub use status::{larder_status, larder_status_text};
pub use strings::{
    larder_condition, larder_del, larder_exists, larder_expire, larder_get, larder_incr, larder_set,
    larder_ttl,
};
pub use topics::{
    larder_lost, larder_message, larder_message_free, larder_next, larder_on_message, larder_overflow,
    larder_publish, larder_queue_options, larder_space, larder_subscribe, larder_subscription_add,
    larder_subscription_close, larder_subscription_remove,
};

#[cfg(test)]
mod tests;
