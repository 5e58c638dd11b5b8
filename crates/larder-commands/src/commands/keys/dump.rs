//! `DUMP`: a value as bytes, for another place.

use crate::prelude::*;
use larder_rdb::Present;

pub(crate) static DUMP: Command = Command {
    name: "dump",
    summary: "Gives the value of a key as bytes that RESTORE understands.",
    since: "2.6.0",
    group: Group::Keys,
    complexity: "O(N) in the size of the value",
    arity: 2,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[Arg::key("key")],
    tips: &["nondeterministic_output"],
    examples: &[
        "DUMP nothing",
        "SET s hello",
        "DUMP s",
        "SET n -12345",
        "DUMP n",
        "RPUSH l a 1 300 -70000 12345678901",
        "DUMP l",
        "SADD i 3 -1 70000",
        "DUMP i",
        "SADD m a",
        "DUMP m",
        "ZADD z 1 a 2.5 b -inf c",
        "DUMP z",
        "HSET h f v 2 2",
        "DUMP h",
        "XADD x 5-1 f v",
        "XADD x 7-0 f w",
        "XADD x 7-1 g 1 h 2",
        "XGROUP CREATE x g 5-1",
        "DUMP x",
    ],
    run,
    ..Command::DEFAULT
};

/// The present as payloads need it.
/// The moment, on both clocks, that deadlines within values are told from.
pub(crate) fn present(cx: &mut Cx<'_>) -> Present {
    let ms = cx.view.now_ms();
    Present { engine_ms: ms as i64, unix_ms: cx.unix_ms_of(Deadline::at_ms(ms)) }
}

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let way = cx.way_through(&args.from(1)[..1])?;
    if way == Way::Elsewhere {
        return Ok(Outcome::Elsewhere);
    }
    let (key, present) = (cx.key(args.at(1)), present(cx));
    let mut entry = cx.view.get(&key)?;
    if way == Way::InSlices {
        if let Some(object) = cx.view.copy_in_slices(&key)? {
            cx.stop_reading(args);
            out.bulk(&larder_rdb::dump_object(&object, present)?);
            return Ok(Done);
        }
        entry = cx.view.peek(&key)?;
    }
    match entry {
        Some(entry) => out.bulk(&larder_rdb::dump(&entry, present)?),
        None => out.null(),
    }
    Ok(Done)
}
