//! Waiting for what is not there yet: on this thread, or as a future of any runtime.
//!
//! Whoever changes the key takes the element on behalf of the first in the queue and hands it over, as it is with the
//! blocking commands: first come first served, through whatever door each came. So an element may be on its way when a
//! waiter gives up. It is never lost: a waiter that ends with an element in hand that nobody has asked for puts it back
//! where it was taken, for the next one.

use super::Db;
use super::streams::{self, StreamEntry};
use crate::clock::Patience;
use crate::engine::Shared;
use crate::error::{Error, Result};
use crate::keyspace::{DbIndex, Key, Missing, View, WaiterId};
use crate::sync::{Arc, Mutex};
use crate::value::list::List;
use crate::value::stream::{Stream, StreamId};
use crate::value::zset::Zset;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

/// What is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sought {
    Front,
    Back,
    Min,
    Max,
    After(StreamId),
}

/// What was found.
#[derive(Debug)]
pub(super) enum Found {
    Element(Vec<u8>),
    Member(Vec<u8>, f64),
    Entries(Vec<StreamEntry>),
}

impl Sought {
    fn take(self, view: &mut View<'_>, key: &Key<'_>) -> Result<Option<Found>> {
        let found = match self {
            Sought::Front | Sought::Back => view.edit::<List, _>(key, Missing::Skip, |edit| {
                edit.report(if matches!(self, Sought::Front) { "lpop" } else { "rpop" });
                let element = if matches!(self, Sought::Front) { edit.pop_front() } else { edit.pop_back() };
                element.map(Found::Element)
            })?,
            Sought::Min | Sought::Max => view.edit::<Zset, _>(key, Missing::Skip, |edit| {
                edit.report(if matches!(self, Sought::Min) { "zpopmin" } else { "zpopmax" });
                let member = if matches!(self, Sought::Min) { edit.pop_min() } else { edit.pop_max() };
                member.map(|(member, score)| Found::Member(member, score))
            })?,
            Sought::After(last) => {
                let Some(first) = last.next() else { return Ok(None) };
                let stream = view.collection::<Stream>(key)?;
                let entries = stream.map(|stream| streams::copied(stream, first..=StreamId::MAX));
                entries.filter(|entries| !entries.is_empty()).map(|entries| Some(Found::Entries(entries)))
            }
        };
        Ok(found.flatten())
    }

    /// Puts back what nobody wants any more, where it was.
    fn give_back(self, view: &mut View<'_>, key: &Key<'_>, found: Found) -> Result<()> {
        match found {
            Found::Element(element) => view.edit::<List, _>(key, Missing::Create, |edit| {
                let limits = edit.tools.limits;
                if matches!(self, Sought::Front) {
                    edit.collection.push_front(&limits, &element);
                    edit.report("lpush");
                } else {
                    edit.collection.push_back(&limits, &element);
                    edit.report("rpush");
                }
            }),
            Found::Member(member, score) => view.edit::<Zset, _>(key, Missing::Create, |edit| {
                // Whoever added it again meanwhile knows better.
                if edit.score(&member).is_none() {
                    edit.collection.insert(&edit.tools, &member, score);
                    edit.report("zadd");
                }
            }),
            Found::Entries(_) => Ok(None),
        }
        .map(drop)
    }
}

enum State {
    Waiting(Waker),
    /// Found under the key of this place.
    Found(usize, Found),
    Over,
}

/// What the queues hold of a [`Waiting`].
struct Waiter {
    id: WaiterId,
    db: DbIndex,
    keys: Vec<Box<[u8]>>,
    sought: Sought,
    /// Taken before any stripe.
    state: Mutex<State>,
}

impl Waiter {
    fn keys<'k>(&'k self, shared: &'k Shared) -> Vec<Key<'k>> {
        self.keys.iter().map(|bytes| shared.keyspace.key(self.db, bytes)).collect()
    }

    /// Takes from the first key that has something. What cannot be taken from is passed over, as Redis does for those
    /// who wait already.
    fn take(&self, view: &mut View<'_>, keys: &[Key<'_>]) -> Option<(usize, Found)> {
        let found = |(place, key)| Some((place, self.sought.take(view, key).ok()??));
        keys.iter().enumerate().find_map(found)
    }
}

impl crate::waiting::Waiter for Waiter {
    fn serve(&self, shared: &Shared) {
        let mut state = self.state.lock();
        if !matches!(*state, State::Waiting(_)) {
            return;
        }
        let keys = self.keys(shared);
        let mut view = View::many(shared, keys.iter().map(|key| key.hash), None);
        let Some((place, found)) = self.take(&mut view, &keys) else { return };
        // The view holds every key.
        let _ = shared.waiters.leave(&mut view, &keys, self.id);
        let State::Waiting(waker) = std::mem::replace(&mut *state, State::Found(place, found)) else {
            return;
        };
        drop(state);
        drop(view);
        waker.wake();
    }
}

/// Something that will be there: await it, on any runtime, or wait for it on this thread with [`Waiting::for_ever`] or
/// [`Waiting::up_to`]. Nothing is waited for, or taken, before that.
///
/// It can be dropped at any time: then nobody waits any more, and nothing is lost.
#[must_use = "nothing is waited for until it is awaited"]
pub struct Waiting<T> {
    db: Db,
    waiter: Option<Arc<Waiter>>,
    keys: Vec<Box<[u8]>>,
    sought: Sought,
    give: fn(Box<[u8]>, Found) -> T,
}

impl<T> fmt::Debug for Waiting<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting")
            .field("sought", &self.sought)
            .field("waits", &self.waiter.is_some())
            .finish_non_exhaustive()
    }
}

/// Wakes a thread that waits.
struct Sleeper(Thread);

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl<T> Waiting<T> {
    pub(super) fn new(
        db: &Db,
        keys: Vec<Box<[u8]>>,
        sought: Sought,
        give: fn(Box<[u8]>, Found) -> T,
    ) -> Waiting<T> {
        Waiting { db: db.clone(), waiter: None, keys, sought, give }
    }

    /// Waits on this thread until it is there.
    pub fn for_ever(self) -> Result<T> {
        // Patience without end is never at its end.
        self.block(Patience::ENDLESS).and_then(|found| found.ok_or(Error::OutsideView))
    }

    /// Waits on this thread until it is there, at most so long by the machine's clock. `None` if it did not come.
    pub fn up_to(self, timeout: Duration) -> Result<Option<T>> {
        self.block(Patience::of(timeout))
    }

    fn block(mut self, patience: Patience) -> Result<Option<T>> {
        let waker = Waker::from(Arc::new(Sleeper(std::thread::current())));
        let mut cx = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(found) = Pin::new(&mut self).poll(&mut cx) {
                return found.map(Some);
            }
            let Some(left) = patience.left() else {
                std::thread::park();
                continue;
            };
            if left.is_zero() {
                // It may have come in the last moment.
                return Ok(self.end().map(|(place, found)| self.given(place, found)));
            }
            std::thread::park_timeout(left);
        }
    }

    fn given(&mut self, place: usize, found: Found) -> T {
        (self.give)(std::mem::take(&mut self.keys[place]), found)
    }

    /// Takes what is there, or enters the queues.
    fn begin(&mut self, waker: &Waker) -> Result<Option<T>> {
        self.db.outside_transaction()?;
        let shared = &self.db.engine.shared;
        let keys: Vec<Key<'_>> =
            self.keys.iter().map(|bytes| shared.keyspace.key(self.db.index, bytes)).collect();
        let mut view = self.db.engine.view(&keys);
        for (place, key) in keys.iter().enumerate() {
            if let Some(found) = self.sought.take(&mut view, key)? {
                drop(view);
                return Ok(Some(self.given(place, found)));
            }
        }
        let waiter = Arc::new(Waiter {
            id: shared.waiters.number(),
            db: self.db.index,
            keys: self.keys.clone(),
            sought: self.sought,
            state: Mutex::new(State::Waiting(waker.clone())),
        });
        shared.waiters.enter(&mut view, &keys, waiter.id, waiter.clone())?;
        drop(view);
        self.waiter = Some(waiter);
        Ok(None)
    }

    /// Leaves the queues. Gives what has been found for it, if anything.
    fn end(&mut self) -> Option<(usize, Found)> {
        let waiter = self.waiter.take()?;
        let mut state = waiter.state.lock();
        match std::mem::replace(&mut *state, State::Over) {
            State::Found(place, found) => Some((place, found)),
            State::Over => None,
            State::Waiting(_) => {
                let shared = &self.db.engine.shared;
                let keys = waiter.keys(shared);
                let mut view = self.db.engine.view(&keys);
                // The view holds every key.
                let _ = shared.waiters.leave(&mut view, &keys, waiter.id);
                None
            }
        }
    }
}

impl<T> Future for Waiting<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        let this = &mut *self;
        let Some(waiter) = &this.waiter else {
            return match this.begin(cx.waker()) {
                Ok(Some(found)) => Poll::Ready(Ok(found)),
                Ok(None) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            };
        };
        let mut state = waiter.state.lock();
        if let State::Waiting(waker) = &mut *state {
            waker.clone_from(cx.waker());
            return Poll::Pending;
        }
        drop(state);
        match this.end() {
            Some((place, found)) => Poll::Ready(Ok(this.given(place, found))),
            // What was given once is not given again.
            None => Poll::Pending,
        }
    }
}

impl<T> Drop for Waiting<T> {
    fn drop(&mut self) {
        if let Some((place, found)) = self.end() {
            let key = self.db.engine.key(self.db.index, &self.keys[place]);
            let mut view = self.db.engine.view_one(&key, None);
            // Where something else has taken the key's place, there is nowhere to put it.
            let _ = self.sought.give_back(&mut view, &key, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Engine;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Counts how often it was woken.
    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn poll<T>(waiting: &mut Waiting<T>, count: &Arc<Count>) -> Poll<Result<T>> {
        Pin::new(waiting).poll(&mut Context::from_waker(&Waker::from(count.clone())))
    }

    fn is_quiet(db: &Db) -> bool {
        let cell = |index| db.engine.shared.keyspace.cell(index).stripe.lock().interest.is_empty();
        (0..crate::limits::STRIPES).all(cell) && db.engine.shared.waiters.own_len() == 0
    }

    #[test]
    fn those_who_wait_are_served_in_the_order_in_which_they_came() {
        let db = Engine::new().db();
        let counts: [Arc<Count>; 2] = Default::default();
        let mut waiting = [db.lists().wait_front("jobs"), db.lists().wait_front("jobs")];
        for (waiting, count) in waiting.iter_mut().zip(&counts) {
            assert!(poll(waiting, count).is_pending());
        }
        db.lists().push_back("jobs", "1").unwrap();
        assert_eq!(counts.each_ref().map(|count| count.0.load(Ordering::SeqCst)), [1, 0]);
        assert_eq!(db.lists().len("jobs"), Ok(0));
        db.lists().push_back("jobs", "2").unwrap();
        let [first, second] = &mut waiting;
        assert_eq!(poll(second, &counts[1]), Poll::Ready(Ok(b"2".to_vec())));
        assert_eq!(poll(first, &counts[0]), Poll::Ready(Ok(b"1".to_vec())));
        assert!(is_quiet(&db));
    }

    #[test]
    fn a_dropped_future_leaves_nobody_behind_and_loses_nothing() {
        let db = Engine::new().db();
        let count = Arc::<Count>::default();
        let mut given_up = db.lists().wait_front("jobs");
        assert!(poll(&mut given_up, &count).is_pending());
        drop(given_up);
        assert!(is_quiet(&db));
        // Dropped with the element in hand: it goes back to where it was, or to whoever is next.
        let mut served = db.lists().wait_back("jobs");
        assert!(poll(&mut served, &count).is_pending());
        db.lists().push_back("jobs", "1").unwrap();
        assert_eq!(db.lists().len("jobs"), Ok(0));
        db.lists().push_front("jobs", "0").unwrap();
        drop(served);
        assert_eq!(db.lists().range("jobs", 0..9), Ok(vec![b"0".to_vec(), b"1".to_vec()]));
        db.keys().remove("jobs").unwrap();
        let (mut served, mut next) = (db.zsets().wait_min("z"), db.zsets().wait_min("z"));
        assert!(poll(&mut served, &count).is_pending() && poll(&mut next, &count).is_pending());
        db.zsets().add("z", "m", 1.5).unwrap();
        drop(served);
        assert_eq!(poll(&mut next, &count), Poll::Ready(Ok((b"m".to_vec(), 1.5))));
        assert!(is_quiet(&db));
    }

    #[test]
    fn several_keys_are_looked_at_in_order_and_left_together() {
        let db = Engine::new().db();
        let count = Arc::<Count>::default();
        let mut any = db.lists().wait_front_of(&["high", "low"]);
        assert!(poll(&mut any, &count).is_pending());
        // What is no list is passed over by who waits already.
        db.strings().set("high", "text").unwrap();
        assert!(poll(&mut any, &count).is_pending());
        db.lists().push_back("low", "1").unwrap();
        assert_eq!(poll(&mut any, &count), Poll::Ready(Ok((b"low".to_vec(), b"1".to_vec()))));
        assert!(is_quiet(&db));
        assert_eq!(db.lists().wait_front("high").up_to(Duration::ZERO), Err(Error::WrongType));
        assert_eq!(db.lists().wait_front("low").up_to(Duration::ZERO), Ok(None));
        assert_eq!(
            db.transaction(|tx| tx.lists().wait_front("low").for_ever()),
            Err(Error::NotInTransaction)
        );
        assert!(is_quiet(&db));
    }

    #[test]
    fn entries_of_streams_are_read_and_stay() {
        let db = Engine::new().db();
        let count = Arc::<Count>::default();
        let first = db.streams().append("s", &[("a", "1")]).unwrap();
        assert_eq!(db.streams().wait_after("s", StreamId::MIN).for_ever().unwrap().len(), 1);
        let mut later = db.streams().wait_after("s", first);
        assert!(poll(&mut later, &count).is_pending());
        let second = db.streams().append("s", &[("a", "2")]).unwrap();
        let Poll::Ready(Ok(entries)) = poll(&mut later, &count) else { panic!("it has been served") };
        assert_eq!(entries.iter().map(|entry| entry.id).collect::<Vec<_>>(), [second]);
        assert_eq!(db.streams().len("s"), Ok(2));
    }

    /// Producers, consumers that block, and consumers that give up at once: each element is seen exactly once.
    #[test]
    fn nothing_is_lost_or_doubled_among_threads() {
        const EACH: usize = 400;
        let db = Engine::new().db();
        let seen = Mutex::new(Vec::new());
        let left = AtomicUsize::new(3 * EACH);
        std::thread::scope(|scope| {
            for producer in 0..3 {
                let db = &db;
                scope.spawn(move || {
                    for n in 0..EACH {
                        db.lists().push_back("q", (producer * EACH + n).to_string()).unwrap();
                    }
                });
            }
            for consumer in 0..4 {
                let (db, seen, left) = (&db, &seen, &left);
                scope.spawn(move || {
                    let count = Arc::<Count>::default();
                    while left.load(Ordering::SeqCst) > 0 {
                        // Every other one is polled once, and dropped with or without an element in hand.
                        let mut waiting = db.lists().wait_front("q");
                        let found = if consumer % 2 == 0 {
                            waiting.up_to(Duration::from_millis(1)).unwrap()
                        } else {
                            match poll(&mut waiting, &count) {
                                Poll::Ready(found) => Some(found.unwrap()),
                                Poll::Pending => None,
                            }
                        };
                        if let Some(found) = found {
                            seen.lock().push(String::from_utf8(found).unwrap().parse::<usize>().unwrap());
                            left.fetch_sub(1, Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        let mut seen = seen.into_inner();
        seen.sort_unstable();
        assert_eq!(seen, (0..3 * EACH).collect::<Vec<_>>());
        assert!(is_quiet(&db));
    }
}
