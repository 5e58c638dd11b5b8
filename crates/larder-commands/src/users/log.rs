//! What was refused of late, for `ACL LOG`: the newest first, and what repeats itself within a minute counted once.

use crate::instance::Instance;
use crate::session::Session;
use crate::table::Entry as TableEntry;
use crate::users::Denied;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

/// What repeats itself within this time is one entry.
const SAME_WITHIN_MS: u64 = 60_000;
/// So many of the newest entries are looked at for one that is the same.
const LOOKED_AT: usize = 10;

/// Why something was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Command,
    Key,
    Channel,
    Login,
}

impl Reason {
    /// The name in the log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Reason::Command => "command",
            Reason::Key => "key",
            Reason::Channel => "channel",
            Reason::Login => "auth",
        }
    }
}

/// Where it was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    TopLevel,
    Transaction,
    #[cfg(feature = "scripts")]
    Script,
}

impl Context {
    /// The name in the log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Context::TopLevel => "toplevel",
            Context::Transaction => "multi",
            #[cfg(feature = "scripts")]
            Context::Script => "lua",
        }
    }
}

/// One entry, or several that are the same.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) id: u64,
    pub(crate) count: u64,
    pub(crate) reason: Reason,
    pub(crate) context: Context,
    pub(crate) object: Vec<u8>,
    pub(crate) user: Vec<u8>,
    pub(crate) client: String,
    pub(crate) created_ms: u64,
    pub(crate) updated_ms: u64,
}

impl Refusal {
    fn is_like(&self, other: &Refusal) -> bool {
        self.reason == other.reason
            && self.context == other.context
            && self.object == other.object
            && self.user == other.user
            && other.updated_ms.saturating_sub(self.updated_ms) <= SAME_WITHIN_MS
    }
}

/// The log, and what is counted for INFO.
#[derive(Debug, Default)]
pub(crate) struct AccessLog {
    entries: Mutex<VecDeque<Refusal>>,
    next: AtomicU64,
    /// By [`Reason`].
    pub(crate) refused: [AtomicU64; 4],
}

impl AccessLog {
    fn add(&self, mut refusal: Refusal, len_max: usize) {
        self.refused[refusal.reason as usize].fetch_add(1, Ordering::Relaxed);
        let mut entries = self.entries.lock();
        if let Some(at) = entries.iter().take(LOOKED_AT).position(|known| known.is_like(&refusal))
            && let Some(mut known) = entries.remove(at)
        {
            known.count += 1;
            known.updated_ms = refusal.updated_ms;
            known.client = refusal.client;
            entries.push_front(known);
        } else {
            refusal.id = self.next.fetch_add(1, Ordering::Relaxed);
            entries.push_front(refusal);
        }
        entries.truncate(len_max);
    }

    /// The newest entries.
    pub(crate) fn newest(&self, count: usize) -> Vec<Refusal> {
        self.entries.lock().iter().take(count).cloned().collect()
    }

    /// Forgets all of them.
    pub(crate) fn clear(&self) {
        self.entries.lock().clear();
    }
}

impl Instance {
    /// Notes that a line was refused.
    #[cold]
    pub(crate) fn note_denied(
        &self,
        session: &Session,
        entry: &TableEntry,
        words: &[&[u8]],
        denied: Denied,
        context: Context,
    ) {
        let (reason, object) = match denied {
            Denied::Command => (Reason::Command, entry.full_name.as_bytes()),
            Denied::Key(at) => (Reason::Key, words[at]),
            Denied::Channel(at) => (Reason::Channel, words[at]),
        };
        self.note_refusal(session, reason, context, object, &session.user.name);
    }

    /// Notes that something was refused.
    #[cold]
    pub(crate) fn note_refusal(
        &self,
        session: &Session,
        reason: Reason,
        context: Context,
        object: &[u8],
        user: &[u8],
    ) {
        let now_ms = self.engine().clock().wall_us() / 1_000;
        let refusal = Refusal {
            id: 0,
            count: 1,
            reason,
            context,
            object: object.to_vec(),
            user: user.to_vec(),
            client: crate::commands::connection::client::list::line(self, &session.client),
            created_ms: now_ms,
            updated_ms: now_ms,
        };
        let len_max = usize::try_from(self.settings().int("acllog-max-len")).unwrap_or(0);
        self.access_log.add(refusal, len_max);
    }
}
