//! A worker: one thread with its own runtime and its share of the connections.

use crate::connection::{Bell, Connection, Moving, Pool, Served};
use crate::crowd::Crowd;
use crate::outbox;
use crate::stream::PlainStream;
use larder_commands::{Instance, Origin};
use parking_lot::Mutex;
use std::io;
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;

/// What comes to a worker.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// A new client.
    New(PlainStream),
    /// A connection that another worker has served so far.
    Moved(Box<Moving>),
}

/// A running worker.
#[derive(Debug)]
pub(crate) struct Worker {
    arrivals: UnboundedSender<Arrival>,
    /// Connections it has, on their way included.
    pub(crate) load: Arc<AtomicUsize>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// A worker, as one that others move connections to.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    arrivals: UnboundedSender<Arrival>,
    load: Arc<AtomicUsize>,
}

impl Peer {
    /// Sends a connection there. Where that worker is gone, the server is about to end.
    fn take(&self, moving: Moving) {
        self.load.fetch_add(1, Ordering::Relaxed);
        let _ = self.arrivals.send(Arrival::Moved(Box::new(moving)));
    }
}

/// What a worker knows of the others.
#[derive(Debug)]
struct Peers {
    /// All workers, by their numbers.
    all: Arc<OnceLock<Vec<Peer>>>,
    mine: usize,
    /// Whether others get connections only as this one cannot serve them all.
    spreads: bool,
}

impl Peers {
    /// The worker that shall go on with a connection which has left this one.
    fn next(&self, served: Served) -> Option<&Peer> {
        let all = self.all.get()?;
        match served {
            Served::Ended => None,
            // The one to which all connections move whose scripts would otherwise wait for each other.
            Served::Strays => all.first(),
            Served::Leaves => all.iter().min_by_key(|peer| peer.load.load(Ordering::Relaxed)),
        }
    }
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
        all: Arc<OnceLock<Vec<Peer>>>,
        spreads: bool,
    ) -> io::Result<Worker> {
        let (arrivals, receiver) = unbounded_channel();
        let load = Arc::new(AtomicUsize::new(0));
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().on_thread_park(outbox::send_all).build()?;
        let (instance, places) = (instance.clone(), load.clone());
        // Only the first worker has connections that the others have not got yet.
        let peers = Peers { all, mine: index, spreads: spreads && index == 0 };
        let thread = std::thread::Builder::new().name(format!("larder-worker-{index}")).spawn(move || {
            let run = async {
                run(instance, receiver, places, stop, peers).await;
                // Replies of this moment belong to clients that are still there.
                outbox::send_all();
            };
            tokio::task::LocalSet::new().block_on(&runtime, run);
            // A script that does not end keeps nobody from leaving.
            runtime.shutdown_background();
        })?;
        Ok(Worker { arrivals, load, thread: Mutex::new(Some(thread)) })
    }

    /// Hands a socket to the worker. `false` if the worker is gone.
    pub(crate) fn give(&self, socket: PlainStream) -> bool {
        self.load.fetch_add(1, Ordering::Relaxed);
        self.arrivals.send(Arrival::New(socket)).is_ok()
    }

    /// This worker, as one that others move connections to.
    pub(crate) fn peer(&self) -> Peer {
        Peer { arrivals: self.arrivals.clone(), load: self.load.clone() }
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
    peers: Peers,
) {
    let (pool, peers) = (Rc::new(Pool::default()), Rc::new(peers));
    let crowd = peers.spreads.then(|| Rc::new(Crowd::new(load.clone())));
    loop {
        tokio::select! {
            arrival = arrivals.recv() => {
                let Some(arrival) = arrival else { return };
                let place = Place(load.clone());
                // A socket may be of no use already.
                let connection = match arrival {
                    Arrival::New(socket) => welcome(&instance, socket, &pool),
                    Arrival::Moved(moving) => Connection::arrive(*moving, pool.clone()),
                };
                if let Ok(connection) = connection {
                    tokio::task::spawn_local(serve(connection, place, peers.clone(), crowd.clone()));
                }
            }
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

async fn serve(mut connection: Connection, place: Place, peers: Rc<Peers>, crowd: Option<Rc<Crowd>>) {
    let served = connection.serve(peers.mine != 0, crowd).await;
    drop(place);
    if let Some(peer) = peers.next(served)
        && let Ok(moving) = connection.depart()
    {
        peer.take(moving);
    }
}

/// A connection for a socket.
fn welcome(instance: &Arc<Instance>, socket: PlainStream, pool: &Rc<Pool>) -> io::Result<Connection> {
    let origin = match &socket {
        PlainStream::Tcp(socket) => Origin {
            addr: socket.peer_addr()?.to_string(),
            laddr: socket.local_addr()?.to_string(),
            unix: false,
            fd: i64::from(socket.as_raw_fd()),
        },
        PlainStream::Unix(socket) => {
            let path = instance.settings().text("unixsocket");
            let fd = i64::from(socket.as_raw_fd());
            Origin { addr: format!("{path}:0"), laddr: format!("{path}:0"), unix: true, fd }
        }
    };
    let stream = socket.register()?;
    let bell = Bell::default();
    let session = instance.connect(origin, Box::new(bell.clone()));
    instance.stats.connections.fetch_add(1, Ordering::Relaxed);
    Ok(Connection::new(stream, instance.clone(), session, bell, pool.clone()))
}
