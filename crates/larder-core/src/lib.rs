//! The engine of Larder: a lock-striped keyspace with deadlines, and topics. No network, no async runtime, no command
//! names, no file.
//!
//! - [`Engine`]: the handle. [`Options`]: how it is set up.
//! - [`Db`]: the typed interface: `engine.db().strings().set(…)`.
//! - [`View`]: the proof of what is locked, and every operation on keys.
//! - [`value`]: what a key can hold.
//! - [`Clock`], [`ManualClock`]: where time comes from.
//! - [`Change`], [`ChangeListener`]: how others learn of what happened.
//! - [`Rate`], [`Limiter`]: how often something may be done.
//! - [`Topics`]: channels, patterns and those who are subscribed to them. [`glob`]: how patterns match.
#![deny(unsafe_code)]

pub mod api;
mod cache;
mod clock;
mod engine;
mod error;
mod histogram;
mod keyspace;
pub mod limits;
mod options;
#[allow(unsafe_code)]
mod raw;
mod rng;
mod sync;
mod timer;
mod topics;
pub mod value;
mod waiting;

pub use api::{Db, Transaction, Waiting};
pub use cache::{Limiter, Rate, Verdict};
pub use clock::{COARSE_LAG_MS, Clock, ClockMoved, Deadline, ManualClock, SystemClock};
pub use engine::Engine;
pub use error::{Error, Result};
pub use keyspace::{
    Change, ChangeListener, Class, Condition, Counts, DbCount, DbIndex, Durations, Edit, Entry, Expiry,
    GiveUp, Key, KeyHash, KeyHasher, Locks, Missing, Number, OwnedKey, Policy, Sampling, ScanCursor, Slice,
    Tools, View, WaiterId, WatchMark, WriteCost,
};
pub use options::{Maintenance, Options, ValueLimits};
pub use rng::Rng;
pub use timer::Lateness;
#[cfg(feature = "channel")]
pub use topics::ChannelSubscription;
pub use topics::{
    Closed, Encoding, Message, Messages, Overflow, Parts, QueueOptions, Space, Subscriber, SubscriberId,
    Subscription, TopicCounts, Topics, Wakes, glob,
};
pub use waiting::ReadyListener;
