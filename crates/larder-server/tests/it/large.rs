//! Large values and what takes long: others go on meanwhile, nothing is copied that need not be.

use crate::harness::{Client, Larder, PATIENCE, Redis, shown};
use larder_core::DbIndex;
use larder_core::value::Object;
use larder_resp::encode_command;
use std::io::Write;
use std::sync::{Arc, Weak};
use std::time::Instant;

/// One thread serves everybody, so that whoever holds it up holds up all.
const ALONE: (&str, &str) = ("io-threads", "1");

/// The bytes of a long string, as long as somebody has them.
fn bytes_of(larder: &Larder, name: &[u8]) -> Weak<Vec<u8>> {
    let engine = larder.server.instance().engine();
    let key = engine.key(DbIndex::default(), name);
    let mut view = engine.view_one(&key, None);
    match view.peek(&key).expect("it is in the view").and_then(|entry| entry.object()) {
        Some(Object::Bytes(bytes)) => Arc::downgrade(bytes),
        other => panic!("{other:?} is no long string"),
    }
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        std::thread::yield_now();
    }
}

fn large(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n * 31 / 7) as u8).collect()
}

#[test]
fn a_long_string_is_shared_with_its_reply_and_outlives_its_key() {
    let larder = Larder::start(&[ALONE]);
    let (mut slow, mut other) = (larder.client(), larder.client());
    // More than any socket takes at once.
    let value = large(32 << 20);
    other.send_words(&[&b"SET"[..], b"key", &value]);
    assert_eq!(shown(&other.receive()), "OK");
    let bytes = bytes_of(&larder, b"key");
    assert_eq!(bytes.strong_count(), 1);
    slow.send_words(&[&b"GET"[..], b"key"]);
    until("the reply shares the value", || bytes.strong_count() == 2);
    assert_eq!(other.says("DEL key"), "(1)");
    assert_eq!(bytes.strong_count(), 1);
    let reply = slow.receive();
    assert!(reply.bytes() == Some(&value[..]));
    until("the value goes with its last reader", || bytes.strong_count() == 0);
}

#[test]
fn whoever_waits_for_a_lock_does_not_hold_up_others() {
    let larder = Larder::start(&[ALONE]);
    let (mut waiting, mut other) = (larder.client(), larder.client());
    assert_eq!(other.says("SET held value"), "OK");
    let engine = larder.server.instance().engine().clone();
    let key = engine.key(DbIndex::default(), b"held");
    let view = engine.view_one(&key, None);
    waiting.send_words(&[&b"GET"[..], b"held"]);
    waiting.send_words(&[&b"ECHO"[..], b"behind it"]);
    until("it waits", || !engine.locks().contended(1).is_empty());
    // These would never be answered if the server's only thread waited for the lock.
    for n in 0..100 {
        assert_eq!(other.says(&format!("ECHO {n}")), format!("\"{n}\""));
    }
    drop(view);
    assert_eq!(shown(&waiting.receive()), "\"value\"");
    assert_eq!(shown(&waiting.receive()), "\"behind it\"");
}

/// Commands with long words and large values, in all the ways in which they arrive, answer as they do in Redis.
#[test]
fn long_words_arrive_as_they_do_in_redis() {
    let larder = Larder::start(&[]);
    let ours = speak(&mut larder.client());
    if let Some(redis) = Redis::start(&[]) {
        let theirs = speak(&mut redis.client());
        for (n, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            assert!(ours == theirs, "reply {n} differs: {} and {} bytes", ours.len(), theirs.len());
        }
        assert_eq!(ours.len(), theirs.len());
    }
}

/// Says it all, and gives the bytes of the replies.
fn speak(client: &mut Client) -> Vec<Vec<u8>> {
    let (a, b, name) = (large(200_000), large(1_300_000), vec![b'n'; 200_000]);
    let elements: Vec<String> = (0..20_000).map(|n| format!("element:{n}")).collect();
    let mut push: Vec<&[u8]> = vec![b"RPUSH", b"list"];
    push.extend(elements.iter().map(String::as_bytes));
    let mut add: Vec<&[u8]> = vec![b"ZADD", b"zset"];
    for element in &elements {
        add.extend([&b"1"[..], element.as_bytes()]);
    }
    let lines: Vec<Vec<&[u8]>> = vec![
        vec![b"SET", b"a", &a],
        vec![b"MSET", b"b", &b, b"c", &a, b"short", b"x"],
        vec![b"GET", b"a"],
        vec![b"MGET", b"a", b"none", b"b", b"short"],
        vec![b"STRLEN", b"b"],
        vec![b"APPEND", b"a", &b],
        vec![b"GET", b"a"],
        vec![b"GET", b"c"],
        vec![b"SETRANGE", b"c", b"5", &b],
        vec![b"GETRANGE", b"c", b"1", b"1299999"],
        vec![b"HSET", b"hash", b"field", &b],
        vec![b"HGETALL", b"hash"],
        vec![b"ECHO", &b],
        vec![b"ECHO", b"short"],
        vec![&name[..], b"is no command"],
        vec![b"GET", &a],
        vec![b"SET", &a, &b, b"NX"],
        vec![b"GET", &a],
        vec![b"SET", b"a", &b, b"WRONG"],
        vec![b"SET", b"list", &b],
        vec![b"DEL", b"list"],
        push,
        vec![b"LRANGE", b"list", b"0", b"-1"],
        vec![b"SORT", b"list", b"ALPHA"],
        vec![b"LREM", b"list", b"0", b"element:77"],
        vec![b"LTRIM", b"list", b"10000", b"-1"],
        vec![b"LRANGE", b"list", b"0", b"1"],
        add,
        vec![b"ZRANGE", b"zset", b"0", b"-1", b"WITHSCORES"],
        vec![b"ZREMRANGEBYRANK", b"zset", b"0", b"-2"],
        vec![b"ZRANGE", b"zset", b"0", b"-1"],
        vec![b"MULTI"],
        vec![b"SET", b"b", &a],
        vec![b"GET", b"b"],
        vec![b"EXEC"],
        vec![b"LPUSH", b"long", &a, &b, b"short"],
        vec![b"LRANGE", b"long", b"0", b"-1"],
        vec![b"EVAL", b"return #ARGV[1]", b"0", &b],
        vec![b"GETDEL", b"b"],
        vec![b"GETSET", b"c", b"short"],
        vec![b"PING"],
    ];
    let mut wire = Vec::new();
    lines.iter().for_each(|line| encode_command(line, &mut wire));
    let mut stream = client.stream.try_clone().expect("a second handle");
    let mut replies = Vec::new();
    std::thread::scope(|scope| {
        // In pieces of every size, so that words are cut everywhere; read at the same time, since it does not fit.
        scope.spawn(move || {
            let (mut rest, mut n) = (&wire[..], 1);
            while !rest.is_empty() {
                let (piece, more) = rest.split_at(rest.len().min(n));
                stream.write_all(piece).expect("written");
                (rest, n) = (more, n * 7 % 100_003);
            }
        });
        for _ in &lines {
            client.receive();
            replies.push(client.bytes.clone());
        }
    });
    replies
}
