//! The same engine for Redis clients: a server is a guest of the program that has the data.

use crate::{Larder, Server, StartError};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;

impl Larder {
    /// Opens an address, `host:port` or `unix:/path`, and serves this engine to Redis clients there, on threads of its
    /// own, until what it gives is dropped: this closes the address and every connection, and waits for the threads.
    /// An engine can be served at several addresses at once.
    ///
    /// There is no password unless the setting `requirepass` gives one; without, only this machine may connect.
    /// `SHUTDOWN` of a client closes the address it came from: the program and its data stay.
    ///
    /// ```
    /// use std::io::{Read, Write};
    /// let larder = larder::Larder::new();
    /// let server = larder.serve_at("127.0.0.1:0")?;
    /// larder.db().strings().set("greeting", "hello")?;
    ///
    /// let mut client = std::net::TcpStream::connect(server.addresses()[0])?;
    /// client.write_all(b"GET greeting\r\n")?;
    /// let mut reply = [0; 11];
    /// client.read_exact(&mut reply)?;
    /// assert_eq!(&reply, b"$5\r\nhello\r\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn serve_at(&self, address: &str) -> Result<Server, StartError> {
        Server::serve_at(self.instance.clone(), address)
    }

    /// Serves this engine on a socket that is open already, as [`Larder::serve_at`] does.
    pub fn serve_on(&self, listener: TcpListener) -> Result<Server, StartError> {
        Server::serve_on(self.instance.clone(), vec![listener], None)
    }

    /// Serves this engine on a Unix socket that is open already, as [`Larder::serve_at`] does. Its file is the
    /// caller's.
    pub fn serve_on_unix(&self, listener: UnixListener) -> Result<Server, StartError> {
        Server::serve_on(self.instance.clone(), Vec::new(), Some(listener))
    }
}
