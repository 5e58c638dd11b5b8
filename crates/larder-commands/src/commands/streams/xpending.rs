//! `XPENDING`: what a group was given and has not acknowledged.

use super::groups::{self, Now};
use super::{entries, ids};
use crate::prelude::*;
use larder_core::value::stream::{Consumer, Group as Consumers, Pending, StreamId};

pub(crate) static XPENDING: Command = Command {
    name: "xpending",
    summary: "Returns what a group has pending: a summary, or entry by entry.",
    since: "5.0.0",
    group: Group::Streams,
    complexity: "O(log(N)+M): N entries pending, M looked at",
    arity: -3,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    tips: &["nondeterministic_output"],
    args: &[
        Arg::key("key"),
        Arg::string("group"),
        Arg::block(
            "filters",
            &[
                Arg::int("min-idle-time").token("IDLE").optional().since("6.2.0"),
                Arg::string("start"),
                Arg::string("end"),
                Arg::int("count"),
                Arg::string("consumer").optional(),
            ],
        )
        .optional(),
    ],
    history: &[("6.2.0", "Takes IDLE, and ranges that leave their ends out.")],
    examples: &[
        "XADD s 1-1 a 1",
        "XADD s 1-2 a 2",
        "XGROUP CREATE s g 0",
        "XPENDING s g",
        "XREADGROUP GROUP g c COUNT 1 STREAMS s >",
        "XREADGROUP GROUP g d STREAMS s >",
        "XPENDING s g",
        "XPENDING s g IDLE 100000 - + 10",
        "XPENDING s g - + 10 nobody",
        "XPENDING s g - +",
        "XPENDING s g IDLE x - + 10",
        "XPENDING s g IDLE 0 - +",
        "XPENDING s g x + 10",
        "XPENDING s other",
        "XPENDING none g",
        "SET t x",
        "XPENDING t g",
    ],
    run,
    ..Command::DEFAULT
};

/// Which of the pending entries are wanted.
struct Filter<'a> {
    idle_ms: i64,
    start: StreamId,
    end: StreamId,
    count: usize,
    consumer: Option<&'a [u8]>,
}

impl<'a> Filter<'a> {
    /// `[IDLE ms] start end count [consumer]`, or nothing.
    fn read(args: Args<'a>) -> Result<Option<Filter<'a>>> {
        if args.len() == 3 {
            return Ok(None);
        }
        if !(6..=9).contains(&args.len()) {
            return Err(Error::SYNTAX);
        }
        let (mut at, mut idle_ms) = (3, 0);
        if is(args.at(3), "IDLE") {
            idle_ms = args.int(4)?;
            if args.len() < 8 {
                return Err(Error::SYNTAX);
            }
            at = 5;
        }
        let count = args.int(at + 2)?;
        let (start, end) = (ids::start(args.need(at)?)?, ids::end(args.need(at + 1)?)?);
        let consumer = args.from(at + 3).first().copied();
        Ok(Some(Filter { idle_ms, start, end, count: usize::try_from(count).unwrap_or(0), consumer }))
    }

    fn apply(&self, group: &Consumers, now: Now) -> Vec<(StreamId, Pending)> {
        if self.start > self.end {
            return Vec::new();
        }
        let idle = |(_, pending): &(StreamId, Pending)| {
            self.idle_ms == 0 || now.ms.saturating_sub(pending.delivered_ms) >= self.idle_ms
        };
        match self.consumer {
            None => {
                let all = group.pending().range(self.start..=self.end).map(|(id, pending)| (*id, *pending));
                all.filter(idle).take(self.count).collect()
            }
            Some(name) => match group.find(name) {
                Some(consumer) => {
                    let own = group.pending_of(consumer, self.start..=self.end);
                    own.filter(idle).take(self.count).collect()
                }
                None => Vec::new(),
            },
        }
    }
}

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let filter = Filter::read(args)?;
    groups::must_exist(cx, args.at(1), args.at(2), "")?;
    let now = Now::of(cx);
    let stream = entries::again(cx, &cx.key(args.at(1)))?;
    let Some(group) = stream.and_then(|stream| stream.group(args.at(2))) else {
        return Err(groups::no_group(args.at(1), args.at(2), ""));
    };
    let Some(filter) = filter else {
        write_summary(group, out);
        return Ok(Done);
    };
    let found = filter.apply(group, now);
    out.array(found.len());
    for (id, pending) in found {
        out.array(4);
        ids::write(out, id);
        out.bulk(group.consumer(pending.consumer).map(Consumer::name).unwrap_or_default());
        out.int(now.since(pending.delivered_ms));
        out.int(pending.deliveries as i64);
    }
    Ok(Done)
}

fn write_summary(group: &Consumers, out: &mut dyn Reply) {
    let pending = group.pending();
    out.array(4);
    out.count(pending.len());
    let (Some((first, _)), Some((last, _))) = (pending.first_key_value(), pending.last_key_value()) else {
        out.null();
        out.null();
        out.null_array();
        return;
    };
    ids::write(out, *first);
    ids::write(out, *last);
    let holders = || group.consumers().filter(|consumer| !consumer.pending().is_empty());
    out.array(holders().count());
    for consumer in holders() {
        out.array(2);
        out.bulk(consumer.name());
        out.bulk(consumer.pending().len().to_string().as_bytes());
    }
}
