//! `HSET`, `HMSET`, `HSETNX`: give fields values.

use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::hash::Hash;

const PAIRS: &[Arg] =
    &[Arg::key("key"), Arg::block("field_value", &[Arg::string("field"), Arg::string("value")]).multiple()];

pub(crate) static HSET: Command = Command {
    name: "hset",
    element: 2,
    summary: "Gives fields of a hash values, and says how many fields are new.",
    since: "2.0.0",
    group: Group::Hashes,
    complexity: "O(N) in the number of fields",
    arity: -4,
    flags: WRITE | DENYOOM | FAST,
    keys: &[KeySpec::at(1, RW | UPDATE)],
    args: PAIRS,
    examples: &[
        "HSET user name Ada age 36",
        "HSET user age 37 mail a@b",
        "HGETALL user",
        "HSET user name",
        "SET s x",
        "HSET s a b",
    ],
    history: &[("4.0.0", "Takes several fields.")],
    run: |cx, args, out| {
        let added = set(cx, args)?;
        out.count(added);
        Ok(Done)
    },
    ..Command::DEFAULT
};

pub(crate) static HMSET: Command = Command {
    name: "hmset",
    element: 2,
    summary: "The old form of HSET for several fields.",
    since: "2.0.0",
    group: Group::Hashes,
    complexity: "O(N) in the number of fields",
    arity: -4,
    flags: WRITE | DENYOOM | FAST,
    keys: &[KeySpec::at(1, RW | UPDATE)],
    args: PAIRS,
    deprecated: Some(("4.0.0", "`HSET` with multiple field-value pairs")),
    examples: &["HMSET user name Ada age 36", "HMSET user name", "HMSET user name Ada age"],
    run: |cx, args, out| {
        set(cx, args)?;
        out.ok();
        Ok(Done)
    },
    ..Command::DEFAULT
};

pub(crate) static HSETNX: Command = Command {
    name: "hsetnx",
    element: 2,
    summary: "Gives a field a value if it does not exist.",
    since: "2.0.0",
    group: Group::Hashes,
    arity: 4,
    flags: WRITE | DENYOOM | FAST,
    keys: &[KeySpec::at(1, RW | INSERT)],
    args: &[Arg::key("key"), Arg::string("field"), Arg::string("value")],
    examples: &["HSETNX user name Ada", "HSETNX user name Eve", "HGET user name"],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        let set = cx.view.edit::<Hash, _>(&key, Missing::Create, |edit| {
            if edit.contains(args.at(2)) {
                return false;
            }
            edit.collection.set(&edit.tools, args.at(2), args.at(3));
            edit.report("hset");
            true
        })?;
        out.int(i64::from(set == Some(true)));
        Ok(Done)
    },
    ..Command::DEFAULT
};

fn set(cx: &mut Cx<'_>, args: Args<'_>) -> Result<usize> {
    if !args.len().is_multiple_of(2) {
        return Err(Error::arity(cx.entry.command.name));
    }
    let key = cx.key(args.at(1));
    let added = cx.view.edit::<Hash, _>(&key, Missing::Create, |edit| {
        let pairs = args.from(2).chunks_exact(2);
        let added = pairs.filter(|pair| edit.collection.set(&edit.tools, pair[0], pair[1])).count();
        edit.report("hset");
        added
    })?;
    Ok(added.unwrap_or(0))
}
