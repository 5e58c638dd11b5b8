//! `APPEND`, `STRLEN`, `GETRANGE`, `SUBSTR`, `SETRANGE`: parts of strings.

use crate::prelude::*;
use larder_core::Missing;
use larder_core::limits::STRING_LEN_MAX;
use larder_core::value::string::{IntText, extended};

pub(crate) static APPEND: Command = Command {
    name: "append",
    summary: "Adds to the end of a string, and says how long it is now.",
    since: "2.0.0",
    group: Group::Strings,
    complexity: "O(1), amortised",
    arity: 3,
    flags: WRITE | DENYOOM | FAST,
    keys: &[KeySpec::at(1, RW | INSERT)],
    args: &[Arg::key("key"), Arg::string("value")],
    examples: &[
        "APPEND log one",
        "OBJECT ENCODING log",
        "APPEND log ,two",
        "OBJECT ENCODING log",
        "GET log",
        "SET n 1",
        "APPEND n 2",
        "INCR n",
        "LPUSH l x",
        "APPEND l y",
    ],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        let more = args.at(2);
        match cx.way_to_write(&key, None, more.len())? {
            Way::AtOnce => {}
            Way::Elsewhere => return Ok(Outcome::Elsewhere),
            Way::InSlices => return append_apart(cx, &key, more, out),
        }
        let appended = cx.view.edit_bytes(&key, Missing::Skip, |bytes| {
            let len = bytes.len().checked_add(more.len());
            let len = len.filter(|len| *len <= STRING_LEN_MAX).ok_or(Error::TOO_LONG)?;
            bytes.extend_from_slice(more);
            Ok::<_, Error>(len)
        })?;
        let len = if let Some(len) = appended {
            len?
        } else {
            // The first piece is kept as SET would keep it; room to grow comes with the second.
            cx.set_string(&key, more, Expiry::Never)?;
            more.len()
        };
        cx.view.report(&key, "append", Class::STRING)?;
        out.count(len);
        Ok(Done)
    },
    ..Command::DEFAULT
};

/// Adds to a long string, or much to a short one, without others waiting for the lock meanwhile.
fn append_apart(cx: &mut Cx<'_>, key: &Key<'_>, more: &[u8], out: &mut dyn Reply) -> Result<Outcome> {
    let len = if cx.view.exists(key)? {
        cx.view.append_remade(key, more)?
    } else {
        cx.set_string(key, more, Expiry::Never)?;
        more.len()
    };
    cx.view.report(key, "append", Class::STRING)?;
    out.count(len);
    Ok(Done)
}

pub(crate) static STRLEN: Command = Command {
    name: "strlen",
    summary: "Says how long a string is.",
    since: "2.2.0",
    group: Group::Strings,
    arity: 2,
    flags: READONLY | FAST,
    keys: &[KeySpec::at(1, RO)],
    args: &[Arg::key("key")],
    examples: &["STRLEN a", "SET a hello", "STRLEN a", "SET n -12", "STRLEN n", "LPUSH l x", "STRLEN l"],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        out.count(cx.view.string(&key)?.map_or(0, |value| value.len()));
        Ok(Done)
    },
    ..Command::DEFAULT
};

pub(crate) static GETRANGE: Command = Command {
    name: "getrange",
    summary: "Returns the bytes from one offset to another; negative offsets count from the end.",
    since: "2.4.0",
    ..SUBSTRING
};

pub(crate) static SUBSTR: Command = Command {
    name: "substr",
    summary: "The old name of GETRANGE.",
    since: "1.0.0",
    deprecated: Some(("2.0.0", "`GETRANGE`")),
    examples: &["SET a hello", "SUBSTR a 1 3"],
    ..SUBSTRING
};

const SUBSTRING: Command = Command {
    group: Group::Strings,
    complexity: "O(N) in the bytes returned",
    arity: 4,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[Arg::key("key"), Arg::int("start"), Arg::int("end")],
    examples: &[
        "SET a hello",
        "GETRANGE a 0 -1",
        "GETRANGE a 1 3",
        "GETRANGE a -3 -2",
        "GETRANGE a 3 1",
        "GETRANGE a -1 -3",
        "GETRANGE a -100 100",
        "GETRANGE a 9 10",
        "GETRANGE none 0 1",
        "SET n 12345",
        "GETRANGE n 1 2",
        "GETRANGE a x 1",
        "GETRANGE a 0 9223372036854775807",
        "GETRANGE a -9223372036854775808 2",
    ],
    run: getrange,
    ..Command::DEFAULT
};

fn getrange(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let (start, end) = (args.int(2)?, args.int(3)?);
    let (key, haste) = (cx.key(args.at(1)), cx.haste());
    if let Some(bytes) = cx.keep_long(args, &key)? {
        out.bulk(part(&bytes, start, end));
        return Ok(Done);
    }
    let Some(value) = cx.view.string(&key)? else {
        out.bulk(b"");
        return Ok(Done);
    };
    let mut text = IntText::new();
    let part = part(value.as_bytes(&mut text), start, end);
    if haste.forbids_bytes(part.len()) {
        return cx.leave(&key);
    }
    out.bulk(part);
    Ok(Done)
}

/// The bytes from one offset to another, both of which may count from the end.
fn part(bytes: &[u8], start: i64, end: i64) -> &[u8] {
    let len = bytes.len() as i64;
    if start < 0 && end < 0 && start > end {
        return &[];
    }
    let from_start = |offset: i64| if offset < 0 { len.saturating_add(offset).max(0) } else { offset };
    let (start, end) = (from_start(start), from_start(end).min(len - 1));
    if len == 0 || start > end { &[] } else { &bytes[start as usize..=end as usize] }
}

pub(crate) static SETRANGE: Command = Command {
    name: "setrange",
    summary: "Overwrites bytes of a string from an offset on; what is missing before is filled with zeros.",
    since: "2.2.0",
    group: Group::Strings,
    complexity: "O(N) in the bytes written and filled",
    arity: 4,
    flags: WRITE | DENYOOM,
    keys: &[KeySpec::at(1, RW | UPDATE)],
    args: &[Arg::key("key"), Arg::int("offset"), Arg::string("value")],
    examples: &[
        "SET a hello",
        "SETRANGE a 1 EL",
        "GET a",
        "SETRANGE a 7 x",
        "GET a",
        "SETRANGE a -1 x",
        "SETRANGE none 5 \"\"",
        "EXISTS none",
        "SETRANGE a 536870912 x",
        "SETRANGE a x y",
        "SETRANGE a 9223372036854775807 y",
        "SET n 123",
        "SETRANGE n 1 9",
        "INCR n",
        "LPUSH l x",
        "SETRANGE l 0 \"\"",
        "SETRANGE l 536870912 x",
        "SETRANGE l -1 x",
    ],
    run: setrange,
    ..Command::DEFAULT
};

fn setrange(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let offset = usize::try_from(args.int(2)?).map_err(|_| Error::general("offset is out of range"))?;
    let value = args.at(3);
    let key = cx.key(args.at(1));
    let end = offset.checked_add(value.len()).filter(|end| *end <= STRING_LEN_MAX);
    let Some(end) = end.filter(|_| !value.is_empty()) else {
        // Nothing is written, but another type is told first.
        let old = cx.view.peek(&key)?.map(|entry| entry.string()).transpose()?;
        if !value.is_empty() {
            return Err(Error::TOO_LONG);
        }
        out.count(old.map_or(0, |old| old.len()));
        return Ok(Done);
    };
    let write = |bytes: &mut Vec<u8>| {
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        bytes[offset..end].copy_from_slice(value);
        bytes.len()
    };
    let len = match cx.way_to_write(&key, Some(offset), value.len())? {
        Way::AtOnce => cx.view.edit_bytes(&key, Missing::Create, write)?.unwrap_or(end),
        Way::Elsewhere => return Ok(Outcome::Elsewhere),
        Way::InSlices => cx.view.remake_bytes(&key, |old| {
            let mut bytes = extended(old.unwrap_or_default(), end);
            let len = write(&mut bytes);
            Ok::<_, Error>((bytes, len))
        })?,
    };
    cx.view.report(&key, "setrange", Class::STRING)?;
    out.count(len);
    Ok(Done)
}
