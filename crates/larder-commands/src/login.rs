//! Logging in: who may, and how often somebody may guess.

use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::session::Session;
use crate::users::{Context, Reason, Rules, digest};
use parking_lot::Mutex;
use std::collections::HashMap;

/// Wrong guesses, by address: so many in a burst and per second, and so many per second in all.
const GUESSES_OF_ONE: f64 = 10.0;
const GUESSES_OF_ALL: f64 = 100.0;
/// Addresses that are remembered; beyond this the oldest are forgotten, and the limit on all together still holds.
const ADDRESSES_MAX: usize = 10_000;

#[derive(Debug)]
struct Bucket {
    left: f64,
    filled_ms: u64,
}

impl Bucket {
    fn refill(&mut self, now_ms: u64, per_second: f64) {
        let seconds = now_ms.saturating_sub(self.filled_ms) as f64 / 1_000.0;
        self.left = (self.left + seconds * per_second).min(per_second);
        self.filled_ms = now_ms;
    }
}

/// Counts wrong guesses.
#[derive(Debug, Default)]
pub(crate) struct Guesses(Mutex<HashMap<String, Bucket>>);

impl Guesses {
    /// The address without the port, which a guesser changes at will.
    fn host(addr: &str) -> &str {
        addr.rsplit_once(':').map_or(addr, |(host, _)| host)
    }

    /// Whether somebody at this address may try again now.
    fn may_try(&self, addr: &str, now_ms: u64) -> bool {
        let mut buckets = self.0.lock();
        [(Guesses::host(addr), GUESSES_OF_ONE), ("", GUESSES_OF_ALL)].into_iter().all(|(name, most)| {
            buckets.get_mut(name).is_none_or(|bucket| {
                bucket.refill(now_ms, most);
                bucket.left >= 1.0
            })
        })
    }

    fn wrong(&self, addr: &str, now_ms: u64) {
        let mut buckets = self.0.lock();
        if buckets.len() > ADDRESSES_MAX {
            buckets.retain(|name, bucket| name.is_empty() || now_ms.saturating_sub(bucket.filled_ms) < 1_000);
        }
        for (name, most) in [(Guesses::host(addr), GUESSES_OF_ONE), ("", GUESSES_OF_ALL)] {
            let bucket = buckets.entry(name.to_string()).or_insert(Bucket { left: most, filled_ms: now_ms });
            bucket.refill(now_ms, most);
            bucket.left = (bucket.left - 1.0).max(0.0);
        }
    }
}

/// Compares in a time that does not tell where two secrets begin to differ.
fn same_secret(given: &[u8], secret: &[u8]) -> bool {
    let mut differing = given.len() ^ secret.len();
    for (at, byte) in given.iter().enumerate() {
        let other = secret.get(at).copied().unwrap_or(0);
        differing |= usize::from(byte ^ other);
    }
    differing == 0
}

impl Instance {
    /// Logs a session in. `verb` is the command it came with, for the log of refusals.
    pub(crate) fn log_in(
        &self,
        session: &mut Session,
        name: &[u8],
        password: &[u8],
        verb: &[u8],
    ) -> Result<()> {
        let user = self.users.find(name);
        let rules = user.as_ref().map(|user| user.rules());
        let addr = session.client.origin.addr.clone();
        let now_ms = self.engine().now_ms();
        // Where any password will do there is nothing to guess.
        let guessed = !rules.as_ref().is_some_and(|rules| rules.is_on && rules.any_password);
        if guessed && !self.guesses.may_try(&addr, now_ms) {
            return Err(Error::new("WRONGPASS too many failed attempts to log in; try again in a second"));
        }
        let given = digest(password);
        let fits = |rules: &Rules| {
            let known = rules.passwords.iter();
            // Every one is compared: how long it takes tells nothing.
            let found =
                known.fold(false, |found, known| found | same_secret(given.as_bytes(), known.as_bytes()));
            rules.is_on && (rules.any_password || found)
        };
        match user {
            Some(user) if rules.as_ref().is_some_and(fits) => {
                session.authenticated = true;
                session.client.names.write().user = String::from_utf8_lossy(name).into_owned();
                session.user = user;
                Ok(())
            }
            _ => {
                self.guesses.wrong(&addr, now_ms);
                let context =
                    if session.transaction.is_some() { Context::Transaction } else { Context::TopLevel };
                self.note_refusal(session, Reason::Login, context, verb, name);
                Err(Error::WRONG_PASS)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_the_same_or_not() {
        assert!(same_secret(b"", b"") && same_secret(b"abc", b"abc"));
        for other in [&b"abd"[..], b"ab", b"abcd", b""] {
            assert!(!same_secret(other, b"abc"));
        }
    }

    #[test]
    fn guesses_run_out_and_come_back() {
        let guesses = Guesses::default();
        for port in 0..10 {
            let addr = format!("10.0.0.1:{port}");
            assert!(guesses.may_try(&addr, 1_000));
            guesses.wrong(&addr, 1_000);
        }
        assert!(!guesses.may_try("10.0.0.1:99", 1_000));
        assert!(guesses.may_try("10.0.0.2:1", 1_000));
        assert!(guesses.may_try("10.0.0.1:99", 1_100));
        for n in 0..100 {
            guesses.wrong(&format!("10.0.1.{n}:1"), 1_100);
        }
        assert!(!guesses.may_try("10.0.9.9:1", 1_100), "all together guess too often");
    }
}
