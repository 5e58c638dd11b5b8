//! Functions of ours that work on the stack themselves.

use super::lua::Account;
use super::stack::{Args, Failed, Stack};
use mlua_sys as ffi;
use std::ffi::{c_int, c_void};
use std::mem::{ManuallyDrop, needs_drop, transmute};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};

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
        let state = self.state();
        if let Some(shim) = shim_of(&body) {
            // SAFETY: the state is ours, and there is room. The number is that of a function of ours.
            unsafe {
                ffi::lua_pushlightuserdata(state, shim as *mut c_void);
                ffi::lua_pushcclosure(state, call_shim, 1);
            }
            return Ok(());
        }
        let body: Body = Box::new(body);
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

/// A function of ours without a body.
type Shim = for<'l> fn(&Args<'l>, &mut Stack<'l>) -> Result<usize, Failed>;

/// What stands for a body that has nothing in it, of which most functions are: they need no value of the host then,
/// and no look at one in each call.
fn shim_of<B>(_: &B) -> Option<Shim>
where
    B: for<'l> Fn(&Args<'l>, &mut Stack<'l>) -> Result<usize, Failed> + 'static,
{
    fn shim<'l, B>(args: &Args<'l>, stack: &mut Stack<'l>) -> Result<usize, Failed>
    where
        B: for<'a> Fn(&Args<'a>, &mut Stack<'a>) -> Result<usize, Failed> + 'static,
    {
        // SAFETY: the type has no bytes, so that every aligned address is one of its values; and there is a value of
        // it, since one was given.
        let body = unsafe { NonNull::<B>::dangling().as_ref() };
        body(args, stack)
    }
    (size_of::<B>() == 0 && !needs_drop::<B>()).then_some(shim::<B>)
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

/// Lists that are longer are sorted by a comparison that is watched.
const SORT_LEN_UNWATCHED: usize = 1_000;

/// Has a machine's `table.sort` watched. Lua's own function takes as long as the square of a list's length for some
/// orders, and nobody is asked meanwhile where it compares by itself.
///
/// # Safety
/// The machine's libraries are open, and nothing that is called here fails.
pub(super) unsafe fn watch_sort(state: *mut ffi::lua_State) {
    // SAFETY: the state is the caller's; Lua's libraries are tables.
    unsafe {
        ffi::lua_getfield(state, ffi::LUA_GLOBALSINDEX, c"table".as_ptr());
        ffi::lua_getfield(state, -1, c"sort".as_ptr());
        if let Some(of_lua) = ffi::lua_tocfunction(state, -1) {
            ffi::lua_pushlightuserdata(state, of_lua as *mut c_void);
            ffi::lua_pushcclosure(state, sort, 1);
            ffi::lua_setfield(state, -3, c"sort".as_ptr());
        }
        ffi::lua_settop(state, -3);
    }
}

/// Lua's own `sort`, in the place of this call.
unsafe extern "C-unwind" fn sort(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the closure's own value is the address of Lua's function, which is called as if it were this one. Nothing
    // in this function wants to be cleaned up.
    unsafe {
        let of_lua = ffi::lua_touserdata(state, ffi::lua_upvalueindex(1));
        let is_long = ffi::lua_type(state, 1) == ffi::LUA_TTABLE
            && ffi::lua_objlen(state, 1) > SORT_LEN_UNWATCHED
            && ffi::lua_type(state, 2) <= ffi::LUA_TNIL;
        if is_long {
            ffi::lua_settop(state, 1);
            ffi::lua_pushcclosure(state, is_less, 0);
        }
        transmute::<*mut c_void, ffi::lua_CFunction>(of_lua)(state)
    }
}

/// Whether one value is less than another one.
unsafe extern "C-unwind" fn is_less(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the state is that of a call, whose account is there for as long as the machine. Errors jump from here:
    // nothing in this function wants to be cleaned up.
    unsafe {
        let account = Account::of(state);
        Account::add_work(account, 1);
        if let Err(reason) = Account::look_after_work(account) {
            let before = Account::limit(account, 0);
            raise(state, reason);
            Account::limit(account, before);
            ffi::lua_error(state);
        }
        let is_less = ffi::lua_lessthan(state, 1, 2);
        ffi::lua_pushboolean(state, is_less);
    }
    1
}

/// How a call ended: with so many results, or with the value on top of the stack as an error.
const RAISED: c_int = -1;

unsafe extern "C-unwind" fn trampoline(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the closure's own value is the body, which is there for as long as the closure.
    let results = unsafe {
        let body = ffi::lua_touserdata(state, ffi::lua_upvalueindex(1)).cast::<Body>();
        run(state, &**body)
    };
    if results != RAISED {
        return results;
    }
    // SAFETY: the error jumps from here: nothing in this function wants to be cleaned up.
    unsafe { ffi::lua_error(state) }
}

unsafe extern "C-unwind" fn call_shim(state: *mut ffi::lua_State) -> c_int {
    // SAFETY: the closure's own value is the number of a shim.
    let results = unsafe {
        let shim = ffi::lua_touserdata(state, ffi::lua_upvalueindex(1));
        run(state, &transmute::<*mut c_void, Shim>(shim))
    };
    if results != RAISED {
        return results;
    }
    // SAFETY: the error jumps from here: nothing in this function wants to be cleaned up.
    unsafe { ffi::lua_error(state) }
}

/// # Safety
/// The state is that of a call of this function.
unsafe fn run(
    state: *mut ffi::lua_State,
    body: &dyn for<'l> Fn(&Args<'l>, &mut Stack<'l>) -> Result<usize, Failed>,
) -> c_int {
    // SAFETY: until the call ends, nobody else uses the state; its arguments lie below the floor. The machine's account
    // is there for as long as the machine.
    unsafe {
        let account = Account::of(state);
        let before = Account::limit(account, 0);
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let len = usize::try_from(ffi::lua_gettop(state)).unwrap_or(0);
            body(&Args::new(state, len), &mut Stack::new(state, account, before))
        }));
        // Where the function failed, that is the error; who has to stop is stopped at the next occasion.
        let looked = Account::look_after_work(account);
        let ended =
            ended.map(|ended| ended.and_then(|results| looked.map(|()| results).map_err(Failed::from)));
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
