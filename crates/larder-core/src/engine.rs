//! The engine: one keyspace, its topics, its timer. A cheap handle that all threads share.

use crate::api::Rooms;
use crate::clock::{Clock, ClockMoved, Deadline};
use crate::keyspace::changes::Feed;
use crate::keyspace::eviction::{Pool, Sampling, Tracking};
use crate::keyspace::reclaim::Reclaimer;
use crate::keyspace::stripe::Stripe;
use crate::keyspace::view::Turn;
use crate::keyspace::{
    ChangeListener, Class, Counts, DbIndex, GiveUp, Key, KeyHash, KeyHasher, Keyspace, Locks, OwnedKey,
    Policy, View, stripe_of,
};
use crate::limits::{EXPIRE_BATCH, PREFETCH_MAX, STRIPES, USED_BYTES_BATCH, USED_BYTES_PRECISION};
use crate::options::{Maintenance, Options, ValueLimits};
use crate::raw::{RECORD_LINES, Stored, Table, prefetch};
use crate::rng::Rng;
use crate::sync::{Arc, AtomicBool, AtomicI64, AtomicU32, AtomicU64, Mutex, Ordering, RwLock};
use crate::timer::{Lateness, Timer};
use crate::topics::Topics;
use crate::value::Object;
use crate::waiting::{ReadyListener, Waiters};
use smallvec::SmallVec;
use std::fmt;
use std::sync::Weak;
use std::thread::JoinHandle;

/// What all handles of one engine share.
pub(crate) struct Shared {
    pub(crate) keyspace: Keyspace,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) feed: Feed,
    pub(crate) timer: Timer,
    /// The dead are left where they are.
    pub(crate) expiry_paused: AtomicBool,
    /// The same until this moment of engine time.
    expiry_held_until_ms: AtomicU64,
    topics: Topics,
    pub(crate) used_bytes: AtomicI64,
    policy: AtomicU32,
    sampling: AtomicU64,
    pub(crate) memory_max_bytes: AtomicU64,
    /// From how many bytes on a stripe reports to the total.
    pub(crate) used_bytes_batch: AtomicI64,
    /// The stripe that S3-FIFO turns to next.
    pub(crate) hand: AtomicU64,
    pub(crate) pool: Mutex<Pool>,
    seconds: AtomicU32,
    values: RwLock<ValueLimits>,
    rng: Mutex<Rng>,
    pub(crate) waiters: Waiters,
    pub(crate) lateness: Lateness,
    pub(crate) locks: Locks,
    pub(crate) reclaimer: Arc<Reclaimer>,
    /// What unix time is ahead of engine time, in milliseconds.
    wall_ahead_ms: AtomicI64,
    /// Who may lock more than in the beginning.
    pub(crate) turn: Turn,
    /// Where transactions work.
    pub(crate) rooms: Rooms,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("clock", &self.clock).field("feed", &self.feed).finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn now_ms(&self) -> u64 {
        let now = self.clock.now_ms();
        let seconds = (now / 1_000) as u32;
        if self.seconds.load(Ordering::Relaxed) != seconds {
            self.seconds.store(seconds, Ordering::Relaxed);
        }
        now
    }

    /// Seconds as of the last time anybody read the clock: good enough for "not used for a while".
    #[inline]
    pub(crate) fn seconds(&self) -> u32 {
        self.seconds.load(Ordering::Relaxed)
    }

    #[inline]
    pub(crate) fn policy(&self) -> Tracking {
        Tracking {
            policy: Policy::from_index(self.policy.load(Ordering::Relaxed)),
            sampling: Sampling::unpacked(self.sampling.load(Ordering::Relaxed)),
        }
    }

    /// Stripes report what they hold exactly: the limit changed, and with it how exact the total is.
    fn settle(&self) {
        let max = self.memory_max_bytes.load(Ordering::Relaxed);
        let share = (max / (STRIPES as u64 * USED_BYTES_PRECISION)) as i64;
        let batch = if max == 0 { USED_BYTES_BATCH } else { share.clamp(1, USED_BYTES_BATCH) };
        self.used_bytes_batch.store(batch, Ordering::Relaxed);
        for index in 0..STRIPES {
            let unreported = self.keyspace.cell(index).stripe.lock().take_unreported();
            self.used_bytes.fetch_add(unreported, Ordering::Relaxed);
        }
    }

    /// Has the total know what a stripe holds.
    #[cold]
    pub(crate) fn add_used_bytes(&self, stripe: &mut Stripe) {
        self.used_bytes.fetch_add(stripe.take_unreported(), Ordering::Relaxed);
    }

    pub(crate) fn value_limits(&self) -> ValueLimits {
        *self.values.read()
    }

    pub(crate) fn random(&self) -> u64 {
        self.rng.lock().next_u64()
    }

    pub(crate) fn serve(&self, keys: Vec<OwnedKey>) {
        self.waiters.serve(self, keys);
    }

    /// Removes what is due, a bounded step per lock at a time. Each step looks at the clock once it has the lock, so
    /// that lateness is that of the removal and not of the moment at which all this began.
    fn expire(&self) -> usize {
        if self.expiry_paused.load(Ordering::SeqCst) {
            return 0;
        }
        let mut now = self.now_ms();
        if now < self.expiry_held_until_ms.load(Ordering::SeqCst) {
            return 0;
        }
        let mut removed = 0;
        for index in 0..STRIPES {
            while self.keyspace.cell(index).next_due_ms.load(Ordering::Acquire) <= now {
                let mut view = View::one(self, index, None);
                now = view.now_ms();
                let more = view.expire_due(index, EXPIRE_BATCH, |late_ms, count| {
                    removed += count;
                    self.lateness.record(late_ms, count);
                });
                drop(view);
                if !matches!(more, Ok(true)) {
                    break;
                }
            }
        }
        removed
    }

    fn run_timer(&self) {
        loop {
            self.expire();
            self.timer.before_sleep();
            let paused = self.expiry_paused.load(Ordering::SeqCst);
            let held_until = self.expiry_held_until_ms.load(Ordering::SeqCst);
            let next = if paused { u64::MAX } else { self.keyspace.next_due_ms().max(held_until) };
            if !self.timer.sleep(self.now_ms(), next) {
                return;
            }
        }
    }
}

impl ClockMoved for Shared {
    fn clock_moved(&self) {
        self.expire();
    }
}

/// The last handle closes the timer.
struct Running {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.timer.close();
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            // A panic of the timer thread has been reported by itself; there is nothing left to do about it.
            let _ = thread.join();
        }
        self.shared.reclaimer.close();
    }
}

/// Where an entry uses so many bytes on average, values are long enough that copying them out of memory takes more time
/// than finding them.
const LONG_RECORD_BYTES: i64 = 160;
/// So many lines of the cache are then fetched of each. What is longer, the processor fetches ahead by itself.
const LONG_RECORD_LINES: usize = 5;

/// A handle of an engine. Cloning it is cheap; the engine ends with its last handle.
///
/// ```
/// use larder_core::{DbIndex, Engine, Expiry};
/// let engine = Engine::new();
/// let key = engine.key(DbIndex::default(), b"greeting");
/// engine.view(&[key]).set(&key, b"hello", Expiry::Never)?;
/// assert_eq!(engine.view(&[key]).string(&key)?.map(|s| s.to_vec()), Some(b"hello".to_vec()));
/// # Ok::<(), larder_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Engine {
    pub(crate) shared: Arc<Shared>,
    _running: Arc<Running>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("used_bytes", &self.used_bytes()).finish_non_exhaustive()
    }
}

impl Default for Engine {
    fn default() -> Self {
        Engine::new()
    }
}

impl Engine {
    /// An engine with the default options.
    pub fn new() -> Engine {
        Engine::with_options(Options::default())
    }

    /// An engine with these options.
    pub fn with_options(options: Options) -> Engine {
        let seed = options.seed.unwrap_or_else(Rng::entropy);
        let hasher = match (options.hardened, options.seed) {
            (true, _) => KeyHasher::hardened(),
            (false, Some(seed)) => KeyHasher::repeatable(seed),
            (false, None) => KeyHasher::fast(Rng::entropy()),
        };
        Engine::with_hasher(options, hasher, seed)
    }

    /// An engine whose keys hash as those of this one: what is made for the tables of one fits those of the other.
    pub(crate) fn sibling(&self, clock: Arc<dyn Clock>) -> Engine {
        let values = self.value_limits();
        let options = Options { clock, values, maintenance: Maintenance::Manual, ..Options::default() };
        Engine::with_hasher(options, self.shared.keyspace.hasher.clone(), self.random())
    }

    fn with_hasher(options: Options, hasher: KeyHasher, seed: u64) -> Engine {
        let seconds = (options.clock.now_ms() / 1_000) as u32;
        let shared = Arc::new(Shared {
            topics: Topics::new(hasher.clone()),
            keyspace: Keyspace::new(hasher, seed, options.values),
            clock: options.clock,
            feed: Feed::default(),
            timer: Timer::new(),
            expiry_paused: AtomicBool::new(false),
            expiry_held_until_ms: AtomicU64::new(0),
            used_bytes: AtomicI64::new(0),
            policy: AtomicU32::new(options.policy.index()),
            sampling: AtomicU64::new(options.sampling.packed()),
            memory_max_bytes: AtomicU64::new(options.memory_max_bytes.unwrap_or(0)),
            used_bytes_batch: AtomicI64::new(USED_BYTES_BATCH),
            hand: AtomicU64::new(0),
            pool: Mutex::new(Pool::default()),
            seconds: AtomicU32::new(seconds),
            values: RwLock::new(options.values),
            rng: Mutex::new(Rng::seeded(seed)),
            waiters: Waiters::default(),
            lateness: Lateness::default(),
            locks: Locks::default(),
            reclaimer: Reclaimer::new(options.maintenance == Maintenance::Thread),
            wall_ahead_ms: AtomicI64::new(0),
            turn: Turn::default(),
            rooms: Rooms::default(),
        });
        shared.settle();
        let observer: Arc<dyn ClockMoved> = shared.clone();
        let by_hand = shared.clock.notify_when_moved(Arc::downgrade(&observer));
        drop(observer);
        let thread = (options.maintenance == Maintenance::Thread && !by_hand).then(|| {
            let shared = shared.clone();
            std::thread::Builder::new().name("larder-timer".into()).spawn(move || shared.run_timer())
        });
        // Without a thread (the system refused one) entries still die on time for readers; `tick` frees them.
        let thread = thread.and_then(Result::ok);
        let running = Arc::new(Running { shared: shared.clone(), thread });
        Engine { shared, _running: running }
    }

    /// A key of a database, hashed once for all that is done with it.
    #[inline]
    pub fn key<'a>(&self, db: DbIndex, bytes: &'a [u8]) -> Key<'a> {
        self.shared.keyspace.key(db, bytes)
    }

    /// A key made before from the same bytes, without hashing them again.
    #[inline]
    pub fn key_again<'a>(&self, db: DbIndex, bytes: &'a [u8], hash: KeyHash) -> Key<'a> {
        let key = Key::hashed(db, bytes, hash);
        debug_assert_eq!(key.hash, self.key(db, bytes).hash, "the hash of other bytes");
        key
    }

    /// Fetches what finding these keys will touch into the cache: for the keys of a batch, before the first of them is
    /// looked up. A look-up leads from the stripe to a bucket to an entry, each in another line of the cache; going
    /// through the batch line by line lets the misses of all its keys overlap. Skips keys on whose stripe somebody else
    /// is at work.
    pub fn prefetch(&self, keys: &[Key<'_>]) {
        for key in keys {
            prefetch(self.shared.keyspace.cell(key.stripe()));
        }
        for key in keys {
            self.on_table(key, |table, _| table.prefetch_bucket(key.hash));
        }
        let lines = |table: &Table<Object>, used_bytes| {
            let are_long = used_bytes > LONG_RECORD_BYTES * table.len() as i64;
            if are_long { LONG_RECORD_LINES } else { RECORD_LINES }
        };
        // Some buckets overflow: one key in ten or twenty is there.
        let mut further: SmallVec<[&Key<'_>; PREFETCH_MAX]> = SmallVec::new();
        for key in keys {
            self.on_table(key, |table, used_bytes| {
                if table.prefetch_lines(key.hash, lines(table, used_bytes)) {
                    further.push(key);
                }
            });
        }
        for key in further {
            self.on_table(key, |table, used_bytes| {
                table.prefetch_overflow(key.hash, lines(table, used_bytes));
            });
        }
    }

    /// The same for members or fields that commands of a batch will look for under one key: each is a bucket and a
    /// record of the value's own table.
    pub fn prefetch_elements(&self, key: &Key<'_>, elements: &[&[u8]]) {
        self.on_table(key, |table, _| {
            if let Some(record) = table.get(key.hash, key.bytes)
                && let Stored::Object(object) = record.value()
            {
                object.prefetch(elements);
            }
        });
    }

    /// Looks at the table of a key, and at how many bytes its stripe uses.
    #[inline]
    fn on_table(&self, key: &Key<'_>, look: impl FnOnce(&Table<Object>, i64)) {
        if let Some(stripe) = self.shared.keyspace.cell(stripe_of(key.hash)).stripe.try_lock()
            && let Some(db) = stripe.db(key.db)
        {
            look(&db.table, stripe.used_bytes);
        }
    }

    /// Locks the stripe of one key.
    #[inline]
    pub fn view_one(&self, key: &Key<'_>, now_ms: Option<u64>) -> View<'_> {
        View::one(&self.shared, stripe_of(key.hash), now_ms)
    }

    /// Locks the stripes of these keys.
    pub fn view(&self, keys: &[Key<'_>]) -> View<'_> {
        self.view_at(keys, None)
    }

    /// Locks the stripes of these keys, with the time that the view shall use.
    pub fn view_at(&self, keys: &[Key<'_>], now_ms: Option<u64>) -> View<'_> {
        View::many(&self.shared, keys.iter().map(|key| key.hash), now_ms)
    }

    /// A view without locks: for operations on whole databases, which then lock stripe after stripe.
    pub fn view_none(&self, now_ms: Option<u64>) -> View<'_> {
        View::none(&self.shared, now_ms)
    }

    /// Locks every stripe: some microseconds when nobody else works.
    pub fn view_all(&self, now_ms: Option<u64>) -> View<'_> {
        View::all(&self.shared, now_ms)
    }

    /// [`Engine::view_one`], unless others hold the stripe and `give_up` says meanwhile that this takes too long.
    #[expect(clippy::inline_always, reason = "a view is made where it stays")]
    #[inline(always)]
    pub fn view_one_unless(&self, key: &Key<'_>, give_up: GiveUp<'_>) -> Option<View<'_>> {
        View::one_unless(&self.shared, stripe_of(key.hash), give_up)
    }

    /// [`Engine::view`], unless others hold one of the stripes and `give_up` says meanwhile that this takes too long.
    pub fn view_unless(&self, keys: &[Key<'_>], give_up: GiveUp<'_>) -> Option<View<'_>> {
        View::many_unless(&self.shared, keys.iter().map(|key| key.hash), give_up)
    }

    /// [`Engine::view_all`], unless others hold a stripe and `give_up` says meanwhile that this takes too long.
    pub fn view_all_unless(&self, give_up: GiveUp<'_>) -> Option<View<'_>> {
        View::all_unless(&self.shared, give_up)
    }

    /// A view that locks what it needs when it needs it ([`View::reach`]), once no other view does so; unless `give_up`
    /// says meanwhile that this takes too long.
    pub fn view_roaming_unless(&self, give_up: GiveUp<'_>) -> Option<View<'_>> {
        View::roaming_unless(&self.shared, give_up)
    }

    /// Removes entries and fields whose deadlines have come, and reports their events. Gives how many. Needed where
    /// [`Maintenance::Manual`] was chosen.
    pub fn tick(&self) -> usize {
        self.shared.expire()
    }

    /// The hash of some bytes, keyed with this engine's secret.
    pub fn hash(&self, bytes: &[u8]) -> u64 {
        self.shared.keyspace.hasher.hash(bytes)
    }

    /// The clock.
    pub fn clock(&self) -> &dyn Clock {
        &*self.shared.clock
    }

    /// The clock, for whoever outlives a borrow of the engine.
    pub fn shared_clock(&self) -> Arc<dyn Clock> {
        self.shared.clock.clone()
    }

    /// The time in engine milliseconds.
    pub fn now_ms(&self) -> u64 {
        self.shared.now_ms()
    }

    /// What unix time is ahead of engine time, in milliseconds. It follows the wall clock in steps: a moment of unix
    /// time that becomes a deadline reads back as the very same moment unless the wall clock was moved in between.
    fn wall_ahead_ms(&self) -> i64 {
        /// Less than this is the distance between two looks at clocks, or a wall clock that is being slewed.
        const STEP_MS: u64 = 5;
        let clock = &self.shared.clock;
        let (before, wall, after) = (clock.now_us(), clock.wall_us(), clock.now_us());
        let kept = self.shared.wall_ahead_ms.load(Ordering::Relaxed);
        let ahead = (wall as i64 - before as i64).div_euclid(1_000);
        // A thread that lost the processor between the looks has learnt nothing.
        if after - before > 1_000 || ahead.abs_diff(kept) < STEP_MS {
            return kept;
        }
        self.shared.wall_ahead_ms.store(ahead, Ordering::Relaxed);
        ahead
    }

    /// A moment of unix time as a deadline; a moment long past becomes the earliest deadline there is.
    pub fn deadline_at_unix_ms(&self, unix_ms: i64) -> Deadline {
        let ms = unix_ms.saturating_sub(self.wall_ahead_ms());
        Deadline::at_ms(u64::try_from(ms).unwrap_or(0).max(1))
    }

    /// A deadline as unix time in milliseconds.
    pub fn unix_ms_of(&self, deadline: Deadline) -> i64 {
        (deadline.ms() as i64).saturating_add(self.wall_ahead_ms())
    }

    /// Random bits, from the engine's seed.
    pub fn random(&self) -> u64 {
        self.shared.random()
    }

    /// Registers who hears of changes of these classes; [`Class::NONE`] unregisters.
    pub fn listen(&self, listener: Arc<dyn ChangeListener>, class: Class) {
        self.shared.feed.listen(listener, class);
    }

    /// Names who serves waiters that are not the engine's own. The engine does not keep it alive.
    pub fn on_ready(&self, listener: Weak<dyn ReadyListener>) {
        self.shared.waiters.set_others(listener);
    }

    /// Whether entries are removed at their deadlines. While they are not, nobody sees them any more from then on all
    /// the same, but they stay in memory and are counted until something else takes their place: for tests.
    pub fn set_active_expiry(&self, active: bool) {
        self.shared.expiry_paused.store(!active, Ordering::SeqCst);
        if active {
            // Whatever the thread sleeps until, it looks now.
            self.shared.timer.nudge(0);
        }
    }

    /// Entries are not removed at their deadlines before this moment of engine time; then those that are due are. They
    /// are not seen meanwhile all the same. A moment that has passed ends it.
    pub fn hold_expiry_until_ms(&self, until_ms: u64) {
        self.shared.expiry_held_until_ms.store(until_ms, Ordering::SeqCst);
        // Whatever the thread sleeps until, it looks now.
        self.shared.timer.nudge(0);
    }

    /// How late expired entries were removed by the timer.
    pub fn lateness(&self) -> &Lateness {
        &self.shared.lateness
    }

    /// How long stripes were held and waited for.
    pub fn locks(&self) -> &Locks {
        &self.shared.locks
    }

    /// How many large values were removed and wait to be freed, or are being freed: a thread does that.
    pub fn reclaim_pending(&self) -> usize {
        self.shared.reclaimer.pending()
    }

    /// How many large values that thread was given since the start.
    pub fn reclaim_taken(&self) -> usize {
        self.shared.reclaimer.taken()
    }

    /// Lets go of the bytes of a string that were kept beyond its lock. If nobody else has them and they are many, they
    /// are freed by another thread.
    pub fn discard(&self, bytes: Arc<Vec<u8>>) {
        self.shared.reclaimer.discard(bytes);
    }

    /// Bytes of keys and values, tables and wheels included. Locks stripe after stripe.
    pub fn used_bytes(&self) -> u64 {
        (0..STRIPES).map(|index| self.shared.keyspace.cell(index).stripe.lock().all_bytes()).sum()
    }

    /// The same, without waiting: `None` if somebody has a stripe locked at this moment.
    pub fn try_used_bytes(&self) -> Option<u64> {
        let bytes_of = |index| Some(self.shared.keyspace.cell(index).stripe.try_lock()?.all_bytes());
        (0..STRIPES).map(bytes_of).sum()
    }

    /// The running total that the memory limit goes by.
    #[cfg(test)]
    pub(crate) fn total_bytes(&self) -> i64 {
        self.shared.used_bytes.load(Ordering::Relaxed)
    }

    /// Bytes of records and objects alone.
    #[cfg(test)]
    pub(crate) fn records_bytes(&self) -> i64 {
        (0..STRIPES).map(|index| self.shared.keyspace.cell(index).stripe.lock().used_bytes).sum()
    }

    /// Channels and those who are subscribed to them.
    #[inline]
    pub fn topics(&self) -> &Topics {
        &self.shared.topics
    }

    /// Makes room under the memory limit by evicting entries, a bounded number of them: where a limit was lowered a
    /// lot, those who come later go on with it. [`Error::OutOfMemory`](crate::Error::OutOfMemory) where the policy
    /// allows none to go.
    pub fn make_room(&self) -> crate::Result<()> {
        self.shared.make_room()
    }

    /// Whether the memory limit is reached, as far as the running total knows.
    #[inline]
    pub fn is_over_limit(&self) -> bool {
        self.shared.is_over_limit()
    }

    /// Counts since the start or the last reset.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for index in 0..STRIPES {
            counts.add(self.shared.keyspace.cell(index).stripe.lock().counts);
        }
        counts
    }

    /// Forgets counts, lateness, and what is known of locks.
    pub fn reset_counts(&self) {
        for index in 0..STRIPES {
            self.shared.keyspace.cell(index).stripe.lock().counts.reset();
        }
        self.shared.lateness.reset();
        self.shared.locks.reset();
    }

    /// The packed forms' limits.
    pub fn value_limits(&self) -> ValueLimits {
        self.shared.value_limits()
    }

    /// Changes the packed forms' limits, for what is written from now on.
    pub fn set_value_limits(&self, limits: ValueLimits) {
        *self.shared.values.write() = limits;
        for index in 0..STRIPES {
            self.shared.keyspace.cell(index).stripe.lock().limits = limits;
        }
    }

    /// The eviction policy.
    pub fn policy(&self) -> Policy {
        self.shared.policy().policy
    }

    /// Changes the eviction policy. What was learnt of uses under another policy means little to the new one, until
    /// keys have been used for a while.
    pub fn set_policy(&self, policy: Policy) {
        if self.shared.policy.swap(policy.index(), Ordering::Relaxed) != policy.index() {
            self.shared.drop_queues();
        }
    }

    /// How the sampling policies are tuned.
    pub fn sampling(&self) -> Sampling {
        self.shared.policy().sampling
    }

    /// Tunes the sampling policies.
    pub fn set_sampling(&self, sampling: Sampling) {
        self.shared.sampling.store(sampling.packed(), Ordering::Relaxed);
    }

    /// How often an entry with these [access bits](crate::Entry::access) was used of late: 0 to 255 on a logarithmic
    /// scale for the LFU policies, 0 to 3 for S3-FIFO; meaningless for others.
    pub fn frequency_of(&self, access: u32) -> u32 {
        self.shared.policy().frequency(access, (self.now_ms() / 1_000) as u32)
    }

    /// For how many seconds an entry with these [access bits](crate::Entry::access) was not used; meaningless for LFU
    /// and S3-FIFO.
    pub fn idle_seconds_of(&self, access: u32) -> u32 {
        Tracking::idle_seconds(access, (self.now_ms() / 1_000) as u32)
    }

    /// The memory limit.
    pub fn memory_max_bytes(&self) -> Option<u64> {
        Some(self.shared.memory_max_bytes.load(Ordering::Relaxed)).filter(|max| *max != 0)
    }

    /// Changes the memory limit.
    pub fn set_memory_max_bytes(&self, max: Option<u64>) {
        let old = self.shared.memory_max_bytes.swap(max.unwrap_or(0), Ordering::Relaxed);
        if (old == 0) != (max.unwrap_or(0) == 0) {
            self.shared.drop_queues();
        }
        self.shared.settle();
    }
}
