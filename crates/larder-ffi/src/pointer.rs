//! Pointers that C gives: looked at once, here, so that no other file reads through one.

use crate::boundary::Failure;
use std::ffi::{CStr, c_char};

/// Bytes by pointer and length. Nothing is nothing, wherever it points.
///
/// # Safety
/// `len` bytes can be read at `at`, and nobody writes them for `'a`, which ends with the call.
pub(crate) unsafe fn bytes<'a>(at: *const u8, len: usize) -> Result<&'a [u8], Failure> {
    if len == 0 {
        return Ok(&[]);
    }
    if at.is_null() {
        return Err(Failure::argument("a pointer to bytes is NULL"));
    }
    if isize::try_from(len).is_err() {
        return Err(Failure::argument("a length is more than memory can hold"));
    }
    // SAFETY: the caller's promise, with NULL and impossible lengths told apart above.
    Ok(unsafe { std::slice::from_raw_parts(at, len) })
}

/// An array by pointer and length.
///
/// # Safety
/// As for [`bytes`], with `len` counting elements, which are initialised.
pub(crate) unsafe fn array<'a, T>(at: *const T, len: usize) -> Result<&'a [T], Failure> {
    if len == 0 {
        return Ok(&[]);
    }
    if at.is_null() || !at.is_aligned() {
        return Err(Failure::argument("a pointer to an array is NULL or not aligned"));
    }
    if len.checked_mul(size_of::<T>()).is_none_or(|bytes| isize::try_from(bytes).is_err()) {
        return Err(Failure::argument("a length is more than memory can hold"));
    }
    // SAFETY: the caller's promise, with NULL, alignment and impossible lengths told apart above.
    Ok(unsafe { std::slice::from_raw_parts(at, len) })
}

/// A text that ends with a zero.
///
/// # Safety
/// `at` is NULL, or points to bytes that end with a zero and that nobody writes for `'a`.
pub(crate) unsafe fn text<'a>(at: *const c_char) -> Result<&'a str, Failure> {
    if at.is_null() {
        return Err(Failure::argument("a pointer to text is NULL"));
    }
    // SAFETY: the caller's promise.
    let text = unsafe { CStr::from_ptr(at) };
    text.to_str().map_err(|_| Failure::argument("a text is not UTF-8"))
}

/// Writes a result where the caller wants it; one who gives NULL does not want it.
///
/// # Safety
/// `to` is NULL, or a `T` can be written there.
pub(crate) unsafe fn write<T>(to: *mut T, value: T) {
    if !to.is_null() {
        // SAFETY: the caller's promise.
        unsafe { to.write(value) };
    }
}

/// That a result the caller cannot do without has a place to go.
pub(crate) fn wanted<T>(to: *mut T) -> Result<(), Failure> {
    if to.is_null() { Err(Failure::argument("the pointer for the result is NULL")) } else { Ok(()) }
}

/// Copies bytes into the caller's buffer, if it has room for all of them, and writes how many there are in any case.
/// Says whether they fit.
///
/// # Safety
/// `room` bytes can be written at `buffer`, and a length at `len` unless it is NULL.
pub(crate) unsafe fn copy(from: &[u8], buffer: *mut u8, room: usize, len: *mut usize) -> bool {
    // SAFETY: the caller's promise.
    unsafe { write(len, from.len()) };
    if from.is_empty() {
        return true;
    }
    if buffer.is_null() || room < from.len() {
        return false;
    }
    // SAFETY: the buffer has room for all bytes by the caller's promise, and is not the engine's memory.
    unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), buffer, from.len()) };
    true
}
