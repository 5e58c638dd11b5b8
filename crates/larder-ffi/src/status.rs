//! What a function answers. The numbers are part of the binary interface: they are never given to anything else.

use std::ffi::{CStr, c_char};

/// How a call ended: 0 and above is an outcome, below is an error, of which larder_error_text says more.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum larder_status {
    /// It was done.
    LARDER_OK = 0,
    /// There is no such key, message or node; nothing was done.
    LARDER_MISSING = 1,
    /// The condition did not hold; nothing was done.
    LARDER_NOT_DONE = 2,
    /// The time was up.
    LARDER_TIMEOUT = 3,
    /// The handle names nothing: it was closed, or never given out, or is of another kind.
    LARDER_ERR_HANDLE = -1,
    /// A pointer is NULL that must not be, a length is beyond what memory can hold, or an option is not known.
    LARDER_ERR_ARGUMENT = -2,
    /// A defect of the library: the call was broken off. The engine goes on.
    LARDER_ERR_PANIC = -3,
    /// This process is the child of a fork: the engine stayed with its parent.
    LARDER_ERR_FORKED = -4,
    /// The engine, connection or subscription has been closed meanwhile.
    LARDER_ERR_CLOSED = -5,
    /// The command answered with an error; the reply holds it.
    LARDER_ERR_COMMAND = -6,
    /// The key holds a value of another type.
    LARDER_ERR_TYPE = -7,
    /// The value is not a whole number, or the result would not fit 64 bits.
    LARDER_ERR_NUMBER = -8,
    /// The memory limit is reached and nothing may be evicted.
    LARDER_ERR_MEMORY = -9,
    /// The value would be longer than 512 MiB.
    LARDER_ERR_TOO_LARGE = -10,
    /// The buffer is too small; the length that is needed was written.
    LARDER_ERR_BUFFER = -11,
    /// The subscription fell behind and was ended: its queue was full.
    LARDER_ERR_TOO_SLOW = -12,
    /// There are as many handles as there can be.
    LARDER_ERR_HANDLES = -13,
}

/// A sentence about a status, for people. The text lives as long as the library is loaded. Never fails; any thread.
#[unsafe(no_mangle)]
pub extern "C" fn larder_status_text(status: i32) -> *const c_char {
    text_of(status).as_ptr()
}

fn text_of(status: i32) -> &'static CStr {
    match status {
        0 => c"done",
        1 => c"there is nothing of that name",
        2 => c"the condition did not hold",
        3 => c"the time was up",
        -1 => c"the handle is closed, of another kind, or no handle",
        -2 => c"an argument makes no sense",
        -3 => c"the call was broken off by a defect of the library",
        -4 => c"the engine stayed in the parent process",
        -5 => c"it was closed meanwhile",
        -6 => c"the command answered with an error",
        -7 => c"the key holds a value of another type",
        -8 => c"the value is not an integer or out of range",
        -9 => c"the memory limit is reached",
        -10 => c"the value would exceed 512 MiB",
        -11 => c"the buffer is too small",
        -12 => c"the subscription fell behind and was ended",
        -13 => c"there are too many handles",
        _ => c"no status of this library",
    }
}
