//! The functions as C calls them: what they do, and that nothing a caller does wrong is more than an error.

#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "these are the callers: each passes pointers to its own locals, or ones that must be refused"
)]

use crate::boundary::PANIC_NEXT;
use crate::larder_status::*;
use crate::*;
use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::{null, null_mut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// An engine that is closed at the end.
struct House(u64);

impl House {
    fn new() -> House {
        House::with(&[])
    }

    fn with(options: &[(&str, &str)]) -> House {
        let mut engine = 0;
        assert_eq!(open(options, &raw mut engine), LARDER_OK);
        House(engine)
    }

    fn call(&self, line: &str) -> Answer {
        call(self.0, line)
    }

    fn set(&self, key: &str, value: &str, ttl_ms: u64) -> larder_status {
        unsafe { larder_set(self.0, key.as_ptr(), key.len(), value.as_ptr(), value.len(), ttl_ms, 0) }
    }

    fn get(&self, key: &str) -> (larder_status, Vec<u8>) {
        let (mut buffer, mut len) = ([0; 64], 0);
        let status = unsafe {
            larder_get(self.0, key.as_ptr(), key.len(), buffer.as_mut_ptr(), buffer.len(), &raw mut len)
        };
        (status, buffer[..if status == LARDER_OK { len } else { 0 }].to_vec())
    }

    fn subscribe(&self, channel: &str) -> u64 {
        let mut subscription = 0;
        let status = unsafe {
            larder_subscribe(
                self.0,
                0,
                channel.as_ptr(),
                channel.len(),
                null(),
                None,
                null_mut(),
                &raw mut subscription,
            )
        };
        assert_eq!(status, LARDER_OK);
        subscription
    }

    fn publish(&self, channel: &str, payload: &str) -> usize {
        let mut receivers = 0;
        let status = unsafe {
            larder_publish(
                self.0,
                0,
                channel.as_ptr(),
                channel.len(),
                payload.as_ptr(),
                payload.len(),
                &raw mut receivers,
            )
        };
        assert_eq!(status, LARDER_OK);
        receivers
    }
}

impl Drop for House {
    fn drop(&mut self) {
        let status = larder_close(self.0);
        assert!(matches!(status, LARDER_OK | LARDER_ERR_HANDLE), "{status:?}");
    }
}

fn open(options: &[(&str, &str)], engine: *mut u64) -> larder_status {
    let texts: Vec<(CString, CString)> =
        options.iter().map(|(n, v)| (CString::new(*n).unwrap(), CString::new(*v).unwrap())).collect();
    let options: Vec<larder_option> =
        texts.iter().map(|(n, v)| larder_option { name: n.as_ptr(), value: v.as_ptr() }).collect();
    unsafe { larder_open(options.as_ptr(), options.len(), engine) }
}

/// Every example of every command, as `docs/examples.json` has them: what Rust answers, C is answered.
#[test]
fn calls_answer_as_the_examples_say() {
    let file = include_str!("../../../docs/examples.json");
    let commands: serde_json::Value = serde_json::from_str(file).unwrap();
    let mut report = String::new();
    for example in commands.as_array().unwrap() {
        let house = House::with(&[("clock", "manual"), ("seed", "7")]);
        let mut connection = 0;
        assert_eq!(unsafe { larder_connect(house.0, &raw mut connection) }, LARDER_OK);
        for line in example["lines"].as_array().unwrap() {
            let words: Vec<Vec<u8>> = line["words"].as_array().unwrap().iter().map(bytes_of).collect();
            let Answer(status, found) = call_words(connection, &words);
            let Some(reply) = line.get("reply") else { continue };
            let expected = expected(reply);
            let is_error = status == LARDER_ERR_COMMAND;
            if found != expected || is_error != reply.get("error").is_some() {
                report.push_str(
                    &[line["words"].to_string(), expected, found, format!("{status:?}")].join("\n  "),
                );
                report.push('\n');
            }
        }
    }
    assert!(report.is_empty(), "{report}");
}

fn bytes_of(json: &serde_json::Value) -> Vec<u8> {
    if let Some(text) = json.as_str() {
        return text.into();
    }
    let digits = json["hex"].as_str().unwrap();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// A reply of the file in the words of [`Answer`].
fn expected(reply: &serde_json::Value) -> String {
    let (kind, held) = reply.as_object().unwrap().iter().next().unwrap();
    let children = || held.as_array().unwrap().iter().map(expected).collect::<Vec<_>>().join(" ");
    match kind.as_str() {
        "null" => "nil".into(),
        "boolean" => i64::from(held.as_bool().unwrap()).to_string(),
        "array" => format!("[{}]", children()),
        "map" => format!("{{{}}}", children()),
        "set" => format!("~[{}]", children()),
        "push" => format!(">[{}]", children()),
        _ => String::from_utf8_lossy(&bytes_of(held)).into_owned(),
    }
}

/// A reply, as text: nested replies in brackets.
#[derive(Debug, PartialEq)]
struct Answer(larder_status, String);

fn call(handle: u64, line: &str) -> Answer {
    call_words(handle, &line.split(' ').collect::<Vec<_>>())
}

fn call_words(handle: u64, words: &[impl AsRef<[u8]>]) -> Answer {
    let words: Vec<&[u8]> = words.iter().map(AsRef::as_ref).collect();
    let pointers: Vec<*const c_char> = words.iter().map(|word| word.as_ptr().cast()).collect();
    let lens: Vec<usize> = words.iter().map(|word| word.len()).collect();
    let mut reply = 0;
    let status =
        unsafe { larder_call(handle, words.len(), pointers.as_ptr(), lens.as_ptr(), &raw mut reply) };
    if reply == 0 {
        return Answer(status, String::new());
    }
    let text = shown(reply, 0);
    assert_eq!(larder_reply_free(reply), LARDER_OK);
    assert_eq!(larder_reply_free(reply), LARDER_ERR_HANDLE, "freed twice");
    Answer(status, text)
}

fn node(reply: u64, number: u32) -> larder_node {
    let mut node = std::mem::MaybeUninit::uninit();
    assert_eq!(unsafe { larder_reply_node(reply, number, node.as_mut_ptr()) }, LARDER_OK);
    unsafe { node.assume_init() }
}

fn shown(reply: u64, number: u32) -> String {
    let node = node(reply, number);
    let children =
        || (0..node.children).map(|i| shown(reply, node.first_child + i)).collect::<Vec<_>>().join(" ");
    match node.kind {
        larder_kind::LARDER_NULL => "nil".into(),
        larder_kind::LARDER_INTEGER | larder_kind::LARDER_BOOLEAN => node.integer.to_string(),
        larder_kind::LARDER_DOUBLE => node.number.to_string(),
        larder_kind::LARDER_ARRAY => format!("[{}]", children()),
        larder_kind::LARDER_MAP => format!("{{{}}}", children()),
        larder_kind::LARDER_SET => format!("~[{}]", children()),
        larder_kind::LARDER_PUSH => format!(">[{}]", children()),
        _ => {
            let bytes = unsafe { std::slice::from_raw_parts(node.bytes, node.len + 1) };
            assert_eq!(bytes[node.len], 0, "bytes end with a zero that does not count");
            String::from_utf8_lossy(&bytes[..node.len]).into_owned()
        }
    }
}

fn words_about(handle: u64) -> String {
    let mut buffer: [c_char; 256] = [0; 256];
    let mut len = 0;
    let status = unsafe { larder_error_text(handle, buffer.as_mut_ptr(), buffer.len(), &raw mut len) };
    assert_eq!(status, LARDER_OK);
    let text = unsafe { CStr::from_ptr(buffer.as_ptr()) }.to_str().unwrap();
    assert_eq!(text.len(), len);
    text.into()
}

fn next(subscription: u64, timeout_ms: i64) -> Result<(String, u64), larder_status> {
    let mut message = std::mem::MaybeUninit::uninit();
    match unsafe { larder_next(subscription, timeout_ms, message.as_mut_ptr()) } {
        LARDER_OK => {
            let message: larder_message = unsafe { message.assume_init() };
            let payload = unsafe { std::slice::from_raw_parts(message.payload, message.payload_len) };
            let text = String::from_utf8_lossy(payload).into_owned();
            assert_eq!(larder_message_free(message.handle), LARDER_OK);
            Ok((text, message.seq))
        }
        status => Err(status),
    }
}

#[test]
fn commands_answer_with_trees() {
    let house = House::new();
    assert_eq!(house.call("SET a 1"), Answer(LARDER_OK, "OK".into()));
    assert_eq!(house.call("RPUSH list x y z"), Answer(LARDER_OK, "3".into()));
    assert_eq!(house.call("LRANGE list 0 -1"), Answer(LARDER_OK, "[x y z]".into()));
    assert_eq!(house.call("HSET h f v"), Answer(LARDER_OK, "1".into()));
    assert_eq!(house.call("HGETALL h"), Answer(LARDER_OK, "{f v}".into()));
    assert_eq!(house.call("ZADD z 1.5 m"), Answer(LARDER_OK, "1".into()));
    assert_eq!(house.call("ZRANGE z 0 -1 WITHSCORES"), Answer(LARDER_OK, "[[m 1.5]]".into()));
    assert_eq!(house.call("GET nothing"), Answer(LARDER_OK, "nil".into()));
    let Answer(status, text) = house.call("LPUSH a x");
    assert_eq!(status, LARDER_ERR_COMMAND);
    assert!(text.starts_with("WRONGTYPE "), "{text}");
    assert_eq!(words_about(house.0), text);
}

#[test]
fn connections_have_a_state_and_messages() {
    let house = House::new();
    let mut connection = 0;
    assert_eq!(unsafe { larder_connect(house.0, &raw mut connection) }, LARDER_OK);
    for (line, expected) in [("MULTI", "OK"), ("INCR n", "QUEUED"), ("INCR n", "QUEUED"), ("EXEC", "[1 2]")] {
        assert_eq!(call(connection, line), Answer(LARDER_OK, expected.into()));
    }
    assert_eq!(call(connection, "SUBSCRIBE news").0, LARDER_OK);
    assert_eq!(house.publish("news", "rain"), 1);
    let mut reply = 0;
    assert_eq!(unsafe { larder_listen(connection, -1, &raw mut reply) }, LARDER_OK);
    assert_eq!(shown(reply, 0), ">[message news rain]");
    assert_eq!(larder_reply_free(reply), LARDER_OK);
    assert_eq!(unsafe { larder_listen(connection, 0, &raw mut reply) }, LARDER_TIMEOUT);
    assert_eq!(larder_disconnect(connection), LARDER_OK);
    assert_eq!(larder_disconnect(connection), LARDER_ERR_HANDLE);
    assert_eq!(call(connection, "PING").0, LARDER_ERR_HANDLE);
}

#[test]
fn strings_go_the_short_way() {
    let house = House::with(&[("clock", "manual"), ("maintenance", "manual")]);
    assert_eq!(house.set("k", "value", 1_000), LARDER_OK);
    assert_eq!(house.get("k"), (LARDER_OK, b"value".to_vec()));
    let (mut len, mut ttl) = (0, 0);
    let (key, key_len) = ("k".as_ptr(), 1);
    assert_eq!(unsafe { larder_get(house.0, key, key_len, null_mut(), 0, &raw mut len) }, LARDER_ERR_BUFFER);
    assert_eq!(len, 5);
    assert_eq!(unsafe { larder_set(house.0, key, key_len, key, 1, 0, 1) }, LARDER_NOT_DONE);
    assert_eq!(unsafe { larder_ttl(house.0, key, key_len, &raw mut ttl) }, LARDER_OK);
    assert_eq!(ttl, 1_000);
    assert_eq!(larder_advance_clock(house.0, 1_000), LARDER_OK);
    assert_eq!(house.get("k").0, LARDER_MISSING);
    assert_eq!(unsafe { larder_ttl(house.0, key, key_len, &raw mut ttl) }, LARDER_MISSING);
    // A clock that is moved by hand has had it removed already.
    let mut removed = 7;
    assert_eq!(unsafe { larder_tick(house.0, &raw mut removed) }, LARDER_OK);
    assert_eq!(removed, 0);
    let mut sum = 0;
    assert_eq!(unsafe { larder_incr(house.0, key, key_len, 42, &raw mut sum) }, LARDER_OK);
    assert_eq!(sum, 42);
    assert_eq!(unsafe { larder_incr(house.0, key, key_len, i64::MAX, null_mut()) }, LARDER_ERR_NUMBER);
    assert_eq!(unsafe { larder_expire(house.0, key, key_len, 5) }, LARDER_OK);
    assert_eq!(unsafe { larder_expire(house.0, key, key_len, -1) }, LARDER_OK);
    assert_eq!(unsafe { larder_ttl(house.0, key, key_len, &raw mut ttl) }, LARDER_OK);
    assert_eq!(ttl, -1);
    assert_eq!(unsafe { larder_exists(house.0, key, key_len) }, LARDER_OK);
    assert_eq!(unsafe { larder_del(house.0, key, key_len) }, LARDER_OK);
    assert_eq!(unsafe { larder_del(house.0, key, key_len) }, LARDER_MISSING);
    house.call("RPUSH list x");
    assert_eq!(house.get("list").0, LARDER_ERR_TYPE);
    // The empty string is a key and a value like any other.
    assert_eq!(unsafe { larder_set(house.0, null(), 0, null(), 0, 0, 0) }, LARDER_OK);
    assert_eq!(house.get(""), (LARDER_OK, Vec::new()));
}

#[test]
fn bad_options_are_named() {
    let mut engine = 0;
    for (name, value, word) in
        [("maxmemry", "1gb", "maxmem"), ("maxmemory", "lots", "maxmemory"), ("clock", "sun", "clock")]
    {
        assert_eq!(open(&[(name, value)], &raw mut engine), LARDER_ERR_ARGUMENT);
        assert!(words_about(0).contains(word), "{}", words_about(0));
    }
    assert_eq!(engine, 0);
    assert_eq!(open(&[], null_mut()), LARDER_ERR_ARGUMENT);
    assert_eq!(unsafe { larder_open(null(), 3, &raw mut engine) }, LARDER_ERR_ARGUMENT);
    let limited = House::with(&[("maxmemory", "1mb"), ("maxmemory-policy", "noeviction"), ("seed", "7")]);
    let value = "x".repeat(10_000);
    let full = (0..1_000).map(|n| limited.set(&n.to_string(), &value, 0)).find(|status| *status != LARDER_OK);
    assert_eq!(full, Some(LARDER_ERR_MEMORY));
}

#[test]
fn subscriptions_are_pulled() {
    let house = House::new();
    let subscription = house.subscribe("news");
    assert_eq!(next(subscription, 0), Err(LARDER_TIMEOUT));
    assert_eq!(house.publish("news", "one") + house.publish("news", "two"), 2);
    let (one, two) = (next(subscription, -1).unwrap(), next(subscription, -1).unwrap());
    assert_eq!((one.0.as_str(), two.0.as_str(), two.1), ("one", "two", one.1 + 1));
    let pattern = "w*";
    let add = || unsafe { larder_subscription_add(subscription, 1, pattern.as_ptr(), pattern.len()) };
    assert_eq!((add(), add()), (LARDER_OK, LARDER_NOT_DONE));
    assert_eq!(house.publish("weather", "dry"), 1);
    assert_eq!(next(subscription, -1).unwrap().0, "dry");
    assert_eq!(unsafe { larder_subscription_remove(subscription, 1, pattern.as_ptr(), 2) }, LARDER_OK);
    assert_eq!(house.publish("weather", "wet"), 0);
    let waiting = std::thread::spawn(move || next(subscription, -1));
    assert_eq!(larder_subscription_close(subscription), LARDER_OK);
    assert!(matches!(waiting.join().unwrap(), Err(LARDER_ERR_CLOSED | LARDER_ERR_HANDLE)));
}

struct Heard {
    count: AtomicU64,
    engine: u64,
}

unsafe extern "C" fn call_back_in(context: *mut c_void, subscription: u64, message: *const larder_message) {
    let heard = unsafe { &*context.cast::<Heard>() };
    let payload = unsafe { std::slice::from_raw_parts((*message).payload, (*message).payload_len) };
    let mut sum = 0;
    let status = unsafe { larder_incr(heard.engine, payload.as_ptr(), payload.len(), 1, &raw mut sum) };
    assert!(matches!(status, LARDER_OK | LARDER_ERR_HANDLE | LARDER_ERR_CLOSED));
    if heard.count.fetch_add(1, Ordering::SeqCst) == 2 {
        assert_eq!(larder_subscription_close(subscription), LARDER_OK);
        let status = larder_close(heard.engine);
        assert!(matches!(status, LARDER_OK | LARDER_ERR_HANDLE));
    }
}

#[test]
fn a_callback_may_call_anything_even_close() {
    let house = House::new();
    let heard = Arc::new(Heard { count: AtomicU64::new(0), engine: house.0 });
    let mut subscription = 0;
    let context = Arc::as_ptr(&heard).cast_mut().cast();
    let status = unsafe {
        larder_subscribe(
            house.0,
            0,
            c"n".as_ptr().cast(),
            1,
            null(),
            Some(call_back_in),
            context,
            &raw mut subscription,
        )
    };
    assert_eq!(status, LARDER_OK);
    let payload = c"m";
    while heard.count.load(Ordering::SeqCst) < 3 {
        let channel = c"n".as_ptr().cast();
        let receivers = null_mut();
        let status = unsafe { larder_publish(house.0, 0, channel, 1, payload.as_ptr().cast(), 1, receivers) };
        if status != LARDER_OK {
            break;
        }
    }
    while !matches!(house.get("m").0, LARDER_ERR_HANDLE | LARDER_ERR_CLOSED) {
        std::thread::yield_now();
    }
    assert!(heard.count.load(Ordering::SeqCst) >= 3);
}

#[test]
fn an_engine_closes_under_use() {
    for _ in 0..20 {
        let house = House::new();
        let (engine, subscription) = (house.0, house.subscribe("news"));
        let waiting = std::thread::spawn(move || call(engine, "BLPOP jobs 0"));
        let listening = std::thread::spawn(move || next(subscription, -1));
        let working: Vec<_> = (0..2)
            .map(|_| {
                std::thread::spawn(move || {
                    let mut sum = 0;
                    while unsafe { larder_incr(engine, c"n".as_ptr().cast(), 1, 1, &raw mut sum) }
                        == LARDER_OK
                    {}
                    sum
                })
            })
            .collect();
        while house.get("n").0 != LARDER_OK {
            std::thread::yield_now();
        }
        assert_eq!(larder_close(engine), LARDER_OK);
        assert!(working.into_iter().map(|thread| thread.join().unwrap()).sum::<i64>() > 0);
        assert_ne!(waiting.join().unwrap().0, LARDER_OK);
        assert!(listening.join().unwrap().is_err());
        assert_eq!(larder_close(engine), LARDER_ERR_HANDLE);
        assert_eq!(larder_subscription_close(subscription), LARDER_ERR_HANDLE);
    }
}

/// A call, with the name of its function.
type Named = (&'static str, Box<dyn Fn() -> larder_status>);

/// Every function, with arguments under which it works.
fn every_function(engine: u64) -> Vec<Named> {
    let (key, len) = (c"key".as_ptr().cast::<u8>(), 3);
    let out = || std::ptr::from_mut(Box::leak(Box::new(0_u64)));
    let opened = |name: &str| {
        let handle = out();
        let status = match name {
            "connection" => unsafe { larder_connect(engine, handle) },
            "reply" => unsafe { larder_call(engine, 1, [c"PING".as_ptr()].as_ptr(), null(), handle) },
            _ => unsafe { larder_subscribe(engine, 0, key, len, null(), None, null_mut(), handle) },
        };
        assert_eq!(status, LARDER_OK);
        unsafe { *handle }
    };
    let (connection, reply, subscription) = (opened("connection"), opened("reply"), opened("subscription"));
    let node = std::ptr::from_mut(Box::leak(Box::new(node(reply, 0))));
    let message = Box::leak(Box::new(std::mem::MaybeUninit::<larder_message>::uninit())).as_mut_ptr();
    let ping = Box::leak(Box::new([c"PING".as_ptr()])).as_ptr();
    let number = || out().cast::<i64>();
    let size = || out().cast::<usize>();
    let (a, b, c, d, e) = (out(), out(), number(), number(), size());
    vec![
        ("open", Box::new(move || unsafe { larder_open(null(), 0, a) })),
        ("close", Box::new(move || larder_close(engine))),
        ("tick", Box::new(move || unsafe { larder_tick(engine, null_mut()) })),
        ("advance_clock", Box::new(move || larder_advance_clock(engine, 1))),
        ("error_text", Box::new(move || unsafe { larder_error_text(engine, null_mut(), 0, e) })),
        ("call", Box::new(move || unsafe { larder_call(engine, 1, ping, null(), a) })),
        ("connect", Box::new(move || unsafe { larder_connect(engine, b) })),
        ("disconnect", Box::new(move || larder_disconnect(connection))),
        ("listen", Box::new(move || unsafe { larder_listen(connection, 0, b) })),
        ("reply_node", Box::new(move || unsafe { larder_reply_node(reply, 0, node) })),
        ("reply_free", Box::new(move || larder_reply_free(reply))),
        ("get", Box::new(move || unsafe { larder_get(engine, key, len, null_mut(), 0, e) })),
        ("set", Box::new(move || unsafe { larder_set(engine, key, len, key, len, 0, 0) })),
        ("incr", Box::new(move || unsafe { larder_incr(engine, key, len, 1, c) })),
        ("del", Box::new(move || unsafe { larder_del(engine, key, len) })),
        ("exists", Box::new(move || unsafe { larder_exists(engine, key, len) })),
        ("expire", Box::new(move || unsafe { larder_expire(engine, key, len, 1) })),
        ("ttl", Box::new(move || unsafe { larder_ttl(engine, key, len, d) })),
        ("publish", Box::new(move || unsafe { larder_publish(engine, 0, key, len, key, len, null_mut()) })),
        (
            "subscribe",
            Box::new(move || unsafe { larder_subscribe(engine, 0, key, len, null(), None, null_mut(), b) }),
        ),
        ("subscription_add", Box::new(move || unsafe { larder_subscription_add(subscription, 0, key, 1) })),
        (
            "subscription_remove",
            Box::new(move || unsafe { larder_subscription_remove(subscription, 0, key, 1) }),
        ),
        ("next", Box::new(move || unsafe { larder_next(subscription, 0, message) })),
        ("lost", Box::new(move || unsafe { larder_lost(subscription, a) })),
        ("message_free", Box::new(move || larder_message_free(1))),
        ("subscription_close", Box::new(move || larder_subscription_close(subscription))),
    ]
}

#[test]
fn a_panic_in_any_function_is_a_status() {
    let house = House::with(&[("clock", "manual")]);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let functions = every_function(house.0);
    let statuses: Vec<_> = functions
        .iter()
        .map(|(name, function)| {
            PANIC_NEXT.set(true);
            let status = function();
            (*name, status, PANIC_NEXT.take())
        })
        .collect();
    std::panic::set_hook(hook);
    for (name, status, unused) in statuses {
        assert_eq!((status, unused), (LARDER_ERR_PANIC, false), "{name}");
    }
    assert_eq!(words_about(0), "a defect of the library: planted");
    assert_eq!(house.set("k", "still there", 0), LARDER_OK);
    let header = include_str!("../../../include/larder.h");
    for (name, _) in &functions {
        let declaration = format!("enum larder_status larder_{name}(");
        assert_eq!(header.matches(&declaration).count(), 1, "{name} is declared once");
    }
    // The list above is whole: the three beside it touch nothing that could panic.
    let sources = [
        include_str!("call.rs"),
        include_str!("engine.rs"),
        include_str!("reply.rs"),
        include_str!("status.rs"),
        include_str!("strings.rs"),
        include_str!("topics.rs"),
    ];
    let exported: usize = sources.iter().map(|text| text.matches("#[unsafe(no_mangle)]").count()).sum();
    assert_eq!(exported, functions.len() + ["status_text", "version", "version_number"].len());
}

#[test]
fn handles_that_name_nothing_are_errors() {
    let house = House::new();
    let subscription = house.subscribe("x");
    let wrong = [0, 1, u64::MAX, house.0 ^ 1, house.0 ^ (1 << 40), subscription ^ (1 << 60)];
    for handle in wrong {
        for (name, function) in every_function_on(handle) {
            let status = function();
            assert_eq!(status, LARDER_ERR_HANDLE, "{name} with {handle:x}");
        }
    }
    // Those of another kind.
    assert_eq!(larder_close(subscription), LARDER_ERR_HANDLE);
    assert_eq!(larder_reply_free(house.0), LARDER_ERR_HANDLE);
    assert_eq!(larder_message_free(subscription), LARDER_ERR_HANDLE);
    assert_eq!(next(house.0, 0), Err(LARDER_ERR_HANDLE));
    assert_eq!(call(subscription, "PING").0, LARDER_ERR_HANDLE);
    assert_eq!(house.publish("x", "y"), 1);
}

fn every_function_on(handle: u64) -> Vec<Named> {
    let (key, len) = (c"key".as_ptr().cast::<u8>(), 3);
    let out = std::ptr::from_mut(Box::leak(Box::new(0_u64)));
    let ping = Box::leak(Box::new([c"PING".as_ptr()])).as_ptr();
    vec![
        ("close", Box::new(move || larder_close(handle))),
        ("tick", Box::new(move || unsafe { larder_tick(handle, null_mut()) })),
        ("call", Box::new(move || unsafe { larder_call(handle, 1, ping, null(), out) })),
        ("connect", Box::new(move || unsafe { larder_connect(handle, out) })),
        ("disconnect", Box::new(move || larder_disconnect(handle))),
        ("get", Box::new(move || unsafe { larder_get(handle, key, len, null_mut(), 0, null_mut()) })),
        ("publish", Box::new(move || unsafe { larder_publish(handle, 0, key, len, key, len, null_mut()) })),
        ("lost", Box::new(move || unsafe { larder_lost(handle, out) })),
        ("reply_free", Box::new(move || larder_reply_free(handle))),
        ("subscription_close", Box::new(move || larder_subscription_close(handle))),
    ]
}

#[test]
fn pointers_that_are_null_are_errors() {
    let house = House::new();
    assert_eq!(unsafe { larder_get(house.0, null(), 3, null_mut(), 0, null_mut()) }, LARDER_ERR_ARGUMENT);
    assert_eq!(unsafe { larder_set(house.0, null(), 3, null(), 0, 0, 0) }, LARDER_ERR_ARGUMENT);
    assert_eq!(
        unsafe { larder_set(house.0, c"k".as_ptr().cast(), usize::MAX, null(), 0, 0, 0) },
        LARDER_ERR_ARGUMENT
    );
    assert_eq!(unsafe { larder_call(house.0, 2, null(), null(), null_mut()) }, LARDER_ERR_ARGUMENT);
    assert_eq!(
        unsafe { larder_call(house.0, 1, [null()].as_ptr(), null(), null_mut()) },
        LARDER_ERR_ARGUMENT
    );
    assert_eq!(unsafe { larder_call(house.0, 0, null(), null(), null_mut()) }, LARDER_ERR_COMMAND);
    assert_eq!(unsafe { larder_connect(house.0, null_mut()) }, LARDER_ERR_ARGUMENT);
    assert_eq!(unsafe { larder_next(house.subscribe("x"), 0, null_mut()) }, LARDER_ERR_ARGUMENT);
    assert_eq!(
        unsafe { larder_publish(house.0, 1, c"p".as_ptr().cast(), 1, null(), 0, null_mut()) },
        LARDER_ERR_ARGUMENT
    );
    assert!(words_about(house.0).contains("pattern"));
    for status in -20..20 {
        assert!(!unsafe { CStr::from_ptr(larder_status_text(status)) }.is_empty());
    }
    assert!(unsafe { CStr::from_ptr(larder_version()) }.to_str().is_ok_and(|version| version.contains('.')));
}

#[test]
fn a_child_of_a_fork_gets_errors() {
    let house = House::new();
    assert_eq!(house.set("k", "v", 0), LARDER_OK);
    // SAFETY: the child calls one function that touches nothing, and ends without running destructors.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let status = larder_close(house.0);
        // SAFETY: as above.
        unsafe { libc::_exit(i32::from(status != LARDER_ERR_FORKED)) };
    }
    let mut ended = -1;
    // SAFETY: it waits for the child made above.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut ended, 0) }, child);
    assert!(libc::WIFEXITED(ended) && libc::WEXITSTATUS(ended) == 0, "{ended}");
    assert_eq!(house.get("k"), (LARDER_OK, b"v".to_vec()));
}
