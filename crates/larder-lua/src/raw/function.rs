//! Functions of ours that work on the stack themselves.

use super::lua::Account;
use super::stack::{Args, Failed, Stack};
use mlua_sys as ffi;
use std::ffi::c_int;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

/// What a function of Lua runs. It lies in a value of the host that only that function holds.
type Body = Box<dyn for<'l> Fn(&Args<'l>, &mut Stack<'l>) -> Result<usize, Failed>>;

/// The address of this stands for the table that says how a body is dropped.
static DROPS_BODIES: u8 = 0;

impl Stack<'_> {
    /// Pushes a function of Lua that runs `body`, with its arguments and the stack, on which it leaves so many results
    /// as it says. While it runs the machine has no memory limit: the script meets its limit afterwards. A panic is an
    /// error of the script.
    pub fn push_function(
        &mut self,
        body: impl for<'l> Fn(&Args<'l>, &mut Stack<'l>) -> Result<usize, Failed> + 'static,
    ) -> Result<(), Failed> {
        self.make_room()?;
        let (state, body): (_, Body) = (self.state(), Box::new(body));
        // SAFETY: the state is ours, and there is room for the four values that lie there at most. The body is written
        // into a block of its size, which Lua aligns as it is; it gets a table by which it is dropped, and goes into
        // the closure, so that it is there for as long as the closure.
        unsafe {
            let block = ffi::lua_newuserdata(state, size_of::<Body>()).cast::<Body>();
            block.write(body);
            let address = ptr::from_ref(&DROPS_BODIES).cast_mut();
            ffi::lua_pushlightuserdata(state, address.cast());
            ffi::lua_rawget_(state, ffi::LUA_REGISTRYINDEX);
            if ffi::lua_type(state, -1) != ffi::LUA_TTABLE {
                ffi::lua_settop(state, -2);
                ffi::lua_createtable(state, 0, 1);
                ffi::lua_pushlstring_(state, c"__gc".as_ptr(), 4);
                ffi::lua_pushcclosure(state, release, 0);
                ffi::lua_rawset(state, -3);
                ffi::lua_pushlightuserdata(state, address.cast());
                ffi::lua_pushvalue(state, -2);
                ffi::lua_rawset(state, ffi::LUA_REGISTRYINDEX);
            }
            ffi::lua_setmetatable(state, -2);
            ffi::lua_pushcclosure(state, trampoline, 1);
        }
        Ok(())
    }

    /// Takes a function as a field of a table.
    pub fn set_function(
        &mut self,
        table: super::Slot,
        name: &str,
        body: impl for<'l> Fn(&Args<'l>, &mut Stack<'l>) -> Result<usize, Failed> + 'static,
    ) -> Result<(), Failed> {
        self.push_function(body)?;
        self.set_field(table, name)
    }
}

/// Drops a body.
unsafe extern "C-unwind" fn release(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: only the collector calls this, once for each body: scripts reach neither bodies nor their table.
    unsafe {
        let body = ffi::lua_touserdata(state, 1).cast::<Body>();
        let before = Account::limit(Account::of(state), 0);
        // A panic must not pass through the collector; there is nobody whom it could be told.
        let _ = catch_unwind(AssertUnwindSafe(|| ptr::drop_in_place(body)));
        Account::limit(Account::of(state), before);
    }
    0
}

/// How a call ended: with so many results, or with the value on top of the stack as an error.
const RAISED: c_int = -1;

unsafe extern "C-unwind" fn trampoline(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the closure's own value is the body, which is there for as long as the closure.
    let results = unsafe {
        let body = ffi::lua_touserdata(state, ffi::lua_upvalueindex(1)).cast::<Body>();
        run(state, &*body)
    };
    if results != RAISED {
        return results;
    }
    // SAFETY: the error jumps from here: nothing in this function wants to be cleaned up.
    unsafe { ffi::lua_error(state) }
}

/// # Safety
/// The state is that of a call of this function.
unsafe fn run(state: *mut ffi::lua_State, body: &Body) -> c_int {
    // SAFETY: until the call ends, nobody else uses the state; its arguments lie below the floor. The machine's account
    // is there for as long as the machine.
    unsafe {
        let account = Account::of(state);
        let before = Account::limit(account, 0);
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let len = usize::try_from(ffi::lua_gettop(state)).unwrap_or(0);
            body(&Args::new(state, len), &mut Stack::new(state, account, before))
        }));
        let results = match ended {
            Ok(Ok(results)) => c_int::try_from(results).unwrap_or(0),
            Ok(Err(Failed::Raised)) => RAISED,
            Ok(Err(Failed::Text(text))) => raise(state, &text),
            Err(panic) => {
                // What a panic carries may panic when it is dropped.
                let _ = ManuallyDrop::new(panic);
                raise(state, "internal error: a panic was caught")
            }
        };
        Account::limit(account, before);
        results
    }
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
