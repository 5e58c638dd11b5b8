//! Sockets and settings: Larder as a server. Thin: what commands do is `larder-commands`' affair.
//!
//! - [`config`]: settings from flags, environment and a file.
//! - [`Server`]: listens, serves, stops.
//! - [`main`]: `larder serve`. [`stay_small`]: what its program calls first.

mod bulk;
pub mod config;
mod connection;
mod crowd;
mod footprint;
mod host;
mod listen;
mod log;
mod outbox;
mod output;
mod reply;
mod serve;
mod server;
mod stream;
mod watchman;
mod worker;

pub use footprint::stay_small;
pub use reply::RespReply;
pub use serve::main;
pub use server::{Server, StartError};
