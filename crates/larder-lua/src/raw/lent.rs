//! A function lent for the time of a call to whoever could not borrow it.
//!
//! Functions of Lua live as long as the machine, while what they work on (a view with its locks, say) lives only as
//! long as one script. A [`Lent`] stands between: the machine's function owns the slot, and who runs a script puts what
//! it works with into the slot meanwhile.

use super::stack::{Args, Failed, Stack};
use std::cell::Cell;
use std::fmt;
use std::ptr::NonNull;

/// What is lent: it is told what is wanted of it, and leaves so many results on the stack as it says.
type Function<W> = dyn for<'l> FnMut(W, &Args<'l>, &mut Stack<'l>) -> Result<usize, Failed>;

/// A slot for a function that is there only for the time of a call.
pub struct Lent<W> {
    slot: Cell<Option<NonNull<Function<W>>>>,
}

impl<W> Default for Lent<W> {
    fn default() -> Self {
        Lent { slot: Cell::new(None) }
    }
}

impl<W> fmt::Debug for Lent<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lent").finish_non_exhaustive()
    }
}

/// Puts back what was in the slot, whatever happens meanwhile.
struct PutBack<'l, W> {
    lent: &'l Lent<W>,
    before: Option<NonNull<Function<W>>>,
}

impl<W> Drop for PutBack<'_, W> {
    fn drop(&mut self) {
        self.lent.slot.set(self.before);
    }
}

impl<W> Lent<W> {
    /// Lends a function while another one runs.
    pub fn lend<'f, T>(
        &self,
        function: &'f mut (dyn for<'l> FnMut(W, &Args<'l>, &mut Stack<'l>) -> Result<usize, Failed> + 'f),
        during: impl FnOnce() -> T,
    ) -> T {
        let function = NonNull::from(function);
        // SAFETY: only the lifetime changes, and the pointer leaves the slot before that lifetime ends, since
        // `_put_back` is dropped before this function returns or unwinds. The borrow given to us is exclusive, and
        // `call` takes the pointer out of the slot while it uses it, so that nobody else has the function at a time.
        let function = unsafe {
            std::mem::transmute::<
                NonNull<dyn for<'l> FnMut(W, &Args<'l>, &mut Stack<'l>) -> Result<usize, Failed> + 'f>,
                NonNull<Function<W>>,
            >(function)
        };
        let _put_back = PutBack { lent: self, before: self.slot.replace(Some(function)) };
        during()
    }

    /// Calls the function that is lent. An error if there is none, or if it is being called already.
    pub fn call<'l>(&self, what: W, args: &Args<'l>, stack: &mut Stack<'l>) -> Result<usize, Failed> {
        let Some(mut function) = self.slot.take() else { return Err("no script is running".into()) };
        let _put_back = PutBack { lent: self, before: Some(function) };
        // SAFETY: it is in the slot only while `lend` holds an exclusive borrow of it, and taken out of the slot nobody
        // else calls it. The slot is not shared between threads, so `lend` cannot end meanwhile.
        let function = unsafe { function.as_mut() };
        function(what, args, stack)
    }
}

#[cfg(test)]
mod tests {
    use super::Lent;
    use crate::raw::{Failed, Kept, Lua, Outcome, run};
    use std::rc::Rc;

    /// Calls a function of Lua that hands its argument on to what is lent: the result, or the error's text.
    fn ask(lua: &Lua, asked: &Kept, n: f64) -> Result<f64, String> {
        let result = run(
            lua,
            None,
            asked,
            0,
            |stack| stack.push_number(n),
            |reader, outcome| match outcome {
                Outcome::Returned(slot) => Ok(reader.number(slot).unwrap_or(f64::NAN)),
                Outcome::Failed(slot) => {
                    Err(String::from_utf8_lossy(reader.text(slot).unwrap_or_default()).into())
                }
            },
        );
        result.expect("there is room")
    }

    fn machine() -> (Lua, Rc<Lent<u8>>, Kept) {
        let (lua, lent) = (Lua::new(), Rc::new(Lent::<u8>::default()));
        let slot = lent.clone();
        let asked = lua.with(|stack| {
            stack.push_function(move |args, stack| slot.call(1, args, stack))?;
            lua.keep(stack.top())
        });
        let asked = asked.expect("made");
        (lua, lent, asked)
    }

    #[test]
    fn a_function_is_there_only_while_it_is_lent() {
        let (lua, lent, asked) = machine();
        assert_eq!(ask(&lua, &asked, 1.0), Err("no script is running".into()));
        let mut sum = 0.0;
        let answers = lent.lend(
            &mut |_, args, stack| {
                sum += args.number(0).unwrap_or(0.0);
                stack.push_number(sum).map(|()| 1)
            },
            || (ask(&lua, &asked, 2.0), ask(&lua, &asked, 3.0)),
        );
        assert_eq!(answers, (Ok(2.0), Ok(5.0)));
        assert!(ask(&lua, &asked, 1.0).is_err());
    }

    #[test]
    fn a_call_within_the_call_finds_nothing() {
        let (lua, lent, asked) = machine();
        let answer = lent.lend(
            &mut |_, _, stack| match ask(&lua, &asked, 1.0) {
                Ok(_) => stack.push_number(1.0).map(|()| 1),
                Err(text) => Err(Failed::Text(format!("inner: {text}"))),
            },
            || ask(&lua, &asked, 1.0),
        );
        assert_eq!(answer, Err("inner: no script is running".into()));
    }

    #[test]
    fn a_panic_is_an_error_and_takes_nothing_with_it() {
        let (lua, lent, asked) = machine();
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let answer = lent.lend(&mut |_, _, _| panic!("as expected"), || ask(&lua, &asked, 1.0));
        std::panic::set_hook(hook);
        assert!(answer.is_err_and(|text| text.contains("panic")));
        assert!(ask(&lua, &asked, 1.0).is_err_and(|text| text.contains("no script")));
    }
}
