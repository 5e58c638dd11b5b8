//! Larder for Node: what the JavaScript of the package `larder` stands on.
//!
//! Node loads this library once into a process, however many `worker_threads` ask for it, so that its engines are
//! shared by all of them. Each thread that loads it is an *environment* of Node's, with a JavaScript of its own; what
//! belongs to one environment never meets another's, but for the engines and the bells that ring at its door.
//!
//! - `boundary`: nothing unwinds into Node. What goes wrong is thrown as an error of JavaScript.
//! - `js`: values of JavaScript, made and read. The only calls of Node-API but for those of `door`.
//! - `words`: arguments as bytes. `reply`: replies as JavaScript sees them.
//! - `home`: what one environment has. `door`: how other threads tell it that something has come.
//! - `engine`: the engines of the process, by name. `opened`: an engine as one environment uses it; `strings`: its
//!   functions that are called most. `connection`, `subscription`, `serving`: what else is opened on it.
//!
//! Node-API is used as it is. Generated wrappers cost two to four times what the functions behind them do, and a
//! thread-safe function of theirs outlives its environment in ways that Node does not forgive.

#[cfg(debug_assertions)]
mod allocations;
mod boundary;
mod connection;
mod door;
mod engine;
mod home;
mod js;
mod opened;
mod reply;
mod serving;
mod strings;
mod subscription;
mod words;

use std::sync::Once;

/// Node calls this in each environment that loads the library.
///
/// # Safety
/// To be called by Node only, with an environment and the object for what is exported.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn napi_register_module_v1(
    env: napi_sys::napi_env,
    exports: napi_sys::napi_value,
) -> napi_sys::napi_value {
    static SYMBOLS: Once = Once::new();
    // SAFETY: within Node its symbols are there. The library that names them is the program itself, which stays; so
    // does the table, because nobody closes what is forgotten.
    SYMBOLS.call_once(|| unsafe { std::mem::forget(napi_sys::setup()) });
    home::enter(js::Env::of(env), exports)
}

/// The version of Node-API that is needed: Node 12.22 has it.
#[unsafe(no_mangle)]
pub extern "C" fn napi_module_get_api_version_v1() -> i32 {
    8
}
