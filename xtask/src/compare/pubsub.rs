//! Topics: what a delivered message costs, of a server and in process.

use super::embedded::{Wanted, gather};
use super::load::{Core, Load, start_both};
use super::progress::Progress;
use super::{Better, Part, Row, Setup, Target};
use crate::Result;

/// Five hundred thousand deliveries.
const LINE: &str = "--mix publish -c 1 -P 16 --subscribers 100 --value-size 16 -n 5000";

const IN_PROCESS: &[Wanted] = &[
    ("a message to 100 subscribers, drained in batches of 16", &[Target::Most(40.0), Target::OfBest(1.0)]),
    ("a message to 1 subscriber, drained in batches of 16", &[]),
];

pub(super) fn compare(setup: &Setup<'_>) -> Result<Vec<Part>> {
    let mut row = Row::new("PUBLISH in batches of 16, for each message delivered", &[Target::OfBest(0.65)]);
    row.command = format!("larder bench {LINE}");
    let words: Vec<&str> = LINE.split(' ').collect();
    let progress = Progress::new("pubsub", setup.rounds * 2);
    {
        let servers = start_both(setup, Core::Servers)?;
        for round in 0..setup.rounds {
            progress.step("100 subscribers of a server");
            for turn in 0..servers.len() {
                let server = &servers[(turn + round) % servers.len()];
                row.add(&server.name, server.cpu_ns(&words, &Load::TCP)? / 1_000.0);
            }
        }
    }
    let server = Part {
        key: "pubsub",
        title: "Topics, served: CPU time per delivered message",
        text: "Microseconds of CPU time that the server's threads use to deliver one message to one of 100 subscribers \
               of its channel, kernel included, when one publisher sends 16 at a time. Less is better."
            .into(),
        unit: "µs",
        command: "cargo xtask compare pubsub",
        better: Better::Less,
        rows: vec![row],
    };
    let topics = Part {
        key: "topics",
        title: "Topics, in process: time per delivered message",
        text: "Nanoseconds for each message delivered: published in batches of 16, then taken by each subscriber from \
               a bounded queue of its own. The rival is a `crossbeam-channel` for each subscriber. Less is better."
            .into(),
        unit: "ns",
        command: "cargo xtask compare pubsub",
        better: Better::Less,
        rows: gather(setup, "topics", IN_PROCESS, &progress)?,
    };
    Ok(vec![server, topics])
}
