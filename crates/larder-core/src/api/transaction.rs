//! Transactions: several reads and writes that are as one, without a lock while the program thinks.
//!
//! A transaction works in a **room** of its own: a small private engine. The first time it touches a key, the key is
//! marked, as `WATCH` does, and what it holds is copied into the room; from then on every operation of the typed
//! interface runs there, and gives its true result, because it sees what the transaction itself has written. At the
//! end the stripes of all touched keys are locked once; if none of them changed since it was first touched, the
//! changed ones are moved back and their events reported, otherwise all is thrown away and the program runs again.
//!
//! Why so: nothing is locked while the program's own code runs, so it may take its time and call what it likes; an
//! error leaves nothing behind, as nothing has been changed yet; and there is no second set of operations beside the
//! typed interface to learn, to write, and to keep the same. The price is the copy: a transaction on a large
//! collection costs what copying it costs. For one that only adds to a large list, `MULTI` is the better tool.
//!
//! A program never sees half of somebody else's transaction, not even in an attempt that will fail: a key is copied
//! under its lock only while no mark is set, and whoever writes several keys at once sets the marks before any of these
//! locks is free again.

use super::{Db, Geo, Hashes, Keys, Lists, Sets, Streams, Strings, Zsets};
use crate::cache::{Limiter, Rate};
use crate::clock::Clock;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::keyspace::{Change, ChangeListener, Class, Key, WatchMark};
use crate::limits::{ROOM_USES_MAX, ROOMS_KEPT, TRANSACTION_ATTEMPTS_MAX};
use crate::sync::{Arc, Mutex, give_way};
use std::collections::BTreeMap;

/// What a write reports. A key that died, was evicted or came into being is told by the engine itself.
const WRITES: Class = Class::GENERIC
    .with(Class::STRING)
    .with(Class::LIST)
    .with(Class::SET)
    .with(Class::HASH)
    .with(Class::ZSET)
    .with(Class::STREAM);

/// The engine's clock, without its bell: nobody need tell a room that time was moved by hand.
#[derive(Debug)]
struct Borrowed(Arc<dyn Clock>);

impl Clock for Borrowed {
    fn now_us(&self) -> u64 {
        self.0.now_us()
    }
    fn now_ms(&self) -> u64 {
        self.0.now_ms()
    }
    fn coarse_ms(&self) -> u64 {
        self.0.coarse_ms()
    }
    fn wall_us(&self) -> u64 {
        self.0.wall_us()
    }
}

/// What was reported in a room.
#[derive(Debug, Default)]
struct Notes(Mutex<Vec<Change>>);

impl ChangeListener for Notes {
    fn changed(&self, changes: &[Change]) {
        let written = changes.iter().filter(|change| change.class.meets(WRITES));
        self.0.lock().extend(written.cloned());
    }
}

/// A private engine and what happens in it.
#[derive(Debug)]
struct Room {
    engine: Engine,
    notes: Arc<Notes>,
    uses: u32,
}

impl Room {
    /// Removes what a transaction has left.
    fn clear(&self, keys: &[Key<'_>]) {
        let mut view = self.engine.view(keys);
        for key in keys {
            // The view holds them all.
            let _ = view.remove(key);
        }
        drop(view);
        self.notes.0.lock().clear();
    }
}

/// Rooms that are free: making one costs more than a transaction.
#[derive(Debug, Default)]
pub(crate) struct Rooms(Mutex<Vec<Room>>);

impl Rooms {
    fn take(&self, real: &Engine) -> Room {
        if let Some(room) = self.0.lock().pop() {
            let limits = real.value_limits();
            if room.engine.value_limits() != limits {
                room.engine.set_value_limits(limits);
            }
            return room;
        }
        let engine = real.sibling(Arc::new(Borrowed(real.shared_clock())));
        let notes: Arc<Notes> = Arc::default();
        engine.listen(notes.clone(), WRITES);
        Room { engine, notes, uses: 0 }
    }

    /// Takes an empty room back.
    fn give(&self, mut room: Room) {
        room.uses += 1;
        let mut free = self.0.lock();
        if room.uses < ROOM_USES_MAX && free.len() < ROOMS_KEPT {
            free.push(room);
        }
    }
}

/// What a transaction knows of the engine it is for.
#[derive(Debug)]
pub(super) struct Stage {
    real: Engine,
    mark: WatchMark,
    /// The keys that are in the room, and whether they existed when they came. Its lock is taken before any stripe's.
    touched: Mutex<BTreeMap<Box<[u8]>, bool>>,
}

impl Stage {
    /// Copies a key into the room of `db`, the first time.
    #[cold]
    pub(super) fn bring(&self, db: &Db, bytes: &[u8]) -> Result<()> {
        let mut touched = self.touched.lock();
        if touched.contains_key(bytes) {
            return Ok(());
        }
        let key = self.real.key(db.index, bytes);
        let mut view = self.real.view_one(&key, None);
        // What is due already is gone: it does not count as a change later.
        view.purge(&key)?;
        view.watch(&key, &self.mark)?;
        let parcel = if self.mark.is_set() { None } else { view.pack(&key)? };
        drop(view);
        touched.insert(bytes.into(), parcel.is_some());
        if self.mark.is_set() {
            return Err(Error::Contended);
        }
        db.engine.view_one(&key, None).house(&key, parcel)
    }
}

/// A transaction: the typed interface over keys that nobody else sees it change. See [`Db::transaction`].
///
/// What it gives out is its own: a key that is read for the first time is copied, O(size of its value).
#[derive(Debug)]
pub struct Transaction {
    room: Option<Room>,
    db: Db,
    stage: Arc<Stage>,
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let touched = std::mem::take(&mut *self.stage.touched.lock());
        for bytes in touched.keys() {
            let key = self.stage.real.key(self.db.index, bytes);
            // A view of the key's own stripe holds the key.
            let _ = self.stage.real.view_one(&key, None).unwatch(&key, &self.stage.mark);
        }
        if let Some(room) = self.room.take() {
            let keys: Vec<Key<'_>> =
                touched.keys().map(|bytes| room.engine.key(self.db.index, bytes)).collect();
            room.clear(&keys);
            self.stage.real.shared.rooms.give(room);
        }
    }
}

impl Transaction {
    fn begin(db: &Db) -> Transaction {
        let real = db.engine.clone();
        let room = real.shared.rooms.take(&real);
        let stage = Arc::new(Stage { real, mark: WatchMark::default(), touched: Mutex::default() });
        let db = Db { engine: room.engine.clone(), index: db.index, stage: Some(stage.clone()) };
        Transaction { room: Some(room), db, stage }
    }

    /// Puts what was written back, if nothing it touched has changed. Says whether it did.
    fn commit(mut self) -> Result<bool> {
        let Some(room) = self.room.take() else { return Ok(false) };
        let notes = std::mem::take(&mut *room.notes.0.lock());
        let real = self.stage.real.clone();
        if !notes.is_empty() && real.is_over_limit() {
            real.make_room()?;
        }
        let touched = std::mem::take(&mut *self.stage.touched.lock());
        let keys: Vec<(Key<'_>, bool)> =
            touched.iter().map(|(bytes, existed)| (real.key(self.db.index, bytes), *existed)).collect();
        let names: Vec<Key<'_>> = keys.iter().map(|(key, _)| *key).collect();
        // Nobody else knows the stripes of the room, so their locks stand in nobody's way.
        let mut mine = room.engine.view(&names);
        let mut view = real.view(&names);
        let mut holds = !self.stage.mark.is_set();
        for (key, existed) in &keys {
            view.unwatch(key, &self.stage.mark)?;
            // Time may have come for a key, and the timer not yet.
            holds = holds && view.exists(key)? == *existed;
        }
        if holds {
            for key in names.iter().filter(|key| notes.iter().any(|note| *note.key.bytes == *key.bytes)) {
                let parcel = mine.unhouse(key)?;
                view.house(key, parcel)?;
            }
            for note in &notes {
                let key = real.key(self.db.index, &note.key.bytes);
                view.report(&key, note.event, note.class)?;
            }
        }
        drop((view, mine));
        room.clear(&names);
        real.shared.rooms.give(room);
        Ok(holds)
    }

    /// Bytes and numbers.
    pub fn strings(&self) -> Strings<'_> {
        self.db.strings()
    }

    /// Fields with values.
    pub fn hashes(&self) -> Hashes<'_> {
        self.db.hashes()
    }

    /// Sequences with two ends.
    pub fn lists(&self) -> Lists<'_> {
        self.db.lists()
    }

    /// Distinct members.
    pub fn sets(&self) -> Sets<'_> {
        self.db.sets()
    }

    /// Members ordered by scores.
    pub fn zsets(&self) -> Zsets<'_> {
        self.db.zsets()
    }

    /// Places on the earth.
    pub fn geo(&self) -> Geo<'_> {
        self.db.geo()
    }

    /// Logs of entries.
    pub fn streams(&self) -> Streams<'_> {
        self.db.streams()
    }

    /// Keys whatever they hold. What is about all keys, such as [`Keys::count`], is [`Error::NotInTransaction`].
    pub fn keys(&self) -> Keys<'_> {
        self.db.keys()
    }

    /// Limiters of this rate.
    pub fn limiter(&self, rate: Rate) -> Limiter<'_> {
        self.db.limiter(rate)
    }
}

impl Db {
    /// Runs several operations as one: all of them happen, at one moment, or none. `run` is given the typed interface
    /// over keys as they are now; what it writes is its own until it gives `Ok`, and nothing remains of it where it
    /// gives an error. If another thread, or a client, changes a key that it has touched, `run` is called again, on
    /// what is there then: so it should change nothing but what the transaction keeps.
    ///
    /// No lock is held while `run` works. It costs a copy of each value it touches: for large collections prefer
    /// commands between `MULTI` and `EXEC`. Blocked clients and listeners hear of its changes when it is done.
    ///
    /// [`Error::Contended`] if others were faster a thousand times. For errors of your own see
    /// [`Db::try_transaction`].
    ///
    /// ```
    /// # let db = larder_core::Engine::new().db();
    /// db.strings().set("account:ada", "100")?;
    /// let transfer = |amount: i64| {
    ///     db.transaction(|tx| {
    ///         let left = tx.strings().increment("account:ada", -amount)?;
    ///         if left < 0 {
    ///             tx.strings().increment("account:ada", amount)?;
    ///             return Ok(false);
    ///         }
    ///         tx.strings().increment("account:bob", amount)?;
    ///         tx.lists().push_back("journal", format!("ada to bob: {amount}"))?;
    ///         Ok(true)
    ///     })
    /// };
    /// assert!(transfer(70)?);
    /// assert!(!transfer(70)?);
    /// assert_eq!(db.strings().get("account:bob")?, Some(b"70".to_vec()));
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    pub fn transaction<R>(&self, run: impl FnMut(&Transaction) -> Result<R>) -> Result<R> {
        self.try_transaction(run)
    }

    /// [`Db::transaction`] with an error of your own, which undoes what was written as any error does.
    ///
    /// ```
    /// # let db = larder_core::Engine::new().db();
    /// #[derive(Debug, PartialEq)]
    /// enum Refused {
    ///     TooPoor,
    ///     Store(larder_core::Error),
    /// }
    /// impl From<larder_core::Error> for Refused {
    ///     fn from(error: larder_core::Error) -> Refused {
    ///         Refused::Store(error)
    ///     }
    /// }
    /// let spent = db.try_transaction(|tx| match tx.strings().increment("purse", -5)? {
    ///     left if left < 0 => Err(Refused::TooPoor),
    ///     left => Ok(left),
    /// });
    /// assert_eq!(spent, Err(Refused::TooPoor));
    /// assert_eq!(db.strings().get("purse"), Ok(None));
    /// ```
    pub fn try_transaction<R, E: From<Error>>(
        &self,
        mut run: impl FnMut(&Transaction) -> std::result::Result<R, E>,
    ) -> std::result::Result<R, E> {
        for attempt in 0..TRANSACTION_ATTEMPTS_MAX {
            let transaction = Transaction::begin(self);
            match run(&transaction) {
                Ok(result) => {
                    if transaction.commit()? {
                        return Ok(result);
                    }
                }
                // An error of what has changed meanwhile may be none of what is there now.
                Err(error) if !transaction.stage.mark.is_set() => return Err(error),
                Err(_) => {}
            }
            give_way(attempt);
        }
        Err(Error::Contended.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ManualClock, Options};
    use std::time::Duration;

    #[test]
    fn nothing_remains_of_an_error_and_a_transaction_sees_itself() {
        let db = Engine::new().db();
        db.sets().add("s", "a").unwrap();
        let failed: Result<()> = db.transaction(|tx| {
            assert!(tx.sets().add("s", "b")?);
            assert_eq!(tx.sets().len("s")?, 2);
            assert!(tx.keys().remove("s")?);
            assert_eq!(tx.keys().exists("s"), Ok(false));
            tx.strings().set("s", "text")?;
            tx.lists().push_back("s", "x").map(drop)
        });
        assert_eq!(failed, Err(Error::WrongType));
        assert_eq!(db.sets().members("s"), Ok(vec![b"a".to_vec()]));
        assert_eq!(db.transaction(|tx| tx.keys().count()), Err(Error::NotInTransaction));
        assert_eq!(db.transaction(|tx| tx.keys().clear()), Err(Error::NotInTransaction));
    }

    #[test]
    fn what_changes_in_between_makes_it_run_again() {
        let db = Engine::new().db();
        let mut runs = 0;
        let sum = db.transaction(|tx| {
            runs += 1;
            let read = tx.strings().get("a")?.map_or(0, |text| text.len());
            if runs < 3 {
                db.strings().append("a", "x")?;
            }
            tx.strings().set("b", read.to_string())?;
            Ok(read)
        });
        assert_eq!((sum, runs), (Ok(2), 3));
        assert_eq!(db.strings().get("b"), Ok(Some(b"2".to_vec())));
        let mut runs = 0;
        let always = db.transaction(|tx| {
            runs += 1;
            db.strings().increment("n", 1)?;
            tx.strings().get("n")?;
            db.strings().increment("n", 1)
        });
        assert_eq!((always, runs), (Err(Error::Contended), TRANSACTION_ATTEMPTS_MAX));
    }

    #[test]
    fn a_key_whose_time_has_come_is_a_change() {
        let clock = Arc::new(ManualClock::new());
        let maintenance = crate::Maintenance::Manual;
        let db =
            Engine::with_options(Options { clock: clock.clone(), maintenance, ..Options::default() }).db();
        db.engine.set_active_expiry(false);
        db.strings().set_for("lease", "mine", Duration::from_secs(1)).unwrap();
        let mut runs = 0;
        let had = db.transaction(|tx| {
            runs += 1;
            let had = tx.keys().exists("lease")?;
            clock.advance(Duration::from_secs(1));
            tx.strings().set("had", had.to_string())?;
            Ok(had)
        });
        assert_eq!((had, runs), (Ok(false), 2));
    }

    #[test]
    fn deadlines_fields_and_large_values_come_through() {
        let clock = Arc::new(ManualClock::new());
        let db = Engine::with_options(Options { clock: clock.clone(), ..Options::default() }).db();
        let (second, long) = (Duration::from_secs(1), "x".repeat(10_000));
        db.strings().set("long", &long).unwrap();
        db.hashes().set("h", "stays", "1").unwrap();
        let done = db.transaction(|tx| {
            tx.hashes().set_for("h", "goes", "2", second)?;
            tx.strings().append("long", "y")?;
            tx.strings().set("", "")?;
            for n in 0..1_000 {
                tx.zsets().add("z", format!("member:{n}"), f64::from(n))?;
            }
            tx.keys().expire_after("z", second * 2)
        });
        assert_eq!(done, Ok(true));
        assert_eq!(db.strings().get("long"), Ok(Some(format!("{long}y").into_bytes())));
        assert_eq!(db.strings().get(""), Ok(Some(vec![])));
        assert_eq!(db.zsets().rank("z", "member:999"), Ok(Some(999)));
        assert_eq!(db.zsets().rank("z", "nobody"), Ok(None));
        assert_eq!(db.hashes().time_to_live("h", "goes"), Ok(Some(second)));
        clock.advance(second);
        assert_eq!(db.hashes().get_all("h"), Ok(vec![(b"stays".to_vec(), b"1".to_vec())]));
        clock.advance(second);
        assert_eq!(db.keys().exists("z"), Ok(false));
        db.keys().clear().unwrap();
        assert_eq!(db.engine.records_bytes(), 0);
    }

    #[test]
    fn events_are_those_of_the_operations_and_come_at_the_end() {
        let db = Engine::new().db();
        let notes: Arc<Notes> = Arc::default();
        db.engine.listen(notes.clone(), WRITES);
        db.transaction(|tx| {
            tx.lists().push_back("a", "1")?;
            tx.strings().set_for("b", "2", Duration::from_secs(9))?;
            assert!(notes.0.lock().is_empty());
            tx.lists().pop_front("a")
        })
        .unwrap();
        let heard: Vec<_> = notes.0.lock().iter().map(|note| (note.key.bytes.to_vec(), note.event)).collect();
        let told = |key: &str, event| (key.as_bytes().to_vec(), event);
        assert_eq!(
            heard,
            [told("a", "rpush"), told("b", "set"), told("b", "expire"), told("a", "lpop"), told("a", "del")]
        );
        assert_eq!(db.keys().count(), Ok(1));
    }

    #[test]
    fn threads_that_transfer_lose_nothing_and_never_see_a_wrong_sum() {
        const ACCOUNTS: usize = 5;
        let db = Engine::new().db();
        let name = |n: usize| format!("account:{}", n % ACCOUNTS);
        for n in 0..ACCOUNTS {
            db.strings().set(name(n), "100").unwrap();
        }
        let sum = |tx: &Transaction| -> Result<i64> {
            (0..ACCOUNTS).map(|n| tx.strings().increment(name(n), 0)).sum()
        };
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (db, sum) = (&db, &sum);
                scope.spawn(move || {
                    for n in 0..300 {
                        let (from, to) = (name(n + thread), name(n * 3 + 1));
                        db.transaction(|tx| {
                            tx.strings().increment(&from, -7)?;
                            tx.strings().increment(&to, 7)?;
                            tx.strings().increment("transfers", 1)
                        })
                        .unwrap();
                        // Even an attempt that fails adds up.
                        let seen = db.transaction(|tx| {
                            let sum = sum(tx)?;
                            assert_eq!(sum, 100 * ACCOUNTS as i64);
                            Ok(sum)
                        });
                        assert_eq!(seen, Ok(100 * ACCOUNTS as i64));
                    }
                });
            }
        });
        assert_eq!(db.strings().get("transfers"), Ok(Some(b"1200".to_vec())));
    }

    #[test]
    fn a_room_is_left_empty_and_marks_are_taken_back() {
        let db = Engine::new().db();
        for n in 0..20_u32 {
            let _: Result<()> = db.transaction(|tx| {
                tx.strings().set(format!("k{n}"), "v")?;
                tx.strings().get("other")?;
                if n % 2 == 0 { Ok(()) } else { Err(Error::TooLarge) }
            });
        }
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            db.transaction(|tx| -> Result<()> {
                tx.strings().get("other")?;
                panic!("of the program's own")
            })
        }));
        assert!(panicked.is_err());
        let rooms = db.engine.shared.rooms.0.lock();
        assert!(rooms.iter().all(|room| room.engine.db().keys().count() == Ok(0)) && !rooms.is_empty());
        drop(rooms);
        let cell = |index| db.engine.shared.keyspace.cell(index).stripe.lock().interest.is_empty();
        assert!((0..crate::limits::STRIPES).all(cell));
    }
}
