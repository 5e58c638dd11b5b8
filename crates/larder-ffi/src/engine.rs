//! Engines: opened with options by name, closed once, and with that everything that was opened on them.

use crate::boundary::{Failure, enter, enter_with, last_of_thread, watch_forks};
use crate::handle::{self, Kind, Object, Thing, larder_handle};
use crate::pointer;
use crate::status::larder_status::{self, LARDER_OK};
use crate::topics::in_callback;
use larder::{Db, Larder, Maintenance, ManualClock};
use parking_lot::{Condvar, Mutex};
use std::collections::BTreeSet;
use std::ffi::{CStr, c_char};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// One option of an engine: both texts end with a zero.
///
/// Any setting of `larder serve` that concerns data goes, by its name there ("maxmemory" "1gb", "maxmemory-policy"
/// "allkeys-lru", "notify-keyspace-events" "Ex", …), and beside these: "clock" is "system" or "manual" (which
/// larder_advance_clock moves), "maintenance" is "thread" or "manual" (then larder_tick removes what is due),
/// "hardened" is "yes" or "no", "seed" is a number.
#[repr(C)]
pub struct larder_option {
    /// The name.
    pub name: *const c_char,
    /// The value.
    pub value: *const c_char,
}

/// Tells that the last call on an engine is over.
#[derive(Default)]
pub(crate) struct Ended {
    over: Mutex<bool>,
    told: Condvar,
}

/// Held by whatever keeps an engine alive; the last one to go tells.
pub(crate) struct Alive(Arc<Ended>);

impl Drop for Alive {
    fn drop(&mut self) {
        *self.0.over.lock() = true;
        self.0.told.notify_all();
    }
}

pub(crate) struct Engine {
    pub(crate) larder: Larder,
    pub(crate) db: Db,
    clock: Option<Arc<ManualClock>>,
    /// Connections and subscriptions that were opened on it.
    children: Mutex<BTreeSet<u64>>,
    closing: AtomicBool,
    /// Last, so that it goes when all else has gone.
    pub(crate) alive: Arc<Alive>,
}

impl Engine {
    /// The engine of an object, unless it is being closed.
    #[inline]
    pub(crate) fn of(object: &Object) -> Result<&Engine, Failure> {
        let Thing::Engine(engine) = &object.thing else {
            return Err(Failure::new(
                larder_status::LARDER_ERR_HANDLE,
                "the handle is not that of an engine",
            ));
        };
        if engine.is_closing() { Err(Failure::closed()) } else { Ok(engine) }
    }

    #[inline]
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    /// Gives something a handle that is closed with this engine.
    pub(crate) fn adopt(&self, thing: Thing) -> Result<u64, Failure> {
        let mut children = self.children.lock();
        if self.is_closing() {
            return Err(Failure::closed());
        }
        let handle = handle::give(thing)?;
        children.insert(handle);
        Ok(handle)
    }

    pub(crate) fn forget(&self, child: u64) {
        self.children.lock().remove(&child);
    }

    fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
        // Not under the lock: a callback that is waited for may close something itself.
        let children = std::mem::take(&mut *self.children.lock());
        for child in children {
            for kind in [Kind::Connection, Kind::Subscription] {
                if let Ok(object) = handle::take(child, kind) {
                    object.end();
                }
            }
        }
        // Whoever waits in a command learns that it is over.
        self.larder.instance().clients().list().iter().for_each(|client| client.kill());
    }
}

/// What the options ask for.
struct Asked<'a> {
    clock: Option<Arc<ManualClock>>,
    maintenance: Maintenance,
    hardened: bool,
    seed: Option<u64>,
    settings: Vec<(&'a str, &'a str)>,
}

impl<'a> Asked<'a> {
    fn read(options: &[(&'a str, &'a str)]) -> Result<Asked<'a>, Failure> {
        let mut asked = Asked {
            clock: None,
            maintenance: Maintenance::Thread,
            hardened: false,
            seed: None,
            settings: Vec::new(),
        };
        for (name, value) in options {
            match (*name, *value) {
                ("clock", "system") | ("maintenance", "thread") | ("hardened", "no") => {}
                ("clock", "manual") => asked.clock = Some(Arc::new(ManualClock::new())),
                ("maintenance", "manual") => asked.maintenance = Maintenance::Manual,
                ("hardened", "yes") => asked.hardened = true,
                ("seed", number) if number.parse::<u64>().is_ok() => asked.seed = number.parse().ok(),
                ("clock" | "maintenance" | "hardened" | "seed", _) => {
                    return Err(Failure::argument(format!("option {name} cannot be {value}")));
                }
                (name, value) => asked.settings.push((name, value)),
            }
        }
        Ok(asked)
    }

    fn open(self) -> Result<Engine, Failure> {
        let mut builder = Larder::builder().maintenance(self.maintenance).hardened(self.hardened);
        if let Some(seed) = self.seed {
            builder = builder.seed(seed);
        }
        if let Some(clock) = &self.clock {
            builder = builder.clock(clock.clone());
        }
        let larder = builder.build();
        larder.instance().configure(&self.settings).map_err(|error| Failure::argument(error.to_string()))?;
        let alive = Arc::new(Alive(Arc::default()));
        let db = larder.db();
        Ok(Engine {
            larder,
            db,
            clock: self.clock,
            children: Mutex::default(),
            closing: AtomicBool::new(false),
            alive,
        })
    }
}

/// Opens an engine: a keyspace in memory, with a thread that removes what is due. Several engines know nothing of each
/// other. `*engine` becomes its handle, to be closed with larder_close; any number of threads may use it at once.
///
/// `options` are `count` names and values, read before the function returns; NULL and 0 for none.
///
/// Errors: LARDER_ERR_ARGUMENT for an option that is not known or has no such value (larder_error_text(0, …) names
/// it).
///
/// # Safety
/// `options` points to `count` options with texts that end with a zero; a handle can be written at `engine`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn larder_open(
    options: *const larder_option,
    count: usize,
    engine: *mut larder_handle,
) -> larder_status {
    enter(|| {
        pointer::wanted(engine)?;
        // SAFETY: the caller's promise.
        let options = unsafe { pointer::array(options, count)? };
        // SAFETY: the same.
        let read = |option: &larder_option| unsafe {
            Ok::<_, Failure>((pointer::text(option.name)?, pointer::text(option.value)?))
        };
        let named = options.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        watch_forks();
        let opened = handle::give(Thing::Engine(Asked::read(&named)?.open()?))?;
        // SAFETY: the caller's promise.
        unsafe { pointer::write(engine, opened) };
        Ok(LARDER_OK)
    })
}

/// Closes an engine, and with it every connection and subscription that was opened on it. Calls that wait on it answer
/// LARDER_ERR_CLOSED (commands: an error); the function returns when the last call on it is over and its memory is
/// free. From inside a message callback it returns at once, and the rest is done when that callback has returned.
/// Replies and messages that were taken from it stay until they are freed.
#[unsafe(no_mangle)]
pub extern "C" fn larder_close(engine: larder_handle) -> larder_status {
    enter(|| {
        let object = handle::take(engine, Kind::Engine)?;
        let Thing::Engine(engine) = &object.thing else { return Err(Failure::closed()) };
        engine.close();
        let ended = engine.alive.0.clone();
        drop(object);
        if !in_callback() {
            let mut over = ended.over.lock();
            while !*over {
                ended.told.wait(&mut over);
            }
        }
        Ok(LARDER_OK)
    })
}

/// Removes what is due from an engine with manual maintenance, and fires its events; `*removed` becomes how many keys
/// that were, unless it is NULL. O(of what is due).
///
/// # Safety
/// `removed` is NULL, or a number can be written there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn larder_tick(engine: larder_handle, removed: *mut usize) -> larder_status {
    enter_with(engine, || {
        let object = handle::get(engine)?;
        let count = Engine::of(&object)?.larder.instance().engine().tick();
        // SAFETY: the caller's promise.
        unsafe { pointer::write(removed, count) };
        Ok(LARDER_OK)
    })
}

/// Moves the clock of an engine that was opened with "clock" "manual": for tests of what time does.
///
/// Errors: LARDER_ERR_ARGUMENT if its clock is the machine's.
#[unsafe(no_mangle)]
pub extern "C" fn larder_advance_clock(engine: larder_handle, ms: u64) -> larder_status {
    enter_with(engine, || {
        let object = handle::get(engine)?;
        let Some(clock) = &Engine::of(&object)?.clock else {
            return Err(Failure::argument("the engine was not opened with the option clock manual"));
        };
        clock.advance(Duration::from_millis(ms));
        Ok(LARDER_OK)
    })
}

/// Copies words about the last call that failed on this handle; with handle 0, about the last call of this thread that
/// failed. At most `room` bytes with the zero at the end; `*len` becomes how long the words are without it, unless it
/// is NULL.
///
/// Errors: LARDER_ERR_BUFFER if they do not fit.
///
/// # Safety
/// `room` bytes can be written at `buffer`; `len` is NULL or a length can be written there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn larder_error_text(
    handle: larder_handle,
    buffer: *mut c_char,
    room: usize,
    len: *mut usize,
) -> larder_status {
    enter(|| {
        let mut text = match handle {
            0 => last_of_thread().into_owned(),
            handle => handle::get(handle)?.error(),
        };
        let words = text.len();
        text.push('\0');
        // SAFETY: the caller's promise.
        let fits = unsafe { pointer::copy(text.as_bytes(), buffer.cast(), room, std::ptr::null_mut()) };
        // SAFETY: the caller's promise.
        unsafe { pointer::write(len, words) };
        Ok(if fits { LARDER_OK } else { larder_status::LARDER_ERR_BUFFER })
    })
}

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => c"",
};

/// The version of the library, such as "0.1.0". Lives as long as the library is loaded.
#[unsafe(no_mangle)]
pub extern "C" fn larder_version() -> *const c_char {
    VERSION.as_ptr()
}

/// The version as a number that grows: major × 1,000,000 + minor × 1,000 + patch.
#[unsafe(no_mangle)]
pub extern "C" fn larder_version_number() -> u32 {
    let part = |text: &str| text.parse::<u32>().unwrap_or(0);
    part(env!("CARGO_PKG_VERSION_MAJOR")) * 1_000_000
        + part(env!("CARGO_PKG_VERSION_MINOR")) * 1_000
        + part(env!("CARGO_PKG_VERSION_PATCH"))
}
