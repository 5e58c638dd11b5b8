//! What topics cost: nanoseconds for a publish, and for each message delivered.
//!
//! `cargo bench -p larder-core --bench topics`. Each line is the best and the median of several runs; a run publishes
//! in batches of 16 and drains every queue after each batch, so that neither memory nor waking is measured.

use larder_core::{Encoding, Engine, Message, QueueOptions, Space, Subscriber, Subscription, Wakes};
use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::Instant;

const RUNS: usize = 9;
const BATCH: usize = 16;
const PAYLOAD: [u8; 100] = [b'x'; 100];

/// Measures one thing: nanoseconds for each of `count`.
fn measure(name: &str, count: usize, mut run: impl FnMut()) {
    run();
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let began = Instant::now();
            run();
            began.elapsed().as_secs_f64() * 1e9 / count as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{name:<58} {:>9.1} {:>9.1}", times[0], times[RUNS / 2]);
}

fn publish_batch(engine: &Engine, channel: &[u8]) {
    let mut wakes = Wakes::default();
    for _ in 0..BATCH {
        black_box(engine.topics().publish_into(Space::Channel, channel, &PAYLOAD, &mut wakes));
    }
}

fn queues(subscribers: usize, space: Space, name: &[u8]) {
    let engine = Engine::new();
    let options = QueueOptions::default();
    let all: Vec<Subscription> =
        (0..subscribers).map(|_| engine.topics().subscribe(space, name, options)).collect();
    let batches = (200_000 / subscribers / BATCH).max(4);
    let mut drained = Vec::new();
    measure(&format!("delivered to {subscribers} queues, {space:?}"), batches * BATCH * subscribers, || {
        for _ in 0..batches {
            publish_batch(&engine, b"room:1");
            for subscription in &all {
                let _ = subscription.drain_into(&mut drained);
                drained.clear();
            }
        }
    });
}

#[derive(Default)]
struct Outbox(Mutex<Vec<u8>>);

impl Subscriber for Outbox {
    fn deliver(&self, message: &Message) {
        let frame =
            message.encoded(Encoding::First, |parts| [b"message ", &parts.payload[..], b"\r\n"].concat());
        if let Ok(mut bytes) = self.0.lock() {
            bytes.extend_from_slice(frame);
        }
    }

    fn wake(&self) {
        if let Ok(mut bytes) = self.0.lock() {
            bytes.clear();
        }
    }
}

fn outboxes(subscribers: usize) {
    let engine = Engine::new();
    for _ in 0..subscribers {
        let id = engine.topics().new_subscriber();
        engine.topics().subscribe_with(Space::Channel, b"room:1", id, Arc::new(Outbox::default()));
    }
    let batches = (200_000 / subscribers / BATCH).max(4);
    measure(
        &format!("encoded once, copied to {subscribers} outboxes"),
        batches * BATCH * subscribers,
        || {
            (0..batches).for_each(|_| publish_batch(&engine, b"room:1"));
        },
    );
}

fn to_nobody(name: &str, channels: usize, patterns: usize) {
    let engine = Engine::new();
    let others = engine.topics().subscription(QueueOptions::default());
    for n in 0..channels {
        others.add(Space::Channel, format!("other:{n}").as_bytes());
    }
    for n in 0..patterns {
        others.add(Space::Pattern, format!("pattern:{n}:*").as_bytes());
    }
    measure(&format!("publish, {name}"), 1_000 * BATCH, || {
        (0..1_000).for_each(|_| publish_batch(&engine, b"pattern:none"));
    });
}

fn main() {
    println!("{:<58} {:>9} {:>9}", "nanoseconds", "best", "median");
    to_nobody("nobody is subscribed to anything", 0, 0);
    to_nobody("10,000 other channels have subscribers", 10_000, 0);
    to_nobody("10,000 patterns, none of which matches", 0, 10_000);
    for subscribers in [1, 100, 1_000] {
        queues(subscribers, Space::Channel, b"room:1");
    }
    queues(100, Space::Pattern, b"room:*");
    outboxes(100);
    outboxes(1_000);
}
