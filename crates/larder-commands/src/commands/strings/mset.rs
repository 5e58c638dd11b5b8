//! `MSET`, `MSETNX`: several keys at once.

use crate::prelude::*;

const ARGS: &[Arg] = &[Arg::block("key_value", &[Arg::key("key"), Arg::string("value")]).multiple()];

pub(crate) static MSET: Command = Command {
    name: "mset",
    summary: "Sets several keys to strings, all at once.",
    since: "1.0.1",
    group: Group::Strings,
    complexity: "O(N) in the number of keys",
    arity: -3,
    flags: WRITE | DENYOOM,
    keys: &[KeySpec::range(1, -1, 2, OW | UPDATE)],
    args: ARGS,
    tips: &["request_policy:multi_shard", "response_policy:all_succeeded"],
    examples: &["MSET a 1 b 2 a 3", "MGET a b", "MSET a 1 b", "MSET a"],
    run: |cx, args, out| {
        check(cx, args)?;
        set_all(cx, args)?;
        out.ok();
        Ok(Done)
    },
    ..Command::DEFAULT
};

pub(crate) static MSETNX: Command = Command {
    name: "msetnx",
    summary: "Sets several keys to strings if none of them exists.",
    since: "1.0.1",
    group: Group::Strings,
    complexity: "O(N) in the number of keys",
    arity: -3,
    flags: WRITE | DENYOOM,
    keys: &[KeySpec::range(1, -1, 2, OW | INSERT)],
    args: ARGS,
    tips: &["request_policy:multi_shard", "response_policy:agg_min"],
    examples: &["MSETNX a 1 b 2", "MSETNX b 3 c 4", "MGET a b c", "MSETNX a 1 b"],
    run: |cx, args, out| {
        check(cx, args)?;
        for bytes in args.from(1).iter().step_by(2) {
            let key = cx.key(bytes);
            if cx.view.exists(&key)? {
                out.int(0);
                return Ok(Done);
            }
        }
        set_all(cx, args)?;
        out.int(1);
        Ok(Done)
    },
    ..Command::DEFAULT
};

fn check(cx: &Cx<'_>, args: Args<'_>) -> Result<()> {
    if args.len().is_multiple_of(2) { Err(Error::arity(cx.entry.command.name)) } else { Ok(()) }
}

fn set_all(cx: &mut Cx<'_>, args: Args<'_>) -> Result<()> {
    for pair in args.from(1).chunks_exact(2) {
        let key = cx.key(pair[0]);
        cx.set_string(&key, pair[1], Expiry::Never)?;
        cx.view.report(&key, "set", Class::STRING)?;
    }
    Ok(())
}
