//! The Redis language over the engine: what a command is, how a line of words becomes a reply, and every command.
//!
//! - [`Instance`]: an engine with everything that speaks commands to it. [`Instance::execute`] runs one.
//! - [`Session`], [`Client`]: the state of one client, seen from inside and from outside.
//! - [`Reply`]: where replies go; [`Value`]: a reply as a tree.
//! - [`spec`]: the descriptors from which dispatch, locks, `COMMAND DOCS` and the documentation are made.
//! - [`settings`]: the one table of settings.

mod args;
mod byte_list;
mod choose;
mod client;
mod cluster;
mod commands;
mod cx;
mod dispatch;
mod error;
mod first_of;
mod help;
mod host;
mod instance;
pub mod keys;
mod late;
mod login;
mod long_double;
mod notify;
mod pause;
mod prelude;
mod registry;
mod reply;
mod scan_options;
#[cfg(feature = "scripts")]
mod script;
#[cfg(not(feature = "scripts"))]
#[path = "script_absent.rs"]
mod script;
mod session;
pub mod settings;
pub mod spec;
mod stats;
mod table;
#[cfg(test)]
mod testing;
mod tracking;
mod users;
mod wait;
mod wait_timeout;

pub use args::{Args, Options};
pub use client::{Client, Clients, Item, Names, Origin, OutputLimit, Wake, client_flags};
pub use cx::{Caller, Cx, Empty, Haste, Outcome, Wait, Way};
pub use dispatch::{Ahead, Flow, Prepared, deliver, write_message};
pub use error::{Error, Result};
pub use help::syntax;
pub use host::{CpuTimes, Host, LogLevel, Shutdown};
pub use instance::Instance;

pub use reply::{Protocol, Reply, Value, ValueReply};
pub use session::{Answers, Pace, Session, Transaction};
pub use stats::{Histogram, Latency, LatencyEvents, SlowCommand, Slowlog, Stats};
pub use table::{CommandStats, Entry, Table};
pub use wait::Blocked;
