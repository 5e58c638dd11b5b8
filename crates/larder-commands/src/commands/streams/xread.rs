//! `XREAD`: what came into streams since an id, and waiting for more to come.

use super::entries::Copied;
use super::reading::{self, Asked, begin, begin_stream, key_spec};
use super::{entries, ids};
use crate::cx::{Haste, Way};
use crate::prelude::*;
use larder_core::Slice;
use larder_core::value::stream::{Log, Stream, StreamId};

pub(crate) static XREAD: Command = Command {
    name: "xread",
    summary: "Returns the entries of streams above an id each; waits for some to come if asked to.",
    since: "5.0.0",
    group: Group::Streams,
    complexity: "O(log(N)+M) for each stream: N entries there are, M returned",
    arity: -4,
    flags: READONLY | BLOCKING,
    keys: &[key_spec(1)],
    more_keys: Some(reading::keys_of),
    args: &[
        Arg::int("count").token("COUNT").optional(),
        Arg::int("milliseconds").token("BLOCK").optional(),
        Arg::block("streams", &[Arg::key("key").multiple(), Arg::string("id").multiple()]).token("STREAMS"),
    ],
    examples: &[
        "XADD s 1-1 a 1",
        "XADD s 1-2 a 2",
        "XADD t 5-1 b 1",
        "XREAD STREAMS s t 0 5-1",
        "XREAD COUNT 1 STREAMS none s t 0 1-1 0",
        "XREAD STREAMS s $",
        "XREAD BLOCK 5 STREAMS s $",
        "XREAD STREAMS s t 0",
        "XREAD STREAMS s >",
        "XREAD STREAMS s x",
        "XREAD BLOCK x STREAMS s 0",
        "XREAD BLOCK -1 STREAMS s 0",
        "XREAD GROUP g c STREAMS s 0",
        "XREAD COUNT 1 WHAT s 0",
        "SET x x",
        "XREAD STREAMS s x 0 0",
        "MULTI",
        "XREAD BLOCK 0 STREAMS s $",
        "EXEC",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let asked = Asked::read(args, false)?;
    let mut above = Vec::with_capacity(asked.keys.len());
    let mut served = 0;
    for (_, key, word) in asked.pairs() {
        let waits = cx.caller == Caller::Waiter;
        let stream = match cx.view.collection::<Stream>(&cx.key(key)) {
            // Who waits already is not disturbed by a value of another type.
            Err(_) if waits => None,
            stream => stream?,
        };
        let id = starting_point(stream, word)?;
        served += usize::from(stream.is_some_and(|stream| has_above(stream, id)));
        above.push(id);
    }
    if served == 0 {
        return Ok(asked.nothing(&above, out));
    }
    match cx.haste().way(Haste::PARTS_MAX + 1) {
        Way::Elsewhere if takes_long(cx, &asked, &above)? => {
            for (_, key, _) in asked.pairs() {
                let key = cx.key(key);
                cx.view.uncount(&key)?;
            }
            return Ok(Outcome::Elsewhere);
        }
        Way::InSlices if takes_long(cx, &asked, &above)? => return in_slices(cx, args, out, &asked, &above),
        _ => {}
    }
    begin(out, served);
    for ((_, key, _), id) in asked.pairs().zip(above) {
        let Ok(Some(stream)) = entries::again(cx, &cx.key(key)) else { continue };
        if has_above(stream, id) {
            begin_stream(out, key);
            let (from, to) = ids::above(id).into_inner();
            entries::write_all(out, stream.log().range(from, to).take(asked.count));
        }
    }
    Ok(Done)
}

/// Copies entries, stream after stream.
fn in_slices(
    cx: &mut Cx<'_>,
    args: Args<'_>,
    out: &mut dyn Reply,
    asked: &Asked<'_>,
    above: &[StreamId],
) -> Result<Outcome> {
    let keys: Vec<Key<'_>> = asked.pairs().map(|(_, key, _)| cx.key(key)).collect();
    let copied = cx.view.in_slices(&keys, |view, copied: &mut Vec<Copied>| {
        let mut slice = Slice::default();
        if copied.is_empty() {
            copied.push(Copied::default());
        }
        loop {
            let at = copied.len() - 1;
            if let Some(entry) = view.peek(&keys[at])? {
                let (log, range) = (entry.collection::<Stream>()?.log(), ids::above(above[at]).into_inner());
                let is_above = above[at] < log.last_id();
                if is_above && !copied[at].go_on(log, range, asked.count, false, &mut slice) {
                    return Ok::<_, Error>(false);
                }
            }
            if copied.len() == keys.len() {
                return Ok(true);
            }
            copied.push(Copied::default());
        }
    })?;
    let served = copied.iter().filter(|copied| !copied.is_empty()).count();
    if served == 0 {
        return Ok(asked.nothing(above, out));
    }
    cx.stop_reading(args);
    begin(out, served);
    for ((_, key, _), copied) in asked.pairs().zip(copied).filter(|(_, copied)| !copied.is_empty()) {
        begin_stream(out, key);
        copied.write(out);
    }
    Ok(Done)
}

/// Whether so many entries are above these ids that going through them takes long.
fn takes_long(cx: &mut Cx<'_>, asked: &Asked<'_>, above: &[StreamId]) -> Result<bool> {
    let mut left = Haste::PARTS_MAX + 1;
    for ((_, key, _), id) in asked.pairs().zip(above) {
        let Ok(Some(stream)) = entries::again(cx, &cx.key(key)) else { continue };
        let most = stream.log().len().min(asked.count);
        if most > Haste::PARTS_MAX / 16 {
            let (from, to) = ids::above(*id).into_inner();
            left -= stream.log().range(from, to).take(most.min(left)).count();
        }
    }
    Ok(left == 0)
}

/// Above which id entries are wanted.
fn starting_point(stream: Option<&Stream>, word: &[u8]) -> Result<StreamId> {
    let log = stream.map(Stream::log);
    match word {
        b"$" => Ok(log.map_or(StreamId::MIN, Log::last_id)),
        b"+" => {
            let before_last = log.and_then(Log::last).and_then(|last| last.id.previous());
            Ok(before_last.or(log.map(Log::last_id)).unwrap_or_default())
        }
        b">" => Err(Error::general(
            "The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
        )),
        word => ids::strict(word, 0),
    }
}

fn has_above(stream: &Stream, id: StreamId) -> bool {
    let log = stream.log();
    let (from, to) = ids::above(id).into_inner();
    id < log.last_id() && log.range(from, to).next().is_some()
}

#[cfg(test)]
mod tests {
    use crate::reply::Protocol;
    use crate::testing::House;

    #[test]
    fn a_dollar_means_what_it_meant_when_the_waiting_began() {
        let house = House::new();
        let (mut waiting, mut new, mut other) =
            (house.guest(), house.guest().speaks(Protocol::Resp3), house.guest());
        other.says("XADD s 1-1 a 1");
        assert_eq!(waiting.says("XREAD BLOCK 0 COUNT 1 STREAMS t s $ $"), "(waits)");
        assert_eq!(new.says("XREAD BLOCK 0 STREAMS s 3"), "(waits)");
        other.says("XGROUP CREATE s g 0");
        assert_eq!(waiting.hears(), "");
        for line in ["MULTI", "XADD s 2-1 a 2", "XADD s 3-1 a 3", "EXEC"] {
            other.says(line);
        }
        assert_eq!(waiting.hears(), "[[\"s\" [[\"2-1\" [\"a\" \"2\"]]]]]");
        assert_eq!(new.hears(), "{\"s\": [[\"3-1\" [\"a\" \"3\"]]]}");
    }

    #[test]
    fn a_plus_means_the_last_entry() {
        let house = House::new();
        let (mut waiting, mut other) = (house.guest(), house.guest());
        assert_eq!(waiting.says("XREAD BLOCK 0 STREAMS s +"), "(waits)");
        other.says("XADD s 1-1 a 1");
        assert_eq!(waiting.hears(), "[[\"s\" [[\"1-1\" [\"a\" \"1\"]]]]]");
        other.says("XADD s 1-2 a 2");
        other.says("XADD s 1-3 a 3");
        other.says("XDEL s 1-3");
        assert_eq!(other.says("XREAD STREAMS s +"), "[[\"s\" [[\"1-2\" [\"a\" \"2\"]]]]]");
    }

    #[test]
    fn who_waits_is_not_disturbed_by_other_types() {
        let house = House::new();
        let (mut waiting, mut other) = (house.guest(), house.guest());
        assert_eq!(waiting.says("XREAD BLOCK 0 STREAMS s $"), "(waits)");
        for line in ["SET s x", "DEL s", "XGROUP CREATE s g $ MKSTREAM", "DEL s"] {
            other.says(line);
            assert_eq!(waiting.hears(), "");
        }
        other.says("XADD t 7-7 a 1");
        other.says("RENAME t s");
        assert_eq!(waiting.hears(), "[[\"s\" [[\"7-7\" [\"a\" \"1\"]]]]]");
    }
}
