//! Client-side caching: who has read which keys, and who is told when they change.
//!
//! A read notes its keys under the locks under which it read them; a change tells of them when its own locks are gone.
//! So a client never keeps a value without being told of the next change: at worst it is told of a change that it has
//! seen already. Nothing is done, and nobody listens, while no client tracks.

use crate::client::{Client, Clients, Item, client_flags};
use crate::reply::{Protocol, Value};
use larder_core::{Change, ChangeListener, Class, Engine};
use parking_lot::{Mutex, RwLock};
use smallvec::SmallVec;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};

/// Where invalidations go to clients that get them as messages.
const CHANNEL: &[u8] = b"__redis__:invalidate";

/// Which keys a client is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Those that it reads.
    Default,
    /// Those that it reads with commands that follow `CLIENT CACHING YES`.
    OptIn,
    /// Those that it reads, but for commands that follow `CLIENT CACHING NO`.
    OptOut,
    /// All that begin with one of its prefixes.
    Broadcast,
}

/// How a client tracks.
#[derive(Debug)]
pub(crate) struct Tracker {
    pub(crate) mode: Mode,
    /// It is not told of its own changes.
    pub(crate) no_loop: bool,
    /// The client that is told in its place; 0 for itself.
    pub(crate) redirect: u64,
    pub(crate) prefixes: Vec<Vec<u8>>,
    client: Arc<Client>,
    /// The client that was to be told is gone.
    broken: AtomicBool,
}

impl Tracker {
    pub(crate) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }
}

/// So many tables of keys, each with its lock.
const SHARDS: usize = 16;

type Shard = HashMap<Box<[u8]>, SmallVec<[u64; 2]>>;

/// Everything about tracking that an instance has.
#[derive(Default)]
pub(crate) struct Tracking {
    trackers: RwLock<HashMap<u64, Arc<Tracker>>>,
    /// Clients by the prefixes that they are told of.
    prefixes: RwLock<BTreeMap<Vec<u8>, Vec<u64>>>,
    shards: [Mutex<Shard>; SHARDS],
    keys: AtomicUsize,
    active: AtomicBool,
    keys_max: AtomicUsize,
    engine: OnceLock<Engine>,
    clients: OnceLock<Weak<Clients>>,
}

impl std::fmt::Debug for Tracking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tracking").field("keys", &self.keys).finish_non_exhaustive()
    }
}

thread_local! {
    /// The client whose command makes the changes of this moment; 0 for nobody.
    static AUTHOR: Cell<u64> = const { Cell::new(0) };
    /// Keys that it had not read before and of which it has read what they hold now.
    static FRESH: RefCell<Vec<Box<[u8]>>> = const { RefCell::new(Vec::new()) };
}

/// Runs a function whose changes are a client's, which has read of some keys, and for the first time, what they hold
/// afterwards.
pub(crate) fn authored<R>(client: u64, fresh: Vec<Box<[u8]>>, f: impl FnOnce() -> R) -> R {
    let before = (AUTHOR.replace(client), FRESH.replace(fresh));
    let result = f();
    AUTHOR.set(before.0);
    FRESH.set(before.1);
    result
}

fn is_fresh(key: &[u8]) -> bool {
    FRESH.with_borrow(|fresh| fresh.iter().any(|known| **known == *key))
}

/// Every change that makes a copy of a value stale.
const CHANGES: Class = Class::GENERIC
    .with(Class::STRING)
    .with(Class::LIST)
    .with(Class::SET)
    .with(Class::HASH)
    .with(Class::ZSET)
    .with(Class::STREAM)
    .with(Class::EXPIRED)
    .with(Class::EVICTED);

/// What is told to each client, and how.
#[derive(Default)]
struct Told(BTreeMap<u64, (Option<Arc<Tracker>>, Vec<Value>)>);

impl Told {
    fn add(&mut self, tracker: &Arc<Tracker>, key: &[u8]) {
        let (known, keys) = self.0.entry(tracker.client.id).or_default();
        *known = Some(tracker.clone());
        let key = Value::Bulk(key.to_vec());
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
}

impl Tracking {
    /// Says over which engine it works. Once, before anything else.
    pub(crate) fn over(&self, engine: Engine, clients: Weak<Clients>) {
        let _ = (self.engine.set(engine), self.clients.set(clients));
    }

    /// Whether anybody tracks.
    #[inline]
    pub(crate) fn is_active(&self) -> bool {
        self.active.load(Ordering::Relaxed)
    }

    /// So many keys are remembered at most; 0 for no limit. Those that are too many are forgotten at once.
    pub(crate) fn set_keys_max(&self, keys: usize) {
        self.keys_max.store(keys, Ordering::Relaxed);
        while keys != 0 && self.keys.load(Ordering::Relaxed) > keys && self.forget_one() {}
    }

    /// How many clients track, and how many keys, pairs of a key and a client, and prefixes there are.
    pub(crate) fn counts(&self) -> [usize; 4] {
        let items =
            self.shards.iter().map(|shard| shard.lock().values().map(SmallVec::len).sum::<usize>()).sum();
        let keys = self.keys.load(Ordering::Relaxed);
        [self.trackers.read().len(), keys, items, self.prefixes.read().len()]
    }

    /// A client begins to track, or tracks in another way from now on.
    pub(crate) fn start(
        self: &Arc<Tracking>,
        client: &Arc<Client>,
        mode: Mode,
        no_loop: bool,
        redirect: u64,
        prefixes: Vec<Vec<u8>>,
    ) -> Arc<Tracker> {
        let tracker = Arc::new(Tracker {
            mode,
            no_loop,
            redirect,
            prefixes,
            client: client.clone(),
            broken: AtomicBool::new(false),
        });
        let mut all = self.prefixes.write();
        for prefix in &tracker.prefixes {
            let clients = all.entry(prefix.clone()).or_default();
            if !clients.contains(&client.id) {
                clients.push(client.id);
            }
        }
        drop(all);
        self.trackers.write().insert(client.id, tracker.clone());
        client.set_flag(client_flags::TRACKING, true);
        client.set_flag(client_flags::BROADCAST, mode == Mode::Broadcast);
        client.set_flag(client_flags::BROKEN_REDIRECT, false);
        client.redirect.store(redirect as i64, Ordering::Relaxed);
        self.listen();
        tracker
    }

    /// A client tracks no more. What it has read is forgotten when it changes.
    pub(crate) fn stop(self: &Arc<Tracking>, client: &Client) {
        if self.trackers.write().remove(&client.id).is_none() {
            return;
        }
        self.prefixes.write().retain(|_, clients| {
            clients.retain(|id| *id != client.id);
            !clients.is_empty()
        });
        let flags = client_flags::TRACKING | client_flags::BROADCAST | client_flags::BROKEN_REDIRECT;
        client.set_flag(flags, false);
        client.redirect.store(-1, Ordering::Relaxed);
        if self.trackers.read().is_empty() {
            for shard in &self.shards {
                let mut shard = shard.lock();
                self.keys.fetch_sub(shard.len(), Ordering::Relaxed);
                *shard = Shard::new();
            }
        }
        self.listen();
    }

    fn listen(self: &Arc<Tracking>) {
        let Some(engine) = self.engine.get() else { return };
        // Under the lock, so that of two who come and go at once the later one's word is the last.
        let trackers = self.trackers.read();
        let active = !trackers.is_empty();
        self.active.store(active, Ordering::Relaxed);
        engine.listen(self.clone(), if active { CHANGES } else { Class::NONE });
    }

    fn shard(&self, key: &[u8]) -> Option<&Mutex<Shard>> {
        let hash = self.engine.get()?.hash(key);
        self.shards.get(hash as usize % SHARDS)
    }

    /// A client has read a key. Called with the key locked. Says whether that was not known.
    pub(crate) fn note(&self, client: u64, key: &[u8]) -> bool {
        let Some(shard) = self.shard(key) else { return false };
        let mut shard = shard.lock();
        if let Some(readers) = shard.get_mut(key) {
            let is_new = !readers.contains(&client);
            if is_new {
                readers.push(client);
            }
            return is_new;
        }
        shard.insert(key.into(), SmallVec::from_slice(&[client]));
        drop(shard);
        let (keys, most) =
            (self.keys.fetch_add(1, Ordering::Relaxed) + 1, self.keys_max.load(Ordering::Relaxed));
        if most != 0 && keys > most {
            self.forget_one();
        }
        true
    }

    /// Those who have read a key that has changed. Its author stays among its readers, and is none of these, if it has
    /// read what the change made of it.
    fn take_readers(&self, key: &[u8], author: u64) -> SmallVec<[u64; 2]> {
        let Some(shard) = self.shard(key) else { return SmallVec::new() };
        let mut shard = shard.lock();
        let Some(readers) = shard.get_mut(key) else { return SmallVec::new() };
        if readers.contains(&author) && is_fresh(key) {
            let mut others = std::mem::replace(readers, SmallVec::from_slice(&[author]));
            others.retain(|reader| *reader != author);
            return others;
        }
        self.keys.fetch_sub(1, Ordering::Relaxed);
        shard.remove(key).unwrap_or_default()
    }

    /// Somebody's copy has to go, and any will do. Says whether there was one.
    fn forget_one(&self) -> bool {
        let forgotten = self.shards.iter().find_map(|shard| {
            let mut shard = shard.lock();
            let any = shard.keys().next()?.clone();
            shard.remove_entry(&any)
        });
        let Some((key, readers)) = forgotten else { return false };
        self.keys.fetch_sub(1, Ordering::Relaxed);
        let mut told = Told::default();
        self.add_readers(&mut told, &key, &readers, 0);
        self.tell(told);
        true
    }

    fn add_readers(&self, told: &mut Told, key: &[u8], readers: &[u64], author: u64) {
        let trackers = self.trackers.read();
        for reader in readers {
            if let Some(tracker) = trackers.get(reader)
                && tracker.mode != Mode::Broadcast
                && !(tracker.no_loop && *reader == author)
            {
                told.add(tracker, key);
            }
        }
    }

    /// Everything was removed: no copy of anything is good.
    pub(crate) fn flushed(&self) {
        if !self.is_active() {
            return;
        }
        for shard in &self.shards {
            let mut shard = shard.lock();
            self.keys.fetch_sub(shard.len(), Ordering::Relaxed);
            *shard = Shard::new();
        }
        let trackers: Vec<Arc<Tracker>> = self.trackers.read().values().cloned().collect();
        trackers.iter().for_each(|tracker| self.send(tracker, Value::Null));
    }

    fn tell(&self, told: Told) {
        for (tracker, keys) in told.0.into_values() {
            let Some(tracker) = tracker else { continue };
            if tracker.mode == Mode::Broadcast {
                // A message for each prefix, as Redis does.
                for prefix in &tracker.prefixes {
                    let begins = |key: &&Value| matches!(key, Value::Bulk(key) if key.starts_with(prefix));
                    let keys: Vec<Value> = keys.iter().filter(begins).cloned().collect();
                    if !keys.is_empty() {
                        self.send(&tracker, Value::Array(keys));
                    }
                }
            } else {
                // One by one, as Redis does.
                keys.into_iter().for_each(|key| self.send(&tracker, Value::Array(vec![key])));
            }
        }
    }

    fn send(&self, tracker: &Tracker, keys: Value) {
        let client = if tracker.redirect == 0 {
            Some(tracker.client.clone())
        } else {
            self.clients.get().and_then(Weak::upgrade).and_then(|clients| clients.get(tracker.redirect))
        };
        let bulk = |text: &[u8]| Value::Bulk(text.to_vec());
        let Some(client) = client else {
            let first = !tracker.broken.swap(true, Ordering::Relaxed);
            tracker.client.set_flag(client_flags::BROKEN_REDIRECT, true);
            if first && tracker.client.protocol() == Protocol::Resp3 {
                let id = Value::Int(tracker.redirect as i64);
                let items = vec![bulk(b"tracking-redir-broken"), id];
                tracker.client.send(Item::Value(Value::Push(items)));
            }
            return;
        };
        if client.protocol() == Protocol::Resp3 {
            client.send(Item::Value(Value::Push(vec![bulk(b"invalidate"), keys])));
        } else if tracker.redirect != 0 && client.has(client_flags::PUBSUB) {
            client.send(Item::Value(Value::Array(vec![bulk(b"message"), bulk(CHANNEL), keys])));
        }
    }
}

impl ChangeListener for Tracking {
    fn changed(&self, changes: &[Change]) {
        let author = AUTHOR.get();
        let mut told = Told::default();
        for change in changes.iter().filter(|change| change.class.meets(CHANGES)) {
            let key = &*change.key.bytes;
            let readers = self.take_readers(key, author);
            self.add_readers(&mut told, key, &readers, author);
            let prefixes = self.prefixes.read();
            if prefixes.is_empty() {
                continue;
            }
            let trackers = self.trackers.read();
            for (_, clients) in prefixes.iter().filter(|(prefix, _)| key.starts_with(prefix)) {
                for tracker in clients.iter().filter_map(|id| trackers.get(id)) {
                    if !(tracker.no_loop && tracker.client.id == author) {
                        told.add(tracker, key);
                    }
                }
            }
        }
        self.tell(told);
    }
}
