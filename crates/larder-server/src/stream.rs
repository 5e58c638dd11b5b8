//! The sockets of connections, as the worker of a connection waits for them.
//!
//! A TCP stream is the runtime's. Of a Unix stream only its readiness to be read is waited for, and its readiness to
//! be written while replies do not fit: a Unix socket becomes writable anew whenever its reader takes anything, which
//! would wake the worker for nothing after each reply, and would bring the connection forward: what it says next would
//! be read before what another said earlier. The runtime waits for one of the two with what it has for ends of pipes,
//! to which a socket is a descriptor like any other.

use rustix::net::{SendFlags, send};
use std::io;
use std::net;
use std::os::fd::AsFd as _;
use std::os::unix;
use std::pin::{self, Pin};
use std::task::{Context, Poll, ready};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::net::unix::pipe;

/// A TCP or a Unix stream.
pub(crate) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// A Unix stream that is waited for.
pub(crate) struct UnixStream {
    readable: pipe::Receiver,
    /// Ends when the socket takes more; has it by another descriptor.
    writable: Option<Pin<Box<dyn Future<Output = io::Result<()>>>>>,
}

impl UnixStream {
    fn new(socket: unix::net::UnixStream) -> io::Result<UnixStream> {
        socket.set_nonblocking(true)?;
        let readable = pipe::Receiver::from_owned_fd_unchecked(socket.into())?;
        Ok(UnixStream { readable, writable: None })
    }

    fn poll_write_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let writable = if let Some(writable) = &mut self.writable {
            writable
        } else {
            let socket = self.readable.as_fd().try_clone_to_owned()?;
            let sender = pipe::Sender::from_owned_fd_unchecked(socket)?;
            self.writable.insert(Box::pin(async move { sender.writable().await }))
        };
        let ready = ready!(writable.as_mut().poll(cx));
        self.writable = None;
        Poll::Ready(ready)
    }
}

impl Stream {
    /// Reads once. The stream remembers that a read which did not fill the buffer has taken everything.
    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>, input: &mut Vec<u8>) -> Poll<io::Result<usize>> {
        match self {
            Stream::Tcp(stream) => pin::pin!(stream.read_buf(input)).poll(cx),
            Stream::Unix(stream) => pin::pin!(stream.readable.read_buf(input)).poll(cx),
        }
    }

    /// The same, for so many bytes at most.
    pub(crate) fn poll_read_some(
        &mut self,
        cx: &mut Context<'_>,
        input: &mut Vec<u8>,
        most: usize,
    ) -> Poll<io::Result<usize>> {
        match self {
            Stream::Tcp(stream) => pin::pin!(stream.take(most as u64).read_buf(input)).poll(cx),
            Stream::Unix(stream) => {
                pin::pin!((&mut stream.readable).take(most as u64).read_buf(input)).poll(cx)
            }
        }
    }

    pub(crate) fn poll_write_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Stream::Tcp(stream) => stream.poll_write_ready(cx),
            Stream::Unix(stream) => stream.poll_write_ready(cx),
        }
    }

    /// Writes what fits now.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.try_write(bytes),
            Stream::Unix(stream) => Ok(send(&stream.readable, bytes, SendFlags::NOSIGNAL)?),
        }
    }

    pub(crate) fn deregister(self) -> io::Result<PlainStream> {
        Ok(match self {
            Stream::Tcp(stream) => PlainStream::Tcp(stream.into_std()?),
            Stream::Unix(stream) => PlainStream::Unix(stream.readable.into_nonblocking_fd()?.into()),
        })
    }
}

/// A stream that no worker waits for.
#[derive(Debug)]
pub(crate) enum PlainStream {
    Tcp(net::TcpStream),
    Unix(unix::net::UnixStream),
}

impl PlainStream {
    /// Has the worker of this thread wait for it.
    pub(crate) fn register(self) -> io::Result<Stream> {
        Ok(match self {
            PlainStream::Tcp(socket) => Stream::Tcp(TcpStream::from_std(socket)?),
            PlainStream::Unix(socket) => Stream::Unix(UnixStream::new(socket)?),
        })
    }
}
