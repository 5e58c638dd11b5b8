//! The connections of one thread: sockets that do not block, waited for all at once.
//!
//! Sockets and their states are kept apart, because whoever waits for the sockets borrows them all the time. `ppoll` it
//! is, not an event loop's timers: an open loop has to wake up within microseconds, and the sockets are few.

use super::replies::{Outcome, Replies};
use crate::args::{Address, Login};
use crate::failure::Failure;
use crate::transport::{Error, Socket, Stream, Transport as _, system_text};
use rustix::event::{PollFd, PollFlags, Timespec};
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::time::Duration;

/// Enough for what a socket holds.
const READ_BYTES: usize = 256 * 1024;

/// What there is to a connection besides its socket.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) replies: Replies,
    pub(super) out: Vec<u8>,
    /// Bytes of `out` that are written.
    written: usize,
    /// The socket had no room for all of it.
    is_full: bool,
    /// Which operations have no reply yet.
    pub(super) asked: VecDeque<u8>,
    /// When the batch was sent.
    pub(super) sent_ns: u64,
    /// Requests sent and answered in this part of a run.
    pub(super) sent: u64,
    pub(super) answered: u64,
}

/// The connections of one thread.
#[derive(Debug)]
pub(super) struct Connections {
    pub(super) sockets: Vec<Stream>,
    pub(super) states: Vec<State>,
}

impl Connections {
    /// Connects so many times, and logs in.
    pub(super) fn open(address: &Address, login: &Login, count: usize) -> Result<Connections, Failure> {
        let sockets = (0..count).map(|_| open(address, login)).collect::<Result<_, _>>()?;
        Ok(Connections { sockets, states: (0..count).map(|_| State::default()).collect() })
    }
}

fn open(address: &Address, login: &Login) -> Result<Stream, Failure> {
    let mut socket = Socket::connect(address, None).map_err(|error| {
        Failure::Connect(format!("Could not connect to {}: {}", super::place(address), system_text(&error)))
    })?;
    let mut say = |words: &[&[u8]]| -> Result<(), Failure> {
        socket.send(words)?;
        match socket.receive()?.error() {
            Some(error) => Err(Failure::Refused(error.to_vec())),
            None => Ok(()),
        }
    };
    match (&login.user, &login.password) {
        (Some(user), password) => {
            say(&[b"AUTH", user.as_bytes(), password.as_deref().unwrap_or_default().as_bytes()])?;
        }
        (None, Some(password)) => say(&[b"AUTH", password.as_bytes()])?,
        (None, None) => {}
    }
    if login.db > 0 {
        say(&[b"SELECT", login.db.to_string().as_bytes()])?;
    }
    let stream = socket.into_stream();
    stream.set_nonblocking(true).map_err(Error::Io)?;
    Ok(stream)
}

/// What one thread waits with and reads into.
pub(super) struct Ear<'s> {
    fds: Vec<PollFd<'s>>,
    buffer: Vec<u8>,
}

impl<'s> Ear<'s> {
    pub(super) fn new(sockets: &'s [Stream]) -> Ear<'s> {
        let fds = sockets.iter().map(|socket| PollFd::new(socket, PollFlags::IN)).collect();
        Ear { fds, buffer: vec![0; READ_BYTES] }
    }

    /// Waits until a socket is ready or the time is up; `false` where none is.
    pub(super) fn wait(&mut self, most: Duration) -> Result<bool, Error> {
        let most = Timespec { tv_sec: most.as_secs() as i64, tv_nsec: most.subsec_nanos().into() };
        match rustix::event::poll(&mut self.fds, Some(&most)) {
            Ok(ready) => Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => {
                self.fds.iter_mut().for_each(PollFd::clear_revents);
                Ok(false)
            }
            Err(error) => Err(Error::Io(error.into())),
        }
    }

    pub(super) fn is_ready(&self, at: usize) -> bool {
        !self.fds[at].revents().is_empty()
    }

    /// Reads what is there and tells the replies that are complete.
    #[inline]
    pub(super) fn read(
        &mut self,
        socket: &Stream,
        replies: &mut Replies,
        mut reply: impl FnMut(Outcome),
    ) -> Result<(), Failure> {
        loop {
            match socket.read_shared(&mut self.buffer) {
                Ok(0) => return Err(Error::Closed.into()),
                Ok(len) => {
                    replies.take(&self.buffer[..len], &mut reply).map_err(Failure::Input)?;
                    if len < self.buffer.len() {
                        return Ok(());
                    }
                }
                Err(error) if would_block(&error) => return Ok(()),
                Err(error) => return Err(Error::Io(error).into()),
            }
        }
    }

    /// Writes what the system takes, and waits for room where something is left.
    #[inline]
    pub(super) fn flush(&mut self, at: usize, socket: &'s Stream, state: &mut State) -> Result<(), Error> {
        while state.written < state.out.len() {
            match socket.write_shared(&state.out[state.written..]) {
                Ok(len) => state.written += len,
                Err(error) if would_block(&error) => {
                    if !std::mem::replace(&mut state.is_full, true) {
                        self.fds[at] = PollFd::new(socket, PollFlags::IN | PollFlags::OUT);
                    }
                    return Ok(());
                }
                Err(error) => return Err(Error::Io(error)),
            }
        }
        state.out.clear();
        state.written = 0;
        if std::mem::take(&mut state.is_full) {
            self.fds[at] = PollFd::new(socket, PollFlags::IN);
        }
        Ok(())
    }
}

fn would_block(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
