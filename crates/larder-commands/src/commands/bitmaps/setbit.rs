//! `SETBIT`, `GETBIT`: one bit.

use super::bits::{bit, bit_offset, get, set};
use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::string::{IntText, extended};

pub(crate) static SETBIT: Command = Command {
    name: "setbit",
    summary: "Sets or clears a bit of a string, and says what it was; what is missing before is filled with zeros.",
    since: "2.2.0",
    group: Group::Bitmaps,
    arity: 4,
    flags: WRITE | DENYOOM,
    keys: &[KeySpec::at(1, RW | ACCESS | UPDATE)],
    args: &[Arg::key("key"), Arg::int("offset"), Arg::int("value")],
    examples: &[
        "SETBIT b 7 1",
        "SETBIT b 7 0",
        "SETBIT b 100 1",
        "STRLEN b",
        "SETBIT b -1 1",
        "SETBIT b 4294967296 1",
        "SETBIT b 1 2",
        "SET n 12",
        "SETBIT n 7 0",
        "GET n",
        "LPUSH l x",
        "SETBIT l 1 1",
    ],
    run: |cx, args, out| {
        let offset = bit_offset(args.at(2))?;
        let on = bit(args.at(3), "ERR bit is not an integer or out of range")?;
        let key = cx.key(args.at(1));
        let len = offset / 8 + 1;
        let write = |bytes: &mut Vec<u8>| {
            let grows = bytes.len() < len;
            if grows {
                bytes.resize(len, 0);
            }
            let was = get(bytes, offset);
            set(bytes, offset, on);
            (was, grows)
        };
        let (was, grew) = match cx.way_to_write(&key, Some(offset / 8), 1)? {
            Way::AtOnce => cx.view.edit_bytes(&key, Missing::Create, write)?.unwrap_or_default(),
            Way::Elsewhere => return Ok(Outcome::Elsewhere),
            Way::InSlices => cx.view.remake_bytes(&key, |old| {
                let old = old.unwrap_or_default();
                let mut bytes = extended(old, len);
                let (was, _) = write(&mut bytes);
                Ok::<_, Error>((bytes, (was, old.len() < len)))
            })?,
        };
        // A bit that was like this already is no change.
        if grew || was != on {
            cx.view.report(&key, "setbit", Class::STRING)?;
        }
        out.int(i64::from(was));
        Ok(Done)
    },
    ..Command::DEFAULT
};

pub(crate) static GETBIT: Command = Command {
    name: "getbit",
    summary: "Returns a bit of a string; those beyond the end are 0.",
    since: "2.2.0",
    group: Group::Bitmaps,
    arity: 3,
    flags: READONLY | FAST,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[Arg::key("key"), Arg::int("offset")],
    examples: &[
        "SET a a",
        "GETBIT a 1",
        "GETBIT a 0",
        "GETBIT a 100",
        "GETBIT none 0",
        "GETBIT a -1",
        "SET n 1",
        "GETBIT n 2",
    ],
    run: |cx, args, out| {
        let offset = bit_offset(args.at(2))?;
        let key = cx.key(args.at(1));
        let mut text = IntText::new();
        let on = cx.view.string(&key)?.is_some_and(|value| get(value.as_bytes(&mut text), offset));
        out.int(i64::from(on));
        Ok(Done)
    },
    ..Command::DEFAULT
};
