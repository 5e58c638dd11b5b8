//! A view: the proof of what is locked, and every operation on it.
//!
//! An operation first says which keys it needs; the engine locks their stripes once, in index order, and gives a view.
//! The view cannot lock more: a key outside of it is [`Error::OutsideView`], never a second lock and so never a
//! deadlock. Only a roaming view locks what it needs when it needs it, and only one view roams at a time; see [`Turn`].
//! What must not happen under a lock (dropping large values, telling listeners, serving waiters, waking the timer) is
//! collected here and done when the view ends, after its locks are gone.
//!
//! An entry whose deadline has come is gone for every read, at once; the timer removes it and reports its event. Writes
//! that meet such an entry remove and report it themselves. It is the same with fields of hashes: a view tells each
//! hash it finds the time, and one that has no field left is gone as a whole.

use super::changes::{Change, Class};
use super::deadlines::is_alive;
use super::entry::Entry;
use super::reclaim::Remains;
use super::s3fifo::QUEUED;
use super::scan::ScanCursor;
use super::stripe::{Counts, Db, Stripe, used_bytes};
use super::waiters::{WaiterId, WatchMark};
use super::{DbIndex, Key, KeyHasher, OwnedKey, locks, stripe_of};
use crate::clock::Deadline;
use crate::engine::Shared;
use crate::error::{Error, Result};
use crate::limits::{INLINE_LEN_MAX, LONG_HOLD_US, STRING_LEN_MAX, STRIPES};
use crate::raw::{Parts, Record, Stored};
use crate::rng::Rng;
use crate::sync::{Arc, AtomicBool, AtomicUsize, Mutex, MutexGuard, Ordering};
use crate::value::string::{Str, parse_int};
use crate::value::{Collection, Object};
use smallvec::SmallVec;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

type Guard<'e> = MutexGuard<'e, Stripe>;

/// The right to wait for a stripe with others in hand, which one view has at a time.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    lock: Mutex<()>,
    /// So many views with stripes in hand wait for it.
    wanted: AtomicUsize,
    /// Who has it waits for a stripe: whoever waits for one with others in hand lets go of these.
    holder_waits: AtomicBool,
    /// Who has it cannot begin again: whoever waits for the turn with stripes in hand gives up.
    holder_insists: AtomicBool,
}

/// What a view has locked.
pub(super) enum Locked<'e> {
    None,
    One(usize, Guard<'e>),
    /// Sorted by stripe.
    Many(Vec<(usize, Guard<'e>)>),
    /// Those that were needed so far, sorted by stripe. More may follow, since only one view at a time may do that.
    Roaming(Vec<(usize, Guard<'e>)>, #[expect(dead_code, reason = "it is only held")] MutexGuard<'e, ()>),
    /// Every stripe, in order.
    All(Vec<(usize, Guard<'e>)>),
}

impl Locked<'_> {
    #[inline]
    pub(super) fn stripe(&mut self, index: usize) -> Result<&mut Stripe> {
        match self {
            Locked::One(at, guard) if *at == index => Ok(guard),
            Locked::None | Locked::One(..) => Err(Error::OutsideView),
            Locked::Many(guards) | Locked::Roaming(guards, _) => {
                match guards.binary_search_by_key(&index, |(at, _)| *at) {
                    Ok(i) => Ok(&mut guards[i].1),
                    Err(_) => Err(Error::OutsideView),
                }
            }
            Locked::All(guards) => {
                guards.get_mut(index).map(|(_, guard)| &mut **guard).ok_or(Error::OutsideView)
            }
        }
    }
}

/// What a view had locked and has let go.
pub(super) enum Released {
    /// It holds what it cannot let go.
    Nothing,
    One(usize),
    /// In order.
    Many(SmallVec<[usize; 16]>),
}

impl Locked<'_> {
    fn stripe_ref(&self, index: usize) -> Result<&Stripe> {
        match self {
            Locked::One(at, guard) if *at == index => Ok(guard),
            Locked::None | Locked::One(..) => Err(Error::OutsideView),
            Locked::Many(guards) | Locked::Roaming(guards, _) => {
                match guards.binary_search_by_key(&index, |(at, _)| *at) {
                    Ok(i) => Ok(&guards[i].1),
                    Err(_) => Err(Error::OutsideView),
                }
            }
            Locked::All(guards) => match guards.get(index) {
                Some((_, guard)) => Ok(guard),
                None => Err(Error::OutsideView),
            },
        }
    }
}

/// Says whether a wait for a lock takes too long; asked every now and then while it lasts.
pub type GiveUp<'a> = &'a dyn Fn() -> bool;

/// Between two looks at why a wait for a lock might be in vain.
const LOOK_UP: Duration = Duration::from_micros(200);

/// Why a wait for a lock ended without it.
enum Vain {
    /// It took too long.
    GaveUp,
    /// Somebody who cannot let go wants a stripe that this one holds.
    LetGo,
}

/// Locks a stripe with nothing else in hand.
#[inline]
fn lock(shared: &Shared, stripe: usize) -> Guard<'_> {
    let cell = &shared.keyspace.cell(stripe).stripe;
    let mut guard = match cell.try_lock() {
        Some(guard) => guard,
        None => shared.locks.wait(&*shared.clock, stripe, || cell.lock()),
    };
    locks::taken(&*shared.clock, &mut guard);
    guard
}

/// Waits for a stripe, with others in hand or without.
#[cold]
fn wait_for<'e>(
    shared: &'e Shared,
    stripe: usize,
    holding: bool,
    give_up: GiveUp<'_>,
) -> std::result::Result<Guard<'e>, Vain> {
    shared.locks.wait(&*shared.clock, stripe, || {
        loop {
            if let Some(guard) = shared.keyspace.cell(stripe).stripe.try_lock_for(LOOK_UP) {
                return Ok(guard);
            }
            if give_up() {
                return Err(Vain::GaveUp);
            }
            if holding && shared.turn.holder_waits.load(Ordering::SeqCst) {
                return Err(Vain::LetGo);
            }
        }
    })
}

/// Locks a stripe for the view whose turn it is to wait for a stripe with others in hand. Whoever else does so
/// meanwhile lets go of these and begins again, so that nobody waits in a circle; but who waits for the turn itself
/// cannot. Then this gives up, or, if it insists, the other one does.
fn lock_while_holding(shared: &Shared, stripe: usize, insists: bool) -> Option<Guard<'_>> {
    let mut guard = match shared.keyspace.cell(stripe).stripe.try_lock() {
        Some(guard) => guard,
        None => shared.locks.wait(&*shared.clock, stripe, || wait_while_holding(shared, stripe, insists))?,
    };
    locks::taken(&*shared.clock, &mut guard);
    Some(guard)
}

fn wait_while_holding(shared: &Shared, stripe: usize, insists: bool) -> Option<Guard<'_>> {
    let cell = &shared.keyspace.cell(stripe).stripe;
    let Turn { wanted, holder_waits, holder_insists, .. } = &shared.turn;
    holder_waits.store(true, Ordering::SeqCst);
    let guard = loop {
        if let Some(guard) = cell.try_lock_for(LOOK_UP) {
            break Some(guard);
        }
        if wanted.load(Ordering::SeqCst) > 0 {
            if !insists {
                break None;
            }
            holder_insists.store(true, Ordering::SeqCst);
        }
    };
    holder_waits.store(false, Ordering::SeqCst);
    holder_insists.store(false, Ordering::SeqCst);
    guard
}

/// Locks stripes, which come in order; `None` if it took too long.
fn lock_in_order<'e>(
    shared: &'e Shared,
    stripes: impl ExactSizeIterator<Item = usize> + Clone,
    give_up: GiveUp<'_>,
) -> Option<Vec<(usize, Guard<'e>)>> {
    let mut guards = Vec::with_capacity(stripes.len());
    'again: loop {
        for stripe in stripes.clone() {
            let guard = match shared.keyspace.cell(stripe).stripe.try_lock() {
                Some(guard) => guard,
                None => match wait_for(shared, stripe, !guards.is_empty(), give_up) {
                    Ok(guard) => guard,
                    Err(Vain::GaveUp) => return None,
                    Err(Vain::LetGo) => {
                        guards.clear();
                        // With nothing in hand, this waits for as long as the other one works.
                        drop(wait_for(shared, stripe, false, give_up).ok()?);
                        continue 'again;
                    }
                },
            };
            guards.push((stripe, guard));
        }
        guards.iter_mut().for_each(|(_, guard)| locks::taken(&*shared.clock, guard));
        return Some(guards);
    }
}

/// The stripes of these hashes, each once, in order.
fn stripes_of(hashes: impl Iterator<Item = u64>) -> SmallVec<[usize; 16]> {
    let mut stripes: SmallVec<[usize; 16]> = hashes.map(stripe_of).collect();
    stripes.sort_unstable();
    stripes.dedup();
    stripes
}

/// What waits for the locks to be gone.
#[derive(Default)]
pub(super) struct Work {
    changes: Vec<Change>,
    ready: Vec<OwnedKey>,
    #[expect(
        clippy::vec_box,
        reason = "they come boxed: moving a pointer is cheaper than moving the object"
    )]
    objects: Vec<Box<Object>>,
    dbs: Vec<Db>,
    records: Vec<Record<Object>>,
    /// A deadline that the timer may not know of yet.
    due_ms: Option<u64>,
    /// Since when the locks are held, where they were let go and taken again.
    held_since_us: Option<u64>,
}

/// The same, for the many views that leave nothing to do: a null pointer.
#[derive(Default)]
pub(super) struct After(Option<Box<Work>>);

impl After {
    #[inline]
    fn work(&mut self) -> &mut Work {
        self.0.get_or_insert_default()
    }

    /// Drops an object, if there is one.
    #[inline]
    pub(super) fn free(&mut self, object: Option<Box<Object>>) {
        if let Some(object) = object {
            self.work().objects.push(object);
        }
    }

    /// Drops records.
    pub(super) fn free_records(&mut self, records: impl IntoIterator<Item = Record<Object>>) {
        self.work().records.extend(records);
    }

    /// Tells the timer of a deadline.
    pub(super) fn tell(&mut self, due_ms: u64) {
        let known = &mut self.work().due_ms;
        *known = Some(known.map_or(due_ms, |earlier| earlier.min(due_ms)));
    }

    /// A read found nothing.
    #[inline]
    fn missed(&mut self, shared: &Shared, key: &Key<'_>) {
        if shared.feed.wants(Class::KEY_MISS) {
            let key = OwnedKey { db: key.db, bytes: key.bytes.into() };
            self.work().changes.push(Change { key, event: "keymiss", class: Class::KEY_MISS });
        }
    }
}

/// What a write does about a key's deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// The key lives until it is removed.
    Never,
    /// The key keeps the deadline it had.
    Keep,
    /// The key dies then.
    At(Deadline),
}

/// A number as it stands under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// The number.
    pub value: i64,
    /// When it goes.
    pub deadline: Option<Deadline>,
}

/// What an edit does about a key that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Nothing.
    Skip,
    /// It starts with an empty collection, which is kept unless it is still empty afterwards.
    Create,
}

/// What collections need from the engine to do their work.
#[derive(Debug)]
pub struct Tools<'e> {
    /// The engine's hash.
    pub hasher: &'e KeyHasher,
    /// Where the packed forms end.
    pub limits: crate::options::ValueLimits,
    /// Random numbers.
    pub rng: Rng,
}

/// A collection being edited, and the events that the edit reports.
#[derive(Debug)]
pub struct Edit<'a, C> {
    /// The collection itself, for where it and the tools are needed at once.
    pub collection: &'a mut C,
    /// What the collection may need.
    pub tools: Tools<'a>,
    events: SmallVec<[(&'static str, Class); 2]>,
}

impl<C: Collection> Edit<'_, C> {
    /// Reports that the collection changed, by the name of the keyspace event. An edit that reports nothing is taken
    /// to have changed nothing.
    pub fn report(&mut self, event: &'static str) {
        self.events.push((event, C::KIND.class()));
    }
}

impl<C> Deref for Edit<'_, C> {
    type Target = C;
    fn deref(&self) -> &C {
        self.collection
    }
}

impl<C> DerefMut for Edit<'_, C> {
    fn deref_mut(&mut self) -> &mut C {
        self.collection
    }
}

/// The proof of what is locked. See the module's documentation.
pub struct View<'e> {
    pub(super) shared: &'e Shared,
    pub(super) locked: Locked<'e>,
    pub(super) now_ms: Option<u64>,
    pub(super) after: After,
    /// Whether reads and edits count as uses of entries.
    uses: bool,
}

impl<'e> View<'e> {
    pub(crate) fn none(shared: &'e Shared, now_ms: Option<u64>) -> View<'e> {
        View { shared, locked: Locked::None, now_ms, after: After::default(), uses: true }
    }

    #[inline]
    pub(crate) fn one(shared: &'e Shared, stripe: usize, now_ms: Option<u64>) -> View<'e> {
        let guard = lock(shared, stripe);
        View { shared, locked: Locked::One(stripe, guard), now_ms, after: After::default(), uses: true }
    }

    /// Locks one stripe, unless it is locked by others and what is asked meanwhile says that it takes too long.
    pub(crate) fn one_unless(shared: &'e Shared, stripe: usize, give_up: GiveUp<'_>) -> Option<View<'e>> {
        let cell = &shared.keyspace.cell(stripe).stripe;
        let mut guard = match cell.try_lock() {
            Some(guard) => guard,
            None => wait_for(shared, stripe, false, give_up).ok()?,
        };
        locks::taken(&*shared.clock, &mut guard);
        Some(View {
            shared,
            locked: Locked::One(stripe, guard),
            now_ms: None,
            after: After::default(),
            uses: true,
        })
    }

    /// Locks the stripes of these hashes, each once, in order.
    pub(crate) fn many(
        shared: &'e Shared,
        hashes: impl Iterator<Item = u64>,
        now_ms: Option<u64>,
    ) -> View<'e> {
        let stripes = stripes_of(hashes);
        let locked = match stripes[..] {
            [] => Locked::None,
            [one] => return View::one(shared, one, now_ms),
            _ => loop {
                if let Some(guards) = lock_in_order(shared, stripes.iter().copied(), &|| false) {
                    break Locked::Many(guards);
                }
            },
        };
        View { shared, locked, now_ms, after: After::default(), uses: true }
    }

    /// Locks the stripes of these hashes, as [`View::one_unless`] does one.
    pub(crate) fn many_unless(
        shared: &'e Shared,
        hashes: impl Iterator<Item = u64>,
        give_up: GiveUp<'_>,
    ) -> Option<View<'e>> {
        let stripes = stripes_of(hashes);
        let locked = match stripes[..] {
            [] => Locked::None,
            [one] => return View::one_unless(shared, one, give_up),
            _ => Locked::Many(lock_in_order(shared, stripes.iter().copied(), give_up)?),
        };
        Some(View { shared, locked, now_ms: None, after: After::default(), uses: true })
    }

    pub(crate) fn all(shared: &'e Shared, now_ms: Option<u64>) -> View<'e> {
        loop {
            if let Some(guards) = lock_in_order(shared, 0..STRIPES, &|| false) {
                return View {
                    shared,
                    locked: Locked::All(guards),
                    now_ms,
                    after: After::default(),
                    uses: true,
                };
            }
        }
    }

    /// Locks every stripe, as [`View::one_unless`] does one.
    pub(crate) fn all_unless(shared: &'e Shared, give_up: GiveUp<'_>) -> Option<View<'e>> {
        let guards = lock_in_order(shared, 0..STRIPES, give_up)?;
        Some(View { shared, locked: Locked::All(guards), now_ms: None, after: After::default(), uses: true })
    }

    /// Whether the stripe of a key is locked.
    pub fn holds(&self, key: &Key<'_>) -> bool {
        self.locked.stripe_ref(key.stripe()).is_ok()
    }

    /// Whether every stripe is locked.
    pub fn holds_all(&self) -> bool {
        matches!(self.locked, Locked::All(_))
    }

    /// A view that locks what it needs when it needs it: for scripts, which say too late what that is. One view at a
    /// time may do that. What it has locked stays locked until it ends, as with any other view.
    pub(crate) fn roaming_unless(shared: &'e Shared, give_up: GiveUp<'_>) -> Option<View<'e>> {
        let turn = loop {
            match shared.turn.lock.try_lock_for(LOOK_UP) {
                Some(turn) => break turn,
                None if give_up() => return None,
                None => {}
            }
        };
        let locked = Locked::Roaming(Vec::new(), turn);
        Some(View { shared, locked, now_ms: None, after: After::default(), uses: true })
    }

    /// Has this view lock what it needs from now on when it needs it, without letting go of what it holds. `false`,
    /// with nothing changed, if another view does so already, and, where this one `waits` for it, if that wants what
    /// this one holds and insists.
    #[must_use]
    pub fn roam(&mut self, waits: bool) -> bool {
        if matches!(self.locked, Locked::All(_) | Locked::Roaming(..)) {
            return true;
        }
        let Turn { lock, wanted, holder_insists, .. } = &self.shared.turn;
        let mut turn = lock.try_lock();
        if turn.is_none() && waits {
            wanted.fetch_add(1, Ordering::SeqCst);
            while turn.is_none() && !holder_insists.load(Ordering::SeqCst) {
                turn = lock.try_lock_for(LOOK_UP);
            }
            wanted.fetch_sub(1, Ordering::SeqCst);
        }
        let Some(turn) = turn else { return false };
        let held = match std::mem::replace(&mut self.locked, Locked::None) {
            Locked::One(at, guard) => vec![(at, guard)],
            Locked::Many(guards) => guards,
            Locked::None | Locked::Roaming(..) | Locked::All(_) => Vec::new(),
        };
        self.locked = Locked::Roaming(held, turn);
        true
    }

    /// Locks the stripe of a key, where this view may do so. Says whether it is locked: a roaming view that does not
    /// `insist` gives up where somebody who waits for its end may hold the stripe.
    pub fn reach(&mut self, key: &Key<'_>, insists: bool) -> bool {
        let stripe = key.stripe();
        let Locked::Roaming(guards, _) = &mut self.locked else { return self.holds(key) };
        if let Err(place) = guards.binary_search_by_key(&stripe, |(at, _)| *at) {
            let Some(guard) = lock_while_holding(self.shared, stripe, insists) else { return false };
            guards.insert(place, (stripe, guard));
        }
        true
    }

    /// Locks every stripe that is not locked yet, as [`View::roam`] and [`View::reach`] do.
    #[must_use]
    pub fn widen(&mut self, insists: bool) -> bool {
        if !self.roam(insists) {
            return false;
        }
        let Locked::Roaming(guards, _) = &mut self.locked else { return true };
        for stripe in 0..STRIPES {
            if guards.get(stripe).is_none_or(|(at, _)| *at != stripe) {
                let Some(guard) = lock_while_holding(self.shared, stripe, insists) else { return false };
                guards.insert(stripe, (stripe, guard));
            }
        }
        // Who holds everything waits for nobody, so that another view may have its turn.
        self.locked = match std::mem::replace(&mut self.locked, Locked::None) {
            Locked::Roaming(guards, _) => Locked::All(guards),
            other => other,
        };
        true
    }

    /// Says that what this view has locked was held for so long, where somebody has timed that anyway. What it has let
    /// go and taken again it knows better.
    #[cold]
    pub fn note_hold(&self, us: u64) {
        let since_us = self.after.0.as_ref().and_then(|work| work.held_since_us);
        let us = since_us.map_or(us, |since_us| self.shared.clock.now_us().saturating_sub(since_us));
        if us >= LONG_HOLD_US && !matches!(self.locked, Locked::None) {
            self.shared.locks.long_holds.record(us.saturating_mul(1_000));
        }
    }

    /// Unlocks, with everything else that is to be done then left for later. Whoever waits for a stripe has it before
    /// this view has it again.
    pub(super) fn let_go(&mut self) -> Released {
        self.note_hold(0);
        self.report_batch();
        match std::mem::replace(&mut self.locked, Locked::None) {
            Locked::One(at, guard) => {
                MutexGuard::unlock_fair(guard);
                Released::One(at)
            }
            Locked::Many(guards) => Released::Many(
                guards
                    .into_iter()
                    .map(|(at, guard)| {
                        MutexGuard::unlock_fair(guard);
                        at
                    })
                    .collect(),
            ),
            kept => {
                self.locked = kept;
                Released::Nothing
            }
        }
    }

    /// Locks again what was let go.
    pub(super) fn take_again(&mut self, released: &Released) {
        match released {
            Released::Nothing => return,
            Released::One(at) => self.locked = Locked::One(*at, lock(self.shared, *at)),
            Released::Many(stripes) => {
                let guards = loop {
                    if let Some(guards) = lock_in_order(self.shared, stripes.iter().copied(), &|| false) {
                        break guards;
                    }
                };
                self.locked = Locked::Many(guards);
            }
        }
        self.held_from_now();
    }

    /// Times the locks that are held from now on.
    pub(super) fn held_from_now(&mut self) {
        self.after.work().held_since_us = Some(self.shared.clock.now_us());
    }

    /// Unlocks and does what had to wait for that, before the view ends: for what is read, and needs no lock from here
    /// on.
    pub fn release(&mut self) {
        self.note_hold(0);
        self.finish();
    }

    /// A key of this engine.
    #[inline]
    pub fn key<'a>(&self, db: DbIndex, bytes: &'a [u8]) -> Key<'a> {
        self.shared.keyspace.key(db, bytes)
    }

    /// The time of this view in engine milliseconds: read once, when first needed.
    #[inline]
    pub fn now_ms(&mut self) -> u64 {
        now_ms(self.shared, &mut self.now_ms)
    }

    /// Random bits.
    pub fn random(&mut self) -> u64 {
        self.shared.random()
    }

    /// What collections need.
    pub fn tools(&self) -> Tools<'e> {
        Tools {
            hasher: &self.shared.keyspace.hasher,
            limits: self.shared.value_limits(),
            rng: Rng::seeded(self.shared.random()),
        }
    }

    /// Says whether reads and edits from now on count as uses, by which eviction chooses: as long as nothing is said,
    /// they do. A value that is put anew always counts.
    pub fn count_uses(&mut self, uses: bool) {
        self.uses = uses;
    }

    // --- reading ---

    /// The entry of a key, as a read: it counts as a hit or a miss, and as a use of the entry.
    #[inline]
    pub fn get(&mut self, key: &Key<'_>) -> Result<Option<Entry<'_>>> {
        let View { shared, locked, now_ms, after, uses } = self;
        let found = read(shared, locked.stripe(key.stripe())?, key, now_ms, *uses);
        if found.is_none() {
            after.missed(shared, key);
        }
        Ok(found)
    }

    /// The entry of a key, as a read that is no use of it: EXISTS, TTL, TYPE. It counts as a hit or a miss.
    pub fn look(&mut self, key: &Key<'_>) -> Result<Option<Entry<'_>>> {
        let found = self.exists(key)?;
        let counts = &mut self.locked.stripe(key.stripe())?.counts;
        if found {
            counts.hits += 1;
        } else {
            counts.misses += 1;
            self.after.missed(self.shared, key);
        }
        self.peek(key)
    }

    /// The entry of a key, for looking at without using or counting it: OBJECT, and conditions of writes.
    pub fn peek(&mut self, key: &Key<'_>) -> Result<Option<Entry<'_>>> {
        let View { shared, locked, now_ms, .. } = self;
        let found = locked.stripe(key.stripe())?.db(key.db).and_then(|db| db.table.get(key.hash, key.bytes));
        Ok(found.filter(|record| is_alive(record, shared, now_ms)).map(Entry))
    }

    /// The entries of several keys at once, as reads.
    pub fn entries(&mut self, keys: &[Key<'_>]) -> Result<Vec<Option<Entry<'_>>>> {
        for key in keys {
            self.get(key)?;
        }
        self.peek_all(keys)
    }

    /// The entries of several keys at once, for looking at without using or counting them.
    pub fn peek_all(&mut self, keys: &[Key<'_>]) -> Result<Vec<Option<Entry<'_>>>> {
        let mut now = Some(self.now_ms());
        let look = |key: &Key<'_>| {
            let db = self.locked.stripe_ref(key.stripe())?.db(key.db);
            let found = db.and_then(|db| db.table.get(key.hash, key.bytes));
            Ok(found.filter(|record| is_alive(record, self.shared, &mut now)).map(Entry))
        };
        keys.iter().map(look).collect()
    }

    /// Takes back that a read of a key was counted: it is read again elsewhere.
    #[cold]
    pub fn uncount(&mut self, key: &Key<'_>) -> Result<()> {
        let found = self.exists(key)?;
        let counts = &mut self.locked.stripe(key.stripe())?.counts;
        let count = if found { &mut counts.hits } else { &mut counts.misses };
        *count = count.saturating_sub(1);
        Ok(())
    }

    /// Whether a key exists, without using it.
    pub fn exists(&mut self, key: &Key<'_>) -> Result<bool> {
        Ok(self.peek(key)?.is_some())
    }

    /// The string of a key, as a read.
    #[inline]
    pub fn string(&mut self, key: &Key<'_>) -> Result<Option<Str<'_>>> {
        self.get(key)?.map(|entry| entry.string()).transpose()
    }

    /// The collection of a key, as a read.
    pub fn collection<C: Collection>(&mut self, key: &Key<'_>) -> Result<Option<&C>> {
        self.get(key)?.map(|entry| entry.collection()).transpose()
    }
}

/// Writing.
impl View<'_> {
    /// Sets a key to a string, whatever it held before. Says whether it existed. O(1), plus the length.
    pub fn set(&mut self, key: &Key<'_>, value: &[u8], expiry: Expiry) -> Result<bool> {
        if value.len() > STRING_LEN_MAX || key.bytes.len() > STRING_LEN_MAX {
            return Err(Error::TooLarge);
        }
        let parts = match parse_int(value) {
            Some(n) => Parts::Int(n),
            None if value.len() <= INLINE_LEN_MAX => Parts::Bytes(value),
            None => Parts::Object(Box::new(Object::Bytes(Arc::new(value.to_vec())))),
        };
        self.put(key, parts, expiry)
    }

    /// Sets a key to a string as [`View::set`] does, without copying it where it is long. Give the same bytes to nobody
    /// who would change them.
    pub fn set_shared(&mut self, key: &Key<'_>, value: Arc<Vec<u8>>, expiry: Expiry) -> Result<bool> {
        // Nothing so long is a number.
        if value.len() <= INLINE_LEN_MAX || value.len() > STRING_LEN_MAX || key.bytes.len() > STRING_LEN_MAX {
            return self.set(key, &value, expiry);
        }
        self.put(key, Parts::Object(Box::new(Object::Bytes(value))), expiry)
    }

    /// Sets a key to a string as [`View::set`] does, but never keeps it as a number: for what is a number by chance,
    /// such as the text of a fraction.
    pub fn set_text(&mut self, key: &Key<'_>, value: &[u8], expiry: Expiry) -> Result<bool> {
        if value.len() > INLINE_LEN_MAX {
            return self.set(key, value, expiry);
        }
        self.put(key, Parts::Bytes(value), expiry)
    }

    /// Sets a key to a number.
    pub fn set_int(&mut self, key: &Key<'_>, value: i64, expiry: Expiry) -> Result<bool> {
        self.put(key, Parts::Int(value), expiry)
    }

    /// Sets a key to a value, whatever it held before. Says whether it existed.
    pub fn put_object(&mut self, key: &Key<'_>, object: Object, expiry: Expiry) -> Result<bool> {
        self.put(key, Parts::Object(Box::new(object)), expiry)
    }

    fn put(&mut self, key: &Key<'_>, value: Parts<'_, Object>, expiry: Expiry) -> Result<bool> {
        let room = match expiry {
            Expiry::At(deadline) => Some(deadline.ms()),
            Expiry::Never | Expiry::Keep => None,
        };
        let View { shared, locked, now_ms, .. } = &mut *self;
        let stripe = locked.stripe(key.stripe())?;
        let db = stripe.db_mut(key.db);
        let Some(mut slot) = db.table.get_mut(key.hash, key.bytes) else {
            return self.put_new(key, value, room);
        };
        if !is_alive(&slot, shared, now_ms) {
            drop(slot);
            self.purge_due(key)?;
            return self.put(key, value, expiry);
        }
        let touch = shared.policy().touched(slot.touch(), shared.seconds());
        slot.set_touch(touch);
        if slot.has_inner() || matches!(&value, Parts::Object(object) if object.dues().next_ms.is_some()) {
            let before = used_bytes(&slot);
            let old = slot.set_value(value);
            let delta = used_bytes(&slot) - before;
            drop(slot);
            stripe.account(key.db, delta);
            self.after.free(old);
            self.note_inner(key, None)?;
            if expiry != Expiry::Keep {
                self.set_record_deadline(key, room)?;
            }
            return Ok(true);
        }
        // Without parts that die by themselves there is one deadline at most, and all is done in one visit.
        let had = slot.deadline_ms();
        let armed_for = had.filter(|_| slot.is_armed());
        let wanted = if expiry == Expiry::Keep { had } else { room };
        let arm = room.filter(|new| armed_for.is_none_or(|armed| armed > *new));
        let mut old = None;
        let mut delta = 0;
        if !slot.overwrite(&value, wanted) {
            let before = used_bytes(&slot);
            old = slot.set_value_until(value, wanted);
            delta = used_bytes(&slot) - before;
        }
        if arm.is_some() {
            slot.set_armed(true);
        }
        drop(slot);
        db.expires = db.expires + usize::from(wanted.is_some()) - usize::from(had.is_some());
        stripe.account(key.db, delta);
        self.after.free(old);
        if let Some(due_ms) = arm {
            self.arm(key, due_ms)?;
        }
        if had.is_some() != wanted.is_some() && self.shared.fifo() == Some(true) {
            self.requeue(key)?;
        }
        Ok(true)
    }

    /// Sets a key that does not exist.
    fn put_new(&mut self, key: &Key<'_>, value: Parts<'_, Object>, deadline_ms: Option<u64>) -> Result<bool> {
        let inner = matches!(&value, Parts::Object(object) if object.dues().next_ms.is_some());
        let mut record = Record::new(key.bytes, value, deadline_ms, true);
        record.set_touch(self.shared.policy().fresh(self.shared.seconds()));
        record.set_armed(deadline_ms.is_some());
        let hash_of = |key: &[u8]| self.shared.keyspace.hasher.hash(key);
        let stripe = self.locked.stripe(key.stripe())?;
        stripe.account(key.db, used_bytes(&record));
        let db = stripe.db_mut(key.db);
        db.expires += usize::from(deadline_ms.is_some());
        db.table.insert(key.hash, record, hash_of);
        if let Some(due_ms) = deadline_ms {
            self.arm(key, due_ms)?;
        }
        if inner {
            self.note_inner(key, None)?;
        }
        self.enqueue(key)?;
        self.report(key, "new", Class::NEW)?;
        Ok(false)
    }

    /// Adds to the number of a key, its deadline kept; a key that does not exist counts as 0. O(1), one look-up.
    pub fn increment(&mut self, key: &Key<'_>, delta: i64) -> Result<i64> {
        self.update_int(key, |old| {
            let sum = old.map_or(0, |old| old.value).checked_add(delta);
            (sum.map(|sum| (sum, Expiry::Keep)), sum.ok_or(Error::Overflow))
        })?
    }

    /// Changes the number of a key. `update` is given what is there and says what shall be there, or nothing where all
    /// stays as it is; the rest of its answer is handed on. Nothing is reported. O(1), one look-up as long as the
    /// deadline is kept: for counters and limiters, which are asked more often than anything else.
    pub fn update_int<R>(
        &mut self,
        key: &Key<'_>,
        update: impl FnOnce(Option<Number>) -> (Option<(i64, Expiry)>, R),
    ) -> Result<R> {
        let View { shared, locked, now_ms, uses, .. } = &mut *self;
        let stripe = locked.stripe(key.stripe())?;
        let Some(mut slot) = stripe.db_mut(key.db).table.get_mut(key.hash, key.bytes) else {
            let (new, result) = update(None);
            if let Some((value, expiry)) = new {
                self.put(key, Parts::Int(value), expiry)?;
            }
            return Ok(result);
        };
        let deadline_ms = slot.deadline_ms();
        if !is_alive(&slot, shared, now_ms) {
            drop(slot);
            self.purge_due(key)?;
            return self.update_int(key, update);
        }
        let value = match slot.value() {
            Stored::Int(n) => Some(n),
            Stored::Bytes(bytes) => parse_int(bytes),
            Stored::Object(Object::Bytes(bytes)) => parse_int(bytes),
            Stored::Nothing => None,
            Stored::Object(_) => return Err(Error::WrongType),
        };
        let value = value.ok_or(Error::NotInteger)?;
        if *uses {
            let touch = shared.policy().touched(slot.touch(), shared.seconds());
            slot.set_touch(touch);
        }
        let (new, result) = update(Some(Number { value, deadline: deadline_ms.map(Deadline::at_ms) }));
        let Some((value, expiry)) = new else { return Ok(result) };
        if slot.replace_int(value) {
            drop(slot);
        } else {
            let before = used_bytes(&slot);
            let old = slot.set_value(Parts::Int(value));
            let grown = used_bytes(&slot) - before;
            drop(slot);
            stripe.account(key.db, grown);
            self.after.free(old);
        }
        match expiry {
            Expiry::Keep => {}
            Expiry::Never => drop(self.set_record_deadline(key, None)?),
            Expiry::At(deadline) => drop(self.set_record_deadline(key, Some(deadline.ms()))?),
        }
        Ok(result)
    }

    /// Edits the bytes of a string in place, its deadline kept. What results is kept as plain bytes with room to grow.
    pub fn edit_bytes<R>(
        &mut self,
        key: &Key<'_>,
        missing: Missing,
        edit: impl FnOnce(&mut Vec<u8>) -> R,
    ) -> Result<Option<R>> {
        let View { shared, locked, now_ms, uses, .. } = &mut *self;
        let stripe = locked.stripe(key.stripe())?;
        let Some(mut slot) = stripe.db_mut(key.db).table.get_mut(key.hash, key.bytes) else {
            if missing == Missing::Skip {
                return Ok(None);
            }
            let mut bytes = Vec::new();
            let result = edit(&mut bytes);
            self.put_object(key, Object::Bytes(Arc::new(bytes)), Expiry::Never)?;
            return Ok(Some(result));
        };
        if !is_alive(&slot, shared, now_ms) {
            drop(slot);
            self.purge_due(key)?;
            return self.edit_bytes(key, missing, edit);
        }
        if *uses {
            let touch = shared.policy().touched(slot.touch(), shared.seconds());
            slot.set_touch(touch);
        }
        let before = used_bytes(&slot);
        let result = if let Some(object) = slot.object_mut() {
            #[allow(irrefutable_let_patterns)]
            let Object::Bytes(bytes) = object else { return Err(Error::WrongType) };
            edit(Arc::make_mut(bytes))
        } else {
            let mut bytes = match slot.value() {
                Stored::Int(n) => Str::Int(n).to_vec(),
                Stored::Bytes(bytes) => bytes.to_vec(),
                _ => Vec::new(),
            };
            let result = edit(&mut bytes);
            slot.set_value(Parts::Object(Box::new(Object::Bytes(Arc::new(bytes)))));
            result
        };
        let delta = used_bytes(&slot) - before;
        drop(slot);
        stripe.account(key.db, delta);
        Ok(Some(result))
    }

    /// Edits the collection of a key. If the edit leaves it empty, the key is removed, and reported as `del` after what
    /// the edit reported itself.
    pub fn edit<C: Collection, R>(
        &mut self,
        key: &Key<'_>,
        missing: Missing,
        edit: impl FnOnce(&mut Edit<'_, C>) -> R,
    ) -> Result<Option<R>> {
        self.purge_due(key)?;
        let stripe = self.locked.stripe(key.stripe())?;
        let tools = Tools {
            hasher: &self.shared.keyspace.hasher,
            limits: stripe.limits,
            rng: Rng::seeded(stripe.rng.next_u64()),
        };
        let Some(mut slot) = stripe.db_mut(key.db).table.get_mut(key.hash, key.bytes) else {
            if missing == Missing::Skip {
                return Ok(None);
            }
            let mut collection = C::empty(tools.hasher);
            let mut editing = Edit { collection: &mut collection, tools, events: SmallVec::new() };
            let result = edit(&mut editing);
            let events = editing.events;
            if !collection.is_empty() {
                self.put_object(key, collection.into_object(), Expiry::Never)?;
            }
            for (event, class) in events {
                self.report(key, event, class)?;
            }
            return Ok(Some(result));
        };
        if self.uses {
            let touch = self.shared.policy().touched(slot.touch(), self.shared.seconds());
            slot.set_touch(touch);
        }
        let object = slot.into_object_mut().ok_or(Error::WrongType)?;
        let before = object.used_bytes();
        let collection = C::of_mut(object).ok_or(Error::WrongType)?;
        let due = collection.dues();
        let mut editing = Edit { collection, tools, events: SmallVec::new() };
        let result = edit(&mut editing);
        let Edit { collection, events, .. } = editing;
        collection.settle();
        let emptied = collection.is_empty();
        let due_now = collection.dues();
        let delta = object.used_bytes() as i64 - before as i64;
        stripe.account(key.db, delta);
        if due_now != due {
            self.redate(key, due, due_now, emptied)?;
        }
        for (event, class) in events {
            self.report(key, event, class)?;
        }
        if emptied {
            let record = self.take(key)?;
            self.after.free(record.and_then(Record::into_object));
            self.report(key, "del", Class::GENERIC)?;
        }
        Ok(Some(result))
    }

    /// Removes a key, without a report. Says whether it existed. A large value is dropped after the locks are gone.
    pub fn remove(&mut self, key: &Key<'_>) -> Result<bool> {
        self.purge_due(key)?;
        let Some(record) = self.take(key)? else { return Ok(false) };
        self.after.free(record.into_object());
        Ok(true)
    }

    pub(super) fn take(&mut self, key: &Key<'_>) -> Result<Option<Record<Object>>> {
        let stripe = self.locked.stripe(key.stripe())?;
        let Some(db) = stripe.db_existing(key.db) else { return Ok(None) };
        let Some(record) = db.table.remove(key.hash, key.bytes) else { return Ok(None) };
        db.forget(&record);
        stripe.account(key.db, -used_bytes(&record));
        Ok(Some(record))
    }

    /// Moves an entry, deadline included, to another key, replacing what that one held. Says whether there was an entry
    /// to move. Nothing is reported.
    pub fn rename(&mut self, from: &Key<'_>, to: &Key<'_>) -> Result<bool> {
        self.purge_due(from)?;
        // Fails before anything is changed, if the view does not hold the second key.
        self.locked.stripe(to.stripe())?;
        let Some(record) = self.take(from)? else { return Ok(false) };
        self.remove(to)?;
        let inner = record.has_inner();
        let mut record = record.with_key(to.bytes);
        if self.shared.fifo().is_some() {
            record.set_touch(record.touch() & !QUEUED);
        }
        let deadline = record.deadline_ms();
        let hash_of = |key: &[u8]| self.shared.keyspace.hasher.hash(key);
        let stripe = self.locked.stripe(to.stripe())?;
        stripe.account(to.db, used_bytes(&record));
        let db = stripe.db_mut(to.db);
        db.expires += usize::from(deadline.is_some());
        db.table.insert(to.hash, record, hash_of);
        self.set_record_deadline(to, deadline)?;
        if inner {
            self.note_inner(to, None)?;
        }
        self.enqueue(to)?;
        Ok(true)
    }

    /// Copies an entry, deadline included, to another key, replacing what that one held. Says whether there was an
    /// entry to copy. Nothing is reported. O(size of the value), under the lock.
    pub fn copy(&mut self, from: &Key<'_>, to: &Key<'_>) -> Result<bool> {
        let Some(entry) = self.peek(from)? else { return Ok(false) };
        let expiry = entry.deadline().map_or(Expiry::Never, Expiry::At);
        if let Some(object) = entry.object() {
            let object = object.clone();
            self.put_object(to, object, expiry)?;
        } else {
            let value = entry.string()?.to_vec();
            self.set(to, &value, expiry)?;
        }
        Ok(true)
    }

    /// Has a key look as if it had not been used for so long, where the policy keeps that. Says whether the key exists.
    pub fn set_idle(&mut self, key: &Key<'_>, seconds: u32) -> Result<bool> {
        let (policy, now) = (self.shared.policy(), self.shared.seconds());
        self.set_access(key, |touch| policy.idle_since(touch, now, seconds))
    }

    /// Has a key look as if it had been used so often (0 to 255 on a logarithmic scale), where the policy keeps that.
    /// Says whether the key exists.
    pub fn set_frequency(&mut self, key: &Key<'_>, frequency: u8) -> Result<bool> {
        let (policy, now) = (self.shared.policy(), self.shared.seconds());
        self.set_access(key, |touch| policy.used_so_often(touch, now, frequency))
    }

    fn set_access(&mut self, key: &Key<'_>, access: impl FnOnce(u32) -> u32) -> Result<bool> {
        let stripe = self.locked.stripe(key.stripe())?;
        let Some(db) = stripe.db_existing(key.db) else { return Ok(false) };
        let Some(mut slot) = db.table.get_mut(key.hash, key.bytes) else { return Ok(false) };
        let touch = access(slot.touch());
        slot.set_touch(touch);
        Ok(true)
    }

    /// Puts an entry into the queue of those that may be evicted, where there are queues and it is in none.
    #[inline]
    fn enqueue(&mut self, key: &Key<'_>) -> Result<()> {
        if let Some(volatile) = self.shared.fifo() {
            let db = self.locked.stripe(key.stripe())?.db_mut(key.db);
            db.enqueue(key.hash, key.bytes, volatile, &self.shared.keyspace.hasher);
        }
        Ok(())
    }

    /// Only entries with a deadline may be evicted, and this one gained one or lost it.
    pub(super) fn requeue(&mut self, key: &Key<'_>) -> Result<()> {
        let db = self.locked.stripe(key.stripe())?.db_mut(key.db);
        if let Some(mut slot) = db.table.get_mut(key.hash, key.bytes)
            && slot.deadline_ms().is_none()
        {
            if let Some(fifo) = db.fifo.as_mut() {
                let touch = fifo.remove(slot.touch());
                slot.set_touch(touch);
            }
            return Ok(());
        }
        self.enqueue(key)
    }
}

/// Telling others.
impl View<'_> {
    /// Reports a change of a key: sets the marks of those who watch it, wakes those who wait for it, and queues the
    /// event for listeners.
    #[inline]
    pub fn report(&mut self, key: &Key<'_>, event: &'static str, class: Class) -> Result<()> {
        let interest = &self.locked.stripe(key.stripe())?.interest;
        if interest.is_empty() && !self.shared.feed.wants(class) {
            return Ok(());
        }
        self.report_to_others(key, event, class)
    }

    /// The same where somebody may be interested.
    #[cold]
    fn report_to_others(&mut self, key: &Key<'_>, event: &'static str, class: Class) -> Result<()> {
        let interest = &self.locked.stripe(key.stripe())?.interest;
        interest.mark(key);
        let owned = || OwnedKey { db: key.db, bytes: key.bytes.into() };
        if interest.waiting_for(key).is_some() {
            self.after.work().ready.push(owned());
        }
        if self.shared.feed.wants(class) {
            self.after.work().changes.push(Change { key: owned(), event, class });
        }
        Ok(())
    }

    /// Sets `mark` at the first change of a key from now on.
    pub fn watch(&mut self, key: &Key<'_>, mark: &WatchMark) -> Result<()> {
        self.locked.stripe(key.stripe())?.interest.watch(key, mark);
        Ok(())
    }

    /// Forgets a mark.
    pub fn unwatch(&mut self, key: &Key<'_>, mark: &WatchMark) -> Result<()> {
        self.locked.stripe(key.stripe())?.interest.unwatch(key, mark);
        Ok(())
    }

    /// Puts a waiter at the end of a key's queue, once. Its owner is told through the engine's ready listener.
    pub fn wait(&mut self, key: &Key<'_>, id: WaiterId) -> Result<()> {
        self.locked.stripe(key.stripe())?.interest.wait(key, id);
        Ok(())
    }

    /// Takes a waiter out of a key's queue.
    pub fn stop_waiting(&mut self, key: &Key<'_>, id: WaiterId) -> Result<()> {
        self.locked.stripe(key.stripe())?.interest.stop_waiting(key, id);
        Ok(())
    }

    /// Whether anybody waits for a key.
    pub fn has_waiters(&mut self, key: &Key<'_>) -> Result<bool> {
        Ok(self.locked.stripe(key.stripe())?.interest.waiting_for(key).is_some())
    }

    /// Those who wait for a key, first come first.
    pub fn waiters(&mut self, key: &Key<'_>) -> Result<Vec<WaiterId>> {
        let queue = self.locked.stripe(key.stripe())?.interest.waiting_for(key);
        Ok(queue.map(|queue| queue.iter().copied().collect()).unwrap_or_default())
    }

    /// Has the waiters of a key looked at when this view ends.
    pub fn wake(&mut self, key: &Key<'_>) {
        self.after.work().ready.push(OwnedKey { db: key.db, bytes: key.bytes.into() });
    }
}

/// Whole databases. Where the view holds every stripe these run under its locks; where it holds none they lock stripe
/// after stripe, and what they see is not a cut in time.
impl View<'_> {
    /// Runs `f` with one stripe at hand.
    fn on_stripe<R>(&mut self, index: usize, f: impl FnOnce(&mut Self) -> Result<R>) -> Result<R> {
        if !matches!(self.locked, Locked::None) {
            return f(self);
        }
        self.locked = Locked::One(index, lock(self.shared, index));
        let result = f(self);
        self.finish();
        result
    }

    /// How many keys a database has, those included whose deadline came this millisecond.
    pub fn len(&mut self, db: DbIndex) -> Result<usize> {
        Ok(self.count(db)?.keys)
    }

    /// Counts of a database.
    pub fn count(&mut self, db: DbIndex) -> Result<DbCount> {
        let mut count = DbCount::default();
        for index in 0..STRIPES {
            self.on_stripe(index, |view| {
                if let Some(db) = view.locked.stripe(index)?.db(db) {
                    count.keys += db.table.len();
                    count.expires += db.expires;
                    count.with_field_deadlines += db.inner;
                }
                Ok(())
            })?;
        }
        Ok(count)
    }

    /// Bytes of keys and values, tables and wheels included.
    pub fn used_bytes(&mut self) -> Result<u64> {
        let mut used = 0;
        for index in 0..STRIPES {
            self.on_stripe(index, |view| {
                used += view.locked.stripe(index)?.all_bytes();
                Ok(())
            })?;
        }
        Ok(used)
    }

    /// Counts since the start or the last reset.
    pub fn counts(&mut self) -> Result<Counts> {
        let mut counts = Counts::default();
        for index in 0..STRIPES {
            self.on_stripe(index, |view| {
                counts.add(view.locked.stripe(index)?.counts);
                Ok(())
            })?;
        }
        Ok(counts)
    }

    /// Forgets counts, lateness, and what is known of locks.
    pub fn reset_counts(&mut self) -> Result<()> {
        for index in 0..STRIPES {
            self.on_stripe(index, |view| {
                view.locked.stripe(index)?.counts = Counts::default();
                Ok(())
            })?;
        }
        self.shared.lateness.reset();
        self.shared.locks.reset();
        Ok(())
    }

    /// Visits some more entries of a database: about `count` of them, and where to go on; [`ScanCursor::START`] at the
    /// end. An entry that exists from the first call to the last is visited exactly once.
    pub fn scan(
        &mut self,
        db: DbIndex,
        from: ScanCursor,
        count: usize,
        mut visit: impl FnMut(Entry<'_>),
    ) -> Result<ScanCursor> {
        let (mut stripe, mut position) = from.parts();
        let mut now = Some(self.now_ms());
        let shared = self.shared;
        let hash_of = |key: &[u8]| shared.keyspace.hasher.hash(key);
        let mut visited = 0;
        let mut buckets = 0;
        while stripe < STRIPES {
            let most = count.saturating_mul(10);
            position = self.on_stripe(stripe, |view| {
                let Some(db) = view.locked.stripe(stripe)?.db(db) else { return Ok(0) };
                // What was emptied costs nothing: whoever scans a few keys gets them at once.
                if db.table.len() == 0 {
                    return Ok(0);
                }
                let mut position = position;
                loop {
                    position = db.table.scan(position, hash_of, |record| {
                        if is_alive(&record, shared, &mut now) {
                            visited += 1;
                            visit(Entry(record));
                        }
                    });
                    buckets += 1;
                    if position == 0 || visited >= count || buckets >= most {
                        return Ok(position);
                    }
                }
            })?;
            stripe += usize::from(position == 0);
            if visited >= count || buckets >= most {
                break;
            }
        }
        Ok(ScanCursor::at(stripe, position))
    }

    /// Visits every entry of a database.
    pub fn for_each(&mut self, db: DbIndex, mut visit: impl FnMut(Entry<'_>)) -> Result<()> {
        self.scan(db, ScanCursor::START, usize::MAX, &mut visit).map(|_| ())
    }

    /// Some key of a database: a stripe by the number of its keys, then a key of it.
    pub fn random_key(&mut self, db: DbIndex) -> Result<Option<Box<[u8]>>> {
        // A key may be due, or its stripe may have emptied since: then another try.
        for _ in 0..100 {
            let mut lens = Vec::with_capacity(STRIPES);
            for index in 0..STRIPES {
                let len = self.on_stripe(index, |view| {
                    Ok(view.locked.stripe(index)?.db(db).map_or(0, |db| db.table.len()))
                })?;
                lens.push(len);
            }
            let all: usize = lens.iter().sum();
            if all == 0 {
                return Ok(None);
            }
            let mut chosen = Rng::seeded(self.random()).below(all);
            let index = lens.iter().position(|len| {
                let here = chosen < *len;
                chosen = chosen.saturating_sub(*len);
                here
            });
            let (index, mut rng) = (index.unwrap_or(0), Rng::seeded(self.random()));
            let (mut now, shared) = (Some(self.now_ms()), self.shared);
            let key = self.on_stripe(index, |view| {
                let record =
                    view.locked.stripe(index)?.db(db).and_then(|db| db.table.sample_evenly(&mut rng));
                let alive = record.filter(|record| is_alive(record, shared, &mut now));
                Ok(alive.map(|record| record.key().into()))
            })?;
            if key.is_some() {
                return Ok(key);
            }
        }
        Ok(None)
    }

    /// Empties a database. Values are dropped after the locks are gone. Says how many keys there were.
    pub fn flush(&mut self, db: DbIndex) -> Result<usize> {
        let (mut flushed, mut dbs) = (0, Vec::new());
        for index in 0..STRIPES {
            flushed += self.on_stripe(index, |view| {
                let stripe = view.locked.stripe(index)?;
                let bytes = stripe.bytes_of(db);
                let Some(old) = stripe.db_existing(db).map(std::mem::take) else { return Ok(0) };
                debug_assert_eq!(bytes, old.walked_bytes(), "bytes of a database");
                stripe.account(db, -bytes);
                for bytes in stripe.interest.keys_of(db) {
                    let key = view.shared.keyspace.key(db, &bytes);
                    if old.table.get(key.hash, key.bytes).is_some() {
                        stripe.interest.mark(&key);
                        view.after.work().ready.push(OwnedKey { db, bytes });
                    }
                }
                let len = old.table.len();
                dbs.push(old);
                Ok(len)
            })?;
        }
        self.after.work().dbs.append(&mut dbs);
        Ok(flushed)
    }

    /// Exchanges two databases. Needs a view of everything.
    pub fn swap(&mut self, a: DbIndex, b: DbIndex) -> Result<()> {
        for index in 0..STRIPES {
            let stripe = self.locked.stripe(index)?;
            // Entries whose deadlines have come take no part: who watches for one sees no change when it moves.
            let names = [a, b].map(|db| stripe.interest.keys_of(db)).into_iter().flatten();
            for bytes in names.collect::<Vec<_>>() {
                for db in [a, b] {
                    self.purge(&self.shared.keyspace.key(db, &bytes))?;
                }
            }
            let stripe = self.locked.stripe(index)?;
            stripe.swap(a, b);
            let mut ready = Vec::new();
            for (db, other) in [(a, b), (b, a)] {
                for bytes in stripe.interest.keys_of(db) {
                    let key = self.shared.keyspace.key(db, &bytes);
                    let in_db = |db: DbIndex| {
                        stripe.db(db).is_some_and(|db| db.table.get(key.hash, &bytes).is_some())
                    };
                    if in_db(db) || in_db(other) {
                        stripe.interest.mark(&key);
                        ready.push(OwnedKey { db, bytes });
                    }
                }
            }
            if !ready.is_empty() {
                self.after.work().ready.extend(ready);
            }
        }
        Ok(())
    }
}

/// The end of a view.
impl View<'_> {
    /// Has the total know exactly what the locked stripes hold.
    pub(super) fn settle(&mut self) {
        self.report_bytes(0);
    }

    #[inline]
    fn report_batch(&mut self) {
        self.report_bytes(self.shared.used_bytes_batch.load(Ordering::Relaxed));
    }

    #[inline]
    fn report_bytes(&mut self, least: i64) {
        let settle = |stripe: &mut Stripe| {
            locks::released(&self.shared.locks, &*self.shared.clock, stripe);
            if stripe.unreported_bytes.unsigned_abs() >= least as u64 {
                self.shared.add_used_bytes(stripe);
            }
        };
        match &mut self.locked {
            Locked::None => {}
            Locked::One(_, guard) => settle(guard),
            Locked::Many(guards) | Locked::Roaming(guards, _) | Locked::All(guards) => {
                guards.iter_mut().for_each(|(_, guard)| settle(guard));
            }
        }
    }

    /// Unlocks, and does what had to wait for that.
    fn finish(&mut self) {
        self.report_batch();
        self.locked = Locked::None;
        if let Some(work) = self.after.0.take() {
            work.run(self.shared);
        }
    }
}

impl Work {
    #[cold]
    fn run(self, shared: &Shared) {
        let Work { changes, ready, objects, dbs, records, due_ms, held_since_us: _ } = self;
        if let Some(due) = due_ms {
            shared.timer.nudge(due);
        }
        for object in objects.into_iter().chain(records.into_iter().filter_map(Record::into_object)) {
            shared.reclaimer.free(Remains::Object(object));
        }
        if !dbs.is_empty() {
            shared.reclaimer.free(Remains::Dbs(dbs));
        }
        if !changes.is_empty() {
            shared.feed.emit(&changes);
        }
        if !ready.is_empty() {
            shared.serve(ready);
        }
    }
}

impl Drop for View<'_> {
    #[inline]
    fn drop(&mut self) {
        self.report_batch();
        // Without work, the locks go with the view, in one step.
        if let Some(work) = self.after.0.take() {
            self.locked = Locked::None;
            work.run(self.shared);
        }
    }
}

/// Reads a key of a locked stripe. It counts as a hit or a miss, and, where `uses` says so, as a use of the entry.
#[inline]
fn read<'s>(
    shared: &Shared,
    stripe: &'s mut Stripe,
    key: &Key<'_>,
    now_ms: &mut Option<u64>,
    uses: bool,
) -> Option<Entry<'s>> {
    let Stripe { dbs, counts, .. } = stripe;
    let (policy, seconds) = (shared.policy(), shared.seconds());
    let touched = |touch| if uses { policy.touched(touch, seconds) } else { touch };
    let db = dbs.get_mut(key.db.get());
    let found = db.and_then(|db| db.table.get_touching(key.hash, key.bytes, touched));
    let found = found.filter(|record| is_alive(record, shared, now_ms));
    if found.is_some() {
        counts.hits += 1;
    } else {
        counts.misses += 1;
    }
    found.map(Entry)
}

impl Shared {
    /// What [`View::get`] does on a view of one key, without the view: for the operation that programs do most. `look`
    /// runs while the stripe is locked.
    #[inline]
    pub(crate) fn read_one<R>(&self, key: &Key<'_>, look: impl FnOnce(Entry<'_>) -> R) -> Option<R> {
        let mut stripe = lock(self, key.stripe());
        let looked = read(self, &mut stripe, key, &mut None, true).map(look);
        locks::released(&self.locks, &*self.clock, &mut stripe);
        drop(stripe);
        if looked.is_some() {
            return looked;
        }
        if self.feed.wants(Class::KEY_MISS) {
            self.tell_missed(key);
        }
        None
    }

    #[cold]
    fn tell_missed(&self, key: &Key<'_>) {
        let mut after = After::default();
        after.missed(self, key);
        if let Some(work) = after.0 {
            work.run(self);
        }
    }
}

/// Counts of a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DbCount {
    /// Keys.
    pub keys: usize,
    /// Keys with a deadline.
    pub expires: usize,
    /// Keys of hashes that have fields with deadlines.
    pub with_field_deadlines: usize,
}

#[inline]
pub(super) fn now_ms(shared: &Shared, known: &mut Option<u64>) -> u64 {
    *known.get_or_insert_with(|| shared.now_ms())
}
