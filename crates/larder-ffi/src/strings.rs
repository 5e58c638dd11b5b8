//! The short way for what programs do most: strings, counters and deadlines of database 0, without words to be parsed
//! and without a reply to be freed.

use crate::boundary::{Failure, enter_with};
use crate::engine::Engine;
use crate::handle::{self, larder_handle};
use crate::pointer;
use crate::status::larder_status::{self, LARDER_ERR_BUFFER, LARDER_MISSING, LARDER_NOT_DONE, LARDER_OK};
use larder::Db;
use std::time::Duration;

/// When larder_set sets.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum larder_condition {
    /// In any case.
    LARDER_ALWAYS = 0,
    /// Only if there is no such key.
    LARDER_IF_ABSENT = 1,
    /// Only if there is such a key.
    LARDER_IF_PRESENT = 2,
}

/// Runs `work` on a key of an engine's first database.
///
/// # Safety
/// `len` bytes can be read at `key`.
#[inline]
unsafe fn on_key(
    engine: larder_handle,
    key: *const u8,
    len: usize,
    work: impl FnOnce(&Db, &[u8]) -> Result<larder_status, Failure>,
) -> larder_status {
    enter_with(engine, || {
        let object = handle::get(engine)?;
        // SAFETY: the caller's promise.
        let key = unsafe { pointer::bytes(key, len)? };
        work(&Engine::of(&object)?.db, key)
    })
}

/// Copies the string of a key into `buffer`, if `room` is enough for all of it. `*len` becomes its length in any case,
/// unless it is NULL: with `room` 0 this asks for the length. Any thread. O(1), plus the length.
///
/// Returns LARDER_MISSING if there is no such key.
/// Errors: LARDER_ERR_BUFFER if it does not fit, LARDER_ERR_TYPE if the key holds no string.
///
/// # Safety
/// `key_len` bytes can be read at `key`, `room` bytes written at `buffer`, a length at `len` unless it is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn larder_get(
    engine: larder_handle,
    key: *const u8,
    key_len: usize,
    buffer: *mut u8,
    room: usize,
    len: *mut usize,
) -> larder_status {
    // SAFETY: the caller's promise, here and inside.
    unsafe {
        on_key(engine, key, key_len, |db, key| {
            let copied = db.strings().with(key, |bytes| pointer::copy(bytes, buffer, room, len))?;
            Ok(match copied {
                None => LARDER_MISSING,
                Some(true) => LARDER_OK,
                Some(false) => LARDER_ERR_BUFFER,
            })
        })
    }
}

/// Sets a key to a string, whatever it held, for `ttl_ms` milliseconds, or with 0 until it is removed. Any thread.
/// O(1), plus the length.
///
/// Returns LARDER_NOT_DONE if the condition does not hold.
/// Errors: LARDER_ERR_MEMORY, LARDER_ERR_TOO_LARGE.
///
/// # Safety
/// `key_len` bytes can be read at `key`, and `value_len` bytes at `value`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn larder_set(
    engine: larder_handle,
    key: *const u8,
    key_len: usize,
    value: *const u8,
    value_len: usize,
    ttl_ms: u64,
    condition: i32,
) -> larder_status {
    const IF_ABSENT: i32 = larder_condition::LARDER_IF_ABSENT as i32;
    const IF_PRESENT: i32 = larder_condition::LARDER_IF_PRESENT as i32;
    // SAFETY: the caller's promise, here and inside.
    unsafe {
        on_key(engine, key, key_len, |db, key| {
            let set = db.strings().set_with(key, pointer::bytes(value, value_len)?);
            let set = if ttl_ms == 0 { set } else { set.expires_in(Duration::from_millis(ttl_ms)) };
            let set = match condition {
                0 => set,
                IF_ABSENT => set.if_absent(),
                IF_PRESENT => set.if_present(),
                _ => return Err(Failure::argument("there is no such condition")),
            };
            Ok(if set.run()? { LARDER_OK } else { LARDER_NOT_DONE })
        })
    }
}

/// Adds to the number of a key, its deadline kept; a key that does not exist counts as 0. `*result` becomes the sum,
/// unless it is NULL. Any thread. O(1).
///
/// Errors: LARDER_ERR_NUMBER if it is no whole number or would not fit 64 bits, LARDER_ERR_TYPE, LARDER_ERR_MEMORY.
///
/// # Safety
/// `key_len` bytes can be read at `key`; `result` is NULL or a number can be written there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn larder_incr(
    engine: larder_handle,
    key: *const u8,
    key_len: usize,
    by: i64,
    result: *mut i64,
) -> larder_status {
    // SAFETY: the caller's promise, here and inside.
    unsafe {
        on_key(engine, key, key_len, |db, key| {
            pointer::write(result, db.strings().increment(key, by)?);
            Ok(LARDER_OK)
        })
    }
}

/// Removes a key, whatever it holds. Any thread. O(1).
///
/// Returns LARDER_MISSING if there is no such key.
///
/// # Safety
/// `key_len` bytes can be read at `key`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn larder_del(engine: larder_handle, key: *const u8, key_len: usize) -> larder_status {
    // SAFETY: the caller's promise.
    unsafe {
        on_key(engine, key, key_len, |db, key| {
            Ok(if db.keys().remove(key)? { LARDER_OK } else { LARDER_MISSING })
        })
    }
}

/// Whether a key exists. Any thread. O(1).
///
/// Returns LARDER_MISSING if it does not.
///
/// # Safety
/// `key_len` bytes can be read at `key`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn larder_exists(
    engine: larder_handle,
    key: *const u8,
    key_len: usize,
) -> larder_status {
    // SAFETY: the caller's promise.
    unsafe {
        on_key(engine, key, key_len, |db, key| {
            Ok(if db.keys().exists(key)? { LARDER_OK } else { LARDER_MISSING })
        })
    }
}

/// Has a key die in `ttl_ms` milliseconds; a negative number lets it live until it is removed. Any thread. O(1).
///
/// Returns LARDER_MISSING if there is no such key.
///
/// # Safety
/// `key_len` bytes can be read at `key`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn larder_expire(
    engine: larder_handle,
    key: *const u8,
    key_len: usize,
    ttl_ms: i64,
) -> larder_status {
    // SAFETY: the caller's promise.
    unsafe {
        on_key(engine, key, key_len, |db, key| {
            let found = if let Ok(ms) = u64::try_from(ttl_ms) {
                db.keys().expire_after(key, Duration::from_millis(ms))?
            } else {
                let exists = db.keys().exists(key)?;
                db.keys().persist(key)?;
                exists
            };
            Ok(if found { LARDER_OK } else { LARDER_MISSING })
        })
    }
}

/// For how many milliseconds a key will live: `*ttl_ms` becomes that, or -1 if it lives until it is removed. Any
/// thread. O(1).
///
/// Returns LARDER_MISSING if there is no such key.
///
/// # Safety
/// `key_len` bytes can be read at `key`, and a number written at `ttl_ms`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn larder_ttl(
    engine: larder_handle,
    key: *const u8,
    key_len: usize,
    ttl_ms: *mut i64,
) -> larder_status {
    // SAFETY: the caller's promise, here and inside.
    unsafe {
        on_key(engine, key, key_len, |db, key| {
            pointer::wanted(ttl_ms)?;
            let left = db.keys().time_to_live(key)?;
            if left.is_none() && !db.keys().exists(key)? {
                return Ok(LARDER_MISSING);
            }
            pointer::write(
                ttl_ms,
                left.map_or(-1, |left| i64::try_from(left.as_millis()).unwrap_or(i64::MAX)),
            );
            Ok(LARDER_OK)
        })
    }
}
