//! `UNLINK`: removes keys. Larder frees values outside of its locks in any case, so it is DEL by another name.

use super::del::run;
use crate::prelude::*;

pub(crate) static UNLINK: Command = Command {
    name: "unlink",
    summary: "Removes keys; the same as DEL here, where large values never hold others up.",
    since: "4.0.0",
    group: Group::Keys,
    complexity: "O(1) for each key; values are freed when nobody waits for it",
    arity: -2,
    flags: WRITE | FAST,
    keys: &[KeySpec::range(1, -1, 1, RM | DELETE)],
    args: &[Arg::key("key").multiple()],
    tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
    examples: &["SET a 1", "SET b 2", "UNLINK a b c", "EXISTS a b"],
    run,
    ..Command::DEFAULT
};
