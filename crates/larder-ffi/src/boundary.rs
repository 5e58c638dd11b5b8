//! The border itself: every exported function does its work inside [`enter`], which turns whatever happens into a
//! status, and keeps the words about the last failure for who asks.
//!
//! A child of a fork has the parent's memory, but none of its threads, and locks may have been held when it split off.
//! So a child gets an error from every function before it touches anything.

use crate::handle::{self, Object};
use crate::status::larder_status;
use larder::{Closed, Error};
use std::borrow::Cow;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// Why a call failed: the status, and words about it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: larder_status,
    pub(crate) text: Cow<'static, str>,
}

pub(crate) type Outcome = Result<larder_status, Failure>;

impl Failure {
    pub(crate) fn new(status: larder_status, text: impl Into<Cow<'static, str>>) -> Failure {
        Failure { status, text: text.into() }
    }

    pub(crate) fn argument(text: impl Into<Cow<'static, str>>) -> Failure {
        Failure::new(larder_status::LARDER_ERR_ARGUMENT, text)
    }

    pub(crate) fn closed() -> Failure {
        Failure::new(larder_status::LARDER_ERR_CLOSED, "it was closed meanwhile")
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let status = match error {
            Error::WrongType => larder_status::LARDER_ERR_TYPE,
            Error::NotInteger | Error::Overflow => larder_status::LARDER_ERR_NUMBER,
            Error::TooLarge => larder_status::LARDER_ERR_TOO_LARGE,
            Error::OutOfMemory => larder_status::LARDER_ERR_MEMORY,
            _ => larder_status::LARDER_ERR_ARGUMENT,
        };
        Failure::new(status, error.to_string())
    }
}

impl From<Closed> for Failure {
    fn from(closed: Closed) -> Failure {
        match closed {
            Closed::TooSlow => Failure::new(larder_status::LARDER_ERR_TOO_SLOW, closed.to_string()),
            _ => Failure::closed(),
        }
    }
}

static FORKED: AtomicBool = AtomicBool::new(false);

extern "C" fn in_child() {
    FORKED.store(true, Ordering::Relaxed);
}

/// Has children of forks know that they are. At the first engine: a process that has none may fork as it likes.
pub(crate) fn watch_forks() {
    static WATCHED: Once = Once::new();
    // SAFETY: the handler only stores to an atomic, which is allowed in the child of a process with threads. It stays
    // loaded as long as it may be called, because the library is linked so that it is never unloaded.
    WATCHED.call_once(|| unsafe {
        libc::pthread_atfork(None, None, Some(in_child));
    });
}

thread_local! {
    static LAST: RefCell<Cow<'static, str>> = const { RefCell::new(Cow::Borrowed("")) };
    #[cfg(test)]
    pub(crate) static PANIC_NEXT: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// The words about this thread's last failure.
pub(crate) fn last_of_thread() -> Cow<'static, str> {
    LAST.try_with(|last| last.borrow().clone()).unwrap_or_default()
}

/// Runs the work of an exported function that has no handle.
pub(crate) fn enter(work: impl FnOnce() -> Outcome) -> larder_status {
    enter_with(0, work)
}

/// Runs the work of an exported function; words about a failure are kept with the handle too.
pub(crate) fn enter_with(handle: u64, work: impl FnOnce() -> Outcome) -> larder_status {
    if FORKED.load(Ordering::Relaxed) {
        return larder_status::LARDER_ERR_FORKED;
    }
    // What a panic leaves half done is inside the engine, which keeps its own invariants by dropping its locks.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        #[cfg(test)]
        assert!(!PANIC_NEXT.take(), "planted");
        work()
    }));
    match outcome {
        Ok(Ok(status)) => status,
        Ok(Err(failure)) => keep(handle, failure),
        Err(panic) => {
            let said = panic.downcast_ref::<&str>().map(ToString::to_string);
            let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            // The payload's own destructor may panic, and nothing may leave.
            std::mem::forget(panic);
            let text = format!("a defect of the library: {said}");
            keep(handle, Failure::new(larder_status::LARDER_ERR_PANIC, text))
        }
    }
}

#[cold]
fn keep(handle: u64, failure: Failure) -> larder_status {
    let Failure { status, text } = failure;
    if let Some(object) = handle::find(handle) {
        Object::set_error(&object, &text);
    }
    let _ = LAST.try_with(|last| last.replace(text));
    status
}
