//! Replies of commands as Lua values, and Lua values as replies.

use crate::dispatch::write_message;
use crate::error::Error;
use crate::reply::{Protocol, Reply, Value as Tree};
use larder_core::Message;
use larder_core::value::score::ScoreText;
use larder_core::value::string::IntText;
use larder_lua::raw::{Args, Failed, Kind, Reader, Slot, Stack};
use smallvec::SmallVec;

/// Lists within lists beyond this depth are an error: a table may hold itself.
const DEPTH_MAX: usize = 256;

/// A reply of more values is an error, too: tables can share parts, so that a small one stands for an endless reply.
const VALUES_MAX: usize = 8_000_000;

/// The text of a number as scripts write it, and room for it.
#[derive(Debug, Default)]
pub(super) struct NumberText {
    int: IntText,
    score: ScoreText,
}

/// Whole numbers below this are written as such; others as the floating-point numbers that they are.
const WHOLE_MAX: f64 = (1_u64 << 62) as f64;

impl NumberText {
    /// The bytes of an argument that is a string or a number.
    pub(super) fn text<'t>(&'t mut self, args: &Args<'t>, at: usize) -> Option<&'t [u8]> {
        match args.number(at) {
            Some(n) => Some(self.write(n)),
            None => args.text(at),
        }
    }

    pub(super) fn write(&mut self, n: f64) -> &[u8] {
        if n.is_nan() {
            return if n.is_sign_negative() { b"-nan" } else { b"nan" };
        }
        if n.fract() == 0.0 && n.abs() < WHOLE_MAX {
            return self.int.write(n as i64);
        }
        self.score.write(n)
    }
}

enum Shape {
    List { next: usize },
    Map { has_key: bool },
    Set,
}

/// A list that is being filled.
struct Open {
    table: Slot,
    shape: Shape,
    left: usize,
    /// The name under which the finished table stands in one of its own.
    name: Option<&'static str>,
}

/// Makes a reply as a value on a machine's stack.
pub(super) struct LuaReply<'s, 'l> {
    stack: &'s mut Stack<'l>,
    protocol: Protocol,
    open: SmallVec<[Open; 4]>,
    /// The reply as a whole is this error.
    pub(super) failed: Option<Error>,
    /// What went wrong with the machine.
    problem: Option<Failed>,
}

impl<'s, 'l> LuaReply<'s, 'l> {
    pub(super) fn new(stack: &'s mut Stack<'l>, protocol: Protocol) -> LuaReply<'s, 'l> {
        LuaReply { stack, protocol, open: SmallVec::new(), failed: None, problem: None }
    }

    /// Whether the reply lies on the stack as one value.
    pub(super) fn finish(self) -> Result<(), Failed> {
        self.problem.map_or(Ok(()), Err)
    }

    /// Adds what `make` pushes.
    #[inline]
    fn add(&mut self, make: impl FnOnce(&mut Stack<'l>) -> Result<(), Failed>) {
        let added = make(self.stack).and_then(|()| if self.open.is_empty() { Ok(()) } else { self.place() });
        if let Err(problem) = added {
            self.problem.get_or_insert(problem);
        }
    }

    /// Puts the topmost value where it belongs.
    fn place(&mut self) -> Result<(), Failed> {
        while let Some(open) = self.open.last_mut() {
            match &mut open.shape {
                Shape::List { next } => {
                    self.stack.set_item(open.table, *next)?;
                    *next += 1;
                }
                Shape::Set => {
                    self.stack.push_boolean(true)?;
                    self.stack.set_pair(open.table)?;
                }
                Shape::Map { has_key } => {
                    *has_key = !*has_key;
                    if !*has_key {
                        self.stack.set_pair(open.table)?;
                    }
                }
            }
            open.left -= 1;
            if open.left > 0 {
                return Ok(());
            }
            if let Some(name) = self.open.pop().and_then(|open| open.name) {
                self.stack.wrap(name)?;
            }
        }
        Ok(())
    }

    fn begin(&mut self, shape: Shape, len: usize, name: Option<&'static str>) {
        // Memory grows with what comes, not with what is announced.
        let room = len.min(1_024);
        // Maps and sets grow as they do in Redis, so that their pairs come in the same order.
        let room = if matches!(shape, Shape::List { .. }) { room } else { 0 };
        if len == 0 {
            return self.add(|stack| {
                stack.push_table(0, 0)?;
                name.map_or(Ok(()), |name| stack.wrap(name))
            });
        }
        match self.stack.push_table(room, 0) {
            Ok(table) => self.open.push(Open { table, shape, left: len, name }),
            Err(problem) => {
                self.problem.get_or_insert(problem);
            }
        }
    }
}

/// Pushes a table of one field.
fn push_named(
    stack: &mut Stack<'_>,
    name: &str,
    push: impl FnOnce(&mut Stack<'_>) -> Result<(), Failed>,
) -> Result<(), Failed> {
    let table = stack.push_table(0, 1)?;
    push(stack)?;
    stack.set_field(table, name)
}

impl Reply for LuaReply<'_, '_> {
    fn protocol(&self) -> Protocol {
        self.protocol
    }
    fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
    }
    fn status(&mut self, text: &str) {
        self.add(|stack| push_named(stack, "ok", |stack| stack.push_text(text.as_bytes())));
    }
    fn error(&mut self, error: &Error) {
        if self.open.is_empty() {
            self.failed = Some(error.clone());
            return;
        }
        self.add(|stack| error_table(stack, error, true));
    }
    fn int(&mut self, n: i64) {
        self.add(|stack| stack.push_number(n as f64));
    }
    fn bulk(&mut self, bytes: &[u8]) {
        self.add(|stack| stack.push_text(bytes));
    }
    fn null(&mut self) {
        let protocol = self.protocol;
        self.add(|stack| match protocol {
            Protocol::Resp2 => stack.push_boolean(false),
            Protocol::Resp3 => stack.push_nil(),
        });
    }
    fn null_array(&mut self) {
        self.null();
    }
    fn array(&mut self, len: usize) {
        self.begin(Shape::List { next: 1 }, len, None);
    }
    fn map(&mut self, pairs: usize) {
        match self.protocol {
            Protocol::Resp2 => self.array(pairs * 2),
            Protocol::Resp3 => self.begin(Shape::Map { has_key: false }, pairs * 2, Some("map")),
        }
    }
    fn set(&mut self, len: usize) {
        match self.protocol {
            Protocol::Resp2 => self.array(len),
            Protocol::Resp3 => self.begin(Shape::Set, len, Some("set")),
        }
    }
    fn push(&mut self, len: usize) {
        self.array(len);
    }
    fn double(&mut self, n: f64) {
        let protocol = self.protocol;
        self.add(|stack| match protocol {
            Protocol::Resp2 => stack.push_text(ScoreText::new().write(n)),
            Protocol::Resp3 => push_named(stack, "double", |stack| stack.push_number(n)),
        });
    }
    fn boolean(&mut self, yes: bool) {
        let protocol = self.protocol;
        self.add(|stack| match protocol {
            Protocol::Resp2 => stack.push_number(f64::from(u8::from(yes))),
            Protocol::Resp3 => stack.push_boolean(yes),
        });
    }
    fn big_number(&mut self, digits: &str) {
        let protocol = self.protocol;
        let text = |stack: &mut Stack<'_>| stack.push_text(digits.as_bytes());
        self.add(|stack| match protocol {
            Protocol::Resp2 => text(stack),
            Protocol::Resp3 => push_named(stack, "big_number", text),
        });
    }
    fn verbatim(&mut self, format: &str, text: &[u8]) {
        let protocol = self.protocol;
        self.add(|stack| match protocol {
            Protocol::Resp2 => stack.push_text(text),
            Protocol::Resp3 => push_named(stack, "verbatim_string", |stack| {
                let table = stack.push_table(0, 2)?;
                stack.push_text(format.as_bytes())?;
                stack.set_field(table, "format")?;
                stack.push_text(text)?;
                stack.set_field(table, "string")
            }),
        });
    }
    fn message(&mut self, message: &Message) {
        write_message(message, self);
    }
}

/// Pushes an error as scripts see it. `counted` says that the statistics know of it.
pub(super) fn error_table(stack: &mut Stack<'_>, error: &Error, counted: bool) -> Result<(), Failed> {
    let table = stack.push_table(0, 2)?;
    stack.push_text(error.text().as_bytes())?;
    stack.set_field(table, "err")?;
    if counted {
        stack.push_boolean(true)?;
        stack.set_field(table, "ignore_error_stats_update")?;
    }
    Ok(())
}

/// A whole number as C makes one of a `double`: what does not fit becomes the least.
fn truncated(n: f64) -> i64 {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&n) { n as i64 } else { i64::MIN }
}

/// Writes a value that is no table.
fn write_plain(reader: &Reader<'_>, at: Slot, protocol: Protocol, out: &mut dyn Reply) {
    match reader.kind(at) {
        Kind::Number => out.int(truncated(reader.number(at).unwrap_or(0.0))),
        Kind::Text => out.bulk(reader.text(at).unwrap_or_default()),
        Kind::Boolean if protocol == Protocol::Resp3 => out.boolean(reader.truth(at)),
        Kind::Boolean if reader.truth(at) => out.int(1),
        _ => out.null(),
    }
}

/// Writes what a script returned. `protocol` is the one that the script chose, which decides what its booleans are. An
/// error is given back: it is the whole reply, and whether it was counted already.
pub(super) fn write(
    reader: &mut Reader<'_>,
    at: Slot,
    protocol: Protocol,
    out: &mut dyn Reply,
) -> Result<(), (Error, bool)> {
    if reader.kind(at) != Kind::Table {
        write_plain(reader, at, protocol, out);
        return Ok(());
    }
    let broken = |failed: Failed| match failed {
        Failed::Text(text) => (Error::general(text), false),
        Failed::Raised => (Error::general("the reply cannot be read"), false),
    };
    let list = reader.list(at).map_err(broken)?;
    if let Some(list) = list.filter(|list| list.is_flat && list.len < VALUES_MAX) {
        if list.len == 0 {
            out.array(0);
        }
        let written = reader.items(list, |reader, n, item| {
            if n == 1 {
                out.array(list.len);
            }
            write_plain(reader, item, protocol, out);
            Ok(())
        });
        return written.map_err(broken);
    }
    if list.is_none()
        && let Some(text) = text_field(reader, at, "err").map_err(broken)?
    {
        let counted = reader.field(at, "ignore_error_stats_update", |reader, at| reader.truth(at));
        return Err((Error::new(text), counted.unwrap_or(false)));
    }
    // Items are written one by one only when all of them are known.
    Shaper { protocol, left: VALUES_MAX }.tree(reader, at, 0).map_err(broken)?.write(out);
    Ok(())
}

fn text_field(reader: &mut Reader<'_>, table: Slot, name: &str) -> Result<Option<String>, Failed> {
    reader.field(table, name, |reader, at| {
        reader.text(at).map(|text| String::from_utf8_lossy(text).into_owned())
    })
}

fn one_line(text: &str) -> String {
    text.replace(['\r', '\n'], " ")
}

/// Makes replies of Lua values.
struct Shaper {
    protocol: Protocol,
    /// Values that may still come.
    left: usize,
}

impl Shaper {
    fn tree(&mut self, reader: &mut Reader<'_>, at: Slot, depth: usize) -> Result<Tree, Failed> {
        let left = self.left.checked_sub(1);
        self.left = left.ok_or("the reply of the script is too large")?;
        Ok(match reader.kind(at) {
            Kind::Number => Tree::Int(truncated(reader.number(at).unwrap_or(0.0))),
            Kind::Text => Tree::Bulk(reader.text(at).unwrap_or_default().to_vec()),
            Kind::Boolean if self.protocol == Protocol::Resp3 => Tree::Boolean(reader.truth(at)),
            Kind::Boolean if reader.truth(at) => Tree::Int(1),
            Kind::Table if depth == DEPTH_MAX => return Err("reached lua stack limit".into()),
            // Most tables are lists, which need not be asked for names one after the other.
            Kind::Table if reader.list(at)?.is_some() => Tree::Array(self.items(reader, at, depth + 1)?),
            Kind::Table => match self.special(reader, at, depth + 1)? {
                Some(special) => special,
                None => Tree::Array(self.items(reader, at, depth + 1)?),
            },
            _ => Tree::Null,
        })
    }

    fn items(&mut self, reader: &mut Reader<'_>, table: Slot, depth: usize) -> Result<Vec<Tree>, Failed> {
        let mut items = Vec::new();
        for n in 1.. {
            let item = reader.item(table, n, |reader, at| match reader.kind(at) {
                Kind::Nil => None,
                _ => Some(self.tree(reader, at, depth)),
            });
            match item? {
                Some(item) => items.push(item?),
                None => break,
            }
        }
        Ok(items)
    }

    /// A table that says by a field that it is no list.
    fn special(
        &mut self,
        reader: &mut Reader<'_>,
        table: Slot,
        depth: usize,
    ) -> Result<Option<Tree>, Failed> {
        if let Some(text) = text_field(reader, table, "err")? {
            return Ok(Some(Tree::Error(Error::new(text))));
        }
        if let Some(text) = text_field(reader, table, "ok")? {
            return Ok(Some(Tree::Status(one_line(&text))));
        }
        if let Some(n) = reader.field(table, "double", |reader, at| reader.number(at))? {
            return Ok(Some(Tree::Double(n)));
        }
        let pairs = |reader: &mut Reader<'_>, at| {
            if reader.kind(at) != Kind::Table {
                return Ok(None);
            }
            let mut pairs = Vec::new();
            reader.for_each(at, |reader, key, value| {
                pairs.push((self.tree(reader, key, depth)?, self.tree(reader, value, depth)?));
                Ok(())
            })?;
            Ok::<_, Failed>(Some(pairs))
        };
        if let Some(pairs) = reader.field(table, "map", pairs)?? {
            return Ok(Some(Tree::Map(pairs)));
        }
        let members = |reader: &mut Reader<'_>, at| {
            if reader.kind(at) != Kind::Table {
                return Ok(None);
            }
            let mut members = Vec::new();
            reader.for_each(at, |reader, key, _| {
                members.push(self.tree(reader, key, depth)?);
                Ok(())
            })?;
            Ok::<_, Failed>(Some(members))
        };
        if let Some(members) = reader.field(table, "set", members)?? {
            return Ok(Some(Tree::Set(members)));
        }
        if let Some(digits) = text_field(reader, table, "big_number")? {
            return Ok(Some(Tree::BigNumber(one_line(&digits))));
        }
        let verbatim = reader.field(table, "verbatim_string", |reader, at| {
            let bytes = reader.field(at, "string", |reader, at| reader.text(at).map(<[u8]>::to_vec))?;
            Ok::<_, Failed>(bytes.zip(text_field(reader, at, "format")?))
        });
        Ok(verbatim??.map(|(bytes, format)| {
            // A format is three letters.
            let format: String = format!("{:<3}", one_line(&format)).chars().take(3).collect();
            Tree::Verbatim(format, bytes)
        }))
    }
}
