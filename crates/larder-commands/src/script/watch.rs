//! Who watches a machine: how long its script has been running, whether it has written, whether somebody wants it to
//! stop. The machine's thread and those who ask or kill share one of these.

use super::Program;
use larder_core::Clock;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// Why a script has to stop. It may be told more than once, until it does.
const REASONS: [&str; 5] = [
    "Script killed by user with SCRIPT KILL...",
    "Script stopped: it ran for more instructions than script-instructions-max allows.",
    "FUNCTION LOAD timeout",
    "Script stopped: the server is shutting down.",
    // Nobody reads it, unless somebody kills the script in the same moment.
    "Script killed by user with SCRIPT KILL...",
];
const KILLED: usize = 0;
const INSTRUCTIONS: usize = 1;
const LOADING: usize = 2;
const ENDING: usize = 3;
const LEAVING: usize = 4;
/// What has done less than so many instructions did not take its time by itself.
const LEAVING_WORK: u64 = 10_000;

/// What runs for so long may keep a thread waiting that has others to serve.
const LASTING_US: u64 = 1_000;

/// What runs.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub(crate) program: Arc<Program>,
    /// The command line that calls a function; nobody asks for that of a script.
    pub(crate) command: Vec<Box<[u8]>>,
    /// Microseconds of the engine's clock.
    pub(crate) since_us: u64,
}

/// Shared by a machine and those who look at it from outside.
#[derive(Debug)]
pub(crate) struct Watch {
    clock: Arc<dyn Clock>,
    /// What runs, or ran last: nobody asks unless it is slow.
    running: Mutex<Option<Running>>,
    /// The number of that program, for the machine's own thread.
    noted: AtomicU64,
    /// Since when it runs; 0 while nothing does.
    since_us: AtomicU64,
    /// Set once a script has run for longer than the threshold.
    slow: AtomicBool,
    killed: AtomicBool,
    /// Why: an index into `REASONS`.
    reason: AtomicUsize,
    wrote: AtomicBool,
    threshold_ms: AtomicU64,
    instructions: AtomicU64,
    instructions_max: AtomicU64,
    /// Milliseconds after which it is stopped; 0 for never.
    stop_ms: AtomicU64,
    /// Microseconds after which it leaves its thread, to begin again on another one; 0 for never.
    leave_us: AtomicU64,
    /// It has done something that others may have seen.
    acted: AtomicBool,
    /// Every stripe is locked for the script.
    holds_all: AtomicBool,
    memory: AtomicUsize,
    /// How many scripts are slow, and how many of these hold everything.
    busy: Arc<Busy>,
}

/// Scripts that have run for longer than the threshold.
#[derive(Debug, Default)]
pub(crate) struct Busy {
    pub(crate) slow: AtomicUsize,
    pub(crate) holding_all: AtomicUsize,
    /// Those that are slow have to end.
    pub(crate) stopping: AtomicBool,
}

/// A script that is being watched, until this is dropped.
pub(super) struct Watched<'w>(&'w Watch);

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Watch {
    pub(super) fn new(clock: Arc<dyn Clock>, busy: Arc<Busy>) -> Watch {
        Watch {
            clock,
            busy,
            running: Mutex::default(),
            noted: AtomicU64::default(),
            since_us: AtomicU64::default(),
            slow: AtomicBool::default(),
            killed: AtomicBool::default(),
            reason: AtomicUsize::default(),
            wrote: AtomicBool::default(),
            threshold_ms: AtomicU64::default(),
            instructions: AtomicU64::default(),
            instructions_max: AtomicU64::default(),
            stop_ms: AtomicU64::default(),
            leave_us: AtomicU64::default(),
            acted: AtomicBool::default(),
            holds_all: AtomicBool::default(),
            memory: AtomicUsize::default(),
        }
    }

    /// A program begins, by this command line.
    pub(super) fn begin(
        &self,
        program: &Arc<Program>,
        words: &[&[u8]],
        since_us: u64,
        [threshold_ms, instructions_max]: [u64; 2],
    ) -> Watched<'_> {
        self.threshold_ms.store(threshold_ms, Ordering::Relaxed);
        self.instructions.store(0, Ordering::Relaxed);
        self.instructions_max.store(instructions_max, Ordering::Relaxed);
        self.stop_ms.store(0, Ordering::Relaxed);
        self.leave_us.store(0, Ordering::Relaxed);
        self.acted.store(false, Ordering::Relaxed);
        self.wrote.store(false, Ordering::Relaxed);
        self.killed.store(false, Ordering::Relaxed);
        self.reason.store(KILLED, Ordering::Relaxed);
        if program.is_function || self.noted.swap(program.id, Ordering::Relaxed) != program.id {
            let command = if program.is_function { words } else { &[] };
            let command = command.iter().map(|word| Box::from(*word)).collect();
            *self.running.lock() = Some(Running { program: program.clone(), command, since_us });
        }
        self.since_us.store(since_us, Ordering::Relaxed);
        Watched(self)
    }

    /// It is to be stopped after so many milliseconds.
    pub(super) fn stop_after(&self, ms: u64) {
        self.stop_ms.store(ms, Ordering::Relaxed);
    }

    /// It is to leave its thread after so many microseconds, unless it has had effects by then.
    pub(super) fn leave_after(&self, us: u64) {
        self.leave_us.store(us, Ordering::Relaxed);
    }

    /// Says that it has effects from now on. Called on the script's own thread only.
    pub(super) fn acts(&self) {
        self.acted.store(true, Ordering::Relaxed);
    }

    /// Whether it has left its thread.
    pub(super) fn has_left(&self) -> bool {
        self.is_killed() && self.reason.load(Ordering::SeqCst) == LEAVING
    }

    fn end(&self) {
        self.since_us.store(0, Ordering::Relaxed);
        if self.is_slow() {
            self.slow.store(false, Ordering::Relaxed);
            self.busy.slow.fetch_sub(1, Ordering::Relaxed);
            if self.holds_all.load(Ordering::Relaxed) {
                self.busy.holding_all.fetch_sub(1, Ordering::Relaxed);
            }
        }
        self.holds_all.store(false, Ordering::Relaxed);
    }

    /// Says that the script holds every stripe from now on. Called on the script's own thread only, as is
    /// [`Watch::look`].
    pub(super) fn holds_all(&self) {
        if !self.holds_all.swap(true, Ordering::Relaxed) && self.slow.load(Ordering::Relaxed) {
            self.busy.holding_all.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn wrote(&self) {
        self.wrote.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_killed(&self) -> bool {
        self.killed.load(Ordering::SeqCst)
    }

    /// Why the script has to stop, if it has to.
    pub(super) fn why_stopped(&self) -> Option<&'static str> {
        self.is_killed().then(|| REASONS[self.reason.load(Ordering::Relaxed)])
    }

    /// How many instructions the script has executed, as of the last look.
    pub(super) fn instructions(&self) -> u64 {
        self.instructions.load(Ordering::Relaxed)
    }

    pub(super) fn is_slow(&self) -> bool {
        self.slow.load(Ordering::Relaxed)
    }

    /// Looks at the clock after so many more instructions. The error says why the script has to stop.
    pub(super) fn look(&self, instructions: u64) -> Result<(), &'static str> {
        if let Some(reason) = self.why_stopped() {
            return Err(reason);
        }
        let most = self.instructions_max.load(Ordering::Relaxed);
        let so_far = self.instructions.fetch_add(instructions, Ordering::Relaxed) + instructions;
        if most != 0 && so_far > most {
            return Err(self.stop(INSTRUCTIONS));
        }
        let since_us = self.since_us.load(Ordering::Relaxed);
        if since_us == 0 {
            return Ok(());
        }
        let ran_us = self.clock.now_us().saturating_sub(since_us);
        let ran_ms = ran_us / 1_000;
        let stop_ms = self.stop_ms.load(Ordering::Relaxed);
        if stop_ms != 0 && ran_ms >= stop_ms {
            return Err(self.stop(LOADING));
        }
        let leave_us = self.leave_us.load(Ordering::Relaxed);
        if leave_us != 0
            && ran_us >= leave_us
            && so_far >= LEAVING_WORK
            && !self.acted.load(Ordering::Relaxed)
        {
            return Err(self.stop(LEAVING));
        }
        if !self.is_slow() && ran_ms >= self.threshold_ms.load(Ordering::Relaxed) {
            self.slow.store(true, Ordering::Release);
            self.busy.slow.fetch_add(1, Ordering::Relaxed);
            if self.holds_all.load(Ordering::Relaxed) {
                self.busy.holding_all.fetch_add(1, Ordering::Relaxed);
            }
        }
        if self.is_slow() && self.busy.stopping.load(Ordering::Relaxed) {
            return Err(self.stop(ENDING));
        }
        Ok(())
    }

    fn stop(&self, reason: usize) -> &'static str {
        self.reason.store(reason, Ordering::SeqCst);
        self.killed.store(true, Ordering::SeqCst);
        REASONS[reason]
    }

    /// What runs, if it has been running for too long.
    pub(crate) fn slow(&self) -> Option<Running> {
        if !self.slow.load(Ordering::Acquire) {
            return None;
        }
        let running = self.running.lock().clone();
        running.map(|running| Running { since_us: self.since_us.load(Ordering::Relaxed), ..running })
    }

    /// Since when something runs that is not slow yet: microseconds of the engine's clock.
    pub(crate) fn quick_since_us(&self) -> Option<u64> {
        let since_us = self.since_us.load(Ordering::Relaxed);
        (since_us != 0 && !self.slow.load(Ordering::Acquire)).then_some(since_us)
    }

    /// Whether something has been running for longer than a moment.
    pub(super) fn lasts(&self) -> bool {
        let since_us = self.since_us.load(Ordering::Relaxed);
        since_us != 0 && self.clock.now_us().saturating_sub(since_us) > LASTING_US
    }

    /// Stops what runs, unless it has written already. Says whether it stops.
    pub(crate) fn kill(&self) -> bool {
        // A write that begins now is seen by one of both: the script looks for the kill after it has said that it
        // writes.
        self.killed.store(true, Ordering::SeqCst);
        if self.wrote.load(Ordering::SeqCst) {
            self.killed.store(false, Ordering::SeqCst);
            return false;
        }
        // One that was about to begin again ends instead.
        let _ = self.reason.compare_exchange(LEAVING, KILLED, Ordering::SeqCst, Ordering::SeqCst);
        true
    }

    pub(super) fn note_memory(&self, bytes: usize) {
        self.memory.store(bytes, Ordering::Relaxed);
    }

    /// How much memory the machine takes, as of the end of its last script.
    pub(crate) fn memory(&self) -> usize {
        self.memory.load(Ordering::Relaxed)
    }
}
