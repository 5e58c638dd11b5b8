//! Servers: CPU time per operation.

use super::load::{Core, Load, start_both};
use super::progress::Progress;
use super::{Better, Figures, Part, Row, Setup, Target};
use crate::Result;

/// A load, with what it is measured against and how.
struct Case {
    name: &'static str,
    /// What is said to the load generator before each round, a line each.
    prepare: &'static [&'static str],
    line: &'static str,
    /// At most this share of the rival's.
    target: f64,
    way: Way,
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// The server on one core, the clients on the other.
    Apart,
    /// Both on one core: nobody is woken on another.
    Together,
    /// The same by the Unix socket.
    Socket,
}

const fn case(name: &'static str, line: &'static str, target: f64) -> Case {
    Case { name, prepare: &[], line, target, way: Way::Apart }
}

const GET_1: &str = "--keys 1000000 -n 40000 --mix get";
const SET_1: &str = "--keys 1000000 --value-size 16 -n 40000 --mix set";

const CASES: &[Case] = &[
    Case { way: Way::Together, ..case("GET 16 B, one at a time, one core", GET_1, 0.75) },
    Case { way: Way::Together, ..case("SET 16 B, one at a time, one core", SET_1, 0.75) },
    case("GET 16 B, pipeline 16", "-P 16 --keys 1000000 -n 400000 --mix get", 0.45),
    case("SET 16 B, pipeline 16", "-P 16 --keys 1000000 --value-size 16 -n 400000 --mix set", 0.45),
    case("GET 16 B, pipeline 64", "-P 64 --keys 1000000 -n 600000 --mix get", 0.3),
    case("SET 16 B, pipeline 64", "-P 64 --keys 1000000 --value-size 16 -n 600000 --mix set", 0.3),
    case("GET 256 B, pipeline 64", "-P 64 --keys 1000000 --key-prefix big: -n 400000 --mix get", 0.3),
    Case {
        prepare: &["-n 1 -c 1 DEL bench:zset"],
        ..case("ZADD, one growing set, pipeline 16", "-P 16 --keys 1000000 -n 200000 --mix zadd", 0.5)
    },
    case("MSET of 10, pipeline 16", "-P 16 --keys 1000000 --value-size 16 -n 50000 --mix mset", 0.35),
    Case {
        prepare: &["-n 1 -c 1 DEL bench:list", "-n 1000 -P 16 --value-size 16 --mix lpush"],
        ..case("LRANGE of 100, pipeline 16", "-P 16 -n 60000 --mix lrange", 0.5)
    },
    case("INCR, pipeline 16", "-P 16 --keys 100000 -n 300000 --mix incr", 0.5),
    Case {
        prepare: &["-n 1 -c 1 DEL bench:list"],
        ..case("LPUSH, pipeline 16", "-P 16 --value-size 16 -n 300000 --mix lpush", 0.5)
    },
    Case {
        prepare: &["-n 1 -c 1 DEL bench:list", "-n 300000 -P 64 --value-size 16 --mix lpush"],
        ..case("RPOP, pipeline 16", "-P 16 -n 300000 --mix rpop", 0.5)
    },
    case("SADD, pipeline 16", "-P 16 --keys 100000 -n 300000 --mix sadd", 0.5),
    case("HSET, pipeline 16", "-P 16 --keys 100000 --value-size 16 -n 300000 --mix hset", 0.5),
    Case {
        prepare: &["-n 1 -c 1 DEL bench:zset", "-n 200000 -P 64 --keys 1000000 --mix zadd"],
        ..case("ZPOPMIN, pipeline 16", "-P 16 -n 200000 --mix zpopmin", 0.5)
    },
    Case { way: Way::Socket, ..case("GET 16 B, one at a time, Unix socket", GET_1, 0.75) },
    Case { way: Way::Socket, ..case("SET 16 B, one at a time, Unix socket", SET_1, 0.75) },
];

/// What all loads read, written once.
const FILL: &[&str] = &[
    "--fill -n 1 -c 1 --keys 1000000 --value-size 16 --mix ping",
    "--fill -n 1 -c 1 --keys 1000000 --value-size 256 --key-prefix big: --mix ping",
];

fn words(line: &'static str) -> Vec<&'static str> {
    line.split(' ').collect()
}

/// CPU time per operation.
pub(super) fn compare(setup: &Setup<'_>) -> Result<Part> {
    let servers = start_both(setup, Core::Servers)?;
    let progress = Progress::new("server", CASES.len() * setup.rounds + 1);
    progress.step("two million keys");
    for server in &servers {
        for line in FILL {
            server.bench(&words(line), &Load::TCP)?;
        }
    }
    let mut rows: Vec<Row> = CASES.iter().map(|case| row(case, &servers[1].name)).collect();
    for round in 0..setup.rounds {
        for (case, row) in CASES.iter().zip(&mut rows) {
            progress.step(case.name);
            let load = match case.way {
                Way::Apart => Load::TCP,
                Way::Together => Load { core: Core::Servers, by_socket: false },
                Way::Socket => Load { core: Core::Servers, by_socket: true },
            };
            for turn in 0..servers.len() {
                // Who goes first changes from round to round.
                let server = &servers[(turn + round) % servers.len()];
                if case.way == Way::Socket && !server.has_socket() {
                    continue;
                }
                for line in case.prepare {
                    server.bench(&words(line), &Load::TCP)?;
                }
                row.add(&server.name, server.cpu_ns(&words(case.line), &load)? / 1_000.0);
            }
        }
    }
    Ok(Part {
        key: "server",
        title: "Server: CPU time per operation",
        text: "Microseconds of CPU time that the server's threads use for one operation, kernel included, with 50 \
               connections of `larder bench`, a million keys of 16 bytes, the server on one core and the load on \
               another unless a row says that they share one. Less is better."
            .into(),
        unit: "µs",
        command: "cargo xtask compare server",
        better: Better::Less,
        rows,
    })
}

fn row(case: &Case, rival: &str) -> Row {
    let mut row = Row::new(case.name, &[Target::OfBest(case.target)]);
    row.figures = vec![("larder".into(), Figures::default()), (rival.into(), Figures::default())];
    row.command = format!("larder bench {}", case.line);
    row
}
