//! Very many keys that die in the same second: others go on, every event comes, lateness is told.

use crate::harness::{Larder, PATIENCE, shown};
use larder_core::ManualClock;
use larder_resp::encode_command;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A million where the code is optimised.
const KEYS: usize = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };

fn fill(larder: &Larder, keys: usize, ttl_ms: u64) {
    const BATCH: usize = 10_000;
    let mut client = larder.client();
    for start in (0..keys).step_by(BATCH) {
        let mut lines = Vec::new();
        let numbers = start..(start + BATCH).min(keys);
        for n in numbers.clone() {
            // All within one second.
            let ttl = (ttl_ms + n as u64 % 1_000).to_string();
            encode_command(&["SET", &format!("key:{n}"), "value", "PX", &ttl], &mut lines);
        }
        client.stream.write_all(&lines).unwrap();
        for _ in numbers {
            assert_eq!(shown(&client.receive()), "OK");
        }
    }
}

#[test]
fn a_million_keys_due_in_the_same_second_are_all_reported_and_others_go_on() {
    let clock = Arc::new(ManualClock::new());
    let larder = Larder::start_at(clock.clone(), &[("notify-keyspace-events", "Ex"), LIMIT]);
    fill(&larder, KEYS, 60_000);
    let mut listener = larder.client();
    listener.call("SUBSCRIBE __keyevent@0__:expired");
    assert_eq!(larder.count(), KEYS);
    std::thread::scope(|scope| {
        let hearing = scope.spawn(move || {
            let mut heard = vec![false; KEYS];
            for _ in 0..KEYS {
                let message = listener.receive();
                let name = message.items().and_then(|items| items[2].bytes()).expect("a message").to_vec();
                let n: usize = std::str::from_utf8(&name[4..]).unwrap().parse().unwrap();
                assert!(!std::mem::replace(&mut heard[n], true), "key:{n} was reported twice");
            }
            heard
        });
        let working = scope.spawn(|| {
            let mut client = larder.client();
            let mut worst = Duration::ZERO;
            for n in 0..2_000 {
                let began = Instant::now();
                assert_eq!(client.says(&format!("SET other:{} {n}", n % 10)), "OK");
                worst = worst.max(began.elapsed());
            }
            worst
        });
        // Whoever moves the clock does the engine's timer's work.
        clock.advance(Duration::from_secs(61));
        assert!(hearing.join().unwrap().into_iter().all(|heard| heard));
        let worst = working.join().unwrap();
        assert!(worst < PATIENCE);
        eprintln!("{KEYS} keys died; the slowest of 2,000 other commands meanwhile took {worst:?}");
    });
    assert_eq!(larder.count(), 10);
    let engine = larder.server.instance().engine();
    assert_eq!(engine.counts().expired, KEYS as u64);
    assert_eq!(engine.lateness().counts().iter().sum::<u64>(), KEYS as u64);
}

/// Every event of that second may be waiting for its reader.
const LIMIT: (&str, &str) = ("client-output-buffer-limit", "pubsub 1gb 0 0");

#[test]
fn the_timer_removes_keys_that_nobody_asks_for() {
    let larder = Larder::start(&[]);
    let mut client = larder.client();
    for n in 0..1_000 {
        client.call(&format!("SET key:{n} value PX {}", 1 + n % 50));
    }
    let began = Instant::now();
    while larder.count() != 0 {
        assert!(began.elapsed() < PATIENCE);
    }
    let engine = larder.server.instance().engine();
    assert_eq!(engine.counts().expired, 1_000);
    let info = client.says("INFO larder");
    assert!(info.contains("late"), "{info}");
}
