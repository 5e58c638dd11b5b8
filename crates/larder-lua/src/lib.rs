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
mod pattern;
mod random;
#[allow(unsafe_code)]
pub mod raw;
mod strings;
mod structs;

pub use decimal::write_number;

use mlua::{Function, Lua};
use std::cell::Cell;
use std::rc::Rc;

/// What scripts may change about the libraries.
#[derive(Clone, Debug)]
pub struct Settings(Rc<Cell<cjson::Settings>>);

impl Settings {
    /// Puts back what a script has changed.
    pub fn reset(&self) {
        self.0.set(cjson::Settings::default());
    }
}

/// `math.random` and `math.randomseed`, which give the numbers of Redis for a seed.
pub fn random(lua: &Lua, seed: i64) -> mlua::Result<(Function, Function)> {
    random::functions(lua, seed)
}

/// The functions of `string` that match patterns, with their names: `find`, `match`, `gmatch`, and `gsub` for all but
/// functions, for which `gsub_arguments` and `captures` are made. `look` is asked every now and then whether to go on:
/// a pattern can take for ever.
pub fn patterns(
    lua: &Lua,
    look: impl Fn(u64) -> mlua::Result<()> + 'static,
) -> mlua::Result<Vec<(&'static str, Function)>> {
    strings::functions(lua, Rc::new(look))
}

/// Sets the globals `bit`, `cjson`, `cmsgpack` and `struct` to plain tables of functions.
pub fn install(lua: &Lua) -> mlua::Result<Settings> {
    let globals = lua.globals();
    let settings = Rc::new(Cell::new(cjson::Settings::default()));
    globals.raw_set("bit", bit::library(lua)?)?;
    globals.raw_set("cjson", cjson::library(lua, &settings)?)?;
    globals.raw_set("cmsgpack", cmsgpack::library(lua)?)?;
    globals.raw_set("struct", structs::library(lua)?)?;
    Ok(Settings(settings))
}
