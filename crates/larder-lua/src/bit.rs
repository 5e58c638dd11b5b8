//! `bit`: whole numbers of 32 bits, bit by bit.

use crate::arguments::{Given, Result};
use crate::raw::{Args, Slot, Stack};

/// Brings a number into the range of 32 bits: it is rounded to a whole number and taken modulo 2^32.
fn normalized(n: f64) -> i32 {
    // Adding 2^52 + 2^51 leaves the rounded number in the lowest bits of the mantissa, whatever its sign.
    (n + 6_755_399_441_055_744.0).to_bits() as u32 as i32
}

fn operand(stack: &Stack<'_>, args: &Args<'_>, at: usize, function: &'static str) -> Result<i32> {
    Given::new(args, function).number(stack, at).map(normalized)
}

/// Functions with their names.
type Unary = (&'static str, fn(i32) -> i32);
type Fold = (&'static str, fn(i32, i32) -> i32);
type Shift = (&'static str, fn(i32, u32) -> i32);

/// Leaves the library on the stack.
pub(crate) fn library(stack: &mut Stack<'_>) -> Result<Slot> {
    let library = stack.push_table(0, 12)?;
    let unary: [Unary; 3] = [("tobit", |n| n), ("bnot", |n| !n), ("bswap", i32::swap_bytes)];
    for (name, operation) in unary {
        stack.set_function(library, name, move |args, stack| {
            let n = operand(stack, args, 0, name)?;
            answer(stack, operation(n))
        })?;
    }
    let folds: [Fold; 3] = [("band", |a, b| a & b), ("bor", |a, b| a | b), ("bxor", |a, b| a ^ b)];
    for (name, operation) in folds {
        stack.set_function(library, name, move |args, stack| {
            let mut all = operand(stack, args, 0, name)?;
            // From the last one on, as far as errors tell.
            for at in (1..args.len()).rev() {
                all = operation(all, operand(stack, args, at, name)?);
            }
            answer(stack, all)
        })?;
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
        stack.set_function(library, name, move |args, stack| {
            let n = operand(stack, args, 0, name)?;
            let by = operand(stack, args, 1, name)? as u32 & 31;
            answer(stack, operation(n, by))
        })?;
    }
    stack.set_function(library, "tohex", tohex)?;
    Ok(library)
}

fn answer(stack: &mut Stack<'_>, n: i32) -> Result<usize> {
    stack.push_number(f64::from(n))?;
    Ok(1)
}

/// The lowest digits in hexadecimal: as many as asked for, in upper case for a negative count.
fn tohex(args: &Args<'_>, stack: &mut Stack<'_>) -> Result<usize> {
    let n = operand(stack, args, 0, "tohex")? as u32;
    let count = if args.len() < 2 { 8 } else { operand(stack, args, 1, "tohex")? };
    let digits = count.unsigned_abs().min(8) as usize;
    let all = if count < 0 { format!("{n:08X}") } else { format!("{n:08x}") };
    stack.push_text(&all.as_bytes()[8 - digits..])?;
    Ok(1)
}
