//! Larder: a Redis that lives inside your process.
//!
//! ```
//! use larder::Larder;
//! use std::time::Duration;
//!
//! let larder = Larder::new();
//! larder.db().strings().set_for("session:1", "Ada", Duration::from_secs(60))?;
//! assert_eq!(larder.db().strings().get("session:1")?.as_deref(), Some(&b"Ada"[..]));
//! assert_eq!(larder.call(["INCRBY", "hits", "10"])?, larder::Value::Int(10));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`Larder`]: the handle; cheap to clone, one engine for all clones.
//! - [`Db`]: the typed interface; [`Db::transaction`]: several operations as one.
//! - [`Larder::call`]: every command of Redis, with an owned [`Value`] for a reply; [`Larder::connect`] for commands
//!   that have a state, such as transactions and subscriptions.
//! - [`Larder::topics`]: publish and subscribe.

mod connection;
/// The pages of the guide, whose code runs with the tests of the documentation.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../../../docs/guide/deadlines.md")]
    mod deadlines {}
    #[doc = include_str!("../../../docs/guide/engines.md")]
    mod engines {}
    #[doc = include_str!("../../../docs/guide/first.md")]
    mod first {}
    #[doc = include_str!("../../../docs/guide/limits.md")]
    mod limits {}
    #[doc = include_str!("../../../docs/guide/production.md")]
    mod production {}
    #[cfg(feature = "server")]
    #[doc = include_str!("../../../docs/guide/serving.md")]
    mod serving {}
    #[doc = include_str!("../../../docs/guide/topics.md")]
    mod topics {}
    #[doc = include_str!("../../../docs/guide/transactions.md")]
    mod transactions {}
    #[doc = include_str!("../../../docs/guide/types.md")]
    mod types {}
    #[doc = include_str!("../../../docs/guide/waiting.md")]
    mod waiting {}
}
#[cfg(feature = "server")]
mod serving;

pub use connection::{Connection, Ender, Spare};
pub use larder_commands::settings::SettingError;
pub use larder_commands::{Error as CommandError, Protocol, Value};
#[cfg(feature = "channel")]
pub use larder_core::ChannelSubscription;
pub use larder_core::api::{
    Geo, Hashes, Keys, Lists, Place, SetWith, Sets, StreamEntry, Streams, Strings, Zsets,
};
pub use larder_core::value::stream::StreamId;
pub use larder_core::{
    Clock, Closed, Db, DbIndex, Durations, Error, Limiter, Locks, Maintenance, ManualClock, Message,
    Overflow, Policy, QueueOptions, Rate, Result, ScanCursor, Space, Subscription, SystemClock, Topics,
    Transaction, ValueLimits, Verdict, Waiting,
};

#[cfg(feature = "server")]
pub use larder_server::{Server, StartError};

use larder_commands::Instance;
use larder_commands::settings::Settings;
use larder_core::{Engine, Options};
use std::sync::Arc;

/// An engine of this process. Clones share it; it ends with the last of them.
#[derive(Clone, Debug)]
pub struct Larder {
    instance: Arc<Instance>,
    idle: Arc<connection::Idle>,
}

impl Default for Larder {
    fn default() -> Self {
        Larder::new()
    }
}

impl Larder {
    /// An engine in memory, without limits, with a thread that removes what is due.
    pub fn new() -> Larder {
        Larder::builder().build()
    }

    /// An engine set up as you like.
    ///
    /// ```
    /// use larder::{Larder, Policy};
    /// let larder = Larder::builder().memory_max_bytes(64 << 20).policy(Policy::AllkeysS3Fifo).build();
    /// # larder.call(["PING"]).unwrap();
    /// ```
    pub fn builder() -> Builder {
        Builder {
            options: Options { policy: Policy::AllkeysS3Fifo, ..Options::default() },
            settings: Vec::new(),
        }
    }

    /// Database 0.
    pub fn db(&self) -> Db {
        self.instance.engine().db()
    }

    /// Another database: [`Error::NoSuchDb`] beyond the sixteenth.
    ///
    /// ```
    /// let larder = larder::Larder::new();
    /// let (live, staged) = (larder.db(), larder.db_at(1)?);
    /// staged.strings().set("greeting", "hello")?;
    /// assert_eq!(live.strings().get("greeting")?, None);
    /// assert!(larder.db_at(16).is_err());
    /// # Ok::<(), larder::Error>(())
    /// ```
    pub fn db_at(&self, index: usize) -> Result<Db> {
        Ok(self.instance.engine().db_at(DbIndex::new(index)?))
    }

    /// Channels, patterns and shard channels.
    ///
    /// ```
    /// use larder::{Larder, QueueOptions, Space};
    /// let larder = Larder::new();
    /// let news = larder.topics().subscribe(Space::Channel, b"news", QueueOptions::default());
    /// assert_eq!(larder.topics().publish(Space::Channel, b"news", b"rain"), 1);
    /// assert_eq!(&*news.recv()?.payload, b"rain");
    /// # Ok::<(), larder::Closed>(())
    /// ```
    pub fn topics(&self) -> &Topics {
        self.instance.engine().topics()
    }

    /// How long the locks of the engine's stripes were held, and how long threads waited for them. Holds are sampled,
    /// waits are all counted: [`Locks`]. The same figures stand in `INFO locks`, for every other door.
    ///
    /// ```
    /// let larder = larder::Larder::new();
    /// for n in 0..100_000 {
    ///     larder.db().strings().set(&format!("key:{}", n % 100), "value")?;
    /// }
    /// let locks = larder.locks();
    /// assert!(locks.holds.total() > 0 && locks.holds.quantile_ns(5_000) <= locks.holds.max_ns());
    /// assert_eq!(locks.contended(3), []);
    /// # Ok::<(), larder::Error>(())
    /// ```
    pub fn locks(&self) -> &Locks {
        self.instance.engine().locks()
    }

    /// Runs a command of Redis and gives its reply. Commands that wait do so here, on this thread. An error reply is an
    /// error. Each call is on its own: for transactions, subscriptions and other state use [`Larder::connect`].
    pub fn call<W: AsRef<[u8]>>(
        &self,
        words: impl IntoIterator<Item = W>,
    ) -> std::result::Result<Value, CommandError> {
        match self.spare().reply(words) {
            Value::Error(error) => Err(error),
            value => Ok(value),
        }
    }

    /// A connection for calls that need none of their own, as [`Larder::call`] takes one for each. It is kept for the
    /// next one when it is dropped, unless something was said through it that would be noticed then.
    ///
    /// ```
    /// let larder = larder::Larder::new();
    /// let mut spare = larder.spare();
    /// spare.reply(["SET", "a", "1"]);
    /// assert_eq!(spare.reply(["INCR", "a"]), larder::Value::Int(2));
    /// ```
    pub fn spare(&self) -> Spare<'_> {
        let connection = self.idle.take().unwrap_or_else(|| self.connect());
        Spare::new(&self.idle, connection)
    }

    /// A connection: what a client of a server would have, without a socket.
    pub fn connect(&self) -> Connection {
        Connection::new(self.instance.clone())
    }

    /// The instance beneath: what a server serves.
    pub fn instance(&self) -> &Arc<Instance> {
        &self.instance
    }
}

/// Sets up an engine.
#[derive(Clone, Debug)]
pub struct Builder {
    options: Options,
    settings: Vec<(String, String)>,
}

impl Builder {
    /// Bytes of data beyond which entries are evicted, or writes refused.
    ///
    /// ```
    /// use larder::{Error, Larder, Policy};
    /// let larder = Larder::builder().memory_max_bytes(1 << 20).policy(Policy::NoEviction).build();
    /// let full = (0..1_000).find_map(|n| larder.db().strings().set(format!("k{n}"), vec![0; 10_000]).err());
    /// assert_eq!(full, Some(Error::OutOfMemory));
    /// ```
    #[must_use]
    pub fn memory_max_bytes(mut self, bytes: u64) -> Builder {
        self.options.memory_max_bytes = Some(bytes);
        self
    }

    /// What is evicted; S3-FIFO if nothing is said, which takes effect only with a limit.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Builder {
        self.options.policy = policy;
        self
    }

    /// Where time comes from: a [`ManualClock`] for tests.
    ///
    /// ```
    /// use larder::{Larder, ManualClock};
    /// use std::{sync::Arc, time::Duration};
    /// let clock = Arc::new(ManualClock::new());
    /// let larder = Larder::builder().clock(clock.clone()).build();
    /// larder.db().strings().set_for("token", "secret", Duration::from_secs(60))?;
    /// clock.advance(Duration::from_secs(60));
    /// assert_eq!(larder.db().strings().get("token")?, None);
    /// # Ok::<(), larder::Error>(())
    /// ```
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Builder {
        self.options.clock = clock;
        self
    }

    /// Who removes what is due.
    ///
    /// ```
    /// use larder::{Larder, Maintenance};
    /// use std::time::Duration;
    /// let larder = Larder::builder().maintenance(Maintenance::Manual).build();
    /// larder.db().strings().set_for("token", "secret", Duration::from_millis(1))?;
    /// while larder.db().keys().exists("token")? {}
    /// // Nobody sees it any more; now its memory is free as well.
    /// assert_eq!(larder.instance().engine().tick(), 1);
    /// # Ok::<(), larder::Error>(())
    /// ```
    #[must_use]
    pub fn maintenance(mut self, maintenance: Maintenance) -> Builder {
        self.options.maintenance = maintenance;
        self
    }

    /// Hashes keys with SipHash-1-3: slower, and made against an attacker who can measure.
    #[must_use]
    pub fn hardened(mut self, hardened: bool) -> Builder {
        self.options.hardened = hardened;
        self
    }

    /// Makes hashing and random choices repeat from run to run. For tests only: who knows the seed can choose keys that
    /// collide.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Builder {
        self.options.seed = Some(seed);
        self
    }

    /// Any setting that commands and servers go by, as it stands in a file of settings: `requirepass`,
    /// `notify-keyspace-events`, `maxclients`, `io-threads`. An unknown name or a bad value is an error.
    ///
    /// ```
    /// let larder = larder::Larder::builder().setting("notify-keyspace-events", "Ex")?.build();
    /// assert!(larder::Larder::builder().setting("notify-keyspace-event", "Ex").is_err());
    /// # larder.call(["PING"]).unwrap();
    /// # Ok::<(), larder::SettingError>(())
    /// ```
    pub fn setting(mut self, name: &str, value: &str) -> std::result::Result<Builder, SettingError> {
        Settings::default().preset(name, value)?;
        self.settings.push((name.into(), value.into()));
        Ok(self)
    }

    /// The engine.
    pub fn build(self) -> Larder {
        let settings = Settings::default();
        let memory = self.options.memory_max_bytes.unwrap_or(0).to_string();
        let own = [
            ("maxmemory", memory.as_str()),
            ("maxmemory-policy", self.options.policy.name()),
            // A program's standard error is its own.
            ("loglevel", "nothing"),
        ];
        let asked = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own.into_iter().chain(asked) {
            // They have been read before, when they were given.
            let _ = settings.preset(name, value);
        }
        let instance = Instance::with_settings(Engine::with_options(self.options), settings);
        Larder { instance, idle: Arc::default() }
    }
}
