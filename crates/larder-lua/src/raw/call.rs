//! Calls of Lua functions, with arguments made on the stack and results read from it.

use super::stack::{Failed, Level, Reader, Slot, Stack};
use mlua::{Function, IntoLua, Lua, ffi};
use std::ffi::c_int;

/// How a call ended. The values lie on the stack.
#[derive(Debug)]
pub enum Outcome {
    /// With results, from this slot on.
    Returned(Slot),
    /// With an error.
    Failed(Slot),
}

/// Calls the first of some functions with the others as its first arguments and what `push` leaves on the stack as the
/// rest, and shows `read` how that ended. It gives `results` values. `memory_max` bounds the machine's memory while the
/// function runs; 0 for no bound. There is none before and after.
pub fn run<R>(
    lua: &Lua,
    functions: &[&Function],
    results: u8,
    memory_max: usize,
    push: impl FnOnce(&mut Stack<'_>) -> Result<(), Failed>,
    read: impl FnOnce(&mut Reader<'_>, Outcome) -> R,
) -> Result<R, Failed> {
    lua.exec_raw_lua(|machine| {
        let state = machine.state();
        // Only machines without an allocator of their own refuse, and this has one.
        let before = lua.set_memory_limit(0).unwrap_or(0);
        // SAFETY: the state is that of the machine, which only this thread uses, and nothing runs there but what called
        // us. Room is made before the function is pushed; the call is protected, so that errors of Lua end there.
        unsafe {
            let level = Level::of(state);
            if ffi::lua_checkstack(state, ffi::LUA_MINSTACK + c_int::from(results) + functions.len() as c_int)
                == 0
            {
                return Err("stack overflow".into());
            }
            for function in functions {
                function.push_into_stack(machine).map_err(|error| Failed::Text(error.to_string()))?;
            }
            push(&mut Stack::new(state, lua, 0))?;
            let args = ffi::lua_gettop(state) - level.top - 1;
            let _ = lua.set_memory_limit(memory_max);
            let status = ffi::lua_pcall(state, args, c_int::from(results), 0);
            let _ = lua.set_memory_limit(0);
            let first = Slot(level.top + 1);
            let outcome = if status == 0 { Outcome::Returned(first) } else { Outcome::Failed(first) };
            let read = read(&mut Reader::new(state), outcome);
            let _ = lua.set_memory_limit(before);
            Ok(read)
        }
    })
}
