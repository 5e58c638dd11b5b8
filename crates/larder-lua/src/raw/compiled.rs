//! What is compiled once and then runs in many machines: the host's own text.
//!
//! Most of what a machine keeps for good are the functions of the host, and more than half of these are lines and names
//! that only errors tell. So that text is compiled without them, in a machine of its own, and what came of it is read
//! by every other one, where it lies as close together as it can.

use super::lua::{Kept, Lua};
use super::stack::Failed;
use mlua_sys as ffi;
use std::ffi::{c_int, c_void};

/// Compiled code of this process. There is no other way to have any: code from elsewhere could break a machine.
#[derive(Clone, Debug)]
pub struct Compiled(Vec<u8>);

/// Adds what Lua writes to the bytes that it was given.
unsafe extern "C-unwind" fn write(
    _: *mut ffi::lua_State,
    from: *const c_void,
    len: usize,
    into: *mut c_void,
) -> c_int {
    // SAFETY: who has Lua write hands over a vector that nobody else has meanwhile, and Lua has so many bytes there.
    unsafe {
        let (into, from) = (&mut *into.cast::<Vec<u8>>(), std::slice::from_raw_parts(from.cast(), len));
        into.extend_from_slice(from);
    }
    0
}

impl Compiled {
    /// Compiles a text, or says what is wrong with it. Errors in it will not say in which line they arose.
    pub fn new(text: &[u8], name: &str) -> Result<Compiled, String> {
        let lua = Lua::new();
        let function = lua.load(text, name)?;
        let whole = lua.with(|stack| {
            stack.push_kept(&function)?;
            let mut whole = Vec::new();
            // SAFETY: the state is ours, and a function of Lua lies on top. Nothing that `write` does jumps.
            unsafe { ffi::lua_dump_(stack.state(), write, (&raw mut whole).cast()) };
            Ok(whole)
        });
        let mut bare = Bare { whole: &whole.map_err(Failed::text)?, bytes: Vec::new() };
        bare.all().map(|()| Compiled(bare.bytes)).ok_or_else(|| "the compiled code cannot be read".into())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Lua {
    /// Takes code that was compiled before.
    pub fn load_compiled(&self, code: &Compiled) -> Result<Kept, String> {
        self.load_code(code.bytes(), c"=compiled").map_err(Failed::text)
    }
}

/// Copies compiled code without what is only there for errors. `None` says that it is not what was expected.
struct Bare<'c> {
    /// What is left to be read.
    whole: &'c [u8],
    bytes: Vec<u8>,
}

/// What begins all compiled code: a mark, the version, and the sizes of what follows.
const HEADER: usize = 12;
const INT: usize = size_of::<c_int>();
const INSTRUCTION: usize = 4;
/// Where a function was defined, and what its calls need.
const BOUNDS: usize = 2 * INT + 4;

impl<'c> Bare<'c> {
    fn skip(&mut self, len: usize) -> Option<&'c [u8]> {
        let (skipped, rest) = self.whole.split_at_checked(len)?;
        self.whole = rest;
        Some(skipped)
    }

    fn copy(&mut self, len: usize) -> Option<&'c [u8]> {
        let copied = self.skip(len)?;
        self.bytes.extend_from_slice(copied);
        Some(copied)
    }

    fn number(bytes: &[u8]) -> Option<usize> {
        usize::try_from(c_int::from_ne_bytes(bytes.try_into().ok()?)).ok()
    }

    fn copy_number(&mut self) -> Option<usize> {
        Self::number(self.copy(INT)?)
    }

    fn skip_number(&mut self) -> Option<usize> {
        Self::number(self.skip(INT)?)
    }

    /// The bytes of a text with its length before it.
    fn text_len(&self) -> Option<usize> {
        let len = usize::from_ne_bytes(*self.whole.first_chunk()?);
        len.checked_add(size_of::<usize>())
    }

    fn all(&mut self) -> Option<()> {
        self.copy(HEADER)?;
        self.function()?;
        self.whole.is_empty().then_some(())
    }

    fn function(&mut self) -> Option<()> {
        // Whose text it is: of all but the first nothing is said.
        self.copy(self.text_len()?)?;
        self.copy(BOUNDS)?;
        let instructions = self.copy_number()?;
        self.copy(instructions.checked_mul(INSTRUCTION)?)?;
        for _ in 0..self.copy_number()? {
            match c_int::from(*self.copy(1)?.first()?) {
                ffi::LUA_TNIL => {}
                ffi::LUA_TBOOLEAN => drop(self.copy(1)?),
                ffi::LUA_TNUMBER => drop(self.copy(size_of::<ffi::lua_Number>())?),
                ffi::LUA_TSTRING => drop(self.copy(self.text_len()?)?),
                _ => return None,
            }
        }
        for _ in 0..self.copy_number()? {
            self.function()?;
        }
        let lines = self.skip_number()?;
        self.skip(lines.checked_mul(INT)?)?;
        for _ in 0..self.skip_number()? {
            self.skip(self.text_len()?)?;
            self.skip(2 * INT)?;
        }
        for _ in 0..self.skip_number()? {
            self.skip(self.text_len()?)?;
        }
        // No lines, no names of variables.
        self.bytes.extend_from_slice(&[0; 3 * INT]);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Bare, Compiled};
    use crate::raw::Lua;

    const TEXT: &str = r"
        local given = ...
        local function inner(n) local twice = n * 2 return function() return twice + given end end
        local texts = { 'a', true, false, nil, 1.5 }
        return inner(20)(), texts[1], function() error('no place', 1) end
    ";

    #[test]
    fn code_does_in_another_machine_what_its_text_says() {
        let code = Compiled::new(TEXT.as_bytes(), "=text").expect("compiles");
        for _ in 0..2 {
            let lua = Lua::new();
            let function = lua.load_compiled(&code).expect("it is code");
            let [sum, text, failing] = lua.call(&function, |stack| stack.push_number(2.0)).expect("it runs");
            let seen = lua.with(|stack| {
                let (sum, text) = (stack.push_kept(&sum)?, stack.push_kept(&text)?);
                let reader = stack.read();
                Ok((reader.number(sum), reader.text(text).map(<[u8]>::to_vec)))
            });
            assert_eq!(seen, Ok((Some(42.0), Some(b"a".to_vec()))));
            let failed = lua.call::<0>(&failing, |_| Ok(()));
            assert!(failed.is_err_and(|problem| problem.text() == "no place"));
        }
        assert!(code.bytes().len() < TEXT.len() * 2);
    }

    #[test]
    fn what_is_no_code_is_refused() {
        let code = Compiled::new(TEXT.as_bytes(), "=text").expect("compiles");
        assert!(Compiled::new(b"return return", "=text").is_err());
        for len in 0..code.bytes().len() {
            let mut bare = Bare { whole: &code.bytes()[..len], bytes: Vec::new() };
            assert_eq!(bare.all(), None, "{len}");
        }
        // What has no lines and names any more is what it was.
        let mut bare = Bare { whole: code.bytes(), bytes: Vec::new() };
        assert_eq!(bare.all(), Some(()));
        assert_eq!(bare.bytes, code.bytes());
    }
}
