//! `XLEN`: how many entries a stream has.

use crate::prelude::*;
use larder_core::value::stream::Stream;

pub(crate) static XLEN: Command = Command {
    name: "xlen",
    summary: "Returns how many entries a stream has.",
    since: "5.0.0",
    group: Group::Streams,
    arity: 2,
    flags: READONLY | FAST,
    keys: &[KeySpec::at(1, RO)],
    args: &[Arg::key("key")],
    examples: &["XLEN s", "XADD s 1-1 a b", "XADD s 1-2 a c", "XLEN s", "SET t x", "XLEN t"],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        out.count(cx.view.collection::<Stream>(&key)?.map_or(0, |stream| stream.log().len()));
        Ok(Done)
    },
    ..Command::DEFAULT
};
