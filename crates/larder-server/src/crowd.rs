//! Whether a worker has more connections than it can serve.
//!
//! Connections begin on the first worker and stay there for as long as it keeps up: what clients send on one and then,
//! without waiting, on another is so done in this order, as by one thread of Redis. Clients, and their tests, subscribe
//! here and publish there. Only a worker whose thread computes nearly all the time hands connections over to others,
//! one after the other, until it has time again, or few are left. It keeps them while the machine has no processor to
//! spare: another worker would get its time from this one, or from the clients, and two that take turns serve smaller
//! batches, with caches that are each other's.

use larder_commands::Instance;
use rustix::time::{ClockId, clock_gettime};
use std::cell::{Cell, RefCell};
use std::fs::File;
use std::os::unix::fs::FileExt;
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
/// The machine is looked at for so long at least, whose idle time is told by hundredths of a second.
const MACHINE_WINDOW_US: u64 = 100_000;
/// There is time to spare where so much of one processor was idle: two workers need up to a quarter more time than one.
const IDLE_PERCENT: u64 = 30;

/// What a worker knows of how busy it is.
#[derive(Debug)]
pub(crate) struct Crowd {
    /// How many connections it has.
    len: Arc<AtomicUsize>,
    rests: Cell<u32>,
    /// When it was looked at last: microseconds of the clock, and of computing.
    before: Cell<(u64, u64)>,
    machine: RefCell<Machine>,
}

/// What is known of the machine while a worker is busy.
#[derive(Debug, Default)]
struct Machine {
    /// Tells how long all processors together have been idle; opened when it is asked for the first time.
    uptime: Option<File>,
    /// When the worker was found busy or the machine was looked at last, and how long it had been idle by then.
    before: Option<(u64, u64)>,
    has_time: bool,
}

impl Machine {
    /// The worker has time, so nothing needs to be known.
    fn forget(&mut self) {
        (self.before, self.has_time) = (None, false);
    }

    /// Whether processors are idle while the worker is busy, who was found so for the first time or again. `idle_us`
    /// says how long all of them have been idle; nothing if nobody can tell, and then they are taken to be.
    fn look(&mut self, now_us: u64, idle_us: impl FnOnce(&mut Machine) -> Option<u64>) -> bool {
        let passed_us = self.before.map_or(0, |(then_us, _)| now_us.saturating_sub(then_us));
        if self.before.is_some() && passed_us < MACHINE_WINDOW_US {
            return self.has_time;
        }
        let Some(idle_us) = idle_us(self) else { return true };
        if let Some((_, idle_then_us)) = self.before.replace((now_us, idle_us)) {
            self.has_time = idle_us.saturating_sub(idle_then_us) * 100 >= passed_us * IDLE_PERCENT;
        }
        self.has_time
    }

    /// How long all processors together have been idle.
    fn idle_us(&mut self) -> Option<u64> {
        if self.uptime.is_none() {
            self.uptime = File::open("/proc/uptime").ok();
        }
        let mut text = [0; 64];
        let len = self.uptime.as_ref()?.read_at(&mut text, 0).ok()?;
        parse_idle_us(std::str::from_utf8(&text[..len]).ok()?)
    }
}

/// The second of two numbers of seconds.
fn parse_idle_us(uptime: &str) -> Option<u64> {
    let seconds: f64 = uptime.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some((seconds * 1e6) as u64)
}

impl Crowd {
    pub(crate) fn new(len: Arc<AtomicUsize>) -> Crowd {
        Crowd { len, rests: Cell::default(), before: Cell::default(), machine: RefCell::default() }
    }

    /// Whether the connection that comes to rest now should leave. Reads the clocks now and then.
    pub(crate) fn is_too_large(&self, instance: &Instance) -> bool {
        let rests = self.rests.get() + 1;
        self.rests.set(rests % RESTS_PER_LOOK);
        let is_asked = rests == RESTS_PER_LOOK && self.len.load(Ordering::Relaxed) > FEW;
        is_asked && self.look(instance.engine().clock().now_us(), computed_us(), Machine::idle_us)
    }

    fn look(&self, now_us: u64, computed_us: u64, idle_us: impl FnOnce(&mut Machine) -> Option<u64>) -> bool {
        let (then_us, computed_then_us) = self.before.get();
        let passed_us = now_us.saturating_sub(then_us);
        if passed_us < WINDOW_US {
            return false;
        }
        self.before.set((now_us, computed_us));
        // The first look only begins.
        let is_busy =
            then_us != 0 && computed_us.saturating_sub(computed_then_us) * 100 >= passed_us * BUSY_PERCENT;
        let mut machine = self.machine.borrow_mut();
        if !is_busy {
            machine.forget();
        }
        is_busy && machine.look(now_us, idle_us)
    }
}

/// How long this thread has computed.
fn computed_us() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1_000
}

#[cfg(test)]
mod tests {
    use super::{Crowd, MACHINE_WINDOW_US, Machine, WINDOW_US, computed_us, parse_idle_us};
    use std::sync::Arc;

    const BEGIN_US: u64 = 1_000_000;

    #[test]
    fn only_who_computes_nearly_all_the_time_is_busy() {
        let crowd = Crowd::new(Arc::default());
        let look =
            |windows: u64, computed: u64| crowd.look(BEGIN_US + windows * WINDOW_US, computed, |_| None);
        assert!(!look(0, 500), "there is nothing to compare with");
        assert!(!crowd.look(BEGIN_US + 1, 501, |_| None), "it has not been looked at for long");
        assert!(look(1, 500 + WINDOW_US * 9 / 10));
        assert!(!look(2, 500 + WINDOW_US * 14 / 10));
        assert!(!look(3, 0), "clocks may go back");
        assert!(computed_us() > 0);
    }

    #[test]
    fn connections_stay_where_no_processor_is_idle() {
        let crowd = Crowd::new(Arc::default());
        // A worker that always computes, window after window, beside others that leave so many percent of a processor.
        let (mut window, mut idle_us) = (0, 5_000_000);
        let mut go_on = |percent: u64| {
            window += 1;
            idle_us += WINDOW_US * percent / 100;
            crowd.look(BEGIN_US + window * WINDOW_US, window * WINDOW_US, |_| Some(idle_us))
        };
        let windows = MACHINE_WINDOW_US / WINDOW_US;
        let mut leaves = |percent: u64| (0..windows).filter(|_| go_on(percent)).count() as u64;
        assert_eq!([leaves(10), leaves(10)], [0, 0], "there is nothing to gain");
        assert_eq!([leaves(100), leaves(100), leaves(100)][2], windows);
        assert_eq!([leaves(0), leaves(0), leaves(0)][2], 0, "the others have it now");
    }

    #[test]
    fn what_was_idle_before_the_worker_was_busy_does_not_count() {
        let mut machine = Machine::default();
        assert!(!machine.look(BEGIN_US, |_| Some(0)));
        assert!(machine.look(BEGIN_US + MACHINE_WINDOW_US, |_| Some(MACHINE_WINDOW_US)));
        machine.forget();
        let later_us = BEGIN_US + 50 * MACHINE_WINDOW_US;
        assert!(!machine.look(later_us, |_| Some(later_us)));
        assert!(!machine.look(later_us + MACHINE_WINDOW_US, |_| Some(later_us + MACHINE_WINDOW_US / 10)));
    }

    #[test]
    fn idle_time_is_the_second_number() {
        assert_eq!(parse_idle_us("12524.85 4630.88\n"), Some(4_630_880_000));
        assert_eq!(parse_idle_us("12524.85"), None);
        assert_eq!(parse_idle_us("a b"), None);
        if cfg!(target_os = "linux") {
            assert!(Machine::default().idle_us().is_some());
        }
    }
}
