//! `HGET`, `HMGET`, `HEXISTS`, `HSTRLEN`, `HLEN`: look at a hash.

use crate::prelude::*;
use larder_core::value::hash::Hash;

const BASE: Command = Command {
    since: "2.0.0",
    group: Group::Hashes,
    arity: 3,
    flags: READONLY | FAST,
    keys: &[KeySpec::at(1, RO)],
    args: &[Arg::key("key"), Arg::string("field")],
    ..Command::DEFAULT
};

pub(crate) static HGET: Command = Command {
    name: "hget",
    element: 2,
    summary: "Returns the value of a field.",
    keys: &[KeySpec::at(1, RO | ACCESS)],
    examples: &[
        "HSET user name Ada age 36",
        "HGET user name",
        "HGET user age",
        "HGET user mail",
        "HGET none a",
        "SET s x",
        "HGET s a",
    ],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        out.string_or_null(cx.view.collection::<Hash>(&key)?.and_then(|hash| hash.get(args.at(2))));
        Ok(Done)
    },
    ..BASE
};

pub(crate) static HMGET: Command = Command {
    name: "hmget",
    element: 2,
    summary: "Returns the values of several fields.",
    complexity: "O(N) in the number of fields",
    arity: -3,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[Arg::key("key"), Arg::string("field").multiple()],
    examples: &[
        "HSET user name Ada age 36",
        "HMGET user name mail age",
        "HMGET none a b",
        "SET s x",
        "HMGET s a",
    ],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        let hash = cx.view.collection::<Hash>(&key)?;
        out.array(args.len() - 2);
        for field in args.from(2) {
            out.string_or_null(hash.and_then(|hash| hash.get(field)));
        }
        Ok(Done)
    },
    ..BASE
};

pub(crate) static HEXISTS: Command = Command {
    name: "hexists",
    element: 2,
    summary: "Says whether there is such a field.",
    examples: &["HSET user name Ada", "HEXISTS user name", "HEXISTS user mail", "HEXISTS none a"],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        let there = cx.view.collection::<Hash>(&key)?.is_some_and(|hash| hash.contains(args.at(2)));
        out.int(i64::from(there));
        Ok(Done)
    },
    ..BASE
};

pub(crate) static HSTRLEN: Command = Command {
    name: "hstrlen",
    element: 2,
    summary: "Says how long the value of a field is.",
    since: "3.2.0",
    examples: &[
        "HSET user name Ada age -36",
        "HSTRLEN user name",
        "HSTRLEN user age",
        "HSTRLEN user mail",
        "HSTRLEN none a",
    ],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        let hash = cx.view.collection::<Hash>(&key)?;
        out.count(hash.and_then(|hash| hash.get(args.at(2))).map_or(0, |value| value.len()));
        Ok(Done)
    },
    ..BASE
};

pub(crate) static HLEN: Command = Command {
    name: "hlen",
    summary: "Says how many fields a hash has.",
    arity: 2,
    args: &[Arg::key("key")],
    examples: &["HLEN user", "HSET user name Ada age 36", "HLEN user"],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        out.count(cx.view.collection::<Hash>(&key)?.map_or(0, Hash::len));
        Ok(Done)
    },
    ..BASE
};
