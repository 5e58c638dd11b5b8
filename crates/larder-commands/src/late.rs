//! What was not done at once because a lock was taken, and is done later: nobody sees the difference, and whoever would
//! have waited has others to serve, among them those who can stop the script that holds the lock.

use crate::instance::Instance;
use larder_core::{OwnedKey, ReadyListener, WaiterId, WatchMark};
use parking_lot::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Something that was put off.
#[derive(Debug)]
pub(crate) enum Late {
    /// A mark that nobody looks at any more is still set when the key changes.
    Unwatch(OwnedKey, WatchMark),
    /// A waiter that is over still stands in the queue of the key.
    StopWaiting(OwnedKey, WaiterId),
    /// A waiter is to look again at its keys, some of which a slow script holds.
    Serve(WaiterId),
}

/// Everything that was put off.
#[derive(Debug, Default)]
pub(crate) struct PutOff {
    all: Mutex<Vec<Late>>,
    /// How many there are.
    len: AtomicUsize,
}

impl PutOff {
    fn add(&self, late: Late) {
        let mut all = self.all.lock();
        all.push(late);
        self.len.store(all.len(), Ordering::Relaxed);
    }

    fn take(&self) -> Vec<Late> {
        let mut all = self.all.lock();
        self.len.store(0, Ordering::Relaxed);
        std::mem::take(&mut *all)
    }
}

impl Instance {
    /// Puts something off until the next [`Instance::catch_up`].
    #[cold]
    pub(crate) fn put_off(&self, late: Late) {
        self.late.add(late);
    }

    /// Does what was put off, as far as that is possible now. A slow script does it when it ends; whoever looks after
    /// an instance had better do it now and then.
    pub fn catch_up(&self) {
        if self.late.len.load(Ordering::Relaxed) == 0 {
            return;
        }
        for late in self.late.take() {
            match late {
                Late::Unwatch(owned, mark) => {
                    let key = self.engine().key(owned.db, &owned.bytes);
                    match self.engine().view_one_unless(&key, &|| true) {
                        Some(mut view) => {
                            let _ = view.unwatch(&key, &mark);
                        }
                        None => self.late.add(Late::Unwatch(owned, mark)),
                    }
                }
                Late::StopWaiting(owned, id) => {
                    let key = self.engine().key(owned.db, &owned.bytes);
                    match self.engine().view_one_unless(&key, &|| true) {
                        Some(mut view) => {
                            let _ = view.stop_waiting(&key, id);
                        }
                        None => self.late.add(Late::StopWaiting(owned, id)),
                    }
                }
                Late::Serve(id) => self.serve(id),
            }
        }
    }
}
