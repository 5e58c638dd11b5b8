//! The libraries that Redis gives to Lua scripts: `bit`, `cjson`, `cmsgpack` and `struct`, and those functions of Lua's
//! own libraries that a script could use to do harm, over a Lua 5.1 machine; and the way to its stack ([`raw`]).
//!
//! They do what their namesakes in C do, quirks and error texts included, since scripts are written against those. No
//! function allocates by a number from its input before it has seen as many bytes, and none recurses deeper than its
//! limit.

#![deny(unsafe_code)]

mod arguments;
mod bit;
mod cjson;
mod cmsgpack;
mod decimal;
mod numbers;
mod pattern;
mod random;
#[allow(unsafe_code)]
pub mod raw;
mod strings;
mod structs;

pub use decimal::write_number;

use raw::{Failed, Slot, Stack};
use std::cell::Cell;
use std::rc::Rc;

/// So many bytes are collected in the time of an instruction.
const COLLECTED_BYTES_PER_STEP: u64 = 64;

/// What scripts may change about the libraries.
#[derive(Clone, Debug)]
pub struct Settings(Rc<Cell<cjson::Settings>>);

impl Settings {
    /// Puts back what a script has changed.
    pub fn reset(&self) {
        self.0.set(cjson::Settings::default());
    }
}

/// Adds `random` and `randomseed` to a table, which give the numbers of Redis for a seed.
pub fn add_random(stack: &mut Stack<'_>, table: Slot, seed: i64) -> Result<(), Failed> {
    random::add_functions(stack, table, seed)
}

/// Adds `tonumber` to a table, which knows texts of few digits at once.
pub fn add_to_number(stack: &mut Stack<'_>, table: Slot) -> Result<(), Failed> {
    stack.set_function(table, "tonumber", numbers::to_number)
}

/// Adds what keeps Lua's own functions within bounds to a table: `will_collect`, which notes the work of collecting all
/// garbage, and `has_too_many_jumps` for a text that is to be compiled.
pub fn add_bounds(stack: &mut Stack<'_>, table: Slot) -> Result<(), Failed> {
    stack.set_function(table, "will_collect", |_, stack| {
        stack.add_work(stack.used_memory() as u64 / COLLECTED_BYTES_PER_STEP);
        Ok(0)
    })?;
    stack.set_function(table, "has_too_many_jumps", |args, stack| {
        stack.push_boolean(raw::has_too_many_jumps(args.text(0).unwrap_or_default()))?;
        Ok(1)
    })
}

/// Adds what matches patterns to a table: `find`, `match`, `gsub` for texts and for tables that have no metatables, and
/// what `gmatch` and `gsub` for functions are made of: `gmatch_arguments`, `next_match`, `gsub_arguments` and
/// `captures`. `look` is asked every now and then whether to go on: a pattern can take for ever.
pub fn add_patterns(
    stack: &mut Stack<'_>,
    table: Slot,
    look: impl Fn(u64) -> Result<(), &'static str> + 'static,
) -> Result<(), Failed> {
    let look: Rc<dyn Fn(u64) -> Result<(), &'static str>> = Rc::new(look);
    strings::add_functions(stack, table, &look)
}

/// Adds the libraries `bit`, `cjson`, `cmsgpack` and `struct` to a table, as plain tables of functions.
pub fn add_libraries(stack: &mut Stack<'_>, table: Slot) -> Result<Settings, Failed> {
    let settings = Rc::new(Cell::new(cjson::Settings::default()));
    bit::library(stack)?;
    stack.set_field(table, "bit")?;
    cjson::library(stack, &settings)?;
    stack.set_field(table, "cjson")?;
    cmsgpack::library(stack)?;
    stack.set_field(table, "cmsgpack")?;
    structs::library(stack)?;
    stack.set_field(table, "struct")?;
    Ok(Settings(settings))
}
