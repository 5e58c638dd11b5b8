//! What a command runs in: the locks it asked for, the session it serves, the instance around it.

use crate::args::Args;
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
pub struct Haste(Time);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Time {
    /// None: the thread serves others.
    Short,
    /// Enough, and locks may be let go meanwhile.
    Enough,
    /// All of it under the same locks: a transaction, or a script.
    Bound,
}

/// How a command goes through many parts of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// At once: they are few, or the locks must be kept.
    AtOnce,
    /// On another thread: it answers [`Outcome::Elsewhere`].
    Elsewhere,
    /// In slices, letting others have the locks in between.
    InSlices,
}

impl Haste {
    /// Members, fields or elements that are gone through on the spot: some hundreds of microseconds. Asking another
    /// thread costs some tens.
    pub const PARTS_MAX: usize = 8 * 1024;
    /// Bytes of one string that are copied or moved on the spot.
    pub const BYTES_MAX: usize = 1024 * 1024;

    /// Whether waiting is out of the question.
    #[inline]
    pub fn forbids_waiting(self) -> bool {
        self.0 == Time::Short
    }

    /// How to go through so many parts of a value.
    #[inline]
    pub fn way(self, parts: usize) -> Way {
        match self.0 {
            _ if parts <= Haste::PARTS_MAX => Way::AtOnce,
            Time::Bound => Way::AtOnce,
            Time::Short => Way::Elsewhere,
            Time::Enough => Way::InSlices,
        }
    }

    /// Whether going through so many parts of a value would take too long.
    #[inline]
    pub fn forbids(self, parts: usize) -> bool {
        self.0 == Time::Short && parts > Haste::PARTS_MAX
    }

    /// Whether copying so many bytes would take too long.
    #[inline]
    pub fn forbids_bytes(self, bytes: usize) -> bool {
        self.0 == Time::Short && bytes > Haste::BYTES_MAX
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
        Haste(match self.caller {
            Caller::Client if self.session.pace == Pace::Hurried && self.session.answers == Answers::On => {
                Time::Short
            }
            Caller::Client => Time::Enough,
            Caller::Transaction | Caller::Waiter | Caller::Script => Time::Bound,
        })
    }

    /// Leaves a key that was found too large to another thread. There it is read again, and counted.
    #[cold]
    pub(crate) fn leave(&mut self, key: &Key<'_>) -> crate::error::Result<Outcome> {
        self.view.uncount(key)?;
        Ok(Outcome::Elsewhere)
    }

    /// Reads what some keys hold in slices, as [`View::in_slices`] does. The locks are gone then: nothing but the reply
    /// is left to do.
    pub(crate) fn read_in_slices<S: Default>(
        &mut self,
        args: Args<'_>,
        keys: &[Key<'_>],
        slice: impl FnMut(&mut View<'_>, &mut S) -> crate::error::Result<bool>,
    ) -> crate::error::Result<S> {
        let found = self.view.in_slices(keys, slice)?;
        self.stop_reading(args);
        Ok(found)
    }

    /// How to go through all that these keys hold.
    pub fn way_through(&mut self, words: &[&[u8]]) -> crate::error::Result<Way> {
        let haste = self.haste();
        let mut parts = 0;
        for word in words.iter().take_while(|_| haste.0 != Time::Bound) {
            parts += self.parts_of(word)?;
        }
        Ok(haste.way(parts))
    }

    /// Whether going through all that these keys hold would take too long here.
    pub fn forbids_all(&mut self, words: &[&[u8]]) -> crate::error::Result<bool> {
        Ok(self.haste().forbids_waiting() && self.way_through(words)? == Way::Elsewhere)
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

    /// How to write so many bytes into the string of a key, from `at` on or behind its end. In slices means: into a
    /// copy that takes its place, by [`View::remake_bytes`].
    pub(crate) fn way_to_write(
        &mut self,
        key: &Key<'_>,
        at: Option<usize>,
        bytes: usize,
    ) -> crate::error::Result<Way> {
        let haste = self.haste();
        if haste.0 == Time::Bound {
            return Ok(Way::AtOnce);
        }
        let cost = self.view.write_cost(key, at, bytes)?;
        Ok(match haste.0 {
            Time::Short if haste.forbids_bytes(cost.bytes) => Way::Elsewhere,
            Time::Enough if cost.is_long() => Way::InSlices,
            _ => Way::AtOnce,
        })
    }

    /// Takes a string that is long to go through as it is now, with its locks let go. `None` where it is not long or
    /// the locks must be kept: then nothing is done, and nothing counted. The read is counted otherwise, and nothing
    /// but the reply is left to do.
    pub(crate) fn keep_long(
        &mut self,
        args: Args<'_>,
        key: &Key<'_>,
    ) -> crate::error::Result<Option<Arc<Vec<u8>>>> {
        if self.haste().0 != Time::Enough {
            return Ok(None);
        }
        let entry = self.view.peek(key)?;
        let Some(Object::Bytes(bytes)) = entry.and_then(|entry| entry.object()) else { return Ok(None) };
        if bytes.len() <= Haste::BYTES_MAX {
            return Ok(None);
        }
        let bytes = bytes.clone();
        self.view.get(key)?;
        self.stop_reading(args);
        Ok(Some(bytes))
    }

    /// Lets the locks go: nothing but the reply is left to do.
    pub(crate) fn stop_reading(&mut self, args: Args<'_>) {
        if self.session.tracker.is_some() {
            // What is changed from here on is news to a client that keeps copies.
            self.instance.note_reads(self, self.entry, args.0);
        }
        self.view.release();
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
    use std::sync::atomic::{AtomicBool, Ordering};

    /// A few more than may be gone through on the spot.
    const MANY: usize = Haste::PARTS_MAX + 20;

    fn fill(guest: &mut Guest) {
        let many = MANY;
        let words = |head: &str, each: &dyn Fn(usize) -> String| {
            let each: Vec<String> = (0..many).map(each).collect();
            format!("{head} {}", each.join(" "))
        };
        guest.says(&words("RPUSH list", &|n| format!("e{n}")));
        guest.says(&words("HSET hash", &|n| format!("f{n} v")));
        guest.says(&words("SADD set", &|n| format!("m{n}")));
        guest.says(&words("ZADD zset", &|n| format!("{n} m{n}")));
        guest.says(&format!("SETRANGE text {} x", Haste::BYTES_MAX * 2));
        for n in 0..many {
            guest.says(&format!("XADD stream {}-1 f {n}", n + 1));
        }
        guest.says(&words("GEOADD places", &|n| format!("{} 1 p{n}", n as f64 / 1e6)));
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
            "LPOS list none",
            "HSCAN hash 0 COUNT 9000",
            "SSCAN set 0 COUNT 9000",
            "ZSCAN zset 0 COUNT 9000",
            "HRANDFIELD hash -9000",
            "ZRANDMEMBER zset 9000",
            "ZINTERCARD 2 zset set",
            "XRANGE stream - +",
            "XREVRANGE stream + -",
            "XREAD STREAMS stream 0",
            "GEOSEARCH places FROMLONLAT 0 1 BYRADIUS 100 km",
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
        // A read that is done elsewhere is one read.
        guest.says("CONFIG RESETSTAT");
        let reads =
            ["LRANGE list 0 -1", "HGETALL hash", "SMEMBERS set", "ZRANGE zset 0 -1", "XRANGE stream - +"];
        for (n, line) in reads.iter().enumerate() {
            guest.set_pace(Pace::Hurried);
            assert_eq!(guest.says(line), "(elsewhere)", "{line}");
            guest.set_pace(Pace::Any);
            assert!(guest.says(line).len() > Haste::PARTS_MAX);
            let info = guest.says("INFO stats");
            assert!(info.contains(&format!("keyspace_hits:{}\\r", n + 1)), "{line}: {info}");
        }
        assert!(guest.says("LRANGE list 0 -1").starts_with("[\"e0\" "));
        assert_eq!(guest.says("ZREMRANGEBYRANK zset 0 -1"), format!("({MANY})"));
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
    }

    #[test]
    fn a_transaction_that_may_take_long_is_left_as_a_whole() {
        let house = House::new();
        let mut guest = house.guest();
        fill(&mut guest);
        for long in ["LTRIM list 1 0", "HGETALL hash", "KEYS *", "SUNION set few2"] {
            let lines = ["MULTI", "INCR a", long];
            if long == "KEYS *" {
                let all: Vec<String> = (0..=Haste::PARTS_MAX).map(|n| format!("key:{n} v")).collect();
                guest.says(&format!("MSET {}", all.join(" ")));
            }
            guest.set_pace(Pace::Hurried);
            lines.iter().for_each(|line| drop(guest.says(line)));
            assert_eq!(guest.says("EXEC"), "(elsewhere)", "{long}");
            guest.set_pace(Pace::Any);
            assert!(guest.says("EXEC").starts_with("[("), "{long}");
        }
        assert_eq!(guest.says("MGET a"), "[\"5\"]");
        guest.set_pace(Pace::Hurried);
        for short in ["SCARD set", "HGET hash f1", "GET a", "ZADD zset 1 m1", "LPUSH list 1"] {
            ["MULTI", short].iter().for_each(|line| drop(guest.says(line)));
            assert!(guest.says("EXEC").starts_with('['), "{short}");
        }
    }

    /// Says that something is over, however it ends.
    struct Ends<'a>(&'a AtomicBool);

    impl Drop for Ends<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    /// Twins are moved from one set to another together, and read meanwhile: each is there once, with its twin.
    #[test]
    fn replies_are_of_one_moment_whatever_others_write() {
        const PAIRS: usize = Haste::PARTS_MAX;
        let house = House::new();
        let mut guest = house.guest();
        for (name, odd) in [("left", 0), ("right", 1)] {
            let twins: Vec<String> = (0..PAIRS).map(|n| format!("{}:a {0}:b", 2 * n + odd)).collect();
            guest.says(&format!("SADD {name} {}", twins.join(" ")));
        }
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let _ends = Ends(&done);
            scope.spawn(|| {
                let mut writer = house.guest();
                for n in (0..2 * PAIRS).cycle() {
                    let names = if writer.says(&format!("SISMEMBER left {n}:a")) == "(1)" {
                        "left right"
                    } else {
                        "right left"
                    };
                    for line in ["MULTI", &format!("SMOVE {names} {n}:a"), &format!("SMOVE {names} {n}:b")] {
                        writer.says(line);
                    }
                    assert_eq!(writer.says("EXEC"), "[(1) (1)]");
                    if n % 64 == 0 {
                        // Time enough to read all of it, now and then.
                        writer.says("SMEMBERS right");
                    }
                    if done.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
            let told = |guest: &mut Guest, name: &str| {
                let info = guest.says("INFO locks");
                let line = info.split("lock_sliced:").nth(1).and_then(|rest| rest.split("\\r").next());
                let pair = line.and_then(|line| line.split(',').find_map(|pair| pair.strip_prefix(name)));
                pair.and_then(|count| count.parse::<u64>().ok()).expect("it is told")
            };
            let mut reads = 0;
            while reads < 8 || told(&mut guest, "again=") == 0 {
                let both = guest.says("SUNION left right");
                assert_eq!(both.split(' ').count(), 4 * PAIRS);
                let mut left: Vec<String> =
                    guest.says("SMEMBERS left").split(['"', ' ']).map(String::from).collect();
                left.retain(|member| member.contains(':'));
                left.sort();
                assert!(left.chunks(2).all(|twins| {
                    twins.len() == 2 && twins[0].strip_suffix(":a") == twins[1].strip_suffix(":b")
                }));
                reads += 1;
            }
        });
    }

    /// So often were locks let go while something was read or made.
    fn sliced(guest: &mut Guest) -> u64 {
        let info = guest.says("INFO locks");
        let rest = info.split("lock_sliced:count=").nth(1).and_then(|rest| rest.split(',').next());
        rest.and_then(|count| count.parse().ok()).expect("it is told")
    }

    /// Long strings are written into a copy of theirs without the lock, and what comes of it is the same.
    #[test]
    fn long_strings_become_the_same_with_the_lock_and_without() {
        let house = House::new();
        let mut guest = house.guest();
        let long = Haste::BYTES_MAX * 5;
        let long_word = "y".repeat(long);
        let set = format!("SETRANGE KEY {long} x");
        for (before, lines) in [
            (
                vec![],
                vec![set.clone(), format!("SETBIT KEY {} 1", long * 8), format!("APPEND KEY {long_word}")],
            ),
            (vec!["SET KEY short EX 100".into()], vec![format!("APPEND KEY {long_word}"), set.clone()]),
            (
                vec![set.clone()],
                vec![
                    // Grows a little, but has to move for it; then it has room.
                    "APPEND KEY more".into(),
                    format!("APPEND KEY {long_word}"),
                    format!("SETRANGE KEY 7 {long_word}"),
                    format!("SETBIT KEY {} 1", long * 32),
                    format!("SETBIT KEY {} 0", long * 64 + 5),
                    format!("BITFIELD KEY SET u8 {} 7 INCRBY u4 #0 3 GET u8 8", long * 96),
                    "APPEND KEY more".into(),
                ],
            ),
            (
                vec![set.clone(), "COPY KEY shared:KEY".into()],
                vec!["SETRANGE KEY 5 yes".into(), "SETBIT shared:KEY 3 1".into()],
            ),
            (
                vec![set.clone(), "SETRANGE KEY 6 ab".into(), "SET few:KEY abc".into()],
                vec![
                    "BITOP NOT other:KEY KEY".into(),
                    "BITOP OR other:KEY few:KEY KEY none".into(),
                    "BITOP AND KEY few:KEY KEY".into(),
                    "BITCOUNT KEY".into(),
                    "BITCOUNT KEY 8 -1 BIT".into(),
                    "BITPOS KEY 1 3".into(),
                    "BITPOS KEY 0 0 -1".into(),
                    "BITPOS none 0".into(),
                    "GETRANGE KEY 5 9".into(),
                    "GETRANGE KEY -3 -4".into(),
                    "GETRANGE KEY -9999999999 1".into(),
                ],
            ),
        ] {
            guest.says("FLUSHALL");
            for key in ["a", "b"] {
                before.iter().for_each(|line| drop(guest.says(&line.replace("KEY", key))));
            }
            for line in lines {
                let apart = guest.says(&line.replace("KEY", "a"));
                guest.says("MULTI");
                guest.says(&line.replace("KEY", "b"));
                assert_eq!(format!("[{apart}]"), guest.says("EXEC"), "{}", &line[..line.len().min(80)]);
                for prefix in ["", "other:", "shared:"] {
                    let [one, other] =
                        ["a", "b"].map(|key| guest.says(&format!("DEBUG DIGEST-VALUE {prefix}{key}")));
                    assert_eq!(one, other, "{}", &line[..line.len().min(80)]);
                    let ttl = guest.says(&format!("TTL {prefix}a"));
                    assert_eq!(ttl, guest.says(&format!("TTL {prefix}b")));
                }
            }
        }
        let (before, set) = (sliced(&mut guest), set.replace("KEY", "new"));
        guest.says(&set);
        guest.says("APPEND new x");
        assert_eq!(sliced(&mut guest), before + 2);
        for short in ["APPEND new x", "SETRANGE new 5 x", "SETBIT new 5 1", "BITFIELD new SET u8 0 1"] {
            guest.says(short);
        }
        assert_eq!(sliced(&mut guest), before + 2, "these had room");
        // What cannot be leaves everything as it was.
        let digest = guest.says("DEBUG DIGEST");
        let most = larder_core::limits::STRING_LEN_MAX;
        assert_eq!(guest.says(&format!("SETRANGE new {most} x"))[..4], *"-ERR");
        guest.says("LPUSH list 1");
        assert_eq!(guest.says(&set.replace("new", "list"))[..10], *"-WRONGTYPE");
        guest.says("DEL list");
        assert_eq!(guest.says("DEBUG DIGEST"), digest);
    }

    /// Whether it is read at once, elsewhere or in slices, a read counts once.
    #[test]
    fn a_read_of_something_large_counts_once() {
        let house = House::new();
        let mut guest = house.guest();
        fill(&mut guest);
        for (line, hits) in [
            ("GETRANGE text 0 -1", 1),
            ("BITCOUNT text", 1),
            ("BITPOS text 1", 1),
            ("BITOP NOT other text", 1),
            ("BITOP AND other text text", 2),
            ("XREAD STREAMS stream 0", 1),
            ("XRANGE stream - +", 1),
            ("GEOSEARCH places FROMLONLAT 0 1 BYRADIUS 100 km", 1),
            ("GEORADIUS places 0 1 100 km", 1),
            ("LRANGE list 0 -1", 1),
            ("LPOS list none", 1),
            ("SORT list ALPHA", 1),
            ("SORT list BY nosort", 1),
            ("DUMP list", 1),
            ("DUMP text", 1),
            ("COPY hash other REPLACE", 1),
            ("SUNION set few2", 1),
            ("SRANDMEMBER set 9000", 1),
            ("HRANDFIELD hash -9000", 1),
            ("ZRANDMEMBER zset 9000", 1),
            ("ZUNION 2 zset set", 2),
            ("ZINTERCARD 2 zset set", 2),
            ("ZRANGESTORE other zset 0 -1", 1),
        ] {
            guest.says("CONFIG RESETSTAT");
            guest.set_pace(Pace::Hurried);
            assert_eq!(guest.says(line), "(elsewhere)", "{line}");
            guest.set_pace(Pace::Any);
            let reply = guest.says(line);
            assert!(!reply.starts_with('-'), "{line}: {reply}");
            let info = guest.says("INFO stats");
            assert!(info.contains(&format!("keyspace_hits:{hits}\\r")), "{line}: {info}");
        }
    }

    /// Random members, few of many and many, with repetitions and without, in slices and at once.
    #[test]
    fn random_members_are_members_however_many_are_asked_for() {
        let house = House::new();
        let mut guest = house.guest();
        for start in (0..3 * MANY).step_by(MANY) {
            let each = |head: &str, each: &dyn Fn(usize) -> String| {
                let words: Vec<String> = (start..start + MANY).map(each).collect();
                format!("{head} {}", words.join(" "))
            };
            guest.says(&each("SADD set", &|n| format!("m{n}")));
            guest.says(&each("HSET hash", &|n| format!("m{n} v{n}")));
            guest.says(&each("ZADD zset", &|n| format!("{n} m{n}")));
        }
        for (command, with) in [
            ("SRANDMEMBER set", ""),
            ("HRANDFIELD hash", ""),
            ("HRANDFIELD hash", "v"),
            ("ZRANDMEMBER zset", ""),
            ("ZRANDMEMBER zset", "z"),
        ] {
            let (option, words) = match with {
                "v" => (" WITHVALUES", 2),
                "z" => (" WITHSCORES", 2),
                _ => ("", 1),
            };
            for (count, len, in_slices) in [
                (7, 7, false),
                (MANY as i64, MANY, true),
                (2 * MANY as i64, 2 * MANY, true),
                (-7, 7, false),
                (-(MANY as i64), MANY, true),
            ] {
                let line = format!("{command} {count}{option}");
                let before = sliced(&mut guest);
                let reply = guest.says(&line);
                assert_eq!(sliced(&mut guest), before + u64::from(in_slices), "{line}");
                let found: Vec<&str> =
                    reply.split(['[', ']', ' ', '"']).filter(|word| !word.is_empty()).collect();
                assert_eq!(found.len(), len * words, "{line}");
                let mut members: Vec<usize> = Vec::new();
                for pair in found.chunks(words) {
                    let member: usize =
                        pair[0].strip_prefix('m').expect("a member").parse().expect("a number");
                    assert!(member < 3 * MANY, "{line}");
                    match (with, pair.get(1)) {
                        ("v", Some(value)) => assert_eq!(*value, format!("v{member}")),
                        ("z", Some(score)) => {
                            assert_eq!(score.trim_start_matches(',').parse(), Ok(member as f64));
                        }
                        _ => {}
                    }
                    members.push(member);
                }
                if count > 0 {
                    members.sort_unstable();
                    members.dedup();
                    assert_eq!(members.len(), len, "{line}");
                }
                guest.set_pace(Pace::Hurried);
                assert_eq!(guest.says(&line) == "(elsewhere)", in_slices, "{line}");
                guest.set_pace(Pace::Any);
            }
        }
        // Few are taken out of many on the spot.
        guest.set_pace(Pace::Hurried);
        let few = guest.says("SPOP set 1000");
        assert_eq!(few.split(' ').collect::<std::collections::BTreeSet<_>>().len(), 1_000);
        assert_eq!(guest.says("SCARD set"), format!("({})", 3 * MANY - 1_000));
        assert_eq!(guest.says(&format!("SPOP set {MANY}")), "(elsewhere)");
        guest.set_pace(Pace::Any);
        assert_eq!(guest.says(&format!("SPOP set {MANY}")).split(' ').count(), MANY);
        assert_eq!(guest.says("SCARD set"), format!("({})", 2 * MANY - 1_000));
        // Many from a small one, too, are not chosen on the spot.
        guest.says("SADD small a b");
        guest.set_pace(Pace::Hurried);
        assert_eq!(guest.says("SRANDMEMBER small -9000"), "(elsewhere)");
    }

    /// The bytes that are shown so.
    fn unescaped(shown: &str) -> Vec<u8> {
        let (mut bytes, mut rest) = (Vec::new(), shown.trim_matches('"').as_bytes());
        while let Some((first, tail)) = rest.split_first() {
            let (byte, len) = match (first, tail) {
                (b'\\', [b'x', high, low, ..]) => {
                    let digit = |byte: &u8| char::from(*byte).to_digit(16).expect("a digit") as u8;
                    (digit(high) << 4 | digit(low), 4)
                }
                (b'\\', [b'n', ..]) => (b'\n', 2),
                (b'\\', [b'r', ..]) => (b'\r', 2),
                (b'\\', [b't', ..]) => (b'\t', 2),
                (b'\\', [other, ..]) => (*other, 2),
                (byte, _) => (*byte, 1),
            };
            bytes.push(byte);
            rest = &rest[len..];
        }
        bytes
    }

    /// Lines that go through something large.
    const GOES_THROUGH_MUCH: &[&str] = &[
        "LRANGE list 0 -1",
        "LRANGE list 5 -3",
        "HGETALL hash",
        "HKEYS hash",
        "HVALS hash",
        "SMEMBERS set",
        "SUNION some none set",
        "SDIFF set none some",
        "SINTER set set",
        "SINTERCARD 2 set set",
        "SUNIONSTORE stored set some",
        "SDIFFSTORE stored set some",
        "SINTERSTORE stored set set",
        "ZRANGE zset 0 -1",
        "ZRANGE zset 0 -1 WITHSCORES",
        "ZRANGE zset 1 -2 REV WITHSCORES",
        "ZRANGEBYSCORE zset (5 +inf LIMIT 3 8200",
        "ZREVRANGEBYSCORE zset +inf -inf WITHSCORES",
        "ZUNION 2 zset set WITHSCORES",
        "ZUNION 3 set zset none WEIGHTS 2 3 4 AGGREGATE MAX WITHSCORES",
        "ZINTER 2 zset set WITHSCORES",
        "ZDIFF 2 zset some WITHSCORES",
        "ZUNIONSTORE stored 2 zset set",
        "ZINTERSTORE stored 2 set zset WEIGHTS 0.5 2",
        "ZDIFFSTORE stored 2 set some",
        "XRANGE stream - +",
        "XRANGE stream 2 + COUNT 8193",
        "XREVRANGE stream + -",
        "XREVRANGE stream (9000 (2",
        "XREAD STREAMS stream 0",
        "XREAD COUNT 9000 BLOCK 0 STREAMS none stream stream stream 0 5 8000 9999-9999",
        "SORT list BY nosort",
        "SORT list BY nosort GET # LIMIT 7 8200 DESC",
        "SORT zset BY nosort LIMIT 5 -1",
        "SORT zset BY nosort DESC STORE stored",
        "SORT set BY nosort",
        "SORT set BY nosort LIMIT 3 8200 STORE stored",
        "SORT list ALPHA",
        "SORT list ALPHA DESC LIMIT 5 8200 GET # GET #",
        "SORT set ALPHA",
        "SORT zset ALPHA LIMIT 10 5",
        "SORT numbers",
        "SORT numbers DESC STORE stored",
        "SORT list",
        "SORT hash",
        "LPOS list none",
        "LPOS list e8000",
        "LPOS list e5 RANK -1",
        "LPOS list e5 COUNT 0 MAXLEN 9000",
        "LPOS list e8200 COUNT 1 MAXLEN 8200",
        "LPOS twice e7 COUNT 0",
        "LPOS twice e7 RANK 2",
        "LPOS twice e7 RANK -2 COUNT 3",
        "LPOS twice e7 RANK 3",
        "COPY list stored REPLACE",
        "COPY set stored REPLACE",
        "COPY zset stored REPLACE",
        "COPY stream stored REPLACE",
        "COPY hash stored REPLACE",
        "COPY text stored REPLACE",
        "COPY hash stored",
        "DUMP list",
        "DUMP zset",
        "DUMP text",
        "ZINTERCARD 2 zset set",
        "ZINTERCARD 2 set zset LIMIT 100",
        "ZINTERCARD 2 zset none",
        "GEOSEARCH places FROMLONLAT 0 1 BYRADIUS 100 km",
        "GEOSEARCH places FROMMEMBER p3 BYBOX 1 1 km DESC WITHDIST WITHCOORD WITHHASH",
        "GEOSEARCH places FROMMEMBER p3 BYRADIUS 100 km COUNT 5 ASC",
        "GEOSEARCH places FROMMEMBER p3 BYRADIUS 100 km COUNT 8200 ANY",
        "GEORADIUS places 0 1 100 km COUNT 7 DESC",
        "GEORADIUSBYMEMBER places p7 100 km",
        "GEORADIUS places 0 1 100 km STORE stored",
        "GEORADIUSBYMEMBER places p7 100 km COUNT 8200 STOREDIST stored",
        "GEOSEARCHSTORE stored places FROMLONLAT 0 1 BYRADIUS 100 km",
    ];

    /// In slices or at once, the replies are the same.
    #[test]
    fn slices_give_what_one_look_gives() {
        let house = House::new();
        let mut guest = house.guest();
        fill(&mut guest);
        guest.says("SADD some m1 m7 m8000 other");
        guest.says("RPUSH numbers 3 1 2");
        guest.says("HEXPIRE hash 1000 FIELDS 2 f7 f8190");
        guest.says("COPY list twice");
        let elements: Vec<String> = (0..MANY).map(|n| format!("e{n}")).collect();
        guest.says(&format!("RPUSH twice {}", elements.join(" ")));
        let scores: Vec<String> = (0..20_000).map(|n| format!("{}", (n * 7_919) % 20_011)).collect();
        guest.says(&format!("RPUSH numbers {}", scores.join(" ")));
        let mut before = sliced(&mut guest);
        for line in GOES_THROUGH_MUCH {
            let replies = [false, true].map(|whole| {
                let stored = if line.contains("STORE") || line.contains("store") { " stored" } else { "" };
                if whole {
                    guest.says("MULTI");
                    guest.says(line);
                    let reply = guest.says("EXEC");
                    (
                        reply[1..reply.len() - 1].to_string(),
                        guest.says(&format!("DEBUG DIGEST-VALUE{stored}")),
                    )
                } else {
                    (guest.says(line), guest.says(&format!("DEBUG DIGEST-VALUE{stored}")))
                }
            });
            assert_eq!(replies[0], replies[1], "{line}");
            let after = sliced(&mut guest);
            assert_eq!(after, before + u64::from(*line != "COPY hash stored"), "{line}");
            before = after;
        }
    }

    #[test]
    fn copies_in_slices_have_all_that_there_was() {
        let house = House::new();
        let mut guest = house.guest();
        fill(&mut guest);
        guest.says("HEXPIRE hash 1000 FIELDS 2 f7 f8190");
        guest.says("COPY hash stored REPLACE");
        assert_eq!(guest.says("HTTL stored FIELDS 3 f7 f8 f8190"), "[(1000) (-1) (1000)]");
        assert_eq!(guest.says("TTL stored"), "(-1)");
        guest.says("PEXPIRE zset 50000");
        guest.says("COPY zset stored REPLACE");
        assert_eq!(guest.says("PTTL stored"), "(50000)");
        // What is dumped from a copy in slices is restored as the same.
        for name in ["set", "hash", "stream"] {
            let (before, digest) = (sliced(&mut guest), guest.says(&format!("DEBUG DIGEST-VALUE {name}")));
            let payload = unescaped(&guest.says(&format!("DUMP {name}")));
            assert_eq!(sliced(&mut guest), before + 1);
            assert_eq!(guest.says_words(&[b"RESTORE", b"stored", b"0", &payload, b"REPLACE"]), "OK");
            assert_eq!(guest.says("DEBUG DIGEST-VALUE stored"), digest, "{name}");
        }
    }
}
