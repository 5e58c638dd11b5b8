//! Messages delivered to many subscribers in one process.

use crate::tell_time;
use larder::{Larder, QueueOptions, Space, Subscription};
use std::hint::black_box;
use std::sync::Arc;

const BATCH: u64 = 16;
const DELIVERIES: u64 = 1_600_000;
const PAYLOAD: [u8; 100] = [b'x'; 100];

pub(crate) fn run(round: u64) {
    for subscribers in [100, 1] {
        let name = match subscribers {
            1 => "a message to 1 subscriber, drained in batches of 16".to_owned(),
            _ => format!("a message to {subscribers} subscribers, drained in batches of 16"),
        };
        // Who goes first changes from round to round.
        if round.is_multiple_of(2) {
            larder(&name, subscribers);
            channels(&name, subscribers);
        } else {
            channels(&name, subscribers);
            larder(&name, subscribers);
        }
    }
}

fn larder(name: &str, subscribers: u64) {
    let larder = Larder::new();
    let topics = larder.topics();
    let all: Vec<Subscription> = (0..subscribers)
        .map(|_| topics.subscribe(Space::Channel, b"room:1", QueueOptions::default()))
        .collect();
    let mut drained = Vec::new();
    tell_time(name, "larder", DELIVERIES, || {
        for _ in 0..DELIVERIES / subscribers / BATCH {
            for _ in 0..BATCH {
                black_box(topics.publish(Space::Channel, b"room:1", &PAYLOAD));
            }
            for subscription in &all {
                let _ = black_box(subscription.drain_into(&mut drained));
                drained.clear();
            }
        }
    });
}

fn channels(name: &str, subscribers: u64) {
    let all: Vec<_> = (0..subscribers).map(|_| crossbeam_channel::bounded::<Arc<[u8]>>(1_024)).collect();
    tell_time(name, "crossbeam-channel", DELIVERIES, || {
        for _ in 0..DELIVERIES / subscribers / BATCH {
            for _ in 0..BATCH {
                let message: Arc<[u8]> = Arc::from(&PAYLOAD[..]);
                for (sender, _) in &all {
                    sender.try_send(message.clone()).expect("there is room");
                }
            }
            for (_, receiver) in &all {
                while let Ok(message) = receiver.try_recv() {
                    black_box(message);
                }
            }
        }
    });
}
