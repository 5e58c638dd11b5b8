//! Handles: what C holds instead of addresses.
//!
//! A handle is 64 bits: what kind of thing it names, its place in the table, and the generation of that place. A place
//! that is given out again has another generation, so a handle that was closed is never mistaken for its successor.
//! The table keeps each object behind an `Arc`, and a call keeps a clone for as long as it runs: closing a handle
//! under a call that uses it is no danger, the object goes with the last call.
//!
//! Looking into the table costs two writes to memory that all threads share. A thread that uses the same handle again,
//! as nearly all do, finds it in a place of its own: a weak reference, which does not keep a closed object alive.

use crate::boundary::Failure;
use crate::call::Connected;
use crate::engine::Engine;
use crate::reply::Reply;
use crate::status::larder_status;
use crate::topics::Subscribed;
use larder::Message;
use parking_lot::{Mutex, RwLock};
use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

/// Names an engine, a connection, a subscription, a reply or a message. 0 names nothing. One that is closed or freed
/// names nothing any more, and using it is an error, never more. Handles may be copied and used on any thread.
pub type larder_handle = u64;

/// What a handle names.
pub(crate) enum Thing {
    Engine(Engine),
    Connection(Box<Connected>),
    Reply(Reply),
    Subscription(Subscribed),
    Message(#[expect(dead_code, reason = "kept so that the bytes that C was shown live")] Message),
}

impl Thing {
    fn kind(&self) -> Kind {
        match self {
            Thing::Engine(_) => Kind::Engine,
            Thing::Connection(_) => Kind::Connection,
            Thing::Reply(_) => Kind::Reply,
            Thing::Subscription(_) => Kind::Subscription,
            Thing::Message(_) => Kind::Message,
        }
    }
}

/// The kinds, as handles have them in their highest bits: no handle is 0.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Engine = 1,
    Connection = 2,
    Reply = 3,
    Subscription = 4,
    Message = 5,
}

/// A thing, with the words about the last call that failed on it.
pub(crate) struct Object {
    pub(crate) thing: Thing,
    error: Mutex<String>,
}

impl Object {
    pub(crate) fn set_error(object: &Arc<Object>, text: &str) {
        text.clone_into(&mut object.error.lock());
    }

    pub(crate) fn error(&self) -> String {
        self.error.lock().clone()
    }
}

const SHARD_BITS: u32 = 4;
const SHARDS: usize = 1 << SHARD_BITS;
const INDEX_BITS: u32 = 24;

#[derive(Default)]
struct Slot {
    generation: u32,
    object: Option<Arc<Object>>,
}

/// A part of the table: threads that make handles at once seldom meet in one.
#[derive(Default)]
struct Shard {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

static TABLE: [RwLock<Shard>; SHARDS] =
    [const { RwLock::new(Shard { slots: Vec::new(), free: Vec::new() }) }; SHARDS];

thread_local! {
    static RECENT: RefCell<(u64, Weak<Object>)> = const { RefCell::new((0, Weak::new())) };
    /// The part of the table where this thread's handles go.
    static HOME: usize = {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        THREADS.fetch_add(1, Ordering::Relaxed) % SHARDS
    };
}

fn kind_of(handle: u64) -> u64 {
    handle >> (32 + INDEX_BITS + SHARD_BITS)
}

fn shard_of(handle: u64) -> &'static RwLock<Shard> {
    &TABLE[(handle >> (32 + INDEX_BITS)) as usize % SHARDS]
}

fn index_of(handle: u64) -> usize {
    (handle >> 32) as usize % (1 << INDEX_BITS)
}

fn generation_of(handle: u64) -> u32 {
    handle as u32
}

/// Gives a thing a handle.
pub(crate) fn give(thing: Thing) -> Result<u64, Failure> {
    let shard_index = HOME.try_with(|home| *home).unwrap_or(0);
    let kind = thing.kind();
    let object = Arc::new(Object { thing, error: Mutex::default() });
    let mut shard = TABLE[shard_index].write();
    let index = match shard.free.pop() {
        Some(index) => index as usize,
        None if shard.slots.len() < 1 << INDEX_BITS => {
            shard.slots.push(Slot::default());
            shard.slots.len() - 1
        }
        None => {
            drop(shard);
            return Err(Failure::new(larder_status::LARDER_ERR_HANDLES, "there are too many open handles"));
        }
    };
    let slot = &mut shard.slots[index];
    slot.generation += 1;
    slot.object = Some(object);
    let kind = u64::from(kind as u8) << (32 + INDEX_BITS + SHARD_BITS);
    let place = (shard_index as u64) << (32 + INDEX_BITS) | (index as u64) << 32;
    Ok(kind | place | u64::from(slot.generation))
}

/// What a handle names, whatever that is.
pub(crate) fn find(handle: u64) -> Option<Arc<Object>> {
    let shard = shard_of(handle).read();
    let slot = shard.slots.get(index_of(handle))?;
    let object = slot.object.as_ref().filter(|_| slot.generation == generation_of(handle))?;
    (kind_of(handle) == object.thing.kind() as u64).then(|| object.clone())
}

fn unknown() -> Failure {
    Failure::new(larder_status::LARDER_ERR_HANDLE, "the handle is closed, of another kind, or no handle")
}

/// What a handle names, remembered for the next time.
#[inline]
pub(crate) fn get(handle: u64) -> Result<Arc<Object>, Failure> {
    let recent = RECENT.try_with(|recent| {
        let recent = recent.borrow();
        if recent.0 == handle { recent.1.upgrade() } else { None }
    });
    if let Ok(Some(object)) = recent {
        return Ok(object);
    }
    let object = find(handle).ok_or_else(unknown)?;
    let _ = RECENT.try_with(|recent| recent.replace((handle, Arc::downgrade(&object))));
    Ok(object)
}

/// Takes a handle out of the table, if it names something of this kind. The thing goes with the last call on it.
pub(crate) fn take(handle: u64, kind: Kind) -> Result<Arc<Object>, Failure> {
    if kind_of(handle) != kind as u64 {
        return Err(unknown());
    }
    let _ = RECENT.try_with(|recent| {
        let mut recent = recent.borrow_mut();
        if recent.0 == handle {
            *recent = (0, Weak::new());
        }
    });
    let mut shard = shard_of(handle).write();
    let slot = shard.slots.get_mut(index_of(handle)).ok_or_else(unknown)?;
    if slot.generation != generation_of(handle) {
        return Err(unknown());
    }
    let object = slot.object.take().ok_or_else(unknown)?;
    // A place whose generations are used up is not given out again.
    if slot.generation < u32::MAX {
        shard.free.push(index_of(handle) as u32);
    }
    Ok(object)
}
