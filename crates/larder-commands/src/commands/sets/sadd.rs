//! `SADD`, `SREM`: members come and go.

use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::set::Set;

pub(crate) static SADD: Command = Command {
    name: "sadd",
    element: 2,
    summary: "Adds members to a set, and says how many are new.",
    since: "1.0.0",
    group: Group::Sets,
    complexity: "O(N) in the number of members",
    arity: -3,
    flags: WRITE | DENYOOM | FAST,
    keys: &[KeySpec::at(1, RW | INSERT)],
    args: &[Arg::key("key"), Arg::string("member").multiple()],
    examples: &[
        "SADD s a b a",
        "SADD s b c",
        "SCARD s",
        "SADD n 1 2 3",
        "SMEMBERS n",
        "SET x 1",
        "SADD x a",
        "SADD s",
    ],
    history: &[("2.4.0", "Takes several members.")],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        let added = cx.view.edit::<Set, _>(&key, Missing::Create, |edit| {
            let added =
                args.from(2).iter().filter(|member| edit.collection.insert(&edit.tools, member)).count();
            if added > 0 {
                edit.report("sadd");
            }
            added
        })?;
        out.count(added.unwrap_or(0));
        Ok(Done)
    },
    ..Command::DEFAULT
};

pub(crate) static SREM: Command = Command {
    name: "srem",
    element: 2,
    summary: "Removes members from a set, and says how many there were.",
    since: "1.0.0",
    group: Group::Sets,
    complexity: "O(N) in the number of members",
    arity: -3,
    flags: WRITE | FAST,
    keys: &[KeySpec::at(1, RW | DELETE)],
    args: &[Arg::key("key"), Arg::string("member").multiple()],
    examples: &["SADD s a b c", "SREM s a x", "SREM s b c", "EXISTS s", "SREM s a", "SET x 1", "SREM x a"],
    history: &[("2.4.0", "Takes several members.")],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        let removed = cx.view.edit::<Set, _>(&key, Missing::Skip, |edit| {
            let removed = args.from(2).iter().filter(|member| edit.remove(member)).count();
            if removed > 0 {
                edit.report("srem");
            }
            removed
        })?;
        out.count(removed.unwrap_or(0));
        Ok(Done)
    },
    ..Command::DEFAULT
};
