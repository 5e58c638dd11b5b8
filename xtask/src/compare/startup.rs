//! What a server costs before anybody asks it anything.

use super::load::{Core, Server, start_larder, start_rival};
use super::progress::Progress;
use super::{Better, Part, Row, Setup, Target};
use crate::Result;
use std::time::Duration;

/// How long it is watched doing nothing.
const IDLE: Duration = Duration::from_secs(2);

pub(super) fn compare(setup: &Setup<'_>) -> Result<Part> {
    let progress = Progress::new("startup", setup.rounds);
    let mut first = Row::new("from its start to the first PONG, ms", &[Target::Most(5.0)]);
    let mut resident = Row::new("resident memory then, MB", &[Target::Most(5.0)]);
    let mut idle = Row::new("CPU while idle, % of a core", &[Target::Most(0.05)]);
    for round in 0..setup.rounds {
        progress.step("start, then do nothing");
        // Who goes first changes from round to round.
        let servers = if round % 2 == 0 {
            let larder = start_larder(setup, Core::Any)?;
            [larder, start_rival(setup, Core::Any)?]
        } else {
            let rival = start_rival(setup, Core::Any)?;
            [start_larder(setup, Core::Any)?, rival]
        };
        for server in &servers {
            first.add(&server.name, server.started_in.as_secs_f64() * 1e3);
            resident.add(&server.name, server.resident_bytes()? as f64 / 1e6);
        }
        let before: Vec<u64> = servers.iter().map(Server::run_ns).collect::<Result<_>>()?;
        super::load::pause(IDLE);
        for (server, before) in servers.iter().zip(before) {
            let ran_ns = server.run_ns()?.saturating_sub(before);
            idle.add(&server.name, ran_ns as f64 / IDLE.as_nanos() as f64 * 100.0);
        }
    }
    for row in [&mut first, &mut resident, &mut idle] {
        row.command = "larder serve".into();
    }
    Ok(Part {
        key: "startup",
        title: "Start-up and idleness",
        text: "A server without data: the time until it answers PING, the memory that the system has given it by then, \
               and the CPU time of all its threads in two seconds in which nobody asks. Less is better."
            .into(),
        unit: "",
        command: "cargo xtask compare startup",
        better: Better::Less,
        rows: vec![first, resident, idle],
    })
}
