//! How commands reach an engine and replies come back.
//!
//! The rest of the client knows only the trait [`Transport`]; the one implementation here speaks RESP over a socket. It
//! blocks, as a client with one thing to do at a time may, but wakes up several times a second to look whether the user
//! has pressed Ctrl-C or patience has run out.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use larder_resp::{DecodeError, Decoder, Value, encode};

use crate::args::Address;

/// A conversation with an engine: commands in, replies out, in order.
pub(crate) trait Transport {
    /// Hands over a command. It may wait in a buffer until [`receive`](Self::receive) or [`flush`](Self::flush).
    fn send(&mut self, args: &[&[u8]]) -> Result<(), Error>;

    /// Sends what waits in the buffer.
    fn flush(&mut self) -> Result<(), Error>;

    /// Waits for the next reply, or for a message that is none ([`Value::Push`]).
    fn receive(&mut self) -> Result<Value, Error>;

    /// How long [`receive`](Self::receive) waits before it fails with [`Error::TimedOut`]; `None` is for ever.
    fn set_patience(&mut self, patience: Option<Duration>) -> Result<(), Error>;

    /// Whether the other side still listens, as far as can be known without asking it.
    fn is_open(&mut self) -> bool;
}

/// Why a conversation ended.
#[derive(Debug)]
pub(crate) enum Error {
    /// The other side closed it.
    Closed,
    /// The system reports a fault.
    Io(io::Error),
    /// The other side does not speak RESP.
    Decode(DecodeError),
    /// The user pressed Ctrl-C.
    Interrupted,
    /// Nothing came in time.
    TimedOut,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("Server closed the connection"),
            Self::Io(error) => f.write_str(&system_text(error)),
            Self::Decode(error) => write!(f, "Protocol error, {error}"),
            Self::Interrupted => f.write_str("Interrupted"),
            Self::TimedOut => f.write_str("No reply in time"),
        }
    }
}

/// The system's words for an error, without what the standard library puts around them.
pub(crate) fn system_text(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
    text.split(" (os error").next().unwrap_or(text).to_owned()
}

/// Either kind of socket.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_read_timeout(timeout),
            Self::Unix(stream) => stream.set_read_timeout(timeout),
        }
    }

    pub(crate) fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_nonblocking(nonblocking),
            Self::Unix(stream) => stream.set_nonblocking(nonblocking),
        }
    }

    /// Reads while somebody else may be waiting for the socket.
    pub(crate) fn read_shared(&self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => (&*stream).read(buf),
            Self::Unix(stream) => (&*stream).read(buf),
        }
    }

    /// Writes while somebody else may be waiting for the socket.
    pub(crate) fn write_shared(&self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => (&*stream).write(buf),
            Self::Unix(stream) => (&*stream).write(buf),
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buf),
            Self::Unix(stream) => stream.read(buf),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(buf),
            Self::Unix(stream) => stream.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// RESP over TCP or a Unix socket.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: Stream,
    decoder: Decoder,
    incoming: Vec<u8>,
    /// Position in `incoming` of the first byte that no reply has used.
    used: usize,
    outgoing: Vec<u8>,
    interrupt: Option<Arc<AtomicBool>>,
    patience: Option<Duration>,
}

impl Socket {
    /// More than this is not kept back.
    const OUTGOING_MAX: usize = 16 * 1024;
    const READ_SIZE: usize = 64 * 1024;
    /// How often a waiting client looks up.
    const GLANCE: Duration = Duration::from_millis(100);

    /// Connects. A true `interrupt` ends any wait for a reply.
    pub(crate) fn connect(address: &Address, interrupt: Option<Arc<AtomicBool>>) -> io::Result<Self> {
        let stream = match address {
            Address::Tcp { host, port } => {
                let stream = TcpStream::connect((host.as_str(), *port))?;
                stream.set_nodelay(true)?;
                Stream::Tcp(stream)
            }
            Address::Socket(path) => Stream::Unix(UnixStream::connect(path)?),
            // What needs no socket is not asked for one.
            Address::Embedded => return Err(ErrorKind::Unsupported.into()),
        };
        stream.set_read_timeout(interrupt.is_some().then_some(Self::GLANCE))?;
        Ok(Self {
            stream,
            decoder: Decoder::default(),
            incoming: Vec::new(),
            used: 0,
            outgoing: Vec::new(),
            interrupt,
            patience: None,
        })
    }

    /// The bare socket, for whoever speaks the protocol without this. No reply may be outstanding.
    pub(crate) fn into_stream(self) -> Stream {
        self.stream
    }

    /// Reads what is there, or waits for it; `false` at the end of the stream.
    fn read_more(&mut self) -> io::Result<bool> {
        self.incoming.drain(..std::mem::take(&mut self.used));
        let len = self.incoming.len();
        self.incoming.resize(len + Self::READ_SIZE, 0);
        let outcome = self.stream.read(&mut self.incoming[len..]);
        self.incoming.truncate(len + outcome.as_ref().copied().unwrap_or(0));
        outcome.map(|count| count > 0)
    }
}

impl Transport for Socket {
    fn send(&mut self, args: &[&[u8]]) -> Result<(), Error> {
        encode::command(args, &mut self.outgoing);
        if self.outgoing.len() >= Self::OUTGOING_MAX { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Error> {
        let outcome = self.stream.write_all(&self.outgoing);
        self.outgoing.clear();
        outcome.map_err(Error::Io)
    }

    fn receive(&mut self) -> Result<Value, Error> {
        if !self.outgoing.is_empty() {
            self.flush()?;
        }
        let start = Instant::now();
        loop {
            if let Some(value) = self.decoder.next(&self.incoming, &mut self.used).map_err(Error::Decode)? {
                return Ok(value);
            }
            match self.read_more() {
                Ok(true) => {}
                Ok(false) => return Err(Error::Closed),
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut
                    ) =>
                {
                    if self.interrupt.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed)) {
                        return Err(Error::Interrupted);
                    }
                    if self.patience.is_some_and(|patience| start.elapsed() >= patience) {
                        return Err(Error::TimedOut);
                    }
                }
                Err(error) => return Err(Error::Io(error)),
            }
        }
    }

    fn set_patience(&mut self, patience: Option<Duration>) -> Result<(), Error> {
        self.patience = patience;
        let glance = (self.interrupt.is_some() || patience.is_some()).then_some(Self::GLANCE);
        self.stream.set_read_timeout(glance).map_err(Error::Io)
    }

    fn is_open(&mut self) -> bool {
        let outcome = self.stream.set_nonblocking(true).and_then(|()| self.read_more());
        let restored = self.stream.set_nonblocking(false);
        restored.is_ok()
            && match outcome {
                Ok(open) => open,
                Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
            }
    }
}
