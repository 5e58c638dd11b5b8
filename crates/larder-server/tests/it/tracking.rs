//! Client-side caching from outside: who is told of which changes, and that no copy stays stale.

use crate::harness::{Client, Larder, Redis, shown};
use std::collections::HashMap;

/// A client that speaks RESP3.
fn modern(mut client: Client) -> Client {
    client.says("HELLO 3");
    client
}

/// Plays lines on two clients, the first of which tracks, and gives everything that the first one hears.
fn heard(mut tracking: Client, mut other: Client, setup: &str, lines: &[(bool, &str)]) -> Vec<String> {
    let mut heard = Vec::new();
    let say = |client: &mut Client, line: &str, end: &str| {
        line.split(';').for_each(|line| client.send(line));
        // What comes out of turn comes before the answer to a line that is answered in one known way.
        client.send(&format!("ECHO {end}"));
        let mut answers = Vec::new();
        loop {
            let answer = shown(&client.receive());
            if answer == format!("\"{end}\"") {
                return answers;
            }
            answers.push(answer);
        }
    };
    heard.extend(say(&mut tracking, setup, "begun"));
    for (at, (by_tracking, line)) in lines.iter().enumerate() {
        let end = format!("end:{at}");
        if *by_tracking {
            heard.extend(say(&mut tracking, line, &end));
        } else {
            say(&mut other, line, &end);
            heard.extend(say(&mut tracking, "PING", &end).into_iter().filter(|answer| answer != "PONG"));
        }
    }
    heard
}

#[test]
fn a_tracking_client_hears_what_it_hears_from_redis() {
    let Some(redis) = Redis::start(&[]) else { return };
    let larder = Larder::start(&[]);
    let lines = [
        (true, "GET a"),
        (false, "SET a 1"),
        (false, "SET a 2"),
        (true, "MGET a b c"),
        (false, "MSET a 3 b 3"),
        (true, "SET c 1"),
        (true, "GET c"),
        (true, "SET c 2"),
        (false, "RPUSH list 1"),
        (true, "LRANGE list 0 -1"),
        (false, "LPOP list"),
        (true, "CLIENT CACHING YES"),
        (true, "GET x"),
        (true, "GET y"),
        (false, "SET x 1"),
        (false, "SET y 1"),
        (true, "MULTI;GET m;EXEC"),
        (false, "SET m 1"),
        (true, "EVAL \"return redis.call('GET', KEYS[1])\" 1 s"),
        (false, "SET s 1"),
        (true, "GET e"),
        (false, "SET e 1 PX 100000"),
        (true, "GET e"),
        (false, "PEXPIRE e 200000"),
        (true, "GET e"),
        (false, "RENAME e f"),
        (true, "GET g"),
        (false, "EVAL \"return redis.call('SET', 'g', 1)\" 0"),
        (true, "HGETALL h"),
        (false, "HSET h f v"),
        (true, "GET user:1"),
        (false, "SET user:1 x"),
        (false, "SET user:2 x"),
        (true, "SET user:3 x"),
        (true, "CLIENT TRACKINGINFO"),
        (true, "CLIENT TRACKING OFF"),
        (true, "GET a"),
        (false, "SET a 9"),
    ];
    for setup in [
        "CLIENT TRACKING ON",
        "CLIENT TRACKING ON NOLOOP",
        "CLIENT TRACKING ON OPTIN",
        "CLIENT TRACKING ON OPTOUT",
        "CLIENT TRACKING ON BCAST PREFIX user:",
        "CLIENT TRACKING ON BCAST PREFIX user: NOLOOP",
    ] {
        let play = |new: &dyn Fn() -> Client| {
            let mut other = new();
            other.says("FLUSHALL");
            heard(modern(new()), other, setup, &lines)
        };
        let (ours, theirs) = (play(&|| larder.client()), play(&|| redis.client()));
        assert_eq!(ours, theirs, "{setup}");
    }
}

#[test]
fn a_flush_makes_everything_stale() {
    let larder = Larder::start(&[]);
    let (mut client, mut other) = (modern(larder.client()), larder.client());
    client.says("CLIENT TRACKING ON");
    client.says("GET a");
    other.says("FLUSHALL");
    assert_eq!(shown(&client.receive()), ">[\"invalidate\" nil]");
    assert!(other.says("INFO stats").contains("tracking_total_keys:0"));
}

#[test]
fn another_client_can_be_told() {
    let larder = Larder::start(&[]);
    let (mut client, mut other) = (larder.client(), larder.client());
    for hello in ["HELLO 2", "HELLO 3"] {
        let mut listener = larder.client();
        listener.says(hello);
        let id = listener.says("CLIENT ID").trim_matches(['(', ')']).to_string();
        if hello == "HELLO 2" {
            listener.says("SUBSCRIBE __redis__:invalidate");
        }
        assert_eq!(client.says(&format!("CLIENT TRACKING ON REDIRECT {id}")), "OK");
        assert_eq!(client.says("CLIENT GETREDIR"), format!("({id})"));
        client.says("GET a");
        other.says("SET a 1");
        let told = shown(&listener.receive());
        if hello == "HELLO 2" {
            assert_eq!(told, "[\"message\" \"__redis__:invalidate\" [\"a\"]]");
        } else {
            assert_eq!(told, ">[\"invalidate\" [\"a\"]]");
        }
        client.says("CLIENT TRACKING OFF");
    }
    // The one that was to be told is gone.
    let mut client = modern(larder.client());
    let mut listener = larder.client();
    let id = listener.says("CLIENT ID").trim_matches(['(', ')']).to_string();
    client.says(&format!("CLIENT TRACKING ON REDIRECT {id}"));
    client.says("GET a");
    listener.says("QUIT");
    while other.says("CLIENT LIST").contains(&format!("id={id} ")) {}
    other.says("SET a 2");
    assert_eq!(shown(&client.receive()), format!(">[\"tracking-redir-broken\" ({id})]"));
    assert!(client.says("CLIENT TRACKINGINFO").contains("broken_redirect"));
}

#[test]
fn keys_that_die_or_are_forgotten_are_told_too() {
    let larder = Larder::start(&[("tracking-table-max-keys", "10")]);
    let (mut client, mut other) = (modern(larder.client()), larder.client());
    client.says("CLIENT TRACKING ON");
    // At one go, so that the key is still there when it is read.
    for line in ["MULTI", "SET a 1 PX 30", "GET a"] {
        client.says(line);
    }
    assert_eq!(client.says("EXEC"), "[OK \"1\"]");
    assert_eq!(shown(&client.receive()), ">[\"invalidate\" [\"a\"]]");
    for n in 0..100 {
        client.send(&format!("GET key:{n}"));
    }
    client.send("ECHO end");
    let mut told = 0;
    loop {
        match shown(&client.receive()).as_str() {
            "\"end\"" => break,
            answer => told += usize::from(answer.starts_with(">[\"invalidate\"")),
        }
    }
    assert!(told >= 80, "{told}");
    let info = other.says("INFO stats");
    let kept = info.split("tracking_total_keys:").nth(1).and_then(|rest| rest.split("\\r").next());
    assert!(kept.is_some_and(|kept| kept.parse::<usize>().is_ok_and(|kept| kept <= 10)), "{kept:?}");
    client.says("CLIENT TRACKING OFF");
    assert!(other.says("INFO stats").contains("tracking_total_keys:0"));
    assert!(other.says("INFO clients").contains("tracking_clients:0"));
}

/// A client keeps copies and drops them when it is told to; others write as fast as they can. When all is quiet, its
/// copies are what the server has.
#[test]
fn no_copy_stays_stale() {
    const KEYS: u64 = 20;
    let larder = Larder::start(&[]);
    let mut reader = modern(larder.client());
    reader.says("CLIENT TRACKING ON");
    let mut copies: HashMap<String, String> = HashMap::new();
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..2_u64)
            .map(|writer| {
                let mut client = larder.client();
                scope.spawn(move || {
                    for n in 0..3_000_u64 {
                        client.send(&format!("SET key:{} {writer}-{n}", (n * 7 + writer * 3) % KEYS));
                    }
                    (0..3_000).for_each(|_| drop(client.receive()));
                })
            })
            .collect();
        let mut n = 0;
        while !writers.iter().all(std::thread::ScopedJoinHandle::is_finished) || n % KEYS != 0 {
            let key = format!("key:{}", n % KEYS);
            read(&mut reader, &key, &mut copies);
            n += 1;
        }
    });
    reader.send("ECHO quiet");
    loop {
        let answer = shown(&reader.receive());
        if answer == "\"quiet\"" {
            break;
        }
        forget(&answer, &mut copies);
    }
    let mut other = larder.client();
    for (key, copy) in &copies {
        assert_eq!(*copy, other.says(&format!("GET {key}")), "{key}");
    }
}

fn forget(told: &str, copies: &mut HashMap<String, String>) {
    let key = told.strip_prefix(">[\"invalidate\" [\"").and_then(|rest| rest.strip_suffix("\"]]"));
    let removed = key.map(|key| copies.remove(key));
    assert!(removed.is_some(), "{told}");
}

fn read(reader: &mut Client, key: &str, copies: &mut HashMap<String, String>) {
    if copies.contains_key(key) {
        // It is told only when it reads its socket.
        reader.send("PING");
    } else {
        reader.send(&format!("GET {key}"));
    }
    loop {
        let answer = shown(&reader.receive());
        if answer == "PONG" {
            return;
        }
        if answer.starts_with(">[") {
            forget(&answer, copies);
            continue;
        }
        copies.insert(key.to_string(), answer);
        return;
    }
}
