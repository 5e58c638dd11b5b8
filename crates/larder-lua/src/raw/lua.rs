//! A machine: its state, its memory, whoever looks at it now and then, and values of it that Rust keeps.

use super::arena::Arena;
use super::stack::{Failed, Level, Reader, Slot, Stack};
use mlua_sys as ffi;
use std::alloc::{Layout, handle_alloc_error};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::fmt;
use std::mem::zeroed;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};
use std::rc::Rc;

/// The collector begins again when memory has grown to so many per cent, and then works so much faster than is
/// allocated. What lives is small: were it to begin later, what is allocated until then would not fit the processor's
/// caches; and once it has begun, it costs less to collect all of it.
const GC_PAUSE: c_int = 200;
const GC_PACE: c_int = 400;

/// After so much work of functions somebody is asked whether to go on.
pub(super) const WORK_PER_LOOK: u64 = 20_000;
/// An instruction may go through a block of this size more slowly than others execute by the hundred,
const LARGE_BYTES: usize = 1 << 20;
/// so that where there is one, somebody is asked after so many of them.
const INSTRUCTIONS_PER_LOOK_LARGE: c_int = 50;

/// Libraries of Lua that are opened: those that scripts find, or find parts of.
const LIBRARIES: [(&str, ffi::lua_CFunction); 5] = [
    ("", ffi::luaopen_base),
    ("table", ffi::luaopen_table),
    ("string", ffi::luaopen_string),
    ("math", ffi::luaopen_math),
    ("os", ffi::luaopen_os),
];

/// Is told how many instructions have been executed since it was asked last, and says why the machine has to stop.
type Look = Box<dyn Fn(u64) -> Result<(), &'static str>>;

/// What a machine has beside its state, for the functions that are given nothing but that.
pub(super) struct Account {
    used: usize,
    /// Not more than this is given to a script; 0 for no limit.
    max: usize,
    main: *mut ffi::lua_State,
    look: Option<(c_int, Look)>,
    /// What functions of ours have done since somebody was asked the last time, in the time of instructions.
    work: u64,
    /// There was a large block since the script began.
    is_large: bool,
    arena: Arena,
}

impl Account {
    /// # Safety
    /// The state is that of a machine of this module. The account lives as long as the machine.
    pub(super) unsafe fn of(state: *mut ffi::lua_State) -> NonNull<Account> {
        let mut account = ptr::null_mut();
        // SAFETY: the state is the caller's, and its allocator was given an account.
        unsafe {
            ffi::lua_getallocf(state, &raw mut account);
            NonNull::new_unchecked(account.cast())
        }
    }

    /// Sets the limit, and gives the one before.
    ///
    /// # Safety
    /// The machine is there, and used by this thread only.
    pub(super) unsafe fn limit(account: NonNull<Account>, bytes: usize) -> usize {
        // SAFETY: nobody holds a reference to it for longer than a moment.
        unsafe { std::mem::replace(&mut (*account.as_ptr()).max, bytes) }
    }

    /// A script begins, for which nothing has been done so far.
    ///
    /// # Safety
    /// As for `limit`; nothing runs.
    pub(super) unsafe fn begin(account: NonNull<Account>) {
        // SAFETY: as above. The main state lives as long as the machine.
        unsafe {
            let account = account.as_ptr();
            (*account).work = 0;
            if std::mem::take(&mut (*account).is_large) {
                look_every((*account).main, (*account).look.as_ref().map_or(0, |(every, _)| *every));
            }
        }
    }

    /// Notes so much work, in the time of instructions.
    ///
    /// # Safety
    /// As for `limit`.
    pub(super) unsafe fn add_work(account: NonNull<Account>, work: u64) {
        // SAFETY: as above.
        unsafe { (*account.as_ptr()).work += work };
    }

    /// Asks whether to go on, if there was much work since that was asked.
    ///
    /// # Safety
    /// As for `limit`.
    pub(super) unsafe fn look_after_work(account: NonNull<Account>) -> Result<(), &'static str> {
        // SAFETY: as above; nobody changes who looks.
        unsafe {
            if (*account.as_ptr()).work < WORK_PER_LOOK {
                return Ok(());
            }
            let work = std::mem::take(&mut (*account.as_ptr()).work);
            (*account.as_ptr()).look.as_ref().map_or(Ok(()), |(_, look)| look(work))
        }
    }

    /// From the first large block on, somebody looks more often: each instruction may be one that goes through it.
    ///
    /// # Safety
    /// As for `limit`.
    #[cold]
    unsafe fn has_become_large(account: *mut Account) {
        // SAFETY: as above. The main state lives as long as the machine, and a hook may be set at any time.
        unsafe {
            (*account).is_large = true;
            if (*account).look.is_some() {
                look_every((*account).main, INSTRUCTIONS_PER_LOOK_LARGE);
            }
        }
    }

    /// # Safety
    /// As for `limit`.
    pub(super) unsafe fn used(account: NonNull<Account>) -> usize {
        // SAFETY: as above.
        unsafe { (*account.as_ptr()).used }
    }
}

/// Gives, moves and frees blocks, and counts their bytes.
unsafe extern "C" fn allocate(
    account: *mut c_void,
    block: *mut c_void,
    old: usize,
    new: usize,
) -> *mut c_void {
    // SAFETY: the account is the one that the machine was made with, and only this thread uses it. Lua says of each
    // block how large it is.
    unsafe {
        let account = account.cast::<Account>();
        if new >= LARGE_BYTES && !(*account).is_large {
            Account::has_become_large(account);
        }
        let (used, max, arena) = (&mut (*account).used, (*account).max, &mut (*account).arena);
        if block.is_null() {
            // What is no block has a kind of value as its size in other versions of Lua, and none in this.
            if new == 0 || max != 0 && used.saturating_add(new) > max {
                return ptr::null_mut();
            }
            let given = arena.take(new);
            if given.is_null() {
                return lacks(max, new);
            }
            *used += new;
            return given.cast();
        }
        if new == 0 {
            arena.give_back(block.cast(), old);
            *used -= old;
            return ptr::null_mut();
        }
        let will_use = (*used - old).saturating_add(new);
        // Lua takes it for granted that blocks can be made smaller.
        if new > old && max != 0 && will_use > max {
            return ptr::null_mut();
        }
        let given = arena.resize(block.cast(), old, new);
        if given.is_null() {
            return lacks(max, new);
        }
        *used = will_use;
        given.cast()
    }
}

/// What is given where the system has no memory. Under a limit only Lua's own code runs, which can do without; and
/// nobody has as much as no layout can say.
#[cold]
fn lacks(max: usize, size: usize) -> *mut c_void {
    match Layout::from_size_align(size, 1) {
        Ok(layout) if max == 0 => handle_alloc_error(layout),
        _ => ptr::null_mut(),
    }
}

/// Owns a state with its account.
struct Owned {
    state: *mut ffi::lua_State,
    account: NonNull<Account>,
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: nobody else has the state any more, and closing it frees all that it has; then the account, which
        // came out of a box, is used by nobody.
        unsafe {
            Account::limit(self.account, 0);
            ffi::lua_close(self.state);
            let mut account = Box::from_raw(self.account.as_ptr());
            if cfg!(debug_assertions) {
                account.arena.trim();
                assert!(account.used == 0 && account.arena.held() == 0, "a machine left blocks behind");
            }
        }
    }
}

/// A machine of Lua 5.1. Values of it that are kept keep it, too.
pub struct Lua(Rc<Owned>);

impl fmt::Debug for Lua {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lua").field("used", &self.used_memory()).finish_non_exhaustive()
    }
}

/// A value that is kept: it stays in its machine until this is gone.
#[derive(Clone)]
pub struct Kept(Rc<Place>);

/// Where a kept value is in the machine's registry.
struct Place {
    owner: Rc<Owned>,
    at: c_int,
}

impl Drop for Place {
    fn drop(&mut self) {
        // SAFETY: the place is this one's, and the machine is still there. Its number is written into a field that the
        // registry has, for which there is room on the stack that every function has.
        unsafe { ffi::luaL_unref(self.owner.state, ffi::LUA_REGISTRYINDEX, self.at) };
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kept").field(&self.0.at).finish()
    }
}

impl Kept {
    /// Where it is, if it is in the machine of this account.
    pub(super) fn place_in(&self, account: NonNull<Account>) -> Option<c_int> {
        (self.0.owner.account == account).then_some(self.0.at)
    }
}

impl Lua {
    /// A machine with Lua's libraries for tables, strings, numbers and the clock.
    #[expect(clippy::new_without_default, reason = "it takes some hundred microseconds")]
    pub fn new() -> Lua {
        let (main, arena) = (ptr::null_mut(), Arena::new());
        let account =
            Box::new(Account { used: 0, max: 0, main, look: None, work: 0, is_large: false, arena });
        let account = NonNull::from(Box::leak(account));
        // SAFETY: the account lives until the state is closed. Without a limit nothing that is called here fails: where
        // the system has no memory, the allocator ends the program.
        unsafe {
            let state = ffi::lua_newstate(allocate, account.as_ptr().cast());
            if state.is_null() {
                handle_alloc_error(Layout::new::<Account>());
            }
            (*account.as_ptr()).main = state;
            let lua = Lua(Rc::new(Owned { state, account }));
            for (name, open) in LIBRARIES {
                ffi::lua_pushcclosure(state, open, 0);
                ffi::lua_pushlstring_(state, name.as_ptr().cast(), name.len());
                ffi::lua_call(state, 1, 0);
            }
            super::function::watch_sort(state);
            // It names the libraries for those that are opened later, and would keep all of them.
            ffi::lua_pushnil(state);
            ffi::lua_setfield(state, ffi::LUA_REGISTRYINDEX, c"_LOADED".as_ptr());
            ffi::lua_gc(state, ffi::LUA_GCSETPAUSE, GC_PAUSE);
            ffi::lua_gc(state, ffi::LUA_GCSETSTEPMUL, GC_PACE);
            lua
        }
    }

    pub(super) fn account(&self) -> NonNull<Account> {
        self.0.account
    }

    /// Bytes that it has.
    pub fn used_memory(&self) -> usize {
        // SAFETY: the machine is there, and no other thread has it.
        unsafe { Account::used(self.0.account) }
    }

    /// Bytes that it has from the program's allocator: what it uses, and room between that.
    pub fn held_memory(&self) -> usize {
        // SAFETY: the machine is there, no other thread has it, and nobody holds a reference to its blocks.
        unsafe { (*self.0.account.as_ptr()).arena.held() }
    }

    /// Frees all that nobody can reach, and gives back what is free as a whole.
    pub fn collect(&self) {
        // SAFETY: the machine is there, and no other thread has it. Without a limit collecting does not fail.
        unsafe {
            let before = Account::limit(self.0.account, 0);
            ffi::lua_gc(self.0.state, ffi::LUA_GCCOLLECT, 0);
            (*self.0.account.as_ptr()).arena.trim();
            Account::limit(self.0.account, before);
        }
    }

    /// Has `look` asked after every so many instructions whether to go on. Where it says why not, that is an error,
    /// which a script that catches it meets again at its next instruction. To be called once, before anything runs.
    pub fn watch_over(&self, every: u32, look: impl Fn(u64) -> Result<(), &'static str> + 'static) {
        let count = c_int::try_from(every).unwrap_or(c_int::MAX);
        // SAFETY: the machine is there, no other thread has it, and nothing runs that would be looking.
        unsafe {
            (*self.0.account.as_ptr()).look = Some((count, Box::new(look)));
            look_every(self.0.state, count);
        }
    }

    /// Compiles a text, or says what is wrong with it. Code that was compiled elsewhere is refused: it could break the
    /// machine.
    pub fn load(&self, text: &[u8], name: &str) -> Result<Kept, String> {
        if text.first() == Some(&b'\x1b') {
            return Err("attempt to load a binary chunk (mode is 't')".into());
        }
        if super::has_too_many_jumps(text) {
            return Err("control structure too long".into());
        }
        let name = CString::new(name).map_err(|_| "the name of a text has no zeros")?;
        self.load_code(text, &name).map_err(Failed::text)
    }

    /// Keeps the function of a text, or of what this process has compiled.
    pub(super) fn load_code(&self, code: &[u8], name: &CStr) -> Result<Kept, Failed> {
        self.with(|stack| {
            let state = stack.state();
            stack.make_room()?;
            // SAFETY: the state is ours, there is room, and the texts are there while it is compiled. What goes wrong
            // ends there and is left on the stack as a text.
            unsafe {
                let status = ffi::luaL_loadbuffer(state, code.as_ptr().cast(), code.len(), name.as_ptr());
                if status == 0 {
                    return self.keep(stack.top());
                }
            }
            let top = stack.top();
            Err(Failed::Text(stack.read().description(top)))
        })
    }

    /// Takes a table as the globals of all that is compiled from now on.
    pub fn set_globals(&self, table: &Kept) -> Result<(), Failed> {
        self.with(|stack| {
            stack.push_kept(table)?;
            let top = stack.top();
            if stack.read().kind(top) != super::Kind::Table {
                return Err("globals are a table".into());
            }
            // SAFETY: the state is ours, and a table lies on top.
            unsafe { ffi::lua_replace(stack.state(), ffi::LUA_GLOBALSINDEX) };
            Ok(())
        })
    }

    /// Calls a function with what `push` leaves on the stack, and keeps so many results.
    pub fn call<const N: usize>(
        &self,
        function: &Kept,
        push: impl FnOnce(&mut Stack<'_>) -> Result<(), Failed>,
    ) -> Result<[Kept; N], Failed> {
        self.with(|stack| {
            let before = stack.top();
            stack.push_kept(function)?;
            push(stack)?;
            let results = c_int::try_from(N).unwrap_or(c_int::MAX);
            // SAFETY: the state is ours; the function lies below its arguments. The call is protected.
            unsafe {
                let args = ffi::lua_gettop(stack.state()) - before.0 - 1;
                if ffi::lua_checkstack(stack.state(), results) == 0 {
                    return Err("stack overflow".into());
                }
                if ffi::lua_pcall(stack.state(), args, results, 0) != 0 {
                    let top = stack.top();
                    return Err(Failed::Text(stack.read().description(top)));
                }
            }
            let mut kept = Vec::with_capacity(N);
            for n in 0..results {
                kept.push(self.keep(Slot(before.0 + 1 + n))?);
            }
            kept.try_into().map_err(|_| "there are fewer results".into())
        })
    }

    /// Makes values on the stack, which is as it was afterwards.
    pub fn with<R>(&self, make: impl FnOnce(&mut Stack<'_>) -> Result<R, Failed>) -> Result<R, Failed> {
        // SAFETY: no other thread has the machine, and whoever calls this has no call of it at work on the same part of
        // its stack, since those take the stack for themselves.
        unsafe {
            let before = Account::limit(self.0.account, 0);
            let level = Level::of(self.0.state);
            let made = match ffi::lua_checkstack(self.0.state, ffi::LUA_MINSTACK) {
                0 => Err("stack overflow".into()),
                _ => make(&mut Stack::new(self.0.state, self.0.account, before)),
            };
            drop(level);
            Account::limit(self.0.account, before);
            made
        }
    }

    /// Keeps what lies in a slot.
    pub fn keep(&self, at: Slot) -> Result<Kept, Failed> {
        // SAFETY: no other thread has the machine; a slot with nothing in it is read as `nil`. Without a limit, keeping
        // does not fail.
        unsafe {
            if ffi::lua_checkstack(self.0.state, 4) == 0 {
                return Err("stack overflow".into());
            }
            let before = Account::limit(self.0.account, 0);
            ffi::lua_pushvalue(self.0.state, at.0);
            let at = ffi::luaL_ref(self.0.state, ffi::LUA_REGISTRYINDEX);
            Account::limit(self.0.account, before);
            Ok(Kept(Rc::new(Place { owner: self.0.clone(), at })))
        }
    }

    /// Keeps a value that a reader of this machine shows.
    pub fn keep_shown(&self, reader: &Reader<'_>, at: Slot) -> Result<Kept, Failed> {
        if reader.state() == self.0.state { self.keep(at) } else { Err("the value belongs elsewhere".into()) }
    }
}

/// Has somebody look after every so many instructions that this state executes.
///
/// # Safety
/// The state is one of a machine of this module.
unsafe fn look_every(state: *mut ffi::lua_State, count: c_int) {
    // SAFETY: the state is the caller's.
    unsafe { ffi::lua_sethook(state, Some(hook), ffi::LUA_MASKCOUNT, count) };
}

/// Looks at a machine that runs.
unsafe extern "C-unwind" fn hook(state: *mut ffi::lua_State, _: *mut ffi::lua_Debug) {
    // SAFETY: the state is one of a machine of this module. The error jumps from here: nothing in this function wants
    // to be cleaned up.
    unsafe {
        if looked(state) {
            ffi::lua_error(state);
        }
    }
}

/// Whether an error lies on the stack.
///
/// # Safety
/// The state is one of a machine of this module, in a hook.
unsafe fn looked(state: *mut ffi::lua_State) -> bool {
    // SAFETY: the account lives as long as the machine, and nobody changes who looks. A hook has room for some values;
    // without a limit, making one does not fail.
    unsafe {
        let account = Account::of(state);
        let Some((_, look)) = &(*account.as_ptr()).look else { return false };
        let every = ffi::lua_gethookcount(state);
        let work = u64::from(every.unsigned_abs()) + std::mem::take(&mut (*account.as_ptr()).work);
        let looked = catch_unwind(AssertUnwindSafe(|| look(work)));
        let Err(reason) = looked.unwrap_or(Err("internal error: a panic was caught")) else {
            // A coroutine has a count of its own.
            if (*account.as_ptr()).is_large && every > INSTRUCTIONS_PER_LOOK_LARGE {
                look_every(state, INSTRUCTIONS_PER_LOOK_LARGE);
            }
            return false;
        };
        look_every(state, 1);
        look_every((*account.as_ptr()).main, 1);
        let before = Account::limit(account, 0);
        ffi::lua_pushlstring_(state, reason.as_ptr().cast::<c_char>(), reason.len());
        Account::limit(account, before);
        true
    }
}

/// What is known of a function that is running, or of one that has called it.
#[derive(Debug)]
pub struct Frame {
    /// Where its text is from, as Lua has it: `@` and a name, `=` and what stands for one, or the text itself.
    pub source: String,
    /// Which line of it is being executed; 0 if that is not known.
    pub line: i64,
}

/// # Safety
/// The state is the caller's alone.
pub(super) unsafe fn frame(state: *mut ffi::lua_State, level: c_int) -> Option<Frame> {
    // SAFETY: the state is the caller's. Lua fills what it is given in, and its texts last as long as the function that
    // they are about.
    unsafe {
        let mut found: ffi::lua_Debug = zeroed();
        if ffi::lua_getstack(state, level, &raw mut found) == 0 {
            return None;
        }
        ffi::lua_getinfo(state, c"Sl".as_ptr(), &raw mut found);
        let source = CStr::from_ptr(found.source).to_string_lossy().into_owned();
        Some(Frame { source, line: i64::from(found.currentline.max(0)) })
    }
}

#[cfg(test)]
mod tests {
    use super::{Account, Kept, Lua, allocate};
    use crate::raw::arena::Arena;
    use crate::raw::{Outcome, run};
    use std::cell::Cell;
    use std::ptr::null_mut;
    use std::rc::Rc;

    fn function(lua: &Lua, text: &str) -> Kept {
        lua.load(text.as_bytes(), "=text").expect("compiles")
    }

    /// Runs a text within so much memory: what it returns, or the error.
    fn answer(lua: &Lua, text: &str, memory_max: usize) -> Result<String, String> {
        let function = function(lua, text);
        let ran = run(
            lua,
            None,
            &function,
            memory_max,
            |_| Ok(()),
            |reader, outcome| match outcome {
                Outcome::Returned(at) => Ok(reader.description(at)),
                Outcome::Failed(at) => Err(reader.description(at)),
            },
        );
        ran.expect("there is room")
    }

    #[test]
    fn memory_is_counted_and_bounded() {
        let lua = Lua::new();
        lua.collect();
        let before = lua.used_memory();
        let bound = before + (1 << 20);
        let large = "local t = {} for n = 1, 1e7 do t[n] = ('x'):rep(100) .. n end return 'done'";
        assert_eq!(answer(&lua, large, bound), Err("not enough memory".into()));
        lua.collect();
        assert_eq!(answer(&lua, "return ('x'):rep(1e5):len()", bound), Ok("100000".into()));
        lua.collect();
        // What strings and calls have once needed is kept as room for others.
        assert!(lua.used_memory() < before + 100_000, "{before} {}", lua.used_memory());
        // Chunks of which a block is used stay, and no others.
        assert!(lua.held_memory() < before + 300_000, "{before} {}", lua.held_memory());
    }

    #[test]
    fn what_is_used_is_what_was_given_and_not_taken_back() {
        let (main, arena) = (null_mut(), Arena::new());
        let mut account = Account { used: 0, max: 0, main, look: None, work: 0, is_large: false, arena };
        let account = &raw mut account;
        // SAFETY: it is an account, and all blocks are what they are said to be.
        let give = |block, old, new| unsafe { allocate(account.cast(), block, old, new) };
        // SAFETY: nobody else has it.
        let used = || unsafe { (*account).used };
        // SAFETY: as above.
        let limit = |max| unsafe { (*account).max = max };
        let (mut blocks, mut live, mut refused) = (Vec::new(), 0, 0);
        for n in 0..20_000_usize {
            // A limit that is met now and then.
            limit(if n / 1_000 % 2 == 0 { 0 } else { live + n % 500 });
            let (size, at) = (1 + n * 7_919 % 1_200, n * 104_729 % 1_000);
            let (block, old) = blocks.get(at).copied().unwrap_or((null_mut(), 0));
            let new = if n % 3 == 0 && old > 0 { 0 } else { size };
            let given = give(block, old, new);
            if new > 0 && given.is_null() {
                assert!(n / 1_000 % 2 == 1 && new > old && live - old + new > live + n % 500, "{n}");
                refused += 1;
            } else {
                live = live - old + new;
                match blocks.get_mut(at) {
                    Some(place) => *place = (given, new),
                    None => blocks.push((given, new)),
                }
            }
            assert_eq!(used(), live, "{n}");
        }
        assert!(refused > 100, "{refused}");
        limit(0);
        assert_eq!(give(null_mut(), 0, usize::MAX), null_mut());
        blocks.into_iter().filter(|(_, size)| *size > 0).for_each(|(block, size)| {
            give(block, size, 0);
        });
        assert_eq!(used(), 0);
    }

    #[test]
    fn who_looks_can_stop_what_runs_and_what_catches_that() {
        let lua = Lua::new();
        let (asked, looks) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let (counted, most) = (asked.clone(), looks.clone());
        lua.watch_over(100, move |work| {
            counted.set(counted.get() + work);
            if counted.get() > most.get() { Err("enough") } else { Ok(()) }
        });
        looks.set(1_000);
        let endless = "local n = 0 while true do pcall(function() while true do n = n + 1 end end) end";
        assert_eq!(answer(&lua, endless, 0), Err("enough".into()));
        assert!(asked.get() > 1_000);
        let lua = Lua::new();
        lua.watch_over(100, |_| panic!("as expected"));
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let stopped = answer(&lua, "coroutine.wrap(function() while true do end end)()", 0);
        std::panic::set_hook(hook);
        assert!(stopped.is_err_and(|text| text.contains("panic")));
    }

    /// A machine, and how much work whoever looks was told of and how often.
    fn watched() -> (Lua, Rc<Cell<u64>>, Rc<Cell<u64>>) {
        let (lua, work, looks) = (Lua::new(), Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let (counted, asked) = (work.clone(), looks.clone());
        lua.watch_over(1_000, move |work| {
            counted.set(counted.get() + work);
            asked.set(asked.get() + 1);
            Ok(())
        });
        (lua, work, looks)
    }

    #[test]
    fn comparisons_of_a_long_sort_are_work() {
        const ITEMS: u64 = 50_000;
        let (lua, work, _) = watched();
        let sort = "local t = {} for n = 1, 50000 do t[n] = n * 7919 % 50021 end
            table.sort(t) for n = 2, #t do if t[n] < t[n - 1] then return n end end
            return #t";
        assert_eq!(answer(&lua, sort, 0), Ok("50000".into()));
        // The loops take some ten instructions for each, and a sort compares each with more than that many others.
        assert!(work.get() > 20 * ITEMS, "{}", work.get());
        let wrong = answer(&lua, "local t = {} for n = 1, 2000 do t[n] = {} end table.sort(t)", 0);
        assert_eq!(wrong, Err("attempt to compare two table values".into()));
        let wrong = answer(&lua, "table.sort(1)", 0);
        assert_eq!(wrong, Err("text:1: bad argument #1 to 'sort' (table expected, got number)".into()));
    }

    #[test]
    fn whoever_looks_does_so_more_often_from_a_large_block_on() {
        let (lua, _, looks) = watched();
        let count = "for n = 1, 100000 do end";
        answer(&lua, count, 0).expect("runs");
        let few = looks.replace(0);
        answer(&lua, &format!("local s = ('x'):rep(2 ^ 20) {count}"), 0).expect("runs");
        let many = looks.replace(0);
        assert!(many > 10 * few, "{few}, then {many}");
        // A coroutine that was there before has a count of its own.
        let within = "coroutine.wrap(function() coroutine.yield() LOOP end)";
        let within = within.replace("LOOP", count);
        answer(&lua, &format!("local f = {within} f() local s = ('x'):rep(2 ^ 20) f()"), 0).expect("runs");
        assert!(looks.replace(0) > 10 * few);
        answer(&lua, count, 0).expect("runs");
        assert!(looks.get() <= few + 1, "{few}, then {}", looks.get());
    }

    #[test]
    fn a_machine_takes_only_what_is_its_own_and_only_text() {
        let (lua, other) = (Lua::new(), Lua::new());
        let foreign = function(&other, "return 1");
        assert!(lua.with(|stack| stack.push_kept(&foreign)).is_err());
        assert!(lua.set_globals(&foreign).is_err());
        assert!(lua.set_globals(&function(&lua, "return 1")).is_err());
        let refused = lua.load(b"\x1bLua", "=text").map(drop);
        assert_eq!(refused, Err("attempt to load a binary chunk (mode is 't')".into()));
        let wrong = lua.load(b"return return", "=text").map(drop);
        assert_eq!(wrong, Err("text:1: unexpected symbol near 'return'".into()));
        // What is kept keeps its machine.
        drop(other);
        drop(foreign);
    }

    #[test]
    fn bodies_of_functions_go_with_them() {
        let (lua, held) = (Lua::new(), Rc::new(()));
        for _ in 0..10 {
            let held = held.clone();
            let made = lua.with(|stack| {
                stack.push_function(move |_, stack| {
                    let _ = &held;
                    stack.push_number(1.0).map(|()| 1)
                })
            });
            made.expect("there is room");
        }
        assert_eq!(Rc::strong_count(&held), 11);
        lua.collect();
        assert_eq!(Rc::strong_count(&held), 1);
        let kept = lua.with(|stack| {
            let held = held.clone();
            stack.push_function(move |_, _| {
                let _ = &held;
                Ok(0)
            })?;
            lua.keep(stack.top())
        });
        lua.collect();
        assert_eq!(Rc::strong_count(&held), 2);
        drop(lua);
        assert_eq!(Rc::strong_count(&held), 2);
        drop(kept);
        assert_eq!(Rc::strong_count(&held), 1);
    }
}
