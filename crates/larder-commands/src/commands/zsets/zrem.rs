//! `ZREM`: remove members.

use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::zset::Zset;

pub(crate) static ZREM: Command = Command {
    name: "zrem",
    element: 2,
    summary: "Removes members from a sorted set, and says how many there were.",
    since: "1.2.0",
    group: Group::SortedSets,
    complexity: "O(M log(N)): M members given, N in the set",
    arity: -3,
    flags: WRITE | FAST,
    keys: &[KeySpec::at(1, RW | DELETE)],
    args: &[Arg::key("key"), Arg::string("member").multiple()],
    examples: &[
        "ZADD board 10 ada 20 bob",
        "ZREM board ada dan ada",
        "ZREM board bob",
        "EXISTS board",
        "ZREM none ada",
        "SET s x",
        "ZREM s ada",
    ],
    history: &[("2.4.0", "Takes several members.")],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        let removed = cx.view.edit::<Zset, _>(&key, Missing::Skip, |edit| {
            let removed = args.from(2).iter().filter(|member| edit.remove(member).is_some()).count();
            if removed > 0 {
                edit.report("zrem");
            }
            removed
        })?;
        out.count(removed.unwrap_or(0));
        Ok(Done)
    },
    ..Command::DEFAULT
};
