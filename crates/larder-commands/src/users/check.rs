//! Whether a user may run a command line: one answer for clients, transactions, scripts and `ACL DRYRUN`.

use super::User;
use super::rules::Selector;
use crate::error::Error;
use crate::keys;
use crate::spec::{access, flags};
use crate::table::Entry;

/// Why a line is refused. The later ones in this order got further: of several selectors, the one that got furthest
/// says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Denied {
    /// The command itself.
    Command,
    /// The key at this position of the line.
    Key(usize),
    /// The channel at this position of the line.
    Channel(usize),
}

impl Denied {
    /// As the line's own error, in the words of Redis 7.2: a key that somebody may not see is not named.
    pub(crate) fn error(self, user: &User, entry: &Entry) -> Error {
        Error::new(match self {
            Denied::Command => format!("NOPERM {}", self.sentence(user, entry, &[])),
            Denied::Key(_) => "NOPERM No permissions to access a key".into(),
            Denied::Channel(_) => "NOPERM No permissions to access a channel".into(),
        })
    }

    /// As an error of a command of a transaction.
    pub(crate) fn error_in_transaction(self) -> Error {
        let why = match self {
            Denied::Command => "no permission to execute the command or subcommand",
            Denied::Key(_) => "no permission to touch the specified keys",
            Denied::Channel(_) => "no permission to access one of the channels used as arguments",
        };
        Error::new(format!(
            "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This \
             command is no longer allowed for the following reason: {why}"
        ))
    }

    /// As an error in a script.
    #[cfg(feature = "scripts")]
    pub(crate) fn error_in_script(self) -> Error {
        Error::general(match self {
            Denied::Command => "The user executing the script can't run this command or subcommand",
            Denied::Key(_) => {
                "The user executing the script can't access at least one of the keys mentioned in the command arguments"
            }
            Denied::Channel(_) => {
                "The user executing the script can't publish to the channel mentioned in the command"
            }
        })
    }

    /// As a sentence that names what is denied.
    pub(crate) fn sentence(self, user: &User, entry: &Entry, words: &[&[u8]]) -> String {
        let named = |at: usize| String::from_utf8_lossy(words.get(at).copied().unwrap_or_default());
        let what = match self {
            Denied::Command => format!("run the '{}' command", entry.full_name),
            Denied::Key(at) => format!("access the '{}' key", named(at)),
            Denied::Channel(at) => format!("access the '{}' channel", named(at)),
        };
        format!("User {} has no permissions to {what}", String::from_utf8_lossy(&user.name))
    }
}

/// Channels that a line uses: where they stand, and whether they are patterns.
fn channels(entry: &Entry, words: usize) -> Option<(std::ops::Range<usize>, bool)> {
    match (entry.container, entry.command.name) {
        (None, "publish" | "spublish") => Some((1..words.min(2), false)),
        (None, "subscribe" | "ssubscribe") => Some((1..words, false)),
        (None, "psubscribe") => Some((1..words, true)),
        _ => None,
    }
}

fn check_keys(selector: &Selector, words: &[&[u8]], keys: &[(usize, u32)]) -> Option<usize> {
    let denied = |(at, does): &&(usize, u32)| {
        let reads = does & access::ACCESS != 0;
        let writes = does & (access::INSERT | access::UPDATE | access::DELETE) != 0;
        does & access::NOT_KEY == 0 && !selector.allows_key(words[*at], reads, writes)
    };
    keys.iter().find(denied).map(|(at, _)| *at)
}

impl Selector {
    fn check(&self, entry: &Entry, words: &[&[u8]], keys: &[(usize, u32)]) -> Result<(), Denied> {
        if !entry.command.is(flags::NO_AUTH) && !self.commands.allow(entry, words) {
            return Err(Denied::Command);
        }
        if let Some(at) = check_keys(self, words, keys) {
            return Err(Denied::Key(at));
        }
        if let Some((places, is_pattern)) = channels(entry, words.len()) {
            let denied = |at: &usize| !self.allows_channel(words[*at], is_pattern);
            if let Some(at) = places.into_iter().find(denied) {
                return Err(Denied::Channel(at));
            }
        }
        Ok(())
    }
}

impl User {
    /// Whether the user may run a line.
    #[inline]
    pub(crate) fn may(&self, entry: &Entry, words: &[&[u8]]) -> Result<(), Denied> {
        if self.is_free() { Ok(()) } else { self.check(entry, words) }
    }

    #[cold]
    fn check(&self, entry: &Entry, words: &[&[u8]]) -> Result<(), Denied> {
        let mut keys = Vec::new();
        // A line whose keys cannot be found is refused by its command, which then touches none.
        if keys::positions(entry.command, words, &mut keys).is_err() {
            keys.clear();
        }
        let rules = self.rules.read();
        let mut furthest = Denied::Command;
        for selector in &rules.selectors {
            match selector.check(entry, words, &keys) {
                Ok(()) => return Ok(()),
                Err(denied) => furthest = furthest.max(denied),
            }
        }
        Err(furthest)
    }

    /// Whether the user may run a line that reads keys which nobody can tell before.
    pub(crate) fn may_read_anything(&self, entry: &Entry, words: &[&[u8]]) -> bool {
        self.is_free()
            || self.rules.read().selectors.iter().any(|selector| {
                (selector.all_keys
                    || selector.keys.iter().any(|known| known.reads && *known.pattern == *b"*"))
                    && selector.check(entry, words, &[]).is_ok()
            })
    }
}
