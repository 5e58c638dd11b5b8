//! Arguments as bytes: every key, value and word that JavaScript gives is copied once, into room that the environment
//! keeps, or onto the stack, before anything is locked.

use crate::boundary::Failure;
use crate::home::Home;
use crate::js::{Env, Js, Kind, Room};
use smallvec::SmallVec;

/// Room that is not kept for the next call.
const KEPT_BYTES_MAX: usize = 1 << 20;

/// Words, one behind the other. The room goes back when they are dropped.
pub(crate) struct Words<'h> {
    home: &'h Home,
    bytes: Vec<u8>,
    ends: SmallVec<[usize; 8]>,
    /// How much further on an argument stands among those of the call than here.
    shift: isize,
}

impl<'h> Words<'h> {
    #[inline]
    pub(crate) fn new(home: &'h Home) -> Words<'h> {
        let mut bytes = home.room.take();
        bytes.clear();
        Words { home, bytes, ends: SmallVec::new(), shift: 0 }
    }

    /// The words of these arguments.
    pub(crate) fn of(home: &'h Home, env: Env, args: &[Js]) -> Result<Words<'h>, Failure> {
        let mut words = Words::new(home);
        for arg in args {
            words.push(env, *arg)?;
        }
        Ok(words)
    }

    /// Adds an argument: a string, a number, a `BigInt`, or bytes.
    #[inline]
    pub(crate) fn push(&mut self, env: Env, value: Js) -> Result<(), Failure> {
        if !env.push_string(value, &mut self.bytes)? {
            self.push_other(env, value)?;
        }
        self.ends.push(self.bytes.len());
        Ok(())
    }

    fn push_other(&mut self, env: Env, value: Js) -> Result<(), Failure> {
        match env.kind(value)? {
            Kind::Number | Kind::BigInt => {
                let text = env.text_of(value)?;
                env.push_string(text, &mut self.bytes)?;
            }
            Kind::Object if env.push_bytes(value, &mut self.bytes)? => {}
            kind => return Err(self.refuse(env, value, kind)),
        }
        Ok(())
    }

    #[cold]
    fn refuse(&self, env: Env, value: Js, kind: Kind) -> Failure {
        let what = match kind {
            Kind::Undefined => "undefined",
            Kind::Null => "null",
            Kind::Boolean => "a boolean",
            Kind::Object if matches!(env.array_len(value), Ok(Some(_))) => "an array",
            Kind::Object => "an object",
            _ => "a function or a symbol",
        };
        Failure::Argument(format!(
            "argument {} is {what}: a string, a number, a BigInt or a Buffer is wanted",
            self.ends.len() as isize + 1 + self.shift
        ))
    }

    /// Adds a word that is no argument.
    pub(crate) fn push_text(&mut self, text: &str) {
        self.shift -= 1;
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(self.bytes.len());
    }

    #[inline]
    pub(crate) fn get(&self, at: usize) -> &[u8] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.bytes[start..self.ends[at]]
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn slices(&self) -> SmallVec<[&[u8]; 8]> {
        (0..self.len()).map(|at| self.get(at)).collect()
    }
}

impl Drop for Words<'_> {
    fn drop(&mut self) {
        if self.bytes.capacity() <= KEPT_BYTES_MAX {
            self.home.room.set(std::mem::take(&mut self.bytes));
        }
    }
}

/// One argument as bytes: a short string, as most are, lies on the stack.
pub(crate) struct Word<'h> {
    short: Room,
    long: Option<Words<'h>>,
}

impl<'h> Word<'h> {
    #[inline]
    pub(crate) fn new() -> Word<'h> {
        Word { short: Room::new(), long: None }
    }

    /// Reads the argument at a place.
    #[inline]
    pub(crate) fn read(
        &mut self,
        home: &'h Home,
        env: Env,
        value: Js,
        place: usize,
    ) -> Result<&[u8], Failure> {
        if let Some(bytes) = env.short_string(value, &mut self.short)? {
            return Ok(bytes);
        }
        let words = self.long.insert(Words::new(home));
        words.shift = place as isize;
        words.push(env, value)?;
        Ok(words.get(0))
    }
}
