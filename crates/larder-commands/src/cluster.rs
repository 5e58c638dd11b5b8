//! Cluster mode with one node, which owns every slot: what clients of clusters need to find their way, and the rules
//! that keep a program fit for more nodes. The keys of a command, and of a transaction, lie in one slot; there is one
//! database.
//!
//! Nothing is kept by slot. Whoever asks for the keys of one pays for a walk over all keys; everybody else pays
//! nothing.

use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::keys;
use crate::session::Session;
use crate::spec::Reach;
use crate::table::Entry;
use std::sync::atomic::AtomicU64;

/// How many slots a cluster has.
pub(crate) const SLOTS: u16 = 16_384;

/// What an instance is in its cluster.
#[derive(Debug)]
pub(crate) struct Cluster {
    enabled: bool,
    /// Forty hexadecimal digits that name this node, until it ends.
    pub(crate) node_id: String,
    /// The same of its shard.
    pub(crate) shard_id: String,
    /// Counts changes of the cluster, of which there are none but by order.
    pub(crate) epoch: AtomicU64,
}

impl Cluster {
    pub(crate) fn new(enabled: bool, node_id: String, shard_id: String) -> Cluster {
        Cluster { enabled, node_id, shard_id, epoch: AtomicU64::new(0) }
    }

    /// Whether cluster mode is on.
    #[inline]
    pub(crate) fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// What this mode calls itself.
    pub(crate) fn mode(&self) -> &'static str {
        if self.enabled { "cluster" } else { "standalone" }
    }

    /// Refuses what makes no sense without cluster mode.
    pub(crate) fn needed(&self) -> Result<()> {
        let refused = || Err(Error::general("This instance has cluster support disabled"));
        if self.enabled { Ok(()) } else { refused() }
    }

    /// Refuses what cannot be in cluster mode.
    pub(crate) fn forbid(&self, why: &'static str) -> Result<()> {
        if self.enabled { Err(Error::general(why)) } else { Ok(()) }
    }
}

impl Instance {
    /// Whether the keys of a line lie in one slot; for EXEC, those of all commands of the transaction. Channels of
    /// shards count as keys.
    #[cold]
    pub(crate) fn check_slots(&self, session: &Session, entry: &Entry, words: &[&[u8]]) -> Result<()> {
        let mut slot = None;
        let mut lies_there = |entry: &Entry, words: &[&[u8]]| {
            let mut found = Vec::new();
            // A line whose keys cannot be found is refused by its command.
            let known = keys::positions(entry.command, words, &mut found).is_ok();
            !known
                || found.iter().all(|(at, _)| {
                    let of_key = slot_of(words[*at]);
                    *slot.get_or_insert(of_key) == of_key
                })
        };
        let together = match &session.transaction {
            Some(transaction) if matches!(entry.command.reach, Reach::Queued) => {
                transaction.queued.iter().all(|(index, words)| {
                    let words: Vec<&[u8]> = words.iter().map(|word| &**word).collect();
                    self.table().get(*index).is_none_or(|entry| lies_there(entry, &words))
                })
            }
            _ => lies_there(entry, words),
        };
        if together { Ok(()) } else { Err(Error::CROSS_SLOT) }
    }
}

/// Whether a script may call a command: its keys lie in one slot, and that is `slot` unless scripts of its kind may go
/// from one to another.
#[cfg(feature = "scripts")]
#[cold]
pub(crate) fn stay_in_slot(
    slot: &mut Option<u16>,
    may_cross: bool,
    entry: &Entry,
    words: &[&[u8]],
) -> Result<()> {
    let mut found = Vec::new();
    // A line whose keys cannot be found is refused by its command.
    let _ = keys::positions(entry.command, words, &mut found);
    let mut slots = found.iter().map(|(at, _)| slot_of(words[*at]));
    let Some(first) = slots.next() else { return Ok(()) };
    if slots.any(|other| other != first) {
        return Err(Error::general("Script attempted to access a non local key in a cluster node"));
    }
    if !may_cross && *slot.get_or_insert(first) != first {
        return Err(Error::general("Script attempted to access keys that do not hash to the same slot"));
    }
    Ok(())
}

/// The slot of a key: a checksum of it, or of what stands between its first `{` and the next `}` if that is anything.
pub(crate) fn slot_of(key: &[u8]) -> u16 {
    let tag = key.iter().position(|byte| *byte == b'{').and_then(|open| {
        let rest = &key[open + 1..];
        let close = rest.iter().position(|byte| *byte == b'}')?;
        (close > 0).then_some(&rest[..close])
    });
    crc16(tag.unwrap_or(key)) % SLOTS
}

/// CRC-16/XMODEM: polynomial 0x1021, from zero.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(
            crc ^ u16::from(*byte) << 8,
            |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 }
            },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::House;

    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(slot_of(b"foo"), 12_182);
        assert_eq!(slot_of(b"{user1000}.following"), slot_of(b"{user1000}.followers"));
        assert_eq!(slot_of(b"foo{}{bar}"), crc16(b"foo{}{bar}") % SLOTS);
        assert_eq!(slot_of(b"foo{{bar}}zap"), crc16(b"{bar") % SLOTS);
        assert_eq!(slot_of(b"foo{bar}{zap}"), slot_of(b"bar"));
    }

    #[test]
    fn keys_of_one_command_lie_in_one_slot() {
        let house = House::with(&[("cluster-enabled", "yes")]);
        let mut guest = house.guest();
        let refused = "-CROSSSLOT Keys in request don't hash to the same slot";
        for line in [
            "MGET foo bar",
            "MSET foo 1 bar 2",
            "WATCH foo bar",
            "EVAL x 2 foo bar",
            "XREAD STREAMS foo bar 0 0",
            "SINTERSTORE foo bar baz",
            "BLPOP foo bar 0",
            "SSUBSCRIBE foo bar",
            "GEORADIUS foo 0 0 1 m STORE bar",
        ] {
            assert_eq!(guest.says(line), refused, "{line}");
        }
        assert_eq!(guest.says("MSET {a}foo 1 {a}bar 2"), "OK");
        assert_eq!(guest.says("MGET {a}foo {a}bar"), "[\"1\" \"2\"]");
        assert_eq!(guest.says("BLPOP foo"), "-ERR wrong number of arguments for 'blpop' command");
    }

    #[test]
    fn keys_of_one_transaction_lie_in_one_slot() {
        let house = House::with(&[("cluster-enabled", "yes")]);
        let mut guest = house.guest();
        let refused = "-CROSSSLOT Keys in request don't hash to the same slot";
        guest.says("MULTI");
        assert_eq!(guest.says("SET foo 1"), "QUEUED");
        assert_eq!(guest.says("SPUBLISH bar m"), "QUEUED");
        assert_eq!(guest.says("EXEC"), refused);
        assert_eq!(guest.says("EXEC"), "-ERR EXEC without MULTI");
        guest.says("MULTI");
        assert_eq!(guest.says("MGET foo bar"), refused);
        assert!(guest.says("EXEC").starts_with("-EXECABORT "));
        guest.says("MULTI");
        guest.says("SET foo 1");
        guest.says("GET {foo}2");
        assert_eq!(guest.says("EXEC"), "[OK nil]");
    }

    #[cfg(feature = "scripts")]
    #[test]
    fn a_script_keeps_to_its_slot_unless_it_may_cross() {
        let house = House::with(&[("cluster-enabled", "yes")]);
        let mut guest = house.guest();
        let both = "redis.call('get','bar'); return redis.call('get','foo')";
        let crosses = "-ERR Script attempted to access keys that do not hash to the same slot script: ";
        for (head, body, keys, answer) in [
            ("", both, &["0"][..], "nil"),
            ("", both, &["1", "foo"], "nil"),
            ("#!lua\n", both, &["0"], crosses),
            ("#!lua\n", "return redis.call('get','bar')", &["1", "foo"], crosses),
            ("#!lua\n", "return redis.call('get','foo')", &["1", "foo"], "nil"),
            ("#!lua flags=allow-cross-slot-keys\n", both, &["0"], "nil"),
            (
                "",
                "return redis.call('mget','foo','bar')",
                &["0"],
                "-ERR Script attempted to access a non local key in a cluster node script: ",
            ),
        ] {
            let script = [head, body].concat();
            let mut words: Vec<&[u8]> = vec![b"EVAL", script.as_bytes()];
            words.extend(keys.iter().map(|word| word.as_bytes()));
            let said = guest.says_words(&words);
            assert!(said.starts_with(answer), "{script} {keys:?}: {said}");
        }
    }

    #[test]
    fn there_is_one_database() {
        let house = House::with(&[("cluster-enabled", "yes")]);
        let mut guest = house.guest();
        guest.says("SET foo 1");
        for (line, answer) in [
            ("SELECT 0", "OK"),
            ("SELECT 1", "-ERR SELECT is not allowed in cluster mode"),
            ("SWAPDB 0 1", "-ERR SWAPDB is not allowed in cluster mode"),
            ("MOVE foo 1", "-ERR MOVE is not allowed in cluster mode"),
            ("COPY foo {foo}2 DB 0", "(1)"),
            ("COPY foo {foo}3 DB 1", "-ERR Copying to another database is not allowed in cluster mode"),
            ("SORT foo BY w*", "-ERR BY option of SORT denied in Cluster mode."),
            ("SORT foo GET w*", "-ERR GET option of SORT denied in Cluster mode."),
            ("REPLICAOF NO ONE", "-ERR REPLICAOF not allowed in cluster mode."),
        ] {
            assert_eq!(guest.says(line), answer, "{line}");
        }
        assert!(guest.says("INFO server").contains("redis_mode:cluster"));
        assert!(guest.says("INFO cluster").contains("cluster_enabled:1"));
        assert!(guest.says("HELLO").contains("\"mode\": \"cluster\""));
    }
}
