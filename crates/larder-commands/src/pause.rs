//! `CLIENT PAUSE`: a gate in front of all commands, or of those that write. `DEBUG SLEEP` closes it, too: in Redis it
//! keeps everybody waiting, and here only the thread it runs on would stand still.
//!
//! Nothing is queued here. [`Instance::execute`] of a command that meets the closed gate does nothing and returns
//! [`Flow::Paused`](crate::Flow::Paused); whoever serves the client keeps the command and gives it again when the
//! client is woken or when the time named has passed, and runs nothing else of that client before. While the gate is
//! open it costs a command one relaxed load.

use crate::client::{Client, client_flags};
use crate::instance::Instance;
use crate::session::Session;
use crate::spec::{Group, flags};
use crate::table::Entry;
use parking_lot::Mutex;
use smallvec::SmallVec;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Debug, Default)]
struct Gate {
    until_ms: u64,
    all: bool,
    /// Until then nothing runs at all.
    asleep_until_ms: u64,
    waiting: Vec<Arc<Client>>,
}

/// The gate.
#[derive(Debug, Default)]
pub(crate) struct Pause {
    closed: AtomicBool,
    gate: Mutex<Gate>,
}

impl Pause {
    /// Whether a command may meet a closed gate.
    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}

impl Instance {
    /// Closes the gate. A pause only ever becomes longer and stricter by another one.
    pub(crate) fn pause(&self, for_ms: u64, all: bool) {
        let now = self.engine().now_ms();
        let mut gate = self.pause.gate.lock();
        if gate.until_ms <= now {
            gate.all = false;
        }
        gate.until_ms = gate.until_ms.max(now.saturating_add(for_ms));
        gate.all |= all;
        // What dies is a change, too.
        self.engine().hold_expiry_until_ms(gate.until_ms);
        self.pause.closed.store(true, Ordering::Relaxed);
    }

    /// Opens the gate.
    pub(crate) fn unpause(&self) {
        self.open(|gate| gate.until_ms = 0);
    }

    /// Lets nothing run while a function does, for so many milliseconds at most.
    pub(crate) fn asleep(&self, for_ms: u64, f: impl FnOnce()) {
        let until_ms = self.engine().now_ms().saturating_add(for_ms);
        let mut gate = self.pause.gate.lock();
        gate.asleep_until_ms = gate.asleep_until_ms.max(until_ms);
        self.engine().hold_expiry_until_ms(gate.until_ms.max(gate.asleep_until_ms));
        self.pause.closed.store(true, Ordering::Relaxed);
        drop(gate);
        f();
        // Of two who sleep at once the one that sleeps longer opens it.
        self.open(|gate| {
            if gate.asleep_until_ms == until_ms {
                gate.asleep_until_ms = 0;
            }
        });
    }

    /// Those who wait try again, and wait again if there is still something to wait for.
    fn open(&self, change: impl FnOnce(&mut Gate)) {
        let waiting = {
            let mut gate = self.pause.gate.lock();
            change(&mut gate);
            let until_ms = gate.until_ms.max(gate.asleep_until_ms);
            self.engine().hold_expiry_until_ms(until_ms);
            self.pause.closed.store(until_ms > self.engine().now_ms(), Ordering::Relaxed);
            std::mem::take(&mut gate.waiting)
        };
        for client in waiting {
            client.set_flag(client_flags::PAUSED, false);
            client.keep_line(&[]);
            client.ring();
        }
    }

    /// For how long this command has to wait; `None` if it may run. Commands that would be refused anyway are not held
    /// up.
    #[cold]
    pub(crate) fn paused_ms(&self, session: &Session, words: &[&[u8]]) -> Option<u64> {
        let entry = self.table().resolve(words)?;
        let refused =
            !entry.command.takes(words.len()) || !(session.authenticated || entry.command.is(flags::NO_AUTH));
        let client = &session.client;
        let mut gate = self.pause.gate.lock();
        let now = self.engine().now_ms();
        let (paused, asleep) = (gate.until_ms.saturating_sub(now), gate.asleep_until_ms.saturating_sub(now));
        let left = paused.max(asleep);
        if left == 0 {
            drop(gate);
            self.open(|gate| (gate.until_ms, gate.asleep_until_ms) = (0, 0));
            return None;
        }
        // Who only watches cannot touch anything.
        let refused = refused || client.has(client_flags::MONITOR);
        let held = asleep != 0 || !refused && (gate.all || self.writes(session, entry, words));
        if !held {
            if client.has(client_flags::PAUSED) {
                client.set_flag(client_flags::PAUSED, false);
                client.keep_line(&[]);
            }
            return None;
        }
        if !client.has(client_flags::PAUSED) {
            client.set_flag(client_flags::PAUSED, true);
            client.keep_line(words);
            client.last_command.store(entry.index, Ordering::Relaxed);
            gate.waiting.push(client.clone());
        }
        Some(left)
    }

    /// Whether a line may change something, here or on replicas: by itself, or in a transaction.
    fn writes(&self, session: &Session, entry: &Entry, words: &[&[u8]]) -> bool {
        if entry.command.name != "exec" {
            return self.may_have_effects(entry, words);
        }
        let queued = session.transaction.iter().flat_map(|transaction| &transaction.queued);
        queued.into_iter().any(|(index, words)| {
            let words: SmallVec<[&[u8]; 8]> = words.iter().map(|word| &**word).collect();
            self.table().get(*index).is_some_and(|queued| self.may_have_effects(queued, &words))
        })
    }

    fn may_have_effects(&self, entry: &Entry, words: &[&[u8]]) -> bool {
        entry.command.is(flags::WRITE | flags::MAY_REPLICATE)
            && !(entry.command.group == Group::Scripting && self.only_reads(entry.command.name, words))
    }

    /// A client that is gone waits no longer.
    pub(crate) fn leave_pause(&self, client: &Client) {
        if client.has(client_flags::PAUSED) {
            self.pause.gate.lock().waiting.retain(|waiting| waiting.id != client.id);
        }
    }
}
