//! One client as others see it: who it is, what it does, and the mailbox through which anything but its own commands
//! reaches it (messages, the reply of a command that waited, what MONITOR shows).
//!
//! Clients are named by numbers that are never used twice, so a late message or kill meets nobody rather than another.

use crate::reply::{Protocol, Value};
use crate::session::Session;
use larder_core::{DbIndex, Message, Subscriber, SubscriberId, WaiterId, WatchMark};
use parking_lot::{Mutex, RwLock};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{
    AtomicBool, AtomicI64, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering,
};

/// Something that reaches a client out of turn.
#[derive(Clone, Debug)]
pub enum Item {
    /// A message of a topic.
    Message(Message),
    /// The reply of the command it waits for.
    Reply(Value),
    /// Anything else: a line of MONITOR, an invalidation.
    Value(Value),
}

impl Item {
    /// Bytes it keeps alive for this client, near enough.
    fn bytes(&self) -> usize {
        const FRAME: usize = 64;
        match self {
            Item::Message(message) => FRAME + message.payload.len() + message.channel.len(),
            Item::Value(Value::Status(text)) => FRAME + text.len(),
            Item::Value(Value::Push(items) | Value::Array(items)) => {
                let keys = items.iter().filter_map(|item| match item {
                    Value::Array(keys) => Some(keys),
                    _ => None,
                });
                let bytes = keys.flatten().map(|key| match key {
                    Value::Bulk(key) => FRAME + key.len(),
                    _ => FRAME,
                });
                FRAME + bytes.sum::<usize>()
            }
            Item::Reply(_) | Item::Value(_) => FRAME,
        }
    }
}

/// How a client's connection is woken when something has arrived.
pub trait Wake: Send + Sync {
    /// Something is in the mailbox, or the client shall end. Called with no lock held; must not block.
    fn wake(&self);
}

/// What may be waiting in a mailbox, in bytes: 0 for no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputLimit {
    /// Beyond this the client is closed.
    pub hard_bytes: usize,
    /// Beyond this for [`OutputLimit::soft_seconds`] the client is closed.
    pub soft_bytes: usize,
    /// See [`OutputLimit::soft_bytes`].
    pub soft_seconds: u32,
}

/// What waits for a client to be told. A message to many clients takes one lock for each of them, and whatever else it
/// needs is behind that.
#[derive(Debug, Default)]
struct Mailbox {
    mail: Mutex<Mail>,
    /// A copy of [`Mail::bytes`].
    bytes: AtomicUsize,
    filled: AtomicBool,
    /// When more than the soft limit was seen first; 0 while there is less.
    over_soft_since_ms: AtomicU64,
}

#[derive(Debug, Default)]
struct Mail {
    items: VecDeque<Item>,
    /// Of the items, and of what the connection took but could not write yet.
    bytes: usize,
    limit: OutputLimit,
}

/// An empty mailbox owns nothing; one that gets a message will probably get a few.
const MAIL_LEN: usize = 16;

/// Where a connection comes from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// `address:port` of the other side, or the path of the socket.
    pub addr: String,
    /// Our side.
    pub laddr: String,
    /// Came through a Unix socket.
    pub unix: bool,
    /// The file descriptor, for `CLIENT LIST`; -1 where there is none.
    pub fd: i64,
}

/// Flags of a client, as `CLIENT LIST` has them.
pub mod client_flags {
    /// It is in a transaction.
    pub const MULTI: u32 = 1;
    /// It waits for a key.
    pub const BLOCKED: u32 = 1 << 1;
    /// It watches everything.
    pub const MONITOR: u32 = 1 << 3;
    /// It has subscriptions.
    pub const PUBSUB: u32 = 1 << 4;
    /// Not evicted when memory for clients is short.
    pub const NO_EVICT: u32 = 1 << 5;
    /// Its reads do not count as uses.
    pub const NO_TOUCH: u32 = 1 << 6;
    /// It came through a Unix socket.
    pub const UNIX: u32 = 1 << 7;
    /// It may run commands.
    pub const AUTHENTICATED: u32 = 1 << 8;
    /// Its command is held up by `CLIENT PAUSE`.
    pub const PAUSED: u32 = 1 << 9;
    /// It was closed because too much waited for it to be read.
    pub const TOO_SLOW: u32 = 1 << 10;
    /// It is told of changes of what it may keep copies of.
    pub const TRACKING: u32 = 1 << 11;
    /// It is told of all changes, or of those of keys with certain prefixes.
    pub const BROADCAST: u32 = 1 << 12;
    /// The client that was to be told in its place is gone.
    pub const BROKEN_REDIRECT: u32 = 1 << 13;
}

/// One client.
pub struct Client {
    /// Never used twice.
    pub id: u64,
    /// What topics know it by: of the engine, which other instances and subscribers share.
    pub subscriber: SubscriberId,
    /// Where it comes from.
    pub origin: Origin,
    /// When it connected, in engine milliseconds.
    pub since_ms: u64,
    /// Of its last command, in engine milliseconds.
    pub active_ms: AtomicU64,
    /// Its names.
    pub names: RwLock<Names>,
    pub(crate) db: AtomicU8,
    pub(crate) protocol: AtomicU8,
    pub(crate) flags: AtomicU32,
    /// Channels, patterns and shard channels it is subscribed to.
    pub(crate) subscriptions: [AtomicU32; 3],
    /// Commands queued in its transaction; -1 outside.
    pub(crate) queued: AtomicI64,
    /// Bytes of these commands.
    pub(crate) queued_bytes: AtomicUsize,
    pub(crate) watching: AtomicU32,
    /// Set when a key that it watches changes.
    mark: Mutex<Option<WatchMark>>,
    /// Bytes of the words of a command that waits or is held up.
    line_bytes: AtomicUsize,
    /// The last command, as an index into the command table; `u16::MAX` for none.
    pub(crate) last_command: AtomicU16,
    /// Bytes of its requests that are not executed yet, and of replies not written yet: told by the connection.
    pub query_bytes: AtomicUsize,
    /// See [`Client::query_bytes`].
    pub reply_bytes: AtomicUsize,
    /// Room that its buffer for requests has beyond them. A connection has buffers only while it is busy.
    pub query_free_bytes: AtomicUsize,
    /// The size of its buffer for replies.
    pub reply_room_bytes: AtomicUsize,
    /// The most bytes of replies that were in it at once when the last requests were executed.
    pub reply_peak_bytes: AtomicUsize,
    /// Since when a part of a command has been there, in engine milliseconds; 0 while there is none.
    pub unfinished_since_ms: AtomicU64,
    /// When the client last read some of its replies, in engine milliseconds.
    pub progress_ms: AtomicU64,
    pub(crate) waiting: Mutex<Option<WaiterId>>,
    /// The client that is told of changes in its place; 0 for itself, -1 while it does not track.
    pub(crate) redirect: AtomicI64,
    killed: AtomicBool,
    mailbox: Mailbox,
    wake: Box<dyn Wake>,
}

/// What a client calls itself.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// `CLIENT SETNAME`.
    pub name: String,
    /// `CLIENT SETINFO LIB-NAME`.
    pub lib_name: String,
    /// `CLIENT SETINFO LIB-VER`.
    pub lib_ver: String,
    /// The user it logged in as.
    pub user: String,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("id", &self.id).field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl Client {
    pub(crate) fn new(
        id: u64,
        subscriber: SubscriberId,
        origin: Origin,
        now_ms: u64,
        limit: OutputLimit,
        wake: Box<dyn Wake>,
    ) -> Client {
        let flags = if origin.unix { client_flags::UNIX } else { 0 };
        Client {
            id,
            subscriber,
            origin,
            since_ms: now_ms,
            active_ms: AtomicU64::new(now_ms),
            names: RwLock::new(Names { user: "default".into(), ..Names::default() }),
            db: AtomicU8::new(0),
            protocol: AtomicU8::new(2),
            flags: AtomicU32::new(flags),
            subscriptions: Default::default(),
            queued: AtomicI64::new(-1),
            queued_bytes: AtomicUsize::new(0),
            watching: AtomicU32::new(0),
            mark: Mutex::new(None),
            line_bytes: AtomicUsize::new(0),
            last_command: AtomicU16::new(u16::MAX),
            query_bytes: AtomicUsize::new(0),
            reply_bytes: AtomicUsize::new(0),
            query_free_bytes: AtomicUsize::new(0),
            reply_room_bytes: AtomicUsize::new(0),
            reply_peak_bytes: AtomicUsize::new(0),
            unfinished_since_ms: AtomicU64::new(0),
            progress_ms: AtomicU64::new(now_ms),
            waiting: Mutex::new(None),
            redirect: AtomicI64::new(-1),
            killed: AtomicBool::new(false),
            mailbox: Mailbox { mail: Mutex::new(Mail { limit, ..Mail::default() }), ..Mailbox::default() },
            wake,
        }
    }

    /// Whether a flag is set.
    pub fn has(&self, flag: u32) -> bool {
        self.flags.load(Ordering::Relaxed) & flag != 0
    }

    /// Sets or clears a flag.
    pub fn set_flag(&self, flag: u32, on: bool) {
        if on {
            self.flags.fetch_or(flag, Ordering::Relaxed);
        } else {
            self.flags.fetch_and(!flag, Ordering::Relaxed);
        }
    }

    /// The database it has selected.
    pub fn db(&self) -> DbIndex {
        DbIndex::new(usize::from(self.db.load(Ordering::Relaxed))).unwrap_or_default()
    }

    /// The protocol it speaks.
    pub fn protocol(&self) -> Protocol {
        if self.protocol.load(Ordering::Relaxed) == 3 { Protocol::Resp3 } else { Protocol::Resp2 }
    }

    /// Puts something into the mailbox, without waking anybody. Says whether it was taken.
    pub fn put(&self, item: Item) -> bool {
        if self.is_killed() {
            return false;
        }
        let added = item.bytes();
        let is_reply = matches!(item, Item::Reply(_));
        let (bytes, limit) = {
            let mut mail = self.mailbox.mail.lock();
            if mail.items.capacity() == 0 {
                mail.items.reserve(MAIL_LEN);
            }
            mail.items.push_back(item);
            mail.bytes += added;
            self.mailbox.bytes.store(mail.bytes, Ordering::Relaxed);
            self.mailbox.filled.store(true, Ordering::Release);
            (mail.bytes, mail.limit)
        };
        if !is_reply && limit.hard_bytes != 0 && bytes > limit.hard_bytes {
            self.set_flag(client_flags::TOO_SLOW, true);
            self.kill();
        }
        true
    }

    /// Whether more than the soft limit has been waiting for as long as it may: to be asked every now and then, also
    /// while nothing more comes.
    /// Replies count for those who are no subscribers.
    pub fn is_over_soft_limit(&self, now_ms: u64, replies: OutputLimit) -> bool {
        let unread = self.reply_bytes.load(Ordering::Relaxed);
        let (bytes, limit) = if !self.has(client_flags::PUBSUB) && unread > 0 {
            (unread, replies)
        } else if self.mail_bytes() == 0 {
            return false;
        } else {
            let mail = self.mailbox.mail.lock();
            (mail.bytes, mail.limit)
        };
        let since = &self.mailbox.over_soft_since_ms;
        if limit.soft_bytes == 0 || bytes <= limit.soft_bytes {
            since.store(0, Ordering::Relaxed);
            return false;
        }
        match since.load(Ordering::Relaxed) {
            0 => {
                since.store(now_ms, Ordering::Relaxed);
                false
            }
            began => now_ms.saturating_sub(began) >= u64::from(limit.soft_seconds) * 1_000,
        }
    }

    /// Puts something into the mailbox and wakes the connection.
    pub fn send(&self, item: Item) {
        self.put(item);
        self.wake.wake();
    }

    /// Whether anything is in the mailbox.
    #[inline]
    pub fn has_mail(&self) -> bool {
        self.mailbox.filled.load(Ordering::Acquire)
    }

    /// Takes what is in the mailbox. Its bytes stay counted until [`Client::written`].
    pub fn take_mail(&self) -> VecDeque<Item> {
        let mut mail = self.mailbox.mail.lock();
        self.mailbox.filled.store(false, Ordering::Release);
        std::mem::take(&mut mail.items)
    }

    /// Says that everything taken so far has reached the socket.
    pub fn written(&self) {
        if self.mailbox.bytes.load(Ordering::Relaxed) != 0 {
            let mut mail = self.mailbox.mail.lock();
            mail.bytes = mail.items.iter().map(Item::bytes).sum();
            self.mailbox.bytes.store(mail.bytes, Ordering::Relaxed);
            if mail.bytes <= mail.limit.soft_bytes {
                self.mailbox.over_soft_since_ms.store(0, Ordering::Relaxed);
            }
        }
    }

    /// Bytes in the mailbox.
    pub fn mail_bytes(&self) -> usize {
        self.mailbox.bytes.load(Ordering::Relaxed)
    }

    /// Wakes its connection.
    pub(crate) fn ring(&self) {
        self.wake.wake();
    }

    /// How many things are in the mailbox.
    pub(crate) fn mail_len(&self) -> usize {
        self.mailbox.mail.lock().items.len()
    }

    /// Bytes that are there because of it: itself, buffers, commands that wait, mail.
    pub fn used_bytes(&self) -> usize {
        let parts = [
            &self.query_bytes,
            &self.query_free_bytes,
            &self.reply_room_bytes,
            &self.line_bytes,
            &self.queued_bytes,
        ];
        let names = {
            let names = self.names.read();
            names.name.len() + names.lib_name.len() + names.lib_ver.len() + names.user.len()
        };
        let origin = self.origin.addr.len() + self.origin.laddr.len();
        size_of::<Client>()
            + size_of::<Session>()
            + names
            + origin
            + parts.iter().map(|part| part.load(Ordering::Relaxed)).sum::<usize>()
            + self.mail_bytes()
    }

    /// Says what it watches by.
    pub(crate) fn show_mark(&self, mark: Option<WatchMark>) {
        *self.mark.lock() = mark;
    }

    /// Whether a key that it watches has changed.
    pub(crate) fn is_dirty(&self) -> bool {
        self.mark.lock().as_ref().is_some_and(WatchMark::is_set)
    }

    /// Says which words are kept for a command that is not over.
    pub(crate) fn keep_line(&self, words: &[&[u8]]) {
        self.line_bytes.store(words.iter().map(|word| word.len()).sum(), Ordering::Relaxed);
    }

    /// Bytes of these words.
    pub(crate) fn line_bytes(&self) -> usize {
        self.line_bytes.load(Ordering::Relaxed)
    }

    /// Ends the client: its connection closes as soon as it notices.
    pub fn kill(&self) {
        self.killed.store(true, Ordering::Release);
        self.wake.wake();
    }

    /// Whether it shall end.
    #[inline]
    pub fn is_killed(&self) -> bool {
        self.killed.load(Ordering::Acquire)
    }

    /// Changes what may be waiting in the mailbox.
    pub fn set_limit(&self, limit: OutputLimit) {
        self.mailbox.mail.lock().limit = limit;
    }
}

impl Subscriber for Client {
    fn deliver(&self, message: &Message) {
        self.put(Item::Message(message.clone()));
    }

    fn wake(&self) {
        self.wake.wake();
    }
}

/// All clients of an instance.
#[derive(Debug, Default)]
pub struct Clients {
    next: AtomicU64,
    all: RwLock<BTreeMap<u64, Arc<Client>>>,
    /// Those who watch everything.
    pub(crate) monitors: RwLock<Vec<Arc<Client>>>,
    pub(crate) monitored: AtomicBool,
}

impl Clients {
    pub(crate) fn next_id(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn add(&self, client: Arc<Client>) {
        self.all.write().insert(client.id, client);
    }

    pub(crate) fn remove(&self, id: u64) {
        self.all.write().remove(&id);
        self.set_monitor_by_id(id, None);
    }

    pub(crate) fn set_monitor(&self, client: &Arc<Client>, on: bool) {
        self.set_monitor_by_id(client.id, on.then(|| client.clone()));
        client.set_flag(client_flags::MONITOR, on);
    }

    fn set_monitor_by_id(&self, id: u64, client: Option<Arc<Client>>) {
        let mut monitors = self.monitors.write();
        monitors.retain(|monitor| monitor.id != id);
        monitors.extend(client);
        self.monitored.store(!monitors.is_empty(), Ordering::Release);
    }

    /// The client of this number.
    pub fn get(&self, id: u64) -> Option<Arc<Client>> {
        self.all.read().get(&id).cloned()
    }

    /// Everybody, the oldest first, but for those whose end is only a matter of noticing.
    pub fn list(&self) -> Vec<Arc<Client>> {
        self.all.read().values().filter(|client| !client.is_killed()).cloned().collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.read().len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.all.read().is_empty()
    }
}
