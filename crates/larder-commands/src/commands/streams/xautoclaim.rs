//! `XAUTOCLAIM`: gives whatever has been idle for too long to a consumer, some at a time.

use super::groups::{self, Now};
use super::ids;
use super::xclaim::write_claimed;
use crate::prelude::*;
use larder_core::value::stream::{Group as Consumers, Log, Pending, Stream, StreamId};
use larder_core::{Edit, Missing};
use std::ops::Bound;

/// Entries that are looked at for each one that is asked for.
const LOOKS: u64 = 10;

pub(crate) static XAUTOCLAIM: Command = Command {
    name: "xautoclaim",
    summary: "Gives pending entries that have been idle for long enough to a consumer, some at a time.",
    since: "6.2.0",
    group: Group::Streams,
    complexity: "O(log(N)) for each entry looked at, N being those that are pending",
    arity: -6,
    flags: WRITE | FAST,
    keys: &[KeySpec::at(1, RW | DELETE)],
    tips: &["nondeterministic_output"],
    args: &[
        Arg::key("key"),
        Arg::string("group"),
        Arg::string("consumer"),
        Arg::string("min-idle-time"),
        Arg::string("start"),
        Arg::int("count").token("COUNT").optional(),
        Arg::word("justid", "JUSTID").optional(),
    ],
    history: &[("7.0.0", "Returns as a third part what was pending but is deleted.")],
    examples: &[
        "XADD s 1-1 a 1",
        "XADD s 1-2 a 2",
        "XADD s 1-3 a 3",
        "XGROUP CREATE s g 0",
        "XREADGROUP GROUP g c STREAMS s >",
        "XDEL s 1-2",
        "XAUTOCLAIM s g d 0 0 COUNT 1",
        "XAUTOCLAIM s g d 0 1-2 JUSTID",
        "XAUTOCLAIM s g d 100000 - COUNT 5",
        "XPENDING s g",
        "XAUTOCLAIM s g d 0 0 COUNT 0",
        "XAUTOCLAIM s g d 0 0 WHAT",
        "XAUTOCLAIM s g d x 0",
        "XAUTOCLAIM s g d 0 x",
        "XAUTOCLAIM s other d 0 0",
        "SET t x",
        "XAUTOCLAIM t g d 0 0",
    ],
    run,
    ..Command::DEFAULT
};

struct Claim {
    idle_ms: i64,
    start: StreamId,
    count: u64,
    just_id: bool,
}

/// What came of it.
#[derive(Default)]
struct Claimed {
    ids: Vec<StreamId>,
    deleted: Vec<StreamId>,
    /// Where to go on; the lowest id at the end.
    next: StreamId,
}

impl Claim {
    fn read(args: Args<'_>) -> Result<Claim> {
        let idle_ms = parse_int(args.at(4))
            .ok_or_else(|| Error::general("Invalid min-idle-time argument for XAUTOCLAIM"))?;
        let start = ids::start(args.at(5))?;
        let mut claim = Claim { idle_ms: idle_ms.max(0), start, count: 100, just_id: false };
        let mut options = args.options(6);
        while let Some(option) = options.next() {
            match () {
                () if is(option, "COUNT") && !options.rest().is_empty() => {
                    let max = i64::MAX as u64 / 16;
                    let count = parse_int(options.value()?).and_then(|count| u64::try_from(count).ok());
                    let count = count.filter(|count| (1..=max).contains(count));
                    claim.count = count.ok_or_else(|| Error::general("COUNT must be > 0"))?;
                }
                () if is(option, "JUSTID") => claim.just_id = true,
                () => return Err(Error::SYNTAX),
            }
        }
        Ok(claim)
    }

    fn run(&self, edit: &mut Edit<'_, Stream>, name: &[u8], consumer: &[u8], now: Now) -> Option<Claimed> {
        let consumer = groups::consumer(edit, name, consumer, now.ms)?;
        edit.edit_group(name, |log, group| {
            let found = self.look(log, group, now);
            found.deleted.iter().for_each(|id| {
                group.acknowledge(*id);
            });
            for id in &found.ids {
                let deliveries = group.pending().get(id).map_or(0, |pending| pending.deliveries);
                let deliveries = deliveries.saturating_add(u64::from(!self.just_id));
                group.assign(*id, Pending { consumer, delivered_ms: now.ms, deliveries });
            }
            if !found.ids.is_empty() {
                groups::was_active(group, consumer, now.ms);
            }
            found
        })
    }

    /// Finds what is to be claimed, and what is pending but deleted.
    fn look(&self, log: &Log, group: &Consumers, now: Now) -> Claimed {
        let mut found = Claimed::default();
        let mut looks = self.count.saturating_mul(LOOKS);
        let mut last = Bound::Included(self.start);
        for (id, pending) in group.pending().range(self.start..) {
            if looks == 0 || (found.ids.len() + found.deleted.len()) as u64 >= self.count {
                break;
            }
            looks -= 1;
            last = Bound::Excluded(*id);
            if log.get(*id).is_none() {
                found.deleted.push(*id);
            } else if now.ms.saturating_sub(pending.delivered_ms) >= self.idle_ms {
                found.ids.push(*id);
            }
        }
        let rest = group.pending().range((last, Bound::Unbounded)).next();
        found.next = rest.map_or(StreamId::MIN, |(id, _)| *id);
        found
    }
}

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let claim = Claim::read(args)?;
    groups::must_exist(cx, args.at(1), args.at(2), "")?;
    let now = Now::of(cx);
    cx.view.edit::<Stream, _>(&cx.key(args.at(1)), Missing::Skip, |edit| {
        let claimed = claim.run(edit, args.at(2), args.at(3), now).unwrap_or_default();
        out.array(3);
        ids::write(out, claimed.next);
        write_claimed(out, edit, &claimed.ids, claim.just_id);
        out.array(claimed.deleted.len());
        claimed.deleted.iter().for_each(|id| ids::write(out, *id));
    })?;
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn only_what_is_idle_is_claimed_and_the_walk_can_be_gone_on_with() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("XGROUP CREATE s g 0 MKSTREAM");
        for n in 1..=30 {
            guest.says(&format!("XADD s {n} a b"));
        }
        guest.says("XREADGROUP GROUP g c COUNT 29 STREAMS s >");
        house.advance_ms(100);
        guest.says("XREADGROUP GROUP g c STREAMS s >");
        guest.says("XCLAIM s g d 0 1 2 3 4 5 6 7 8 9 10 11 12 JUSTID");
        assert_eq!(guest.says("XAUTOCLAIM s g d 100 0 COUNT 1 JUSTID"), "[\"11-0\" [] []]");
        assert_eq!(guest.says("XAUTOCLAIM s g d 100 11 COUNT 1 JUSTID"), "[\"14-0\" [\"13-0\"] []]");
        guest.says("XDEL s 15");
        assert_eq!(
            guest.says("XAUTOCLAIM s g d 100 (13-0 COUNT 2 JUSTID"),
            "[\"16-0\" [\"14-0\"] [\"15-0\"]]"
        );
        assert!(guest.says("XAUTOCLAIM s g d 100 28 JUSTID").starts_with("[\"0-0\" [\"28-0\" \"29-0\"] []"));
    }
}
