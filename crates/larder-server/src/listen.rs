//! Listening: addresses and paths become sockets, sockets become arrivals, arrivals go to the worker with the least to
//! do.

use crate::server::StartError;
use crate::stream::PlainStream;
use crate::worker::Worker;
use larder_commands::Instance;
use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};
use std::fs;
use std::io::Write;
use std::net::{IpAddr, SocketAddr, TcpListener, ToSocketAddrs};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;

/// Opens the addresses of a `bind` setting. An address that begins with `-` may be missing on this machine.
pub(crate) fn tcp(bind: &str, port: u16, backlog: i32) -> Result<Vec<TcpListener>, StartError> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    // With port 0 the system chooses; all addresses then share its choice.
    let mut port = port;
    for word in bind.split_ascii_whitespace() {
        let (optional, host) = word.strip_prefix('-').map_or((false, word), |host| (true, host));
        let host = match host {
            "*" => "0.0.0.0",
            "::*" => "::",
            host => host,
        };
        let fail = |error: std::io::Error| StartError::Listen { address: format!("{host}:{port}"), error };
        let address = match (host, port).to_socket_addrs().map(|mut found| found.next()) {
            Ok(Some(address)) => address,
            Ok(None) => continue,
            Err(_) if optional => continue,
            Err(error) => return Err(fail(error)),
        };
        match open(address, backlog) {
            Ok(listener) => {
                port = listener.local_addr().map_or(port, |address| address.port());
                listeners.push(listener);
            }
            Err(error) if optional && error.kind() != std::io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(fail(error)),
        }
    }
    Ok(listeners)
}

fn open(address: SocketAddr, backlog: i32) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(backlog.max(1))?;
    Ok(socket.into())
}

/// Opens a Unix socket. A file that a dead server left is replaced; one that somebody listens on is not.
pub(crate) fn unix(path: &str, permissions: &str) -> Result<UnixListener, StartError> {
    let fail = |error| StartError::Listen { address: path.into(), error };
    if Path::new(path).exists() {
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            return Err(fail(std::io::ErrorKind::AddrInUse.into()));
        }
        fs::remove_file(path).map_err(fail)?;
    }
    // The socket comes into being under a name that nobody knows, gets its permissions, and only then its own name.
    let unborn = format!("{path}.{}", std::process::id());
    let listener = UnixListener::bind(&unborn).map_err(fail)?;
    let mode = u32::from_str_radix(permissions, 8).unwrap_or(0o700);
    fs::set_permissions(&unborn, fs::Permissions::from_mode(mode)).map_err(fail)?;
    fs::rename(&unborn, path).map_err(fail)?;
    listener.set_nonblocking(true).map_err(fail)?;
    Ok(listener)
}

/// Takes in connections until told to stop.
pub(crate) struct Porter {
    pub(crate) instance: Arc<Instance>,
    pub(crate) workers: Arc<Vec<Worker>>,
    /// All connections begin on the first worker.
    pub(crate) together: bool,
    pub(crate) stop: watch::Receiver<bool>,
}

impl Porter {
    pub(crate) async fn accept_tcp(mut self, listener: TcpListener) {
        let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = self.stop.wait_for(|stop| *stop) => return,
            };
            match accepted {
                Ok((socket, peer)) => {
                    let Ok(socket) = socket.into_std() else { continue };
                    self.admit_tcp(socket, peer.ip());
                }
                // Out of descriptors, or the peer has gone: the next one may fare better.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    pub(crate) async fn accept_unix(mut self, listener: UnixListener) {
        let Ok(listener) = tokio::net::UnixListener::from_std(listener) else { return };
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = self.stop.wait_for(|stop| *stop) => return,
            };
            match accepted {
                Ok((socket, _)) => {
                    let Ok(mut socket) = socket.into_std() else { continue };
                    if self.is_full() {
                        refuse(&self.instance, &mut socket, FULL);
                    } else {
                        self.place(PlainStream::Unix(socket));
                    }
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    fn admit_tcp(&self, mut socket: std::net::TcpStream, peer: IpAddr) {
        let settings = self.instance.settings();
        if self.is_full() {
            return refuse(&self.instance, &mut socket, FULL);
        }
        let is_local = match peer {
            IpAddr::V4(peer) => peer.is_loopback(),
            IpAddr::V6(peer) => {
                peer.is_loopback() || peer.to_ipv4_mapped().is_some_and(|peer| peer.is_loopback())
            }
        };
        if !is_local && settings.bool("protected-mode") && self.instance.is_open() {
            return refuse(&self.instance, &mut socket, PROTECTED);
        }
        let _ = socket.set_nodelay(true);
        let keepalive = settings.int("tcp-keepalive");
        if keepalive > 0 {
            let every = Duration::from_secs((keepalive as u64 / 3).max(1));
            let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(keepalive as u64));
            let keepalive = keepalive.with_interval(every).with_retries(3);
            let _ = socket2::SockRef::from(&socket).set_tcp_keepalive(&keepalive);
        }
        self.place(PlainStream::Tcp(socket));
    }

    fn is_full(&self) -> bool {
        self.instance.clients().len() >= self.instance.settings().int("maxclients") as usize
    }

    fn place(&self, socket: PlainStream) {
        let worker = if self.together && self.instance.has_slow_scripts() {
            // It may be the first worker that runs it, since there it would have written already and cannot leave: then
            // who comes to end it needs another one.
            self.workers.last()
        } else if self.together {
            self.workers.first()
        } else {
            self.workers.iter().min_by_key(|worker| worker.load.load(Ordering::Relaxed))
        };
        if let Some(worker) = worker {
            worker.give(socket);
        }
    }
}

const FULL: &str = "-ERR max number of clients reached\r\n";
const PROTECTED: &str = "-DENIED Larder is running in protected mode: there is no password, so only this machine may \
    connect. Set a password (--requirepass or LARDER_PASSWORD), or turn the protection off (--protected-mode no) if \
    nobody else can reach this port.\r\n";

fn refuse(instance: &Instance, socket: &mut impl Write, text: &str) {
    instance.stats.rejected_connections.fetch_add(1, Ordering::Relaxed);
    // Who is refused may not read it.
    let _ = socket.write_all(text.as_bytes());
}
