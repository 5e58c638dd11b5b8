//! Commands by their words: every command there is, on an engine or on a connection with a state.

use crate::boundary::{Failure, Outcome, enter_with};
use crate::engine::{Alive, Engine};
use crate::handle::{self, Kind, Thing, larder_handle};
use crate::pointer;
use crate::reply::Reply;
use crate::status::larder_status::{self, LARDER_ERR_COMMAND, LARDER_OK};
use larder::{Connection, Ender, Value};
use parking_lot::Mutex;
use std::ffi::{CStr, c_char};
use std::sync::Arc;
use std::time::Duration;

/// A connection: one call at a time, ended from any thread.
pub(crate) struct Connected {
    connection: Mutex<Connection>,
    ender: Option<Ender>,
    engine: larder_handle,
    _alive: Arc<Alive>,
}

impl Connected {
    pub(crate) fn end(&self) {
        self.ender.iter().for_each(Ender::end);
    }
}

/// The words of a command.
///
/// # Safety
/// As for [`larder_call`].
unsafe fn words<'a>(
    argc: usize,
    argv: *const *const c_char,
    argvlen: *const usize,
) -> Result<Vec<&'a [u8]>, Failure> {
    // SAFETY: the caller's promise.
    let pointers = unsafe { pointer::array(argv, argc)? };
    if argvlen.is_null() {
        let word = |at: &*const c_char| {
            if at.is_null() {
                return Err(Failure::argument("a word is NULL"));
            }
            // SAFETY: without lengths the caller promises that words end with a zero.
            Ok(unsafe { CStr::from_ptr(*at) }.to_bytes())
        };
        return pointers.iter().map(word).collect();
    }
    // SAFETY: the caller's promise.
    let lens = unsafe { pointer::array(argvlen, argc)? };
    // SAFETY: the same.
    pointers.iter().zip(lens).map(|(at, len)| unsafe { pointer::bytes(at.cast(), *len) }).collect()
}

/// Gives a value a handle, if the caller wants it.
///
/// # Safety
/// `reply` is NULL, or a handle can be written there.
unsafe fn hand_over(value: Value, reply: *mut larder_handle) -> Outcome {
    let error = match &value {
        Value::Error(error) => Some(error.text().to_owned()),
        _ => None,
    };
    if !reply.is_null() {
        let handle = handle::give(Thing::Reply(Reply::new(value)))?;
        // SAFETY: the caller's promise.
        unsafe { pointer::write(reply, handle) };
    }
    match error {
        Some(text) => Err(Failure::new(LARDER_ERR_COMMAND, text)),
        None => Ok(LARDER_OK),
    }
}

/// Runs a command by its words, "SET", "key", "value": any command of Redis, with any bytes. On an engine each call is
/// on its own and works on database 0; what lasts from call to call (MULTI, SELECT, SUBSCRIBE) needs a connection. Any
/// thread; calls on one connection take turns. A command that waits, such as BLPOP, does so inside the call.
///
/// `argv` are `argc` pointers and `argvlen` their lengths; with `argvlen` NULL the words end with a zero. They are
/// read before the function returns. `*reply` becomes a handle, to be freed with larder_reply_free; NULL for no
/// interest.
///
/// Errors: LARDER_ERR_COMMAND if the command answered with an error: the reply holds it.
///
/// # Safety
/// The pointers are as said above; a handle can be written at `reply` unless it is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn larder_call(
    handle: larder_handle,
    argc: usize,
    argv: *const *const c_char,
    argvlen: *const usize,
    reply: *mut larder_handle,
) -> larder_status {
    enter_with(handle, || {
        let object = handle::get(handle)?;
        // SAFETY: the caller's promise.
        let words = unsafe { words(argc, argv, argvlen)? };
        let value = if let Thing::Connection(connected) = &object.thing {
            connected.connection.lock().reply(words)
        } else {
            let engine = Engine::of(&object)?;
            let mut connection = engine.larder.spare();
            // Whoever closes the engine ends the connections it sees; one that came later sees that it closes.
            if engine.is_closing() {
                return Err(Failure::closed());
            }
            connection.reply(words)
        };
        // SAFETY: the caller's promise.
        unsafe { hand_over(value, reply) }
    })
}

/// Opens a connection on an engine: what a client of a server has, without a socket. `*connection` becomes its handle,
/// to be closed with larder_disconnect, or with its engine.
///
/// # Safety
/// A handle can be written at `connection`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn larder_connect(
    engine: larder_handle,
    connection: *mut larder_handle,
) -> larder_status {
    enter_with(engine, || {
        pointer::wanted(connection)?;
        let object = handle::get(engine)?;
        let owner = Engine::of(&object)?;
        let opened = owner.larder.connect();
        let connected = Connected {
            ender: opened.ender(),
            connection: Mutex::new(opened),
            engine,
            _alive: owner.alive.clone(),
        };
        let handle = owner.adopt(Thing::Connection(Box::new(connected)))?;
        // SAFETY: the caller's promise.
        unsafe { pointer::write(connection, handle) };
        Ok(LARDER_OK)
    })
}

/// Closes a connection. A call that waits on it answers an error.
#[unsafe(no_mangle)]
pub extern "C" fn larder_disconnect(connection: larder_handle) -> larder_status {
    enter_with(connection, || {
        let object = handle::take(connection, Kind::Connection)?;
        object.end();
        if let Thing::Connection(connected) = &object.thing
            && let Ok(owner) = handle::get(connected.engine)
            && let Thing::Engine(engine) = &owner.thing
        {
            engine.forget(connection);
        }
        Ok(LARDER_OK)
    })
}

/// The next message of a connection that has subscribed (SUBSCRIBE, CLIENT TRACKING), waiting at most `timeout_ms`
/// milliseconds for it; a negative number waits for ever. `*reply` becomes a handle as that of larder_call.
///
/// Returns LARDER_TIMEOUT if none came.
///
/// # Safety
/// A handle can be written at `reply`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn larder_listen(
    connection: larder_handle,
    timeout_ms: i64,
    reply: *mut larder_handle,
) -> larder_status {
    enter_with(connection, || {
        pointer::wanted(reply)?;
        let object = handle::get(connection)?;
        let Thing::Connection(connected) = &object.thing else {
            return Err(Failure::new(
                larder_status::LARDER_ERR_HANDLE,
                "the handle is not that of a connection",
            ));
        };
        let message = connected.connection.lock().next_message(timeout(timeout_ms));
        let Some(message) = message else {
            let is_open = handle::find(connection).is_some();
            return if is_open { Ok(larder_status::LARDER_TIMEOUT) } else { Err(Failure::closed()) };
        };
        // SAFETY: the caller's promise.
        unsafe { hand_over(message, reply) }
    })
}

/// A time in milliseconds; a negative one is for ever.
pub(crate) fn timeout(ms: i64) -> Duration {
    u64::try_from(ms).map_or(Duration::MAX, Duration::from_millis)
}
