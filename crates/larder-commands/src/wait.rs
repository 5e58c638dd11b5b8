//! Commands that wait.
//!
//! A command that finds nothing returns [`Outcome::Wait`]; still under the locks under which it found nothing it is put
//! into the queues of its keys, so no change can slip in between. After a change of a key the engine goes through its
//! queue, first come first served, and has the commands of those who wait run again here, each under its own locks.
//!
//! A waiter ends once: served, timed out, or gone. Its own lock decides which, and is taken before any stripe's.

use crate::client::{Client, Item, client_flags};
use crate::cx::{Caller, Cx, Empty, Outcome, Wait};
use crate::error::Error;
use crate::instance::Instance;
use crate::late::Late;
use crate::reply::{Protocol, Reply, Value, ValueReply};
use crate::session::Session;
use crate::tracking::authored;
use crate::{args::Args, keys};
use larder_core::{DbIndex, Key, OwnedKey, ReadyListener, WaiterId};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A command that waits, as its connection sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// Names the waiter.
    pub id: WaiterId,
    /// For how long; `None` for ever.
    pub timeout_ms: Option<u64>,
    /// What is answered when the time is up.
    pub empty: Empty,
}

impl Empty {
    /// Writes it.
    pub fn write(self, out: &mut dyn Reply) {
        match self {
            Empty::NullArray => out.null_array(),
            Empty::Null => out.null(),
        }
    }

    fn value(self) -> Value {
        match self {
            Empty::NullArray => Value::NullArray,
            Empty::Null => Value::Null,
        }
    }
}

#[derive(Debug)]
struct Waiter {
    client: Arc<Client>,
    db: DbIndex,
    protocol: Protocol,
    command: u16,
    words: Vec<Box<[u8]>>,
    keys: Vec<Box<[u8]>>,
    empty: Empty,
    /// Microseconds it has taken so far; those of waiting do not count.
    spent_us: AtomicU64,
    /// Taken before any stripe. Set by whoever ends the waiter.
    over: Mutex<bool>,
}

/// Everybody who waits.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    next: AtomicU64,
    all: Mutex<BTreeMap<WaiterId, Arc<Waiter>>>,
}

impl Waiters {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.all.lock().len()
    }

    fn get(&self, id: WaiterId) -> Option<Arc<Waiter>> {
        self.all.lock().get(&id).cloned()
    }
}

impl Instance {
    /// Makes the client of `cx` wait. Called with the locks under which its command found nothing.
    pub(crate) fn begin_wait(&self, cx: &mut Cx<'_>, words: &[&[u8]], wait: &Wait) -> Result<Blocked, Error> {
        let id = WaiterId(self.waiters.next.fetch_add(1, Ordering::Relaxed) + 1);
        let mut words = words.to_vec();
        for (at, word) in &wait.pinned {
            words[*at] = word;
        }
        let keys = wait.keys.iter().filter_map(|at| words.get(*at)).map(|key| Box::from(*key)).collect();
        let waiter = Waiter {
            client: cx.session.client.clone(),
            db: cx.db(),
            protocol: cx.session.protocol(),
            command: cx.entry.index,
            words: words.iter().map(|word| Box::from(*word)).collect(),
            keys,
            empty: wait.empty,
            spent_us: AtomicU64::new(cx.session.spent_us),
            over: Mutex::new(false),
        };
        for bytes in &waiter.keys {
            let key = cx.key(bytes);
            cx.view.wait(&key, id)?;
        }
        *waiter.client.waiting.lock() = Some(id);
        waiter.client.keep_line(&words);
        waiter.client.set_flag(client_flags::BLOCKED, true);
        self.waiters.all.lock().insert(id, Arc::new(waiter));
        Ok(Blocked { id, timeout_ms: wait.timeout_ms, empty: wait.empty })
    }

    /// Ends a waiter whose time is up, as [`Instance::stop_waiting`] does, and counts its command, which has come to an
    /// end by that.
    pub fn stop_waiting_in_vain(&self, id: WaiterId) -> bool {
        let waiter = self.waiters.get(id);
        let stopped = self.stop_waiting(id);
        if stopped && let Some(waiter) = waiter {
            self.count_in_vain(&waiter, false);
        }
        stopped
    }

    fn count_in_vain(&self, waiter: &Waiter, failed: bool) {
        if let Some(entry) = self.table().get(waiter.command) {
            entry.stats.count_waited(waiter.spent_us.load(Ordering::Relaxed));
            entry.stats.failed.fetch_add(u64::from(failed), Ordering::Relaxed);
        }
    }

    /// Ends a waiter whose client is gone. Says whether it was still waiting; if not, its reply is in the mailbox.
    pub fn stop_waiting(&self, id: WaiterId) -> bool {
        let Some(waiter) = self.waiters.get(id) else { return false };
        let mut over = waiter.over.lock();
        if *over {
            return false;
        }
        *over = true;
        self.forget(id, &waiter);
        true
    }

    /// Ends the wait of a client, with the reply of a timeout or with an error. Says whether it waited.
    pub fn unblock(&self, client: &Client, with_error: bool) -> bool {
        let Some(id) = *client.waiting.lock() else { return false };
        let Some(waiter) = self.waiters.get(id) else { return false };
        if !self.stop_waiting(id) {
            return false;
        }
        self.count_in_vain(&waiter, with_error);
        let reply = if with_error {
            let error = Error::new("UNBLOCKED client unblocked via CLIENT UNBLOCK");
            self.stats.count_error(&error);
            Value::Error(error)
        } else {
            waiter.empty.value()
        };
        client.send(Item::Reply(reply));
        true
    }

    fn forget(&self, id: WaiterId, waiter: &Waiter) {
        for bytes in &waiter.keys {
            let key = self.engine().key(waiter.db, bytes);
            if let Some(mut view) = self.engine().view_one_unless(&key, &|| true) {
                // A view of the key's own stripe holds the key.
                let _ = view.stop_waiting(&key, id);
            } else {
                let key = OwnedKey { db: waiter.db, bytes: bytes.clone() };
                self.put_off(Late::StopWaiting(key, id));
            }
        }
        self.ended(id, waiter);
    }

    fn ended(&self, id: WaiterId, waiter: &Waiter) {
        self.waiters.all.lock().remove(&id);
        *waiter.client.waiting.lock() = None;
        waiter.client.keep_line(&[]);
        waiter.client.set_flag(client_flags::BLOCKED, false);
    }

    /// Runs a waiter's command again. If it is done, takes the waiter out of its queues under the same locks, and puts
    /// the reply into its mailbox before anything that its changes bring there. Says whether it is done.
    fn try_again(&self, id: WaiterId, waiter: &Waiter, over: &mut bool) -> bool {
        let Some(entry) = self.table().get(waiter.command) else { return false };
        let began_us = self.engine().clock().now_us();
        let words: Vec<&[u8]> = waiter.words.iter().map(|word| &**word).collect();
        let mut found = Vec::new();
        let _ = keys::positions(entry.command, &words, &mut found);
        let keys: Vec<Key<'_>> =
            found.iter().map(|(at, _)| self.engine().key(waiter.db, words[*at])).collect();
        let Some(view) = self.engine().view_unless(&keys, &|| self.scripts.has_slow()) else {
            // Whoever serves has others to serve, who may have to stop that script.
            self.put_off(Late::Serve(id));
            return false;
        };
        let mut session = Session::new(waiter.client.clone(), self.users.host.clone());
        session.select(waiter.db);
        let mut out = ValueReply::new(waiter.protocol);
        let mut cx =
            Cx { view, instance: self, session: &mut session, entry, caller: Caller::Waiter, first: None };
        cx.count_uses();
        let result = (entry.command.run)(&mut cx, Args(&words), &mut out);
        let usec = self.engine().clock().now_us().saturating_sub(began_us);
        let spent_us = waiter.spent_us.fetch_add(usec, Ordering::Relaxed) + usec;
        match result {
            Ok(Outcome::Wait(_)) => return false,
            Ok(Outcome::Done | Outcome::Elsewhere) => {}
            Err(error) => {
                entry.stats.failed.fetch_add(1, Ordering::Relaxed);
                self.stats.count_error(&error);
                out = ValueReply::new(waiter.protocol);
                out.error(&error);
            }
        }
        for bytes in &waiter.keys {
            let key = cx.key(bytes);
            let _ = cx.view.stop_waiting(&key, id);
        }
        *over = true;
        self.ended(id, waiter);
        waiter.client.put(Item::Reply(out.into_value()));
        authored(waiter.client.id, Vec::new(), || drop(cx));
        self.count_served(&session, entry, &words, spent_us);
        true
    }
}

impl ReadyListener for Instance {
    fn serve(&self, id: WaiterId) {
        let Some(waiter) = self.waiters.get(id) else { return };
        let mut over = waiter.over.lock();
        let done = !*over && self.try_again(id, &waiter, &mut over);
        drop(over);
        if done {
            waiter.client.ring();
        } else if !self.scripts.has_slow() {
            // The script because of which this was put off has ended in the meantime, perhaps too early to see that.
            self.catch_up();
        }
    }
}
