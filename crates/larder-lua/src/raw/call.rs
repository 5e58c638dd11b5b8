//! Calls of Lua functions, with arguments made on the stack and results read from it.

use super::stack::{Failed, Level, Reader, Slot, Stack};
use mlua::{Function, IntoLua, Lua, ffi};

/// How a call ended. The values lie on the stack.
#[derive(Debug)]
pub enum Outcome {
    /// With a result.
    Returned(Slot),
    /// With an error.
    Failed(Slot),
}

/// Calls a function with what `push` leaves on the stack as its arguments, and shows `read` how that ended: with one
/// result, or with what `handler` made of the error. `memory_max` bounds the machine's memory while the function runs;
/// 0 for no bound. There is none before and after.
pub fn run<R>(
    lua: &Lua,
    handler: Option<&Function>,
    function: &Function,
    memory_max: usize,
    push: impl FnOnce(&mut Stack<'_>) -> Result<(), Failed>,
    read: impl FnOnce(&mut Reader<'_>, Outcome) -> R,
) -> Result<R, Failed> {
    lua.exec_raw_lua(|machine| {
        let state = machine.state();
        // Only machines without an allocator of their own refuse, and this has one.
        let before = lua.set_memory_limit(0).unwrap_or(0);
        // SAFETY: the state is that of the machine, which only this thread uses, and nothing runs there but what called
        // us. Room is made before the functions are pushed; the call is protected, so that errors of Lua end there.
        unsafe {
            let level = Level::of(state);
            if ffi::lua_checkstack(state, ffi::LUA_MINSTACK) == 0 {
                return Err("stack overflow".into());
            }
            let mut handled_at = 0;
            if let Some(handler) = handler {
                handler.push_into_stack(machine).map_err(|error| Failed::Text(error.to_string()))?;
                handled_at = ffi::lua_gettop(state);
            }
            let first = ffi::lua_gettop(state) + 1;
            function.push_into_stack(machine).map_err(|error| Failed::Text(error.to_string()))?;
            push(&mut Stack::new(state, lua, 0))?;
            let args = ffi::lua_gettop(state) - first;
            let _ = lua.set_memory_limit(memory_max);
            let status = ffi::lua_pcall(state, args, 1, handled_at);
            let _ = lua.set_memory_limit(0);
            let outcome =
                if status == 0 { Outcome::Returned(Slot(first)) } else { Outcome::Failed(Slot(first)) };
            let read = read(&mut Reader::new(state), outcome);
            let _ = lua.set_memory_limit(before);
            drop(level);
            Ok(read)
        }
    })
}
