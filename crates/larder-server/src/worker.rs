//! A worker: one thread with its own runtime and its share of the connections.

use crate::connection::{Bell, Connection, Pool, Stream};
use larder_commands::{Instance, Origin};
use parking_lot::Mutex;
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::{io, net, os::unix};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;

/// A socket on its way to its worker.
#[derive(Debug)]
pub(crate) enum Arrival {
    Tcp(net::TcpStream),
    Unix(unix::net::UnixStream),
}

/// A running worker.
#[derive(Debug)]
pub(crate) struct Worker {
    arrivals: UnboundedSender<Arrival>,
    /// Connections it has, on their way included.
    pub(crate) load: Arc<AtomicUsize>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// A connection's place in its worker's load.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Worker {
    pub(crate) fn start(
        index: usize,
        instance: &Arc<Instance>,
        stop: watch::Receiver<bool>,
    ) -> io::Result<Worker> {
        let (arrivals, receiver) = unbounded_channel();
        let load = Arc::new(AtomicUsize::new(0));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (instance, places) = (instance.clone(), load.clone());
        let thread = std::thread::Builder::new().name(format!("larder-worker-{index}")).spawn(move || {
            tokio::task::LocalSet::new().block_on(&runtime, run(instance, receiver, places, stop));
            // A script that does not end keeps nobody from leaving.
            runtime.shutdown_background();
        })?;
        Ok(Worker { arrivals, load, thread: Mutex::new(Some(thread)) })
    }

    /// Hands a socket to the worker. `false` if the worker is gone.
    pub(crate) fn give(&self, arrival: Arrival) -> bool {
        self.load.fetch_add(1, Ordering::Relaxed);
        self.arrivals.send(arrival).is_ok()
    }

    /// Waits for the worker's end.
    pub(crate) fn join(&self) {
        if let Some(thread) = self.thread.lock().take() {
            // A panic of a worker was reported when it happened.
            let _ = thread.join();
        }
    }
}

async fn run(
    instance: Arc<Instance>,
    mut arrivals: UnboundedReceiver<Arrival>,
    load: Arc<AtomicUsize>,
    mut stop: watch::Receiver<bool>,
) {
    let pool = Rc::new(Pool::default());
    loop {
        tokio::select! {
            arrival = arrivals.recv() => {
                let Some(arrival) = arrival else { return };
                let place = Place(load.clone());
                if let Some(mut connection) = welcome(&instance, arrival, &pool) {
                    tokio::task::spawn_local(async move {
                        connection.serve().await;
                        drop(place);
                    });
                }
            }
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// A connection for a socket; `None` where the socket is of no use already.
fn welcome(instance: &Arc<Instance>, arrival: Arrival, pool: &Rc<Pool>) -> Option<Connection> {
    let (stream, origin) = match arrival {
        Arrival::Tcp(socket) => {
            let fd = i64::from(socket.as_raw_fd());
            let (addr, laddr) = (socket.peer_addr().ok()?.to_string(), socket.local_addr().ok()?.to_string());
            let stream = tokio::net::TcpStream::from_std(socket).ok()?;
            (Stream::Tcp(stream), Origin { addr, laddr, unix: false, fd })
        }
        Arrival::Unix(socket) => {
            let fd = i64::from(socket.as_raw_fd());
            let path = instance.settings().text("unixsocket");
            let stream = tokio::net::UnixStream::from_std(socket).ok()?;
            (
                Stream::Unix(stream),
                Origin { addr: format!("{path}:0"), laddr: format!("{path}:0"), unix: true, fd },
            )
        }
    };
    let bell = Bell::default();
    let session = instance.connect(origin, Box::new(bell.clone()));
    instance.stats.connections.fetch_add(1, Ordering::Relaxed);
    Some(Connection::new(stream, instance.clone(), session, bell, pool.clone()))
}
