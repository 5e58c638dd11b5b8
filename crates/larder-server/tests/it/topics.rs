//! Messages, from outside: shapes, order, and what a slow subscriber costs.

use crate::harness::{Client, Larder, PATIENCE, shown};
use larder_commands::Instance;
use larder_commands::settings::Settings;
use larder_core::Engine;
use larder_server::Server;
use std::io::{Read as _, Write};
use std::os::unix::net::UnixStream;

fn subscribed(larder: &Larder, line: &str) -> Client {
    let mut client = larder.client();
    client.call(line);
    client
}

#[test]
fn a_message_reaches_channels_and_patterns() {
    let larder = Larder::start(&[]);
    let mut channel = subscribed(&larder, "SUBSCRIBE news");
    let mut pattern = subscribed(&larder, "PSUBSCRIBE n*s");
    let mut shard = subscribed(&larder, "SSUBSCRIBE news");
    let mut publisher = larder.client();
    assert_eq!(publisher.says("PUBLISH news rain"), "(2)");
    assert_eq!(publisher.says("SPUBLISH news snow"), "(1)");
    assert_eq!(publisher.says("PUBLISH other rain"), "(0)");
    assert_eq!(shown(&channel.receive()), "[\"message\" \"news\" \"rain\"]");
    assert_eq!(shown(&pattern.receive()), "[\"pmessage\" \"n*s\" \"news\" \"rain\"]");
    assert_eq!(shown(&shard.receive()), "[\"smessage\" \"news\" \"snow\"]");
    assert_eq!(publisher.says("PUBSUB NUMSUB news other"), "[\"news\" (1) \"other\" (0)]");
    drop((channel, pattern, shard));
}

/// Over a Unix socket, where what is written is there at once: the system may hand over the bytes of two TCP
/// connections in another order when it is busy.
#[test]
fn what_a_few_connections_are_told_one_after_another_is_done_in_this_order() {
    let path = std::env::temp_dir().join(format!("larder-order-{}", std::process::id()));
    let settings = Settings::default();
    for (name, value) in [("loglevel", "nothing"), ("io-threads", "0")] {
        settings.preset(name, value).expect("a valid setting");
    }
    let instance = Instance::with_settings(Engine::new(), settings);
    let _server = Server::serve_at(instance, &format!("unix:{}", path.display())).expect("a server");
    let connect = || {
        let mut stream = UnixStream::connect(&path).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        assert_eq!(told(&mut stream, "PING", 7), "+PONG\r\n");
        stream
    };
    let (mut subscriber, mut publisher) = (connect(), connect());
    for n in 0..500 {
        subscriber.write_all(format!("SUBSCRIBE c{n}\r\n").as_bytes()).expect("written");
        assert_eq!(told(&mut publisher, &format!("PUBLISH c{n} m"), 4), ":1\r\n", "{n}");
    }
}

/// So many bytes of the reply to a line.
fn told(stream: &mut UnixStream, line: &str, len: usize) -> String {
    stream.write_all(format!("{line}\r\n").as_bytes()).expect("written");
    let mut reply = vec![0; len];
    stream.read_exact(&mut reply).expect("a reply");
    String::from_utf8(reply).expect("text")
}

/// A reader that falls behind by far more than its socket holds, and a value that comes in many pieces.
#[test]
fn large_values_go_through_a_unix_socket_both_ways() {
    let path = std::env::temp_dir().join(format!("larder-large-{}", std::process::id()));
    let settings = Settings::default();
    settings.preset("loglevel", "nothing").expect("a valid setting");
    let instance = Instance::with_settings(Engine::new(), settings);
    let _server = Server::serve_at(instance, &format!("unix:{}", path.display())).expect("a server");
    let mut stream = UnixStream::connect(&path).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let value: Vec<u8> = (0..8_000_000_u32).map(|n| (n % 251) as u8).collect();
    let header = format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${}\r\n", value.len());
    let gets = "GET k\r\n".repeat(4);
    stream.write_all(&[header.as_bytes(), &value, b"\r\n", gets.as_bytes()].concat()).expect("written");
    assert_eq!(told(&mut stream, "PING", 5), "+OK\r\n");
    for _ in 0..4 {
        let expected = [format!("${}\r\n", value.len()).as_bytes(), &value, b"\r\n"].concat();
        let mut reply = vec![0; expected.len()];
        stream.read_exact(&mut reply).expect("a reply");
        assert!(reply == expected);
    }
    let mut last = [0; 7];
    stream.read_exact(&mut last).expect("a reply");
    assert_eq!(&last, b"+PONG\r\n");
}

#[test]
fn each_publisher_is_heard_in_order() {
    const EACH: usize = 2_000;
    let larder = Larder::start(&[]);
    let mut subscribers: Vec<Client> = (0..3).map(|_| subscribed(&larder, "SUBSCRIBE chat")).collect();
    std::thread::scope(|scope| {
        for publisher in 0..2 {
            let mut client = larder.client();
            scope.spawn(move || {
                let mut lines = Vec::new();
                for n in 0..EACH {
                    larder_resp::encode_command(
                        &["PUBLISH", "chat", &format!("{publisher} {n}")],
                        &mut lines,
                    );
                }
                client.stream.write_all(&lines).unwrap();
                for _ in 0..EACH {
                    assert_eq!(shown(&client.receive()), "(3)");
                }
            });
        }
        for subscriber in &mut subscribers {
            scope.spawn(move || {
                let mut next = [0; 2];
                for _ in 0..2 * EACH {
                    let message = shown(&subscriber.receive());
                    let words: Vec<&str> = message.trim_end_matches("\"]").rsplit('"').collect();
                    let (publisher, n) = words[0].split_once(' ').unwrap();
                    let publisher: usize = publisher.parse().unwrap();
                    assert_eq!(n.parse::<usize>().unwrap(), next[publisher]);
                    next[publisher] += 1;
                }
            });
        }
    });
}

#[test]
fn a_subscriber_who_does_not_read_is_closed_and_others_are_not() {
    let larder = Larder::start(&[("client-output-buffer-limit", "pubsub 1mb 0 0")]);
    let mut slow = subscribed(&larder, "SUBSCRIBE chat");
    let mut quick = subscribed(&larder, "SUBSCRIBE chat");
    let mut publisher = larder.client();
    let payload = "x".repeat(64 * 1024);
    let mut received = 2;
    for _ in 0..1_000 {
        publisher.send_words(&["PUBLISH", "chat", payload.as_str()]);
        let reply = shown(&publisher.receive());
        assert_eq!(quick.receive().items().map(<[_]>::len), Some(3));
        received = reply.trim_matches(['(', ')']).parse().unwrap();
        if received == 1 {
            break;
        }
    }
    assert_eq!(received, 1, "the slow one is still there");
    while slow.try_receive().is_some() {}
    let stats = publisher.says("INFO stats");
    assert!(stats.contains("client_output_buffer_limit_disconnections:1"), "{stats}");
}

#[test]
fn a_subscriber_who_does_not_read_is_closed_by_the_soft_limit_though_nothing_more_comes() {
    let larder = Larder::start(&[("client-output-buffer-limit", "pubsub 0 1mb 1")]);
    let mut slow = subscribed(&larder, "SUBSCRIBE chat");
    let mut publisher = larder.client();
    let payload = "x".repeat(64 * 1024);
    // More than the limit and the buffers of the system's sockets together.
    for _ in 0..256 {
        publisher.send_words(&["PUBLISH", "chat", payload.as_str()]);
        publisher.receive();
    }
    while !publisher.says("INFO stats").contains("client_output_buffer_limit_disconnections:1") {
        std::thread::yield_now();
    }
    while slow.try_receive().is_some() {}
}

#[test]
fn a_client_hears_what_it_says_itself() {
    let larder = Larder::start(&[]);
    let mut client = larder.client();
    client.call("HELLO 3");
    client.call("SUBSCRIBE me");
    client.send("PUBLISH me hello");
    let mut heard = [shown(&client.receive()), shown(&client.receive())];
    heard.sort();
    assert!(
        heard.iter().any(|heard| heard.contains("hello")) && heard.contains(&"(1)".to_string()),
        "{heard:?}"
    );
}
