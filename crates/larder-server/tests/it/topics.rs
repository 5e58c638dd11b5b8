//! Messages, from outside: shapes, order, and what a slow subscriber costs.

use crate::harness::{Client, Larder, shown};
use std::io::Write;

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
