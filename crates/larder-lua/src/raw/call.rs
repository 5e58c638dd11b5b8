//! Calls of Lua functions, with arguments made on the stack and results read from it.

use super::lua::{Account, Kept, Lua};
use super::stack::{Failed, Reader, Slot, Stack};
use mlua_sys as ffi;

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
    handler: Option<&Kept>,
    function: &Kept,
    memory_max: usize,
    push: impl FnOnce(&mut Stack<'_>) -> Result<(), Failed>,
    read: impl FnOnce(&mut Reader<'_>, Outcome) -> R,
) -> Result<R, Failed> {
    lua.with(|stack| {
        let mut handled_at = 0;
        if let Some(handler) = handler {
            handled_at = stack.push_kept(handler)?.0;
        }
        let first = stack.push_kept(function)?;
        push(stack)?;
        let state = stack.state();
        // SAFETY: the state is that of the machine, which only this thread uses, and nothing runs there but what called
        // us. The call is protected, so that errors of Lua end there.
        unsafe {
            let args = ffi::lua_gettop(state) - first.0;
            Account::begin(lua.account());
            Account::limit(lua.account(), memory_max);
            let status = ffi::lua_pcall(state, args, 1, handled_at);
            Account::limit(lua.account(), 0);
            let outcome = if status == 0 { Outcome::Returned(first) } else { Outcome::Failed(first) };
            Ok(read(&mut Reader::new(state), outcome))
        }
    })
}
