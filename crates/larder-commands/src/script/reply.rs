//! Replies of commands as Lua values, and Lua values as replies.

use super::machine::Names;
use crate::dispatch::write_message;
use crate::error::Error;
use crate::reply::{Protocol, Reply, Value as Tree};
use larder_core::Message;
use larder_core::value::score::ScoreText;
use mlua::{Lua, Table, Value};
use std::cell::Cell;

/// Lists within lists beyond this depth are an error: a table may hold itself.
const DEPTH_MAX: usize = 256;

/// A reply of more values is an error, too: tables can share parts, so that a small one stands for an endless reply.
const VALUES_MAX: usize = 8_000_000;

enum Shape {
    List { next: i64 },
    Map { key: Option<Value> },
    Set,
}

/// A list that is being filled.
struct Open {
    table: Table,
    shape: Shape,
    left: usize,
    /// The name under which the finished table stands in one of its own.
    name: Option<&'static str>,
}

/// Collects a reply as a Lua value.
pub(super) struct LuaReply<'l> {
    lua: &'l Lua,
    protocol: Protocol,
    open: Vec<Open>,
    done: Option<Value>,
    /// The reply as a whole is this error.
    pub(super) failed: Option<Error>,
    /// What went wrong with the machine, as when it has no memory left.
    problem: Option<mlua::Error>,
}

impl<'l> LuaReply<'l> {
    pub(super) fn new(lua: &'l Lua, protocol: Protocol) -> LuaReply<'l> {
        LuaReply { lua, protocol, open: Vec::new(), done: None, failed: None, problem: None }
    }

    pub(super) fn into_value(self) -> mlua::Result<Value> {
        match self.problem {
            Some(problem) => Err(problem),
            None => Ok(self.done.unwrap_or(Value::Nil)),
        }
    }

    fn add(&mut self, value: mlua::Result<Value>) {
        let added = value.and_then(|value| self.place(value));
        if let Err(problem) = added {
            self.problem.get_or_insert(problem);
        }
    }

    fn place(&mut self, mut value: Value) -> mlua::Result<()> {
        while let Some(open) = self.open.last_mut() {
            match &mut open.shape {
                Shape::List { next } => {
                    open.table.raw_set(*next, value)?;
                    *next += 1;
                }
                Shape::Set => open.table.raw_set(value, true)?,
                Shape::Map { key } => match key.take() {
                    None => *key = Some(value),
                    Some(key) => open.table.raw_set(key, value)?,
                },
            }
            open.left -= 1;
            if open.left > 0 {
                return Ok(());
            }
            let Some(open) = self.open.pop() else { return Ok(()) };
            value = self.close(open.table, open.name)?;
        }
        self.done = Some(value);
        Ok(())
    }

    fn close(&self, table: Table, name: Option<&'static str>) -> mlua::Result<Value> {
        let Some(name) = name else { return Ok(Value::Table(table)) };
        self.named(name, Value::Table(table))
    }

    /// A table of one field.
    fn named(&self, name: &str, value: Value) -> mlua::Result<Value> {
        let table = self.lua.create_table_with_capacity(0, 1)?;
        table.raw_set(name, value)?;
        Ok(Value::Table(table))
    }

    fn text(&self, bytes: &[u8]) -> mlua::Result<Value> {
        self.lua.create_string(bytes).map(Value::String)
    }

    fn begin(&mut self, shape: Shape, len: usize, name: Option<&'static str>) {
        // Memory grows with what comes, not with what is announced.
        let room = len.min(1_024);
        // Maps and sets grow as they do in Redis, so that their pairs come in the same order.
        let room = if matches!(shape, Shape::List { .. }) { room } else { 0 };
        let table = self.lua.create_table_with_capacity(room, 0);
        match table {
            Ok(table) if len == 0 => {
                let closed = self.close(table, name);
                self.add(closed);
            }
            Ok(table) => self.open.push(Open { table, shape, left: len, name }),
            Err(problem) => self.add(Err(problem)),
        }
    }
}

impl Reply for LuaReply<'_> {
    fn protocol(&self) -> Protocol {
        self.protocol
    }
    fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
    }
    fn status(&mut self, text: &str) {
        let value = self.text(text.as_bytes()).and_then(|text| self.named("ok", text));
        self.add(value);
    }
    fn error(&mut self, error: &Error) {
        if self.open.is_empty() {
            self.failed = Some(error.clone());
            return;
        }
        let value = error_table(self.lua, error, true).map(Value::Table);
        self.add(value);
    }
    fn int(&mut self, n: i64) {
        self.add(Ok(Value::Number(n as f64)));
    }
    fn bulk(&mut self, bytes: &[u8]) {
        let value = self.text(bytes);
        self.add(value);
    }
    fn null(&mut self) {
        self.add(Ok(match self.protocol {
            Protocol::Resp2 => Value::Boolean(false),
            Protocol::Resp3 => Value::Nil,
        }));
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
            Protocol::Resp3 => self.begin(Shape::Map { key: None }, pairs * 2, Some("map")),
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
        let value = match self.protocol {
            Protocol::Resp2 => self.text(ScoreText::new().write(n)),
            Protocol::Resp3 => self.named("double", Value::Number(n)),
        };
        self.add(value);
    }
    fn boolean(&mut self, yes: bool) {
        self.add(Ok(match self.protocol {
            Protocol::Resp2 => Value::Number(f64::from(u8::from(yes))),
            Protocol::Resp3 => Value::Boolean(yes),
        }));
    }
    fn big_number(&mut self, digits: &str) {
        let text = self.text(digits.as_bytes());
        let value = match self.protocol {
            Protocol::Resp2 => text,
            Protocol::Resp3 => text.and_then(|text| self.named("big_number", text)),
        };
        self.add(value);
    }
    fn verbatim(&mut self, format: &str, text: &[u8]) {
        let bytes = self.text(text);
        let value = match self.protocol {
            Protocol::Resp2 => bytes,
            Protocol::Resp3 => bytes.and_then(|bytes| {
                let table = self.lua.create_table_with_capacity(0, 2)?;
                table.raw_set("format", format)?;
                table.raw_set("string", bytes)?;
                self.named("verbatim_string", Value::Table(table))
            }),
        };
        self.add(value);
    }
    fn message(&mut self, message: &Message) {
        write_message(message, self);
    }
}

/// An error as scripts see it. `counted` says that the statistics know of it.
pub(super) fn error_table(lua: &Lua, error: &Error, counted: bool) -> mlua::Result<Table> {
    let table = lua.create_table_with_capacity(0, 2)?;
    table.raw_set("err", error.text())?;
    if counted {
        table.raw_set("ignore_error_stats_update", true)?;
    }
    Ok(table)
}

/// A whole number as C makes one of a `double`: what does not fit becomes the least.
fn truncated(n: f64) -> i64 {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&n) { n as i64 } else { i64::MIN }
}

/// Writes what a script returned; `list` says that a table is nothing but a list. `protocol` is the one that the script
/// chose, which decides what its booleans are. An error is given back: it is the whole reply, and whether it was
/// counted already.
pub(super) fn write(
    value: &Value,
    list: bool,
    names: &Names,
    protocol: Protocol,
    out: &mut dyn Reply,
) -> Result<(), (Error, bool)> {
    match value {
        Value::Integer(n) => out.int(*n),
        Value::Number(n) => out.int(truncated(*n)),
        Value::String(text) => out.bulk(&text.as_bytes()),
        Value::Boolean(yes) if protocol == Protocol::Resp3 => out.boolean(*yes),
        Value::Boolean(true) => out.int(1),
        Value::Table(table) => {
            let broken = |problem: mlua::Error| (Error::general(super::machine::message_of(&problem)), false);
            let shaper = Shaper { names, protocol, left: Cell::new(VALUES_MAX) };
            if list {
                // Items are written one by one only when all of them are known.
                Tree::Array(shaper.items(table, 1).map_err(broken)?).write(out);
                return Ok(());
            }
            if let Some(Value::String(text)) = field(table, &names.err).map_err(broken)? {
                let counted = table.raw_get::<bool>("ignore_error_stats_update").unwrap_or(false);
                return Err((Error::new(text.to_string_lossy()), counted));
            }
            shaper.tree(value, 0).map_err(broken)?.write(out);
        }
        _ => out.null(),
    }
    Ok(())
}

/// A field that is there.
fn field(table: &Table, name: &mlua::String) -> mlua::Result<Option<Value>> {
    let value: Value = table.raw_get(name)?;
    Ok((!value.is_nil()).then_some(value))
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(n) => Some(*n),
        Value::Integer(n) => Some(*n as f64),
        _ => None,
    }
}

fn one_line(text: &mlua::String) -> String {
    text.to_string_lossy().replace(['\r', '\n'], " ")
}

/// Makes replies of Lua values.
struct Shaper<'a> {
    names: &'a Names,
    protocol: Protocol,
    /// Values that may still come.
    left: Cell<usize>,
}

impl Shaper<'_> {
    fn tree(&self, value: &Value, depth: usize) -> mlua::Result<Tree> {
        let left = self.left.get().checked_sub(1);
        self.left.set(left.ok_or_else(|| mlua::Error::runtime("the reply of the script is too large"))?);
        Ok(match value {
            Value::Integer(n) => Tree::Int(*n),
            Value::Number(n) => Tree::Int(truncated(*n)),
            Value::String(text) => Tree::Bulk(text.as_bytes().to_vec()),
            Value::Boolean(yes) if self.protocol == Protocol::Resp3 => Tree::Boolean(*yes),
            Value::Boolean(true) => Tree::Int(1),
            Value::Table(_) if depth == DEPTH_MAX => {
                return Err(mlua::Error::runtime("reached lua stack limit"));
            }
            Value::Table(table) => match self.special(table, depth + 1)? {
                Some(special) => special,
                None => Tree::Array(self.items(table, depth + 1)?),
            },
            _ => Tree::Null,
        })
    }

    fn items(&self, table: &Table, depth: usize) -> mlua::Result<Vec<Tree>> {
        let mut items = Vec::new();
        for n in 1.. {
            let item: Value = table.raw_get(n)?;
            if item.is_nil() {
                break;
            }
            items.push(self.tree(&item, depth)?);
        }
        Ok(items)
    }

    /// A table that says by a field that it is no list.
    fn special(&self, table: &Table, depth: usize) -> mlua::Result<Option<Tree>> {
        let names = self.names;
        if let Some(Value::String(text)) = field(table, &names.err)? {
            return Ok(Some(Tree::Error(Error::new(text.to_string_lossy()))));
        }
        if let Some(Value::String(text)) = field(table, &names.ok)? {
            return Ok(Some(Tree::Status(one_line(&text))));
        }
        if let Some(n) = field(table, &names.double)?.as_ref().and_then(number) {
            return Ok(Some(Tree::Double(n)));
        }
        if let Some(Value::Table(map)) = field(table, &names.map)? {
            let pairs = map.pairs::<Value, Value>().map(|pair| {
                let (key, value) = pair?;
                Ok((self.tree(&key, depth)?, self.tree(&value, depth)?))
            });
            return Ok(Some(Tree::Map(pairs.collect::<mlua::Result<_>>()?)));
        }
        if let Some(Value::Table(set)) = field(table, &names.set)? {
            let members = set.pairs::<Value, Value>().map(|pair| self.tree(&pair?.0, depth));
            return Ok(Some(Tree::Set(members.collect::<mlua::Result<_>>()?)));
        }
        if let Some(Value::String(digits)) = field(table, &names.big_number)? {
            return Ok(Some(Tree::BigNumber(one_line(&digits))));
        }
        if let Some(Value::Table(verbatim)) = field(table, &names.verbatim)?
            && let (Value::String(text), Value::String(format)) =
                (verbatim.raw_get("string")?, verbatim.raw_get("format")?)
        {
            // A format is three letters.
            let format: String = format!("{:<3}", one_line(&format)).chars().take(3).collect();
            return Ok(Some(Tree::Verbatim(format, text.as_bytes().to_vec())));
        }
        Ok(None)
    }
}
