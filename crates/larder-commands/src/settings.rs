//! Settings: one table from which flags, environment, files, `CONFIG` and the documentation are all served.
//!
//! A setting's value is kept as the canonical text that `CONFIG GET` answers; what needs it on a hot path keeps its own
//! copy, brought up to date by the setting's `apply`.

use crate::client::OutputLimit;
use crate::instance::Instance;
use crate::notify::Notifications;
use larder_core::value::string::parse_int;
use larder_core::{Policy, Sampling, ValueLimits};
use parking_lot::RwLock;
use std::sync::atomic::Ordering;

/// What a setting may be.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Any text.
    Text,
    /// Any text, never shown in logs.
    Secret,
    /// `yes` or `no`.
    Bool,
    /// A whole number within bounds.
    Int(i64, i64),
    /// A whole number of bytes within bounds, written with a unit if you like: `100mb`.
    Bytes(i64, i64),
    /// One of some words.
    OneOf(&'static [&'static str]),
    /// Something with rules of its own, which gives the canonical text or says what is wrong.
    Custom(fn(&str) -> Result<String, String>),
}

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name, as in `redis.conf`.
    pub name: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// What it is if nobody says otherwise.
    pub default: &'static str,
    /// Whether `CONFIG SET` may change it.
    pub mutable: bool,
    /// One sentence.
    pub summary: &'static str,
    /// It is accepted, kept and answered for the sake of tools and files made for Redis, and does nothing.
    pub inert: bool,
    /// Tells whoever keeps a copy.
    pub apply: fn(&Instance),
}

const fn setting(name: &'static str, kind: Kind, default: &'static str, summary: &'static str) -> Setting {
    Setting { name, kind, default, mutable: true, summary, inert: false, apply: |_| {} }
}

/// A setting of Redis that means nothing here.
const fn inert(name: &'static str, kind: Kind, default: &'static str) -> Setting {
    Setting {
        inert: true,
        ..setting(name, kind, default, "Accepted for compatibility: it does nothing here.")
    }
}

impl Setting {
    const fn fixed(self) -> Setting {
        Setting { mutable: false, ..self }
    }

    const fn applied(self, apply: fn(&Instance)) -> Setting {
        Setting { apply, ..self }
    }

    /// Reads a value: its canonical text, or what is wrong with it.
    pub fn read(&self, text: &str) -> Result<String, String> {
        match self.kind {
            Kind::Text | Kind::Secret => Ok(text.into()),
            Kind::Bool => match text.to_ascii_lowercase().as_str() {
                "yes" | "true" | "on" => Ok("yes".into()),
                "no" | "false" | "off" => Ok("no".into()),
                _ => Err("argument must be 'yes' or 'no'".into()),
            },
            Kind::Int(min, max) => {
                let n = parse_int(text.as_bytes()).ok_or("argument couldn't be parsed into an integer")?;
                within(n, min, max).map(|n| n.to_string())
            }
            Kind::Bytes(min, max) => {
                let n = parse_bytes(text).ok_or("argument must be a memory value")?;
                within(n, min, max).map(|n| n.to_string())
            }
            Kind::OneOf(words) => {
                let found = words.iter().find(|word| word.eq_ignore_ascii_case(text));
                found
                    .map(|word| (*word).to_string())
                    .ok_or_else(|| format!("argument(s) must be one of the following: {}", words.join(", ")))
            }
            Kind::Custom(read) => read(text),
        }
    }
}

fn within(n: i64, min: i64, max: i64) -> Result<i64, String> {
    if (min..=max).contains(&n) {
        Ok(n)
    } else {
        Err(format!("argument must be between {min} and {max} inclusive"))
    }
}

/// Reads a number of bytes with an optional unit: `k`, `m`, `g` are powers of 1000, `kb`, `mb`, `gb` of 1024.
pub fn parse_bytes(text: &str) -> Option<i64> {
    let digits = text.bytes().take_while(|b| b.is_ascii_digit() || *b == b'-').count();
    let (number, unit) = text.split_at(digits);
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" => 1_000,
        "kb" => 1_024,
        "m" => 1_000_000,
        "mb" => 1_024 * 1_024,
        "g" => 1_000_000_000,
        "gb" => 1_024 * 1_024 * 1_024,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(factor)
}

const MAX: i64 = i64::MAX;
const INT_MAX: i64 = i32::MAX as i64;

/// Every setting, by name.
pub static SETTINGS: &[Setting] = &[
    setting(
        "acl-pubsub-default",
        Kind::OneOf(&["allchannels", "resetchannels"]),
        "resetchannels",
        "Whether new users may use all channels or none.",
    ),
    setting(
        "aclfile",
        Kind::Text,
        "",
        "The file of the users, for ACL LOAD and ACL SAVE, read at the start; empty for none.",
    )
    .fixed(),
    setting("acllog-max-len", Kind::Int(0, MAX), "128", "How many refusals ACL LOG remembers."),
    inert("active-defrag-cycle-max", Kind::Int(1, 99), "25"),
    inert("active-defrag-cycle-min", Kind::Int(1, 99), "1"),
    inert("active-defrag-ignore-bytes", Kind::Bytes(0, MAX), "104857600"),
    inert("active-defrag-max-scan-fields", Kind::Int(1, MAX), "1000"),
    inert("active-defrag-threshold-lower", Kind::Int(0, 1000), "10"),
    inert("active-defrag-threshold-upper", Kind::Int(0, 1000), "100"),
    inert("active-expire-effort", Kind::Int(1, 10), "1"),
    setting("activedefrag", Kind::Bool, "no", "Accepted for compatibility: there is nothing to defragment."),
    inert("activerehashing", Kind::Bool, "yes"),
    inert("always-show-logo", Kind::Bool, "no").fixed(),
    inert("aof-load-truncated", Kind::Bool, "yes"),
    inert("aof-rewrite-incremental-fsync", Kind::Bool, "yes"),
    inert("aof-timestamp-enabled", Kind::Bool, "no"),
    inert("aof-use-rdb-preamble", Kind::Bool, "yes"),
    inert("appenddirname", Kind::Text, "appendonlydir").fixed(),
    setting("appendfilename", Kind::Text, "appendonly.aof", "The name of the journal, once there is one.")
        .fixed(),
    setting(
        "appendfsync",
        Kind::OneOf(&["always", "everysec", "no"]),
        "everysec",
        "When the journal is forced to disk, once there is one.",
    ),
    setting("appendonly", Kind::OneOf(&["no"]), "no", "Journal every write. Not available yet."),
    inert("auto-aof-rewrite-min-size", Kind::Bytes(0, MAX), "67108864"),
    inert("auto-aof-rewrite-percentage", Kind::Int(0, INT_MAX), "100"),
    setting("bind", Kind::Text, "127.0.0.1 -::1", "The addresses to listen on.").fixed(),
    setting(
        "busy-reply-threshold",
        Kind::Int(0, MAX),
        "5000",
        "Milliseconds after which a script counts as too slow: then it can be killed, and others are told.",
    )
    .applied(apply_scripts),
    setting(
        "client-output-buffer-limit",
        Kind::Custom(read_output_limits),
        OUTPUT_LIMITS,
        "Unread bytes a client may cause before it is closed: class, hard limit, soft limit, seconds.",
    )
    .applied(apply_output_limits),
    setting(
        "client-query-buffer-limit",
        Kind::Bytes(1_024 * 1_024, MAX),
        "1073741824",
        "The largest request.",
    ),
    inert("cluster-allow-pubsubshard-when-down", Kind::Bool, "yes"),
    inert("cluster-allow-reads-when-down", Kind::Bool, "no"),
    inert("cluster-allow-replica-migration", Kind::Bool, "yes"),
    inert("cluster-announce-bus-port", Kind::Int(0, 65_535), "0"),
    setting(
        "cluster-announce-hostname",
        Kind::Custom(read_hostname),
        "",
        "The name of this node that clients of the cluster are told.",
    ),
    setting(
        "cluster-announce-ip",
        Kind::Text,
        "",
        "The address that clients of the cluster are told; empty for the one by which they came.",
    ),
    setting(
        "cluster-announce-port",
        Kind::Int(0, 65_535),
        "0",
        "The port that clients of the cluster are told; 0 for the one by which they came.",
    ),
    inert("cluster-announce-tls-port", Kind::Int(0, 65_535), "0"),
    inert("cluster-config-file", Kind::Text, "nodes.conf").fixed(),
    setting(
        "cluster-enabled",
        Kind::Bool,
        "no",
        "Answer as a cluster of one node that owns every slot, and keep its rules.",
    )
    .fixed(),
    inert("cluster-link-sendbuf-limit", Kind::Bytes(0, MAX), "0"),
    inert("cluster-migration-barrier", Kind::Int(0, INT_MAX), "1"),
    inert("cluster-node-timeout", Kind::Int(0, MAX), "15000"),
    inert("cluster-port", Kind::Int(0, 65_535), "0").fixed(),
    setting(
        "cluster-preferred-endpoint-type",
        Kind::OneOf(&["ip", "hostname", "unknown-endpoint"]),
        "ip",
        "Whether clients of the cluster are told an address, a name, or nothing.",
    ),
    inert("cluster-replica-no-failover", Kind::Bool, "no"),
    inert("cluster-replica-validity-factor", Kind::Int(0, INT_MAX), "10"),
    inert("cluster-require-full-coverage", Kind::Bool, "yes"),
    inert("crash-log-enabled", Kind::Bool, "yes"),
    inert("crash-memcheck-enabled", Kind::Bool, "yes"),
    setting("daemonize", Kind::Bool, "no", "Accepted for compatibility: Larder stays in the foreground.")
        .fixed(),
    setting("databases", Kind::Int(16, 16), "16", "How many databases there are.").fixed(),
    setting("dbfilename", Kind::Text, "dump.rdb", "The name of the snapshot, once there is one.").fixed(),
    setting("dir", Kind::Text, ".", "The folder of the data files.").fixed(),
    inert("disable-thp", Kind::Bool, "yes").fixed(),
    inert("dynamic-hz", Kind::Bool, "yes"),
    setting("enable-debug-command", Kind::OneOf(&["no", "yes", "local"]), "no", "Whether DEBUG may be used.")
        .fixed(),
    inert("enable-module-command", Kind::OneOf(&["no"]), "no").fixed(),
    inert("enable-protected-configs", Kind::OneOf(&["no"]), "no").fixed(),
    setting(
        "hash-max-listpack-entries",
        Kind::Int(0, MAX),
        "128",
        "A hash stays packed up to so many fields.",
    )
    .applied(apply_values),
    setting(
        "hash-max-listpack-value",
        Kind::Bytes(0, MAX),
        "64",
        "A hash stays packed up to this length of fields and values.",
    )
    .applied(apply_values),
    setting(
        "hash-max-ziplist-entries",
        Kind::Int(0, MAX),
        "128",
        "The old name of hash-max-listpack-entries.",
    )
    .applied(apply_values),
    setting("hash-max-ziplist-value", Kind::Bytes(0, MAX), "64", "The old name of hash-max-listpack-value.")
        .applied(apply_values),
    setting(
        "hll-sparse-max-bytes",
        Kind::Bytes(0, MAX),
        "3000",
        "A HyperLogLog stays sparse up to this length.",
    ),
    setting("hz", Kind::Int(1, 500), "10", "Accepted for compatibility: Larder has a timer instead."),
    setting(
        "io-threads",
        Kind::Int(0, 256),
        "0",
        "Threads that serve connections; 0 for one per core, the first alone while it keeps up.",
    )
    .fixed(),
    inert("io-threads-do-reads", Kind::Bool, "no").fixed(),
    inert("jemalloc-bg-thread", Kind::Bool, "yes"),
    setting(
        "latency-monitor-threshold",
        Kind::Int(0, MAX),
        "0",
        "Milliseconds from which an event is remembered by LATENCY; 0 for never.",
    )
    .applied(|instance| {
        let ms = instance.settings().int("latency-monitor-threshold") as u64;
        instance.latency.threshold_ms.store(ms, Ordering::Relaxed);
    }),
    setting("latency-tracking", Kind::Bool, "yes", "Whether INFO latencystats and LATENCY HISTOGRAM report."),
    setting(
        "latency-tracking-info-percentiles",
        Kind::Custom(read_percentiles),
        "50 99 99.9",
        "The percentiles of INFO latencystats.",
    ),
    setting(
        "lazyfree-lazy-eviction",
        Kind::Bool,
        "yes",
        "Accepted for compatibility: large values are always freed outside of locks.",
    ),
    setting(
        "lazyfree-lazy-expire",
        Kind::Bool,
        "yes",
        "Accepted for compatibility: large values are always freed outside of locks.",
    ),
    inert("lazyfree-lazy-server-del", Kind::Bool, "yes"),
    setting(
        "lazyfree-lazy-user-del",
        Kind::Bool,
        "yes",
        "Accepted for compatibility: large values are always freed outside of locks.",
    ),
    inert("lazyfree-lazy-user-flush", Kind::Bool, "yes"),
    setting(
        "lfu-decay-time",
        Kind::Int(0, INT_MAX),
        "1",
        "Minutes after which an LFU count goes down by one.",
    )
    .applied(apply_sampling),
    setting("lfu-log-factor", Kind::Int(0, INT_MAX), "10", "How slowly an LFU count grows.")
        .applied(apply_sampling),
    setting(
        "list-compress-depth",
        Kind::Int(0, INT_MAX),
        "0",
        "Accepted for compatibility: lists are not compressed.",
    ),
    setting(
        "list-max-listpack-size",
        Kind::Int(-5, INT_MAX),
        "-2",
        "The size of a list's nodes: entries, or -1 to -5 for 4 to 64 KiB.",
    )
    .applied(apply_values),
    setting("list-max-ziplist-size", Kind::Int(-5, INT_MAX), "-2", "The old name of list-max-listpack-size.")
        .applied(apply_values),
    setting("logfile", Kind::Text, "", "Where the log goes; empty for standard error.").fixed(),
    setting(
        "loglevel",
        Kind::OneOf(&["debug", "verbose", "notice", "warning", "nothing"]),
        "notice",
        "How much is logged.",
    ),
    setting("lua-time-limit", Kind::Int(0, MAX), "5000", "The old name of busy-reply-threshold.")
        .applied(apply_scripts),
    inert("masterauth", Kind::Secret, ""),
    inert("masteruser", Kind::Text, ""),
    setting("maxclients", Kind::Int(1, 1_000_000), "10000", "How many clients may be connected."),
    setting(
        "maxmemory",
        Kind::Bytes(0, MAX),
        "0",
        "Bytes of data beyond which keys are evicted or writes refused; 0 for no limit.",
    )
    .applied(|instance| {
        let max = instance.settings().int("maxmemory") as u64;
        instance.engine().set_memory_max_bytes(Some(max).filter(|max| *max != 0));
        make_room(instance);
    }),
    setting(
        "maxmemory-clients",
        Kind::Custom(read_bytes_or_percent),
        "0",
        "What all clients' buffers may take together: bytes, or N% of maxmemory; 0 for a tenth of the memory.",
    ),
    inert("maxmemory-eviction-tenacity", Kind::Int(0, 100), "10"),
    setting(
        "maxmemory-policy",
        Kind::Custom(read_policy),
        "noeviction",
        "What is evicted when maxmemory is reached.",
    )
    .applied(|instance| {
        if let Some(policy) = Policy::named(&instance.settings().text("maxmemory-policy")) {
            instance.engine().set_policy(policy);
            make_room(instance);
        }
    }),
    setting("maxmemory-samples", Kind::Int(1, INT_MAX), "5", "How many keys the sampling policies compare.")
        .applied(apply_sampling),
    setting(
        "min-replicas-max-lag",
        Kind::Int(0, INT_MAX),
        "10",
        "How many seconds a replica may be behind to count; 0 for writes without regard to replicas.",
    )
    .applied(apply_replicas),
    setting(
        "min-replicas-to-write",
        Kind::Int(0, INT_MAX),
        "0",
        "Writes are refused while there are fewer replicas; there are none yet, so any number refuses all.",
    )
    .applied(apply_replicas),
    setting("min-slaves-max-lag", Kind::Int(0, INT_MAX), "10", "The old name of min-replicas-max-lag.")
        .applied(apply_replicas),
    setting("min-slaves-to-write", Kind::Int(0, INT_MAX), "0", "The old name of min-replicas-to-write.")
        .applied(apply_replicas),
    inert("no-appendfsync-on-rewrite", Kind::Bool, "no"),
    setting(
        "notify-keyspace-events",
        Kind::Custom(read_notifications),
        "",
        "Which changes of keys become messages.",
    )
    .applied(|instance| {
        if let Ok(notifications) = Notifications::parse(&instance.settings().text("notify-keyspace-events")) {
            instance.set_notifications(notifications);
        }
    }),
    inert("oom-score-adj", Kind::OneOf(&["no"]), "no"),
    setting("pidfile", Kind::Text, "", "Where the process id is written.").fixed(),
    setting("port", Kind::Int(0, 65_535), "6379", "The TCP port; 0 for none.").fixed(),
    inert("proc-title-template", Kind::Text, "{title} {listen-addr} {server-mode}"),
    inert("propagation-error-behavior", Kind::OneOf(&["ignore", "panic", "panic-on-replicas"]), "ignore"),
    setting(
        "protected-mode",
        Kind::Bool,
        "yes",
        "Refuse connections from other machines while there is no password.",
    ),
    setting(
        "proto-max-bulk-len",
        Kind::Bytes(1_024 * 1_024, 512 << 20),
        "536870912",
        "The longest single word of a request.",
    ),
    inert("rdb-del-sync-files", Kind::Bool, "no"),
    inert("rdb-save-incremental-fsync", Kind::Bool, "yes"),
    inert("rdbchecksum", Kind::Bool, "yes").fixed(),
    inert("rdbcompression", Kind::Bool, "yes"),
    inert("repl-backlog-size", Kind::Bytes(0, MAX), "1048576"),
    inert("repl-backlog-ttl", Kind::Int(0, MAX), "3600"),
    inert("repl-disable-tcp-nodelay", Kind::Bool, "no"),
    inert("repl-diskless-load", Kind::OneOf(&["disabled", "on-empty-db", "swapdb"]), "disabled"),
    inert("repl-diskless-sync", Kind::Bool, "yes"),
    inert("repl-diskless-sync-delay", Kind::Int(0, INT_MAX), "5"),
    inert("repl-diskless-sync-max-replicas", Kind::Int(0, INT_MAX), "0"),
    inert("repl-ping-replica-period", Kind::Int(1, INT_MAX), "10"),
    inert("repl-ping-slave-period", Kind::Int(1, INT_MAX), "10"),
    inert("repl-timeout", Kind::Int(1, INT_MAX), "60"),
    inert("replica-announce-ip", Kind::Text, ""),
    inert("replica-announce-port", Kind::Int(0, 65_535), "0"),
    inert("replica-announced", Kind::Bool, "yes"),
    inert("replica-ignore-disk-write-errors", Kind::Bool, "no"),
    inert("replica-ignore-maxmemory", Kind::Bool, "yes"),
    inert("replica-lazy-flush", Kind::Bool, "yes"),
    inert("replica-priority", Kind::Int(0, INT_MAX), "100"),
    inert("replica-read-only", Kind::Bool, "yes"),
    inert("replica-serve-stale-data", Kind::Bool, "yes"),
    inert("replicaof", Kind::OneOf(&[""]), "").fixed(),
    setting("requirepass", Kind::Secret, "", "The password of the default user; empty for none.").applied(
        |instance| {
            instance.set_default_password(instance.settings().password().as_deref());
        },
    ),
    inert("sanitize-dump-payload", Kind::OneOf(&["no", "yes", "clients"]), "yes"),
    setting("save", Kind::OneOf(&[""]), "", "When a snapshot is taken. Not available yet."),
    setting(
        "script-instructions-max",
        Kind::Int(0, MAX),
        "0",
        "A script is stopped after so many instructions; 0 for no limit.",
    )
    .applied(apply_scripts),
    setting(
        "script-memory-max",
        Kind::Bytes(1 << 20, MAX),
        "268435456",
        "Memory that the scripts of one thread may take together.",
    )
    .applied(apply_scripts),
    setting(
        "set-max-intset-entries",
        Kind::Int(0, MAX),
        "512",
        "A set of numbers stays packed up to so many members.",
    )
    .applied(apply_values),
    setting(
        "set-max-listpack-entries",
        Kind::Int(0, MAX),
        "128",
        "A set stays packed up to so many members.",
    )
    .applied(apply_values),
    setting(
        "set-max-listpack-value",
        Kind::Bytes(0, MAX),
        "64",
        "A set stays packed up to this length of members.",
    )
    .applied(apply_values),
    inert("set-proc-title", Kind::Bool, "yes"),
    inert("shutdown-on-sigint", Kind::OneOf(&["default"]), "default"),
    inert("shutdown-on-sigterm", Kind::OneOf(&["default"]), "default"),
    inert("shutdown-timeout", Kind::Int(0, INT_MAX), "10"),
    inert("slave-announce-ip", Kind::Text, ""),
    inert("slave-announce-port", Kind::Int(0, 65_535), "0"),
    inert("slave-ignore-maxmemory", Kind::Bool, "yes"),
    inert("slave-lazy-flush", Kind::Bool, "yes"),
    inert("slave-priority", Kind::Int(0, INT_MAX), "100"),
    inert("slave-read-only", Kind::Bool, "yes"),
    inert("slave-serve-stale-data", Kind::Bool, "yes"),
    inert("slaveof", Kind::OneOf(&[""]), "").fixed(),
    setting(
        "slowlog-log-slower-than",
        Kind::Int(-1, MAX),
        "10000",
        "Microseconds from which a command is logged as slow; -1 for never.",
    )
    .applied(|instance| {
        instance
            .slowlog
            .threshold_us
            .store(instance.settings().int("slowlog-log-slower-than"), Ordering::Relaxed);
    }),
    setting("slowlog-max-len", Kind::Int(0, MAX), "128", "How many slow commands are kept.").applied(
        |instance| {
            instance
                .slowlog
                .len_max
                .store(instance.settings().int("slowlog-max-len") as usize, Ordering::Relaxed);
        },
    ),
    inert("socket-mark-id", Kind::Int(0, 4_294_967_295), "0"),
    inert("stop-writes-on-bgsave-error", Kind::Bool, "yes"),
    setting("stream-node-max-bytes", Kind::Bytes(0, MAX), "4096", "The size of a stream's nodes.")
        .applied(apply_values),
    setting("stream-node-max-entries", Kind::Int(0, MAX), "100", "The entries of a stream's node.")
        .applied(apply_values),
    inert("supervised", Kind::OneOf(&["no", "upstart", "systemd", "auto"]), "no").fixed(),
    inert("syslog-enabled", Kind::Bool, "no").fixed(),
    inert("syslog-facility", Kind::Text, "local0").fixed(),
    inert("syslog-ident", Kind::Text, "redis").fixed(),
    setting("tcp-backlog", Kind::Int(0, 65_535), "511", "Connections waiting to be accepted.").fixed(),
    setting(
        "tcp-keepalive",
        Kind::Int(0, 86_400),
        "300",
        "Seconds after which a silent peer is asked for a sign of life; 0 for never.",
    ),
    setting(
        "timeout",
        Kind::Int(0, INT_MAX),
        "0",
        "Seconds after which an idle client is closed; 0 for never.",
    ),
    setting(
        "tracking-table-max-keys",
        Kind::Int(0, MAX),
        "1000000",
        "How many keys are remembered for client-side caches; 0 for no limit.",
    )
    .applied(|instance| {
        let most = instance.settings().int("tracking-table-max-keys");
        instance.tracking.set_keys_max(usize::try_from(most).unwrap_or(0));
    }),
    setting("unixsocket", Kind::Text, "", "The path of a Unix socket; empty for none.").fixed(),
    setting(
        "unixsocketperm",
        Kind::Custom(read_permissions),
        "700",
        "The permissions of the Unix socket, in octal.",
    )
    .fixed(),
    setting(
        "zset-max-listpack-entries",
        Kind::Int(0, MAX),
        "128",
        "A sorted set stays packed up to so many members.",
    )
    .applied(apply_values),
    setting(
        "zset-max-listpack-value",
        Kind::Bytes(0, MAX),
        "64",
        "A sorted set stays packed up to this length of members.",
    )
    .applied(apply_values),
    setting(
        "zset-max-ziplist-entries",
        Kind::Int(0, MAX),
        "128",
        "The old name of zset-max-listpack-entries.",
    )
    .applied(apply_values),
    setting("zset-max-ziplist-value", Kind::Bytes(0, MAX), "64", "The old name of zset-max-listpack-value.")
        .applied(apply_values),
];

/// Old names, each with the one it stands for: setting either sets both.
const ALIASES: &[(&str, &str)] = &[
    ("hash-max-ziplist-entries", "hash-max-listpack-entries"),
    ("hash-max-ziplist-value", "hash-max-listpack-value"),
    ("lua-time-limit", "busy-reply-threshold"),
    ("min-slaves-max-lag", "min-replicas-max-lag"),
    ("min-slaves-to-write", "min-replicas-to-write"),
    ("repl-ping-slave-period", "repl-ping-replica-period"),
    ("slave-announce-ip", "replica-announce-ip"),
    ("slave-announce-port", "replica-announce-port"),
    ("slave-ignore-maxmemory", "replica-ignore-maxmemory"),
    ("slave-lazy-flush", "replica-lazy-flush"),
    ("slave-priority", "replica-priority"),
    ("slave-read-only", "replica-read-only"),
    ("slave-serve-stale-data", "replica-serve-stale-data"),
    ("slaveof", "replicaof"),
    ("list-max-ziplist-size", "list-max-listpack-size"),
    ("zset-max-ziplist-entries", "zset-max-listpack-entries"),
    ("zset-max-ziplist-value", "zset-max-listpack-value"),
];

/// A lower limit, or a policy that lets keys go, takes effect at once. Where none may go, writes will be refused.
fn make_room(instance: &Instance) {
    if instance.engine().is_over_limit() {
        let _ = instance.engine().make_room();
    }
}

fn apply_replicas(instance: &Instance) {
    let asked = |name| instance.settings().int(name) != 0;
    let lacks = asked("min-replicas-to-write") && asked("min-replicas-max-lag");
    instance.lacks_replicas.store(lacks, Ordering::Relaxed);
}

fn apply_scripts(instance: &Instance) {
    let get = |name| u64::try_from(instance.settings().int(name)).unwrap_or(0);
    instance.scripts.set_limits(
        get("script-memory-max"),
        get("busy-reply-threshold"),
        get("script-instructions-max"),
    );
}

const OUTPUT_LIMITS: &str = "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60";

fn output_limits(text: &str) -> Result<Vec<(String, OutputLimit)>, String> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    if words.is_empty() || !words.len().is_multiple_of(4) {
        return Err("Wrong number of arguments in buffer limit configuration.".into());
    }
    let mut limits = Vec::new();
    for part in words.chunks_exact(4) {
        let class = match part[0].to_ascii_lowercase().as_str() {
            "normal" => "normal",
            "slave" | "replica" => "slave",
            "pubsub" => "pubsub",
            _ => return Err("Invalid client class specified in buffer limit configuration.".into()),
        };
        let bytes = |text| parse_bytes(text).and_then(|n| usize::try_from(n).ok());
        let (Some(hard_bytes), Some(soft_bytes), Ok(soft_seconds)) =
            (bytes(part[1]), bytes(part[2]), part[3].parse())
        else {
            return Err("Error in hard, soft or soft_seconds setting in buffer limit configuration.".into());
        };
        limits.push((class.to_string(), OutputLimit { hard_bytes, soft_bytes, soft_seconds }));
    }
    Ok(limits)
}

/// Classes that are not named keep their defaults.
fn read_output_limits(text: &str) -> Result<String, String> {
    let mut all = output_limits(OUTPUT_LIMITS)?;
    for (class, limit) in output_limits(text)? {
        all.iter_mut().filter(|(known, _)| *known == class).for_each(|(_, known)| *known = limit);
    }
    let words = all.iter().map(|(class, limit)| {
        format!("{class} {} {} {}", limit.hard_bytes, limit.soft_bytes, limit.soft_seconds)
    });
    Ok(words.collect::<Vec<_>>().join(" "))
}

fn apply_output_limits(instance: &Instance) {
    let limit = instance.settings().pubsub_limit();
    instance.clients().list().iter().for_each(|client| client.set_limit(limit));
    let most = Some(instance.settings().replies_limit().hard_bytes).filter(|bytes| *bytes != 0);
    instance.replies_max.store(most.unwrap_or(usize::MAX), Ordering::Relaxed);
}

fn read_bytes_or_percent(text: &str) -> Result<String, String> {
    let unreadable = || "argument must be a memory or percent value".to_string();
    if let Some(percent) = text.strip_suffix('%') {
        let percent: u64 = percent.parse().map_err(|_| unreadable())?;
        return if percent <= 100 {
            Ok(format!("{percent}%"))
        } else {
            Err("percentage argument must be less or equal to 100".into())
        };
    }
    let bytes = parse_bytes(text).filter(|bytes| *bytes >= 0).ok_or_else(unreadable)?;
    Ok(bytes.to_string())
}

fn read_policy(text: &str) -> Result<String, String> {
    Policy::named(text).map(|policy| policy.name().to_string()).ok_or_else(|| {
        let names: Vec<&str> = Policy::ALL.iter().map(|(_, name)| *name).collect();
        format!("argument(s) must be one of the following: {}", names.join(", "))
    })
}

fn read_notifications(text: &str) -> Result<String, String> {
    let notifications =
        Notifications::parse(text).map_err(|error| error.text().trim_start_matches("ERR ").to_string())?;
    Ok(notifications.letters())
}

fn read_percentiles(text: &str) -> Result<String, String> {
    let percents: Option<Vec<f64>> = text
        .split_ascii_whitespace()
        .map(|word| word.parse().ok().filter(|percent| (0.0..=100.0).contains(percent)))
        .collect();
    let percents = percents.ok_or("Invalid latency-tracking-info-percentiles parameters")?;
    Ok(percents.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
}

fn read_hostname(text: &str) -> Result<String, String> {
    const LEN_MAX: usize = 255;
    if text.len() > LEN_MAX {
        return Err(format!("Hostnames must be less than {} characters", LEN_MAX + 1));
    }
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte)) {
        return Err("Hostnames may only contain alphanumeric characters, hyphens or dots".into());
    }
    Ok(text.into())
}

fn read_permissions(text: &str) -> Result<String, String> {
    match u32::from_str_radix(text, 8) {
        Ok(mode) if mode <= 0o777 => Ok(text.into()),
        _ => Err("argument couldn't be parsed into an octal number".into()),
    }
}

fn apply_values(instance: &Instance) {
    let settings = instance.settings();
    let size = |name| settings.int(name) as usize;
    instance.engine().set_value_limits(ValueLimits {
        list_max_listpack_size: settings.int("list-max-listpack-size"),
        hash_max_listpack_entries: size("hash-max-listpack-entries"),
        hash_max_listpack_value: size("hash-max-listpack-value"),
        set_max_intset_entries: size("set-max-intset-entries"),
        set_max_listpack_entries: size("set-max-listpack-entries"),
        set_max_listpack_value: size("set-max-listpack-value"),
        zset_max_listpack_entries: size("zset-max-listpack-entries"),
        zset_max_listpack_value: size("zset-max-listpack-value"),
        stream_node_max_bytes: size("stream-node-max-bytes"),
        stream_node_max_entries: size("stream-node-max-entries"),
    });
}

fn apply_sampling(instance: &Instance) {
    let number = |name| u32::try_from(instance.settings().int(name)).unwrap_or(u32::MAX);
    instance.engine().set_sampling(Sampling {
        samples: number("maxmemory-samples"),
        lfu_log_factor: number("lfu-log-factor"),
        lfu_decay_minutes: number("lfu-decay-time"),
    });
}

/// The values of all settings.
#[derive(Debug)]
pub struct Settings {
    values: RwLock<Vec<String>>,
    /// Lines that make users, as a file has them among its settings.
    users: RwLock<String>,
}

/// What is wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingError {
    /// There is none of this name; the nearest there is, if any is near.
    Unknown {
        /// The name.
        name: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
    },
    /// It cannot be changed while running.
    Immutable {
        /// The name.
        name: &'static str,
    },
    /// It is given twice.
    Twice {
        /// The name.
        name: &'static str,
    },
    /// The value makes no sense.
    Invalid {
        /// The name.
        name: &'static str,
        /// Why.
        reason: String,
    },
}

impl std::fmt::Display for SettingError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SettingError::Unknown { name, nearest: Some(nearest) } => {
                write!(f, "there is no setting '{name}'; did you mean '{nearest}'?")
            }
            SettingError::Unknown { name, nearest: None } => write!(f, "there is no setting '{name}'"),
            SettingError::Immutable { name } => write!(f, "'{name}' cannot be changed while running"),
            SettingError::Twice { name } => write!(f, "'{name}' is given twice"),
            SettingError::Invalid { name, reason } => write!(f, "'{name}': {reason}"),
        }
    }
}

impl std::error::Error for SettingError {}

impl Default for Settings {
    fn default() -> Self {
        let values = SETTINGS.iter().map(|setting| setting.default.to_string()).collect();
        Settings { values: RwLock::new(values), users: RwLock::default() }
    }
}

fn index_of(name: &str) -> Option<usize> {
    let wanted = || name.bytes().map(|letter| letter.to_ascii_lowercase());
    SETTINGS.binary_search_by(|setting| setting.name.bytes().cmp(wanted())).ok()
}

/// The setting of this name.
pub fn find(name: &str) -> Result<&'static Setting, SettingError> {
    index_of(name).map(|at| &SETTINGS[at]).ok_or_else(|| SettingError::Unknown {
        name: name.into(),
        nearest: nearest(name, SETTINGS.iter().map(|setting| setting.name)),
    })
}

/// The word that is most likely meant by a mistyped one, if any is near.
pub fn nearest(typed: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let typed = typed.to_ascii_lowercase();
    let near = known.map(|word| (distance(&typed, word), word)).min()?;
    (near.0 <= 1 + near.1.len() / 4).then_some(near.1)
}

/// How many letters must be added, removed or replaced to make one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<u8> = b.bytes().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

impl Settings {
    /// The canonical text of a setting.
    pub fn text(&self, name: &str) -> String {
        index_of(name).map(|at| self.values.read()[at].clone()).unwrap_or_default()
    }

    /// A setting that is a number.
    pub fn int(&self, name: &str) -> i64 {
        self.text(name).parse().unwrap_or(0)
    }

    /// A setting that is `yes` or `no`.
    pub fn bool(&self, name: &str) -> bool {
        self.text(name) == "yes"
    }

    /// The password, if there is one.
    pub fn password(&self) -> Option<String> {
        Some(self.text("requirepass")).filter(|password| !password.is_empty())
    }

    /// What all clients' buffers may take together, if there is a limit of its own.
    pub fn clients_memory_max(&self) -> Option<u64> {
        let text = self.text("maxmemory-clients");
        let bytes = match text.strip_suffix('%') {
            Some(percent) => self.int("maxmemory") as u64 / 100 * percent.parse().unwrap_or(0),
            None => text.parse().unwrap_or(0),
        };
        Some(bytes).filter(|bytes| *bytes != 0)
    }

    /// What may wait for a subscriber.
    pub fn pubsub_limit(&self) -> OutputLimit {
        self.output_limit("pubsub")
    }

    /// How much of its replies anybody else may leave unread.
    pub fn replies_limit(&self) -> OutputLimit {
        self.output_limit("normal")
    }

    fn output_limit(&self, of: &str) -> OutputLimit {
        let limits = output_limits(&self.text("client-output-buffer-limit")).unwrap_or_default();
        limits.into_iter().find(|(class, _)| class == of).map(|(_, limit)| limit).unwrap_or_default()
    }

    /// Changes a setting before the instance has started. Nobody is told.
    pub fn preset(&self, name: &str, text: &str) -> Result<(), SettingError> {
        let setting = find(name)?;
        let value =
            setting.read(text).map_err(|reason| SettingError::Invalid { name: setting.name, reason })?;
        self.store(setting.name, &value);
        Ok(())
    }

    /// Notes a user that is to be there at the start: its name and its rules.
    pub fn declare_user(&self, name_and_rules: &str) {
        let mut users = self.users.write();
        users.push_str("user ");
        users.push_str(name_and_rules);
        users.push('\n');
    }

    /// The users that are to be there at the start, each in a line.
    pub(crate) fn declared_users(&self) -> String {
        self.users.read().clone()
    }

    fn store(&self, name: &str, value: &str) {
        let mut values = self.values.write();
        let other = ALIASES.iter().find_map(|(a, b)| match name {
            _ if name == *a => Some(*b),
            _ if name == *b => Some(*a),
            _ => None,
        });
        for name in [Some(name), other].into_iter().flatten() {
            if let Some(at) = index_of(name) {
                values[at] = value.to_string();
            }
        }
    }
}

impl Instance {
    /// Changes settings, all or none of them, and tells those who keep copies. Those may take the locks of the
    /// keyspace: not for callers who hold some.
    pub fn configure(&self, changes: &[(&str, &str)]) -> Result<(), SettingError> {
        let settings = self.store_settings(changes)?;
        self.apply(&settings);
        Ok(())
    }

    /// Changes settings, all or none of them, without telling anybody yet: [`Instance::apply`] does.
    pub(crate) fn store_settings(
        &self,
        changes: &[(&str, &str)],
    ) -> Result<Vec<&'static Setting>, SettingError> {
        let mut settings: Vec<&'static Setting> = Vec::with_capacity(changes.len());
        for (name, _) in changes {
            let setting = find(name)?;
            if !setting.mutable {
                return Err(SettingError::Immutable { name: setting.name });
            }
            if settings.iter().any(|other| other.name == setting.name) {
                return Err(SettingError::Twice { name: setting.name });
            }
            settings.push(setting);
        }
        let mut read = Vec::with_capacity(changes.len());
        for (setting, (_, text)) in settings.into_iter().zip(changes) {
            let value =
                setting.read(text).map_err(|reason| SettingError::Invalid { name: setting.name, reason })?;
            read.push((setting, value));
        }
        for (setting, value) in &read {
            self.settings().store(setting.name, value);
        }
        Ok(read.into_iter().map(|(setting, _)| setting).collect())
    }

    /// Tells those who keep copies of settings.
    pub(crate) fn apply(&self, settings: &[&'static Setting]) {
        settings.iter().for_each(|setting| (setting.apply)(self));
        self.host().configured(self.settings());
    }

    pub(crate) fn apply_settings(&self) {
        SETTINGS.iter().for_each(|setting| (setting.apply)(self));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_its_defaults_are_valid() {
        assert!(SETTINGS.is_sorted_by_key(|setting| setting.name));
        for setting in SETTINGS {
            assert_eq!(setting.read(setting.default).as_deref(), Ok(setting.default), "{}", setting.name);
        }
        for (old, new) in ALIASES {
            assert!(find(old).is_ok() && find(new).is_ok());
        }
    }

    #[test]
    fn values_are_read_with_units_and_within_bounds() {
        let read = |name: &str, text: &str| find(name).unwrap().read(text);
        assert_eq!(read("maxmemory", "100mb").as_deref(), Ok("104857600"));
        assert_eq!(read("maxmemory", "1k").as_deref(), Ok("1000"));
        assert!(read("maxmemory", "-1").is_err() && read("maxmemory", "9999999999gb").is_err());
        assert_eq!(read("maxmemory-clients", "5%").as_deref(), Ok("5%"));
        assert_eq!(read("maxmemory-clients", "1mb").as_deref(), Ok("1048576"));
        assert!(["101%", "-1%", "-1", "x"].iter().all(|text| read("maxmemory-clients", text).is_err()));
        assert!(read("port", "65536").is_err() && read("port", "x").is_err());
        assert_eq!(read("maxmemory-policy", "AllKeys-LRU").as_deref(), Ok("allkeys-lru"));
        assert_eq!(
            read("client-output-buffer-limit", "pubsub 1mb 0 0").unwrap().split(' ').nth(9),
            Some("1048576")
        );
    }

    #[test]
    fn a_mistyped_name_is_recognised() {
        let Err(SettingError::Unknown { nearest, .. }) = find("maxmemori") else { panic!("it exists?") };
        assert_eq!(nearest, Some("maxmemory"));
        let Err(SettingError::Unknown { nearest, .. }) = find("xyzzy") else { panic!("it exists?") };
        assert_eq!(nearest, None);
    }
}
