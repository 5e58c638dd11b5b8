//! What a command runs in: the locks it asked for, the session it serves, the instance around it.

use crate::client::client_flags;
use crate::instance::Instance;
use crate::session::{Answers, Pace, Session};
use crate::table::Entry;
use larder_core::value::Object;
use larder_core::{DbIndex, Deadline, Expiry, Key, View};
use smallvec::SmallVec;
use std::sync::Arc;

/// How a command ended that did not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The reply is written.
    Done,
    /// Nothing is done or written: it would take long, and whoever gave the command is in [`Haste`].
    Elsewhere,
    /// Nothing is written: it waits until one of its keys changes, or for its timeout.
    Wait(Wait),
}

impl Outcome {
    /// What it waits for, if it does.
    pub(crate) fn wait(self) -> Option<Wait> {
        match self {
            Outcome::Done | Outcome::Elsewhere => None,
            Outcome::Wait(wait) => Some(wait),
        }
    }
}

/// What a command waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Positions of the keys in the command line.
    pub keys: SmallVec<[usize; 4]>,
    /// For how long; `None` for ever.
    pub timeout_ms: Option<u64>,
    /// What is answered when the time is up.
    pub empty: Empty,
    /// Words that stand for others when the command runs again: what a word meant that depends on the present.
    pub pinned: Vec<(usize, Box<[u8]>)>,
}

/// A reply that says that nothing came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Empty {
    /// Nothing, where a list was asked for.
    NullArray,
    /// Nothing.
    Null,
}

/// Whether the thread that runs a command has other clients to serve. What takes long is then not begun: the command
/// answers [`Outcome::Elsewhere`] before it has changed or written anything, and is given again on another thread.
#[derive(Clone, Copy, Debug)]
pub struct Haste(bool);

impl Haste {
    /// Members, fields or elements that are gone through on the spot: some hundreds of microseconds. Asking another
    /// thread costs some tens.
    pub const PARTS_MAX: usize = 8 * 1024;
    /// Bytes of one string that are copied or moved on the spot.
    pub const BYTES_MAX: usize = 1024 * 1024;

    /// Whether waiting is out of the question.
    #[inline]
    pub fn forbids_waiting(self) -> bool {
        self.0
    }

    /// Whether going through so many parts of a value would take too long.
    #[inline]
    pub fn forbids(self, parts: usize) -> bool {
        self.0 && parts > Haste::PARTS_MAX
    }

    /// Whether copying so many bytes would take too long.
    #[inline]
    pub fn forbids_bytes(self, bytes: usize) -> bool {
        self.0 && bytes > Haste::BYTES_MAX
    }
}

/// On whose behalf a command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A client, which can wait.
    Client,
    /// A transaction: waiting makes no sense.
    Transaction,
    /// A client that waited, now that a key of its has changed.
    Waiter,
    /// A script: waiting makes no sense.
    Script,
}

/// What a command runs in.
pub struct Cx<'e> {
    /// What is locked, and every operation on it.
    pub view: View<'e>,
    /// The instance.
    pub instance: &'e Instance,
    /// The session it serves.
    pub session: &'e mut Session,
    /// The command itself.
    pub entry: &'e Entry,
    /// On whose behalf it runs.
    pub caller: Caller,
    /// The first key, with its hash: most commands have no other.
    pub(crate) first: Option<Key<'e>>,
}

impl std::fmt::Debug for Cx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cx")
            .field("entry", &self.entry.full_name)
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}

impl Cx<'_> {
    /// The database it works on.
    #[inline]
    pub fn db(&self) -> DbIndex {
        self.session.db()
    }

    /// A key of the session's database.
    #[inline]
    pub fn key<'k>(&self, bytes: &'k [u8]) -> Key<'k> {
        self.key_in(self.session.db(), bytes)
    }

    /// A key of another database.
    #[inline]
    pub fn key_in<'k>(&self, db: DbIndex, bytes: &'k [u8]) -> Key<'k> {
        match self.first.as_ref().and_then(|first| first.again(db, bytes)) {
            Some(key) => key,
            None => self.instance.engine().key(db, bytes),
        }
    }

    /// Whether the command may answer that it waits.
    pub fn may_wait(&self) -> bool {
        self.caller == Caller::Client
    }

    /// Whether what takes long must not be done here.
    #[inline]
    pub fn haste(&self) -> Haste {
        Haste(
            self.session.pace == Pace::Hurried
                && self.caller == Caller::Client
                && self.session.answers == Answers::On,
        )
    }

    /// Whether going through all that these keys hold would take too long here.
    pub fn forbids_all(&mut self, words: &[&[u8]]) -> crate::error::Result<bool> {
        let haste = self.haste();
        let mut parts = 0;
        for word in words.iter().take_while(|_| haste.0) {
            parts += self.parts_of(word)?;
        }
        Ok(haste.forbids(parts))
    }

    /// Parts of what a key holds; bytes of a string count by how many take as long to go through.
    pub(crate) fn parts_of(&mut self, word: &[u8]) -> crate::error::Result<usize> {
        const BYTES_PER_PART: usize = Haste::BYTES_MAX / Haste::PARTS_MAX;
        let key = self.key(word);
        Ok(self.view.peek(&key)?.map_or(0, |entry| match entry.object() {
            Some(Object::Bytes(bytes)) => bytes.len() / BYTES_PER_PART,
            Some(object) => object.parts(),
            None => 1,
        }))
    }

    /// Whether writing so many bytes into the string of a key, from `at` on or behind its end, would take too long
    /// here: because they are many, or since a long string has to move or be copied for it.
    pub(crate) fn forbids_write(
        &mut self,
        key: &Key<'_>,
        at: Option<usize>,
        bytes: usize,
    ) -> crate::error::Result<bool> {
        let haste = self.haste();
        if !haste.0 {
            return Ok(false);
        }
        let entry = self.view.peek(key)?;
        let Some(Object::Bytes(old)) = entry.and_then(|entry| entry.object()) else {
            return Ok(haste.forbids_bytes(at.unwrap_or(0).saturating_add(bytes)));
        };
        let end = at.unwrap_or(old.len()).saturating_add(bytes);
        let stays = Arc::strong_count(old) == 1 && old.capacity() >= end;
        let touched = bytes.max(end.saturating_sub(old.len()));
        Ok(haste.forbids_bytes(if stays { touched } else { end.max(old.len()) }))
    }

    /// Sets a key to a string. One that whoever gave the command holds by itself is not copied.
    #[inline]
    pub fn set_string(&mut self, key: &Key<'_>, value: &[u8], expiry: Expiry) -> crate::error::Result<bool> {
        if let Some(bytes) = self.session.bulk_of(value) {
            return Ok(self.view.set_shared(key, bytes, expiry)?);
        }
        Ok(self.view.set(key, value, expiry)?)
    }

    /// Whether others came first for what this key may hold. They are then looked at again when this command's locks
    /// are gone, so that nobody is forgotten.
    pub fn must_queue(&mut self, key: &Key<'_>) -> crate::error::Result<bool> {
        if self.caller != Caller::Client || !self.view.has_waiters(key)? {
            return Ok(false);
        }
        self.view.wake(key);
        Ok(true)
    }

    /// Says to the view whether what this client does counts as uses: `CLIENT NO-TOUCH`.
    #[inline]
    pub(crate) fn count_uses(&mut self) {
        if self.session.client.has(client_flags::NO_TOUCH) {
            self.view.count_uses(false);
        }
    }

    /// A moment of Unix time, in milliseconds, as a deadline; moments long past become the earliest deadline there is.
    pub fn deadline_at_unix_ms(&self, unix_ms: i64) -> Deadline {
        self.instance.engine().deadline_at_unix_ms(unix_ms)
    }

    /// A deadline as Unix time in milliseconds.
    pub fn unix_ms_of(&self, deadline: Deadline) -> i64 {
        self.instance.engine().unix_ms_of(deadline)
    }
}

#[cfg(test)]
mod tests {
    use super::Haste;
    use crate::session::Pace;
    use crate::testing::{Guest, House};

    fn fill(guest: &mut Guest) {
        let many = Haste::PARTS_MAX + 1;
        let words = |head: &str, each: &dyn Fn(usize) -> String| {
            let each: Vec<String> = (0..many).map(each).collect();
            format!("{head} {}", each.join(" "))
        };
        guest.says(&words("RPUSH list", &|n| format!("e{n}")));
        guest.says(&words("HSET hash", &|n| format!("f{n} v")));
        guest.says(&words("SADD set", &|n| format!("m{n}")));
        guest.says(&words("ZADD zset", &|n| format!("{n} m{n}")));
        guest.says(&format!("SETRANGE text {} x", Haste::BYTES_MAX * 2));
        guest.says("MSET a 1 b 2");
        guest.says("RPUSH few 1 2 3");
    }

    #[test]
    fn what_takes_long_is_left_to_others_by_whoever_is_in_haste() {
        let house = House::new();
        let mut guest = house.guest();
        fill(&mut guest);
        let digest = guest.says("DEBUG DIGEST");
        let processed = |guest: &mut Guest| {
            let info = guest.says("INFO stats");
            info.split("total_commands_processed:").nth(1).map(|rest| rest[..4].to_string())
        };
        let before = processed(&mut guest);
        for line in [
            "LRANGE list 0 -1",
            "LREM list 0 none",
            "LINSERT list BEFORE e7 x",
            "LTRIM list 1 0",
            "LPOP list 10000",
            "SORT list ALPHA",
            "DUMP list",
            "COPY list other",
            "HGETALL hash",
            "HKEYS hash",
            "HVALS hash",
            "SMEMBERS set",
            "SUNION set few2",
            "SDIFF set few2",
            "SINTER set set",
            "SUNIONSTORE other set few2",
            "SPOP set 9000",
            "SRANDMEMBER set 9000",
            "ZRANGE zset 0 -1",
            "ZRANGEBYSCORE zset -inf +inf WITHSCORES",
            "ZRANGESTORE other zset 0 -1",
            "ZUNION 2 zset set",
            "ZUNIONSTORE other 2 zset set",
            "ZREMRANGEBYRANK zset 0 -1",
            "ZPOPMIN zset 9000",
            "GETRANGE text 0 -1",
            "SETRANGE text 4194304 x",
            "BITCOUNT text",
            "BITOP NOT other text",
        ] {
            guest.set_pace(Pace::Hurried);
            assert_eq!(guest.says(line), "(elsewhere)", "{line}");
            assert_eq!(guest.set_pace(Pace::Any), Some(Pace::Hurried));
        }
        assert_eq!(guest.says("DEBUG DIGEST"), digest, "nothing was done");
        // What was not done was not counted; looking was.
        assert_eq!(processed(&mut guest).map(|n| n.len()), before.map(|n| n.len()));
        assert!(guest.says("LRANGE list 0 -1").starts_with("[\"e0\" "));
        assert_eq!(guest.says("ZREMRANGEBYRANK zset 0 -1"), format!("({})", Haste::PARTS_MAX + 1));
    }

    #[test]
    fn what_does_not_take_long_is_done_in_haste_too() {
        let house = House::new();
        let mut guest = house.guest();
        fill(&mut guest);
        guest.set_pace(Pace::Hurried);
        for (line, reply) in [
            ("LRANGE list 0 0", "[\"e0\"]"),
            ("LTRIM list 0 -2", "OK"),
            ("LPOP few 10000", "[\"1\" \"2\" \"3\"]"),
            ("SINTER set none", "~[]"),
            ("ZRANGE zset 5 5", "[\"m5\"]"),
            ("ZREMRANGEBYRANK zset 0 0", "(1)"),
            ("STRLEN text", "(2097153)"),
            ("SETRANGE text 0 y", "(2097153)"),
            ("DEL list hash set zset text", "(5)"),
        ] {
            assert_eq!(guest.says(line), reply, "{line}");
        }
        // A transaction and a script do all of it: they cannot be left.
        fill(&mut guest);
        guest.says("MULTI");
        guest.says("LTRIM list 1 0");
        assert_eq!(guest.says("EXEC"), "[OK]");
        assert_eq!(guest.says("EXISTS list"), "(0)");
    }
}
