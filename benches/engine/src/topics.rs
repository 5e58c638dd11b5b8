//! Paths through the topics.

use crate::Path;
use crate::engine::larder;
use larder::{QueueOptions, Space, Subscription};
use std::hint::black_box;

const SUBSCRIBERS: u64 = 10;
const BATCH: u64 = 16;
const BATCHES: u64 = 8;

pub(crate) const PATHS: &[Path] = &[
    Path { name: "message-delivered", count: BATCHES * BATCH * SUBSCRIBERS, prepare: deliver },
    Path { name: "message-to-nobody", count: 1_000, prepare: to_nobody },
];

/// Published in batches, and drained by each subscriber.
fn deliver() -> Box<dyn FnMut()> {
    let larder = larder();
    let options = QueueOptions::default();
    let all: Vec<Subscription> =
        (0..SUBSCRIBERS).map(|_| larder.topics().subscribe(Space::Channel, b"room:1", options)).collect();
    let mut drained = Vec::new();
    Box::new(move || {
        for _ in 0..BATCHES {
            for _ in 0..BATCH {
                black_box(larder.topics().publish(Space::Channel, b"room:1", &[b'x'; 100]));
            }
            for subscription in &all {
                let _ = black_box(subscription.drain_into(&mut drained));
                drained.clear();
            }
        }
    })
}

fn to_nobody() -> Box<dyn FnMut()> {
    let larder = larder();
    Box::new(move || {
        for _ in 0..1_000 {
            black_box(larder.topics().publish(Space::Channel, b"room:1", &[b'x'; 100]));
        }
    })
}
