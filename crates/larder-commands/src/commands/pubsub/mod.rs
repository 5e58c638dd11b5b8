//! Channels, patterns and who listens to them.
//! The list is written by `cargo xtask codegen`.

pub(crate) mod confirm;
pub(crate) mod inspect;
pub(crate) mod publish;
pub(crate) mod subscribe;
pub(crate) mod unsubscribe;
