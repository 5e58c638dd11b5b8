//! The same load on an engine of this process: each thread is a client without a socket. Replies are written in the
//! protocol of the wire and counted by the same counter, so what is saved is the network and nothing else.

use super::drive::{End, Plan};
use super::operation::Source;
use super::replies::{Outcome, Replies};
use super::tally::Tally;
use crate::execute;
use crate::failure::Failure;
use larder_commands::{Flow, Instance, Origin, Protocol, Wake};
use larder_server::RespReply;
use smallvec::SmallVec;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Nobody waits for mail here.
#[derive(Debug)]
struct Deaf;

impl Wake for Deaf {
    fn wake(&self) {}
}

/// Requests between two looks at the end and at whoever wants to stop.
const STRETCH: u64 = 256;

/// Puts the load on the engine until the end.
pub(super) fn drive(plan: Plan<'_>, instance: &Arc<Instance>, source: &mut Source) -> Result<Tally, Failure> {
    let origin = Origin { addr: "embedded:0".into(), laddr: "embedded:0".into(), unix: false, fd: -1 };
    let mut session = instance.connect(origin, Box::new(Deaf));
    instance.trust(&mut session);
    let mut tally = Tally::new(plan.mix.operations.len());
    let (mut replies, mut out, mut words) = (Replies::default(), Vec::new(), Vec::new());
    let (count_max, time_max) = match plan.end {
        End::Operations(count) => (count, Duration::MAX),
        End::After(time) => (u64::MAX, time),
    };
    let began = Instant::now();
    let (mut count, mut failure) = (0_u64, None);
    while failure.is_none()
        && count < count_max
        && began.elapsed() < time_max
        && !plan.stop.load(Ordering::Relaxed)
    {
        let stretch = if plan.rate.is_some() { 1 } else { STRETCH.min(count_max - count) };
        for _ in 0..stretch {
            let which = plan.mix.pick(source);
            plan.mix.operations[which].write_words(source, &mut words);
            let from = match plan.rate {
                None => Instant::now(),
                Some(rate) => await_due(began, Duration::from_secs_f64(count as f64 / rate)),
            };
            let line: SmallVec<[&[u8]; 24]> = words.iter().map(Vec::as_slice).collect();
            out.clear();
            let flow = instance.execute(&mut session, &line, &mut RespReply::new(&mut out, Protocol::Resp2));
            let ns = from.elapsed().as_nanos() as u64;
            count += 1;
            if !matches!(flow, Flow::Next) {
                failure = Some(format!("{} does not answer at once", plan.mix.operations[which].name));
                break;
            }
            let mut outcome = Outcome::Value;
            replies.take(&out, |reply| outcome = reply).map_err(Failure::Input)?;
            tally.add(which as u8, outcome, ns);
            if count.is_multiple_of(plan.pipeline as u64) {
                instance.end_batch(&mut session);
            }
        }
        plan.done.fetch_add(stretch, Ordering::Relaxed);
    }
    instance.end_batch(&mut session);
    tally.elapsed = began.elapsed();
    tally.first_error = replies.first_error;
    instance.disconnect(session);
    failure.map_or(Ok(tally), |text| Err(Failure::Input(text)))
}

/// Waits until so long after the beginning, and gives that time: sleeping while it is far, then turning.
fn await_due(began: Instant, after: Duration) -> Instant {
    const NEAR: Duration = Duration::from_micros(200);
    let due = began + after;
    if let Some(far) = due.saturating_duration_since(Instant::now()).checked_sub(NEAR) {
        execute::pause(far);
    }
    while Instant::now() < due {
        std::hint::spin_loop();
    }
    due
}
