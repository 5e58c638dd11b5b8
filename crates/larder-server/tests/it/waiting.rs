//! Commands that wait, from outside: order, timeouts, disconnects, and that nothing pushed is lost.

use crate::harness::{Larder, PATIENCE, shown};
use larder_commands::client_flags;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Spins until something has become true; a hang fails.
fn until(what: &str, mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < PATIENCE, "never came: {what}");
        std::thread::yield_now();
    }
}

impl Larder {
    fn until_waiting(&self, count: usize) {
        until("clients wait", || self.server.instance().waiting() == count);
    }
}

#[test]
fn who_waits_first_is_served_first() {
    let larder = Larder::start(&[]);
    let mut waiters = Vec::new();
    for n in 1..=5 {
        let mut client = larder.client();
        client.send("BLPOP a list 0");
        larder.until_waiting(n);
        waiters.push(client);
    }
    let mut pusher = larder.client();
    assert_eq!(pusher.says("RPUSH list 1 2 3"), "(3)");
    // Those who were served are gone from the list before the pusher reads its reply.
    assert_eq!(pusher.says("LLEN list"), "(0)");
    for (n, client) in waiters.iter_mut().take(3).enumerate() {
        assert_eq!(shown(&client.receive()), format!("[\"list\" \"{}\"]", n + 1));
    }
    larder.until_waiting(2);
    assert_eq!(pusher.says("RPUSH a x"), "(1)");
    assert_eq!(shown(&waiters[3].receive()), "[\"a\" \"x\"]");
}

#[test]
fn a_timeout_has_a_fraction_and_is_answered_with_nothing() {
    let larder = Larder::start(&[]);
    let mut client = larder.client();
    for (line, expected) in
        [("BLPOP a 0.01", "nil"), ("BLMOVE a b LEFT LEFT 0.01", "nil"), ("BRPOPLPUSH a b 0.001", "nil")]
    {
        assert_eq!(client.says(line), expected, "{line}");
    }
    larder.until_waiting(0);
    assert_eq!(client.says("LPUSH a 1"), "(1)");
}

#[test]
fn who_waits_in_vain_is_counted_when_that_ends() {
    let larder = Larder::start(&[]);
    let (mut client, mut waiter) = (larder.client(), larder.client());
    client.says("BLPOP a 0.01");
    let stats = client.says("INFO commandstats");
    assert!(stats.contains("cmdstat_blpop:calls=1,"), "{stats}");
    let id = waiter.says("CLIENT ID").trim_matches(['(', ')']).to_owned();
    waiter.send("BRPOP a 0");
    larder.until_waiting(1);
    assert!(!client.says("INFO commandstats").contains("cmdstat_brpop"), "it has not ended yet");
    assert_eq!(client.says(&format!("CLIENT UNBLOCK {id} ERROR")), "(1)");
    assert!(shown(&waiter.receive()).contains("UNBLOCKED"));
    let stats = client.says("INFO commandstats");
    let line = stats.split("\\r\\n").find(|line| line.contains("cmdstat_brpop:")).unwrap_or_default();
    assert!(line.contains("calls=1,") && line.contains("failed_calls=1"), "{stats}");
}

/// RESP2 has two kinds of nothing, which a decoder makes one.
#[test]
fn nothing_is_the_nil_of_a_list_after_waiting_and_that_of_a_text_at_once() {
    let larder = Larder::start(&[]);
    let mut stream = TcpStream::connect(larder.address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    for (lines, expected) in [
        ("BLPOP a 0.001\r\n", "*-1\r\n"),
        ("BLMOVE a b LEFT LEFT 0.001\r\n", "*-1\r\n"),
        ("BRPOPLPUSH a b 0.001\r\n", "*-1\r\n"),
        ("LMOVE a b LEFT LEFT\r\n", "$-1\r\n"),
        ("MULTI\r\nBLMOVE a b LEFT LEFT 1\r\nEXEC\r\n", "+OK\r\n+QUEUED\r\n*1\r\n$-1\r\n"),
    ] {
        stream.write_all(lines.as_bytes()).expect("sent");
        let mut received = vec![0; expected.len()];
        stream.read_exact(&mut received).expect("received");
        assert_eq!(String::from_utf8_lossy(&received), expected, "{lines}");
    }
}

#[test]
fn commands_behind_a_waiting_one_run_when_it_is_served() {
    let larder = Larder::start(&[]);
    let mut client = larder.client();
    client.send("BLPOP list 0");
    client.send("PING");
    larder.until_waiting(1);
    larder.client().call("RPUSH list 1");
    assert_eq!(shown(&client.receive()), "[\"list\" \"1\"]");
    assert_eq!(shown(&client.receive()), "PONG");
}

#[test]
fn who_is_gone_takes_nothing() {
    let larder = Larder::start(&[]);
    let mut gone = larder.client();
    gone.send("BLPOP list 0");
    larder.until_waiting(1);
    let mut stays = larder.client();
    stays.send("BLPOP list 0");
    larder.until_waiting(2);
    drop(gone);
    larder.until_waiting(1);
    larder.client().call("RPUSH list 1");
    assert_eq!(shown(&stays.receive()), "[\"list\" \"1\"]");
}

#[test]
fn a_chain_of_moves_runs_to_its_end() {
    let larder = Larder::start(&[]);
    let mut clients = Vec::new();
    for n in 0..20 {
        let mut client = larder.client();
        client.send(&format!("BLMOVE list:{n} list:{} LEFT RIGHT 0", n + 1));
        larder.until_waiting(n + 1);
        clients.push(client);
    }
    let mut pusher = larder.client();
    pusher.call("RPUSH list:0 ball");
    assert_eq!(pusher.says("LRANGE list:20 0 -1"), "[\"ball\"]");
    clients.iter_mut().for_each(|client| assert_eq!(shown(&client.receive()), "\"ball\""));
}

#[test]
fn a_value_of_another_type_does_not_disturb_who_waits() {
    let larder = Larder::start(&[]);
    let mut client = larder.client();
    client.send("BLPOP key 0");
    larder.until_waiting(1);
    let mut other = larder.client();
    assert_eq!(other.says("SET key x"), "OK");
    assert_eq!(other.says("DEL key"), "(1)");
    assert_eq!(other.says("RPUSH key 1"), "(1)");
    assert_eq!(shown(&client.receive()), "[\"key\" \"1\"]");
}

#[test]
fn a_transaction_serves_when_it_is_done() {
    let larder = Larder::start(&[]);
    let mut client = larder.client();
    client.send("BLPOP list 0");
    larder.until_waiting(1);
    let mut other = larder.client();
    for line in ["MULTI", "RPUSH list 1", "DEL list", "RPUSH list 2", "LLEN list"] {
        other.call(line);
    }
    assert_eq!(other.says("EXEC"), "[(1) (1) (1) (1)]");
    assert_eq!(shown(&client.receive()), "[\"list\" \"2\"]");
}

#[test]
fn everything_that_is_pushed_is_popped_once() {
    const PUSHERS: u64 = 3;
    const EACH: u64 = 2_000;
    let larder = Larder::start(&[]);
    let (sum, taken) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for pusher in 0..PUSHERS {
            let mut client = larder.client();
            scope.spawn(move || {
                for n in 0..EACH {
                    let list = n % 3;
                    client.call(&format!("RPUSH list:{list} {}", pusher * EACH + n));
                }
            });
        }
        for popper in 0..4 {
            let mut client = larder.client();
            let (sum, taken) = (&sum, &taken);
            scope.spawn(move || {
                while taken.load(Ordering::SeqCst) < PUSHERS * EACH {
                    // Some give up early, some drop their connection while they wait: neither may lose anything.
                    let reply = client.says(if popper == 0 {
                        "BRPOP list:2 list:0 list:1 0.001"
                    } else {
                        "BLPOP list:0 list:1 list:2 0.05"
                    });
                    if let Some(n) = reply.split('"').nth(3) {
                        sum.fetch_add(n.parse::<u64>().unwrap(), Ordering::SeqCst);
                        taken.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    let all = PUSHERS * EACH;
    assert_eq!(taken.load(Ordering::SeqCst), all);
    assert_eq!(sum.load(Ordering::SeqCst), all * (all - 1) / 2);
    larder.until_waiting(0);
}

#[test]
fn a_blocked_client_is_seen_as_one() {
    let larder = Larder::start(&[]);
    let mut client = larder.client();
    client.send("BLPOP list 0");
    larder.until_waiting(1);
    let clients = larder.server.instance().clients().list();
    assert!(clients.iter().any(|client| client.has(client_flags::BLOCKED)));
    // More requests may come meanwhile, and wait.
    client.stream.write_all(b"PING\r\nPING\r\n").unwrap();
    larder.client().call("RPUSH list 1");
    for expected in ["[\"list\" \"1\"]", "PONG", "PONG"] {
        assert_eq!(shown(&client.receive()), expected);
    }
}

#[test]
fn every_reader_of_a_stream_hears_of_an_entry_and_one_of_a_group_gets_it() {
    let larder = Larder::start(&[]);
    let mut writer = larder.client();
    assert_eq!(writer.says("XGROUP CREATE s g $ MKSTREAM"), "OK");
    let mut clients = Vec::new();
    for n in 1..=3 {
        let mut reader = larder.client();
        reader.send("XREAD BLOCK 0 STREAMS other s $ $");
        larder.until_waiting(2 * n - 1);
        let mut member = larder.client();
        member.send(&format!("XREADGROUP GROUP g c{n} COUNT 1 BLOCK 0 STREAMS s >"));
        larder.until_waiting(2 * n);
        clients.push((reader, member));
    }
    for n in 1..=3 {
        assert_eq!(writer.says(&format!("XADD s 1-{n} n {n}")), format!("\"1-{n}\""));
        assert_eq!(writer.says("XPENDING s g - + 9").matches("\"1-").count(), n);
    }
    for (n, (reader, member)) in clients.iter_mut().enumerate() {
        assert_eq!(shown(&reader.receive()), "[[\"s\" [[\"1-1\" [\"n\" \"1\"]]]]]");
        let n = n + 1;
        assert_eq!(shown(&member.receive()), format!("[[\"s\" [[\"1-{n}\" [\"n\" \"{n}\"]]]]]"));
    }
    larder.until_waiting(0);
}

#[test]
fn waiting_for_a_stream_ends_with_time_or_with_its_group_and_never_begins_in_a_transaction() {
    let larder = Larder::start(&[]);
    let (mut client, mut other) = (larder.client(), larder.client());
    assert_eq!(client.says("XGROUP CREATE s g $ MKSTREAM"), "OK");
    assert_eq!(client.says("XREAD BLOCK 5 STREAMS s $"), "nil");
    assert_eq!(client.says("XREADGROUP GROUP g c BLOCK 5 STREAMS s >"), "nil");
    for line in ["MULTI", "XREAD BLOCK 0 STREAMS s $", "XREADGROUP GROUP g c BLOCK 0 STREAMS s >"] {
        client.call(line);
    }
    assert_eq!(client.says("EXEC"), "[nil nil]");
    client.send("XREADGROUP GROUP g c BLOCK 0 STREAMS s >");
    larder.until_waiting(1);
    assert_eq!(other.says("XGROUP DESTROY s g"), "(1)");
    assert!(shown(&client.receive()).starts_with("-NOGROUP No such key"));
    client.send("XREAD BLOCK 0 STREAMS s $");
    larder.until_waiting(1);
    drop(client);
    larder.until_waiting(0);
    assert_eq!(other.says("XADD s 1-1 a 1"), "\"1-1\"");
}

#[test]
fn everything_that_is_added_goes_to_one_member_of_a_group() {
    const WRITERS: u64 = 2;
    const EACH: u64 = 1_000;
    let larder = Larder::start(&[]);
    larder.client().call("XGROUP CREATE s g $ MKSTREAM");
    let (sum, taken) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let mut client = larder.client();
            scope.spawn(move || {
                for n in 0..EACH {
                    client.call(&format!("XADD s MAXLEN ~ 5000 * n {}", writer * EACH + n));
                }
            });
        }
        for member in 0..3 {
            let mut client = larder.client();
            let (sum, taken) = (&sum, &taken);
            scope.spawn(move || {
                while taken.load(Ordering::SeqCst) < WRITERS * EACH {
                    let reply =
                        client.says(&format!("XREADGROUP GROUP g c{member} COUNT 7 BLOCK 20 STREAMS s >"));
                    for n in reply.split("[\"n\" \"").skip(1) {
                        let n = n.split('"').next().and_then(|n| n.parse::<u64>().ok());
                        sum.fetch_add(n.expect("a number"), Ordering::SeqCst);
                        taken.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    let all = WRITERS * EACH;
    assert_eq!(taken.load(Ordering::SeqCst), all);
    assert_eq!(sum.load(Ordering::SeqCst), all * (all - 1) / 2);
    assert!(larder.client().says("XPENDING s g").starts_with(&format!("[({all}) ")));
}
