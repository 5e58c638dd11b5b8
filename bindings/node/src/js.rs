//! Values of JavaScript, made and read.
//!
//! A value is valid until the call in which it was made returns to Node, and no longer; nothing here keeps one. No
//! function here runs code of the user's: what would (an object's `toString`) is refused as an argument.

use crate::boundary::Failure;
use napi_sys as sys;
use std::ffi::{CStr, c_char, c_void};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::{Arc, LazyLock};

/// A value, within a call.
pub(crate) type Js = sys::napi_value;

/// Behind a text that Node wrote: the zero at its end, and a character that did not fit.
const TEXT_SLACK: usize = 5;
const ROOM_LEN: usize = 1024;

/// Room on the stack for a short text.
pub(crate) struct Room([MaybeUninit<u8>; ROOM_LEN]);

impl Room {
    #[inline]
    pub(crate) fn new() -> Room {
        Room([MaybeUninit::uninit(); ROOM_LEN])
    }
}

/// An environment, within a call that Node makes into it.
#[derive(Clone, Copy)]
pub(crate) struct Env(sys::napi_env);

/// What a value is, as far as arguments go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Undefined,
    Null,
    Boolean,
    Number,
    BigInt,
    String,
    Object,
    Other,
}

fn checked(status: sys::napi_status) -> Result<(), Failure> {
    match status {
        sys::Status::napi_ok => Ok(()),
        // JavaScript has thrown, or runs no more because the environment ends.
        sys::Status::napi_pending_exception | sys::Status::napi_cannot_run_js | sys::Status::napi_closing => {
            Err(Failure::Pending)
        }
        status => Err(Failure::Defect(format!("Node answered {status}"))),
    }
}

/// A call of Node-API that gives something through its last argument.
macro_rules! made {
    ($function:ident($($argument:expr),*)) => {{
        let mut result = ptr::null_mut();
        // SAFETY: the environment is that of the call we are in, pointers and lengths belong together, and Node writes
        // the result before it answers that all is well.
        checked(unsafe { sys::$function($($argument,)* &raw mut result) })?;
        Ok::<_, Failure>(result)
    }};
}

/// The same for what is read into a plain variable.
macro_rules! read {
    ($function:ident($($argument:expr),*) into $result:expr) => {{
        // SAFETY: as above.
        checked(unsafe { sys::$function($($argument,)* &raw mut $result) })
    }};
}

/// `node_api_create_external_string_latin1`: part of Node-API 10, and in Node 20 from its first releases on, but not in
/// the very first. A library that names it could not be loaded there, so it is looked up.
type CreateExternalString = unsafe extern "C" fn(
    sys::napi_env,
    *mut c_char,
    usize,
    sys::napi_finalize,
    *mut c_void,
    *mut Js,
    *mut bool,
) -> sys::napi_status;

fn external_string() -> Option<CreateExternalString> {
    static FOUND: LazyLock<Option<CreateExternalString>> = LazyLock::new(|| {
        // SAFETY: the name ends with a zero, and a function of this name is Node's, of this type.
        unsafe {
            let found = libc::dlsym(libc::RTLD_DEFAULT, c"node_api_create_external_string_latin1".as_ptr());
            std::mem::transmute::<*mut c_void, Option<CreateExternalString>>(found)
        }
    });
    *FOUND
}

/// Node calls this when a string is gone, or at once if it has copied the bytes; at the end of an environment perhaps
/// without the environment.
unsafe extern "C" fn let_go(_: sys::napi_env, _: *mut c_void, hint: *mut c_void) {
    // SAFETY: it comes from `into_raw` in `shared_string`, and Node gives it back once.
    drop(unsafe { Arc::from_raw(hint.cast::<Vec<u8>>().cast_const()) });
}

impl Env {
    pub(crate) fn of(env: sys::napi_env) -> Env {
        Env(env)
    }

    pub(crate) fn raw(self) -> sys::napi_env {
        self.0
    }

    /// Writes the arguments of a call into `room`, as many as it takes. Gives how many there are, and the data of the
    /// function.
    #[inline]
    pub(crate) fn arguments(
        self,
        info: sys::napi_callback_info,
        room: &mut [Js],
    ) -> Result<(usize, *mut c_void), Failure> {
        let (mut count, mut data) = (room.len(), ptr::null_mut());
        let args = room.as_mut_ptr();
        // SAFETY: there is room for as many arguments as are said.
        checked(unsafe {
            sys::napi_get_cb_info(self.0, info, &raw mut count, args, ptr::null_mut(), &raw mut data)
        })?;
        Ok((count, data))
    }

    /// All arguments of a call, where there are this many.
    #[cold]
    pub(crate) fn all_arguments(
        self,
        info: sys::napi_callback_info,
        count: usize,
    ) -> Result<Vec<Js>, Failure> {
        let mut all = vec![ptr::null_mut(); count];
        self.arguments(info, &mut all)?;
        Ok(all)
    }

    pub(crate) fn undefined(self) -> Result<Js, Failure> {
        made!(napi_get_undefined(self.0))
    }

    pub(crate) fn null(self) -> Result<Js, Failure> {
        made!(napi_get_null(self.0))
    }

    #[inline]
    pub(crate) fn boolean(self, yes: bool) -> Result<Js, Failure> {
        made!(napi_get_boolean(self.0, yes))
    }

    pub(crate) fn double(self, n: f64) -> Result<Js, Failure> {
        made!(napi_create_double(self.0, n))
    }

    /// A number; beyond 2^53, where numbers are not exact any more, a `BigInt`.
    pub(crate) fn int(self, n: i64) -> Result<Js, Failure> {
        if n.unsigned_abs() < 1 << 53 {
            made!(napi_create_int64(self.0, n))
        } else {
            made!(napi_create_bigint_int64(self.0, n))
        }
    }

    pub(crate) fn count(self, n: usize) -> Result<Js, Failure> {
        self.double(n as f64)
    }

    /// A string of bytes that should be UTF-8; what is not becomes U+FFFD.
    #[inline]
    pub(crate) fn string(self, bytes: &[u8]) -> Result<Js, Failure> {
        let (at, len) = (bytes.as_ptr().cast(), bytes.len() as isize);
        if bytes.is_ascii() {
            // Copied as it is, without a look at each byte.
            made!(napi_create_string_latin1(self.0, at, len))
        } else {
            made!(napi_create_string_utf8(self.0, at, len))
        }
    }

    /// A string whose bytes stay where they are, and live for as long as JavaScript or the engine needs them: nothing
    /// is copied, whatever the length, but each byte is looked at once. Text that is not ASCII is copied all the same,
    /// and so is all of it where Node has no such function (before 20.4).
    pub(crate) fn shared_string(self, bytes: Arc<Vec<u8>>) -> Result<Js, Failure> {
        let Some(create) = external_string().filter(|_| bytes.is_ascii()) else { return self.string(&bytes) };
        let (at, len) = (bytes.as_ptr().cast_mut().cast(), bytes.len());
        let (hint, mut result) = (Arc::into_raw(bytes), ptr::null_mut());
        // SAFETY: the bytes stay where they are, and what they are, for as long as somebody has this share of them,
        // which goes to Node with the hint and comes back in `let_go`: the engine changes only what nobody shares.
        let status = unsafe {
            create(self.0, at, len, Some(let_go), hint.cast_mut().cast(), &raw mut result, ptr::null_mut())
        };
        if status != sys::Status::napi_ok {
            // SAFETY: it comes from `into_raw` above, and Node has not taken it.
            drop(unsafe { Arc::from_raw(hint) });
        }
        checked(status).map(|()| result)
    }

    /// A `Buffer` with a copy of the bytes.
    pub(crate) fn buffer(self, bytes: &[u8]) -> Result<Js, Failure> {
        made!(napi_create_buffer_copy(self.0, bytes.len(), bytes.as_ptr().cast(), ptr::null_mut()))
    }

    pub(crate) fn array(self, len: usize) -> Result<Js, Failure> {
        made!(napi_create_array_with_length(self.0, len))
    }

    pub(crate) fn set_element(self, array: Js, at: usize, value: Js) -> Result<(), Failure> {
        // SAFETY: the environment is that of the call we are in.
        checked(unsafe { sys::napi_set_element(self.0, array, at as u32, value) })
    }

    pub(crate) fn element(self, array: Js, at: usize) -> Result<Js, Failure> {
        made!(napi_get_element(self.0, array, at as u32))
    }

    pub(crate) fn object(self) -> Result<Js, Failure> {
        made!(napi_create_object(self.0))
    }

    pub(crate) fn set(self, object: Js, name: &CStr, value: Js) -> Result<(), Failure> {
        // SAFETY: the environment is that of the call we are in, and the name ends with a zero.
        checked(unsafe { sys::napi_set_named_property(self.0, object, name.as_ptr(), value) })
    }

    /// Gives an object properties of its own, whatever they are called: one called `__proto__` is one of them.
    pub(crate) fn define(self, object: Js, pairs: &[(Js, Js)]) -> Result<(), Failure> {
        use sys::PropertyAttributes::{configurable, enumerable, writable};
        let described = |(name, value): &(Js, Js)| sys::napi_property_descriptor {
            utf8name: ptr::null(),
            name: *name,
            method: None,
            getter: None,
            setter: None,
            value: *value,
            attributes: configurable | enumerable | writable,
            data: ptr::null_mut(),
        };
        let described: Vec<_> = pairs.iter().map(described).collect();
        // SAFETY: as many descriptors are there as are said.
        checked(unsafe { sys::napi_define_properties(self.0, object, described.len(), described.as_ptr()) })
    }

    /// A function with data, and what frees these when the function is gone.
    pub(crate) fn function(
        self,
        name: &CStr,
        entry: unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> Js,
        data: *mut c_void,
        free: unsafe extern "C" fn(sys::napi_env, *mut c_void, *mut c_void),
    ) -> Result<Js, Failure> {
        let len = name.count_bytes() as isize;
        let function = made!(napi_create_function(self.0, name.as_ptr(), len, Some(entry), data))?;
        // SAFETY: the data outlives the function, since only this frees it.
        checked(unsafe {
            sys::napi_add_finalizer(self.0, function, data, Some(free), ptr::null_mut(), ptr::null_mut())
        })?;
        Ok(function)
    }

    /// Calls a function of ours with `undefined` for its `this`.
    pub(crate) fn call(self, function: Js, args: &[Js]) -> Result<Js, Failure> {
        let this = self.undefined()?;
        made!(napi_call_function(self.0, this, function, args.len(), args.as_ptr()))
    }

    /// Keeps a value beyond this call, for as long as the environment lives.
    pub(crate) fn keep(self, value: Js) -> Result<sys::napi_ref, Failure> {
        made!(napi_create_reference(self.0, value, 1))
    }

    pub(crate) fn kept(self, kept: sys::napi_ref) -> Result<Js, Failure> {
        made!(napi_get_reference_value(self.0, kept))
    }

    /// Throws a value, unless something is thrown already.
    pub(crate) fn throw(self, error: Js) {
        // SAFETY: the environment is that of the call we are in. That it may refuse changes nothing.
        let _ = unsafe { sys::napi_throw(self.0, error) };
    }

    /// Throws an error of this text, where the package's own classes of errors are not to be had.
    pub(crate) fn throw_plain(self, text: &str) {
        let text = std::ffi::CString::new(text.replace('\0', " ")).unwrap_or_default();
        // SAFETY: the text ends with a zero.
        let _ = unsafe { sys::napi_throw_error(self.0, ptr::null(), text.as_ptr()) };
    }

    #[inline]
    pub(crate) fn kind(self, value: Js) -> Result<Kind, Failure> {
        let mut kind = 0;
        read!(napi_typeof(self.0, value) into kind)?;
        Ok(match kind {
            sys::ValueType::napi_undefined => Kind::Undefined,
            sys::ValueType::napi_null => Kind::Null,
            sys::ValueType::napi_boolean => Kind::Boolean,
            sys::ValueType::napi_number => Kind::Number,
            sys::ValueType::napi_bigint => Kind::BigInt,
            sys::ValueType::napi_string => Kind::String,
            sys::ValueType::napi_object => Kind::Object,
            _ => Kind::Other,
        })
    }

    pub(crate) fn is_undefined(self, value: Js) -> Result<bool, Failure> {
        Ok(self.kind(value)? == Kind::Undefined)
    }

    /// The value of a number; an error for anything else.
    pub(crate) fn number(self, value: Js) -> Result<f64, Failure> {
        let mut n = 0.0;
        if self.kind(value)? != Kind::Number {
            return Err(Failure::argument("a number is wanted"));
        }
        read!(napi_get_value_double(self.0, value) into n)?;
        Ok(n)
    }

    pub(crate) fn is_true(self, value: Js) -> Result<bool, Failure> {
        let mut yes = false;
        if self.kind(value)? == Kind::Boolean {
            read!(napi_get_value_bool(self.0, value) into yes)?;
        }
        Ok(yes)
    }

    pub(crate) fn array_len(self, value: Js) -> Result<Option<usize>, Failure> {
        let (mut is_array, mut len) = (false, 0);
        read!(napi_is_array(self.0, value) into is_array)?;
        if !is_array {
            return Ok(None);
        }
        read!(napi_get_array_length(self.0, value) into len)?;
        Ok(Some(len as usize))
    }

    /// The text of a number or of a `BigInt`, as JavaScript writes it.
    pub(crate) fn text_of(self, number: Js) -> Result<Js, Failure> {
        made!(napi_coerce_to_string(self.0, number))
    }

    /// The text of a string in UTF-8, written into `room`. `None` if it is no string, or does not fit.
    #[inline]
    pub(crate) fn short_string(self, value: Js, room: &mut Room) -> Result<Option<&[u8]>, Failure> {
        let (at, mut written) = (room.0.as_mut_ptr().cast::<c_char>(), 0);
        // SAFETY: as many bytes may be written as there is room for.
        let status =
            unsafe { sys::napi_get_value_string_utf8(self.0, value, at, ROOM_LEN, &raw mut written) };
        if status == sys::Status::napi_string_expected || written + TEXT_SLACK > ROOM_LEN {
            return Ok(None);
        }
        checked(status)?;
        // SAFETY: so many bytes were written, and nobody writes them while they are borrowed.
        Ok(Some(unsafe { std::slice::from_raw_parts(at.cast::<u8>(), written) }))
    }

    /// Adds the text of a string in UTF-8. Half a surrogate pair becomes U+FFFD. Says whether it is a string.
    #[inline]
    pub(crate) fn push_string(self, value: Js, out: &mut Vec<u8>) -> Result<bool, Failure> {
        out.reserve(256);
        loop {
            let (room, mut written) = (out.capacity() - out.len(), 0);
            // SAFETY: as many bytes may be written behind the end as the vector has room for, and those that were
            // written are text.
            unsafe {
                let end = out.as_mut_ptr().add(out.len());
                let status =
                    sys::napi_get_value_string_utf8(self.0, value, end.cast(), room, &raw mut written);
                // To try costs nothing, while to ask first would cost each string a call.
                if status == sys::Status::napi_string_expected {
                    return Ok(false);
                }
                checked(status)?;
                if written + TEXT_SLACK <= room {
                    out.set_len(out.len() + written);
                    return Ok(true);
                }
            }
            let mut len = 0;
            read!(napi_get_value_string_utf8(self.0, value, ptr::null_mut(), 0) into len)?;
            out.reserve(len + TEXT_SLACK);
        }
    }

    /// Runs `look` on the bytes of a `Buffer`, of another view or of an `ArrayBuffer`; `None` for any other object.
    /// `look` must not call into Node.
    pub(crate) fn with_bytes<R>(
        self,
        value: Js,
        look: impl FnOnce(*mut u8, usize) -> R,
    ) -> Result<Option<R>, Failure> {
        let (mut is_view, mut is_buffer) = (false, false);
        let (mut data, mut len) = (ptr::null_mut(), 0);
        read!(napi_is_buffer(self.0, value) into is_view)?;
        if is_view {
            read!(napi_get_buffer_info(self.0, value, &raw mut data) into len)?;
        } else {
            read!(napi_is_arraybuffer(self.0, value) into is_buffer)?;
            if !is_buffer {
                return Ok(None);
            }
            read!(napi_get_arraybuffer_info(self.0, value, &raw mut data) into len)?;
        }
        // One without bytes, or whose bytes went to another thread, has no address.
        if data.is_null() {
            len = 0;
            data = ptr::dangling_mut::<u8>().cast();
        }
        Ok(Some(look(data.cast(), len)))
    }

    /// Adds the bytes of a `Buffer` and its like. Says whether it is one.
    pub(crate) fn push_bytes(self, value: Js, out: &mut Vec<u8>) -> Result<bool, Failure> {
        let copied = self.with_bytes(value, |from, len| {
            out.reserve(len);
            // SAFETY: so many bytes are there, room for them was just made, and nothing can free them meanwhile. Where
            // JavaScript shares them with another thread that writes, what is copied is some mixture of bytes: that is
            // all that anybody sees of it, since they are looked at only in the copy.
            unsafe {
                ptr::copy_nonoverlapping(from, out.as_mut_ptr().add(out.len()), len);
                out.set_len(out.len() + len);
            }
        })?;
        Ok(copied.is_some())
    }
}
