//! The functions of `string` that match patterns: `find`, `match`, `gmatch` and `gsub`, over a matcher that can be
//! stopped.

use crate::arguments::{Given, Result, check_output};
use crate::pattern::{Capture, Matcher, Stop};
use crate::raw::{Args, Failed, Kind, Slot, Stack, Word};
use std::ops::Range;
use std::rc::Rc;

/// Asked every now and then whether to go on, after so much work.
type Look = Rc<dyn Fn(u64) -> std::result::Result<(), &'static str>>;

/// What a text has to have so that it is a pattern and not only a text.
const SPECIAL: &[u8] = b"^$*+?.([%-";

/// Adds the functions to a table.
pub(crate) fn add_functions(stack: &mut Stack<'_>, table: Slot, look: &Look) -> Result<()> {
    type Of = fn(&Args<'_>, &mut Stack<'_>, &Look) -> Result<usize>;
    let all: [(&'static str, Of); 7] = [
        ("find", |args, stack, look| search(args, stack, look, "find")),
        ("match", |args, stack, look| search(args, stack, look, "match")),
        ("gmatch_arguments", gmatch_arguments),
        ("next_match", next_match),
        ("gsub", gsub),
        ("gsub_arguments", gsub_arguments),
        ("captures", captures),
    ];
    for (name, of) in all {
        let look = look.clone();
        stack.set_function(table, name, move |args, stack| of(args, stack, &look))?;
    }
    Ok(())
}

fn stopped(stack: &Stack<'_>, stop: Stop<&'static str>) -> Failed {
    match stop {
        Stop::Malformed(text) => stack.fail(text),
        Stop::Watch(reason) => reason.into(),
    }
}

/// Pushes a position that is counted from 0 as Lua counts it.
fn push_position(stack: &mut Stack<'_>, at: usize) -> Result<()> {
    stack.push_number(at as f64 + 1.0)
}

/// The text and the pattern that a function was given, and a matcher for them.
struct Search<'t, F> {
    subject: &'t [u8],
    matcher: Matcher<'t, F>,
}

impl<'t, F: FnMut(u64) -> std::result::Result<(), &'static str>> Search<'t, F> {
    fn new(subject: &'t [u8], pattern: &'t [u8], look: F) -> Search<'t, F> {
        Search { subject, matcher: Matcher::new(subject, pattern, look) }
    }

    /// The next match from a position on.
    fn next(&mut self, stack: &Stack<'_>, from: usize) -> Result<Option<Range<usize>>> {
        self.matcher.search(from).map_err(|stop| stopped(stack, stop))
    }

    fn capture(&self, stack: &Stack<'_>, index: usize, matched: &Range<usize>) -> Result<Capture> {
        self.matcher.capture(index, matched).map_err(|stop| stopped(stack, stop))
    }

    /// Pushes the captures of a match, of which the match itself is the only one where the pattern has none; says how
    /// many there are.
    fn push_captures(&self, stack: &mut Stack<'_>, matched: &Range<usize>) -> Result<usize> {
        let count = self.matcher.count().max(1);
        for index in 0..count {
            match self.capture(stack, index, matched)? {
                Capture::Text(range) => stack.push_text_within(&self.subject[range])?,
                Capture::Position(n) => stack.push_number(n as f64)?,
            }
        }
        Ok(count)
    }
}

/// Where a search begins: positions below zero count from the end.
fn begin(stack: &Stack<'_>, given: Given<'_, '_>, len: usize) -> Result<usize> {
    if given.is_missing(2) {
        return Ok(0);
    }
    let at = given.integer(stack, 2)?;
    let at = if at < 0 { (len as i64).saturating_add(at) } else { at - 1 };
    Ok(at.clamp(0, len as i64) as usize)
}

/// `find` and `match`.
fn search(args: &Args<'_>, stack: &mut Stack<'_>, look: &Look, function: &'static str) -> Result<usize> {
    let given = Given::new(args, function);
    let (mut subject, mut pattern) = (Vec::new(), Vec::new());
    let subject = given.string(stack, 0, &mut subject)?;
    let pattern = given.string(stack, 1, &mut pattern)?;
    let from = begin(stack, given, subject.len())?;
    let wants_place = function == "find";
    if wants_place {
        let head = pattern.split(|byte| *byte == 0).next().unwrap_or_default();
        if args.truth(3) || !head.iter().any(|byte| SPECIAL.contains(byte)) {
            look((subject.len() - from) as u64 / 64)?;
            let Some(at) = memchr::memmem::find(&subject[from..], pattern) else { return nothing(stack) };
            push_position(stack, from + at)?;
            stack.push_number((from + at + pattern.len()) as f64)?;
            return Ok(2);
        }
    }
    let mut search = Search::new(subject, pattern, |work| look(work));
    let Some(matched) = search.next(stack, from)? else { return nothing(stack) };
    if !wants_place {
        return search.push_captures(stack, &matched);
    }
    push_position(stack, matched.start)?;
    stack.push_number(matched.end as f64)?;
    if search.matcher.count() == 0 {
        return Ok(2);
    }
    Ok(2 + search.push_captures(stack, &matched)?)
}

fn nothing(stack: &mut Stack<'_>) -> Result<usize> {
    stack.push_nil()?;
    Ok(1)
}

/// Pushes two arguments as texts.
fn push_texts(stack: &mut Stack<'_>, given: Given<'_, '_>) -> Result<()> {
    for at in 0..2 {
        let mut number = Vec::new();
        let text = given.string(stack, at, &mut number)?;
        // A string is that very string: it is found among all, where it was.
        stack.push_text_within(text)?;
    }
    Ok(())
}

/// The subject and the pattern of `gmatch` as texts.
fn gmatch_arguments(args: &Args<'_>, stack: &mut Stack<'_>, _: &Look) -> Result<usize> {
    push_texts(stack, Given::new(args, "gmatch"))?;
    Ok(2)
}

/// A step of `gmatch`: the position from which it goes on, and what the match has caught. Nothing where there is none.
fn next_match(args: &Args<'_>, stack: &mut Stack<'_>, look: &Look) -> Result<usize> {
    let given = Given::new(args, "gmatch");
    let (mut subject, mut pattern) = (Vec::new(), Vec::new());
    let subject = given.string(stack, 0, &mut subject)?;
    let pattern = given.string(stack, 1, &mut pattern)?;
    let from = usize::try_from(given.integer(stack, 2)? - 1).unwrap_or(0);
    let mut search = Search::new(subject, pattern, |work| look(work));
    for at in from..=subject.len() {
        // A `^` has no meaning here, so that each place is tried by itself.
        let end = search.matcher.matches_at(at).map_err(|stop| stopped(stack, stop))?;
        let Some(end) = end else { continue };
        push_position(stack, if end == at { end + 1 } else { end })?;
        return Ok(1 + search.push_captures(stack, &(at..end))?);
    }
    Ok(0)
}

/// The subject and the pattern of `gsub` as texts, and how often it replaces at most.
fn gsub_arguments(args: &Args<'_>, stack: &mut Stack<'_>, _: &Look) -> Result<usize> {
    let given = Given::new(args, "gsub");
    push_texts(stack, given)?;
    let most = if given.is_missing(2) {
        let mut subject = Vec::new();
        given.string(stack, 0, &mut subject)?.len() as i64 + 1
    } else {
        let problem = || format!("number expected, got {}", args.kind(2).name());
        // The position is that of the function which scripts call.
        args.coerced(2).ok_or_else(|| given.bad(stack, 4, &problem()))? as i64
    };
    stack.push_number(most as f64)?;
    Ok(3)
}

/// The next match from a position on: its first and its last position, and its captures. Nothing where there is none.
fn captures(args: &Args<'_>, stack: &mut Stack<'_>, look: &Look) -> Result<usize> {
    let given = Given::new(args, "gsub");
    let (mut subject, mut pattern) = (Vec::new(), Vec::new());
    let subject = given.string(stack, 0, &mut subject)?;
    let pattern = given.string(stack, 1, &mut pattern)?;
    let from = begin(stack, given, subject.len())?;
    let mut search = Search::new(subject, pattern, |work| look(work));
    let Some(matched) = search.next(stack, from)? else { return Ok(0) };
    push_position(stack, matched.start)?;
    stack.push_number(matched.end as f64)?;
    Ok(2 + search.push_captures(stack, &matched)?)
}

/// `gsub` with a text, or with a table that has no metatable: what stands for the first capture.
fn gsub(args: &Args<'_>, stack: &mut Stack<'_>, look: &Look) -> Result<usize> {
    let given = Given::new(args, "gsub");
    let (mut subject, mut pattern, mut by) = (Vec::new(), Vec::new(), Vec::new());
    let subject = given.string(stack, 0, &mut subject)?;
    let pattern = given.string(stack, 1, &mut pattern)?;
    let by = match args.kind(2) {
        Kind::Table => None,
        Kind::Text | Kind::Number => Some(given.string(stack, 2, &mut by)?),
        _ => return Err(given.bad(stack, 3, "string/function/table expected")),
    };
    let most = if given.is_missing(3) { subject.len() as i64 + 1 } else { given.integer(stack, 3)? };
    let anchored = pattern.first() == Some(&b'^');
    let mut search = Search::new(subject, pattern, |work| look(work));
    let (mut out, mut count, mut copied, mut from, mut values) = (Vec::new(), 0, 0, 0, 0);
    while count < most && from <= subject.len() {
        let Some(matched) = search.next(stack, from)? else { break };
        count += 1;
        out.extend_from_slice(&subject[copied..matched.start]);
        match by {
            Some(text) => put_text(stack, &search, &matched, text, &mut out)?,
            None => put_field(stack, &search, &matched, args.slot(2), &mut out)?,
        }
        check_output(stack, out.len(), &mut values)?;
        copied = matched.end;
        from = if matched.is_empty() { matched.end + 1 } else { matched.end };
        if anchored {
            break;
        }
    }
    out.extend_from_slice(&subject[copied..]);
    check_output(stack, out.len(), &mut values)?;
    stack.push_text_within(&out)?;
    stack.push_number(count as f64)?;
    Ok(2)
}

/// Writes a text with its `%1` and the like filled in.
fn put_text<F: FnMut(u64) -> std::result::Result<(), &'static str>>(
    stack: &Stack<'_>,
    search: &Search<'_, F>,
    matched: &Range<usize>,
    text: &[u8],
    out: &mut Vec<u8>,
) -> Result<()> {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'%', rest) {
        out.extend_from_slice(&rest[..at]);
        match rest.get(at + 1) {
            Some(b'0') => out.extend_from_slice(&search.subject[matched.clone()]),
            Some(digit @ b'1'..=b'9') => match search.capture(stack, usize::from(digit - b'1'), matched)? {
                Capture::Text(range) => out.extend_from_slice(&search.subject[range]),
                Capture::Position(n) => out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes()),
            },
            // Behind the end of a text is a zero.
            other => out.push(other.copied().unwrap_or(0)),
        }
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    Ok(())
}

/// Writes what a table has for the first capture, or the match where it has nothing.
fn put_field<F: FnMut(u64) -> std::result::Result<(), &'static str>>(
    stack: &mut Stack<'_>,
    search: &Search<'_, F>,
    matched: &Range<usize>,
    table: Slot,
    out: &mut Vec<u8>,
) -> Result<()> {
    let key = match search.capture(stack, 0, matched)? {
        Capture::Text(range) => Word::Text(&search.subject[range]),
        Capture::Position(n) => Word::Number(n as f64),
    };
    stack.read().look_up(table, key, |reader, field| {
        match (reader.text(field), reader.number(field)) {
            (Some(text), _) => out.extend_from_slice(text),
            (_, Some(n)) => crate::decimal::write_number(out, n),
            _ if !reader.truth(field) => out.extend_from_slice(&search.subject[matched.clone()]),
            _ => {
                let kind = reader.kind(field).name();
                return Err(reader.fail(format_args!("invalid replacement value (a {kind})")));
            }
        }
        Ok(())
    })?
}
