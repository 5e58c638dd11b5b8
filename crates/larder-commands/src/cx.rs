//! What a command runs in: the locks it asked for, the session it serves, the instance around it.

use crate::client::client_flags;
use crate::instance::Instance;
use crate::session::Session;
use crate::table::Entry;
use larder_core::{DbIndex, Deadline, Key, View};
use smallvec::SmallVec;

/// How a command ended that did not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The reply is written.
    Done,
    /// Nothing is written: it waits until one of its keys changes, or for its timeout.
    Wait(Wait),
}

impl Outcome {
    /// What it waits for, if it does.
    pub(crate) fn wait(self) -> Option<Wait> {
        match self {
            Outcome::Done => None,
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
