//! `struct`: values packed into strings and read from them, by a format.

use crate::arguments::{Given, Result};
use crate::raw::{Args, Failed, Slot, Stack};

/// The largest whole number that a format may ask for.
const INTEGER_BYTES_MAX: usize = 32;
/// What a character of a format takes, in the time of instructions.
const WORK_PER_OPTION: u64 = 4;
/// What the widest native type is aligned to.
const ALIGN_MAX: usize = 8;

/// A step of a format.
#[derive(Clone, Copy, Debug)]
enum Item {
    Pad,
    Int {
        size: usize,
        signed: bool,
    },
    Bytes {
        size: usize,
    },
    Terminated,
    Float,
    Double,
    Space,
    /// Nobody knows what that is. It takes no room, and is an error where it is reached.
    Unknown {
        option: u8,
    },
}

impl Item {
    fn size(self) -> usize {
        match self {
            Item::Pad => 1,
            Item::Int { size, .. } | Item::Bytes { size } => size,
            Item::Float => 4,
            Item::Double => 8,
            Item::Terminated | Item::Space | Item::Unknown { .. } => 0,
        }
    }

    fn is_aligned(self) -> bool {
        matches!(self, Item::Int { .. } | Item::Float | Item::Double)
    }
}

/// Reads a format from left to right.
struct Format<'a> {
    rest: &'a [u8],
    little: bool,
    align: usize,
}

impl<'a> Format<'a> {
    fn new(stack: &Stack<'_>, text: &'a [u8]) -> Format<'a> {
        stack.add_work(text.len() as u64 * WORK_PER_OPTION);
        Format { rest: text, little: cfg!(target_endian = "little"), align: 1 }
    }

    fn digits(&mut self, stack: &Stack<'_>, otherwise: usize) -> Result<usize> {
        let len = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at(len);
        self.rest = rest;
        if digits.is_empty() {
            return Ok(otherwise);
        }
        let mut n: usize = 0;
        for digit in digits {
            let next = n.checked_mul(10).and_then(|n| n.checked_add(usize::from(digit - b'0')));
            n = next
                .filter(|n| i32::try_from(*n).is_ok())
                .ok_or_else(|| stack.fail("integral size overflow"))?;
        }
        Ok(n)
    }

    fn integer(&mut self, stack: &Stack<'_>, otherwise: usize, signed: bool) -> Result<Item> {
        let size = self.digits(stack, otherwise)?;
        if size > INTEGER_BYTES_MAX {
            let text = format!("integral size {size} is larger than limit of {INTEGER_BYTES_MAX}");
            return Err(stack.fail(text));
        }
        Ok(Item::Int { size, signed })
    }

    /// The next step; `None` at the end.
    fn next(&mut self, stack: &Stack<'_>) -> Result<Option<Item>> {
        while let Some((option, rest)) = self.rest.split_first() {
            self.rest = rest;
            return Ok(Some(match option {
                b'x' => Item::Pad,
                b'b' | b'B' => Item::Int { size: 1, signed: *option == b'b' },
                b'h' | b'H' => Item::Int { size: 2, signed: *option == b'h' },
                b'l' | b'L' => Item::Int { size: 8, signed: *option == b'l' },
                b'T' => Item::Int { size: 8, signed: false },
                b'f' => Item::Float,
                b'd' => Item::Double,
                b'i' | b'I' => self.integer(stack, 4, *option == b'i')?,
                b'c' => Item::Bytes { size: self.digits(stack, 1)? },
                b's' => Item::Terminated,
                b' ' => Item::Space,
                b'<' | b'>' => {
                    self.little = *option == b'<';
                    continue;
                }
                b'!' => {
                    self.align = self.digits(stack, ALIGN_MAX)?;
                    if !self.align.is_power_of_two() {
                        let text = format!("alignment {} is not a power of 2", self.align);
                        return Err(stack.fail(text));
                    }
                    continue;
                }
                other => Item::Unknown { option: *other },
            }));
        }
        Ok(None)
    }

    /// How many bytes come before an item, so that it is aligned.
    fn padding(&self, item: Item, at: usize) -> usize {
        let align = item.size().min(self.align);
        if align <= 1 || !item.is_aligned() {
            return 0;
        }
        (align - (at & (align - 1))) & (align - 1)
    }
}

/// Leaves the library on the stack.
pub(crate) fn library(stack: &mut Stack<'_>) -> Result<Slot> {
    let library = stack.push_table(0, 4)?;
    stack.set_function(library, "pack", pack)?;
    stack.set_function(library, "unpack", unpack)?;
    stack.set_function(library, "size", size)?;
    Ok(library)
}

/// Nobody knows what an option is.
fn unknown(stack: &Stack<'_>, given: Given<'_, '_>, option: u8) -> Failed {
    given.bad(stack, 1, &format!("invalid format option '{}'", char::from(option)))
}

/// Writes the lowest bytes of a number of 64 bits; bytes beyond are 0.
fn put_int(out: &mut Vec<u8>, n: u64, size: usize, little: bool) {
    let byte = |at: usize| if at < 8 { (n >> (at * 8)) as u8 } else { 0 };
    if little {
        out.extend((0..size).map(byte));
    } else {
        out.extend((0..size).rev().map(byte));
    }
}

/// A number as the 64 bits that stand for it: what is below zero as a complement.
fn whole(n: f64) -> u64 {
    match n {
        n if n < 0.0 => n as i64 as u64,
        n if n < 18_446_744_073_709_551_616.0 => n as u64,
        n if n.is_nan() => 1 << 63,
        _ => 0,
    }
}

fn pack(args: &Args<'_>, stack: &mut Stack<'_>) -> Result<usize> {
    let given = Given::new(args, "pack").open();
    let (mut format_number, mut number) = (Vec::new(), Vec::new());
    let mut format = Format::new(stack, given.string(stack, 0, &mut format_number)?);
    let mut out = Vec::new();
    let mut arg = 1;
    while let Some(item) = format.next(stack)? {
        out.resize(out.len() + format.padding(item, out.len()), 0);
        match item {
            Item::Pad => out.push(0),
            Item::Space => {}
            Item::Unknown { option } => return Err(unknown(stack, given, option)),
            Item::Int { size, .. } => {
                put_int(&mut out, whole(given.number(stack, arg)?), size, format.little);
                arg += 1;
            }
            Item::Float | Item::Double => {
                let n = given.number(stack, arg)?;
                let mut bytes: [u8; 8] = n.to_le_bytes();
                let bytes = if matches!(item, Item::Float) {
                    bytes[..4].copy_from_slice(&(n as f32).to_le_bytes());
                    &mut bytes[..4]
                } else {
                    &mut bytes[..]
                };
                if !format.little {
                    bytes.reverse();
                }
                out.extend_from_slice(bytes);
                arg += 1;
            }
            Item::Bytes { size } => {
                let bytes = given.string(stack, arg, &mut number)?;
                let size = if size == 0 { bytes.len() } else { size };
                let taken = bytes.get(..size);
                // The position is one too many, as it is in Redis.
                let taken = taken.ok_or_else(|| given.bad(stack, arg + 2, "string too short"))?;
                out.extend_from_slice(taken);
                arg += 1;
            }
            Item::Terminated => {
                out.extend_from_slice(given.string(stack, arg, &mut number)?);
                out.push(0);
                arg += 1;
            }
        }
    }
    stack.push_text_within(&out)?;
    Ok(1)
}

fn get_int(bytes: &[u8], signed: bool, little: bool) -> f64 {
    let digit = |n: u64, byte: &u8| n << 8 | u64::from(*byte);
    let n = if little { bytes.iter().rev().fold(0, digit) } else { bytes.iter().fold(0, digit) };
    if !signed {
        return n as f64;
    }
    let bits = (bytes.len() * 8).min(64) as u32;
    if bits == 0 {
        return 0.0;
    }
    ((n << (64 - bits)) as i64 >> (64 - bits)) as f64
}

fn get_float(bytes: &[u8], little: bool) -> f64 {
    let mut ordered = [0; 8];
    let ordered = &mut ordered[..bytes.len()];
    ordered.copy_from_slice(bytes);
    if !little {
        ordered.reverse();
    }
    match *ordered {
        [a, b, c, d] => f64::from(f32::from_le_bytes([a, b, c, d])),
        [a, b, c, d, e, f, g, h] => f64::from_le_bytes([a, b, c, d, e, f, g, h]),
        _ => 0.0,
    }
}

fn unpack(args: &Args<'_>, stack: &mut Stack<'_>) -> Result<usize> {
    let given = Given::new(args, "unpack");
    let (mut format_number, mut number) = (Vec::new(), Vec::new());
    let mut format = Format::new(stack, given.string(stack, 0, &mut format_number)?);
    let data = given.string(stack, 1, &mut number)?;
    let start = if given.is_missing(2) { 1 } else { given.integer(stack, 2)? };
    // What is below zero counts as a place far behind the end.
    let start = (start as usize).checked_sub(1);
    let mut at = start.ok_or_else(|| given.bad(stack, 3, "offset must be 1 or greater"))?;
    let too_short = |stack: &Stack<'_>| given.bad(stack, 2, "data string too short");
    let mut count = 0;
    loop {
        if at > data.len() && matches!(format.rest.first(), Some(b'<' | b'>' | b'!')) {
            return Err(too_short(stack));
        }
        let Some(item) = format.next(stack)? else { break };
        at = at.checked_add(format.padding(item, at)).ok_or_else(|| too_short(stack))?;
        let mut size = item.size();
        if at > data.len() {
            return Err(too_short(stack));
        }
        if let Item::Bytes { size: 0 } = item {
            // A length of zero means the number read last.
            let last = stack.top();
            let number = if count == 0 { None } else { stack.read().coerced(last) };
            let number = number.ok_or_else(|| stack.fail("format 'c0' needs a previous size"))?;
            stack.drop_top();
            count -= 1;
            size = whole(number) as usize;
        }
        let bytes = at.checked_add(size).and_then(|end| data.get(at..end));
        let bytes = bytes.ok_or_else(|| too_short(stack))?;
        match item {
            Item::Pad | Item::Space => {}
            Item::Unknown { option } => return Err(unknown(stack, given, option)),
            Item::Int { signed, .. } => stack.push_number(get_int(bytes, signed, format.little))?,
            Item::Float | Item::Double => stack.push_number(get_float(bytes, format.little))?,
            Item::Bytes { .. } => stack.push_text_within(bytes)?,
            Item::Terminated => {
                let end = data[at..].iter().position(|byte| *byte == 0);
                let end = end.ok_or_else(|| stack.fail("unfinished string in data"))?;
                stack.push_text_within(&data[at..at + end])?;
                size = end + 1;
            }
        }
        count += usize::from(!matches!(item, Item::Pad | Item::Space));
        at += size;
    }
    stack.push_number(at.wrapping_add(1) as i64 as f64)?;
    Ok(count + 1)
}

fn size(args: &Args<'_>, stack: &mut Stack<'_>) -> Result<usize> {
    let given = Given::new(args, "size");
    let mut number = Vec::new();
    let mut format = Format::new(stack, given.string(stack, 0, &mut number)?);
    let mut total: usize = 0;
    while let Some(item) = format.next(stack)? {
        match item {
            Item::Terminated => return Err(given.bad(stack, 1, "option 's' has no fixed size")),
            Item::Bytes { size: 0 } => return Err(given.bad(stack, 1, "option 'c0' has no fixed size")),
            Item::Unknown { option } if !option.is_ascii_alphanumeric() => {
                return Err(unknown(stack, given, option));
            }
            _ => {}
        }
        let more = format.padding(item, total) + item.size();
        total = total.checked_add(more).ok_or_else(|| stack.fail("format string too large"))?;
    }
    stack.push_number(total as f64)?;
    Ok(1)
}
