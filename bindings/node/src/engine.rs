//! The engines of the process, by name.
//!
//! Who opens a name that is open shares its engine, from whatever thread; an engine without a name is its opener's
//! alone, and of those to whom its handle was given. It lives as long as anybody has it open.

use crate::boundary::Failure;
use larder::{Larder, Maintenance, ManualClock, Server, Subscription};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};

/// Options, by name.
type Options = Vec<(String, String)>;

/// An engine, with what all who have it open share.
pub(crate) struct Shared {
    name: Option<String>,
    options: Options,
    /// By which others open it, once somebody has asked for that.
    handle: OnceLock<String>,
    pub(crate) larder: Larder,
    pub(crate) clock: Option<Arc<ManualClock>>,
    is_ended: AtomicBool,
    /// Servers that were started on it, by number.
    servers: Mutex<BTreeMap<u64, Server>>,
    /// Subscriptions of all threads.
    subscriptions: Mutex<Vec<Weak<Subscription>>>,
}

static ENGINES: Mutex<BTreeMap<String, Weak<Shared>>> = Mutex::new(BTreeMap::new());
/// Engines by their handles.
static HANDED_ON: Mutex<BTreeMap<String, Weak<Shared>>> = Mutex::new(BTreeMap::new());

/// Opens one more time the engine that has this handle.
pub(crate) fn open_by_handle(handle: &str) -> Result<Arc<Shared>, Failure> {
    let open = HANDED_ON.lock().get(handle).and_then(Weak::upgrade);
    open.filter(|open| !open.is_ended()).ok_or(Failure::Closed("no engine that is open has this handle"))
}

/// Opens an engine, or one more time the one of this name. Options that were given must then be the same, or none.
pub(crate) fn open(name: Option<String>, mut options: Options) -> Result<Arc<Shared>, Failure> {
    options.sort();
    let Some(name) = name else { return Shared::new(None, options).map(Arc::new) };
    // Declared before the lock, so that it goes after it: the last to have an engine looks into this table.
    let open;
    let mut engines = ENGINES.lock();
    open = engines.get(&name).and_then(Weak::upgrade);
    if let Some(open) = open.as_ref().filter(|open| !open.is_ended()) {
        if !options.is_empty() && options != open.options {
            let shown = |options: &Options| {
                let words: Vec<String> =
                    options.iter().map(|(name, value)| format!("{name}={value}")).collect();
                if words.is_empty() { "none".into() } else { words.join(" ") }
            };
            return Err(Failure::Argument(format!(
                "the engine {name:?} is open already, with other options: it has {}, asked for was {}",
                shown(&open.options),
                shown(&options)
            )));
        }
        return Ok(open.clone());
    }
    let opened = Arc::new(Shared::new(Some(name.clone()), options)?);
    engines.insert(name, Arc::downgrade(&opened));
    Ok(opened)
}

impl Shared {
    fn new(name: Option<String>, options: Options) -> Result<Shared, Failure> {
        let mut builder = Larder::builder();
        let mut clock = None;
        let mut settings = Vec::new();
        for (option, value) in &options {
            builder = match (option.as_str(), value.as_str()) {
                ("clock", "system") | ("maintenance", "thread") | ("hardened", "no") => builder,
                ("clock", "manual") => {
                    let manual = Arc::new(ManualClock::new());
                    clock = Some(manual.clone());
                    builder.clock(manual)
                }
                ("maintenance", "manual") => builder.maintenance(Maintenance::Manual),
                ("hardened", "yes") => builder.hardened(true),
                ("seed", number) if number.parse::<u64>().is_ok() => {
                    builder.seed(number.parse().unwrap_or(0))
                }
                ("clock" | "maintenance" | "hardened" | "seed", _) => {
                    return Err(Failure::Argument(format!("option {option} cannot be {value}")));
                }
                (name, value) => {
                    settings.push((name, value));
                    builder
                }
            };
        }
        let larder = builder.build();
        larder
            .instance()
            .configure(&settings)
            .map_err(|error| Failure::Argument(format!("option {error}")))?;
        let is_ended = AtomicBool::new(false);
        let (servers, subscriptions) = (Mutex::default(), Mutex::default());
        let handle = OnceLock::new();
        Ok(Shared { name, options, handle, larder, clock, is_ended, servers, subscriptions })
    }

    /// A text by which any thread opens it, as long as it is open. It does not keep it open.
    pub(crate) fn handle(self: &Arc<Shared>) -> &str {
        self.handle.get_or_init(|| {
            // One that another copy of the library gave is to find nothing here.
            let handle = format!("larder:{:016x}", RandomState::new().build_hasher().finish());
            HANDED_ON.lock().insert(handle.clone(), Arc::downgrade(self));
            handle
        })
    }

    /// Whether it was ended for everybody.
    #[inline]
    pub(crate) fn is_ended(&self) -> bool {
        self.is_ended.load(Ordering::Acquire)
    }

    /// Ends it for everybody, on whatever thread they are: servers stop, whoever waits is told, the data is gone.
    pub(crate) fn end(&self) {
        if self.is_ended.swap(true, Ordering::AcqRel) {
            return;
        }
        self.forget();
        let servers = std::mem::take(&mut *self.servers.lock());
        drop(servers);
        let subscriptions = std::mem::take(&mut *self.subscriptions.lock());
        subscriptions.iter().filter_map(Weak::upgrade).for_each(|subscription| subscription.close());
        let instance = self.larder.instance();
        instance.clients().list().iter().for_each(|client| client.kill());
        // Others may keep the engine until their JavaScript lets go; they need not keep what is in it.
        let _ = self.larder.call(["FLUSHALL", "SYNC"]);
    }

    /// Notes a subscription, which ends with the engine.
    pub(crate) fn add_subscription(&self, subscription: &Arc<Subscription>) {
        let mut subscriptions = self.subscriptions.lock();
        subscriptions.retain(|other| other.strong_count() > 0);
        subscriptions.push(Arc::downgrade(subscription));
        drop(subscriptions);
        // Whoever ends the engine ends those it sees; one that came later sees that it has ended.
        if self.is_ended() {
            subscription.close();
        }
    }

    pub(crate) fn add_server(&self, server: Server) -> u64 {
        let mut servers = self.servers.lock();
        let number = servers.last_key_value().map_or(1, |(last, _)| last + 1);
        servers.insert(number, server);
        number
    }

    /// Takes a server away. It stops when it is dropped.
    pub(crate) fn take_server(&self, number: u64) -> Option<Server> {
        self.servers.lock().remove(&number)
    }

    /// Makes room for another engine of this name.
    fn forget(&self) {
        if let Some(handle) = self.handle.get() {
            HANDED_ON.lock().remove(handle);
        }
        let Some(name) = &self.name else { return };
        let mut engines = ENGINES.lock();
        if engines.get(name).is_some_and(|open| std::ptr::eq(open.as_ptr(), self)) {
            engines.remove(name);
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.forget();
    }
}
