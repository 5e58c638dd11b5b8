//! The border to the machine's own interface: its stack, functions that work on it, and calls of Lua functions.
//!
//! Scripts call commands some ten times each, and a binding that hands over every value costs a reference, a check and
//! often a protected call for each, and room for all that are handed over at a time. Here values are read and made
//! where they lie. This is the only unsafe code of the crate, and what it offers is safe because of four things:
//!
//! - **Nothing jumps over Rust.** Errors of Lua are jumps, which must not pass a Rust function that has something to
//!   clean up. So nothing here calls what can fail: each value's type is looked at before an operation that wants
//!   one, room is made before anything is pushed, metatables are never asked, and while Rust works the machine has no
//!   memory limit. An error of ours is raised at the very end of a call, when nothing is left to clean up.
//! - **Slots stay.** A function's arguments lie below a floor under which nothing is taken from the stack, so that
//!   texts borrowed from them last as long as the call. Others are borrowed from the stack as a whole.
//! - **Who goes through a table cannot change any.** A [`Reader`] only reads, so that the way to the next key is never
//!   lost.
//! - **Functions live as long as what calls them.** Lua owns them, and what is kept of a machine keeps the machine.

mod arena;
mod call;
mod compiled;
mod function;
mod jumps;
mod lent;
mod lua;
mod stack;

pub use call::{Outcome, run};
pub use compiled::Compiled;
pub use jumps::has_too_many_jumps;
pub use lent::Lent;
pub use lua::{Frame, Kept, Lua};
pub use stack::{Args, Failed, Kind, List, Reader, Slot, Stack, Walk, Word};
