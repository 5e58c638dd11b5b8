//! Functions of ours that work on the stack themselves.

use super::stack::{Args, Failed, Stack};
use mlua::{Function, Lua, Result, WeakLua, ffi};
use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

type Body = dyn for<'l> Fn(&Args<'l>, &mut Stack<'l>) -> std::result::Result<usize, Failed>;

/// What a function of Lua runs.
struct Native {
    lua: WeakLua,
    body: Box<Body>,
}

/// Owns one, in a value that the function of Lua holds.
struct Owner(NonNull<Native>);

impl Drop for Owner {
    fn drop(&mut self) {
        // SAFETY: it came out of a box, and only the function used it that is gone now.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// Makes a function of Lua that runs `body`, with its arguments and the stack, on which it leaves so many results as it
/// says. While it runs the machine has no memory limit: the script meets its limit afterwards. A panic is an error of
/// the script.
pub fn function(
    lua: &Lua,
    body: impl for<'l> Fn(&Args<'l>, &mut Stack<'l>) -> std::result::Result<usize, Failed> + 'static,
) -> Result<Function> {
    let native = Box::new(Native { lua: lua.weak(), body: Box::new(body) });
    let native = NonNull::from(Box::leak(native));
    let owner = lua.create_any_userdata(Owner(native))?;
    // SAFETY: the stack holds the owner and gets the pointer above it, both of which go into the closure; the pointer
    // is good for as long as the owner lives, and so for as long as the closure.
    unsafe {
        lua.exec_raw(owner, |state| {
            ffi::lua_pushlightuserdata(state, native.as_ptr().cast());
            ffi::lua_insert(state, -2);
            ffi::lua_pushcclosure(state, trampoline, 2);
        })
    }
}

/// How a call ended: with so many results, or with the value on top of the stack as an error.
const RAISED: c_int = -1;

unsafe extern "C-unwind" fn trampoline(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the first of the closure's own values is the pointer, which the second one keeps alive.
    let results = unsafe {
        let native = ffi::lua_touserdata(state, ffi::lua_upvalueindex(1)).cast::<Native>();
        run(state, &*native)
    };
    if results != RAISED {
        return results;
    }
    // SAFETY: the error jumps from here: nothing in this function wants to be cleaned up.
    unsafe { ffi::lua_error(state) }
}

/// # Safety
/// The state is that of a call of this function.
unsafe fn run(state: *mut ffi::lua_State, native: &Native) -> c_int {
    let lua = native.lua.upgrade();
    // Only machines without an allocator of their own refuse, and this has one.
    let before = lua.set_memory_limit(0).unwrap_or(0);
    // SAFETY: until the call ends, nobody else uses the state; its arguments lie below the floor.
    let ended = catch_unwind(AssertUnwindSafe(|| unsafe {
        let len = usize::try_from(ffi::lua_gettop(state)).unwrap_or(0);
        (native.body)(&Args::new(state, len), &mut Stack::new(state, &lua, before))
    }));
    let results = match ended {
        Ok(Ok(results)) => c_int::try_from(results).unwrap_or(0),
        Ok(Err(Failed::Raised)) => RAISED,
        // SAFETY: as above.
        Ok(Err(Failed::Text(text))) => unsafe { raise(state, &text) },
        // SAFETY: as above.
        Err(_) => unsafe { raise(state, "internal error: a panic was caught") },
    };
    let _ = lua.set_memory_limit(before);
    results
}

/// # Safety
/// The state is that of a call.
unsafe fn raise(state: *mut ffi::lua_State, text: &str) -> c_int {
    // SAFETY: what the call has left on its stack makes room for the text.
    unsafe {
        ffi::lua_settop(state, 0);
        ffi::lua_pushlstring_(state, text.as_ptr().cast(), text.len());
    }
    RAISED
}
