//! Short replies wait here until everybody has been served who had something to say, and then leave one after the
//! other.
//!
//! Whoever waits for replies on another processor is woken by the first that comes, reads it, and goes to sleep again
//! before the next has been made. Waking costs the server as much as a short command. Replies that leave in a row find
//! their readers awake, and kernel and server have the caches by turns. A reply waits for as long as the others of its
//! batch take, a moment at most: what takes long runs elsewhere or has limits of its own.
//!
//! A worker's thread has one of these. It is emptied before the thread waits for anything, and whenever it is full.

use crate::connection::Bell;
use crate::stream::Stream;
use larder_commands::Wake as _;
use std::cell::{Cell, RefCell, RefMut};
use std::io;
use std::rc::Rc;

/// Longer replies are written at once: to copy them takes longer than they would gain.
pub(crate) const POSTED_LEN_MAX: usize = 4 * 1024;
/// So many bytes wait at most, and so many replies.
const BYTES_MAX: usize = 64 * 1024;
const LETTERS_MAX: usize = 64;

thread_local! {
    static OUTBOX: RefCell<Outbox> = RefCell::default();
}

#[derive(Default)]
struct Outbox {
    /// Replies, one behind the other.
    bytes: Vec<u8>,
    letters: Vec<Letter>,
    /// When the first of them came: milliseconds of the coarse clock.
    since_ms: u64,
}

/// A reply that waits.
struct Letter {
    to: Rc<Socket>,
    /// Up to here the bytes are its own.
    end: usize,
}

/// A connection's socket, which the outbox writes to as well.
pub(crate) struct Socket {
    stream: RefCell<Stream>,
    bell: Bell,
    /// So many replies to it wait in the outbox.
    posted: Cell<usize>,
    /// What the socket did not take of them.
    late: RefCell<Vec<u8>>,
    /// It takes nothing more.
    broken: Cell<Option<io::ErrorKind>>,
}

impl Socket {
    pub(crate) fn new(stream: Stream, bell: Bell) -> Rc<Socket> {
        Rc::new(Socket {
            stream: RefCell::new(stream),
            bell,
            posted: Cell::default(),
            late: RefCell::default(),
            broken: Cell::default(),
        })
    }

    /// For the connection's own reading and writing.
    pub(crate) fn stream(&self) -> RefMut<'_, Stream> {
        self.stream.borrow_mut()
    }

    /// Gives the stream back, once nothing waits for it any more.
    pub(crate) fn into_stream(self: Rc<Socket>) -> Option<Stream> {
        self.settle();
        Rc::into_inner(self).map(|socket| socket.stream.into_inner())
    }

    /// Writes what waits, so that the connection may write itself.
    pub(crate) fn settle(&self) {
        if self.posted.get() > 0 {
            send_all();
        }
    }

    /// Whether replies can be left in the outbox: nothing that belongs before them has to be written by the connection.
    pub(crate) fn takes_letters(&self) -> bool {
        self.late.borrow().is_empty() && self.broken.get().is_none()
    }

    /// What the socket did not take of earlier replies.
    ///
    /// # Errors
    ///
    /// It takes nothing more.
    pub(crate) fn take_late(&self) -> io::Result<Option<Vec<u8>>> {
        match self.broken.get() {
            Some(kind) => Err(kind.into()),
            None => Ok(Some(self.late.take()).filter(|late| !late.is_empty())),
        }
    }

    /// Writes a reply, or keeps what does not fit and calls the connection.
    fn write(&self, reply: &[u8]) {
        let mut rest = reply;
        while !rest.is_empty() && self.takes_letters() {
            match self.stream.borrow().try_write(rest) {
                Ok(0) => self.broken.set(Some(io::ErrorKind::WriteZero)),
                Ok(len) => rest = &rest[len..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.broken.set(Some(error.kind())),
            }
        }
        if !rest.is_empty() {
            self.late.borrow_mut().extend_from_slice(rest);
            self.bell.wake();
        }
    }
}

/// Leaves a reply to a connection, behind those that it has left before. `now_ms` is the coarse clock's.
pub(crate) fn post(to: &Rc<Socket>, reply: &[u8], now_ms: u64) {
    OUTBOX.with_borrow_mut(|outbox| {
        let is_full = outbox.letters.len() >= LETTERS_MAX || outbox.bytes.len() + reply.len() > BYTES_MAX;
        if is_full || outbox.since_ms != now_ms {
            outbox.send_all();
            outbox.since_ms = now_ms;
        }
        outbox.bytes.extend_from_slice(reply);
        outbox.letters.push(Letter { to: to.clone(), end: outbox.bytes.len() });
        to.posted.set(to.posted.get() + 1);
    });
}

/// Writes everything that waits. Called before the thread waits for anything.
pub(crate) fn send_all() {
    OUTBOX.with_borrow_mut(Outbox::send_all);
}

impl Outbox {
    fn send_all(&mut self) {
        let mut start = 0;
        for Letter { to, end } in self.letters.drain(..) {
            to.posted.set(to.posted.get() - 1);
            to.write(&self.bytes[start..end]);
            start = end;
        }
        self.bytes.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{LETTERS_MAX, Socket, post, send_all};
    use crate::connection::Bell;
    use crate::stream::PlainStream;
    use std::io::{ErrorKind, Read};
    use std::os::unix::net::UnixStream;
    use std::rc::Rc;

    const REPLY: [u8; 1_000] = [b'x'; 1_000];

    /// Sockets whose other ends the test has.
    fn with_sockets<const N: usize>(test: impl FnOnce([(Rc<Socket>, Bell, UnixStream); N])) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            test(std::array::from_fn(|_| {
                let (near, far) = UnixStream::pair().expect("a pair of sockets");
                far.set_nonblocking(true).expect("a socket that does not wait");
                let stream = PlainStream::Unix(near).register().expect("a socket that is waited for");
                let bell = Bell::default();
                (Socket::new(stream, bell.clone()), bell, far)
            }));
        });
    }

    /// All that has arrived.
    fn arrived(mut far: &UnixStream) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Err(error) = far.read_to_end(&mut bytes) {
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
        }
        bytes
    }

    #[test]
    fn replies_leave_together_and_in_order() {
        with_sockets(|[(one, _, far_one), (two, _, far_two)]| {
            post(&one, b"a", 1);
            post(&two, b"b", 1);
            post(&one, b"c", 1);
            assert!(arrived(&far_one).is_empty() && arrived(&far_two).is_empty());
            send_all();
            assert_eq!((arrived(&far_one), arrived(&far_two)), (b"ac".to_vec(), b"b".to_vec()));
            // The clock has ticked.
            post(&one, b"d", 1);
            post(&two, b"e", 2);
            assert_eq!((arrived(&far_one), arrived(&far_two)), (b"d".to_vec(), b"".to_vec()));
            // The connection is about to write by itself.
            one.settle();
            assert!(arrived(&far_two).is_empty(), "of its own there is nothing");
            two.settle();
            assert_eq!(arrived(&far_two), b"e");
            (0..=LETTERS_MAX).for_each(|_| post(&one, b"f", 2));
            assert_eq!(arrived(&far_one).len(), LETTERS_MAX, "there was no room for one more");
            assert!(one.into_stream().is_some(), "nothing waits for it any more");
            assert_eq!(arrived(&far_one), b"f");
        });
    }

    #[test]
    fn what_does_not_fit_is_the_connection_s_to_write() {
        with_sockets(|[(socket, bell, far)]| {
            let mut posted = 0;
            while socket.takes_letters() {
                post(&socket, &REPLY, 1);
                posted += REPLY.len();
                send_all();
            }
            assert!(bell.take(), "the connection is called");
            // What was posted before the connection came follows what is late.
            post(&socket, b"end", 1);
            send_all();
            let written = arrived(&far).len();
            let late = socket.take_late().expect("the socket is whole").expect("something is late");
            assert_eq!(written + late.len(), posted + 3);
            assert!(late.ends_with(b"xend"));
            assert!(socket.takes_letters() && socket.take_late().is_ok_and(|late| late.is_none()));
        });
    }

    #[test]
    fn a_socket_that_is_gone_calls_its_connection() {
        with_sockets(|[(socket, bell, far)]| {
            drop(far);
            post(&socket, &REPLY, 1);
            send_all();
            assert!(bell.take() && !socket.takes_letters());
            assert_eq!(socket.take_late().map_err(|error| error.kind()), Err(ErrorKind::BrokenPipe));
        });
    }
}
