//! `HINCRBY`, `HINCRBYFLOAT`: numbers in fields.

use crate::long_double::LongDouble;
use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::hash::Hash;
use larder_core::value::string::IntText;

pub(crate) static HINCRBY: Command = Command {
    name: "hincrby",
    element: 2,
    summary: "Adds to the number of a field; a field that does not exist counts as 0.",
    since: "2.0.0",
    group: Group::Hashes,
    arity: 4,
    flags: WRITE | DENYOOM | FAST,
    keys: &[KeySpec::at(1, RW | ACCESS | UPDATE)],
    args: &[Arg::key("key"), Arg::string("field"), Arg::int("increment")],
    examples: &[
        "HINCRBY user age 36",
        "HINCRBY user age -1",
        "HINCRBY user age x",
        "HINCRBY user age 9223372036854775807",
        "HSET user name Ada",
        "HINCRBY user name 1",
        "SET s x",
        "HINCRBY s a 1",
    ],
    run: |cx, args, out| {
        let delta = args.int(3)?;
        let key = cx.key(args.at(1));
        let sum = cx.view.edit::<Hash, _>(&key, Missing::Create, |edit| {
            let old = match edit.get(args.at(2)) {
                Some(value) => value.as_int().ok_or(Error::new("ERR hash value is not an integer"))?,
                None => 0,
            };
            let sum = old.checked_add(delta).ok_or(Error::OVERFLOW)?;
            edit.collection.set_keeping(&edit.tools, args.at(2), IntText::new().write(sum));
            edit.report("hincrby");
            Ok::<i64, Error>(sum)
        })?;
        out.int(sum.transpose()?.unwrap_or(0));
        Ok(Done)
    },
    ..Command::DEFAULT
};

pub(crate) static HINCRBYFLOAT: Command = Command {
    name: "hincrbyfloat",
    element: 2,
    summary: "Adds a fraction to the number of a field; a field that does not exist counts as 0.",
    since: "2.6.0",
    group: Group::Hashes,
    arity: 4,
    flags: WRITE | DENYOOM | FAST,
    keys: &[KeySpec::at(1, RW | ACCESS | UPDATE)],
    args: &[Arg::key("key"), Arg::string("field"), Arg::double("increment")],
    examples: &[
        "HINCRBYFLOAT user size 0.1",
        "HINCRBYFLOAT user size 0.2",
        "HINCRBYFLOAT user size x",
        "HINCRBYFLOAT user size inf",
        "HSET user name Ada",
        "HINCRBYFLOAT user name 1",
    ],
    run: |cx, args, out| {
        let delta = LongDouble::parse(args.at(3)).ok_or(Error::NOT_FLOAT)?;
        if !delta.is_finite() {
            return Err(Error::new("ERR value is NaN or Infinity"));
        }
        let key = cx.key(args.at(1));
        let sum = cx.view.edit::<Hash, _>(&key, Missing::Create, |edit| {
            let old = edit.get(args.at(2)).map_or(b"0".to_vec(), |value| value.to_vec());
            let old = LongDouble::parse(&old).ok_or(Error::new("ERR hash value is not a float"))?;
            let sum = old.plus(delta).ok_or(Error::NOT_FINITE)?.text();
            edit.collection.set_keeping(&edit.tools, args.at(2), sum.as_bytes());
            edit.report("hincrbyfloat");
            Ok::<String, Error>(sum)
        })?;
        out.bulk(sum.transpose()?.unwrap_or_default().as_bytes());
        Ok(Done)
    },
    ..Command::DEFAULT
};
