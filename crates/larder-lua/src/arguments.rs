//! Arguments of functions, and errors that say which of them is wrong, as Lua's own libraries do.

use crate::raw::{Args, Failed, Kind, Stack};

pub(crate) type Result<T> = std::result::Result<T, Failed>;

/// What is written may be so long, and of so many values. Tables can share parts, so that little memory stands for
/// endless text.
const OUTPUT_MAX: usize = 256 * 1024 * 1024;
const VALUES_MAX: usize = 8_000_000;

/// What it takes to write so much, in the time of instructions.
pub(crate) fn output_work(len: usize, values: usize) -> u64 {
    (len / 64 + values) as u64
}

/// Whether less is written than is too much.
pub(crate) fn is_output_small(len: usize, values: &mut usize) -> bool {
    *values += 1;
    len <= OUTPUT_MAX && *values <= VALUES_MAX
}

/// Refuses to write more than is reasonable.
pub(crate) fn check_output(stack: &Stack<'_>, len: usize, values: &mut usize) -> Result<()> {
    if is_output_small(len, values) { Ok(()) } else { Err(stack.fail("not enough memory")) }
}

/// Reads the arguments of a function.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a, 'l> {
    args: &'a Args<'l>,
    /// The name by which errors call the function; none for the one by which it was called.
    function: Option<&'static str>,
    /// What lies behind the last argument is `nil`, and not nothing.
    is_open: bool,
}

impl<'a, 'l> Given<'a, 'l> {
    pub(crate) fn new(args: &'a Args<'l>, function: &'static str) -> Given<'a, 'l> {
        Given { args, function: Some(function), is_open: false }
    }

    /// For a function that errors call as the script does.
    pub(crate) fn as_called(args: &'a Args<'l>) -> Given<'a, 'l> {
        Given { args, function: None, is_open: false }
    }

    /// For a function that takes what comes behind its last argument for `nil`.
    pub(crate) fn open(self) -> Given<'a, 'l> {
        Given { is_open: true, ..self }
    }

    /// What is wrong with an argument, counted from 1.
    pub(crate) fn bad(&self, stack: &Stack<'_>, position: usize, problem: &str) -> Failed {
        match self.function {
            Some(function) => stack.bad_argument_of(position, function, problem),
            None => stack.bad_argument(position, problem),
        }
    }

    fn wrong_type(&self, stack: &Stack<'_>, at: usize, wanted: &str) -> Failed {
        let kind = match self.args.kind(at) {
            Kind::None if self.is_open && at == self.args.len() => Kind::Nil,
            kind => kind,
        };
        self.bad(stack, at + 1, &format!("{wanted} expected, got {}", kind.name()))
    }

    /// Whether an argument is `nil` or left out.
    pub(crate) fn is_missing(&self, at: usize) -> bool {
        matches!(self.args.kind(at), Kind::None | Kind::Nil)
    }

    /// An argument as a number; strings that read as numbers are taken.
    pub(crate) fn number(&self, stack: &Stack<'_>, at: usize) -> Result<f64> {
        self.args.coerced(at).ok_or_else(|| self.wrong_type(stack, at, "number"))
    }

    /// An argument as a whole number.
    pub(crate) fn integer(&self, stack: &Stack<'_>, at: usize) -> Result<i64> {
        self.number(stack, at).map(|n| n as i64)
    }

    /// An argument as bytes; numbers are taken by their text, for which there is room in `number`.
    pub(crate) fn string<'t>(&self, stack: &Stack<'_>, at: usize, number: &'t mut Vec<u8>) -> Result<&'t [u8]>
    where
        'l: 't,
    {
        if let Some(n) = self.args.number(at) {
            number.clear();
            crate::decimal::write_number(number, n);
            return Ok(number);
        }
        self.args.text(at).ok_or_else(|| self.wrong_type(stack, at, "string"))
    }
}
