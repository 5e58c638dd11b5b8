//! Members ordered by a score.
//! The list is written by `cargo xtask codegen`.

pub(crate) mod bzpop;
pub(crate) mod combine;
pub(crate) mod ends;
pub(crate) mod members;
pub(crate) mod range;
pub(crate) mod store;
pub(crate) mod zadd;
pub(crate) mod zcard;
pub(crate) mod zcount;
pub(crate) mod zdiff;
pub(crate) mod zinter;
pub(crate) mod zmpop;
pub(crate) mod zpop;
pub(crate) mod zrandmember;
pub(crate) mod zrange;
pub(crate) mod zrangeby;
pub(crate) mod zrank;
pub(crate) mod zrem;
pub(crate) mod zremrange;
pub(crate) mod zscan;
pub(crate) mod zscore;
pub(crate) mod zunion;
