//! The state of one client between its commands, owned by whoever reads the connection.

use crate::client::{Client, client_flags};
use crate::cx::Haste;
use crate::reply::Protocol;
use crate::settings::Setting;
use crate::tracking::Tracker;
use crate::users::User;
use larder_core::{DbIndex, OwnedKey, Space, Wakes, WatchMark};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Whether a client is answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Answers {
    /// Always.
    #[default]
    On,
    /// Never, until it is turned on again.
    Off,
    /// Not the next command.
    SkipNext,
    /// Not this command.
    Skip,
}

/// Whether what takes long may be done by the thread at hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// It may.
    #[default]
    Any,
    /// Whoever executes the commands serves others on the same thread: what would take long is not done, but answered
    /// with [`Flow::Elsewhere`](crate::Flow::Elsewhere).
    Hurried,
    /// The same, and the command at hand would take long.
    Leaving,
}

/// A transaction that is being put together.
#[derive(Debug, Default)]
pub struct Transaction {
    /// The commands, by their places in the table, with their words.
    pub queued: Vec<(u16, Vec<Box<[u8]>>)>,
    /// Bytes that they take.
    bytes: usize,
    /// Something was wrong with one of them.
    pub failed: bool,
}

impl Transaction {
    /// Whether its words alone take long to copy.
    pub(crate) fn is_long(&self) -> bool {
        self.bytes > Haste::BYTES_MAX
    }

    /// Adds a command.
    pub(crate) fn push(&mut self, index: u16, words: &[&[u8]]) {
        let words: Vec<Box<[u8]>> = words.iter().map(|word| Box::from(*word)).collect();
        let bytes: usize = words.iter().map(|word| size_of::<Box<[u8]>>() + word.len()).sum();
        self.bytes += size_of::<(u16, Vec<Box<[u8]>>)>() + bytes;
        self.queued.push((index, words));
    }
}

/// Something to be done when no lock is held.
#[derive(Debug)]
pub(crate) enum Afterwards {
    /// A client that waits is to wait no longer; with an error or without.
    Unblock(Arc<Client>, bool),
    /// Everything was removed: copies that clients keep are stale.
    Flushed,
    /// A script ends that was slow: what others put off because of it is to be done.
    #[cfg_attr(not(feature = "scripts"), expect(dead_code, reason = "only scripts are slow"))]
    CatchUp,
    /// Settings have changed, and those who keep copies are to be told.
    Apply(Vec<&'static Setting>),
}

/// The state of one client.
pub struct Session {
    /// The client as others see it.
    pub client: Arc<Client>,
    db: DbIndex,
    protocol: Protocol,
    /// It may run commands.
    pub authenticated: bool,
    /// Whose commands they are.
    pub(crate) user: Arc<User>,
    /// Its transaction.
    pub transaction: Option<Transaction>,
    /// Keys it watches.
    pub watched: Vec<OwnedKey>,
    /// Set when one of them changes.
    pub mark: Option<WatchMark>,
    /// Topics it is subscribed to, by [`Space`].
    pub topics: [BTreeSet<Vec<u8>>; 3],
    /// Whether it is answered.
    pub answers: Answers,
    /// It has said goodbye.
    pub closing: bool,
    /// Whether what takes long may be done here.
    pub pace: Pace,
    /// Long words of the command at hand that whoever gives it holds by themselves: a value that is one of them is not
    /// copied.
    pub bulks: Vec<Arc<Vec<u8>>>,
    /// Subscribers to be woken when its batch of commands is done.
    pub wakes: Wakes,
    /// How it tracks keys for a cache on the client's side.
    pub(crate) tracker: Option<Arc<Tracker>>,
    /// Commands that read and that its script has run, while it keeps copies of what it reads.
    pub(crate) script_reads: u32,
    /// Keys that its transaction or script has read for the first time since it last wrote them, while it keeps copies.
    pub(crate) fresh: Vec<Box<[u8]>>,
    /// `CLIENT CACHING` was said just before.
    pub(crate) caching: bool,
    /// What takes locks of its own, and so has to wait until those of its transaction are gone.
    pub(crate) afterwards: Vec<Afterwards>,
    /// Calls that are not in their commands' statistics yet.
    pub(crate) tallies: [Tally; TALLIES],
    /// Counts commands, to time some of the fast ones.
    pub(crate) ticks: u32,
    /// What its last command took before it began to wait, in microseconds.
    pub(crate) spent_us: u64,
    /// Commands since the last flush of the tally.
    pub(crate) commands: u32,
    /// Whether its scripts use keys that nobody declared.
    pub(crate) straying: Straying,
}

/// So many commands a session counts for itself: a script has several, one after the other.
pub(crate) const TALLIES: usize = 8;

/// Calls of a command: its place in the table, how many, microseconds. It is small, since every connection has some.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) index: u16,
    pub(crate) calls: u16,
    pub(crate) usec: u32,
}

impl Tally {
    /// Counts a call. Says whether there is room for it.
    #[inline]
    pub(crate) fn count(&mut self, usec: u64) -> bool {
        let calls = self.calls.checked_add(1);
        let Some((calls, usec)) = calls.zip(u32::try_from(u64::from(self.usec) + usec).ok()) else {
            return false;
        };
        (self.calls, self.usec) = (calls, usec);
        true
    }
}

/// Which batches of commands had scripts that use keys which nobody declared.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Straying {
    /// The one at hand.
    pub(crate) now: bool,
    /// So many more of the last ones than not.
    before: u8,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("client", &self.client).field("db", &self.db).finish_non_exhaustive()
    }
}

/// So many more batches with straying scripts than without.
const STRAYING_OFTEN: u8 = 16;

/// The place of a space in arrays.
pub(crate) fn space_index(space: Space) -> usize {
    match space {
        Space::Channel => 0,
        Space::Pattern => 1,
        Space::Shard => 2,
    }
}

impl Session {
    pub(crate) fn new(client: Arc<Client>, user: Arc<User>) -> Session {
        Session {
            db: client.db(),
            protocol: client.protocol(),
            client,
            authenticated: true,
            user,
            transaction: None,
            watched: Vec::new(),
            mark: None,
            topics: Default::default(),
            answers: Answers::On,
            closing: false,
            pace: Pace::Any,
            bulks: Vec::new(),
            wakes: Wakes::default(),
            tracker: None,
            caching: false,
            script_reads: 0,
            fresh: Vec::new(),
            afterwards: Vec::new(),
            tallies: [Tally::default(); TALLIES],
            ticks: 0,
            spent_us: 0,
            commands: 0,
            straying: Straying::default(),
        }
    }

    /// The bytes of a word by themselves, if whoever gave the command holds them so.
    #[inline]
    pub(crate) fn bulk_of(&self, word: &[u8]) -> Option<Arc<Vec<u8>>> {
        let is_it = |bytes: &&Arc<Vec<u8>>| std::ptr::eq(bytes.as_slice(), word);
        self.bulks.iter().find(is_it).cloned()
    }

    /// Notes at the end of a batch whether a script of it has strayed.
    pub(crate) fn note_straying(&mut self) {
        let Straying { now, before } = self.straying;
        let before = if now { before.saturating_add(1) } else { before.saturating_sub(1) };
        self.straying = Straying { now: false, before };
    }

    /// Whether most batches of late had scripts that use keys which nobody declared. One such script runs at a time:
    /// who serves clients on several threads had better serve all of these on one, where none waits for another.
    pub fn often_strays(&self) -> bool {
        self.straying.before >= STRAYING_OFTEN
    }

    /// Whether a batch of late had such a script: it had better stay where it is until that is over, or often so.
    pub fn strays_of_late(&self) -> bool {
        self.straying.before > 0
    }

    /// Whether it works on database 0 and remembers nothing of what was said.
    pub(crate) fn is_plain(&self) -> bool {
        self.db == DbIndex::default()
            && self.authenticated
            && self.transaction.is_none()
            && self.watched.is_empty()
            && self.mark.is_none()
            && self.topics.iter().all(BTreeSet::is_empty)
            && self.answers == Answers::On
            && !self.closing
            && self.tracker.is_none()
            && !self.caching
            && self.afterwards.is_empty()
    }

    /// The database it works on.
    #[inline]
    pub fn db(&self) -> DbIndex {
        self.db
    }

    /// Selects a database.
    pub fn select(&mut self, db: DbIndex) {
        self.db = db;
        self.client.db.store(db.get() as u8, Ordering::Relaxed);
    }

    /// The protocol it speaks.
    #[inline]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Changes the protocol.
    pub fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
        self.client.protocol.store(protocol.number(), Ordering::Relaxed);
    }

    /// How many channels and patterns it is subscribed to: what subscription replies count.
    pub fn subscription_count(&self) -> usize {
        self.topics[0].len() + self.topics[1].len()
    }

    /// Whether it is subscribed to anything.
    #[inline]
    pub fn is_subscribed(&self) -> bool {
        self.topics.iter().any(|topics| !topics.is_empty())
    }

    /// Shows its subscriptions to others.
    pub(crate) fn show_subscriptions(&self) {
        for (count, topics) in self.client.subscriptions.iter().zip(&self.topics) {
            count.store(topics.len() as u32, Ordering::Relaxed);
        }
        self.client.set_flag(client_flags::PUBSUB, self.is_subscribed());
    }

    /// Shows to others what it watches.
    pub(crate) fn show_watched(&self) {
        self.client.watching.store(self.watched.len() as u32, Ordering::Relaxed);
        self.client.show_mark(self.mark.clone());
    }

    /// Shows its transaction to others.
    pub(crate) fn show_transaction(&self) {
        let queued = self.transaction.as_ref().map_or(-1, |transaction| transaction.queued.len() as i64);
        let bytes = self.transaction.as_ref().map_or(0, |transaction| transaction.bytes);
        self.client.queued.store(queued, Ordering::Relaxed);
        self.client.queued_bytes.store(bytes, Ordering::Relaxed);
        self.client.set_flag(client_flags::MULTI, self.transaction.is_some());
    }
}
