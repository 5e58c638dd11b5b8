//! What clients may cost: unread replies, half-sent requests, idle connections, too many of them.

use crate::harness::{Client, Larder, PATIENCE, shown};
use larder_resp::encode_command;
use std::io::{Read, Write};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

#[test]
fn a_client_that_does_not_read_is_not_executed_for_and_loses_nothing() {
    const REQUESTS: usize = if cfg!(debug_assertions) { 300_000 } else { 1_000_000 };
    let larder = Larder::start(&[]);
    let value = "x".repeat(512);
    larder.client().call(&format!("SET key {value}"));
    let greedy = larder.client();
    let mut lines = Vec::new();
    for _ in 0..REQUESTS {
        encode_command(&["GET", "key"], &mut lines);
    }
    let mut writer = greedy.stream.try_clone().unwrap();
    std::thread::scope(|scope| {
        let writing = scope.spawn(move || writer.write_all(&lines).unwrap());
        let clients = || larder.server.instance().clients().list();
        let most =
            || clients().iter().map(|client| client.reply_bytes.load(Ordering::Relaxed)).max().unwrap_or(0);
        let began = Instant::now();
        while most() < 64 << 20 {
            assert!(began.elapsed() < PATIENCE, "only {} bytes wait", most());
            // Others are served meanwhile.
            assert_eq!(larder.client().says("PING"), "PONG");
        }
        assert!(most() < 72 << 20, "{} bytes wait for one client", most());
        let mut reader = greedy.stream.try_clone().unwrap();
        let mut left = REQUESTS * (512 + "$512\r\n\r\n".len());
        let mut chunk = vec![0; 1 << 20];
        while left > 0 {
            let len = reader.read(&mut chunk).unwrap();
            assert!(len > 0, "the connection was closed with {left} bytes to come");
            left -= len;
        }
        writing.join().unwrap();
    });
}

#[test]
fn memory_grows_with_what_arrives_and_not_with_what_is_promised() {
    let larder = Larder::start(&[]);
    let mut clients = Vec::new();
    for _ in 0..50 {
        let mut client = larder.client();
        client.stream.write_all(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\nonly a little").unwrap();
        clients.push(client);
    }
    let instance = larder.server.instance();
    let waiting = || -> usize {
        instance.clients().list().iter().map(|client| client.query_bytes.load(Ordering::Relaxed)).sum()
    };
    let began = Instant::now();
    while waiting() < 50 * 40 {
        assert!(began.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
    assert!(waiting() < 50 * 4_096, "{} bytes", waiting());
    drop(clients);
    assert_eq!(larder.client().says("GET k"), "nil");
}

#[test]
fn idle_connections_are_many_and_the_next_is_refused() {
    const IDLE: usize = 400;
    let larder = Larder::start(&[("maxclients", "400")]);
    let idle: Vec<Client> = (0..IDLE).map(|_| larder.client()).collect();
    let clients = larder.server.instance().clients();
    let began = Instant::now();
    while clients.len() < IDLE {
        assert!(began.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
    let mut refused = larder.client();
    assert_eq!(shown(&refused.receive()), "-ERR max number of clients reached");
    assert!(refused.try_receive().is_none());
    drop(idle);
    let began = Instant::now();
    while !clients.is_empty() {
        assert!(began.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
    assert_eq!(larder.client().says("PING"), "PONG");
}

#[test]
fn a_killed_client_is_gone_whatever_it_does() {
    let larder = Larder::start(&[]);
    let mut killer = larder.client();
    for what in ["idle", "waiting", "listening", "flooding"] {
        let mut victim = larder.client();
        let id = victim.says("CLIENT ID");
        let id = id.trim_matches(['(', ')']);
        match what {
            "waiting" => victim.send("BLPOP list 0"),
            "listening" => drop(victim.call("SUBSCRIBE news")),
            "flooding" => victim.stream.write_all(&b"PING\r\n".repeat(1_000)).unwrap(),
            _ => {}
        }
        assert_eq!(killer.says(&format!("CLIENT KILL ID {id}")), "(1)", "{what}");
        while victim.try_receive().is_some() {}
    }
    let began = Instant::now();
    while larder.server.instance().clients().len() > 1 {
        assert!(began.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
    assert_eq!(larder.server.instance().waiting(), 0);
    assert_eq!(killer.says("PUBLISH news x"), "(0)");
}

#[test]
fn a_server_stops_with_clients_on_it() {
    let larder = Larder::start(&[]);
    let mut idle = larder.client();
    let mut waiting = larder.client();
    waiting.send("BLPOP list 0");
    assert_eq!(idle.says("PING"), "PONG");
    let began = Instant::now();
    larder.server.stop();
    assert!(began.elapsed() < PATIENCE);
    idle.stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    assert!(idle.try_receive().is_none() && waiting.try_receive().is_none());
}

/// As with Redis: what counts is what a command has answered, before any of it is sent.
#[test]
fn replies_beyond_the_hard_limit_end_the_connection() {
    let larder = Larder::start(&[("client-output-buffer-limit", "normal 1mb 0 0")]);
    let [mut client, mut other] = std::array::from_fn(|_| larder.client());
    assert_eq!(other.says("SETRANGE small 500000 x"), "(500001)");
    assert_eq!(other.says("SETRANGE large 2000000 x"), "(2000001)");
    assert_eq!(client.says("GET small").len(), 500_000 * 4 + 3);
    client.send("GET large");
    assert_eq!(client.try_receive(), None);
    let mut client = larder.client();
    assert_eq!(client.says("MULTI"), "OK");
    for line in ["GET small", "GET small", "GET small", "INCR n"] {
        assert_eq!(client.says(line), "QUEUED");
    }
    client.send("EXEC");
    assert_eq!(client.try_receive(), None);
    // It was executed to its end.
    assert_eq!(other.says("GET n"), "\"1\"");
    // It is counted once the connection has been cleared away.
    while !other.says("INFO stats").contains("client_output_buffer_limit_disconnections:2") {
        std::thread::yield_now();
    }
    assert_eq!(other.says("CONFIG SET client-output-buffer-limit \"normal 0 0 0\""), "OK");
    assert_eq!(other.says("GET large").len(), 2_000_000 * 4 + 3);
}

#[test]
fn replies_beyond_the_soft_limit_end_the_connection_once_its_time_is_up() {
    let larder = Larder::start(&[("client-output-buffer-limit", "normal 0 1mb 1")]);
    let [mut client, mut other] = std::array::from_fn(|_| larder.client());
    // More than the kernel takes for somebody who does not read.
    assert_eq!(other.says("SETRANGE large 33554431 x"), "(33554432)");
    client.send("GET large");
    while !other.says("INFO stats").contains("client_output_buffer_limit_disconnections:1") {
        std::thread::yield_now();
    }
}
