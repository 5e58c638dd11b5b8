//! What one environment has: its door, the functions of JavaScript that we call, room for words and replies, and a list
//! of what was opened in it.
//!
//! It is the instance data of the environment, and stays until that has ended. Before, a hook that Node calls on the
//! environment's thread closes the door, and then whatever is open: after that, no other thread reaches it.

use crate::boundary::{Call, Failure, Outcome, bind, methods};
use crate::door::Door;
use crate::engine;
use crate::js::{Env, Js, Kind};
use crate::opened::Opened;
use crate::reply::Noted;
use crate::words::Words;
use larder::Protocol;
use napi_sys as sys;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::{Rc, Weak};
use std::sync::Arc;

/// See the module.
#[derive(Default)]
pub(crate) struct Home {
    door: RefCell<Option<Arc<Door>>>,
    /// Makes an error of a code and a text.
    make_error: Cell<Option<sys::napi_ref>>,
    /// Is told the numbers of what has rung.
    dispatch: Cell<Option<sys::napi_ref>>,
    opened: RefCell<Vec<Weak<Opened>>>,
    numbers: Cell<u32>,
    held: Cell<u32>,
    /// Room for words: see [`Words`].
    pub(crate) room: Cell<Vec<u8>>,
    noted: Cell<Noted>,
    /// Room for a value that is read.
    pub(crate) value: Cell<Vec<u8>>,
}

/// Sets up an environment that has loaded the library.
pub(crate) fn enter(env: Env, exports: Js) -> Js {
    let entered = catch_unwind(AssertUnwindSafe(|| {
        let home = Rc::new(Home::default());
        let data = Rc::into_raw(home.clone()).cast_mut().cast::<c_void>();
        // SAFETY: the data is an `Rc` of which a count is given away here and freed in `leave`.
        let status = unsafe { sys::napi_set_instance_data(env.raw(), data, Some(free), ptr::null_mut()) };
        if status != sys::Status::napi_ok {
            return Err(Failure::Pending);
        }
        let functions = methods!(Home:
            c"setUp" => set_up,
            c"open" => open,
            c"hold" => hold,
            c"version" => version,
        );
        let exports = bind(env, &home, functions)?;
        #[cfg(debug_assertions)]
        {
            // For the tests that a defect of ours is an error and no end of the process, and that threads leave nothing
            // behind.
            let testing = methods!(Home:
                c"panic" => |_| panic!("planted"),
                c"allocations" => |call| call.env.double(crate::allocations::live() as f64),
            );
            env.set(exports, c"testing", bind(env, &home, testing)?)?;
        }
        Ok(exports)
    }));
    entered.ok().and_then(Result::ok).unwrap_or(exports)
}

unsafe extern "C" fn free(_: sys::napi_env, data: *mut c_void, _: *mut c_void) {
    // SAFETY: it comes from `into_raw` in `enter`, and Node calls this once, when the environment has ended.
    let _ = catch_unwind(|| drop(unsafe { Rc::from_raw(data.cast::<Home>().cast_const()) }));
}

/// Node calls this on the environment's thread when it begins to end.
unsafe extern "C" fn leave(data: *mut c_void) {
    let _ = catch_unwind(|| {
        // SAFETY: hooks run before the instance data is freed.
        let home = unsafe { &*data.cast::<Home>() };
        if let Some(door) = home.door.take() {
            door.close();
        }
        let opened = home.opened.take();
        opened.iter().filter_map(Weak::upgrade).for_each(|opened| opened.close());
    });
}

/// The home of an environment that we are called in.
fn with<R>(env: Env, run: impl FnOnce(&Home) -> R) -> Option<R> {
    let mut data = ptr::null_mut();
    // SAFETY: the environment is that of the call we are in.
    let status = unsafe { sys::napi_get_instance_data(env.raw(), &raw mut data) };
    if status != sys::Status::napi_ok || data.is_null() {
        return None;
    }
    // SAFETY: it is what `enter` set, and it lives as long as the environment.
    let home = std::mem::ManuallyDrop::new(unsafe { Rc::from_raw(data.cast::<Home>().cast_const()) });
    Some(run(&home))
}

/// Throws what went wrong; gives what such a call returns.
#[cold]
pub(crate) fn throw(env: Env, failure: &Failure) -> Js {
    if !matches!(failure, Failure::Pending) {
        let (code, text) = failure.told();
        match with(env, |home| home.error(env, code, text)) {
            Some(Ok(error)) => env.throw(error),
            Some(Err(Failure::Pending)) => {}
            _ => env.throw_plain(text),
        }
    }
    ptr::null_mut()
}

/// Somebody has knocked: tells JavaScript who.
pub(crate) fn answer(env: Env) {
    let told = with(env, |home| {
        let rung = home.door.borrow().as_ref().map(|door| door.take()).unwrap_or_default();
        if rung.is_empty() {
            return Ok(());
        }
        let Some(dispatch) = home.dispatch.get() else { return Ok(()) };
        let numbers = env.array(rung.len())?;
        for (at, number) in rung.iter().enumerate() {
            env.set_element(numbers, at, env.count(*number as usize)?)?;
        }
        let dispatch = env.kept(dispatch)?;
        env.call(dispatch, &[numbers]).map(drop)
    });
    // What JavaScript threw is pending, and Node reports it as an uncaught exception. Anything else has nobody to go
    // to.
    drop(told);
}

impl Home {
    /// The door, for as long as the environment has not begun to end.
    pub(crate) fn door(&self) -> Result<Arc<Door>, Failure> {
        self.door.borrow().clone().ok_or(Failure::Closed("the thread is ending"))
    }

    /// A number for what rings.
    pub(crate) fn number(&self) -> u32 {
        self.numbers.set(self.numbers.get().wrapping_add(1));
        self.numbers.get()
    }

    /// An error object: of a command if there is no code.
    pub(crate) fn error(&self, env: Env, code: &str, text: &str) -> Outcome {
        let Some(make_error) = self.make_error.get() else {
            return Err(Failure::Defect("setUp was not called".into()));
        };
        let (code, text) = (env.string(code.as_bytes())?, env.string(text.as_bytes())?);
        let make_error = env.kept(make_error)?;
        env.call(make_error, &[code, text])
    }

    /// An empty note, in room that was used before.
    pub(crate) fn note(&self, protocol: Protocol) -> Noted {
        self.noted.take().renewed(protocol)
    }

    /// Gives the room of a note back.
    pub(crate) fn give_back(&self, noted: Noted) {
        if let Some(noted) = noted.emptied() {
            self.noted.set(noted);
        }
    }

    /// Gives the room of a value back, unless it is too large to be kept.
    #[inline]
    pub(crate) fn keep_value(&self, value: Vec<u8>) {
        if value.capacity() <= 1 << 20 {
            self.value.set(value);
        }
    }

    pub(crate) fn adopt(&self, opened: &Rc<Opened>) {
        let mut all = self.opened.borrow_mut();
        all.retain(|opened| opened.strong_count() > 0);
        all.push(Rc::downgrade(opened));
    }
}

/// `setUp(makeError, dispatch)`: once, before anything else.
fn set_up(call: &Call<'_, Home>) -> Outcome {
    let (env, home) = (call.env, call.this);
    let make_error = env.keep(call.wanted(0, "makeError")?)?;
    let dispatch = env.keep(call.wanted(1, "dispatch")?)?;
    home.make_error.set(Some(make_error));
    home.dispatch.set(Some(dispatch));
    if home.door.borrow().is_none() {
        home.door.replace(Some(Door::open(env, env.string(b"larder")?)?));
        // After the door, whose own hook has to run later than ours: hooks run the last one first.
        // SAFETY: the home outlives the hook, since it is freed after all hooks have run.
        let status = unsafe {
            let data = Rc::as_ptr(home).cast_mut().cast();
            sys::napi_add_env_cleanup_hook(env.raw(), Some(leave), data)
        };
        if status != sys::Status::napi_ok {
            return Err(Failure::Defect(format!("Node answered {status}")));
        }
    }
    env.undefined()
}

/// `open(name | null, [option, value, …])`, or `open(null, [], handle)`.
fn open(call: &Call<'_, Home>) -> Outcome {
    let (env, home) = (call.env, call.this);
    if let Some(handle) = call.given(2)? {
        let opened = Opened::new(home, engine::open_by_handle(&text(call, handle)?)?)?;
        home.adopt(&opened);
        return opened.functions(env);
    }
    let name = call.wanted(0, "the name")?;
    let name = if env.kind(name)? == Kind::Null { None } else { Some(text(call, name)?) };
    let given = call.wanted(1, "the options")?;
    let mut options = Vec::new();
    let len = env.array_len(given)?.unwrap_or(0);
    for at in (0..len).step_by(2) {
        options.push((text(call, env.element(given, at)?)?, text(call, env.element(given, at + 1)?)?));
    }
    let opened = Opened::new(home, engine::open(name, options)?)?;
    home.adopt(&opened);
    opened.functions(env)
}

/// A string as text of ours.
pub(crate) fn text<T>(call: &Call<'_, T>, value: Js) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    if !call.env.push_string(value, &mut bytes)? {
        return Err(Failure::argument("a string is wanted"));
    }
    String::from_utf8(bytes).map_err(|_| Failure::argument("not UTF-8"))
}

/// `hold(true)`: somebody waits, and the thread is to live until as often `hold(false)` was said.
fn hold(call: &Call<'_, Home>) -> Outcome {
    let (env, home) = (call.env, call.this);
    let more = env.is_true(call.wanted(0, "whether")?)?;
    let before = home.held.get();
    let after = if more { before + 1 } else { before.saturating_sub(1) };
    home.held.set(after);
    if (before == 0) != (after == 0)
        && let Ok(door) = home.door()
    {
        door.hold(env, more);
    }
    env.undefined()
}

fn version(call: &Call<'_, Home>) -> Outcome {
    call.env.string(env!("CARGO_PKG_VERSION").as_bytes())
}

impl Home {
    /// The words of all arguments from one on.
    pub(crate) fn words<T>(&self, call: &Call<'_, T>, from: usize) -> Result<Words<'_>, Failure> {
        Words::of(self, call.env, call.args().get(from..).unwrap_or_default())
    }
}
