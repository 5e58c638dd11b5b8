//! What a command is: one static descriptor from which everything that needs to know about the command is derived:
//! dispatch, arity, locks, `COMMAND DOCS`, hints of the prompt, the documentation, the tests.

use crate::args::Args;
use crate::cx::{Cx, Outcome};
use crate::error::Result;
use crate::reply::Reply;

/// Runs a command. Everything is validated before anything is changed, and nothing is written to `out` before the
/// command is known to succeed: an error returned is the whole reply.
pub type Run = fn(&mut Cx<'_>, Args<'_>, &mut dyn Reply) -> Result<Outcome>;

/// Adds the positions of keys in a line, each with what is done to it.
pub type MoreKeys = fn(&[&[u8]], &mut Vec<(usize, u32)>);

/// What a line does with its keys: of [`access`].
pub type AccessOf = fn(&[&[u8]]) -> u32;

/// One command of the table. Descriptors are written as `Command { name: "get", …, ..Command::DEFAULT }`.
#[derive(Debug)]
pub struct Command {
    /// Lower case, as `COMMAND` reports it. A subcommand has its own word only (`get` of `config get`).
    pub name: &'static str,
    /// One sentence, in our words.
    pub summary: &'static str,
    /// The Redis version that brought it, or the Larder version for our own verbs.
    pub since: &'static str,
    /// The group of the documentation.
    pub group: Group,
    /// In `O(…)` terms.
    pub complexity: &'static str,
    /// How many words, the name (and the container's name) included; `-n` for at least `n`.
    pub arity: i16,
    /// Of [`flags`].
    pub flags: u32,
    /// Of [`acl`], beyond what group and flags imply.
    pub acl: u32,
    /// Of [`acl`]: what group and flags would imply, but Redis has it otherwise.
    pub acl_without: u32,
    /// Where the keys are.
    pub keys: &'static [KeySpec],
    /// Gives the positions of keys that no [`KeySpec`] can describe.
    pub more_keys: Option<MoreKeys>,
    /// What a line does with a key whose [`KeySpec`] says that this depends on the line.
    pub access_of: Option<AccessOf>,
    /// What it locks.
    pub reach: Reach,
    /// Its arguments, for documentation and hints.
    pub args: &'static [Arg],
    /// Command lines that show it, run in order on an empty keyspace: documentation, and a test against Redis.
    pub examples: &'static [&'static str],
    /// Texts of `COMMAND DOCS … history`.
    pub history: &'static [(&'static str, &'static str)],
    /// Its subcommands; then `run` answers the container's name alone.
    pub sub: &'static [&'static Command],
    /// What of the Redis command is missing, for the page on compatibility; `None` where it is whole.
    pub partial: Option<&'static str>,
    /// What proxies may want to know: the last but two part of `COMMAND INFO`.
    pub tips: &'static [&'static str],
    /// Since when it should not be used any more, and what to use instead.
    pub deprecated: Option<(&'static str, &'static str)>,
    /// Not for applications.
    pub internal: bool,
    /// The position of a member or field that it looks for in the value of its only key; 0 if there is none. Those of a
    /// batch are fetched ahead.
    pub element: u8,
    /// What it does.
    pub run: Run,
}

impl Command {
    /// What most commands have in common.
    pub const DEFAULT: Command = Command {
        name: "",
        summary: "",
        since: "1.0.0",
        group: Group::Keys,
        complexity: "O(1)",
        arity: 1,
        flags: 0,
        acl: 0,
        acl_without: 0,
        keys: &[],
        more_keys: None,
        access_of: None,
        reach: Reach::Keys,
        args: &[],
        examples: &[],
        history: &[],
        sub: &[],
        partial: None,
        tips: &[],
        deprecated: None,
        internal: false,
        element: 0,
        run: |_, _, _| Ok(Outcome::Done),
    };

    /// Whether it has this flag.
    #[inline]
    pub const fn is(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// Whether so many words, the name included, can be right.
    #[inline]
    pub const fn takes(&self, words: usize) -> bool {
        if self.arity >= 0 {
            words == self.arity as usize
        } else {
            words >= self.arity.unsigned_abs() as usize
        }
    }

    /// What this line locks: [`Command::reach`], with [`Reach::Dynamic`] resolved.
    #[inline]
    pub fn reach_of(&self, words: &[&[u8]]) -> Reach {
        match self.reach {
            Reach::Dynamic(reach) => reach(words),
            reach => reach,
        }
    }

    /// Whether no word of its lines is ever a key.
    pub fn is_keyless(&self) -> bool {
        self.keys.is_empty() && self.more_keys.is_none()
    }

    /// Every category it is in, as bits of [`acl`].
    pub fn categories(&self) -> u32 {
        let by_flag = [
            (flags::WRITE, acl::WRITE),
            (flags::ADMIN, acl::ADMIN | acl::DANGEROUS),
            (flags::PUBSUB, acl::PUBSUB),
            (flags::BLOCKING, acl::BLOCKING),
        ];
        let mut all = self.acl | self.group.category();
        for (flag, category) in by_flag {
            if self.is(flag) {
                all |= category;
            }
        }
        if self.is(flags::READONLY) && self.group != Group::Scripting {
            all |= acl::READ;
        }
        all &= !self.acl_without;
        all | if self.is(flags::FAST) { acl::FAST } else { acl::SLOW }
    }
}

/// Command flags, with Redis' meanings.
pub mod flags {
    /// Changes data.
    pub const WRITE: u32 = 1;
    /// Only reads data.
    pub const READONLY: u32 = 1 << 1;
    /// Refused when the memory limit is reached and nothing can be evicted.
    pub const DENYOOM: u32 = 1 << 2;
    /// For administrators.
    pub const ADMIN: u32 = 1 << 3;
    /// About topics.
    pub const PUBSUB: u32 = 1 << 4;
    /// Not for scripts.
    pub const NOSCRIPT: u32 = 1 << 5;
    /// May wait.
    pub const BLOCKING: u32 = 1 << 6;
    /// Allowed while data is being loaded.
    pub const LOADING: u32 = 1 << 7;
    /// Allowed on a replica without its primary.
    pub const STALE: u32 = 1 << 8;
    /// Not shown to `MONITOR`.
    pub const SKIP_MONITOR: u32 = 1 << 9;
    /// Not in the slow log.
    pub const SKIP_SLOWLOG: u32 = 1 << 10;
    /// Constant or logarithmic time.
    pub const FAST: u32 = 1 << 11;
    /// Allowed before authentication.
    pub const NO_AUTH: u32 = 1 << 12;
    /// Has keys only sometimes.
    pub const NO_MANDATORY_KEYS: u32 = 1 << 13;
    /// Allowed while a script runs too long.
    pub const ALLOW_BUSY: u32 = 1 << 14;
    /// Not inside MULTI.
    pub const NO_MULTI: u32 = 1 << 15;
    /// May produce effects on replicas though it is no write.
    pub const MAY_REPLICATE: u32 = 1 << 16;
    /// Not while data is being loaded in the background.
    pub const NO_ASYNC_LOADING: u32 = 1 << 17;
    /// Runs at once inside MULTI rather than being queued.
    pub const NO_QUEUE: u32 = 1 << 18;
    /// Allowed to a RESP2 connection that has subscriptions.
    pub const WHILE_SUBSCRIBED: u32 = 1 << 19;
    /// Allowed where a slot is just being moved to, in a cluster.
    pub const ASKING: u32 = 1 << 20;

    /// Comes with nothing locked when a client calls it, and locks its keys itself once it knows what to do with them.
    pub const LOCKS_LATER: u32 = 1 << 21;
    /// As fast as those that are [`FAST`] for as long as its words are short, though Redis does not say so.
    pub const FAST_IF_SHORT: u32 = 1 << 22;

    /// Every flag that `COMMAND INFO` reports, by its name there: not [`MAY_REPLICATE`], as in Redis.
    pub const NAMES: [(u32, &str); 18] = [
        (WRITE, "write"),
        (READONLY, "readonly"),
        (DENYOOM, "denyoom"),
        (ADMIN, "admin"),
        (PUBSUB, "pubsub"),
        (NOSCRIPT, "noscript"),
        (BLOCKING, "blocking"),
        (LOADING, "loading"),
        (STALE, "stale"),
        (SKIP_MONITOR, "skip_monitor"),
        (SKIP_SLOWLOG, "skip_slowlog"),
        (ASKING, "asking"),
        (FAST, "fast"),
        (NO_AUTH, "no_auth"),
        (NO_MANDATORY_KEYS, "no_mandatory_keys"),
        (ALLOW_BUSY, "allow_busy"),
        (NO_MULTI, "no_multi"),
        (NO_ASYNC_LOADING, "no_async_loading"),
    ];
}

/// Categories of commands, for access rules.
pub mod acl {
    /// Keys whatever their type.
    pub const KEYSPACE: u32 = 1;
    /// Reads data.
    pub const READ: u32 = 1 << 1;
    /// Changes data.
    pub const WRITE: u32 = 1 << 2;
    /// Sets.
    pub const SET: u32 = 1 << 3;
    /// Sorted sets.
    pub const SORTEDSET: u32 = 1 << 4;
    /// Lists.
    pub const LIST: u32 = 1 << 5;
    /// Hashes.
    pub const HASH: u32 = 1 << 6;
    /// Strings.
    pub const STRING: u32 = 1 << 7;
    /// Bitmaps.
    pub const BITMAP: u32 = 1 << 8;
    /// Cardinality estimates.
    pub const HYPERLOGLOG: u32 = 1 << 9;
    /// Places.
    pub const GEO: u32 = 1 << 10;
    /// Streams.
    pub const STREAM: u32 = 1 << 11;
    /// Topics.
    pub const PUBSUB: u32 = 1 << 12;
    /// For administrators.
    pub const ADMIN: u32 = 1 << 13;
    /// Constant or logarithmic time.
    pub const FAST: u32 = 1 << 14;
    /// Everything else.
    pub const SLOW: u32 = 1 << 15;
    /// May wait.
    pub const BLOCKING: u32 = 1 << 16;
    /// May harm: needs thought before it is given away.
    pub const DANGEROUS: u32 = 1 << 17;
    /// The connection itself.
    pub const CONNECTION: u32 = 1 << 18;
    /// Transactions.
    pub const TRANSACTION: u32 = 1 << 19;
    /// Scripts.
    pub const SCRIPTING: u32 = 1 << 20;

    /// Every category by its name.
    pub const NAMES: [(u32, &str); 21] = [
        (KEYSPACE, "keyspace"),
        (READ, "read"),
        (WRITE, "write"),
        (SET, "set"),
        (SORTEDSET, "sortedset"),
        (LIST, "list"),
        (HASH, "hash"),
        (STRING, "string"),
        (BITMAP, "bitmap"),
        (HYPERLOGLOG, "hyperloglog"),
        (GEO, "geo"),
        (STREAM, "stream"),
        (PUBSUB, "pubsub"),
        (ADMIN, "admin"),
        (FAST, "fast"),
        (SLOW, "slow"),
        (BLOCKING, "blocking"),
        (DANGEROUS, "dangerous"),
        (CONNECTION, "connection"),
        (TRANSACTION, "transaction"),
        (SCRIPTING, "scripting"),
    ];
}

/// Groups of commands, as the documentation has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// Bits of strings.
    Bitmaps,
    /// Several servers as one.
    Cluster,
    /// The connection itself.
    Connection,
    /// Places.
    Geo,
    /// Hashes.
    Hashes,
    /// Cardinality estimates.
    HyperLogLog,
    /// Keys whatever their type.
    Keys,
    /// Lists.
    Lists,
    /// Topics.
    PubSub,
    /// Scripts and functions.
    Scripting,
    /// The server.
    Server,
    /// Sets.
    Sets,
    /// Sorted sets.
    SortedSets,
    /// Streams.
    Streams,
    /// Strings.
    Strings,
    /// Transactions.
    Transactions,
}

impl Group {
    /// The name in `COMMAND DOCS`.
    pub fn name(self) -> &'static str {
        match self {
            Group::Bitmaps => "bitmap",
            Group::Cluster => "cluster",
            Group::Connection => "connection",
            Group::Geo => "geo",
            Group::Hashes => "hash",
            Group::HyperLogLog => "hyperloglog",
            Group::Keys => "generic",
            Group::Lists => "list",
            Group::PubSub => "pubsub",
            Group::Scripting => "scripting",
            Group::Server => "server",
            Group::Sets => "set",
            Group::SortedSets => "sorted-set",
            Group::Streams => "stream",
            Group::Strings => "string",
            Group::Transactions => "transactions",
        }
    }

    fn category(self) -> u32 {
        match self {
            Group::Bitmaps => acl::BITMAP,
            Group::Connection => acl::CONNECTION,
            Group::Geo => acl::GEO,
            Group::Hashes => acl::HASH,
            Group::HyperLogLog => acl::HYPERLOGLOG,
            Group::Keys => acl::KEYSPACE,
            Group::Lists => acl::LIST,
            Group::PubSub => acl::PUBSUB,
            Group::Scripting => acl::SCRIPTING,
            Group::Cluster | Group::Server => 0,
            Group::Sets => acl::SET,
            Group::SortedSets => acl::SORTEDSET,
            Group::Streams => acl::STREAM,
            Group::Strings => acl::STRING,
            Group::Transactions => acl::TRANSACTION,
        }
    }
}

/// What a command locks for its run.
#[derive(Clone, Copy, Debug)]
pub enum Reach {
    /// The stripes of its keys.
    Keys,
    /// Nothing at first: it goes through the keyspace stripe after stripe. Inside a transaction, everything.
    Stripes,
    /// Everything, for one cut in time.
    Everything,
    /// What the commands of the session's transaction reach: EXEC.
    Queued,
    /// One of the others, by the words of the line: SORT needs only its key until a pattern names others.
    Dynamic(fn(&[&[u8]]) -> Reach),
}

/// What is done with a key, and where keys stand: the terms of `COMMAND INFO`'s key specifications.
#[derive(Clone, Copy, Debug)]
pub struct KeySpec {
    /// Of [`access`].
    pub access: u32,
    /// Where the first key is looked for.
    pub begin: Begin,
    /// Which words from there on are keys.
    pub find: Find,
}

/// Where the first key is looked for.
#[derive(Clone, Copy, Debug)]
pub enum Begin {
    /// At this word.
    Index(u8),
    /// After this keyword, looked for from this word on. A negative word is counted from the end of the
    /// line, and looked for backwards.
    Keyword(&'static str, i8),
    /// Only the command itself knows.
    Unknown,
}

/// Which words are keys.
#[derive(Clone, Copy, Debug)]
pub enum Find {
    /// Up to `last` words further on (negative: counted from the end of the line), every `step`-th; of what
    /// remains, the first `1/limit`.
    Range {
        /// The last key, from the first; -1 is the last word of the line.
        last: i16,
        /// From key to key.
        step: u8,
        /// 0 or 1: no limit.
        limit: u8,
    },
    /// A word says how many there are.
    Numkeys {
        /// That word, from the beginning.
        at: u8,
        /// The first key, from the beginning.
        first: u8,
        /// From key to key.
        step: u8,
    },
    /// Only the command itself knows.
    Unknown,
}

/// What is done with a key.
pub mod access {
    /// Read and write.
    pub const RW: u32 = 1;
    /// Read.
    pub const RO: u32 = 1 << 1;
    /// Overwrite.
    pub const OW: u32 = 1 << 2;
    /// Remove.
    pub const RM: u32 = 1 << 3;
    /// The value is returned, copied or used.
    pub const ACCESS: u32 = 1 << 4;
    /// The value is updated.
    pub const UPDATE: u32 = 1 << 5;
    /// Something is added.
    pub const INSERT: u32 = 1 << 6;
    /// Something is removed.
    pub const DELETE: u32 = 1 << 7;
    /// Not a key, though it stands like one (a shard channel).
    pub const NOT_KEY: u32 = 1 << 8;
    /// There may be keys that the specification does not show.
    pub const INCOMPLETE: u32 = 1 << 9;
    /// The access depends on the arguments.
    pub const VARIABLE: u32 = 1 << 10;

    /// Every one by its name.
    pub const NAMES: [(u32, &str); 11] = [
        (RW, "RW"),
        (RO, "RO"),
        (OW, "OW"),
        (RM, "RM"),
        (ACCESS, "access"),
        (UPDATE, "update"),
        (INSERT, "insert"),
        (DELETE, "delete"),
        (NOT_KEY, "not_key"),
        (INCOMPLETE, "incomplete"),
        (VARIABLE, "variable_flags"),
    ];
}

impl KeySpec {
    /// One key at a word.
    pub const fn at(index: u8, access: u32) -> KeySpec {
        KeySpec::range(index, 0, 1, access)
    }

    /// Keys from a word on: `last` and `step` as in [`Find::Range`].
    pub const fn range(index: u8, last: i16, step: u8, access: u32) -> KeySpec {
        KeySpec { access, begin: Begin::Index(index), find: Find::Range { last, step, limit: 0 } }
    }

    /// As many keys as the word at `index` says, right after it.
    pub const fn numkeys(index: u8, access: u32) -> KeySpec {
        KeySpec { access, begin: Begin::Index(index), find: Find::Numkeys { at: 0, first: 1, step: 1 } }
    }

    /// Only the command itself knows.
    pub const fn unknown(access: u32) -> KeySpec {
        KeySpec { access, begin: Begin::Unknown, find: Find::Unknown }
    }
}

/// One argument, for documentation and hints. Built as `Arg::int("seconds").token("EX").optional()`.
#[derive(Clone, Copy, Debug)]
pub struct Arg {
    /// Its name.
    pub name: &'static str,
    /// What it may be.
    pub kind: ArgKind,
    /// The word that introduces it, or that it is.
    pub token: Option<&'static str>,
    /// It may be missing.
    pub optional: bool,
    /// It may be repeated.
    pub multiple: bool,
    /// Its token is repeated with it.
    pub multiple_token: bool,
    /// Parts of a block, or choices.
    pub args: &'static [Arg],
    /// Which of the command's key specifications it falls under.
    pub key_spec: u8,
    /// The version that brought it, where that was later than the command.
    pub since: Option<&'static str>,
    /// The version from which on it should not be used any more.
    pub deprecated: Option<&'static str>,
}

/// What an argument may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgKind {
    /// A key.
    Key,
    /// Any bytes.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Double,
    /// A glob pattern.
    Pattern,
    /// A Unix time.
    UnixTime,
    /// Its token alone.
    PureToken,
    /// One of its choices.
    OneOf,
    /// All of its parts.
    Block,
}

impl ArgKind {
    /// The name in `COMMAND DOCS`.
    pub fn name(self) -> &'static str {
        match self {
            ArgKind::Key => "key",
            ArgKind::String => "string",
            ArgKind::Integer => "integer",
            ArgKind::Double => "double",
            ArgKind::Pattern => "pattern",
            ArgKind::UnixTime => "unix-time",
            ArgKind::PureToken => "pure-token",
            ArgKind::OneOf => "oneof",
            ArgKind::Block => "block",
        }
    }
}

impl Arg {
    const fn new(name: &'static str, kind: ArgKind) -> Arg {
        Arg {
            name,
            kind,
            token: None,
            optional: false,
            multiple: false,
            multiple_token: false,
            args: &[],
            key_spec: 0,
            since: None,
            deprecated: None,
        }
    }

    /// A key, of the first key specification.
    pub const fn key(name: &'static str) -> Arg {
        Arg::new(name, ArgKind::Key)
    }

    /// A key of the key specification of this number.
    pub const fn key_of(name: &'static str, key_spec: u8) -> Arg {
        Arg { key_spec, ..Arg::new(name, ArgKind::Key) }
    }

    /// Any bytes.
    pub const fn string(name: &'static str) -> Arg {
        Arg::new(name, ArgKind::String)
    }

    /// A whole number.
    pub const fn int(name: &'static str) -> Arg {
        Arg::new(name, ArgKind::Integer)
    }

    /// A number.
    pub const fn double(name: &'static str) -> Arg {
        Arg::new(name, ArgKind::Double)
    }

    /// A glob pattern.
    pub const fn pattern(name: &'static str) -> Arg {
        Arg::new(name, ArgKind::Pattern)
    }

    /// A Unix time.
    pub const fn unix_time(name: &'static str) -> Arg {
        Arg::new(name, ArgKind::UnixTime)
    }

    /// A word that stands for itself.
    pub const fn word(name: &'static str, token: &'static str) -> Arg {
        Arg { token: Some(token), ..Arg::new(name, ArgKind::PureToken) }
    }

    /// One of several.
    pub const fn one_of(name: &'static str, args: &'static [Arg]) -> Arg {
        Arg { args, ..Arg::new(name, ArgKind::OneOf) }
    }

    /// Several together.
    pub const fn block(name: &'static str, args: &'static [Arg]) -> Arg {
        Arg { args, ..Arg::new(name, ArgKind::Block) }
    }

    /// Introduced by this word.
    #[must_use]
    pub const fn token(self, token: &'static str) -> Arg {
        Arg { token: Some(token), ..self }
    }

    /// It may be missing.
    #[must_use]
    pub const fn optional(self) -> Arg {
        Arg { optional: true, ..self }
    }

    /// It may be repeated.
    #[must_use]
    pub const fn multiple(self) -> Arg {
        Arg { multiple: true, ..self }
    }

    /// It may be repeated, each time with its token.
    #[must_use]
    pub const fn multiple_token(self) -> Arg {
        Arg { multiple: true, multiple_token: true, ..self }
    }

    /// The version that brought it.
    #[must_use]
    pub const fn since(self, version: &'static str) -> Arg {
        Arg { since: Some(version), ..self }
    }

    /// The version from which on it should not be used any more.
    #[must_use]
    pub const fn deprecated(self, version: &'static str) -> Arg {
        Arg { deprecated: Some(version), ..self }
    }
}
