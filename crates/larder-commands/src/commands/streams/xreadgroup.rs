//! `XREADGROUP`: entries for one consumer of a group, each of which goes to one of them only.

use super::groups::{self, Now};
use super::reading::{self, Asked, begin, begin_stream, key_spec};
use super::{entries, ids};
use crate::prelude::*;
use larder_core::value::stream::{Group as Consumers, Pending, Stream, StreamId};
use larder_core::{Edit, Missing};
use std::collections::BTreeMap;

pub(crate) static XREADGROUP: Command = Command {
    name: "xreadgroup",
    summary: "Returns entries that no consumer of a group has had yet, or those that are pending with this one.",
    since: "5.0.0",
    group: Group::Streams,
    complexity: "O(log(N)+M) for each stream: N entries there are, M returned",
    arity: -7,
    flags: WRITE | BLOCKING,
    keys: &[key_spec(4)],
    more_keys: Some(reading::keys_of),
    args: &[
        Arg::block("group_consumer", &[Arg::string("group"), Arg::string("consumer")]).token("GROUP"),
        Arg::int("count").token("COUNT").optional(),
        Arg::int("milliseconds").token("BLOCK").optional(),
        Arg::word("noack", "NOACK").optional(),
        Arg::block("streams", &[Arg::key("key").multiple(), Arg::string("id").multiple()]).token("STREAMS"),
    ],
    examples: &[
        "XADD s 1-1 a 1",
        "XADD s 1-2 a 2",
        "XADD s 1-3 a 3",
        "XGROUP CREATE s g 0",
        "XREADGROUP GROUP g c COUNT 1 STREAMS s >",
        "XREADGROUP GROUP g d COUNT 1 NOACK STREAMS s >",
        "XREADGROUP GROUP g d STREAMS s >",
        "XREADGROUP GROUP g c STREAMS s >",
        "XREADGROUP GROUP g c BLOCK 5 STREAMS s >",
        "XDEL s 1-1",
        "XREADGROUP GROUP g c STREAMS s 0",
        "XREADGROUP GROUP g d STREAMS s 1-3",
        "XREADGROUP GROUP g c STREAMS s $",
        "XREADGROUP GROUP other c STREAMS s >",
        "XREADGROUP GROUP g c STREAMS none >",
        "XREADGROUP COUNT 1 NOACK STREAMS s t 0 0",
        "XREADGROUP GROUP g c STREAMS s t >",
        "SET x x",
        "XREADGROUP GROUP g c STREAMS x >",
    ],
    run,
    ..Command::DEFAULT
};

/// The id that stands for what is new.
const NEW: StreamId = StreamId::MAX;

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let asked = Asked::read(args, true)?;
    let Some((group, consumer)) = asked.group else {
        return Err(Error::general("Missing GROUP option for XREADGROUP"));
    };
    let mut above = Vec::with_capacity(asked.keys.len());
    for (_, key, word) in asked.pairs() {
        groups::must_exist(cx, key, group, " in XREADGROUP with GROUP option")?;
        above.push(starting_point(word)?);
    }
    let now = Now::of(cx);
    let mut served = Vec::new();
    // The same key may be given twice, and has its news once.
    let mut taken = BTreeMap::<&[u8], usize>::new();
    for ((_, name, _), id) in asked.pairs().zip(&above) {
        let key = cx.key(name);
        let before = taken.get(name).copied().unwrap_or(0);
        let has = cx.view.edit::<Stream, _>(&key, Missing::Skip, |edit| {
            groups::consumer(edit, group, consumer, now.ms);
            *id != NEW || has_new(edit, group, before)
        })?;
        // Others may have come first for what is new.
        if has == Some(true) && (*id != NEW || !asked.blocks || !cx.must_queue(&key)?) {
            served.push((name, *id));
            if *id == NEW {
                taken.insert(name, before.saturating_add(asked.count));
            }
        }
    }
    if served.is_empty() {
        return Ok(asked.nothing(&above, out));
    }
    begin(out, served.len());
    for (name, id) in served {
        begin_stream(out, name);
        cx.view.edit::<Stream, _>(&cx.key(name), Missing::Skip, |edit| {
            let delivery = Delivery { consumer, count: asked.count, noack: asked.noack, now };
            if id == NEW {
                delivery.news(edit, group, out);
            } else {
                delivery.history(edit, group, id, out);
            }
        })?;
    }
    Ok(Done)
}

fn starting_point(word: &[u8]) -> Result<StreamId> {
    match word {
        b"$" => Err(Error::general(
            "The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by \
             specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result \
             set.",
        )),
        b">" => Ok(NEW),
        word => ids::strict(word, 0),
    }
}

/// Whether there is more that is new than so many entries.
fn has_new(stream: &Stream, group: &[u8], before: usize) -> bool {
    let Some(group) = stream.group(group) else { return false };
    let (from, to) = ids::above(group.last_id).into_inner();
    group.last_id < stream.log().last_id() && stream.log().range(from, to).nth(before).is_some()
}

/// What goes to a consumer.
struct Delivery<'a> {
    consumer: &'a [u8],
    count: usize,
    noack: bool,
    now: Now,
}

impl Delivery<'_> {
    /// Entries that the group has not had.
    fn news(&self, edit: &mut Edit<'_, Stream>, group: &[u8], out: &mut dyn Reply) {
        edit.edit_group(group, |log, group| {
            let Some(consumer) = group.find(self.consumer) else { return };
            let (from, to) = ids::above(group.last_id).into_inner();
            let entries = log.range(from, to).take(self.count);
            out.array(entries.clone().count());
            for entry in entries {
                entries::write(out, &entry);
                group.advance(log, entry.id);
                if !self.noack {
                    let pending = Pending { consumer, delivered_ms: self.now.ms, deliveries: 1 };
                    group.assign(entry.id, pending);
                }
            }
            groups::was_active(group, consumer, self.now.ms);
        });
    }

    /// Entries that this consumer had and did not acknowledge.
    fn history(&self, edit: &mut Edit<'_, Stream>, group: &[u8], above: StreamId, out: &mut dyn Reply) {
        edit.edit_group(group, |log, group| {
            let ids = self.pending(group, above);
            entries::write_history(out, log, &ids);
            for id in ids.iter().filter(|id| log.get(**id).is_some()) {
                if let Some(pending) = group.pending().get(id).copied() {
                    let deliveries = pending.deliveries.saturating_add(1);
                    group.assign(*id, Pending { delivered_ms: self.now.ms, deliveries, ..pending });
                }
            }
        });
    }

    fn pending(&self, group: &Consumers, above: StreamId) -> Vec<StreamId> {
        let Some(consumer) = group.find(self.consumer) else { return Vec::new() };
        let pending = group.pending_of(consumer, ids::above(above));
        pending.take(self.count).map(|(id, _)| id).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn who_waits_longest_is_served_first_and_each_entry_goes_to_one() {
        let house = House::new();
        let (mut first, mut second, mut reader, mut other) =
            (house.guest(), house.guest(), house.guest(), house.guest());
        other.says("XGROUP CREATE s g $ MKSTREAM");
        assert_eq!(first.says("XREADGROUP GROUP g a COUNT 1 BLOCK 0 STREAMS s >"), "(waits)");
        assert_eq!(second.says("XREADGROUP GROUP g b BLOCK 0 STREAMS s >"), "(waits)");
        assert_eq!(reader.says("XREAD BLOCK 0 STREAMS s 0"), "(waits)");
        other.says("XADD s 1-1 n 1");
        assert_eq!(first.hears(), "[[\"s\" [[\"1-1\" [\"n\" \"1\"]]]]]");
        assert_eq!(second.hears(), "");
        assert_eq!(reader.hears(), "[[\"s\" [[\"1-1\" [\"n\" \"1\"]]]]]");
        other.says("XADD s 1-2 n 2");
        assert_eq!(second.hears(), "[[\"s\" [[\"1-2\" [\"n\" \"2\"]]]]]");
        assert_eq!(other.says("XPENDING s g - + 9"), "[[\"1-1\" \"a\" (0) (1)] [\"1-2\" \"b\" (0) (1)]]");
    }

    #[test]
    fn who_waits_is_told_that_the_group_or_the_stream_is_gone() {
        let house = House::new();
        let (mut waiting, mut other) = (house.guest(), house.guest());
        let gone = "-NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option";
        for (line, expected) in [
            ("XGROUP DESTROY s g", gone),
            ("DEL s", gone),
            ("RENAME s t", gone),
            ("FLUSHALL", gone),
            ("SWAPDB 0 1", gone),
            ("SET s x", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ] {
            other.says("DEL s");
            other.says("XGROUP CREATE s g $ MKSTREAM");
            assert_eq!(waiting.says("XREADGROUP GROUP g a BLOCK 0 STREAMS s >"), "(waits)");
            other.says("XSETID s 5-5");
            assert_eq!(waiting.hears(), "");
            other.says(line);
            assert_eq!(waiting.hears(), expected, "{line}");
        }
    }

    #[test]
    fn being_read_again_counts_and_dates() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("XADD s 1-1 a 1");
        guest.says("XGROUP CREATE s g 0");
        guest.says("XREADGROUP GROUP g c STREAMS s >");
        house.advance_ms(50);
        assert_eq!(guest.says("XPENDING s g - + 9"), "[[\"1-1\" \"c\" (50) (1)]]");
        assert_eq!(guest.says("XPENDING s g IDLE 51 - + 9"), "[]");
        guest.says("XREADGROUP GROUP g c STREAMS s 0");
        assert_eq!(guest.says("XPENDING s g - + 9"), "[[\"1-1\" \"c\" (0) (2)]]");
    }
}
