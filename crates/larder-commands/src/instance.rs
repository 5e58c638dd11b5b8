//! An instance: one engine with everything that speaks commands to it. A server has one; a process may have several.

use crate::client::{Client, Clients, Origin, Wake, client_flags};
use crate::cluster::Cluster;
use crate::host::{Host, NoHost};
use crate::late::PutOff;
use crate::login::Guesses;
use crate::notify::{Notifications, Notifier};
use crate::pause::Pause;
use crate::script::Scripts;
use crate::session::Session;
use crate::settings::Settings;
use crate::stats::{Latency, Slowlog, Stats};
use crate::table::Table;
use crate::tracking::Tracking;
use crate::users::{AccessLog, Users};
use crate::wait::Waiters;
use larder_core::{Engine, ReadyListener};
use parking_lot::RwLock;
use std::fmt::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

/// An engine with a command table, clients, settings and statistics.
pub struct Instance {
    engine: Engine,
    table: Table,
    clients: Arc<Clients>,
    settings: Settings,
    notifier: Arc<Notifier>,
    run_id: String,
    replication_id: String,
    started_ms: u64,
    host: RwLock<Arc<dyn Host>>,
    pub(crate) waiters: Waiters,
    pub(crate) late: PutOff,
    pub(crate) guesses: Guesses,
    pub(crate) users: Users,
    pub(crate) access_log: AccessLog,
    pub(crate) pause: Pause,
    pub(crate) cluster: Cluster,
    pub(crate) scripts: Scripts,
    pub(crate) tracking: Arc<Tracking>,
    /// `min-replicas-to-write` asks for replicas, of which there are none: nothing may be written.
    pub(crate) lacks_replicas: AtomicBool,
    /// So many bytes of replies may wait for a client that is no subscriber.
    pub(crate) replies_max: AtomicUsize,
    /// Scripts may call what scripts may not call: for tests.
    pub(crate) scripts_unbridled: AtomicBool,
    /// What is counted.
    pub stats: Stats,
    /// Slow commands.
    pub slowlog: Slowlog,
    /// Latency events.
    pub latency: Latency,
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance")
            .field("engine", &self.engine)
            .field("run_id", &self.run_id)
            .finish_non_exhaustive()
    }
}

impl Instance {
    /// An instance over an engine, with default settings.
    pub fn new(engine: Engine) -> Arc<Instance> {
        Instance::with_settings(engine, Settings::default())
    }

    /// An instance over an engine, with these settings, which are applied to the engine.
    pub fn with_settings(engine: Engine, settings: Settings) -> Arc<Instance> {
        let (run_id, replication_id) = (forty_digits(&engine), forty_digits(&engine));
        let is_cluster = settings.bool("cluster-enabled");
        let cluster = Cluster::new(is_cluster, forty_digits(&engine), forty_digits(&engine));
        let table = Table::new();
        let instance = Arc::new(Instance {
            users: Users::new(&table),
            access_log: AccessLog::default(),
            table,
            clients: Arc::default(),
            settings,
            notifier: Arc::new(Notifier::new(engine.clone())),
            run_id,
            replication_id,
            started_ms: engine.now_ms(),
            host: RwLock::new(Arc::new(NoHost)),
            waiters: Waiters::default(),
            late: PutOff::default(),
            guesses: Guesses::default(),
            pause: Pause::default(),
            cluster,
            scripts: Scripts::default(),
            tracking: Arc::default(),
            lacks_replicas: AtomicBool::new(false),
            replies_max: AtomicUsize::new(usize::MAX),
            scripts_unbridled: AtomicBool::new(false),
            stats: Stats::default(),
            slowlog: Slowlog::default(),
            latency: Latency::default(),
            engine,
        });
        instance.tracking.over(instance.engine.clone(), Arc::downgrade(&instance.clients));
        let listener: Arc<dyn ReadyListener> = instance.clone();
        let listener: Weak<dyn ReadyListener> = Arc::downgrade(&listener);
        instance.engine.on_ready(listener);
        instance.apply_settings();
        instance
    }

    /// While this holds, scripts that have run for longer than `busy-reply-threshold` are stopped, even if they have
    /// written: for whoever wants to end and cannot wait for a script that does not.
    pub fn stop_slow_scripts(&self, stop: bool) {
        self.scripts.stop(stop);
    }

    /// Ends a client if more of its replies wait than `client-output-buffer-limit` allows. Says whether it does. For
    /// subscribers it is counted what they have not been given yet, where that is put.
    #[inline]
    pub fn ends_if_unread(&self, session: &Session, unread: usize) -> bool {
        unread > self.replies_max.load(Ordering::Relaxed) && Instance::ends_unread(session)
    }

    #[cold]
    fn ends_unread(session: &Session) -> bool {
        if session.is_subscribed() {
            return false;
        }
        session.client.set_flag(client_flags::TOO_SLOW, true);
        session.client.kill();
        true
    }

    /// Whether a script has run for longer than `busy-reply-threshold`.
    pub fn has_slow_scripts(&self) -> bool {
        self.scripts.has_slow()
    }

    /// The engine.
    #[inline]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The command table.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Everybody who is connected.
    pub fn clients(&self) -> &Clients {
        &self.clients
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Forty hexadecimal digits that name this run.
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// Forty hexadecimal digits that name the history of the data.
    pub(crate) fn replication_id(&self) -> &str {
        &self.replication_id
    }

    /// Says what surrounds the instance.
    pub fn set_host(&self, host: Arc<dyn Host>) {
        *self.host.write() = host;
    }

    /// What surrounds the instance.
    pub fn host(&self) -> Arc<dyn Host> {
        self.host.read().clone()
    }

    /// Milliseconds since the start.
    pub fn uptime_ms(&self) -> u64 {
        self.engine.now_ms().saturating_sub(self.started_ms)
    }

    /// When it started, as Unix time in seconds.
    pub(crate) fn started_seconds(&self) -> u64 {
        self.engine.clock().wall_us() / 1_000_000 - self.uptime_ms() / 1_000
    }

    /// Notes how much memory the data take, so that the peak that INFO tells is a peak. Waits for nobody: whoever calls
    /// this now and then has others to look after, and a script may hold everything.
    pub fn note_memory(&self) {
        if let Some(used) = self.engine.try_used_bytes() {
            let used = used + self.engine.topics().used_bytes() as u64;
            self.stats.peak_bytes.fetch_max(used, Ordering::Relaxed);
        }
    }

    /// How many clients wait for a key.
    pub fn waiting(&self) -> usize {
        self.waiters.len()
    }

    /// A session for a new client. `wake` is called when something reaches it out of turn.
    pub fn connect(&self, origin: Origin, wake: Box<dyn Wake>) -> Session {
        let limit = self.settings.pubsub_limit();
        let (id, subscriber) = (self.clients.next_id(), self.engine.topics().new_subscriber());
        let client = Client::new(id, subscriber, origin, self.engine.now_ms(), limit, wake);
        let client = Arc::new(client);
        self.clients.add(client.clone());
        let mut session = Session::new(client, self.users.default().clone());
        session.authenticated = session.user.needs_no_password();
        session.client.set_flag(client_flags::AUTHENTICATED, session.authenticated);
        session
    }

    /// Lets a session act for the program around the instance: no rule for users binds it.
    pub fn trust(&self, session: &mut Session) {
        session.user = self.users.host.clone();
        session.authenticated = true;
        session.client.set_flag(client_flags::AUTHENTICATED, true);
    }

    /// Whether a trusted session has nothing about it that a new one would not have, but its number, its age and its
    /// protocol: so that it may serve somebody else.
    pub fn is_as_new(&self, session: &Session) -> bool {
        let client = &session.client;
        let names = client.names.read();
        let unnamed = [&names.name, &names.lib_name, &names.lib_ver].iter().all(|name| name.is_empty());
        let flags = client.flags.load(Ordering::Relaxed);
        unnamed
            && flags & !(client_flags::AUTHENTICATED | client_flags::UNIX) == 0
            && !client.is_killed()
            && !client.has_mail()
            && Arc::ptr_eq(&session.user, &self.users.host)
            && session.is_plain()
    }

    /// Ends a session: its subscriptions, watches and waits.
    pub fn disconnect(&self, mut session: Session) {
        let waiting = *session.client.waiting.lock();
        if let Some(id) = waiting {
            self.stop_waiting(id);
        }
        self.leave_pause(&session.client);
        if session.client.has(client_flags::TOO_SLOW) {
            self.stats.output_limit_disconnections.fetch_add(1, Ordering::Relaxed);
        }
        self.reset(&mut session);
        self.flush_tally(&mut session);
        self.clients.remove(session.client.id);
    }

    pub(crate) fn set_notifications(&self, notifications: Notifications) {
        let class = self.notifier.set(notifications);
        self.engine.listen(self.notifier.clone(), class);
    }
}

fn forty_digits(engine: &Engine) -> String {
    let mut digits = String::new();
    for _ in 0..5 {
        let _ = write!(digits, "{:08x}", engine.random() as u32);
    }
    digits
}
