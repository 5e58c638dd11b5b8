//! A server: an instance, its sockets, the threads that serve them.

use crate::host::Process;
use crate::listen::{self, Porter};
use crate::log::{Level, Log};
use crate::watchman;
use crate::worker::Worker;
use larder_commands::settings::Settings;
use larder_commands::{Host, Instance};
use larder_core::{Engine, Options};
use parking_lot::Mutex;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::{fmt, fs, io};
use tokio::sync::watch;

/// Why a server did not start.
#[derive(Debug)]
pub enum StartError {
    /// An address cannot be listened on.
    Listen {
        /// The address or path.
        address: String,
        /// Why.
        error: io::Error,
    },
    /// The log cannot be written.
    Log {
        /// The path.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// The users cannot be read.
    Users(String),
    /// The system refused a thread or a runtime.
    Threads(io::Error),
    /// Neither a port nor a Unix socket.
    NoAddress,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Listen { address, error } if error.kind() == io::ErrorKind::AddrInUse => {
                write!(f, "{address} is in use already: is another server running there? Choose another port")
            }
            StartError::Listen { address, error } => write!(f, "cannot listen on {address}: {error}"),
            StartError::Log { path, error } => write!(f, "cannot write the log {path}: {error}"),
            StartError::Users(why) => f.write_str(why),
            StartError::Threads(error) => write!(f, "the system refused a thread: {error}"),
            StartError::NoAddress => {
                f.write_str("nowhere to listen: the port is 0 and there is no unixsocket")
            }
        }
    }
}

impl std::error::Error for StartError {}

/// A running server. Dropping it stops it.
#[derive(Debug)]
pub struct Server {
    instance: Arc<Instance>,
    workers: Arc<Vec<Worker>>,
    stop: watch::Sender<bool>,
    porter: Mutex<Option<JoinHandle<()>>>,
    addresses: Vec<SocketAddr>,
    log: Arc<Log>,
    host: Arc<Process>,
    /// What surrounded the instance before.
    host_before: Arc<dyn Host>,
    unix_path: Option<String>,
}

impl Server {
    /// Opens the sockets that the settings name and serves a new engine on them.
    pub fn start(settings: Settings) -> Result<Server, StartError> {
        Server::start_over(Instance::with_settings(Engine::with_options(Options::default()), settings))
    }

    /// Opens the sockets that the settings of an instance name and serves it on them.
    pub fn start_over(instance: Arc<Instance>) -> Result<Server, StartError> {
        let settings = instance.settings();
        let port = settings.int("port") as u16;
        let mut tcp = Vec::new();
        if port != 0 {
            tcp = listen::tcp(&settings.text("bind"), port, settings.int("tcp-backlog") as i32)?;
        }
        let path = Some(settings.text("unixsocket")).filter(|path| !path.is_empty());
        let unix = match &path {
            Some(path) => Some(listen::unix(path, &settings.text("unixsocketperm"))?),
            None => None,
        };
        if tcp.is_empty() && unix.is_none() {
            return Err(StartError::NoAddress);
        }
        Server::serve_on(instance, tcp, unix)
    }

    /// Serves an instance on sockets that are open already. A Unix socket's file is removed at the end if it is the one
    /// that the settings name.
    pub fn serve_on(
        instance: Arc<Instance>,
        tcp: Vec<TcpListener>,
        unix: Option<UnixListener>,
    ) -> Result<Server, StartError> {
        let path = unix.as_ref().map(|_| instance.settings().text("unixsocket"));
        Server::serve(instance, tcp, unix, path.filter(|path| !path.is_empty()))
    }

    /// Opens an address, `host:port` or `unix:/path`, and serves an instance there. With port 0 the system chooses one:
    /// see [`Server::addresses`]. The file of a Unix socket has the permissions of the setting `unixsocketperm`, and is
    /// removed at the end; one that a dead server left is replaced.
    pub fn serve_at(instance: Arc<Instance>, address: &str) -> Result<Server, StartError> {
        if let Some(path) = address.strip_prefix("unix:") {
            let listener = listen::unix(path, &instance.settings().text("unixsocketperm"))?;
            return Server::serve(instance, Vec::new(), Some(listener), Some(path.into()));
        }
        let parts = address.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
        let Some((host, port)) = parts.filter(|(host, _)| !host.is_empty()) else {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "host:port or unix:/path is wanted");
            return Err(StartError::Listen { address: address.into(), error });
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let tcp = listen::tcp(host, port, instance.settings().int("tcp-backlog") as i32)?;
        if tcp.is_empty() { Err(StartError::NoAddress) } else { Server::serve(instance, tcp, None, None) }
    }

    fn serve(
        instance: Arc<Instance>,
        tcp: Vec<TcpListener>,
        unix: Option<UnixListener>,
        unix_path: Option<String>,
    ) -> Result<Server, StartError> {
        let settings = instance.settings();
        let logfile = settings.text("logfile");
        let log = Log::open(&logfile, Level::named(&settings.text("loglevel")));
        let log = Arc::new(log.map_err(|error| StartError::Log { path: logfile, error })?);
        for listener in &tcp {
            listener.set_nonblocking(true).map_err(StartError::Threads)?;
        }
        if let Some(listener) = &unix {
            listener.set_nonblocking(true).map_err(StartError::Threads)?;
        }
        let addresses: Vec<SocketAddr> =
            tcp.iter().filter_map(|listener| listener.local_addr().ok()).collect();
        let threads = match settings.int("io-threads") {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads as usize,
        };
        let (stop, stopped) = watch::channel(false);
        let port = addresses.first().map_or(0, SocketAddr::port);
        let host = Arc::new(Process::new(port, stop.clone(), log.clone()));
        let host_before = instance.host();
        instance.set_host(host.clone());
        instance.load_first_users().map_err(StartError::Users)?;
        let (peers, spreads) = (Arc::new(OnceLock::new()), threads > 1 && settings.int("io-threads") == 0);
        let start = |index| Worker::start(index, &instance, stopped.clone(), peers.clone(), spreads);
        let workers: io::Result<Vec<Worker>> = (0..threads).map(start).collect();
        let workers = Arc::new(workers.map_err(StartError::Threads)?);
        peers.get_or_init(|| workers.iter().map(Worker::peer).collect());
        let porter = Mutex::new(None);
        let server = Server { instance, workers, stop, porter, addresses, log, host, host_before, unix_path };
        server.start_porter(tcp, unix, &stopped).map_err(StartError::Threads)?;
        Ok(server)
    }

    fn start_porter(
        &self,
        tcp: Vec<TcpListener>,
        unix: Option<UnixListener>,
        stopped: &watch::Receiver<bool>,
    ) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let is_automatic = self.instance.settings().int("io-threads") == 0;
        let porter = || Porter {
            instance: self.instance.clone(),
            workers: self.workers.clone(),
            together: is_automatic,
            stop: stopped.clone(),
        };
        let mut doors: Vec<std::pin::Pin<Box<dyn Future<Output = ()> + Send>>> = Vec::new();
        for listener in tcp {
            doors.push(Box::pin(porter().accept_tcp(listener)));
        }
        if let Some(listener) = unix {
            doors.push(Box::pin(porter().accept_unix(listener)));
        }
        doors.push(Box::pin(watchman::watch(self.instance.clone(), self.log.clone(), stopped.clone())));
        let thread = std::thread::Builder::new().name("larder-porter".into()).spawn(move || {
            runtime.block_on(async {
                let doors: Vec<_> = doors.into_iter().map(tokio::spawn).collect();
                for door in doors {
                    // A panic of a door was reported when it happened.
                    let _ = door.await;
                }
            });
        })?;
        *self.porter.lock() = Some(thread);
        Ok(())
    }

    /// What is served.
    pub fn instance(&self) -> &Arc<Instance> {
        &self.instance
    }

    /// Says which file the settings came from: `CONFIG REWRITE` writes there.
    pub fn set_config_file(&self, path: &Path) {
        self.host.set_config_file(path);
    }

    /// Where it listens.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Told when the server shall stop.
    pub(crate) fn stopped(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Closes the sockets and every connection, and waits for the threads.
    pub fn stop(&self) {
        // Nobody listens where everything has stopped already.
        let _ = self.stop.send(true);
        self.instance.stop_slow_scripts(true);
        if let Some(porter) = self.porter.lock().take() {
            // A panic of the porter was reported when it happened.
            let _ = porter.join();
        }
        self.workers.iter().for_each(Worker::join);
        let host: Arc<dyn Host> = self.host.clone();
        if Arc::ptr_eq(&self.instance.host(), &host) {
            self.instance.set_host(self.host_before.clone());
        }
        self.instance.stop_slow_scripts(false);
        if let Some(path) = &self.unix_path {
            // Somebody may have removed it before.
            let _ = fs::remove_file(path);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
