//! `APPEND`, `STRLEN`, `GETRANGE`, `SUBSTR`, `SETRANGE`: parts of strings.

use crate::prelude::*;
use larder_core::Missing;
use larder_core::limits::STRING_LEN_MAX;
use larder_core::value::string::IntText;

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
        if cx.forbids_write(&key, None, more.len())? {
            return Ok(Outcome::Elsewhere);
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
            cx.view.set(&key, more, Expiry::Never)?;
            more.len()
        };
        cx.view.report(&key, "append", Class::STRING)?;
        out.count(len);
        Ok(Done)
    },
    ..Command::DEFAULT
};

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
    let Some(value) = cx.view.string(&key)? else {
        out.bulk(b"");
        return Ok(Done);
    };
    let mut text = IntText::new();
    let bytes = value.as_bytes(&mut text);
    let len = bytes.len() as i64;
    if start < 0 && end < 0 && start > end {
        out.bulk(b"");
        return Ok(Done);
    }
    let from_start = |offset: i64| if offset < 0 { len.saturating_add(offset).max(0) } else { offset };
    let (start, end) = (from_start(start), from_start(end).min(len - 1));
    if len == 0 || start > end {
        out.bulk(b"");
    } else {
        if haste.forbids_bytes((end - start) as usize) {
            return Ok(Outcome::Elsewhere);
        }
        out.bulk(&bytes[start as usize..=end as usize]);
    }
    Ok(Done)
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
    if cx.forbids_write(&key, Some(offset), value.len())? {
        return Ok(Outcome::Elsewhere);
    }
    let len = cx.view.edit_bytes(&key, Missing::Create, |bytes| {
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        bytes[offset..end].copy_from_slice(value);
        bytes.len()
    })?;
    cx.view.report(&key, "setrange", Class::STRING)?;
    out.count(len.unwrap_or(end));
    Ok(Done)
}
