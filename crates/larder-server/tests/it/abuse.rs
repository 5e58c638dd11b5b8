//! Bad input: Redis' own errors, and a server that goes on.

use crate::harness::{Larder, Redis, shown};
use std::io::{Read, Write};

/// Bytes that are no requests, and what they are answered.
const GARBAGE: &[(&[u8], &str)] = &[
    (b"*1\r\n$-1\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
    (b"*1\r\n$abc\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
    (b"*1\r\n$536870913\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
    (b"*99999999999999999999\r\n", "-ERR Protocol error: invalid multibulk length\r\n"),
    (b"*x\r\n", "-ERR Protocol error: invalid multibulk length\r\n"),
    (b"*1\r\n:1\r\n", "-ERR Protocol error: expected '$', got ':'\r\n"),
    (b"SET a \"b\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n"),
];

#[test]
fn garbage_is_answered_as_redis_answers_it_and_ends_only_its_connection() {
    let larder = Larder::start(&[]);
    let redis = Redis::start(&[]);
    for (bytes, expected) in GARBAGE {
        let addresses = [Some(larder.address), redis.as_ref().map(|redis| redis.address)];
        for address in addresses.into_iter().flatten() {
            let mut client = crate::harness::Client::connect(address);
            client.stream.write_all(bytes).unwrap();
            let mut answer = String::new();
            let _ = client.stream.read_to_string(&mut answer);
            assert_eq!(&answer, expected, "{}", bytes.escape_ascii());
        }
    }
    // Redis takes more words than this; no client sends them.
    let mut client = larder.client();
    assert_eq!(client.stream.write(b"*1048577\r\n").unwrap(), 10);
    assert_eq!(shown(&client.receive()), "-ERR Protocol error: invalid multibulk length");
    assert_eq!(larder.client().says("PING"), "PONG");
}

#[test]
fn bad_commands_get_redis_errors() {
    let larder = Larder::start(&[]);
    let redis = Redis::start(&[]);
    let mut ours = larder.client();
    let mut theirs = redis.as_ref().map(Redis::client);
    let long = format!("NOSUCH {} {}", "x".repeat(200), "y".repeat(50));
    for line in
        ["NOSUCH", "NOSUCH a b c", "GET", "GET a b", "SET a", "\"\"", "SELECT 99", "SELECT x", long.as_str()]
    {
        let ours = ours.says(line);
        assert!(ours.starts_with("-ERR "), "{line}: {ours}");
        if let Some(theirs) = &mut theirs {
            assert_eq!(ours, theirs.says(line), "{line}");
        }
    }
}

#[test]
fn any_bytes_are_a_key_and_a_value() {
    let larder = Larder::start(&[]);
    let mut client = larder.client();
    for bytes in [&b""[..], b"\0", b"a\0b\r\n", b"\xff\xfe\xfd", &vec![b'x'; 100_000]] {
        client.send_words(&[b"SET", bytes, bytes]);
        assert_eq!(shown(&client.receive()), "OK");
        client.send_words(&[&b"GET"[..], bytes]);
        assert_eq!(client.receive(), larder_resp::Value::Bulk(bytes.to_vec()));
    }
}

#[test]
fn truncated_requests_are_forgotten_with_their_connection() {
    let larder = Larder::start(&[]);
    let whole = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nvalue\r\n";
    for len in 0..whole.len() {
        let mut client = larder.client();
        client.stream.write_all(&whole[..len]).unwrap();
        client.stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        client.stream.read_to_end(&mut answer).unwrap();
        assert!(answer.is_empty(), "{len}: {}", answer.escape_ascii());
    }
    assert_eq!(larder.client().says("GET k"), "nil");
}

#[test]
fn a_request_may_come_byte_by_byte_and_many_may_come_at_once() {
    let larder = Larder::start(&[]);
    let mut client = larder.client();
    for byte in b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nvalue\r\n" {
        client.stream.write_all(&[*byte]).unwrap();
    }
    assert_eq!(shown(&client.receive()), "OK");
    let mut many = Vec::new();
    for _ in 0..10_000 {
        larder_resp::encode_command(&["GET", "k"], &mut many);
    }
    client.stream.write_all(&many).unwrap();
    for _ in 0..10_000 {
        assert_eq!(shown(&client.receive()), "\"value\"");
    }
}

#[test]
fn a_password_is_asked_for() {
    let larder = Larder::start(&[("requirepass", "secret")]);
    let mut client = larder.client();
    assert_eq!(client.says("GET a"), "-NOAUTH Authentication required.");
    assert_eq!(client.says("PING"), "-NOAUTH Authentication required.");
    // Before the login a request is small.
    client.stream.write_all(b"*11\r\n").unwrap();
    assert_eq!(shown(&client.receive()), "-ERR Protocol error: unauthenticated multibulk length");
    assert_eq!(client.try_receive(), None);
}

#[test]
fn http_is_not_answered() {
    let larder = Larder::start(&[]);
    let mut client = larder.client();
    client.stream.write_all(b"POST / HTTP/1.1\r\nHost: here\r\n\r\nSET pwned yes\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = client.stream.read_to_end(&mut answer);
    assert!(answer.is_empty());
    assert_eq!(larder.client().says("GET pwned"), "nil");
}
