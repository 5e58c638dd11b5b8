//! `cmsgpack`: Lua values as MessagePack, and back.

use crate::arguments::{Given, Result, is_output_small, output_work};
use crate::raw::{Args, Kind, Reader, Slot, Stack};
use smallvec::SmallVec;

/// Tables deeper than this are written as nil.
const DEPTH_MAX: usize = 16;

/// What is read is nested at most so deep, and gives at most so many values: the machine's stack has room for some
/// thousand.
const READ_DEPTH_MAX: usize = 1_000;
const VALUES_MAX: usize = 5_000;

/// What is written mostly fits into so many bytes.
const ROOM: usize = 256;

/// Leaves the library on the stack.
pub(crate) fn library(stack: &mut Stack<'_>) -> Result<Slot> {
    let library = stack.push_table(0, 8)?;
    stack.set_function(library, "pack", pack)?;
    stack.set_function(library, "unpack", |args, stack| unpack(args, stack, 0, 0))?;
    stack.set_function(library, "unpack_one", |args, stack| {
        let offset = optional(stack, args, 1)?;
        unpack(args, stack, 1, offset)
    })?;
    stack.set_function(library, "unpack_limit", |args, stack| {
        let limit = Given::as_called(args).integer(stack, 1)?;
        let offset = optional(stack, args, 2)?;
        unpack(args, stack, limit, offset)
    })?;
    for (name, text) in [
        ("_NAME", "cmsgpack"),
        ("_VERSION", "lua-cmsgpack 0.4.0"),
        ("_COPYRIGHT", "The authors of Larder"),
        ("_DESCRIPTION", "MessagePack for scripts"),
    ] {
        stack.push_text(text.as_bytes())?;
        stack.set_field(library, name)?;
    }
    Ok(library)
}

/// A whole number that is 0 where it is left out.
fn optional(stack: &Stack<'_>, args: &Args<'_>, at: usize) -> Result<i64> {
    let given = Given::as_called(args);
    if given.is_missing(at) { Ok(0) } else { given.integer(stack, at) }
}

fn pack(args: &Args<'_>, stack: &mut Stack<'_>) -> Result<usize> {
    if args.is_empty() {
        return Err(stack.bad_argument(0, "MessagePack pack needs input."));
    }
    let mut packer = Packer { out: Vec::with_capacity(ROOM), values: 0 };
    let packed = (0..args.len()).try_for_each(|at| packer.put(&mut stack.read(), args.slot(at), 0));
    stack.add_work(output_work(packer.out.len(), packer.values));
    packed?;
    stack.push_text(&packer.out)?;
    Ok(1)
}

/// Writes values.
struct Packer {
    out: Vec<u8>,
    values: usize,
}

impl Packer {
    fn put(&mut self, reader: &mut Reader<'_>, value: Slot, depth: usize) -> Result<()> {
        if !is_output_small(self.out.len(), &mut self.values) {
            return Err(reader.fail("not enough memory"));
        }
        match reader.kind(value) {
            Kind::Text => put_string(&mut self.out, reader.text(value).unwrap_or_default()),
            Kind::Boolean => self.out.push(if reader.truth(value) { 0xc3 } else { 0xc2 }),
            Kind::Number => put_number(&mut self.out, reader.number(value).unwrap_or(0.0)),
            Kind::Table if depth < DEPTH_MAX => self.put_table(reader, value, depth)?,
            _ => self.out.push(0xc0),
        }
        Ok(())
    }

    fn put_table(&mut self, reader: &mut Reader<'_>, table: Slot, depth: usize) -> Result<()> {
        const LISTS: [(u8, usize); 4] = [(0x90, 15), (0, 0), (0xdc, 0xffff), (0xdd, u32::MAX as usize)];
        if let Some(list) = reader.list(table)? {
            put_len(&mut self.out, list.len, LISTS);
            return reader.items(list, |reader, _, item| self.put(reader, item, depth + 1));
        }
        let (len, list) = look_over(reader, table)?;
        if list {
            put_len(&mut self.out, len, LISTS);
            for n in 1..=len {
                reader.item(table, n, |reader, item| self.put(reader, item, depth + 1))??;
            }
            return Ok(());
        }
        put_len(&mut self.out, len, [(0x80, 15), (0, 0), (0xde, 0xffff), (0xdf, u32::MAX as usize)]);
        reader.for_each(table, |reader, key, value| {
            self.put(reader, key, depth + 1)?;
            self.put(reader, value, depth + 1)
        })
    }
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

/// How many pairs a table has, and whether it is a list all the same: its keys are the whole numbers from 1 on, in some
/// other order.
fn look_over(reader: &mut Reader<'_>, table: Slot) -> Result<(usize, bool)> {
    let (mut count, mut most, mut list) = (0_usize, 0_usize, true);
    reader.for_each(table, |reader, key, _| {
        let key = match reader.number(key) {
            Some(n) if n.fract() == 0.0 && (1.0..1e15).contains(&n) => n as usize,
            _ => 0,
        };
        list &= key > 0;
        most = most.max(key);
        count += 1;
        Ok(())
    })?;
    Ok((count, list && count == most))
}

/// Reads values from an offset on: `limit` of them, or all where that is 0. With a limit, the offset behind the last
/// comes first: -1 where nothing is left.
fn unpack(args: &Args<'_>, stack: &mut Stack<'_>, limit: i64, offset: i64) -> Result<usize> {
    let mut number = Vec::new();
    let data = Given::as_called(args).string(stack, 0, &mut number)?;
    let everything = limit == 0 && offset == 0;
    if offset < 0 || limit < 0 {
        let len = data.len();
        let text = format!("Invalid request to unpack with offset of {offset} and limit of {len}.");
        return Err(stack.fail(text));
    }
    let Some(rest) = data.get(offset as usize..) else {
        let len = data.len();
        return Err(stack.fail(format!("Start offset {offset} greater than input length {len}.")));
    };
    let limit = if everything { usize::MAX } else { limit as usize };
    let first = stack.top().next();
    let mut reader = Unpacker { stack, rest, values: 0 };
    let mut count = 0;
    while !reader.rest.is_empty() && count < limit {
        if count == VALUES_MAX {
            return Err(reader.stack.fail("too many values to unpack"));
        }
        reader.value()?;
        count += 1;
    }
    let rest = reader.rest;
    if everything {
        return Ok(count);
    }
    stack.push_number(if rest.is_empty() { -1.0 } else { (data.len() - rest.len()) as f64 })?;
    stack.move_below(first);
    Ok(count + 1)
}

/// Between two looks at the memory so many values are read.
const VALUES_PER_LOOK: usize = 256;

/// Reads values onto the stack.
struct Unpacker<'s, 'l, 'a> {
    stack: &'s mut Stack<'l>,
    rest: &'a [u8],
    values: usize,
}

impl<'a> Unpacker<'_, '_, 'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let taken = self.rest.split_at_checked(len);
        let (taken, rest) = taken.ok_or_else(|| self.stack.fail("Missing bytes in input."))?;
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
        self.stack.push_text(bytes)?;
        Ok(Head::Plain)
    }

    fn number(&mut self, n: f64) -> Result<Head> {
        self.stack.push_number(n)?;
        Ok(Head::Plain)
    }

    /// Reads a value with all that is in it. What is nested is kept on a stack of our own.
    fn value(&mut self) -> Result<()> {
        let mut within = SmallVec::<[Within; 8]>::new();
        loop {
            if within.len() > READ_DEPTH_MAX {
                return Err(self.stack.fail("Bad data format in input."));
            }
            self.values += 1;
            if self.values.is_multiple_of(VALUES_PER_LOOK) {
                self.stack.check_memory()?;
            }
            match self.head()? {
                Head::Plain => {}
                Head::List(0) | Head::Map(0) => _ = self.stack.push_table(0, 0)?,
                Head::List(left) => {
                    let table = self.stack.push_table(self.room(left), 0)?;
                    within.push(Within { table, left, place: Place::List(1) });
                    continue;
                }
                Head::Map(pairs) => {
                    // It grows as it does in Redis, so that its pairs come in the same order.
                    let table = self.stack.push_table(0, 0)?;
                    within.push(Within { table, left: pairs * 2, place: Place::Key });
                    continue;
                }
            }
            loop {
                let Some(last) = within.last_mut() else { return Ok(()) };
                last.put(self.stack)?;
                if last.left > 0 {
                    break;
                }
                within.pop();
            }
        }
    }

    /// Room for values that are announced: there are no more of them than bytes.
    fn room(&self, len: usize) -> usize {
        len.min(self.rest.len()).min(1_024)
    }

    /// Reads what a value begins with. One that holds no others is pushed.
    fn head(&mut self) -> Result<Head> {
        let head = self.take(1)?[0];
        match head {
            0..=0x7f => self.number(f64::from(head)),
            0xe0..=0xff => self.number(f64::from(head as i8)),
            0x80..=0x8f => Ok(Head::Map(usize::from(head & 15))),
            0x90..=0x9f => Ok(Head::List(usize::from(head & 15))),
            0xa0..=0xbf => self.bytes(usize::from(head & 31)),
            0xc0 => self.stack.push_nil().map(|()| Head::Plain),
            0xc2 | 0xc3 => self.stack.push_boolean(head == 0xc3).map(|()| Head::Plain),
            0xca => {
                let bits = self.unsigned(4)? as u32;
                self.number(f64::from(f32::from_bits(bits)))
            }
            0xcb => {
                let bits = self.unsigned(8)?;
                self.number(f64::from_bits(bits))
            }
            0xcc..=0xcf => {
                let n = self.unsigned(1 << (head - 0xcc))?;
                self.number(n as f64)
            }
            0xd0..=0xd3 => {
                let n = self.signed(1 << (head - 0xd0))?;
                self.number(n as f64)
            }
            0xd9..=0xdb => {
                let len = self.unsigned(1 << (head - 0xd9))? as usize;
                self.bytes(len)
            }
            0xdc | 0xdd => Ok(Head::List(self.unsigned(2 << (head - 0xdc))? as usize)),
            0xde | 0xdf => Ok(Head::Map(self.unsigned(2 << (head - 0xde))? as usize)),
            _ => Err(self.stack.fail("Bad data format in input.")),
        }
    }
}

/// What a value begins with.
enum Head {
    /// It is whole already.
    Plain,
    /// So many values follow.
    List(usize),
    /// So many pairs follow.
    Map(usize),
}

/// Where the next value of a table goes.
#[derive(Clone, Copy)]
enum Place {
    List(usize),
    Key,
    Field,
}

/// A table that is being read.
struct Within {
    table: Slot,
    left: usize,
    place: Place,
}

impl Within {
    /// Puts the topmost value where it belongs.
    fn put(&mut self, stack: &mut Stack<'_>) -> Result<()> {
        self.left -= 1;
        self.place = match self.place {
            Place::List(at) => {
                stack.set_item(self.table, at)?;
                Place::List(at + 1)
            }
            Place::Key => Place::Field,
            Place::Field => {
                // Whether a key is one is known only here, as in Redis: its value may be what is wrong.
                stack.set_pair(self.table)?;
                Place::Key
            }
        };
        Ok(())
    }
}
