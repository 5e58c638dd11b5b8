//! The border itself: every function that JavaScript calls does its work inside [`enter`], which turns whatever happens
//! into a value or into something thrown.
//!
//! A function carries what it works on (an `Rc`) as its data, which Node gives back with each call. There is no `this`
//! to be mistaken, and the data lives until Node has freed the function.

use crate::js::{Env, Js};
use larder::CommandError;
use napi_sys as sys;
use std::ffi::{CStr, c_void};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::Rc;

/// Arguments of a call for which there is room without an allocation. Node fills all of it each time.
const ARGS_ROOM: usize = 6;

/// Why a call failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// JavaScript has thrown already, or can run no more.
    Pending,
    /// The engine, the connection or the subscription was closed.
    Closed(&'static str),
    /// What was given makes no sense.
    Argument(String),
    /// The engine answered with an error.
    Reply(CommandError),
    /// A command that waits was called where nothing may wait.
    Waits(String),
    /// The system refused something.
    System(String),
    /// A defect of ours.
    Defect(String),
}

pub(crate) type Outcome = Result<Js, Failure>;

impl From<larder::Error> for Failure {
    fn from(error: larder::Error) -> Failure {
        Failure::Reply(error.into())
    }
}

impl Failure {
    pub(crate) fn argument(text: impl Into<String>) -> Failure {
        Failure::Argument(text.into())
    }

    /// The code by which JavaScript tells failures apart, and words. Codes are listed in `lib/errors.js`.
    pub(crate) fn told(&self) -> (&'static str, &str) {
        match self {
            Failure::Pending => ("LARDER_PENDING", "an exception is pending"),
            Failure::Closed(text) => ("LARDER_CLOSED", text),
            Failure::Argument(text) => ("LARDER_ARGUMENT", text),
            Failure::Reply(error) => ("", error.text()),
            Failure::Waits(text) => ("LARDER_WAITS", text),
            Failure::System(text) => ("LARDER_SYSTEM", text),
            Failure::Defect(text) => ("LARDER_DEFECT", text),
        }
    }
}

/// A function for JavaScript, on a `T`.
pub(crate) struct Method<T> {
    pub(crate) name: &'static CStr,
    pub(crate) entry: unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> Js,
    of: PhantomData<fn(&T)>,
}

impl<T> Method<T> {
    /// # Safety
    /// `entry` is to hand on to [`enter`] of the same `T`.
    pub(crate) const unsafe fn new(
        name: &'static CStr,
        entry: unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> Js,
    ) -> Method<T> {
        Method { name, entry, of: PhantomData }
    }
}

/// A list of [`Method`]s, from the names that JavaScript sees and functions from a [`Call`] to an [`Outcome`].
macro_rules! methods {
    ($this:ty: $($name:literal => $run:expr),* $(,)?) => {
        &[$({
            unsafe extern "C" fn entry(
                env: napi_sys::napi_env,
                info: napi_sys::napi_callback_info,
            ) -> napi_sys::napi_value {
                // SAFETY: Node calls this with the data that `bind` gave it, which is of this type.
                unsafe { $crate::boundary::enter::<$this>(env, info, $run) }
            }
            // SAFETY: the entry above is of this type.
            unsafe { $crate::boundary::Method::<$this>::new($name, entry) }
        }),*]
    };
}
pub(crate) use methods;

/// A call of a function, with what it works on.
pub(crate) struct Call<'c, T> {
    pub(crate) env: Env,
    pub(crate) this: &'c Rc<T>,
    args: &'c [Js],
}

impl<T> Call<'_, T> {
    /// The arguments that were given.
    #[inline]
    pub(crate) fn args(&self) -> &[Js] {
        self.args
    }

    /// An argument, if it was given and is not `undefined`.
    pub(crate) fn given(&self, at: usize) -> Result<Option<Js>, Failure> {
        match self.args.get(at) {
            Some(value) if !self.env.is_undefined(*value)? => Ok(Some(*value)),
            _ => Ok(None),
        }
    }

    /// An argument that has to be there.
    #[inline]
    pub(crate) fn wanted(&self, at: usize, what: &str) -> Result<Js, Failure> {
        self.args.get(at).copied().ok_or_else(|| Failure::Argument(format!("{what} is missing")))
    }
}

/// Makes an object whose functions work on `this`.
pub(crate) fn bind<T: 'static>(env: Env, this: &Rc<T>, methods: &[Method<T>]) -> Outcome {
    let object = env.object()?;
    for method in methods {
        let data = Rc::into_raw(this.clone());
        let made = env.function(method.name, method.entry, data.cast_mut().cast(), drop_data::<T>);
        let Ok(function) = made else {
            // SAFETY: it comes from `into_raw` above, and nobody else has taken it.
            drop(unsafe { Rc::from_raw(data) });
            return Err(Failure::Pending);
        };
        env.set(object, method.name, function)?;
    }
    Ok(object)
}

/// The function that carried it is gone. May be called at any time, the end of the environment included, so it only
/// lets go; what is dropped with it calls nothing of Node's.
unsafe extern "C" fn drop_data<T>(_: sys::napi_env, data: *mut c_void, _: *mut c_void) {
    let _ = catch_unwind(|| {
        // SAFETY: it comes from `into_raw` in `bind`, and Node calls this once.
        drop(unsafe { Rc::from_raw(data.cast::<T>().cast_const()) });
    });
}

/// Runs the work of a function that JavaScript called.
///
/// # Safety
/// To be called by Node, for a function that [`bind`] made for a `T`.
#[inline]
pub(crate) unsafe fn enter<T>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    run: impl FnOnce(&Call<'_, T>) -> Outcome,
) -> Js {
    let env = Env::of(env);
    // What a panic leaves half done is inside the engine, which keeps its own invariants by dropping its locks.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut room = [ptr::null_mut(); ARGS_ROOM];
        let (count, data) = env.arguments(info, &mut room)?;
        let all;
        let args = if let Some(args) = room.get(..count) {
            args
        } else {
            all = env.all_arguments(info, count)?;
            &all
        };
        // SAFETY: the data is that of the function, an `Rc` of this type that lives as long as the function does; the
        // function lives because it runs. The count is not ours, so it is not given back.
        let this = std::mem::ManuallyDrop::new(unsafe { Rc::from_raw(data.cast::<T>().cast_const()) });
        run(&Call { env, this: &this, args })
    }));
    match outcome {
        Ok(Ok(value)) => value,
        Ok(Err(failure)) => crate::home::throw(env, &failure),
        Err(panic) => crate::home::throw(env, &Failure::Defect(words_of(panic))),
    }
}

/// What a panic said.
pub(crate) fn words_of(panic: Box<dyn std::any::Any + Send>) -> String {
    let said = panic.downcast_ref::<&str>().map(ToString::to_string);
    let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    // The payload's own destructor may panic, and nothing may leave.
    std::mem::forget(panic);
    format!("a defect of the library: {said}")
}
