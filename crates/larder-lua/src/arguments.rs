//! Arguments of functions, and errors that say which of them is wrong, as Lua's own libraries do.

use mlua::{Error, Lua, MultiValue, Result, String, Value};

/// Inputs up to this length are worked on without a memory limit, which costs much to look out for.
const SMALL: usize = 256 * 1024;

/// Runs a function whose memory is bounded by a small input, without the machine's memory limit.
pub(crate) fn relaxed<R>(lua: &Lua, input_len: usize, f: impl FnOnce() -> R) -> R {
    if input_len > SMALL {
        return f();
    }
    let before = lua.set_memory_limit(0);
    let result = f();
    if let Ok(before) = before {
        // It was possible a moment ago.
        let _ = lua.set_memory_limit(before);
    }
    result
}

/// What is written may be so long, and of so many values. Tables can share parts, so that little memory stands for
/// endless text.
const OUTPUT_MAX: usize = 256 * 1024 * 1024;
const VALUES_MAX: usize = 8_000_000;

/// Refuses to write more than is reasonable.
pub(crate) fn check_output(lua: &Lua, len: usize, values: &mut usize) -> Result<()> {
    *values += 1;
    if len > OUTPUT_MAX || *values > VALUES_MAX { Err(fail(lua, "not enough memory")) } else { Ok(()) }
}

/// The source of Lua functions that belong to the host and stand between a script and ours.
const HOST: &str = "=sandbox";

/// An error at the place from which the running function was called.
pub(crate) fn fail(lua: &Lua, text: impl std::fmt::Display) -> Error {
    let place = |level| {
        lua.inspect_stack(level, |frame| {
            let source = frame.source();
            if source.source.as_deref() == Some(HOST) {
                return None;
            }
            let line = frame.current_line().and_then(|line| Some(format!("{}:{line}: ", source.short_src?)));
            Some(line.unwrap_or_default())
        })
    };
    // Between are a few of the host's functions at most.
    let place: Option<std::string::String> = (1..5).map_while(place).flatten().next();
    Error::RuntimeError(format!("{}{text}", place.unwrap_or_default()))
}

/// What is wrong with an argument.
pub(crate) fn bad_argument(lua: &Lua, position: usize, function: &str, problem: &str) -> Error {
    fail(lua, format_args!("bad argument #{position} to '{function}' ({problem})"))
}

fn wrong_type(lua: &Lua, args: &MultiValue, at: usize, function: &str, wanted: &str) -> Error {
    let given = match args.get(at) {
        None => "no value",
        Some(value) => type_name(value),
    };
    bad_argument(lua, at + 1, function, &format!("{wanted} expected, got {given}"))
}

/// The name of a type in Lua's terms.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Integer(_) => "number",
        Value::LightUserData(_) => "userdata",
        value => value.type_name(),
    }
}

/// An argument as a number; strings that read as numbers are taken.
pub(crate) fn number(lua: &Lua, args: &MultiValue, at: usize, function: &str) -> Result<f64> {
    let given = args.get(at).cloned().unwrap_or(Value::Nil);
    let number = if given.is_nil() { None } else { lua.coerce_number(given)? };
    number.ok_or_else(|| wrong_type(lua, args, at, function, "number"))
}

/// An argument as a whole number.
pub(crate) fn integer(lua: &Lua, args: &MultiValue, at: usize, function: &str) -> Result<i64> {
    number(lua, args, at, function).map(|n| n as i64)
}

/// An argument as bytes; numbers are taken by their text.
pub(crate) fn string(lua: &Lua, args: &MultiValue, at: usize, function: &str) -> Result<String> {
    let given = args.get(at).cloned().unwrap_or(Value::Nil);
    let text = if given.is_nil() { None } else { lua.coerce_string(given)? };
    text.ok_or_else(|| wrong_type(lua, args, at, function, "string"))
}
