//! `XTRIM`: removes the oldest entries of a stream.

use super::trimming::{self, Trimming};
use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::stream::Stream;

pub(crate) static XTRIM: Command = Command {
    name: "xtrim",
    summary: "Removes the oldest entries of a stream.",
    since: "5.0.0",
    group: Group::Streams,
    complexity: "O(N) in the number of entries that go, a hundred of them at a time",
    arity: -4,
    flags: WRITE,
    keys: &[KeySpec::at(1, RW | DELETE)],
    tips: &["nondeterministic_output"],
    args: &[
        Arg::key("key"),
        Arg::block("trim", &trimming::ARGS),
        trimming::CONDITION.optional().since("8.2.0"),
    ],
    history: &[("6.2.0", "Takes MINID and LIMIT."), ("8.2.0", "Takes KEEPREF, DELREF and ACKED.")],
    examples: &[
        "XADD s 1-1 a 1",
        "XADD s 1-2 a 2",
        "XADD s 1-3 a 3",
        "XADD s 2-1 a 4",
        "XTRIM s MAXLEN 3",
        "XTRIM s MINID 1-3",
        "XTRIM s MAXLEN ~ 0",
        "XRANGE s - +",
        "XTRIM s MAXLEN -1",
        "XTRIM s MAXLEN 0 LIMIT 1",
        "XTRIM s MAXLEN 0 MINID 1",
        "XTRIM s LIMIT 1",
        "XTRIM s LIMIT 0",
        "XTRIM s WHAT 1",
        "XTRIM none MAXLEN 0",
        "SET t x",
        "XTRIM t MAXLEN 0",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let mut trimming = Trimming::default();
    let mut options = args.options(2);
    while let Some(option) = options.next() {
        if !trimming.read(option, &mut options)? {
            return Err(Error::SYNTAX);
        }
    }
    let trim = trimming
        .finish(cx)?
        .ok_or_else(|| Error::general("syntax error, XTRIM must be called with a trimming strategy"))?;
    let trimmed =
        cx.view.edit::<Stream, _>(&cx.key(args.at(1)), Missing::Skip, |edit| trimming::trim(edit, &trim))?;
    out.int(trimmed.unwrap_or(0) as i64);
    Ok(Done)
}
