//! The stack: reading values where they lie, and making new ones.

use super::lua::{Account, Frame, Kept, frame};
use mlua_sys as ffi;
use smallvec::SmallVec;
use std::ffi::{CStr, c_int};
use std::marker::PhantomData;
use std::mem::zeroed;
use std::ptr::{self, NonNull};

/// Room for so many values is made before some are pushed.
const ROOM: c_int = 8;

/// Whoever makes values finds at least so much room beside what lies on the stack: Lua gives it to every call, however
/// many arguments that has.
const GIVEN: c_int = ffi::LUA_MINSTACK - 4;
/// The source of Lua functions that belong to the host and stand between a script and ours.
const HOST: &[u8] = b"=sandbox";

/// Why a function ends without results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failed {
    /// The value on top of the stack is raised.
    Raised,
    /// This text is raised.
    Text(String),
}

impl From<&str> for Failed {
    fn from(text: &str) -> Failed {
        Failed::Text(text.into())
    }
}

impl Failed {
    /// What went wrong, where nothing is raised.
    pub fn text(self) -> String {
        match self {
            Failed::Text(text) => text,
            Failed::Raised => "an error was raised where nobody catches it".into(),
        }
    }
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// There is no value.
    None,
    /// `nil`.
    Nil,
    /// A boolean.
    Boolean,
    /// A pointer that means nothing to scripts; `cjson.null` is one.
    Light,
    /// A number.
    Number,
    /// A string.
    Text,
    /// A table.
    Table,
    /// A function.
    Function,
    /// A value of the host.
    Userdata,
    /// A coroutine.
    Thread,
}

impl Kind {
    /// What Lua calls it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::None => "no value",
            Kind::Nil => "nil",
            Kind::Boolean => "boolean",
            Kind::Light | Kind::Userdata => "userdata",
            Kind::Number => "number",
            Kind::Text => "string",
            Kind::Table => "table",
            Kind::Function => "function",
            Kind::Thread => "thread",
        }
    }
}

/// A place on the stack, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(pub(super) c_int);

impl Slot {
    /// The place above it.
    pub fn next(self) -> Slot {
        Slot(self.0 + 1)
    }
}

/// What can be read of a slot.
///
/// # Safety
/// Each function wants a state of a machine that is not running anything else. A slot that holds nothing is read as
/// such.
mod read {
    use super::{Kind, Slot, ffi, ptr};

    pub(super) unsafe fn kind(state: *mut ffi::lua_State, at: Slot) -> Kind {
        // SAFETY: slots are positive, and Lua says of one above the top that there is nothing.
        match unsafe { ffi::lua_type(state, at.0) } {
            ffi::LUA_TNIL => Kind::Nil,
            ffi::LUA_TBOOLEAN => Kind::Boolean,
            ffi::LUA_TLIGHTUSERDATA => Kind::Light,
            ffi::LUA_TNUMBER => Kind::Number,
            ffi::LUA_TSTRING => Kind::Text,
            ffi::LUA_TTABLE => Kind::Table,
            ffi::LUA_TFUNCTION => Kind::Function,
            ffi::LUA_TUSERDATA => Kind::Userdata,
            ffi::LUA_TTHREAD => Kind::Thread,
            _ => Kind::None,
        }
    }

    /// The lifetime is the caller's to bound: as long as the value stays in its slot.
    pub(super) unsafe fn text<'t>(state: *mut ffi::lua_State, at: Slot) -> Option<&'t [u8]> {
        // SAFETY: of a string Lua gives where its bytes lie, which it never moves, and how many there are. Only
        // numbers would be converted, and they are left out.
        unsafe {
            if ffi::lua_type(state, at.0) != ffi::LUA_TSTRING {
                return None;
            }
            let mut len = 0;
            let bytes = ffi::lua_tolstring(state, at.0, ptr::from_mut(&mut len));
            Some(std::slice::from_raw_parts(bytes.cast(), len))
        }
    }

    pub(super) unsafe fn number(state: *mut ffi::lua_State, at: Slot) -> Option<f64> {
        // SAFETY: a number is read without conversion.
        unsafe { (ffi::lua_type(state, at.0) == ffi::LUA_TNUMBER).then(|| ffi::lua_tonumber(state, at.0)) }
    }

    /// A number, or a text that reads as one.
    pub(super) unsafe fn coerced(state: *mut ffi::lua_State, at: Slot) -> Option<f64> {
        // SAFETY: both look at the value and leave it as it is.
        unsafe { (ffi::lua_isnumber(state, at.0) != 0).then(|| ffi::lua_tonumber(state, at.0)) }
    }

    pub(super) unsafe fn truth(state: *mut ffi::lua_State, at: Slot) -> bool {
        // SAFETY: every value has a truth, and so has what is not there.
        unsafe { ffi::lua_toboolean(state, at.0) != 0 }
    }
}

/// An argument that has a text: its bytes, or the number that is to be written.
#[derive(Clone, Copy, Debug)]
pub enum Word<'l> {
    /// A string.
    Text(&'l [u8]),
    /// A number.
    Number(f64),
}

/// The arguments of a call, which stay where they are until it ends.
#[derive(Debug)]
pub struct Args<'l> {
    state: *mut ffi::lua_State,
    len: usize,
    call: PhantomData<&'l ()>,
}

impl<'l> Args<'l> {
    /// # Safety
    /// The state is that of a call with so many arguments, which keeps them in place for `'l`.
    pub(super) unsafe fn new(state: *mut ffi::lua_State, len: usize) -> Args<'l> {
        Args { state, len, call: PhantomData }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where an argument lies, counted from 0.
    pub fn slot(&self, at: usize) -> Slot {
        // A call has far fewer arguments than that.
        Slot(c_int::try_from(at + 1).unwrap_or(c_int::MAX))
    }

    /// The slot of an argument that is there.
    fn given(&self, at: usize) -> Option<Slot> {
        (at < self.len).then(|| self.slot(at))
    }

    /// The type of an argument.
    pub fn kind(&self, at: usize) -> Kind {
        // SAFETY: the call is still running.
        self.given(at).map_or(Kind::None, |slot| unsafe { read::kind(self.state, slot) })
    }

    /// The bytes of a string.
    pub fn text(&self, at: usize) -> Option<&'l [u8]> {
        // SAFETY: the call is still running, and its arguments stay in their slots until it ends.
        self.given(at).and_then(|slot| unsafe { read::text(self.state, slot) })
    }

    /// A string, or a number.
    #[inline]
    pub fn word(&self, at: usize) -> Option<Word<'l>> {
        match self.kind(at) {
            Kind::Text => self.text(at).map(Word::Text),
            Kind::Number => self.number(at).map(Word::Number),
            _ => None,
        }
    }

    /// A number.
    pub fn number(&self, at: usize) -> Option<f64> {
        // SAFETY: the call is still running.
        self.given(at).and_then(|slot| unsafe { read::number(self.state, slot) })
    }

    /// A number, or a text that reads as one.
    pub fn coerced(&self, at: usize) -> Option<f64> {
        // SAFETY: the call is still running.
        self.given(at).and_then(|slot| unsafe { read::coerced(self.state, slot) })
    }

    /// Whether an argument is neither `nil` nor `false`.
    pub fn truth(&self, at: usize) -> bool {
        // SAFETY: the call is still running.
        self.given(at).is_some_and(|slot| unsafe { read::truth(self.state, slot) })
    }
}

/// Reads values that lie on the stack, and what is in their tables.
#[derive(Debug)]
pub struct Reader<'r> {
    state: *mut ffi::lua_State,
    stack: PhantomData<&'r mut ()>,
}

/// Takes off the stack what was put there since, whatever happens meanwhile.
pub(super) struct Level {
    state: *mut ffi::lua_State,
    pub(super) top: c_int,
}

impl Level {
    /// # Safety
    /// The state is the caller's alone for as long as this lives, and nothing below its top is taken off.
    pub(super) unsafe fn of(state: *mut ffi::lua_State) -> Level {
        // SAFETY: the state is the caller's.
        Level { state, top: unsafe { ffi::lua_gettop(state) } }
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        // SAFETY: the stack is at least as high as when this began, since whoever pushes takes off no more than that.
        unsafe { ffi::lua_settop(self.state, self.top) };
    }
}

impl Reader<'_> {
    /// # Safety
    /// Nobody else uses the state while this lives.
    pub(super) unsafe fn new<'r>(state: *mut ffi::lua_State) -> Reader<'r> {
        Reader { state, stack: PhantomData }
    }

    /// The type of a value.
    pub fn kind(&self, at: Slot) -> Kind {
        // SAFETY: the state is ours.
        unsafe { read::kind(self.state, at) }
    }

    /// The bytes of a string.
    pub fn text(&self, at: Slot) -> Option<&[u8]> {
        // SAFETY: the state is ours, and while the bytes are borrowed nothing is pushed or taken off.
        unsafe { read::text(self.state, at) }
    }

    /// A number.
    pub fn number(&self, at: Slot) -> Option<f64> {
        // SAFETY: the state is ours.
        unsafe { read::number(self.state, at) }
    }

    /// A number, or a text that reads as one.
    pub fn coerced(&self, at: Slot) -> Option<f64> {
        // SAFETY: the state is ours.
        unsafe { read::coerced(self.state, at) }
    }

    /// What an error says that is no table: its text, or else its type.
    pub fn description(&self, at: Slot) -> String {
        match (self.text(at), self.number(at)) {
            (Some(text), _) => String::from_utf8_lossy(text).into_owned(),
            (_, Some(n)) => n.to_string(),
            _ => self.kind(at).name().into(),
        }
    }

    pub(super) fn state(&self) -> *mut ffi::lua_State {
        self.state
    }

    /// Whether a value is neither `nil` nor `false`.
    pub fn truth(&self, at: Slot) -> bool {
        // SAFETY: the state is ours.
        unsafe { read::truth(self.state, at) }
    }

    /// Whether a value is the null pointer, which stands for JSON's null.
    pub fn is_null(&self, at: Slot) -> bool {
        // SAFETY: the state is ours, and the pointer is only compared.
        self.kind(at) == Kind::Light && unsafe { ffi::lua_touserdata(self.state, at.0) }.is_null()
    }

    /// Makes room for some values.
    fn level(&mut self) -> Result<Level, Failed> {
        // SAFETY: the state is ours. Where there is no room, Lua says so.
        unsafe {
            if ffi::lua_checkstack(self.state, ROOM) == 0 {
                return Err("stack overflow".into());
            }
            Ok(Level::of(self.state))
        }
    }

    /// Shows an item of a table as a list: `nil` where there is none, or no table.
    pub fn item<R>(
        &mut self,
        table: Slot,
        n: usize,
        f: impl FnOnce(&mut Reader<'_>, Slot) -> R,
    ) -> Result<R, Failed> {
        let level = self.level()?;
        // SAFETY: the state is ours, there is room, and a table is asked without its metatable.
        unsafe {
            match c_int::try_from(n) {
                Ok(n) if self.kind(table) == Kind::Table => ffi::lua_rawgeti_(self.state, table.0, n),
                _ => ffi::lua_pushnil(self.state),
            }
        }
        Ok(f(self, Slot(level.top + 1)))
    }

    /// Shows a field of a table: `nil` where there is none, or no table.
    pub fn field<R>(
        &mut self,
        table: Slot,
        name: &str,
        f: impl FnOnce(&mut Reader<'_>, Slot) -> R,
    ) -> Result<R, Failed> {
        let level = self.level()?;
        // SAFETY: the state is ours, there is room, and a table is asked without its metatable.
        unsafe {
            if self.kind(table) == Kind::Table {
                ffi::lua_pushlstring_(self.state, name.as_ptr().cast(), name.len());
                ffi::lua_rawget_(self.state, table.0);
            } else {
                ffi::lua_pushnil(self.state);
            }
        }
        Ok(f(self, Slot(level.top + 1)))
    }

    /// Shows what a table has under a key that is a text or a number: `nil` where there is nothing, or no table.
    pub fn look_up<R>(
        &mut self,
        table: Slot,
        key: Word<'_>,
        f: impl FnOnce(&mut Reader<'_>, Slot) -> R,
    ) -> Result<R, Failed> {
        let level = self.level()?;
        // SAFETY: the state is ours, there is room, and a table is asked without its metatable.
        unsafe {
            if self.kind(table) == Kind::Table {
                match key {
                    Word::Text(text) => {
                        ffi::lua_pushlstring_(self.state, text.as_ptr().cast(), text.len());
                    }
                    Word::Number(n) => ffi::lua_pushnumber(self.state, n),
                }
                ffi::lua_rawget_(self.state, table.0);
            } else {
                ffi::lua_pushnil(self.state);
            }
        }
        Ok(f(self, Slot(level.top + 1)))
    }

    /// Shows each pair of a table: key and value, in Lua's order.
    pub fn for_each(
        &mut self,
        table: Slot,
        mut f: impl FnMut(&mut Reader<'_>, Slot, Slot) -> Result<(), Failed>,
    ) -> Result<(), Failed> {
        if self.kind(table) != Kind::Table {
            return Ok(());
        }
        let level = self.level()?;
        let (key, value) = (Slot(level.top + 1), Slot(level.top + 2));
        // SAFETY: the state is ours and there is room. The key is `nil` or the one that was given last, and no reader
        // changes a table, so that it is still one of the table's.
        unsafe {
            ffi::lua_pushnil(self.state);
            while ffi::lua_next(self.state, table.0) != 0 {
                f(self, key, value)?;
                ffi::lua_settop(self.state, key.0);
            }
        }
        Ok(())
    }

    /// A table whose only keys are the numbers from 1 on, and which gives them in this order, as a list.
    pub fn list(&mut self, table: Slot) -> Result<Option<List>, Failed> {
        if self.kind(table) != Kind::Table {
            return Ok(None);
        }
        let level = self.level()?;
        let (key, value) = (Slot(level.top + 1), Slot(level.top + 2));
        let mut list = List { table, len: 0, is_flat: true };
        // SAFETY: the state is ours and there is room. The key is `nil` or the one that was given last.
        unsafe {
            ffi::lua_pushnil(self.state);
            while ffi::lua_next(self.state, table.0) != 0 {
                if read::number(self.state, key) != Some((list.len + 1) as f64) {
                    return Ok(None);
                }
                list.len += 1;
                list.is_flat &= read::kind(self.state, value) != Kind::Table;
                ffi::lua_settop(self.state, key.0);
            }
        }
        Ok(Some(list))
    }

    /// Shows each item of a list with its position, counted from 1. Fails only before the first.
    pub fn items(
        &mut self,
        list: List,
        mut f: impl FnMut(&mut Reader<'_>, usize, Slot) -> Result<(), Failed>,
    ) -> Result<(), Failed> {
        let level = self.level()?;
        let item = Slot(level.top + 1);
        for n in 1..=list.len {
            // SAFETY: the state is ours and there is room; the table is still there, since no reader changes the stack
            // below, and it is asked without its metatable.
            unsafe { ffi::lua_rawgeti_(self.state, list.table.0, c_int::try_from(n).unwrap_or(0)) };
            f(self, n, item)?;
            // SAFETY: the item and what was put above it are ours.
            unsafe { ffi::lua_settop(self.state, level.top) };
        }
        Ok(())
    }

    /// Whether `f` says yes to every key of a table. It is asked no more once it has said no.
    pub fn all_keys(
        &mut self,
        table: Slot,
        mut f: impl FnMut(&mut Reader<'_>, Slot) -> bool,
    ) -> Result<bool, Failed> {
        if self.kind(table) != Kind::Table {
            return Ok(true);
        }
        let level = self.level()?;
        let key = Slot(level.top + 1);
        // SAFETY: the state is ours and there is room. The key is `nil` or the one that was given last, and no reader
        // changes a table.
        unsafe {
            ffi::lua_pushnil(self.state);
            while ffi::lua_next(self.state, table.0) != 0 {
                if !f(self, key) {
                    return Ok(false);
                }
                ffi::lua_settop(self.state, key.0);
            }
        }
        Ok(true)
    }

    /// Begins a walk through tables within tables.
    pub fn walk(&mut self) -> Walk<'_> {
        // SAFETY: the state is ours.
        let level = unsafe { Level::of(self.state) };
        Walk {
            reader: Reader { state: self.state, stack: PhantomData },
            steps: SmallVec::new(),
            _level: level,
        }
    }

    /// An error at the place in a script from which the running function was called.
    pub fn fail(&self, text: impl std::fmt::Display) -> Failed {
        // SAFETY: the state is ours.
        Failed::Text(format!("{}{text}", unsafe { place(self.state) }))
    }
}

/// A table that is a list and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct List {
    table: Slot,
    /// How many items it has.
    pub len: usize,
    /// None of them is a table.
    pub is_flat: bool,
}

/// A table that a walk has entered.
#[derive(Clone, Copy, Debug)]
struct Step {
    table: Slot,
    /// The stack's height below what the walk shows of the table.
    base: c_int,
    way: Way,
}

/// How a table is gone through.
#[derive(Clone, Copy, Debug)]
enum Way {
    List { at: c_int, len: c_int },
    Pairs,
}

/// Shows the values of a table one by one, and goes into those that are tables themselves: as deep as the stack has
/// room, and no function calls itself for it.
pub struct Walk<'r> {
    reader: Reader<'r>,
    steps: SmallVec<[Step; 8]>,
    _level: Level,
}

impl<'r> Walk<'r> {
    /// Reads what the walk has come to.
    pub fn read(&mut self) -> &mut Reader<'r> {
        &mut self.reader
    }

    /// How many tables it is in.
    pub fn depth(&self) -> usize {
        self.steps.len()
    }

    /// Enters a table as a list of so many items.
    pub fn enter_list(&mut self, table: Slot, len: usize) -> Result<(), Failed> {
        let len = c_int::try_from(len).map_err(|_| Failed::from("table overflow"))?;
        self.enter(table, Way::List { at: 0, len })
    }

    /// Enters a table to see all its pairs.
    pub fn enter_pairs(&mut self, table: Slot) -> Result<(), Failed> {
        self.enter(table, Way::Pairs)
    }

    fn enter(&mut self, table: Slot, way: Way) -> Result<(), Failed> {
        if self.reader.kind(table) != Kind::Table {
            return Err("not a table".into());
        }
        let state = self.reader.state;
        // SAFETY: the state is ours. Where there is no room, Lua says so.
        unsafe {
            if ffi::lua_checkstack(state, ROOM) == 0 {
                return Err("stack overflow".into());
            }
            self.steps.push(Step { table, base: ffi::lua_gettop(state), way });
            if matches!(way, Way::Pairs) {
                ffi::lua_pushnil(state);
            }
        }
        Ok(())
    }

    /// Shows the next value of the innermost table, with its key where it is seen in pairs; `None` at its end, with
    /// which the walk is back in the table around it.
    pub fn advance(&mut self) -> Option<(Option<Slot>, Slot)> {
        let step = self.steps.last_mut()?;
        let (state, first) = (self.reader.state, step.base + 1);
        // SAFETY: the state is ours, and room was made when the table was entered. What lies above the base is ours:
        // of a table in pairs that is its last key, which is still one of its keys since no reader changes a table.
        unsafe {
            match step.way {
                Way::List { at, len } if at < len => {
                    step.way = Way::List { at: at + 1, len };
                    ffi::lua_settop(state, step.base);
                    ffi::lua_rawgeti_(state, step.table.0, at + 1);
                    return Some((None, Slot(first)));
                }
                Way::Pairs => {
                    ffi::lua_settop(state, first);
                    if ffi::lua_next(state, step.table.0) != 0 {
                        return Some((Some(Slot(first)), Slot(first + 1)));
                    }
                }
                Way::List { .. } => {}
            }
            ffi::lua_settop(state, step.base);
        }
        self.steps.pop();
        None
    }
}

/// Makes values on top of the stack.
#[derive(Debug)]
pub struct Stack<'l> {
    state: *mut ffi::lua_State,
    /// What lies up to here stays.
    floor: c_int,
    /// So many values may be pushed without making room.
    room: c_int,
    account: NonNull<Account>,
    /// The machine should not use more memory than this; 0 for no limit.
    memory_max: usize,
    call: PhantomData<&'l ()>,
}

impl<'l> Stack<'l> {
    /// # Safety
    /// Nobody else uses the state for `'l`, what lies on it now stays there, and allocation does not fail.
    pub(super) unsafe fn new(
        state: *mut ffi::lua_State,
        account: NonNull<Account>,
        memory_max: usize,
    ) -> Stack<'l> {
        // SAFETY: the state is ours.
        let floor = unsafe { ffi::lua_gettop(state) };
        Stack { state, floor, room: 0, account, memory_max, call: PhantomData }
    }

    pub(super) fn state(&self) -> *mut ffi::lua_State {
        self.state
    }

    /// Refuses to go on where the machine uses more memory than it should: to be asked every now and then by whoever
    /// makes much of little.
    pub fn check_memory(&self) -> Result<(), Failed> {
        self.check_memory_for(0)
    }

    /// Refuses to go on where the machine would use more memory than it should with so many bytes more.
    fn check_memory_for(&self, more: usize) -> Result<(), Failed> {
        if self.memory_max != 0 && self.used_memory().saturating_add(more) > self.memory_max {
            return Err("not enough memory".into());
        }
        Ok(())
    }

    /// Notes that a function does so much work, in the time of instructions: who watches is asked after its call.
    pub fn add_work(&self, work: u64) {
        // SAFETY: the machine is there for as long as its stack, and this thread has it.
        unsafe { Account::add_work(self.account, work) };
    }

    /// Bytes that the machine has.
    pub fn used_memory(&self) -> usize {
        // SAFETY: as above.
        unsafe { Account::used(self.account) }
    }

    /// Reads what lies on the stack.
    pub fn read(&mut self) -> Reader<'_> {
        // A reader may leave less room than there was.
        self.room = 0;
        // SAFETY: the stack is borrowed for as long as it is read.
        unsafe { Reader::new(self.state) }
    }

    /// Makes room for a value, and for what is pushed beside it for a moment.
    #[inline]
    pub(super) fn make_room(&mut self) -> Result<(), Failed> {
        if self.room < 4 {
            // SAFETY: the state is ours. Where there is no room, as beside some 8,000 arguments, Lua says so.
            let lacks = unsafe {
                ffi::lua_gettop(self.state) + ROOM > self.floor + GIVEN
                    && ffi::lua_checkstack(self.state, ROOM) == 0
            };
            if lacks {
                return Err("stack overflow".into());
            }
            self.room = ROOM;
        }
        self.room -= 1;
        Ok(())
    }

    /// The topmost value.
    #[inline]
    pub fn top(&self) -> Slot {
        // SAFETY: the state is ours.
        Slot(unsafe { ffi::lua_gettop(self.state) })
    }

    /// Pushes `nil`.
    pub fn push_nil(&mut self) -> Result<(), Failed> {
        self.make_room()?;
        // SAFETY: the state is ours, and there is room.
        unsafe { ffi::lua_pushnil(self.state) };
        Ok(())
    }

    /// Pushes a boolean.
    pub fn push_boolean(&mut self, yes: bool) -> Result<(), Failed> {
        self.make_room()?;
        // SAFETY: the state is ours, and there is room.
        unsafe { ffi::lua_pushboolean(self.state, c_int::from(yes)) };
        Ok(())
    }

    /// Pushes a number.
    pub fn push_number(&mut self, n: f64) -> Result<(), Failed> {
        self.make_room()?;
        // SAFETY: the state is ours, and there is room.
        unsafe { ffi::lua_pushnumber(self.state, n) };
        Ok(())
    }

    /// Pushes the null pointer, which stands for JSON's null.
    pub fn push_null(&mut self) -> Result<(), Failed> {
        self.make_room()?;
        // SAFETY: the state is ours, and there is room.
        unsafe { ffi::lua_pushlightuserdata(self.state, ptr::null_mut()) };
        Ok(())
    }

    /// Pushes a string.
    pub fn push_text(&mut self, text: &[u8]) -> Result<(), Failed> {
        self.make_room()?;
        // SAFETY: the state is ours, there is room, and Lua copies so many bytes.
        unsafe { ffi::lua_pushlstring_(self.state, text.as_ptr().cast(), text.len()) };
        Ok(())
    }

    /// Pushes an empty table with room for so many items of a list and so many fields.
    pub fn push_table(&mut self, items: usize, fields: usize) -> Result<Slot, Failed> {
        self.make_room()?;
        let most = |n: usize| n.min(1 << 20) as c_int;
        // SAFETY: the state is ours, and there is room.
        unsafe { ffi::lua_createtable(self.state, most(items), most(fields)) };
        Ok(self.top())
    }

    /// Pushes a list of strings.
    pub fn push_list(&mut self, texts: &[&[u8]]) -> Result<Slot, Failed> {
        let table = self.push_table(texts.len(), 0)?;
        self.make_room()?;
        for (text, n) in texts.iter().zip(1..=c_int::MAX) {
            // SAFETY: the state is ours, there is room for one value above the table, Lua copies so many bytes, and the
            // table is set without its metatable, of which it has none.
            unsafe {
                ffi::lua_pushlstring_(self.state, text.as_ptr().cast(), text.len());
                ffi::lua_rawseti_(self.state, table.0, n);
            }
        }
        self.room += 1;
        Ok(table)
    }

    /// Pushes a string, where the machine may use so much memory.
    pub fn push_text_within(&mut self, text: &[u8]) -> Result<(), Failed> {
        self.check_memory_for(text.len())?;
        self.push_text(text)
    }

    /// Pushes a value that is kept: a string need not be looked up among all strings.
    pub fn push_kept(&mut self, kept: &Kept) -> Result<Slot, Failed> {
        self.make_room()?;
        let at = kept.place_in(self.account).ok_or("the value belongs elsewhere")?;
        // SAFETY: the state is ours, there is room, and the registry is a table.
        unsafe { ffi::lua_rawgeti_(self.state, ffi::LUA_REGISTRYINDEX, at) };
        Ok(self.top())
    }

    /// Pushes what lies elsewhere once more.
    pub fn push_copy(&mut self, of: Slot) -> Result<(), Failed> {
        self.make_room()?;
        // SAFETY: the state is ours, there is room, and a slot with nothing in it is read as `nil`.
        unsafe { ffi::lua_pushvalue(self.state, of.0) };
        Ok(())
    }

    /// Whether the table is one, and lies below so many values that are ours to take.
    fn is_above(&self, table: Slot, values: c_int) -> Result<(), Failed> {
        let top = self.top().0;
        // SAFETY: the state is ours.
        let is_table = unsafe { read::kind(self.state, table) } == Kind::Table;
        if is_table && table.0 <= top - values && self.floor <= top - values {
            return Ok(());
        }
        Err("a value has no table to go to".into())
    }

    /// Takes the topmost value as an item of a table.
    pub fn set_item(&mut self, table: Slot, n: usize) -> Result<(), Failed> {
        self.is_above(table, 1)?;
        let n = c_int::try_from(n).map_err(|_| Failed::from("table overflow"))?;
        // SAFETY: it is a table below the value, which is ours; it is set without its metatable.
        unsafe { ffi::lua_rawseti_(self.state, table.0, n) };
        self.room += 1;
        Ok(())
    }

    /// Takes the two topmost values as key and value of a table.
    pub fn set_pair(&mut self, table: Slot) -> Result<(), Failed> {
        self.is_above(table, 2)?;
        let key = Slot(self.top().0 - 1);
        // SAFETY: the state is ours.
        match unsafe { (read::kind(self.state, key), read::number(self.state, key)) } {
            (Kind::Nil, _) => return Err("table index is nil".into()),
            (_, Some(n)) if n.is_nan() => return Err("table index is NaN".into()),
            _ => {}
        }
        // SAFETY: it is a table below both values, which are ours; the key is one; it is set without its metatable.
        unsafe { ffi::lua_rawset(self.state, table.0) };
        self.room += 2;
        Ok(())
    }

    /// Takes the topmost value as a field of a table.
    pub fn set_field(&mut self, table: Slot, name: &str) -> Result<(), Failed> {
        self.is_above(table, 1)?;
        self.push_text(name.as_bytes())?;
        // SAFETY: both values are ours, and change places; then as above.
        unsafe {
            ffi::lua_insert(self.state, -2);
            ffi::lua_rawset(self.state, table.0);
        }
        self.room += 2;
        Ok(())
    }

    /// Moves the topmost value below those from a slot on.
    pub fn move_below(&mut self, at: Slot) {
        if at.0 > self.floor && at.0 < self.top().0 {
            // SAFETY: all values from that slot on are ours.
            unsafe { ffi::lua_insert(self.state, at.0) };
        }
    }

    /// Puts the topmost value into a table of its own, under a name.
    pub fn wrap(&mut self, name: &str) -> Result<(), Failed> {
        let table = self.push_table(0, 1)?;
        if table.0 - 1 <= self.floor {
            return Err("a value has no table to go to".into());
        }
        // SAFETY: the table goes below the value, which is ours.
        unsafe { ffi::lua_insert(self.state, table.0 - 1) };
        self.set_field(Slot(table.0 - 1), name)
    }

    /// Takes the topmost value off.
    pub fn drop_top(&mut self) {
        self.truncate(Slot(self.top().0 - 1));
    }

    /// Takes everything off that lies above a slot.
    pub fn truncate(&mut self, to: Slot) {
        let to = to.0.clamp(self.floor, self.top().0);
        // SAFETY: the stack becomes no higher, and what lies below the floor stays.
        unsafe { ffi::lua_settop(self.state, to) };
        self.room = 0;
    }

    /// An error at the place in a script from which the running function was called.
    pub fn fail(&self, text: impl std::fmt::Display) -> Failed {
        // SAFETY: the state is ours.
        Failed::Text(format!("{}{text}", unsafe { place(self.state) }))
    }

    /// What is wrong with an argument, counted from 1, of the running function.
    pub fn bad_argument(&self, position: usize, problem: &str) -> Failed {
        // SAFETY: the state is ours.
        let name = unsafe { name(self.state) };
        self.bad_argument_of(position, &name, problem)
    }

    /// What is wrong with an argument, counted from 1, of a function of this name.
    pub fn bad_argument_of(&self, position: usize, function: &str, problem: &str) -> Failed {
        self.fail(format_args!("bad argument #{position} to '{function}' ({problem})"))
    }

    /// What runs: the running function is at level 0, and who has called it above.
    pub fn frame(&self, level: usize) -> Option<Frame> {
        // SAFETY: the state is ours.
        unsafe { frame(self.state, c_int::try_from(level).ok()?) }
    }
}

/// The name by which the running function was called, as Lua's own errors have it.
///
/// # Safety
/// The state is the caller's alone.
unsafe fn name(state: *mut ffi::lua_State) -> String {
    // SAFETY: as for `place`; there is no name where a function was not called by one.
    unsafe {
        let mut found: ffi::lua_Debug = zeroed();
        if ffi::lua_getstack(state, 0, &raw mut found) == 0 {
            return "?".into();
        }
        ffi::lua_getinfo(state, c"n".as_ptr(), &raw mut found);
        if found.name.is_null() { "?".into() } else { CStr::from_ptr(found.name).to_string_lossy().into() }
    }
}

/// Where the function was called that is running: source and line, as they stand before an error's text. Functions of
/// the host, of which a few may stand between, are passed by.
///
/// # Safety
/// The state is the caller's alone.
unsafe fn place(state: *mut ffi::lua_State) -> String {
    for level in 1..5 {
        // SAFETY: the state is ours. Lua fills what it is given in, and its texts last as long as the function that
        // they are about.
        unsafe {
            let mut found: ffi::lua_Debug = zeroed();
            if ffi::lua_getstack(state, level, &raw mut found) == 0 {
                break;
            }
            ffi::lua_getinfo(state, c"Sl".as_ptr(), &raw mut found);
            if CStr::from_ptr(found.source).to_bytes() == HOST {
                continue;
            }
            if found.currentline <= 0 {
                break;
            }
            let source = CStr::from_ptr(found.short_src.as_ptr()).to_string_lossy();
            return format!("{source}:{}: ", found.currentline);
        }
    }
    String::new()
}
