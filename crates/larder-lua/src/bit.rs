//! `bit`: whole numbers of 32 bits, bit by bit.

use crate::arguments::number;
use mlua::{Lua, MultiValue, Result, Table};

/// Brings a number into the range of 32 bits: it is rounded to a whole number and taken modulo 2^32.
fn normalized(n: f64) -> i32 {
    // Adding 2^52 + 2^51 leaves the rounded number in the lowest bits of the mantissa, whatever its sign.
    (n + 6_755_399_441_055_744.0).to_bits() as u32 as i32
}

fn operand(lua: &Lua, args: &MultiValue, at: usize, function: &str) -> Result<i32> {
    number(lua, args, at, function).map(normalized)
}

/// Functions with their names.
type Unary = (&'static str, fn(i32) -> i32);
type Fold = (&'static str, fn(i32, i32) -> i32);
type Shift = (&'static str, fn(i32, u32) -> i32);

pub(crate) fn library(lua: &Lua) -> Result<Table> {
    let library = lua.create_table()?;
    let unary: [Unary; 3] = [("tobit", |n| n), ("bnot", |n| !n), ("bswap", i32::swap_bytes)];
    for (name, operation) in unary {
        let function = move |lua: &Lua, args: MultiValue| Ok(operation(operand(lua, &args, 0, name)?));
        library.raw_set(name, lua.create_function(function)?)?;
    }
    let folds: [Fold; 3] = [("band", |a, b| a & b), ("bor", |a, b| a | b), ("bxor", |a, b| a ^ b)];
    for (name, operation) in folds {
        let function = move |lua: &Lua, args: MultiValue| {
            let first = operand(lua, &args, 0, name)?;
            // From the last one on, as far as errors tell.
            (1..args.len())
                .rev()
                .try_fold(first, |all, at| Ok(operation(all, operand(lua, &args, at, name)?)))
        };
        library.raw_set(name, lua.create_function(function)?)?;
    }
    // Of the distance, only the lowest five bits count.
    let shifts: [Shift; 5] = [
        ("lshift", |n, by| ((n as u32) << by) as i32),
        ("rshift", |n, by| ((n as u32) >> by) as i32),
        ("arshift", |n, by| n >> by),
        ("rol", i32::rotate_left),
        ("ror", i32::rotate_right),
    ];
    for (name, operation) in shifts {
        let function = move |lua: &Lua, args: MultiValue| {
            let n = operand(lua, &args, 0, name)?;
            Ok(operation(n, operand(lua, &args, 1, name)? as u32 & 31))
        };
        library.raw_set(name, lua.create_function(function)?)?;
    }
    library.raw_set("tohex", lua.create_function(tohex)?)?;
    Ok(library)
}

/// The lowest digits in hexadecimal: as many as asked for, in upper case for a negative count.
fn tohex(lua: &Lua, args: MultiValue) -> Result<mlua::String> {
    let n = operand(lua, &args, 0, "tohex")? as u32;
    let count = if args.len() < 2 { 8 } else { operand(lua, &args, 1, "tohex")? };
    let digits = count.unsigned_abs().min(8) as usize;
    let all = if count < 0 { format!("{n:08X}") } else { format!("{n:08x}") };
    lua.create_string(&all[8 - digits..])
}
