//! Servers of both kinds, and a client that talks to either.

use larder_commands::Instance;
use larder_commands::settings::Settings;
use larder_core::{DbIndex, Engine, ManualClock, Options};
use larder_resp::{Decoder, DecoderLimits, Value, encode_command, split_arguments};
use larder_server::Server;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// Longer than anything here takes on the slowest machine: a hang fails, slowness does not.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A Larder in this process.
pub(crate) struct Larder {
    pub(crate) server: Server,
    pub(crate) address: SocketAddr,
}

impl Larder {
    pub(crate) fn start(settings: &[(&str, &str)]) -> Larder {
        Larder::start_over(Engine::new(), settings)
    }

    /// One whose clock is moved by hand.
    pub(crate) fn start_at(clock: Arc<ManualClock>, settings: &[(&str, &str)]) -> Larder {
        Larder::start_over(Engine::with_options(Options { clock, ..Options::default() }), settings)
    }

    fn start_over(engine: Engine, settings: &[(&str, &str)]) -> Larder {
        let all = Settings::default();
        // Several threads even for two clients: what may go wrong between threads is to go wrong here.
        let usual = [("loglevel", "nothing"), ("enable-debug-command", "yes"), ("io-threads", "2")];
        for (name, value) in usual.iter().chain(settings) {
            all.preset(name, value).expect("a valid setting");
        }
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let instance = Instance::with_settings(engine, all);
        let server = Server::serve_on(instance, vec![listener], None).expect("a server");
        Larder { server, address }
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// How many keys there are.
    pub(crate) fn count(&self) -> usize {
        self.server.instance().engine().db().keys().count().expect("counted")
    }

    /// Empties every database.
    pub(crate) fn flush(&self) {
        for db in DbIndex::all() {
            self.server.instance().engine().view_none(None).flush(db).expect("flushed");
        }
    }
}

/// A real `redis-server`, stopped when dropped.
pub(crate) struct Redis {
    child: Child,
    pub(crate) address: SocketAddr,
    /// What it writes to a disk, removed when it is dropped.
    dir: PathBuf,
}

impl Redis {
    /// `None` where none is installed.
    pub(crate) fn start(flags: &[&str]) -> Option<Redis> {
        for _ in 0..10 {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let address = listener.local_addr().expect("an address");
            drop(listener);
            let port = address.port().to_string();
            let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("redis-{port}"));
            std::fs::create_dir_all(&dir).expect("a directory for tests");
            let child = Command::new("redis-server")
                .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--enable-debug-command", "yes"])
                .arg("--dir")
                .arg(&dir)
                .args(flags)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn();
            let Ok(mut child) = child else {
                eprintln!("no redis-server here: nothing to compare with");
                return None;
            };
            let log = BufReader::new(child.stdout.take().expect("piped"));
            let redis = Redis { child, address, dir };
            // Its own word, since somebody else may have taken the port meanwhile; then another is tried.
            if log.lines().map_while(Result::ok).any(|line| line.contains("Ready to accept connections")) {
                return Some(redis);
            }
        }
        panic!("redis-server does not start");
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// A blocking client.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    decoder: Decoder,
    input: Vec<u8>,
    /// The bytes of the last reply: what a decoder makes of them may hide a difference.
    pub(crate) bytes: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_nodelay(true).expect("no delay");
        Client {
            stream,
            decoder: Decoder::new(DecoderLimits::default()),
            input: Vec::new(),
            bytes: Vec::new(),
        }
    }

    pub(crate) fn send_words<A: AsRef<[u8]>>(&mut self, words: &[A]) {
        let mut line = Vec::new();
        encode_command(words, &mut line);
        self.stream.write_all(&line).expect("written");
    }

    /// Sends several lines at once.
    pub(crate) fn send_all<A: AsRef<[u8]>>(&mut self, lines: &[Vec<A>]) {
        let mut all = Vec::new();
        lines.iter().for_each(|words| encode_command(words, &mut all));
        self.stream.write_all(&all).expect("written");
    }

    /// Sends a line as it would be typed at a prompt.
    pub(crate) fn send(&mut self, line: &str) {
        let words = split_arguments(line.as_bytes()).expect("balanced quotes");
        self.send_words(&words);
    }

    /// The next reply; `None` at the end of the stream.
    pub(crate) fn try_receive(&mut self) -> Option<Value> {
        self.bytes.clear();
        loop {
            let mut at = 0;
            let value = self.decoder.next(&self.input, &mut at).expect("a valid reply");
            self.bytes.extend(self.input.drain(..at));
            if value.is_some() {
                return value;
            }
            let mut chunk = [0; 16 * 1024];
            match self.stream.read(&mut chunk) {
                Ok(0) => return None,
                Ok(len) => self.input.extend(&chunk[..len]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("no reply: {error}"),
            }
        }
    }

    pub(crate) fn receive(&mut self) -> Value {
        self.try_receive().expect("the connection is open")
    }

    pub(crate) fn call(&mut self, line: &str) -> Value {
        self.send(line);
        self.receive()
    }

    /// A call whose reply is compared as text.
    pub(crate) fn says(&mut self, line: &str) -> String {
        let value = self.call(line);
        shown(&value)
    }
}

/// A reply as tests read best.
pub(crate) fn shown(value: &Value) -> String {
    let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
    let list = |items: &[Value]| items.iter().map(shown).collect::<Vec<_>>().join(" ");
    match value {
        Value::Simple(bytes) => text(bytes),
        Value::Error(bytes) | Value::BulkError(bytes) => format!("-{}", text(bytes)),
        Value::Integer(n) => format!("({n})"),
        Value::Bulk(bytes) => format!("\"{}\"", text(bytes)),
        Value::Null => "nil".into(),
        Value::Double(n) => format!(",{n}"),
        Value::Boolean(yes) => format!("#{yes}"),
        Value::BigNumber(digits) => format!("({}", text(digits)),
        Value::Verbatim(_, bytes) => format!("={}", text(bytes)),
        Value::Array(items) => format!("[{}]", list(items)),
        Value::Set(items) => format!("~[{}]", list(items)),
        Value::Push(items) => format!(">[{}]", list(items)),
        Value::Map(pairs) => {
            let pairs: Vec<String> =
                pairs.iter().map(|(key, value)| format!("{}: {}", shown(key), shown(value))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        Value::Attributed(_, value) => shown(value),
    }
}
