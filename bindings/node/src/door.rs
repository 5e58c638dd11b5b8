//! The door of an environment: how other threads tell it that something has come.
//!
//! One queue and one thread-safe function of Node's for each environment, never shared between them. What rings is a
//! bell of a connection or of a subscription; it is put into the queue once, however often it rings before somebody
//! looks, and Node is woken once for all that is in the queue.
//!
//! Such a function must not be called once its environment has begun to end: Node would abort the process. So it is
//! called under a lock, and the environment takes it away under the same lock before it ends. No JavaScript runs under
//! this lock.

use crate::home;
use crate::js::{Env, Js};
use napi_sys as sys;
use parking_lot::Mutex;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Node's function, which may be called from any thread while we have it.
struct Knocker(sys::napi_threadsafe_function);

// SAFETY: that it may be called from any thread is what it is for.
unsafe impl Send for Knocker {}

/// See the module.
#[derive(Default)]
pub(crate) struct Door {
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    knocker: Option<Knocker>,
    rung: Vec<Arc<Bell>>,
}

/// Rings for one connection or subscription.
pub(crate) struct Bell {
    id: u32,
    is_rung: AtomicBool,
    door: Arc<Door>,
}

impl Bell {
    pub(crate) fn new(id: u32, door: &Arc<Door>) -> Arc<Bell> {
        Arc::new(Bell { id, is_rung: AtomicBool::new(false), door: door.clone() })
    }

    /// Has the environment look, soon, on its own thread. Any thread.
    pub(crate) fn ring(self: &Arc<Bell>) {
        if self.is_rung.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut queue = self.door.queue.lock();
        let Some(Knocker(knocker)) = queue.knocker else { return };
        if queue.rung.is_empty() {
            // SAFETY: while it is in the queue, the environment has not ended, and it cannot end while we hold the
            // lock. What Node answers is of no use: where it is closing, nobody will look.
            let _ = unsafe {
                sys::napi_call_threadsafe_function(
                    knocker,
                    ptr::null_mut(),
                    sys::ThreadsafeFunctionCallMode::nonblocking,
                )
            };
        }
        queue.rung.push(self.clone());
    }
}

/// A bell as a session holds it.
pub(crate) struct Ringing(pub(crate) Arc<Bell>);

impl larder_commands::Wake for Ringing {
    fn wake(&self) {
        self.0.ring();
    }
}

/// A bell as a subscription holds it.
impl std::task::Wake for Bell {
    fn wake(self: Arc<Bell>) {
        self.ring();
    }
}

impl Door {
    /// Opens the door of an environment. It does not keep the environment alive until [`Door::hold`].
    pub(crate) fn open(env: Env, name: Js) -> Result<Arc<Door>, crate::boundary::Failure> {
        let door = Arc::new(Door::default());
        let mut knocker = ptr::null_mut();
        // SAFETY: the environment is that of the call we are in. There is no function of JavaScript to be kept; the
        // one that is called runs on the environment's thread. It needs no context, so nothing has to outlive it.
        let status = unsafe {
            sys::napi_create_threadsafe_function(
                env.raw(),
                ptr::null_mut(),
                ptr::null_mut(),
                name,
                0,
                1,
                ptr::null_mut(),
                None,
                ptr::null_mut(),
                Some(answer),
                &raw mut knocker,
            )
        };
        if status != sys::Status::napi_ok {
            return Err(crate::boundary::Failure::Defect(format!("Node answered {status}")));
        }
        door.queue.lock().knocker = Some(Knocker(knocker));
        door.hold(env, false);
        Ok(door)
    }

    /// Says whether the environment has to live on because somebody waits. To be called on its thread.
    pub(crate) fn hold(&self, env: Env, on: bool) {
        let Some(Knocker(knocker)) = self.queue.lock().knocker else { return };
        // SAFETY: we are on the environment's thread, and it has not ended.
        let _ = unsafe {
            if on {
                sys::napi_ref_threadsafe_function(env.raw(), knocker)
            } else {
                sys::napi_unref_threadsafe_function(env.raw(), knocker)
            }
        };
    }

    /// Takes the numbers of what has rung since the last time.
    pub(crate) fn take(&self) -> Vec<u32> {
        let rung = std::mem::take(&mut self.queue.lock().rung);
        let number = |bell: &Arc<Bell>| {
            // From now on it rings anew: what came before will be seen by whoever was given the number.
            bell.is_rung.store(false, Ordering::Release);
            bell.id
        };
        rung.iter().map(number).collect()
    }

    /// Closes the door for good: the environment ends. Bells ring for nobody from here on.
    pub(crate) fn close(&self) {
        let mut queue = self.queue.lock();
        let rung = std::mem::take(&mut queue.rung);
        if let Some(Knocker(knocker)) = queue.knocker.take() {
            // SAFETY: nobody else has it any more, and nobody will have it.
            let _ = unsafe {
                sys::napi_release_threadsafe_function(knocker, sys::ThreadsafeFunctionReleaseMode::abort)
            };
        }
        drop(queue);
        drop(rung);
    }
}

/// Node calls this on the environment's thread after somebody has knocked.
unsafe extern "C" fn answer(env: sys::napi_env, _: Js, _: *mut c_void, _: *mut c_void) {
    // The environment is ending: there is nobody to tell.
    if env.is_null() {
        return;
    }
    let _ = catch_unwind(AssertUnwindSafe(|| home::answer(Env::of(env))));
}
