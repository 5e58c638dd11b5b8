//! Unix sockets, from outside: the worker of such a connection waits for it in another way than for one over TCP.

use crate::harness::PATIENCE;
use larder_commands::Instance;
use larder_commands::settings::Settings;
use larder_core::Engine;
use larder_server::Server;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

/// A server at a Unix socket of its own.
struct Served {
    _server: Server,
    path: PathBuf,
}

impl Served {
    fn start(name: &str, settings: &[(&str, &str)]) -> Served {
        let path = std::env::temp_dir().join(format!("larder-{name}-{}", std::process::id()));
        let all = Settings::default();
        for (name, value) in [("loglevel", "nothing")].iter().chain(settings) {
            all.preset(name, value).expect("a valid setting");
        }
        let instance = Instance::with_settings(Engine::new(), all);
        let server = Server::serve_at(instance, &format!("unix:{}", path.display())).expect("a server");
        Served { _server: server, path }
    }

    /// A client that is being served.
    fn client(&self) -> UnixStream {
        let mut stream = UnixStream::connect(&self.path).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        assert_eq!(told(&mut stream, "PING", 7), b"+PONG\r\n");
        stream
    }
}

/// So many bytes of the replies to a line.
fn told(stream: &mut UnixStream, line: &str, len: usize) -> Vec<u8> {
    stream.write_all(format!("{line}\r\n").as_bytes()).expect("written");
    let mut reply = vec![0; len];
    stream.read_exact(&mut reply).expect("a reply");
    reply
}

/// What is written here is there at once: the system may hand over the bytes of two TCP connections in another order
/// when it is busy.
#[test]
fn what_a_few_connections_are_told_one_after_another_is_done_in_this_order() {
    let served = Served::start("order", &[("io-threads", "0")]);
    let (mut subscriber, mut publisher) = (served.client(), served.client());
    for n in 0..500 {
        subscriber.write_all(format!("SUBSCRIBE c{n}\r\n").as_bytes()).expect("written");
        assert_eq!(told(&mut publisher, &format!("PUBLISH c{n} m"), 4), b":1\r\n", "{n}");
    }
}

/// A reader that falls behind by far more than its socket holds, and a value that comes in many pieces.
#[test]
fn large_values_go_both_ways() {
    let served = Served::start("large", &[]);
    let mut stream = served.client();
    let value: Vec<u8> = (0..8_000_000_u32).map(|n| (n % 251) as u8).collect();
    let header = format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${}\r\n", value.len());
    let gets = "GET k\r\n".repeat(4);
    stream.write_all(&[header.as_bytes(), &value, b"\r\n", gets.as_bytes()].concat()).expect("written");
    let reply = [format!("${}\r\n", value.len()).as_bytes(), &value, b"\r\n"].concat();
    let expected = [b"+OK\r\n".as_slice(), &reply.repeat(4), b"+PONG\r\n"].concat();
    assert!(told(&mut stream, "PING", expected.len()) == expected);
}
