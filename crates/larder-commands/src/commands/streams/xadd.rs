//! `XADD`: appends an entry to a stream.

use super::ids::{self, Partial};
use super::trimming::{self, Trimming};
use crate::prelude::*;
use larder_core::Missing;
use larder_core::limits::STREAM_ENTRY_LEN_MAX;
use larder_core::value::stream::{Log, Refused, Stream, StreamId};

pub(crate) static XADD: Command = Command {
    name: "xadd",
    summary: "Appends an entry to a stream, and trims the stream if asked to.",
    since: "5.0.0",
    group: Group::Streams,
    complexity: "O(1), plus O(N) for N entries that are trimmed",
    arity: -5,
    flags: WRITE | DENYOOM | FAST,
    keys: &[KeySpec::at(1, RW | UPDATE)],
    tips: &["nondeterministic_output"],
    args: &[
        Arg::key("key"),
        Arg::word("nomkstream", "NOMKSTREAM").optional().since("6.2.0"),
        trimming::CONDITION.optional().since("8.2.0"),
        Arg::block("trim", &trimming::ARGS).optional(),
        Arg::one_of("id_or_auto", &[Arg::word("auto_id", "*"), Arg::string("id")]),
        Arg::block("field_value", &[Arg::string("field"), Arg::string("value")]).multiple(),
    ],
    history: &[
        ("6.2.0", "Takes NOMKSTREAM, MINID and LIMIT."),
        ("7.0.0", "An id may leave its number open: `ms-*`."),
        ("8.2.0", "Takes KEEPREF, DELREF and ACKED."),
    ],
    examples: &[
        "XADD s 1-1 name Ann age 40",
        "XADD s 1-* name Bob",
        "XADD s 5 name Cid",
        "XADD s 5-0 name Dan",
        "XADD s 0-0 name Dan",
        "XADD none NOMKSTREAM 1-1 a b",
        "XADD s MAXLEN = 2 6-1 name Eve",
        "XRANGE s - +",
        "XADD s MINID 6 7-1 name Flo",
        "XLEN s",
        "XADD s MAXLEN 1 LIMIT 5 8-1 a b",
        "XADD s LIMIT 5 8-1 a b",
        "XADD s LIMIT 0 8-1 a b",
        "XADD s MAXLEN ~ 1 LIMIT -5 8-1 a b",
        "XADD s 8-1 a",
        "XADD s x a b",
        "XADD s 18446744073709551615-18446744073709551615 a b",
        "XADD s * a b",
        "SET t x",
        "XADD t 1-1 a b",
    ],
    run,
    ..Command::DEFAULT
};

/// The id that was asked for; `None` for one of the clock's.
type Wanted = Option<Partial>;

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let mut missing = Missing::Create;
    let mut trimming = Trimming::default();
    let mut wanted: Wanted = None;
    let mut options = args.options(2);
    while let Some(option) = options.next() {
        if option == b"*" {
            break;
        }
        if trimming.read(option, &mut options)? {
            continue;
        }
        if is(option, "NOMKSTREAM") {
            missing = Missing::Skip;
            continue;
        }
        wanted = Some(ids::partial(option, 0)?);
        break;
    }
    let trim = trimming.finish_optional(cx)?;
    let pairs = options.rest();
    if pairs.is_empty() || pairs.len() % 2 == 1 {
        return Err(Error::arity("xadd"));
    }
    if wanted == Some(Partial::Whole(StreamId::MIN)) {
        return Err(Error::general("The ID specified in XADD must be greater than 0-0"));
    }
    if pairs.iter().map(|word| word.len()).sum::<usize>() > STREAM_ENTRY_LEN_MAX {
        return Err(too_large());
    }
    // Ids are told by the clock on the wall, which others read as well.
    let unix_ms = cx.instance.engine().clock().wall_us() / 1_000;
    let added = cx.view.edit::<Stream, _>(&cx.key(args.at(1)), missing, |edit| {
        let limits = edit.tools.limits;
        let id = next_id(edit.log(), wanted, unix_ms)?;
        edit.log_mut().append(&limits, id, pairs).map_err(|refused| match refused {
            Refused::NotAbove => too_small(),
            Refused::TooLarge => too_large(),
        })?;
        edit.report("xadd");
        if let Some(trim) = &trim {
            trimming::trim(edit, trim);
        }
        Ok::<_, Error>(id)
    })?;
    match added.transpose()? {
        Some(id) => ids::write(out, id),
        None => out.null(),
    }
    Ok(Done)
}

fn too_large() -> Error {
    Error::general("Elements are too large to be stored")
}

fn too_small() -> Error {
    Error::general("The ID specified in XADD is equal or smaller than the target stream top item")
}

/// The id of the next entry.
fn next_id(log: &Log, wanted: Wanted, unix_ms: u64) -> Result<StreamId> {
    let exhausted =
        || Error::general("The stream has exhausted the last possible ID, unable to add more items");
    let (last, next) = (log.last_id(), log.next_id(unix_ms).ok_or_else(exhausted)?);
    Ok(match wanted {
        None => next,
        Some(Partial::Whole(id)) => id,
        Some(Partial::Ms(ms)) if ms == last.ms => {
            StreamId::new(ms, last.seq.checked_add(1).ok_or_else(too_small)?)
        }
        Some(Partial::Ms(ms)) => StreamId::new(ms, 0),
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn ids_are_told_by_the_clock_and_never_go_back() {
        let house = House::new();
        let mut guest = house.guest();
        assert_eq!(guest.says("XADD s * a b"), "\"1577836800000-0\"");
        assert_eq!(guest.says("XADD s * a b"), "\"1577836800000-1\"");
        house.advance_ms(5);
        assert_eq!(guest.says("XADD s * a b"), "\"1577836800005-0\"");
        assert_eq!(guest.says("XADD s 2000000000000-7 a b"), "\"2000000000000-7\"");
        assert_eq!(guest.says("XADD s * a b"), "\"2000000000000-8\"");
        assert_eq!(guest.says("XADD s MAXLEN 1 * a b"), "\"2000000000000-9\"");
        assert_eq!(guest.says("XRANGE s - +"), "[[\"2000000000000-9\" [\"a\" \"b\"]]]");
    }

    #[test]
    fn a_rough_trim_stops_at_nodes_and_at_its_limit() {
        let house = House::new();
        let mut guest = house.guest();
        for n in 1..=1_000 {
            guest.says(&format!("XADD s {n} a b"));
        }
        assert_eq!(guest.says("XTRIM s MAXLEN ~ 850"), "(100)");
        assert_eq!(guest.says("XTRIM s MAXLEN ~ 0 LIMIT 250"), "(200)");
        assert_eq!(guest.says("XTRIM s MINID ~ 450 LIMIT 0"), "(100)");
        assert_eq!(guest.says("XADD s MAXLEN ~ 150 1001 a b"), "\"1001-0\"");
        assert_eq!(guest.says("XLEN s"), "(201)");
    }

    #[test]
    fn entries_go_with_or_without_what_refers_to_them() {
        let house = House::new();
        let mut guest = house.guest();
        for n in 1..=4 {
            guest.says(&format!("XADD s {n} a b"));
        }
        guest.says("XGROUP CREATE s g 0");
        guest.says("XREADGROUP GROUP g c COUNT 3 STREAMS s >");
        guest.says("XACK s g 2");
        assert_eq!(guest.says("XTRIM s MAXLEN 0 ACKED"), "(1)");
        assert_eq!(guest.says("XADD s DELREF MAXLEN 3 5-1 a b"), "\"5-1\"");
        assert_eq!(guest.says("XPENDING s g - + 9 c"), "[[\"3-0\" \"c\" (0) (1)]]");
        assert_eq!(
            guest.says("XADD s KEEPREF ACKED 6-1 a b"),
            "-ERR Invalid stream ID specified as stream command argument"
        );
        assert_eq!(guest.says("XTRIM s MAXLEN 1 ACKED DELREF"), "-ERR syntax error");
    }
}
