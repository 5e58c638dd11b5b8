//! A function lent for the time of a call to whoever could not borrow it.
//!
//! Some interpreters want functions that live as long as they do, while what such a function works on (a view with its
//! locks, say) lives only as long as one command. A [`Lent`] stands between: the interpreter's function owns the slot,
//! and the command puts what it works with into the slot while it runs.

use std::cell::Cell;
use std::fmt;
use std::ptr::NonNull;

type Function<A, R> = dyn FnMut(A) -> R;

/// A slot for a function that is there only for the time of a call.
pub struct Lent<A, R> {
    slot: Cell<Option<NonNull<Function<A, R>>>>,
}

impl<A, R> Default for Lent<A, R> {
    fn default() -> Self {
        Lent { slot: Cell::new(None) }
    }
}

impl<A, R> fmt::Debug for Lent<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lent").finish_non_exhaustive()
    }
}

/// Puts back what was in the slot, whatever happens meanwhile.
struct PutBack<'l, A, R> {
    lent: &'l Lent<A, R>,
    before: Option<NonNull<Function<A, R>>>,
}

impl<A, R> Drop for PutBack<'_, A, R> {
    fn drop(&mut self) {
        self.lent.slot.set(self.before);
    }
}

impl<A, R> Lent<A, R> {
    /// Lends a function while another one runs.
    pub fn lend<'f, T>(&self, function: &'f mut (dyn FnMut(A) -> R + 'f), during: impl FnOnce() -> T) -> T {
        let function = NonNull::from(function);
        // SAFETY: only the lifetime changes, and the pointer leaves the slot before that lifetime ends, since
        // `_put_back` is dropped before this function returns or unwinds. The borrow given to us is exclusive, and
        // `call` takes the pointer out of the slot while it uses it, so that nobody else has the function at a time.
        let function = unsafe {
            std::mem::transmute::<NonNull<dyn FnMut(A) -> R + 'f>, NonNull<Function<A, R>>>(function)
        };
        let _put_back = PutBack { lent: self, before: self.slot.replace(Some(function)) };
        during()
    }

    /// Calls the function that is lent; `None` if there is none, or if it is being called already.
    pub fn call(&self, argument: A) -> Option<R> {
        let mut function = self.slot.take()?;
        let _put_back = PutBack { lent: self, before: Some(function) };
        // SAFETY: it is in the slot only while `lend` holds an exclusive borrow of it, and taken out of the slot nobody
        // else calls it. The slot is not shared between threads, so `lend` cannot end meanwhile.
        let function = unsafe { function.as_mut() };
        Some(function(argument))
    }
}

#[cfg(test)]
mod tests {
    use super::Lent;

    #[test]
    fn a_function_is_there_only_while_it_is_lent() {
        let lent: Lent<i32, i32> = Lent::default();
        assert_eq!(lent.call(1), None);
        let mut sum = 0;
        let mut add = |n| {
            sum += n;
            sum
        };
        let replies = lent.lend(&mut add, || (lent.call(2), lent.call(3)));
        assert_eq!(replies, (Some(2), Some(5)));
        assert_eq!((lent.call(1), sum), (None, 5));
    }

    #[test]
    fn a_call_within_the_call_finds_nothing() {
        let lent: Lent<u8, Option<u8>> = Lent::default();
        let mut again = |n: u8| if n > 0 { lent.call(n - 1).flatten() } else { Some(9) };
        assert_eq!(lent.lend(&mut again, || lent.call(0)), Some(Some(9)));
        assert_eq!(lent.lend(&mut again, || lent.call(1)), Some(None));
    }

    #[test]
    fn a_panic_takes_it_away_too() {
        let lent: Lent<(), ()> = Lent::default();
        let lent = std::panic::AssertUnwindSafe(&lent);
        let result =
            std::panic::catch_unwind(|| lent.lend(&mut |()| panic!("as expected"), || lent.call(())));
        assert!(result.is_err());
        assert_eq!(lent.call(()), None);
    }
}
