//! The door for others: an engine of this process, served to clients of Redis over sockets.

use crate::boundary::{Call, Failure, Outcome, bind, methods};
use crate::engine::Shared;
use crate::home;
use crate::js::Kind;
use crate::opened::Opened;
use larder_server::Server;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::rc::Rc;
use std::sync::Weak;

/// A server that was started; it holds no engine, so that the engine can end before it.
struct Serving {
    shared: Weak<Shared>,
    number: u64,
    path: Option<String>,
}

impl Serving {
    fn stop(&self) {
        if let Some(server) = self.shared.upgrade().and_then(|shared| shared.take_server(self.number)) {
            drop(server);
            if let Some(path) = &self.path {
                // Somebody may have removed it before.
                let _ = std::fs::remove_file(path);
            }
        }
    }
}

/// `serve(host, port | null, path | null, threads)`: an object with `port` and `stop()`.
pub(crate) fn serve(call: &Call<'_, Opened>) -> Outcome {
    let env = call.env;
    let host = home::text(call, call.wanted(0, "the host")?)?;
    let (port, path) = (call.wanted(1, "the port")?, call.wanted(2, "the path")?);
    let port = if env.kind(port)? == Kind::Null { None } else { Some(env.number(port)? as u16) };
    let path = if env.kind(path)? == Kind::Null { None } else { Some(home::text(call, path)?) };
    let threads = env.number(call.wanted(3, "the number of threads")?)? as u32;
    let shared = call.this.live()?.shared.clone();
    let settings = shared.larder.instance().settings();
    // Nobody asked this process to write to its standard error.
    for (name, value) in [("io-threads", threads.to_string()), ("loglevel", "nothing".into())] {
        settings.preset(name, &value).map_err(|error| Failure::Argument(error.to_string()))?;
    }
    let tcp = match port {
        Some(port) => vec![
            TcpListener::bind((host.as_str(), port))
                .map_err(|error| Failure::System(format!("cannot listen on {host}:{port}: {error}")))?,
        ],
        None => Vec::new(),
    };
    let port = tcp.first().and_then(|listener| listener.local_addr().ok()).map(|address| address.port());
    let unix = path.as_deref().map(open_path).transpose()?;
    let server = Server::serve_on(shared.larder.instance().clone(), tcp, unix)
        .map_err(|error| Failure::System(error.to_string()))?;
    let number = shared.add_server(server);
    call.this.servers.borrow_mut().push(number);
    let serving = Rc::new(Serving { shared: std::sync::Arc::downgrade(&shared), number, path });
    let functions = methods!(Serving:
        c"stop" => |call| { call.this.stop(); call.env.undefined() },
    );
    let object = bind(env, &serving, functions)?;
    let port = port.map_or_else(|| env.null(), |port| env.count(usize::from(port)))?;
    env.set(object, c"port", port)?;
    Ok(object)
}

/// Opens a Unix socket for this user alone. A file that a dead server left is replaced; one that somebody listens on is
/// not.
fn open_path(path: &str) -> Result<UnixListener, Failure> {
    let fail = |error: std::io::Error| Failure::System(format!("cannot listen on {path}: {error}"));
    if Path::new(path).exists() {
        if UnixStream::connect(path).is_ok() {
            return Err(fail(std::io::ErrorKind::AddrInUse.into()));
        }
        std::fs::remove_file(path).map_err(fail)?;
    }
    // It gets its permissions before it gets the name that others know.
    let unborn = format!("{path}.{}", std::process::id());
    let listener = UnixListener::bind(&unborn).map_err(fail)?;
    std::fs::set_permissions(&unborn, std::fs::Permissions::from_mode(0o700)).map_err(fail)?;
    std::fs::rename(&unborn, path).map_err(fail)?;
    listener.set_nonblocking(true).map_err(fail)?;
    Ok(listener)
}
