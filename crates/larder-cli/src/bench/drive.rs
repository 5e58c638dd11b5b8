//! What a thread does with its connections for a part of a run.
//!
//! Closed loop: a connection sends its next batch when all replies of the last have come, and a latency begins when the
//! batch is handed to the system. Open loop: requests are due at fixed times whether or not the server keeps up, and a
//! latency begins when its request was due. So a server that stalls for a second shows as a second for all who would
//! have asked meanwhile, not for the few who had asked ("coordinated omission").

use super::connections::{Connections, Ear, State};
use super::operation::{Mix, Source};
use super::tally::Tally;
use crate::failure::Failure;
use crate::transport::Error;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Without any reply for so long, the server is given up.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a thread with nothing to do looks up.
const GLANCE: Duration = Duration::from_millis(100);

/// When a part of a run ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    Operations(u64),
    After(Duration),
}

/// What one thread does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan<'a> {
    pub(super) mix: &'a Mix,
    /// Requests without a reply on one connection.
    pub(super) pipeline: usize,
    pub(super) end: End,
    /// Requests a second of this thread; none for a closed loop.
    pub(super) rate: Option<f64>,
    /// Requests so far of all threads that have been answered, for whoever watches.
    pub(super) done: &'a AtomicU64,
    /// Somebody wants to stop.
    pub(super) stop: &'a AtomicBool,
}

/// One thread's part.
struct Drive<'a> {
    plan: Plan<'a>,
    source: &'a mut Source,
    tally: Tally,
    began: Instant,
    /// Requests that may still be sent.
    left: u64,
    end_ns: u64,
    waiting: u64,
    /// Open loop: between two requests of one connection, and between two of all.
    interval_ns: f64,
    step_ns: f64,
}

/// Puts the load on the connections until the end, and waits for the last replies.
pub(super) fn drive(
    plan: Plan<'_>,
    connections: &mut Connections,
    source: &mut Source,
) -> Result<Tally, Failure> {
    let Connections { sockets, states } = connections;
    let mut ear = Ear::new(sockets);
    let (left, end_ns) = match plan.end {
        End::Operations(count) => (count, u64::MAX),
        End::After(time) => (u64::MAX, u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)),
    };
    let step_ns = plan.rate.map_or(0.0, |rate| 1e9 / rate);
    let interval_ns = step_ns * sockets.len() as f64;
    let tally = Tally::new(plan.mix.operations.len());
    let began = Instant::now();
    let mut drive = Drive { plan, source, tally, began, left, end_ns, waiting: 0, interval_ns, step_ns };
    for (at, state) in states.iter_mut().enumerate() {
        (state.sent, state.answered) = (0, 0);
        drive.ask(at, state);
        ear.flush(at, &sockets[at], state)?;
    }
    let mut last_reply = Instant::now();
    while drive.waiting > 0 || !drive.is_over() {
        if ear.wait(drive.pause(states))? {
            let answered = drive.tally.count();
            for (at, state) in states.iter_mut().enumerate() {
                if ear.is_ready(at) {
                    drive.hear(at, &mut ear, &sockets[at], state)?;
                    drive.ask(at, state);
                    ear.flush(at, &sockets[at], state)?;
                }
            }
            let news = drive.tally.count() - answered;
            if news > 0 {
                last_reply = Instant::now();
                plan.done.fetch_add(news, Ordering::Relaxed);
            }
        } else if drive.waiting > 0 && last_reply.elapsed() > PATIENCE {
            return Err(Error::TimedOut.into());
        }
        if plan.rate.is_some() {
            for (at, state) in states.iter_mut().enumerate() {
                drive.ask(at, state);
                ear.flush(at, &sockets[at], state)?;
            }
        }
    }
    let mut tally = drive.tally;
    tally.elapsed = last_reply.saturating_duration_since(began);
    tally.first_error = states.iter_mut().find_map(|state| state.replies.first_error.take());
    Ok(tally)
}

impl Drive<'_> {
    fn now_ns(&self) -> u64 {
        self.began.elapsed().as_nanos() as u64
    }

    fn is_over(&self) -> bool {
        self.left == 0 || self.plan.stop.load(Ordering::Relaxed) || self.now_ns() >= self.end_ns
    }

    /// When a request of the open loop is due.
    fn due_ns(&self, at: usize, number: u64) -> u64 {
        (at as f64 * self.step_ns + number as f64 * self.interval_ns) as u64
    }

    /// How long to wait at most.
    fn pause(&self, states: &[State]) -> Duration {
        if self.plan.rate.is_none() {
            return GLANCE;
        }
        let free = states.iter().enumerate().filter(|(_, state)| state.asked.len() < self.plan.pipeline);
        let next_ns = free.map(|(at, state)| self.due_ns(at, state.sent)).min().unwrap_or(u64::MAX);
        Duration::from_nanos(next_ns.min(self.end_ns).saturating_sub(self.now_ns())).min(GLANCE)
    }

    /// Makes what this connection may ask now: a batch, or what is due.
    #[inline]
    fn ask(&mut self, at: usize, state: &mut State) {
        let room = match self.plan.rate {
            None if !state.asked.is_empty() => return,
            None => self.plan.pipeline,
            Some(_) => {
                let now_ns = self.now_ns();
                let room = self.plan.pipeline - state.asked.len();
                (0..room as u64).take_while(|more| self.due_ns(at, state.sent + more) <= now_ns).count()
            }
        };
        if room == 0 || self.is_over() {
            return;
        }
        let count = self.left.min(room as u64);
        for _ in 0..count {
            let which = self.plan.mix.pick(self.source);
            self.plan.mix.operations[which].write(self.source, &mut state.out);
            state.asked.push_back(which as u8);
        }
        self.left -= count;
        self.waiting += count;
        state.sent += count;
        state.sent_ns = self.now_ns();
    }

    /// Reads replies and notes how long they took.
    #[inline]
    fn hear(
        &mut self,
        at: usize,
        ear: &mut Ear<'_>,
        socket: &crate::transport::Stream,
        state: &mut State,
    ) -> Result<(), Failure> {
        // Taken when the first reply is there, before others are looked at.
        let now_ns = self.now_ns();
        let (first_ns, interval_ns) = (at as f64 * self.step_ns, self.interval_ns);
        let open = self.plan.rate.is_some();
        let State { replies, asked, sent_ns, answered, .. } = state;
        let (tally, waiting) = (&mut self.tally, &mut self.waiting);
        let mut unasked = false;
        ear.read(socket, replies, |outcome| {
            let Some(which) = asked.pop_front() else {
                unasked = true;
                return;
            };
            let from_ns = if open { (first_ns + *answered as f64 * interval_ns) as u64 } else { *sent_ns };
            *answered += 1;
            *waiting -= 1;
            tally.add(which, outcome, now_ns.saturating_sub(from_ns));
        })?;
        if unasked {
            Err(Failure::Input("a reply came that nobody had asked for".to_owned()))
        } else {
            Ok(())
        }
    }
}
