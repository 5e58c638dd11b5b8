//! The functions of `string` that match patterns: `find`, `match`, `gmatch` and `gsub`, over a matcher that can be
//! stopped.

use crate::arguments::{bad_argument, check_output, fail, integer, string, type_name};
use crate::pattern::{Capture, Matcher, Stop};
use mlua::{Error, Function, IntoLuaMulti, Lua, MultiValue, Result, Table, Value};
use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;

/// Asked every now and then whether to go on, after so much work.
type Look = Rc<dyn Fn(u64) -> Result<()>>;

/// What a text has to have so that it is a pattern and not only a text.
const SPECIAL: &[u8] = b"^$*+?.([%-";

pub(crate) fn functions(lua: &Lua, look: Look) -> Result<Vec<(&'static str, Function)>> {
    type Of = fn(&Lua, &MultiValue, &Look) -> Result<MultiValue>;
    let all: [(&'static str, Of); 6] = [
        ("find", |lua, args, look| search(lua, args, look, "find")),
        ("match", |lua, args, look| search(lua, args, look, "match")),
        ("gmatch", gmatch),
        ("gsub", gsub),
        ("gsub_arguments", gsub_arguments),
        ("captures", captures),
    ];
    all.into_iter()
        .map(|(name, of)| {
            let look = look.clone();
            Ok((name, lua.create_function(move |lua, args: MultiValue| of(lua, &args, &look))?))
        })
        .collect()
}

fn stopped(lua: &Lua, stop: Stop<Error>) -> Error {
    match stop {
        Stop::Malformed(text) => fail(lua, text),
        Stop::Watch(error) => error,
    }
}

/// A capture as a value.
fn value(lua: &Lua, subject: &[u8], capture: Capture) -> Result<Value> {
    Ok(match capture {
        Capture::Text(range) => Value::String(lua.create_string(&subject[range])?),
        Capture::Position(n) => Value::Number(n as f64),
    })
}

/// Appends the captures of a match, of which the match itself is the only one where the pattern has none.
fn append<F: FnMut(u64) -> Result<()>>(
    lua: &Lua,
    matcher: &Matcher<'_, F>,
    subject: &[u8],
    matched: &Range<usize>,
    values: &mut Vec<Value>,
) -> Result<()> {
    for index in 0..matcher.count().max(1) {
        let capture = matcher.capture(index, matched).map_err(|stop| stopped(lua, stop))?;
        values.push(value(lua, subject, capture)?);
    }
    Ok(())
}

/// Where a search begins: positions below zero count from the end.
fn begin(lua: &Lua, args: &MultiValue, function: &str, len: usize) -> Result<usize> {
    if args.get(2).is_none_or(Value::is_nil) {
        return Ok(0);
    }
    let at = integer(lua, args, 2, function)?;
    let at = if at < 0 { (len as i64).saturating_add(at) } else { at - 1 };
    Ok(at.clamp(0, len as i64) as usize)
}

/// `find` and `match`.
fn search(lua: &Lua, args: &MultiValue, look: &Look, function: &'static str) -> Result<MultiValue> {
    let (subject, pattern) = (string(lua, args, 0, function)?, string(lua, args, 1, function)?);
    let (subject, pattern) = (subject.as_bytes(), pattern.as_bytes());
    let from = begin(lua, args, function, subject.len())?;
    let found = |matched: &Range<usize>| {
        [matched.start + 1, matched.end].map(|n| Value::Number(n as f64)).into_iter()
    };
    let wants_place = function == "find";
    if wants_place {
        let head = pattern.split(|byte| *byte == 0).next().unwrap_or_default();
        let plain = args.get(3).is_some_and(|plain| !matches!(plain, Value::Nil | Value::Boolean(false)));
        if plain || !head.iter().any(|byte| SPECIAL.contains(byte)) {
            look((subject.len() - from) as u64 / 64)?;
            let at = memchr::memmem::find(&subject[from..], &pattern);
            let matched = at.map(|at| from + at..from + at + pattern.len());
            return matched.map_or(Value::Nil.into_lua_multi(lua), |matched| Ok(found(&matched).collect()));
        }
    }
    let mut matcher = Matcher::new(&subject, &pattern, |work| look(work));
    let Some(matched) = matcher.search(from).map_err(|stop| stopped(lua, stop))? else {
        return Value::Nil.into_lua_multi(lua);
    };
    let mut values: Vec<Value> = Vec::new();
    if wants_place {
        values.extend(found(&matched));
        if matcher.count() == 0 {
            return Ok(values.into());
        }
    }
    append(lua, &matcher, &subject, &matched, &mut values)?;
    Ok(values.into())
}

fn gmatch(lua: &Lua, args: &MultiValue, look: &Look) -> Result<MultiValue> {
    let (subject, pattern) = (string(lua, args, 0, "gmatch")?, string(lua, args, 1, "gmatch")?);
    let (next, look) = (Cell::new(0), look.clone());
    let iterate = move |lua: &Lua, ()| {
        let (subject, pattern) = (subject.as_bytes(), pattern.as_bytes());
        let mut matcher = Matcher::new(&subject, &pattern, |work| look(work));
        for at in next.get()..=subject.len() {
            // A `^` has no meaning here, so that each place is tried by itself.
            let Some(end) = matcher.matches_at(at).map_err(|stop| stopped(lua, stop))? else { continue };
            next.set(if end == at { end + 1 } else { end });
            let mut values: Vec<Value> = Vec::new();
            append(lua, &matcher, &subject, &(at..end), &mut values)?;
            return Ok(values.into());
        }
        next.set(subject.len() + 1);
        Ok(MultiValue::new())
    };
    lua.create_function(iterate)?.into_lua_multi(lua)
}

/// The subject and the pattern of `gsub` as texts, and how often it replaces at most.
fn gsub_arguments(lua: &Lua, args: &MultiValue, _: &Look) -> Result<MultiValue> {
    let (subject, pattern) = (string(lua, args, 0, "gsub")?, string(lua, args, 1, "gsub")?);
    let most = if args.get(2).is_none_or(Value::is_nil) {
        subject.as_bytes().len() as i64 + 1
    } else {
        let given = args.get(2).cloned().unwrap_or(Value::Nil);
        let most = lua.coerce_number(given.clone())?;
        let problem = || format!("number expected, got {}", type_name(&given));
        most.ok_or_else(|| bad_argument(lua, 4, "gsub", &problem()))? as i64
    };
    (subject, pattern, most).into_lua_multi(lua)
}

/// The next match from a position on: its first and its last position, and its captures. Nothing where there is none.
fn captures(lua: &Lua, args: &MultiValue, look: &Look) -> Result<MultiValue> {
    let (subject, pattern) = (string(lua, args, 0, "gsub")?, string(lua, args, 1, "gsub")?);
    let (subject, pattern) = (subject.as_bytes(), pattern.as_bytes());
    let from = begin(lua, args, "gsub", subject.len())?;
    let mut matcher = Matcher::new(&subject, &pattern, |work| look(work));
    let Some(matched) = matcher.search(from).map_err(|stop| stopped(lua, stop))? else {
        return Ok(MultiValue::new());
    };
    let mut values = vec![Value::Number(matched.start as f64 + 1.0), Value::Number(matched.end as f64)];
    append(lua, &matcher, &subject, &matched, &mut values)?;
    Ok(values.into())
}

/// What stands for matches: a text with captures in it, or a table of what stands for the first capture.
enum By {
    Text(mlua::String),
    Table(Table),
}

/// `gsub` with a text or a table.
fn gsub(lua: &Lua, args: &MultiValue, look: &Look) -> Result<MultiValue> {
    let (subject, pattern) = (string(lua, args, 0, "gsub")?, string(lua, args, 1, "gsub")?);
    let by = match args.get(2) {
        Some(Value::Table(table)) => By::Table(table.clone()),
        Some(Value::String(_) | Value::Number(_) | Value::Integer(_)) => {
            By::Text(string(lua, args, 2, "gsub")?)
        }
        _ => return Err(bad_argument(lua, 3, "gsub", "string/function/table expected")),
    };
    let (subject, pattern) = (subject.as_bytes(), pattern.as_bytes());
    let given = args.get(3).is_some_and(|most| !most.is_nil());
    let most = if given { integer(lua, args, 3, "gsub")? } else { subject.len() as i64 + 1 };
    let anchored = pattern.first() == Some(&b'^');
    let mut matcher = Matcher::new(&subject, &pattern, |work| look(work));
    let (mut out, mut count, mut copied, mut from, mut values) = (Vec::new(), 0, 0, 0, 0);
    while count < most && from <= subject.len() {
        let Some(matched) = matcher.search(from).map_err(|stop| stopped(lua, stop))? else { break };
        count += 1;
        out.extend_from_slice(&subject[copied..matched.start]);
        match &by {
            By::Text(text) => put_text(lua, &matcher, &subject, &matched, &text.as_bytes(), &mut out)?,
            By::Table(table) => put_field(lua, &matcher, &subject, &matched, table, &mut out)?,
        }
        check_output(lua, out.len(), &mut values)?;
        copied = matched.end;
        from = if matched.is_empty() { matched.end + 1 } else { matched.end };
        if anchored {
            break;
        }
    }
    out.extend_from_slice(&subject[copied..]);
    check_output(lua, out.len(), &mut values)?;
    (lua.create_string(out)?, count as f64).into_lua_multi(lua)
}

fn put<F: FnMut(u64) -> Result<()>>(
    lua: &Lua,
    matcher: &Matcher<'_, F>,
    subject: &[u8],
    matched: &Range<usize>,
    index: usize,
    out: &mut Vec<u8>,
) -> Result<()> {
    match matcher.capture(index, matched).map_err(|stop| stopped(lua, stop))? {
        Capture::Text(range) => out.extend_from_slice(&subject[range]),
        Capture::Position(n) => out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes()),
    }
    Ok(())
}

/// Writes a text with its `%1` and the like filled in.
fn put_text<F: FnMut(u64) -> Result<()>>(
    lua: &Lua,
    matcher: &Matcher<'_, F>,
    subject: &[u8],
    matched: &Range<usize>,
    text: &[u8],
    out: &mut Vec<u8>,
) -> Result<()> {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'%', rest) {
        out.extend_from_slice(&rest[..at]);
        match rest.get(at + 1) {
            Some(b'0') => out.extend_from_slice(&subject[matched.clone()]),
            Some(digit @ b'1'..=b'9') => {
                put(lua, matcher, subject, matched, usize::from(digit - b'1'), out)?;
            }
            // Behind the end of a text is a zero.
            other => out.push(other.copied().unwrap_or(0)),
        }
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    Ok(())
}

/// Writes what a table has for the first capture, or the match where it has nothing.
fn put_field<F: FnMut(u64) -> Result<()>>(
    lua: &Lua,
    matcher: &Matcher<'_, F>,
    subject: &[u8],
    matched: &Range<usize>,
    table: &Table,
    out: &mut Vec<u8>,
) -> Result<()> {
    let capture = matcher.capture(0, matched).map_err(|stop| stopped(lua, stop))?;
    let field: Value = table.get(value(lua, subject, capture)?)?;
    match &field {
        Value::Nil | Value::Boolean(false) => out.extend_from_slice(&subject[matched.clone()]),
        Value::String(_) | Value::Number(_) | Value::Integer(_) => {
            let text = lua.coerce_string(field)?;
            out.extend_from_slice(&text.ok_or_else(|| fail(lua, "invalid replacement value"))?.as_bytes());
        }
        other => {
            return Err(fail(lua, format_args!("invalid replacement value (a {})", type_name(other))));
        }
    }
    Ok(())
}
