//! Paths through the protocol: requests found in a buffer, commands found and executed, replies written.

use crate::Path;
use crate::engine::{key, larder};
use larder_commands::{Flow, Instance, Origin, Protocol, Session, Wake};
use larder_load::{Distribution, Keys};
use larder_resp::{Limits, RequestParser, encode};
use larder_server::RespReply;
use std::hint::black_box;
use std::sync::Arc;

const COUNT: u64 = 1_024;
/// Requests that arrive together.
const BATCH: u64 = 64;

pub(crate) const PATHS: &[Path] = &[
    Path { name: "requests-parsed", count: COUNT, prepare: parse },
    Path { name: "command-ping", count: COUNT, prepare: || execute(&["PING"]) },
    Path { name: "command-get", count: COUNT, prepare: || execute(&["GET", "key:000000000001"]) },
    Path { name: "command-set", count: COUNT, prepare: || execute(&["SET", "key:000000000001", "value"]) },
    Path { name: "command-incr", count: COUNT, prepare: || execute(&["INCR", "counter"]) },
    Path { name: "command-lrange-100", count: 64, prepare: range },
    Path {
        name: "command-eval",
        count: 64,
        prepare: || execute_times(64, &["EVAL", SCRIPT, "1", "counter"]),
    },
];

const SCRIPT: &str = "return redis.call('INCR', KEYS[1])";

fn parse() -> Box<dyn FnMut()> {
    let mut keys = Keys::new(Distribution::Uniform, 1_000_000, 1, (0, 1));
    let mut buffer = Vec::new();
    for _ in 0..BATCH {
        encode::command(&[&b"SET"[..], &key(keys.draw()), &[b'v'; 32]], &mut buffer);
    }
    let mut parser = RequestParser::new(Limits::STANDARD);
    let mut spans = Vec::new();
    Box::new(move || {
        for _ in 0..COUNT / BATCH {
            let mut at = 0;
            parser.next_short(&buffer, &mut at, &mut spans, usize::MAX, |first, argc| {
                black_box((first, argc));
            });
            black_box(&spans);
            spans.clear();
        }
    })
}

fn execute(words: &'static [&'static str]) -> Box<dyn FnMut()> {
    execute_times(COUNT, words)
}

fn execute_times(count: u64, words: &'static [&'static str]) -> Box<dyn FnMut()> {
    let mut client = Client::new(larder().instance());
    client.execute(words);
    Box::new(move || (0..count).for_each(|_| client.execute(words)))
}

fn range() -> Box<dyn FnMut()> {
    let larder = larder();
    (0..100).for_each(|n| _ = larder.db().lists().push_back("list", key(n)));
    let mut client = Client::new(larder.instance());
    Box::new(move || (0..64).for_each(|_| client.execute(&["LRANGE", "list", "0", "99"])))
}

struct Deaf;

impl Wake for Deaf {
    fn wake(&self) {}
}

/// A connection of a server, without the socket.
pub(crate) struct Client {
    instance: Arc<Instance>,
    session: Session,
    out: Vec<u8>,
}

impl Client {
    pub(crate) fn new(instance: &Arc<Instance>) -> Client {
        let origin = Origin { addr: "bench:0".into(), laddr: "bench:0".into(), unix: false, fd: -1 };
        let mut session = instance.connect(origin, Box::new(Deaf));
        instance.trust(&mut session);
        Client { instance: instance.clone(), session, out: Vec::new() }
    }

    pub(crate) fn execute(&mut self, words: &[&str]) {
        let mut line: [&[u8]; 8] = [b""; 8];
        for (place, word) in line.iter_mut().zip(words) {
            *place = word.as_bytes();
        }
        self.out.clear();
        let mut reply = RespReply::new(&mut self.out, Protocol::Resp2);
        let flow = self.instance.execute(&mut self.session, &line[..words.len()], &mut reply);
        assert!(matches!(flow, Flow::Next) && self.out.first() != Some(&b'-'), "{words:?} is refused");
    }

    /// What the last command was answered.
    pub(crate) fn reply(&self) -> &[u8] {
        &self.out
    }
}
