//! `XCLAIM`: gives entries that are pending with one consumer to another.

use super::groups::{self, Now};
use super::{entries, ids};
use crate::prelude::*;
use larder_core::value::stream::{Pending, Stream, StreamId};
use larder_core::{Edit, Missing};

pub(crate) static XCLAIM: Command = Command {
    name: "xclaim",
    summary: "Gives pending entries to another consumer, if they have been idle for long enough.",
    since: "5.0.0",
    group: Group::Streams,
    complexity: "O(log(N)) for each entry, N being those that are pending",
    arity: -6,
    flags: WRITE | FAST,
    keys: &[KeySpec::at(1, RW | UPDATE)],
    tips: &["nondeterministic_output"],
    args: &[
        Arg::key("key"),
        Arg::string("group"),
        Arg::string("consumer"),
        Arg::string("min-idle-time"),
        Arg::string("id").multiple(),
        Arg::int("ms").token("IDLE").optional(),
        Arg::unix_time("unix-time-milliseconds").token("TIME").optional(),
        Arg::int("count").token("RETRYCOUNT").optional(),
        Arg::word("force", "FORCE").optional(),
        Arg::word("justid", "JUSTID").optional(),
        Arg::string("id").token("LASTID").optional(),
    ],
    examples: &[
        "XADD s 1-1 a 1",
        "XADD s 1-2 a 2",
        "XADD s 1-3 a 3",
        "XGROUP CREATE s g 0",
        "XREADGROUP GROUP g c COUNT 2 STREAMS s >",
        "XCLAIM s g d 0 1-1 1-3 9-9",
        "XCLAIM s g d 100000 1-2",
        "XDEL s 1-2",
        "XCLAIM s g d 0 1-2 1-3 FORCE JUSTID",
        "XPENDING s g",
        "XCLAIM s g d 0 1-1 IDLE x",
        "XCLAIM s g d 0 1-1 WHAT",
        "XCLAIM s g d x 1-1",
        "XCLAIM s other d x 1-1",
        "XCLAIM none g d 0 1-1",
        "SET t x",
        "XCLAIM t g d 0 1-1",
    ],
    run,
    ..Command::DEFAULT
};

/// What is claimed, and how it is dated.
struct Claim {
    ids: Vec<StreamId>,
    idle_ms: i64,
    delivered_ms: i64,
    deliveries: Option<u64>,
    force: bool,
    just_id: bool,
    last_id: StreamId,
}

fn int(word: &[u8], what: &str) -> Result<i64> {
    parse_int(word).ok_or_else(|| Error::general(format_args!("Invalid {what} argument for XCLAIM")))
}

impl Claim {
    fn read(args: Args<'_>, now: Now) -> Result<Claim> {
        let idle_ms = int(args.at(4), "min-idle-time")?.max(0);
        let ids: Vec<StreamId> = args.from(5).iter().map_while(|word| ids::strict(word, 0).ok()).collect();
        let mut options = args.options(5 + ids.len());
        let mut claim = Claim {
            ids,
            idle_ms,
            delivered_ms: now.ms,
            deliveries: None,
            force: false,
            just_id: false,
            last_id: StreamId::MIN,
        };
        while let Some(option) = options.next() {
            let more = !options.rest().is_empty();
            match () {
                () if is(option, "FORCE") => claim.force = true,
                () if is(option, "JUSTID") => claim.just_id = true,
                () if is(option, "IDLE") && more => {
                    let idle = int(options.value()?, "IDLE option")?;
                    claim.delivered_ms = now.at_unix(now.unix_ms.wrapping_sub(idle));
                }
                () if is(option, "TIME") && more => {
                    claim.delivered_ms = now.at_unix(int(options.value()?, "TIME option")?);
                }
                () if is(option, "RETRYCOUNT") && more => {
                    claim.deliveries = u64::try_from(int(options.value()?, "RETRYCOUNT option")?).ok();
                }
                () if is(option, "LASTID") && more => claim.last_id = ids::strict(options.value()?, 0)?,
                () => {
                    let option = groups::shown(option);
                    return Err(Error::general(format_args!("Unrecognized XCLAIM option '{option}'")));
                }
            }
        }
        Ok(claim)
    }

    /// Claims what can be claimed: its ids.
    fn run(&self, edit: &mut Edit<'_, Stream>, name: &[u8], consumer: &[u8], now: Now) -> Vec<StreamId> {
        let Some(consumer) = groups::consumer(edit, name, consumer, now.ms) else { return Vec::new() };
        let claimed = edit.edit_group(name, |log, group| {
            group.last_id = group.last_id.max(self.last_id);
            let mut claimed = Vec::new();
            for id in &self.ids {
                if log.get(*id).is_none() {
                    group.acknowledge(*id);
                    continue;
                }
                let deliveries = match group.pending().get(id) {
                    Some(pending) if now.ms.saturating_sub(pending.delivered_ms) < self.idle_ms => continue,
                    Some(pending) => pending.deliveries,
                    None if self.force => 1,
                    None => continue,
                };
                let deliveries =
                    self.deliveries.unwrap_or(deliveries.saturating_add(u64::from(!self.just_id)));
                group.assign(*id, Pending { consumer, delivered_ms: self.delivered_ms, deliveries });
                claimed.push(*id);
            }
            if !claimed.is_empty() {
                groups::was_active(group, consumer, now.ms);
            }
            claimed
        });
        claimed.unwrap_or_default()
    }
}

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    groups::must_exist(cx, args.at(1), args.at(2), "")?;
    let now = Now::of(cx);
    let claim = Claim::read(args, now)?;
    cx.view.edit::<Stream, _>(&cx.key(args.at(1)), Missing::Skip, |edit| {
        let claimed = claim.run(edit, args.at(2), args.at(3), now);
        write_claimed(out, edit, &claimed, claim.just_id);
    })?;
    Ok(Done)
}

/// Writes entries that were claimed, or their ids alone.
pub(crate) fn write_claimed(out: &mut dyn Reply, stream: &Stream, claimed: &[StreamId], just_id: bool) {
    if just_id {
        out.array(claimed.len());
        claimed.iter().for_each(|id| ids::write(out, *id));
    } else {
        entries::write_history(out, stream.log(), claimed);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn what_is_claimed_is_dated_and_counted_as_told() {
        let house = House::new();
        let mut guest = house.guest();
        for line in ["XADD s 1-1 a 1", "XGROUP CREATE s g 0", "XREADGROUP GROUP g c STREAMS s >"] {
            guest.says(line);
        }
        house.advance_ms(100);
        for (options, expected) in [
            ("", "(0) (2)"),
            ("JUSTID", "(0) (2)"),
            ("IDLE 40", "(40) (3)"),
            ("IDLE 40 RETRYCOUNT 9", "(40) (9)"),
            ("RETRYCOUNT 5 JUSTID", "(0) (5)"),
            ("TIME 1577836800030", "(70) (6)"),
            ("TIME 9999999999999", "(0) (7)"),
            ("IDLE -9223372036854775808", "(0) (8)"),
            ("TIME -1", "(0) (9)"),
        ] {
            guest.says(format!("XCLAIM s g d 0 1-1 {options}").trim_end());
            assert_eq!(
                guest.says("XPENDING s g - + 9"),
                format!("[[\"1-1\" \"d\" {expected}]]"),
                "{options}"
            );
        }
    }
}
