//! What a thread publishes while it delivers.
//!
//! Everybody sees the messages of a channel in one order, so a publisher keeps the turn of the channel while it
//! delivers. A subscriber that publishes from within would wait for a turn, perhaps for its own. Instead its messages
//! are put aside, and the publisher that called it delivers them when it has given its turn back: no thread ever waits
//! for one turn while it holds that of another message.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

thread_local! {
    static DELIVERING: Cell<bool> = const { Cell::new(false) };
    static LATER: RefCell<VecDeque<Job>> = const { RefCell::new(VecDeque::new()) };
}

/// A publish that was put aside.
pub(super) type Job = Box<dyn FnOnce(&mut super::Wakes)>;

struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        DELIVERING.set(false);
        if std::thread::panicking() {
            // The subscriber that published them failed in the middle; nobody is there to deliver them.
            let _ = LATER.try_with(RefCell::take);
        }
    }
}

/// Whether this thread is within a delivery.
pub(super) fn is_delivering() -> bool {
    DELIVERING.get()
}

/// Runs a delivery.
pub(super) fn delivering<T>(deliver: impl FnOnce() -> T) -> T {
    DELIVERING.set(true);
    let _guard = Guard;
    deliver()
}

/// Puts a publish aside until the delivery that this thread is in has ended. A thread that is being torn down keeps
/// nothing, and says so.
pub(super) fn put_aside(job: Job) -> bool {
    LATER.try_with(|later| later.borrow_mut().push_back(job)).is_ok()
}

/// The next publish that was put aside.
pub(super) fn next() -> Option<Job> {
    LATER.try_with(|later| later.borrow_mut().pop_front()).ok().flatten()
}
