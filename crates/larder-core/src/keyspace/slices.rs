//! Going through large values in slices, so that nobody waits long for a stripe that one of them lies in.
//!
//! Between slices the view lets its locks go, and whoever waits for one has it first. What is read is all the same the
//! value of one moment: a mark, the one that `WATCH` sets as well, tells whether it was changed in between. Then
//! everything begins anew. A value that is changed all the time would have its readers begin for ever, so after some
//! attempts the locks are held for the whole; `INFO locks` counts how often that comes to pass. Most attempts that fail
//! end early, since the first change ends them.

use super::{Key, View, WatchMark};
use crate::error::Error;
use crate::limits::{SLICE_BYTES, SLICE_PARTS, SLICED_ATTEMPTS};
use crate::sync::Ordering;
use crate::value::Object;
use crate::value::copying::Copying;

/// What is left of a slice.
#[derive(Clone, Copy, Debug)]
pub struct Slice {
    parts: usize,
    bytes: usize,
}

impl Default for Slice {
    fn default() -> Slice {
        Slice { parts: SLICE_PARTS, bytes: SLICE_BYTES }
    }
}

impl Slice {
    /// Of a table so many parts are asked for at a time.
    pub const STEP: usize = 4;

    /// One of so many parts.
    #[cfg(test)]
    pub(crate) fn of(parts: usize) -> Slice {
        Slice { parts, ..Slice::default() }
    }

    /// How many parts more it may have at most: while this is 0, it has ended.
    pub fn left(&self) -> usize {
        if self.bytes == 0 { 0 } else { self.parts }
    }

    /// Goes through a table from a cursor on: `some` visits about [`Slice::STEP`] parts of it, takes them into account,
    /// and gives the next cursor, 0 at the end. So does this.
    pub fn walk(&mut self, mut cursor: u64, mut some: impl FnMut(&mut Slice, u64) -> u64) -> u64 {
        while self.left() > 0 {
            cursor = some(self, cursor);
            if cursor == 0 {
                return 0;
            }
            // Where there are few parts, empty buckets are met instead.
            self.add(0);
        }
        cursor
    }

    /// Takes a part of so many bytes into account.
    pub fn add(&mut self, bytes: usize) {
        self.parts = self.parts.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

impl View<'_> {
    /// Goes through what some keys of this view hold in slices. `slice` is called with the locks held, does what a
    /// [`Slice`] allows, adds to what it has found so far, and says whether that is all; it begins with nothing. Where
    /// a key was changed by others between two calls, it begins with nothing again. All that comes back was so at one
    /// moment, and is so still: the locks are held. Who only reads may then [release](View::release) them.
    ///
    /// A view of everything, and a roaming one, hold what they have for the whole.
    pub fn in_slices<S: Default, E: From<Error>>(
        &mut self,
        keys: &[Key<'_>],
        slice: impl FnMut(&mut View<'_>, &mut S) -> Result<bool, E>,
    ) -> Result<S, E> {
        self.go_through(keys, slice, Ok, false)
    }

    /// The same, and makes something of all that was found, for which no lock is needed; where a key was changed until
    /// that is done, it begins with nothing again, too.
    pub fn in_slices_then<S: Default, T, E: From<Error>>(
        &mut self,
        keys: &[Key<'_>],
        slice: impl FnMut(&mut View<'_>, &mut S) -> Result<bool, E>,
        make: impl FnMut(S) -> Result<T, E>,
    ) -> Result<T, E> {
        self.go_through(keys, slice, make, true)
    }

    /// Copies what a key holds in slices: as it is in the end, when the locks are held. `None` for a short string, and
    /// for nothing. Long strings are shared; what is packed, and streams, are copied at once.
    pub fn copy_in_slices(&mut self, key: &Key<'_>) -> crate::error::Result<Option<Object>> {
        let tools = self.tools();
        let copying = self.in_slices(&[*key], |view, copying: &mut Copying| {
            let entry = view.peek(key)?;
            let object = entry.as_ref().and_then(super::Entry::object);
            Ok::<_, Error>(object.is_none_or(|object| copying.go_on(object, &tools, &mut Slice::default())))
        })?;
        Ok(copying.into_object())
    }

    fn go_through<S: Default, T, E: From<Error>>(
        &mut self,
        keys: &[Key<'_>],
        mut slice: impl FnMut(&mut View<'_>, &mut S) -> Result<bool, E>,
        mut make: impl FnMut(S) -> Result<T, E>,
        apart: bool,
    ) -> Result<T, E> {
        // One moment for all slices: what is gone by now is gone for each of them, and nothing else is.
        self.now_ms();
        self.held_from_now();
        let locks = &self.shared.locks;
        locks.sliced.fetch_add(1, Ordering::Relaxed);
        for attempt in 0..SLICED_ATTEMPTS {
            if attempt > 0 {
                locks.sliced_again.fetch_add(1, Ordering::Relaxed);
            }
            if let Some(made) = self.attempt(keys, &mut slice, &mut make, apart)? {
                return Ok(made);
            }
        }
        locks.sliced_whole.fetch_add(1, Ordering::Relaxed);
        let mut found = S::default();
        while !slice(self, &mut found)? {}
        make(found)
    }

    /// `None` if a key was changed meanwhile.
    fn attempt<S: Default, T, E: From<Error>>(
        &mut self,
        keys: &[Key<'_>],
        slice: &mut impl FnMut(&mut View<'_>, &mut S) -> Result<bool, E>,
        make: &mut impl FnMut(S) -> Result<T, E>,
        apart: bool,
    ) -> Result<Option<T>, E> {
        let mark = WatchMark::default();
        for key in keys {
            self.watch(key, &mark)?;
        }
        let mut found = S::default();
        let made = loop {
            match slice(self, &mut found) {
                Ok(false) => {}
                Ok(true) if apart => break self.apart(&mark, || make(found)),
                Ok(true) => break make(found).map(Some),
                Err(error) => break Err(error),
            }
            if !self.pause(&mark, &mut found) {
                break Ok(None);
            }
        };
        for key in keys {
            self.unwatch(key, &mark)?;
        }
        made
    }

    /// Does something without the locks. `None` if the mark was set until it was done.
    fn apart<T, E>(&mut self, mark: &WatchMark, make: impl FnOnce() -> Result<T, E>) -> Result<Option<T>, E> {
        let released = self.let_go();
        let mut made = make().map(Some);
        #[cfg(test)]
        tests::between_slices();
        loop {
            if mark.is_set() {
                // Dropped without a lock; an error of what has changed meanwhile is none.
                made = Ok(None);
            }
            self.take_again(&released);
            if matches!(made, Ok(None)) || !mark.is_set() {
                return made;
            }
            self.let_go();
        }
    }

    /// Lets others have the locks. Says whether the mark is still not set; else what was found is dropped, and not
    /// under a lock.
    fn pause<S: Default>(&mut self, mark: &WatchMark, found: &mut S) -> bool {
        loop {
            let released = self.let_go();
            #[cfg(test)]
            tests::between_slices();
            let stale = mark.is_set();
            if stale {
                *found = S::default();
            }
            self.take_again(&released);
            if stale || !mark.is_set() {
                return !stale;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use crate::value::set::Set;
    use crate::{DbIndex, Engine, Expiry, ManualClock, Missing, Options};
    use std::cell::RefCell;
    use std::collections::BTreeSet;
    use std::sync::Arc;
    use std::thread;
    use std::time::Duration;

    type Hook = Box<dyn FnMut()>;

    thread_local! {
        static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) };
    }

    /// Called with the locks gone.
    pub(super) fn between_slices() {
        let hook = HOOK.take();
        if let Some(mut hook) = hook {
            hook();
            HOOK.set(Some(hook));
        }
    }

    /// Does something between two slices of this thread.
    fn meanwhile<R>(hook: impl FnMut() + 'static, work: impl FnOnce() -> R) -> R {
        HOOK.set(Some(Box::new(hook)));
        let result = work();
        HOOK.set(None);
        result
    }

    const MEMBERS: usize = SLICE_PARTS * 4;

    fn key<'k>(engine: &Engine, name: &'k str) -> Key<'k> {
        engine.key(DbIndex::default(), name.as_bytes())
    }

    fn change(engine: &Engine, name: &str, change: impl FnOnce(&mut crate::Edit<'_, Set>)) {
        let key = key(engine, name);
        let mut view = engine.view_one(&key, None);
        view.edit(&key, Missing::Create, change).expect("it is a set");
    }

    fn add(engine: &Engine, name: &str, members: impl IntoIterator<Item = String>) {
        change(engine, name, |edit| {
            for member in members {
                edit.collection.insert(&edit.tools, member.as_bytes());
            }
            edit.report("sadd");
        });
    }

    fn engine() -> Engine {
        let engine = Engine::with_options(Options { seed: Some(1), ..Options::default() });
        add(&engine, "set", (0..MEMBERS).map(|n| format!("member:{n}")));
        engine
    }

    /// The members of some sets, a slice at a time. A slice is small, so that there are many.
    fn members(view: &mut View<'_>, keys: &[Key<'_>], parts: usize) -> crate::Result<BTreeSet<Vec<u8>>> {
        #[derive(Default)]
        struct Found {
            members: BTreeSet<Vec<u8>>,
            set: usize,
            cursor: u64,
        }
        let found: Found = view.in_slices(keys, |view, found: &mut Found| {
            let Some(key) = keys.get(found.set) else { return Ok::<_, Error>(true) };
            let set = view.peek(key)?.map(|entry| entry.collection::<Set>()).transpose()?;
            let cursor = set.map_or(0, |set| {
                set.scan(found.cursor, parts, |member| {
                    assert!(found.members.insert(member.to_vec()), "met twice");
                })
            });
            (found.set, found.cursor) = (found.set + usize::from(cursor == 0), cursor);
            Ok(found.set == keys.len())
        })?;
        Ok(found.members)
    }

    fn nobody_watches(view: &mut View<'_>, key: &Key<'_>) -> bool {
        view.locked.stripe(key.stripe()).expect("in the view").interest.is_empty()
    }

    fn counts(engine: &Engine) -> [u64; 3] {
        let locks = engine.locks();
        [&locks.sliced, &locks.sliced_again, &locks.sliced_whole].map(|count| count.load(Ordering::Relaxed))
    }

    #[test]
    fn a_slice_ends_with_its_parts_or_its_bytes() {
        let mut slice = Slice::default();
        for left in (0..SLICE_PARTS).rev() {
            assert!(slice.left() > 0);
            slice.add(1);
            assert_eq!(slice.left(), left);
        }
        let mut slice = Slice::default();
        slice.add(SLICE_BYTES - 1);
        assert!(slice.left() > 0);
        slice.add(7);
        assert_eq!(slice.left(), 0);
    }

    #[test]
    fn others_have_the_stripe_between_slices() {
        let engine = engine();
        let set = key(&engine, "set");
        let other = (0..10_000)
            .map(|n| format!("other:{n}"))
            .find(|name| key(&engine, name).stripe() == set.stripe());
        let other = other.expect("one of so many lies in the same stripe");
        let (times, writer) = (Arc::new(crate::sync::AtomicU64::new(0)), engine.clone());
        let found = meanwhile(
            {
                let times = times.clone();
                move || {
                    let key = key(&writer, &other);
                    writer.view_one(&key, None).set(&key, b"value", Expiry::Never).expect("in the view");
                    times.fetch_add(1, Ordering::Relaxed);
                }
            },
            || members(&mut engine.view_one(&set, None), &[set], SLICE_PARTS),
        );
        assert_eq!(found.expect("it is a set").len(), MEMBERS);
        let times = times.load(Ordering::Relaxed);
        assert!((3..20).contains(&times), "{times}");
        assert_eq!(counts(&engine), [1, 0, 0], "other keys are nothing to it");
        // Nobody wants to know of changes any more.
        assert!(nobody_watches(&mut engine.view_one(&set, None), &set));
    }

    #[test]
    fn what_is_changed_between_slices_is_read_anew() {
        type Change = fn(&Engine);
        let cases: [(Change, usize, u64); 7] = [
            (|engine| add(engine, "set", ["new".into()]), MEMBERS + 1, 1),
            (
                |engine| {
                    change(engine, "set", |set| {
                        set.remove(b"member:7");
                        set.report("srem");
                    });
                },
                MEMBERS - 1,
                1,
            ),
            // Nothing is changed, and nothing reported.
            (|engine| change(engine, "set", |_| {}), MEMBERS, 0),
            (
                |engine| {
                    let key = key(engine, "set");
                    let mut view = engine.view_one(&key, None);
                    assert!(view.remove(&key).expect("in the view"));
                    view.report(&key, "del", crate::Class::GENERIC).expect("in the view");
                },
                0,
                1,
            ),
            (
                |engine| {
                    let mut view = engine.view_all(None);
                    view.flush(DbIndex::default()).expect("all are in the view");
                },
                0,
                1,
            ),
            (
                |engine| {
                    let other = DbIndex::new(1).expect("there are some");
                    engine.view_all(None).swap(DbIndex::default(), other).expect("all are in the view");
                },
                0,
                1,
            ),
            (
                |engine| {
                    let ((from, to), mut view) =
                        ((key(engine, "few"), key(engine, "set")), engine.view_all(None));
                    assert!(view.rename(&from, &to).expect("all are in the view"));
                    view.report(&to, "rename_to", crate::Class::GENERIC).expect("all are in the view");
                },
                1,
                1,
            ),
        ];
        for (case, (change, len, again)) in cases.into_iter().enumerate() {
            let engine = engine();
            add(&engine, "few", ["one".into()]);
            let set = key(&engine, "set");
            let (writer, mut left) = (engine.clone(), 1);
            let once = move || {
                if left > 0 {
                    left -= 1;
                    change(&writer);
                }
            };
            let found = meanwhile(once, || members(&mut engine.view_one(&set, None), &[set], SLICE_PARTS));
            assert_eq!(found.expect("it is a set").len(), len, "case {case}");
            assert_eq!(counts(&engine), [1, again, 0], "case {case}");
        }
    }

    #[test]
    fn what_dies_between_slices_is_read_anew() {
        let clock = Arc::new(ManualClock::new());
        let options = Options { seed: Some(1), clock: clock.clone(), ..Options::default() };
        let engine = Engine::with_options(options);
        add(&engine, "set", (0..MEMBERS).map(|n| format!("member:{n}")));
        let set = key(&engine, "set");
        let deadline = crate::Deadline::at_ms(engine.now_ms() + 10);
        engine.view_one(&set, None).set_deadline(&set, Some(deadline)).expect("in the view");
        let pass = move || clock.advance(Duration::from_millis(10));
        let found = meanwhile(pass, || members(&mut engine.view_one(&set, None), &[set], SLICE_PARTS));
        assert_eq!(found.expect("it is a set").len(), 0);
        assert_eq!(counts(&engine), [1, 1, 0]);
    }

    #[test]
    fn what_is_changed_all_the_time_is_read_in_one_hold() {
        let engine = engine();
        let set = key(&engine, "set");
        let (writer, mut n) = (engine.clone(), 0);
        let change = move || {
            n += 1;
            add(&writer, "set", [format!("new:{n}")]);
        };
        let found = meanwhile(change, || members(&mut engine.view_one(&set, None), &[set], SLICE_PARTS));
        // Each attempt ended at the first change.
        assert_eq!(found.expect("it is a set").len(), MEMBERS + SLICED_ATTEMPTS);
        assert_eq!(counts(&engine), [1, SLICED_ATTEMPTS as u64 - 1, 1]);
        assert!(nobody_watches(&mut engine.view_one(&set, None), &set));
    }

    #[test]
    fn what_is_made_of_it_without_a_lock_is_made_anew_as_well() {
        let engine = engine();
        let set = key(&engine, "set");
        let read = |view: &mut View<'_>, len: &mut usize| {
            *len = view.peek(&set)?.map_or(0, |entry| entry.object().map_or(0, Object::parts));
            Ok::<_, Error>(true)
        };
        let mut made = 0;
        let make = |len: usize| {
            made += 1;
            // What was wrong with a value that is another one by now is wrong no more.
            if len == MEMBERS { Err(Error::NotInteger) } else { Ok(len) }
        };
        let (writer, mut left) = (engine.clone(), 2);
        let change = move || {
            if left > 0 {
                left -= 1;
                add(&writer, "set", [format!("new:{left}")]);
            }
        };
        let mut view = engine.view_one(&set, None);
        let len = meanwhile(change, || view.in_slices_then(&[set], read, make));
        assert_eq!((len, made, counts(&engine)), (Ok(MEMBERS + 2), 3, [1, 2, 0]));
        // It is so still: the locks are held.
        assert!(view.holds(&set) && nobody_watches(&mut view, &set));
    }

    #[test]
    fn a_string_is_remade_of_what_it_is_in_the_end() {
        let engine = engine();
        let text = key(&engine, "text");
        let deadline = crate::Deadline::at_ms(engine.now_ms() + 1_000_000);
        engine.view_one(&text, None).set(&text, b"one", Expiry::At(deadline)).expect("in the view");
        let (writer, mut left) = (engine.clone(), 2);
        let append = move || {
            if left > 0 {
                left -= 1;
                let key = key(&writer, "text");
                let mut view = writer.view_one(&key, None);
                view.edit_bytes(&key, Missing::Skip, |bytes| bytes.push(b'+')).expect("it is a string");
                view.report(&key, "append", crate::Class::STRING).expect("in the view");
            }
        };
        let mut made = 0;
        let mut view = engine.view_one(&text, None);
        let make = |old: Option<&[u8]>| {
            made += 1;
            let old = old.expect("it is there");
            Ok::<_, Error>((crate::value::string::extended(old, SLICE_BYTES), old.len()))
        };
        let len = meanwhile(append, || view.remake_bytes(&text, make));
        assert_eq!((len, made, counts(&engine)), (Ok(5), 3, [1, 2, 0]));
        assert!(nobody_watches(&mut view, &text));
        let entry = view.peek(&text).expect("in the view").expect("it is there");
        assert_eq!(entry.deadline(), Some(deadline));
        let value = entry.string().expect("it is a string").to_vec();
        assert_eq!(
            (value.len(), value.strip_suffix(&vec![0; SLICE_BYTES - 5][..])),
            (SLICE_BYTES, Some(&b"one++"[..]))
        );
        // It goes on from here in place.
        let cost = view.write_cost(&text, None, 100).expect("in the view");
        assert_eq!((cost.bytes, cost.stays, cost.is_long()), (100, true, false));
        // An error changes nothing, and what is no string is an error.
        let failed = view.remake_bytes(&text, |_| Err::<(Vec<u8>, ()), _>(Error::TooLarge));
        assert_eq!(failed, Err(Error::TooLarge));
        assert_eq!(view.string(&text).expect("it is a string").map(|value| value.len()), Some(SLICE_BYTES));
        drop(view);
        let set = key(&engine, "set");
        let failed =
            engine.view_one(&set, None).remake_bytes(&set, |_| Ok::<_, Error>((Vec::new(), "not asked")));
        assert_eq!(failed, Err(Error::WrongType));
        // What is missing is made, and accounted for like everything else.
        engine.view_all(None).flush(DbIndex::default()).expect("all are in the view");
        let make = |old: Option<&[u8]>| Ok::<_, Error>((vec![1; SLICE_BYTES], old.is_none()));
        assert_eq!(engine.view_one(&text, None).remake_bytes(&text, make), Ok(true));
        assert!(engine.records_bytes() > SLICE_BYTES as i64);
        engine.view_all(None).flush(DbIndex::default()).expect("all are in the view");
        assert_eq!(engine.records_bytes(), 0);
    }

    #[test]
    fn a_view_of_everything_holds_everything() {
        let engine = engine();
        let set = key(&engine, "set");
        let waits = |engine: &Engine| engine.locks().waits.total();
        let found = members(&mut engine.view_all(None), &[set], SLICE_PARTS).expect("it is a set");
        assert_eq!((found.len(), waits(&engine)), (MEMBERS, 0));
        let mut view = engine.view_one(&set, None);
        assert!(view.roam(false));
        let found = members(&mut view, &[set], SLICE_PARTS).expect("it is a set");
        assert_eq!(found.len(), MEMBERS);
        assert!(view.holds(&set));
    }

    #[test]
    fn the_typed_interface_copies_what_is_large_in_slices() {
        let engine = Engine::with_options(Options { seed: Some(1), ..Options::default() });
        let db = engine.db();
        for n in 0..MEMBERS {
            let name = format!("{n:05}");
            db.lists().push_back("list", &name).expect("it is a list");
            db.zsets().add("zset", &name, n as f64).expect("it is a sorted set");
            db.sets().add("set", &name).expect("it is a set");
            db.hashes().set("hash", &name, n.to_string()).expect("it is a hash");
        }
        let name = |n: usize| format!("{n:05}").into_bytes();
        let names: Vec<Vec<u8>> = (0..MEMBERS).map(name).collect();
        assert_eq!(db.lists().range("list", 0..usize::MAX).as_ref(), Ok(&names));
        assert_eq!(db.lists().range("list", 7..MEMBERS - 1).expect("it is a list"), names[7..MEMBERS - 1]);
        assert_eq!(db.lists().range("list", usize::MAX - 1..usize::MAX), Ok(vec![]));
        let members = db.zsets().range("zset", 3..MEMBERS + 5).expect("it is a sorted set");
        assert!(members.iter().map(|(name, _)| name).eq(&names[3..]));
        assert!(members.iter().enumerate().all(|(n, (_, score))| *score as usize == n + 3));
        let mut members = db.sets().members("set").expect("it is a set");
        members.sort();
        assert_eq!(members, names);
        let mut fields = db.hashes().get_all("hash").expect("it is a hash");
        fields.sort();
        assert!(fields.iter().map(|(field, _)| field).eq(&names));
        assert!(fields.iter().enumerate().all(|(n, (_, value))| *value == n.to_string().into_bytes()));
        assert_eq!(counts(&engine), [5, 0, 0]);
        // Few are copied at once.
        assert_eq!(db.lists().range("list", 5..9).expect("it is a list"), names[5..9]);
        assert_eq!(db.sets().members("none"), Ok(vec![]));
        assert_eq!(db.hashes().get_all("set"), Err(Error::WrongType));
        assert_eq!(counts(&engine), [5, 0, 0]);
    }

    #[test]
    fn an_error_leaves_nothing_behind() {
        let engine = engine();
        let set = key(&engine, "set");
        let mut view = engine.view_one(&set, None);
        let failed = view.in_slices(&[set], |_, calls: &mut usize| {
            *calls += 1;
            if *calls == 3 { Err(Error::WrongType) } else { Ok(false) }
        });
        assert_eq!(failed, Err(Error::WrongType));
        assert!(nobody_watches(&mut view, &set));
    }

    /// Writers move members from one set to another, two of them always together; readers see each member once, and
    /// twins in the same set.
    #[test]
    fn readers_see_one_moment() {
        const PAIRS: usize = 100;
        for seed in 0..2 {
            let engine = Engine::with_options(Options { seed: Some(seed), ..Options::default() });
            let names = ["left", "right"];
            for n in 0..PAIRS {
                add(&engine, names[n % 2], [format!("{n}:a"), format!("{n}:b")]);
            }
            let done = Arc::new(crate::sync::AtomicBool::new(false));
            let writer = thread::spawn({
                let (engine, done) = (engine.clone(), done.clone());
                move || {
                    let (mut rng, mut moves) = (Rng::seeded(seed), 0_u64);
                    let keys = names.map(|name| key(&engine, name));
                    while !done.load(Ordering::Relaxed) {
                        let n = rng.below(PAIRS);
                        let pair = [format!("{n}:a"), format!("{n}:b")];
                        let mut view = engine.view(&keys);
                        let left = view.collection::<Set>(&keys[0]).expect("it is a set");
                        let from = usize::from(!left.is_some_and(|set| set.contains(pair[0].as_bytes())));
                        for (key, comes) in [(keys[from], false), (keys[1 - from], true)] {
                            view.edit(&key, Missing::Create, |edit: &mut crate::Edit<'_, Set>| {
                                for member in &pair {
                                    let changed = if comes {
                                        edit.collection.insert(&edit.tools, member.as_bytes())
                                    } else {
                                        edit.remove(member.as_bytes())
                                    };
                                    assert!(changed);
                                }
                                edit.report("smove");
                            })
                            .expect("it is a set");
                        }
                        moves += 1;
                        // Sometimes there is time enough to read all of it.
                        if rng.below(50) == 0 {
                            drop(view);
                            thread::yield_now();
                        }
                    }
                    moves
                }
            });
            let keys = names.map(|name| key(&engine, name));
            // Until attempts have been begun anew, and some have come to an end in slices.
            let mut reads = 0_u64;
            while reads < 10 || counts(&engine)[1] < 2 || counts(&engine)[2] == reads {
                let both = members(&mut engine.view(&keys), &keys, 4).expect("they are sets");
                assert_eq!(both.len(), 2 * PAIRS, "seed {seed}");
                let one = members(&mut engine.view_one(&keys[0], None), &keys[..1], 4).expect("it is a set");
                for n in 0..PAIRS {
                    let [a, b] = ["a", "b"].map(|twin| one.contains(format!("{n}:{twin}").as_bytes()));
                    assert_eq!(a, b, "seed {seed}, pair {n}");
                }
                reads += 2;
            }
            done.store(true, Ordering::Relaxed);
            assert!(writer.join().expect("it does not panic") > 0);
        }
    }
}
