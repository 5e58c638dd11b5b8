//! The door for others: an engine of this process, served to clients of Redis over sockets.

use crate::boundary::{Call, Failure, Outcome, bind, methods};
use crate::engine::Shared;
use crate::home;
use crate::opened::Opened;
use std::rc::Rc;
use std::sync::{Arc, Weak};

/// A server that was started; it holds no engine, so that the engine can end before it.
struct Serving {
    shared: Weak<Shared>,
    number: u64,
}

impl Serving {
    fn stop(&self) {
        if let Some(shared) = self.shared.upgrade() {
            // Closes its address and its connections, and waits for its threads.
            drop(shared.take_server(self.number));
        }
    }
}

/// `serve(address, threads)`: an object with `port`, null for a Unix socket, and `stop()`.
pub(crate) fn serve(call: &Call<'_, Opened>) -> Outcome {
    let env = call.env;
    let address = home::text(call, call.wanted(0, "the address")?)?;
    let threads = env.number(call.wanted(1, "the number of threads")?)? as u32;
    let shared = call.this.live()?.shared.clone();
    let settings = shared.larder.instance().settings();
    settings
        .preset("io-threads", &threads.to_string())
        .map_err(|error| Failure::Argument(error.to_string()))?;
    let server = shared.larder.serve_at(&address).map_err(|error| Failure::System(error.to_string()))?;
    let port = server.addresses().first().map(std::net::SocketAddr::port);
    let number = shared.add_server(server);
    call.this.servers.borrow_mut().push(number);
    let serving = Rc::new(Serving { shared: Arc::downgrade(&shared), number });
    let functions = methods!(Serving:
        c"stop" => |call| { call.this.stop(); call.env.undefined() },
    );
    let object = bind(env, &serving, functions)?;
    let port = port.map_or_else(|| env.null(), |port| env.count(usize::from(port)))?;
    env.set(object, c"port", port)?;
    Ok(object)
}
