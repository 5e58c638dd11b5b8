//! `HGETALL`, `HKEYS`, `HVALS`: all of a hash.

use crate::prelude::*;
use larder_core::value::hash::Hash;

const BASE: Command = Command {
    since: "2.0.0",
    group: Group::Hashes,
    complexity: "O(N) in the number of fields",
    arity: 2,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[Arg::key("key")],
    ..Command::DEFAULT
};

pub(crate) static HGETALL: Command = Command {
    name: "hgetall",
    summary: "Returns all fields with their values.",
    tips: &["nondeterministic_output_order"],
    examples: &["HGETALL user", "HSET user name Ada age 36", "HGETALL user", "SET s x", "HGETALL s"],
    run: |cx, args, out| {
        let (key, haste) = (cx.key(args.at(1)), cx.haste());
        let hash = cx.view.collection::<Hash>(&key)?;
        if haste.forbids(hash.map_or(0, Hash::len)) {
            return Ok(Outcome::Elsewhere);
        }
        out.map(hash.map_or(0, Hash::len));
        if let Some(hash) = hash {
            hash.each(|field, value| {
                out.bulk(field);
                out.string(value);
                true
            });
        }
        Ok(Done)
    },
    ..BASE
};

pub(crate) static HKEYS: Command = Command {
    name: "hkeys",
    summary: "Returns all fields.",
    tips: &["nondeterministic_output_order"],
    examples: &["HKEYS user", "HSET user name Ada age 36", "HKEYS user"],
    run: |cx, args, out| {
        let (key, haste) = (cx.key(args.at(1)), cx.haste());
        let hash = cx.view.collection::<Hash>(&key)?;
        if haste.forbids(hash.map_or(0, Hash::len)) {
            return Ok(Outcome::Elsewhere);
        }
        out.array(hash.map_or(0, Hash::len));
        if let Some(hash) = hash {
            hash.each(|field, _| {
                out.bulk(field);
                true
            });
        }
        Ok(Done)
    },
    ..BASE
};

pub(crate) static HVALS: Command = Command {
    name: "hvals",
    summary: "Returns all values.",
    tips: &["nondeterministic_output_order"],
    examples: &["HVALS user", "HSET user name Ada age 36", "HVALS user"],
    run: |cx, args, out| {
        let (key, haste) = (cx.key(args.at(1)), cx.haste());
        let hash = cx.view.collection::<Hash>(&key)?;
        if haste.forbids(hash.map_or(0, Hash::len)) {
            return Ok(Outcome::Elsewhere);
        }
        out.array(hash.map_or(0, Hash::len));
        if let Some(hash) = hash {
            hash.each(|_, value| {
                out.string(value);
                true
            });
        }
        Ok(Done)
    },
    ..BASE
};
