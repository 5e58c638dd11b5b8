//! Whether a worker has more connections than it can serve.
//!
//! Connections begin on the first worker and stay there for as long as it keeps up: what clients send on one and then,
//! without waiting, on another is so done in this order, as by one thread of Redis. Clients, and their tests, subscribe
//! here and publish there. Only a worker whose thread computes nearly all the time hands connections over to others,
//! one after the other, until it has time again, or few are left.

use larder_commands::Instance;
use rustix::time::{ClockId, clock_gettime};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So few connections stay together whatever they do.
const FEW: usize = 4;
/// Connections come to rest so often between two looks at the clocks.
const RESTS_PER_LOOK: u32 = 64;
/// A worker is looked at for so long at least.
const WINDOW_US: u64 = 10_000;
/// One that computes for so much of that time is busy.
const BUSY_PERCENT: u64 = 85;

/// What a worker knows of how busy it is.
#[derive(Debug)]
pub(crate) struct Crowd {
    /// How many connections it has.
    len: Arc<AtomicUsize>,
    rests: Cell<u32>,
    /// When it was looked at last: microseconds of the clock, and of computing.
    before: Cell<(u64, u64)>,
}

impl Crowd {
    pub(crate) fn new(len: Arc<AtomicUsize>) -> Crowd {
        Crowd { len, rests: Cell::default(), before: Cell::default() }
    }

    /// Whether the connection that comes to rest now should leave. Reads the clocks now and then.
    pub(crate) fn is_too_large(&self, instance: &Instance) -> bool {
        let rests = self.rests.get() + 1;
        self.rests.set(rests % RESTS_PER_LOOK);
        let is_asked = rests == RESTS_PER_LOOK && self.len.load(Ordering::Relaxed) > FEW;
        is_asked && self.look(instance.engine().clock().now_us(), computed_us())
    }

    fn look(&self, now_us: u64, computed_us: u64) -> bool {
        let (then_us, computed_then_us) = self.before.get();
        let passed_us = now_us.saturating_sub(then_us);
        if passed_us < WINDOW_US {
            return false;
        }
        self.before.set((now_us, computed_us));
        // The first look only begins.
        then_us != 0 && computed_us.saturating_sub(computed_then_us) * 100 >= passed_us * BUSY_PERCENT
    }
}

/// How long this thread has computed.
fn computed_us() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1_000
}

#[cfg(test)]
mod tests {
    use super::{Crowd, WINDOW_US, computed_us};
    use std::sync::Arc;

    const BEGIN_US: u64 = 1_000_000;

    #[test]
    fn only_who_computes_nearly_all_the_time_is_busy() {
        let crowd = Crowd::new(Arc::default());
        let look = |windows: u64, computed: u64| crowd.look(BEGIN_US + windows * WINDOW_US, computed);
        assert!(!look(0, 500), "there is nothing to compare with");
        assert!(!crowd.look(BEGIN_US + 1, 501), "it has not been looked at for long");
        assert!(look(1, 500 + WINDOW_US * 9 / 10));
        assert!(!look(2, 500 + WINDOW_US * 14 / 10));
        assert!(!look(3, 0), "clocks may go back");
        assert!(computed_us() > 0);
    }
}
