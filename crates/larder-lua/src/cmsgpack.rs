//! `cmsgpack`: Lua values as MessagePack, and back.

use crate::arguments::{bad_argument, check_output, fail, integer, relaxed, string};
use mlua::{Error, Lua, MultiValue, Result, Table, Value};

/// Tables deeper than this are written as nil.
const DEPTH_MAX: usize = 16;

/// What is read is nested at most so deep, and gives at most so many values: the machine has room for some thousand
/// values that Rust holds at a time.
const READ_DEPTH_MAX: usize = 1_000;
const VALUES_MAX: usize = 5_000;

pub(crate) fn library(lua: &Lua) -> Result<Table> {
    let library = lua.create_table()?;
    library.raw_set("pack", lua.create_function(pack)?)?;
    library.raw_set("unpack", lua.create_function(|lua, args| unpack(lua, &args, "unpack", 0, 0))?)?;
    let one = |lua: &Lua, args: MultiValue| {
        let offset = optional(lua, &args, 1, 0, "unpack_one")?;
        unpack(lua, &args, "unpack_one", 1, offset)
    };
    library.raw_set("unpack_one", lua.create_function(one)?)?;
    let limited = |lua: &Lua, args: MultiValue| {
        let limit = integer(lua, &args, 1, "unpack_limit")?;
        let offset = optional(lua, &args, 2, 0, "unpack_limit")?;
        unpack(lua, &args, "unpack_limit", limit, offset)
    };
    library.raw_set("unpack_limit", lua.create_function(limited)?)?;
    library.raw_set("_NAME", "cmsgpack")?;
    library.raw_set("_VERSION", "lua-cmsgpack 0.4.0")?;
    library.raw_set("_COPYRIGHT", "The authors of Larder")?;
    library.raw_set("_DESCRIPTION", "MessagePack for scripts")?;
    Ok(library)
}

fn optional(lua: &Lua, args: &MultiValue, at: usize, otherwise: i64, function: &str) -> Result<i64> {
    if args.get(at).is_none_or(Value::is_nil) { Ok(otherwise) } else { integer(lua, args, at, function) }
}

fn pack(lua: &Lua, args: MultiValue) -> Result<mlua::String> {
    if args.is_empty() {
        return Err(bad_argument(lua, 0, "pack", "MessagePack pack needs input."));
    }
    let (mut out, mut values) = (Vec::new(), 0);
    // Reading tables allocates nothing, so that only the result counts, and only in the end.
    relaxed(lua, 0, || args.iter().try_for_each(|value| put(lua, &mut out, &mut values, value, 0)))?;
    lua.create_string(out)
}

fn put(lua: &Lua, out: &mut Vec<u8>, values: &mut usize, value: &Value, depth: usize) -> Result<()> {
    check_output(lua, out.len(), values)?;
    match value {
        Value::String(text) => put_string(out, &text.as_bytes()),
        Value::Boolean(yes) => out.push(if *yes { 0xc3 } else { 0xc2 }),
        Value::Integer(n) => put_int(out, *n),
        Value::Number(n) => put_number(out, *n),
        Value::Table(table) if depth < DEPTH_MAX => put_table(lua, out, values, table, depth)?,
        _ => out.push(0xc0),
    }
    Ok(())
}

fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    put_len(out, bytes.len(), [(0xa0, 31), (0xd9, 0xff), (0xda, 0xffff), (0xdb, u32::MAX as usize)]);
    out.extend_from_slice(bytes);
}

/// A head with a length: the first form has it within its byte, the others behind in 1, 2 and 4 bytes.
fn put_len(out: &mut Vec<u8>, len: usize, forms: [(u8, usize); 4]) {
    let [short, one, two, four] = forms;
    if len <= short.1 {
        out.push(short.0 | len as u8);
    } else if len <= one.1 {
        out.extend_from_slice(&[one.0, len as u8]);
    } else if len <= two.1 {
        out.push(two.0);
        out.extend_from_slice(&(len as u16).to_be_bytes());
    } else {
        out.push(four.0);
        out.extend_from_slice(&(len as u32).to_be_bytes());
    }
}

fn put_number(out: &mut Vec<u8>, n: f64) {
    const WHOLE: std::ops::Range<f64> = -9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0;
    if WHOLE.contains(&n) && n.fract() == 0.0 {
        put_int(out, n as i64);
    } else if f64::from(n as f32).to_bits() == n.to_bits() {
        out.push(0xca);
        out.extend_from_slice(&(n as f32).to_be_bytes());
    } else {
        out.push(0xcb);
        out.extend_from_slice(&n.to_be_bytes());
    }
}

fn put_int(out: &mut Vec<u8>, n: i64) {
    match n {
        0..=0x7f => out.push(n as u8),
        -32..0 => out.push(n as i8 as u8),
        0x80..=0xff => out.extend_from_slice(&[0xcc, n as u8]),
        0x100..=0xffff => {
            out.push(0xcd);
            out.extend_from_slice(&(n as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(0xce);
            out.extend_from_slice(&(n as u32).to_be_bytes());
        }
        0x1_0000_0000.. => {
            out.push(0xcf);
            out.extend_from_slice(&n.to_be_bytes());
        }
        -0x80..-32 => out.extend_from_slice(&[0xd0, n as i8 as u8]),
        -0x8000..-0x80 => {
            out.push(0xd1);
            out.extend_from_slice(&(n as i16).to_be_bytes());
        }
        -0x8000_0000..-0x8000 => {
            out.push(0xd2);
            out.extend_from_slice(&(n as i32).to_be_bytes());
        }
        _ => {
            out.push(0xd3);
            out.extend_from_slice(&n.to_be_bytes());
        }
    }
}

/// How many pairs a table has, and whether it is a list: its keys are the whole numbers from 1 on, in any order.
fn look_over(table: &Table) -> Result<(usize, bool)> {
    let (mut count, mut most, mut list) = (0_usize, 0_usize, true);
    table.for_each::<Value, Value>(|key, _| {
        let key = match key {
            Value::Integer(n) => usize::try_from(n).unwrap_or(0),
            Value::Number(n) if n.fract() == 0.0 && (1.0..1e15).contains(&n) => n as usize,
            _ => 0,
        };
        list &= key > 0;
        most = most.max(key);
        count += 1;
        Ok(())
    })?;
    Ok((count, list && count == most))
}

fn put_table(lua: &Lua, out: &mut Vec<u8>, values: &mut usize, table: &Table, depth: usize) -> Result<()> {
    let (len, list) = look_over(table)?;
    if list {
        put_len(out, len, [(0x90, 15), (0, 0), (0xdc, 0xffff), (0xdd, u32::MAX as usize)]);
        for at in 1..=len {
            put(lua, out, values, &table.raw_get(at)?, depth + 1)?;
        }
        return Ok(());
    }
    put_len(out, len, [(0x80, 15), (0, 0), (0xde, 0xffff), (0xdf, u32::MAX as usize)]);
    // The machine has room for some thousand values that Rust holds at a time: one pair after the other.
    for pair in table.pairs::<Value, Value>() {
        let (key, value) = pair?;
        put(lua, out, values, &key, depth + 1)?;
        put(lua, out, values, &value, depth + 1)?;
    }
    Ok(())
}

/// Reads values from an offset on: `limit` of them, or all where that is 0. With a limit, the offset behind the last
/// comes first: -1 where nothing is left.
fn unpack(lua: &Lua, args: &MultiValue, function: &str, limit: i64, offset: i64) -> Result<MultiValue> {
    let text = string(lua, args, 0, function)?;
    let data = text.as_bytes();
    relaxed(lua, data.len(), || read(lua, &data, limit, offset))
}

fn read(lua: &Lua, data: &[u8], limit: i64, offset: i64) -> Result<MultiValue> {
    let everything = limit == 0 && offset == 0;
    if offset < 0 || limit < 0 {
        let len = data.len();
        let text = format!("Invalid request to unpack with offset of {offset} and limit of {len}.");
        return Err(fail(lua, text));
    }
    let Some(rest) = data.get(offset as usize..) else {
        return Err(fail(lua, format!("Start offset {offset} greater than input length {}.", data.len())));
    };
    let limit = if everything { usize::MAX } else { limit as usize };
    let mut reader = Reader { lua, rest };
    let mut values = Vec::new();
    while !reader.rest.is_empty() && values.len() < limit {
        if values.len() == VALUES_MAX {
            return Err(fail(lua, "too many values to unpack"));
        }
        values.push(reader.value()?);
    }
    if !everything {
        let at = if reader.rest.is_empty() { -1.0 } else { (data.len() - reader.rest.len()) as f64 };
        values.insert(0, Value::Number(at));
    }
    Ok(values.into())
}

struct Reader<'a> {
    lua: &'a Lua,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let taken = self.rest.split_at_checked(len);
        let (taken, rest) = taken.ok_or_else(|| fail(self.lua, "Missing bytes in input."))?;
        self.rest = rest;
        Ok(taken)
    }

    fn unsigned(&mut self, len: usize) -> Result<u64> {
        Ok(self.take(len)?.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)))
    }

    fn signed(&mut self, len: usize) -> Result<i64> {
        let unused = 64 - len as u32 * 8;
        Ok((self.unsigned(len)? << unused) as i64 >> unused)
    }

    fn bytes(&mut self, len: usize) -> Result<Head> {
        let bytes = self.take(len)?;
        Ok(Head::Plain(Value::String(self.lua.create_string(bytes)?)))
    }

    /// Reads a value with all that is in it. What is nested is kept on a stack of our own.
    fn value(&mut self) -> Result<Value> {
        let mut within: Vec<Within> = Vec::new();
        loop {
            if within.len() > READ_DEPTH_MAX {
                return Err(fail(self.lua, "Bad data format in input."));
            }
            let mut value = match self.head()? {
                Head::Plain(value) => value,
                Head::List(0) | Head::Map(0) => Value::Table(self.lua.create_table()?),
                Head::List(left) => {
                    let table = self.lua.create_table_with_capacity(self.room(left), 0)?;
                    within.push(Within { table, left, place: Place::List(1) });
                    continue;
                }
                Head::Map(pairs) => {
                    // It grows as it does in Redis, so that its pairs come in the same order.
                    let table = self.lua.create_table()?;
                    within.push(Within { table, left: pairs * 2, place: Place::Key });
                    continue;
                }
            };
            loop {
                let Some(last) = within.last_mut() else { return Ok(value) };
                last.put(value)?;
                if last.left > 0 {
                    break;
                }
                value = Value::Table(last.table.clone());
                within.pop();
            }
        }
    }

    /// Room for values that are announced: there are no more of them than bytes.
    fn room(&self, len: usize) -> usize {
        len.min(self.rest.len()).min(1_024)
    }

    fn head(&mut self) -> Result<Head> {
        let head = self.take(1)?[0];
        let number = |n: f64| Ok(Head::Plain(Value::Number(n)));
        match head {
            0..=0x7f => number(f64::from(head)),
            0xe0..=0xff => number(f64::from(head as i8)),
            0x80..=0x8f => Ok(Head::Map(usize::from(head & 15))),
            0x90..=0x9f => Ok(Head::List(usize::from(head & 15))),
            0xa0..=0xbf => self.bytes(usize::from(head & 31)),
            0xc0 => Ok(Head::Plain(Value::Nil)),
            0xc2 | 0xc3 => Ok(Head::Plain(Value::Boolean(head == 0xc3))),
            0xca => number(f64::from(f32::from_bits(self.unsigned(4)? as u32))),
            0xcb => number(f64::from_bits(self.unsigned(8)?)),
            0xcc..=0xcf => number(self.unsigned(1 << (head - 0xcc))? as f64),
            0xd0..=0xd3 => number(self.signed(1 << (head - 0xd0))? as f64),
            0xd9..=0xdb => {
                let len = self.unsigned(1 << (head - 0xd9))? as usize;
                self.bytes(len)
            }
            0xdc | 0xdd => Ok(Head::List(self.unsigned(2 << (head - 0xdc))? as usize)),
            0xde | 0xdf => Ok(Head::Map(self.unsigned(2 << (head - 0xde))? as usize)),
            _ => Err(fail(self.lua, "Bad data format in input.")),
        }
    }
}

/// What a value begins with.
enum Head {
    Plain(Value),
    /// So many values follow.
    List(usize),
    /// So many pairs follow.
    Map(usize),
}

/// Where the next value of a table goes.
enum Place {
    List(usize),
    Key,
    Field(Value),
}

/// A table that is being read.
struct Within {
    table: Table,
    left: usize,
    place: Place,
}

impl Within {
    fn put(&mut self, value: Value) -> Result<()> {
        self.left -= 1;
        self.place = match std::mem::replace(&mut self.place, Place::Key) {
            Place::List(at) => {
                self.table.raw_set(at, value)?;
                Place::List(at + 1)
            }
            Place::Key => Place::Field(value),
            Place::Field(key) => {
                // Whether a key is one is known only here, as in Redis: its value may be what is wrong.
                match key {
                    Value::Nil => return Err(Error::runtime("table index is nil")),
                    Value::Number(n) if n.is_nan() => return Err(Error::runtime("table index is NaN")),
                    key => self.table.raw_set(key, value)?,
                }
                Place::Key
            }
        };
        Ok(())
    }
}
