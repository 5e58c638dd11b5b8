//! Topics: publish, and subscribe either by pulling messages or by having a function called for each.
//!
//! Functions are called on a thread of the subscription's own, with no lock held, so whatever the library offers may
//! be called from inside, closing the subscription or its engine included: what such a close would have to wait for is
//! then done after the function has returned.

use crate::boundary::{Failure, enter, enter_with};
use crate::call::timeout;
use crate::engine::Engine;
use crate::handle::{self, Kind, Object, Thing, larder_handle};
use crate::pointer;
use crate::status::larder_status::{self, LARDER_OK, LARDER_TIMEOUT};
use larder::{Message, Overflow, QueueOptions, Space, Subscription};
use parking_lot::Mutex;
use std::cell::Cell;
use std::ffi::c_void;
use std::sync::Arc;
use std::thread::JoinHandle;

/// Where a name belongs.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum larder_space {
    /// A channel.
    LARDER_CHANNEL = 0,
    /// A pattern over the names of channels, such as "room:*".
    LARDER_PATTERN = 1,
    /// A shard channel, apart from channels.
    LARDER_SHARD = 2,
}

/// What happens to a message when the queue of a subscription is full.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum larder_overflow {
    /// The subscription ends.
    LARDER_DISCONNECT = 0,
    /// The new message is lost.
    LARDER_DROP_NEWEST = 1,
    /// The oldest messages are lost.
    LARDER_DROP_OLDEST = 2,
    /// The publisher waits.
    LARDER_BLOCK = 3,
}

/// How the queue of a subscription is bounded.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct larder_queue_options {
    /// Messages it holds; 0 for the default.
    pub len_max: usize,
    /// Bytes it holds; 0 for the default.
    pub bytes_max: usize,
    /// One of larder_overflow.
    pub overflow: i32,
}

/// A message. The bytes belong to it until larder_message_free.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct larder_message {
    /// The handle that frees it; 0 for the message of a callback, which is freed when the function returns.
    pub handle: larder_handle,
    /// One more than that of the message before on the same channel (or pattern): a gap tells of lost ones.
    pub seq: u64,
    /// The channel it was published to.
    pub channel: *const u8,
    /// How many bytes that is.
    pub channel_len: usize,
    /// What was published.
    pub payload: *const u8,
    /// How many bytes that is.
    pub payload_len: usize,
    /// The pattern through which it came; NULL for none.
    pub pattern: *const u8,
    /// How many bytes that is.
    pub pattern_len: usize,
}

/// A function that is called for each message, on a thread of the subscription, one call at a time. The message is its
/// for as long as it runs.
pub type larder_on_message = Option<
    unsafe extern "C" fn(context: *mut c_void, subscription: larder_handle, message: *const larder_message),
>;

fn shown(message: &Message, handle: larder_handle) -> larder_message {
    let pattern = message.pattern.as_deref();
    larder_message {
        handle,
        seq: message.seq,
        channel: message.channel.as_ptr(),
        channel_len: message.channel.len(),
        payload: message.payload.as_ptr(),
        payload_len: message.payload.len(),
        pattern: pattern.map_or(std::ptr::null(), <[u8]>::as_ptr),
        pattern_len: pattern.map_or(0, <[u8]>::len),
    }
}

/// A subscription, with the thread that calls a function for it, if one does.
pub(crate) struct Subscribed {
    subscription: Arc<Subscription>,
    engine: larder_handle,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Subscribed {
    /// Ends it. When this returns, its function does not run and will not be called; unless it is what called this.
    pub(crate) fn end(&self) {
        self.subscription.close();
        let thread = self.thread.lock().take();
        if let Some(thread) = thread.filter(|thread| thread.thread().id() != std::thread::current().id()) {
            // A thread that waits in a call of the library for this one would wait for ever.
            if !in_callback() {
                let _ = thread.join();
            }
        }
    }
}

impl Object {
    /// Ends a connection or a subscription.
    pub(crate) fn end(&self) {
        match &self.thing {
            Thing::Connection(connected) => connected.end(),
            Thing::Subscription(subscribed) => subscribed.end(),
            _ => {}
        }
    }
}

thread_local! {
    static IN_CALLBACK: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is one that calls functions for messages.
pub(crate) fn in_callback() -> bool {
    IN_CALLBACK.try_with(Cell::get).unwrap_or(false)
}

fn space(space: i32) -> Result<Space, Failure> {
    match space {
        0 => Ok(Space::Channel),
        1 => Ok(Space::Pattern),
        2 => Ok(Space::Shard),
        _ => Err(Failure::argument("there is no such space")),
    }
}

/// # Safety
/// `options` is NULL or points to options.
unsafe fn queue_options(options: *const larder_queue_options) -> Result<QueueOptions, Failure> {
    let mut chosen = QueueOptions::default();
    // SAFETY: the caller's promise.
    let Some(options) = (unsafe { options.as_ref() }) else { return Ok(chosen) };
    if options.len_max != 0 {
        chosen.len_max = options.len_max;
    }
    if options.bytes_max != 0 {
        chosen.bytes_max = options.bytes_max;
    }
    chosen.overflow = match options.overflow {
        0 => Overflow::Disconnect,
        1 => Overflow::DropNewest,
        2 => Overflow::DropOldest,
        3 => Overflow::Block,
        _ => return Err(Failure::argument("there is no such overflow policy")),
    };
    Ok(chosen)
}

/// Publishes to a channel or a shard channel. `*receivers` becomes how many subscribers the message reached, unless it
/// is NULL. The bytes are copied once. Any thread.
///
/// # Safety
/// `channel_len` bytes can be read at `channel` and `payload_len` at `payload`; `receivers` is NULL or a count can be
/// written there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn larder_publish(
    engine: larder_handle,
    space: i32,
    channel: *const u8,
    channel_len: usize,
    payload: *const u8,
    payload_len: usize,
    receivers: *mut usize,
) -> larder_status {
    enter_with(engine, || {
        let object = handle::get(engine)?;
        let space = self::space(space)?;
        if space == Space::Pattern {
            return Err(Failure::argument("nobody can publish to a pattern"));
        }
        // SAFETY: the caller's promise.
        let (channel, payload) =
            unsafe { (pointer::bytes(channel, channel_len)?, pointer::bytes(payload, payload_len)?) };
        let reached = Engine::of(&object)?.larder.topics().publish(space, channel, payload);
        // SAFETY: the caller's promise.
        unsafe { pointer::write(receivers, reached) };
        Ok(LARDER_OK)
    })
}

/// Subscribes to a channel, a pattern or a shard channel. `*subscription` becomes a handle, to be closed with
/// larder_subscription_close or with its engine; messages queue up until larder_next takes them.
///
/// With a `callback`, a thread takes them and calls it instead; `context` is given to it each time, and must stay what
/// it is until the subscription is closed.
///
/// # Safety
/// `name_len` bytes can be read at `name`; `options` is NULL or points to options; `callback` may be called from
/// another thread with `context`; a handle can be written at `subscription`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn larder_subscribe(
    engine: larder_handle,
    space: i32,
    name: *const u8,
    name_len: usize,
    options: *const larder_queue_options,
    callback: larder_on_message,
    context: *mut c_void,
    subscription: *mut larder_handle,
) -> larder_status {
    enter_with(engine, || {
        pointer::wanted(subscription)?;
        let object = handle::get(engine)?;
        let owner = Engine::of(&object)?;
        let space = self::space(space)?;
        // SAFETY: the caller's promise.
        let (name, options) = unsafe { (pointer::bytes(name, name_len)?, queue_options(options)?) };
        let queue = Arc::new(owner.larder.topics().subscribe(space, name, options));
        let subscribed = Subscribed { subscription: queue.clone(), engine, thread: Mutex::default() };
        let handle = owner.adopt(Thing::Subscription(subscribed))?;
        if let Some(callback) = callback
            && let Err(failure) = start(handle, queue, callback, context)
        {
            close(handle)?;
            return Err(failure);
        }
        // SAFETY: the caller's promise.
        unsafe { pointer::write(subscription, handle) };
        Ok(LARDER_OK)
    })
}

type Callback = unsafe extern "C" fn(*mut c_void, u64, *const larder_message);

/// What the caller wants back, on whichever thread.
struct Context(*mut c_void);

// SAFETY: the caller promises that the function may be called with it from another thread.
unsafe impl Send for Context {}

/// Starts the thread that calls a function for each message.
fn start(
    handle: larder_handle,
    queue: Arc<Subscription>,
    callback: Callback,
    context: *mut c_void,
) -> Result<(), Failure> {
    let context = Context(context);
    let object = handle::get(handle)?;
    let Thing::Subscription(subscribed) = &object.thing else { return Err(Failure::closed()) };
    // Held until the thread is noted, so that whoever closes meanwhile waits for it.
    let mut noted = subscribed.thread.lock();
    let run = move || {
        let context = context;
        IN_CALLBACK.with(|inside| inside.set(true));
        while let Ok(message) = queue.recv() {
            // A subscription that was closed calls nobody, though messages are left.
            if handle::find(handle).is_none() {
                break;
            }
            // SAFETY: the caller of `larder_subscribe` promises that this may be called so. The message lives until
            // the call returns.
            unsafe { callback(context.0, handle, &shown(&message, 0)) };
        }
    };
    let thread = std::thread::Builder::new().name("larder-callback".into()).spawn(run);
    *noted = Some(thread.map_err(|error| Failure::argument(format!("no thread can be started: {error}")))?);
    Ok(())
}

/// Runs `work` on a subscription.
fn on_subscription(
    subscription: larder_handle,
    work: impl FnOnce(&Subscription) -> Result<larder_status, Failure>,
) -> larder_status {
    enter_with(subscription, || {
        let object = handle::get(subscription)?;
        match &object.thing {
            Thing::Subscription(subscribed) => work(&subscribed.subscription),
            _ => Err(Failure::new(
                larder_status::LARDER_ERR_HANDLE,
                "the handle is not that of a subscription",
            )),
        }
    })
}

/// Subscribes to one more name. Returns LARDER_NOT_DONE if it was subscribed to it already.
///
/// # Safety
/// `name_len` bytes can be read at `name`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn larder_subscription_add(
    subscription: larder_handle,
    space: i32,
    name: *const u8,
    name_len: usize,
) -> larder_status {
    on_subscription(subscription, |subscription| {
        // SAFETY: the caller's promise.
        let name = unsafe { pointer::bytes(name, name_len)? };
        let added = subscription.add(self::space(space)?, name);
        Ok(if added { LARDER_OK } else { larder_status::LARDER_NOT_DONE })
    })
}

/// Unsubscribes from a name; what is queued can still be taken. Returns LARDER_NOT_DONE if it was not subscribed to
/// it.
///
/// # Safety
/// `name_len` bytes can be read at `name`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn larder_subscription_remove(
    subscription: larder_handle,
    space: i32,
    name: *const u8,
    name_len: usize,
) -> larder_status {
    on_subscription(subscription, |subscription| {
        // SAFETY: the caller's promise.
        let name = unsafe { pointer::bytes(name, name_len)? };
        let removed = subscription.remove(self::space(space)?, name);
        Ok(if removed { LARDER_OK } else { larder_status::LARDER_NOT_DONE })
    })
}

/// Takes the next message, waiting at most `timeout_ms` milliseconds for it; a negative number waits for ever. It is
/// to be freed with larder_message_free. Any thread; each message reaches one of those who wait.
///
/// Returns LARDER_TIMEOUT if none came. Errors: LARDER_ERR_CLOSED when the subscription or its engine is closed,
/// LARDER_ERR_TOO_SLOW when its queue was full and its policy is to end it; both after what was queued.
///
/// # Safety
/// A message can be written at `message`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn larder_next(
    subscription: larder_handle,
    timeout_ms: i64,
    message: *mut larder_message,
) -> larder_status {
    on_subscription(subscription, |subscription| {
        pointer::wanted(message)?;
        let Some(taken) = subscription.recv_timeout(timeout(timeout_ms))? else { return Ok(LARDER_TIMEOUT) };
        let handle = handle::give(Thing::Message(taken.clone()))?;
        // SAFETY: the caller's promise.
        unsafe { pointer::write(message, shown(&taken, handle)) };
        Ok(LARDER_OK)
    })
}

/// How many messages a subscription has lost because its queue was full.
///
/// # Safety
/// A count can be written at `count`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn larder_lost(subscription: larder_handle, count: *mut u64) -> larder_status {
    on_subscription(subscription, |subscription| {
        pointer::wanted(count)?;
        // SAFETY: the caller's promise.
        unsafe { pointer::write(count, subscription.lost()) };
        Ok(LARDER_OK)
    })
}

/// Frees a message, and with it the bytes it points to.
#[unsafe(no_mangle)]
pub extern "C" fn larder_message_free(message: larder_handle) -> larder_status {
    enter(|| {
        handle::take(message, Kind::Message)?;
        Ok(LARDER_OK)
    })
}

/// Closes a subscription. Whoever waits for a message of it gets LARDER_ERR_CLOSED. When this returns, its callback
/// does not run and will not be called again; called from inside a callback, it returns at once and that holds from
/// the return of the callback on.
#[unsafe(no_mangle)]
pub extern "C" fn larder_subscription_close(subscription: larder_handle) -> larder_status {
    enter_with(subscription, || close(subscription))
}

fn close(subscription: larder_handle) -> Result<larder_status, Failure> {
    let object = handle::take(subscription, Kind::Subscription)?;
    object.end();
    if let Thing::Subscription(subscribed) = &object.thing
        && let Ok(owner) = handle::get(subscribed.engine)
        && let Thing::Engine(engine) = &owner.thing
    {
        engine.forget(subscription);
    }
    Ok(LARDER_OK)
}
