//! Freeing large values where nobody waits for it.
//!
//! A hash of a million fields takes some fifty milliseconds to free, and a hundred megabytes some ten. Whoever removed
//! it, or wrote over it, or serves other clients on the thread on which it came to its end, should not have to do that.
//! So large ones go to a thread that lives for as long as there is something to free: there is none while there is
//! nothing, and starting one costs a fraction of what it then does. Where an engine is to have no threads, or more is
//! waiting to be freed than may, whoever removed a value frees it, with no lock held either way.

use super::stripe::Db;
use crate::limits::{RECLAIM_BYTES_MAX, RECLAIM_PARTS_MIN};
use crate::sync::{Arc, AtomicUsize, Mutex, Ordering};
use crate::value::Object;
use std::fmt;
use std::thread::JoinHandle;

/// What is left of values.
pub(super) enum Remains {
    Object(Box<Object>),
    /// Databases, or what a stripe has of them, emptied at once.
    Dbs(Vec<Db>),
}

impl Remains {
    /// About so many allocations: what freeing takes time for.
    fn parts(&self) -> usize {
        match self {
            Remains::Object(object) => object.allocations(),
            Remains::Dbs(dbs) => dbs.iter().map(|db| db.table.len()).sum(),
        }
    }

    /// Bytes, roughly.
    fn bytes(&self) -> usize {
        match self {
            Remains::Object(object) => object.used_bytes(),
            // What a short entry takes. Large values in it are not looked for.
            Remains::Dbs(_) => self.parts() * 64,
        }
    }
}

#[derive(Default)]
struct Line {
    remains: Vec<Remains>,
    /// Bytes that wait or are being freed.
    bytes: usize,
    is_served: bool,
    thread: Option<JoinHandle<()>>,
}

/// Who frees what is large.
pub(crate) struct Reclaimer {
    has_thread: bool,
    line: Mutex<Line>,
    /// Values that wait or are being freed.
    pending: AtomicUsize,
    /// All that have ever come.
    taken: AtomicUsize,
    /// The thread frees nothing while a test holds this.
    #[cfg(test)]
    gate: Mutex<()>,
}

impl fmt::Debug for Reclaimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reclaimer").field("pending", &self.pending).finish_non_exhaustive()
    }
}

impl Reclaimer {
    pub(crate) fn new(has_thread: bool) -> Arc<Reclaimer> {
        Arc::new(Reclaimer {
            has_thread,
            line: Mutex::default(),
            pending: AtomicUsize::new(0),
            taken: AtomicUsize::new(0),
            #[cfg(test)]
            gate: Mutex::new(()),
        })
    }

    /// How many large values wait to be freed, or are being freed.
    pub(crate) fn pending(&self) -> usize {
        self.pending.load(Ordering::Relaxed)
    }

    /// How many large values have come here to be freed.
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Frees a value, a large one later and elsewhere. Called without locks.
    #[inline]
    pub(super) fn free(self: &Arc<Self>, remains: Remains) {
        if self.has_thread && remains.parts() >= RECLAIM_PARTS_MIN {
            self.hand_over(remains);
        }
    }

    /// Lets go of bytes that others may still have.
    pub(crate) fn discard(self: &Arc<Self>, bytes: Arc<Vec<u8>>) {
        self.free(Remains::Object(Box::new(Object::Bytes(bytes))));
    }

    #[cold]
    fn hand_over(self: &Arc<Self>, remains: Remains) {
        let mut line = self.line.lock();
        if line.bytes > RECLAIM_BYTES_MAX {
            // Whoever makes more than one thread frees pays for it: otherwise memory would have no bound.
            drop(line);
            drop(remains);
            return;
        }
        line.bytes += remains.bytes();
        line.remains.push(remains);
        self.pending.fetch_add(1, Ordering::Relaxed);
        self.taken.fetch_add(1, Ordering::Relaxed);
        if line.is_served {
            return;
        }
        if let Some(thread) = line.thread.take() {
            // It has nothing left to do but to end.
            let _ = thread.join();
        }
        let this = self.clone();
        let thread = std::thread::Builder::new().name("larder-reclaim".into()).spawn(move || this.serve());
        if let Ok(thread) = thread {
            (line.thread, line.is_served) = (Some(thread), true);
            return;
        }
        // The system refuses a thread: then it is done here.
        let remains = std::mem::take(&mut line.remains);
        line.bytes = 0;
        drop(line);
        self.pending.fetch_sub(remains.len(), Ordering::Relaxed);
    }

    fn serve(&self) {
        loop {
            let remains = {
                let mut line = self.line.lock();
                line.is_served = !line.remains.is_empty();
                if !line.is_served {
                    return;
                }
                std::mem::take(&mut line.remains)
            };
            for remains in remains {
                #[cfg(test)]
                let _gate = self.gate.lock();
                let bytes = remains.bytes();
                drop(remains);
                self.line.lock().bytes -= bytes;
                self.pending.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    /// Waits until everything is freed.
    pub(crate) fn close(&self) {
        let thread = self.line.lock().thread.take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::value::Object;
    use crate::value::hash::Hash;
    use crate::{DbIndex, Engine, Expiry, Maintenance, Missing, Options};
    use std::sync::{Arc, Weak};
    use std::thread;

    /// A value that is large, and whether it is still there.
    fn bytes() -> (Object, Weak<Vec<u8>>) {
        let bytes = Arc::new(vec![b'x'; 8 << 20]);
        let witness = Arc::downgrade(&bytes);
        (Object::Bytes(bytes), witness)
    }

    fn is_there(witness: &Weak<Vec<u8>>) -> bool {
        witness.strong_count() > 0
    }

    fn put(engine: &Engine, name: &[u8]) -> Weak<Vec<u8>> {
        let (object, witness) = bytes();
        let key = engine.key(DbIndex::default(), name);
        engine.view_one(&key, None).put_object(&key, object, Expiry::Never).expect("it is in the view");
        witness
    }

    fn fill(engine: &Engine, name: &[u8]) {
        let key = engine.key(DbIndex::default(), name);
        let fill = |edit: &mut crate::Edit<'_, Hash>| {
            for n in 0..10_000 {
                edit.collection.set(&edit.tools, format!("field:{n}").as_bytes(), b"value");
            }
        };
        engine.view_one(&key, None).edit(&key, Missing::Create, fill).expect("it is a hash");
    }

    #[test]
    fn whoever_removes_or_overwrites_a_large_value_does_not_free_it() {
        let engine = Engine::new();
        let gate = engine.shared.reclaimer.gate.lock();
        let witnesses = [b"removed", b"written", b"flushed"].map(|name| put(&engine, name));
        fill(&engine, b"hash");
        let key = |name: &'static [u8]| engine.key(DbIndex::default(), name);
        assert!(engine.view_one(&key(b"removed"), None).remove(&key(b"removed")).expect("in the view"));
        assert!(engine.view_one(&key(b"hash"), None).remove(&key(b"hash")).expect("in the view"));
        engine
            .view_one(&key(b"written"), None)
            .set(&key(b"written"), b"short", Expiry::Never)
            .expect("in the view");
        assert_eq!(engine.reclaim_pending(), 3);
        assert_eq!(witnesses.each_ref().map(is_there), [true; 3]);
        drop(gate);
        while engine.reclaim_pending() > 0 {
            thread::yield_now();
        }
        assert_eq!(witnesses.each_ref().map(is_there), [false, false, true]);
        // Once more: the thread has ended, and another one begins.
        let gate = engine.shared.reclaimer.gate.lock();
        let again = put(&engine, b"removed");
        assert!(engine.view_one(&key(b"removed"), None).remove(&key(b"removed")).expect("in the view"));
        assert!(is_there(&again));
        drop(gate);
        // Who closes an engine waits for what is to be freed.
        drop(engine);
        assert!(!is_there(&again));
    }

    #[test]
    fn flushing_is_over_before_anything_is_freed() {
        const KEYS: usize = crate::limits::RECLAIM_PARTS_MIN;
        let engine = Engine::new();
        for n in 0..KEYS {
            let name = format!("key:{n}");
            let key = engine.key(DbIndex::default(), name.as_bytes());
            engine.view_one(&key, None).set(&key, b"value", Expiry::Never).expect("in the view");
        }
        let gate = engine.shared.reclaimer.gate.lock();
        let flushed = engine.view_all(None).flush(DbIndex::default()).expect("all are in the view");
        assert_eq!(flushed, KEYS);
        assert_eq!((engine.reclaim_pending(), engine.records_bytes()), (1, 0));
        drop(gate);
        while engine.reclaim_pending() > 0 {
            thread::yield_now();
        }
    }

    #[test]
    fn an_engine_without_threads_frees_at_once() {
        let engine = Engine::with_options(Options { maintenance: Maintenance::Manual, ..Options::default() });
        let witness = put(&engine, b"key");
        let key = engine.key(DbIndex::default(), b"key");
        assert!(engine.view_one(&key, None).remove(&key).expect("in the view"));
        assert!(!is_there(&witness));
        assert_eq!(engine.reclaim_pending(), 0);
    }

    #[test]
    fn what_a_reader_still_has_is_not_freed_by_the_thread() {
        let engine = Engine::new();
        let witness = put(&engine, b"key");
        let read = witness.upgrade().expect("it is there");
        let key = engine.key(DbIndex::default(), b"key");
        let _gate = engine.shared.reclaimer.gate.lock();
        assert!(engine.view_one(&key, None).remove(&key).expect("in the view"));
        assert_eq!(engine.reclaim_pending(), 0, "there is nothing to free");
        engine.discard(read);
        assert_eq!(engine.reclaim_pending(), 1);
    }
}
