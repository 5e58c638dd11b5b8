//! Arguments of functions, and errors that say which of them is wrong, as Lua's own libraries do.

use mlua::{Error, Lua, MultiValue, Result, String, Value};

/// What is written may be so long, and of so many values. Tables can share parts, so that little memory stands for
/// endless text.
const OUTPUT_MAX: usize = 256 * 1024 * 1024;
const VALUES_MAX: usize = 8_000_000;

/// Whether less is written than is too much.
pub(crate) fn is_output_small(len: usize, values: &mut usize) -> bool {
    *values += 1;
    len <= OUTPUT_MAX && *values <= VALUES_MAX
}

/// Refuses to write more than is reasonable.
pub(crate) fn check_output(lua: &Lua, len: usize, values: &mut usize) -> Result<()> {
    if is_output_small(len, values) { Ok(()) } else { Err(fail(lua, "not enough memory")) }
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

/// The same for functions that work on the stack.
pub(crate) mod on_stack {
    use crate::raw::{Args, Failed, Stack};

    type Result<T> = std::result::Result<T, Failed>;

    fn wrong_type(stack: &Stack<'_>, args: &Args<'_>, at: usize, wanted: &str) -> Failed {
        stack.bad_argument(at + 1, &format!("{wanted} expected, got {}", args.kind(at).name()))
    }

    /// An argument as a whole number; strings that read as numbers are taken.
    pub(crate) fn integer(stack: &Stack<'_>, args: &Args<'_>, at: usize) -> Result<i64> {
        let number = args.coerced(at).map(|n| n as i64);
        number.ok_or_else(|| wrong_type(stack, args, at, "number"))
    }

    /// An argument as bytes; numbers are taken by their text, for which there is room in `number`.
    pub(crate) fn string<'l>(
        stack: &Stack<'_>,
        args: &Args<'l>,
        at: usize,
        number: &'l mut Vec<u8>,
    ) -> Result<&'l [u8]> {
        if let Some(n) = args.number(at) {
            crate::decimal::write_number(number, n);
            return Ok(number);
        }
        args.text(at).ok_or_else(|| wrong_type(stack, args, at, "string"))
    }
}
