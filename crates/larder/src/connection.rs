//! Commands one after the other, with the state that some of them have.

use larder_commands::{
    Client, Error, Flow, Instance, Item, Origin, Protocol, Session, Value, ValueReply, Wake,
};
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Wakes the thread that waits on a connection.
#[derive(Clone, Debug, Default)]
struct Bell(Arc<(Mutex<bool>, Condvar)>);

impl Bell {
    /// Waits until it rings, or until the time is up.
    fn wait(&self, until: Option<Instant>) {
        let (rung, bell) = &*self.0;
        let mut rung = rung.lock();
        while !*rung {
            match until {
                None => bell.wait(&mut rung),
                Some(until) if bell.wait_until(&mut rung, until).timed_out() && !*rung => return,
                Some(_) => {}
            }
        }
        *rung = false;
    }
}

impl Wake for Bell {
    fn wake(&self) {
        let (rung, bell) = &*self.0;
        *rung.lock() = true;
        bell.notify_one();
    }
}

/// Connections that nobody uses at the moment.
#[derive(Debug, Default)]
pub(crate) struct Idle(Mutex<Vec<Connection>>);

impl Idle {
    /// More than so many at once are seldom needed: each is held for one call.
    const KEPT: usize = 16;

    pub(crate) fn take(&self) -> Option<Connection> {
        // Not with the list in hand: who is ended is disconnected.
        let mut taken = self.0.lock().pop();
        while taken.as_ref().is_some_and(Connection::is_ended) {
            taken = self.0.lock().pop();
        }
        taken
    }

    fn give(&self, connection: Connection) {
        let mut list = self.0.lock();
        if list.len() < Idle::KEPT {
            list.push(connection);
        }
    }
}

/// A connection for calls that need none of their own: see [`Larder::spare`](crate::Larder::spare).
#[derive(Debug)]
pub struct Spare<'l> {
    idle: &'l Idle,
    /// There until it is dropped.
    connection: Option<Connection>,
}

impl<'l> Spare<'l> {
    pub(crate) fn new(idle: &'l Idle, connection: Connection) -> Spare<'l> {
        Spare { idle, connection: Some(connection) }
    }

    /// Runs a command and gives its reply, whatever it is: see [`Connection::reply`].
    pub fn reply<W: AsRef<[u8]>>(&mut self, words: impl IntoIterator<Item = W>) -> Value {
        self.connection.as_mut().map_or_else(ended, |connection| connection.reply(words))
    }
}

impl Drop for Spare<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take().filter(Connection::is_as_new) {
            self.idle.give(connection);
        }
    }
}

/// A connection without a socket.
#[derive(Debug)]
pub struct Connection {
    instance: Arc<Instance>,
    session: Option<Session>,
    bell: Bell,
    messages: VecDeque<Value>,
}

/// Ends a [`Connection`] from another thread.
#[derive(Clone, Debug)]
pub struct Ender(Arc<Client>);

impl Ender {
    /// Ends it: a command that waits answers an error now, and every later one too.
    pub fn end(&self) {
        self.0.kill();
    }
}

fn ended() -> Value {
    Value::Error(Error::new("ERR the connection has been closed"))
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            self.instance.disconnect(session);
        }
    }
}

impl Connection {
    pub(crate) fn new(instance: Arc<Instance>) -> Connection {
        let bell = Bell::default();
        let origin = Origin { addr: "embedded:0".into(), laddr: "embedded:0".into(), unix: false, fd: -1 };
        let mut session = instance.connect(origin, Box::new(bell.clone()));
        instance.trust(&mut session);
        session.set_protocol(Protocol::Resp3);
        Connection { instance, session: Some(session), bell, messages: VecDeque::new() }
    }

    /// What ends this connection while another thread waits on it, as `CLIENT KILL` does.
    ///
    /// ```
    /// let larder = larder::Larder::new();
    /// let mut connection = larder.connect();
    /// let ender = connection.ender().expect("an open connection");
    /// let waiting = std::thread::spawn(move || connection.call(["BLPOP", "jobs", "0"]));
    /// ender.end();
    /// assert!(waiting.join().unwrap().is_err());
    /// ```
    pub fn ender(&self) -> Option<Ender> {
        self.session.as_ref().map(|session| Ender(session.client.clone()))
    }

    fn is_ended(&self) -> bool {
        self.session.as_ref().is_none_or(|session| session.client.is_killed())
    }

    /// Whether nothing that was said through it can be noticed by the next one.
    fn is_as_new(&self) -> bool {
        let plain =
            |session: &Session| session.protocol() == Protocol::Resp3 && self.instance.is_as_new(session);
        self.messages.is_empty() && self.session.as_ref().is_some_and(plain)
    }

    /// Runs a command and gives its reply; an error reply is an error. A command that waits does so here.
    ///
    /// ```
    /// let larder = larder::Larder::new();
    /// let mut connection = larder.connect();
    /// connection.call(["MULTI"])?;
    /// connection.call(["SET", "a", "1"])?;
    /// connection.call(["INCR", "a"])?;
    /// let replies = connection.call(["EXEC"])?;
    /// assert_eq!(replies, larder::Value::Array(vec![larder::Value::Status("OK".into()), larder::Value::Int(2)]));
    /// # Ok::<(), larder::CommandError>(())
    /// ```
    pub fn call<W: AsRef<[u8]>>(&mut self, words: impl IntoIterator<Item = W>) -> Result<Value, Error> {
        match self.reply(words) {
            Value::Error(error) => Err(error),
            value => Ok(value),
        }
    }

    /// Runs a command and gives its reply, whatever it is.
    ///
    /// ```
    /// let larder = larder::Larder::new();
    /// let mut connection = larder.connect();
    /// assert!(matches!(connection.reply(["INCR"]), larder::Value::Error(_)));
    /// assert_eq!(connection.reply(["GET", "nothing"]), larder::Value::Null);
    /// ```
    pub fn reply<W: AsRef<[u8]>>(&mut self, words: impl IntoIterator<Item = W>) -> Value {
        let words: Vec<W> = words.into_iter().collect();
        let words: Vec<&[u8]> = words.iter().map(AsRef::as_ref).collect();
        if words.is_empty() {
            return Value::Error(Error::new("ERR no command"));
        }
        self.take_mail();
        if self.is_ended() {
            return ended();
        }
        let Some(session) = self.session.as_mut() else { return ended() };
        let mut out = ValueReply::new(session.protocol());
        let mut flow = self.instance.execute_borrowed(session, &words, &mut out);
        while let Flow::Paused(ms) = flow {
            if session.client.is_killed() {
                return ended();
            }
            self.bell.wait(Instant::now().checked_add(Duration::from_millis(ms)));
            flow = self.instance.execute_borrowed(session, &words, &mut out);
        }
        self.instance.end_batch(session);
        if let Flow::Blocked(blocked) = flow {
            let until =
                blocked.timeout_ms.and_then(|ms| Instant::now().checked_add(Duration::from_millis(ms)));
            return self.wait(blocked, until);
        }
        let mut values = out.into_values();
        // Confirmations of subscriptions are messages, of which there may be several.
        if values.len() > 1 || matches!(values.first(), Some(Value::Push(_))) {
            let last = values.pop().unwrap_or(Value::Null);
            self.messages.extend(values);
            return last;
        }
        values.pop().unwrap_or(Value::Null)
    }

    fn wait(&mut self, blocked: larder_commands::Blocked, until: Option<Instant>) -> Value {
        loop {
            self.bell.wait(until);
            if let Some(reply) = self.take_mail() {
                return reply;
            }
            if self.is_ended() && self.instance.stop_waiting(blocked.id) {
                return ended();
            }
            if until.is_some_and(|until| Instant::now() >= until)
                && self.instance.stop_waiting_in_vain(blocked.id)
            {
                let protocol = self.session.as_ref().map_or(Protocol::Resp3, Session::protocol);
                let mut out = ValueReply::new(protocol);
                blocked.empty.write(&mut out);
                return out.into_value();
            }
        }
    }

    /// Sorts what is in the mailbox: messages are kept, the reply of a command that waited is given.
    fn take_mail(&mut self) -> Option<Value> {
        let session = self.session.as_ref()?;
        let mut reply = None;
        for item in session.client.take_mail() {
            match item {
                Item::Reply(value) => reply = Some(value),
                Item::Value(value) => self.messages.push_back(value),
                Item::Message(message) => {
                    let mut out = ValueReply::new(session.protocol());
                    larder_commands::write_message(&message, &mut out);
                    self.messages.push_back(out.into_value());
                }
            }
        }
        session.client.written();
        reply
    }

    /// The next message of a subscription, waiting for one at most so long; `None` also when the connection has ended.
    ///
    /// ```
    /// use std::time::Duration;
    /// let larder = larder::Larder::new();
    /// let mut connection = larder.connect();
    /// connection.call(["SUBSCRIBE", "news"])?;
    /// larder.call(["PUBLISH", "news", "rain"])?;
    /// assert!(connection.next_message(Duration::from_secs(10)).is_some());
    /// # Ok::<(), larder::CommandError>(())
    /// ```
    pub fn next_message(&mut self, timeout: Duration) -> Option<Value> {
        let until = Instant::now().checked_add(timeout);
        loop {
            self.take_mail();
            if let Some(message) = self.messages.pop_front() {
                return Some(message);
            }
            if self.is_ended() || until.is_some_and(|until| Instant::now() >= until) {
                return None;
            }
            self.bell.wait(until);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Larder, Value};
    use larder_commands::client_flags::AUTHENTICATED;
    use std::time::Duration;

    #[test]
    fn a_command_waits_until_another_thread_pushes() {
        let larder = Larder::new();
        let other = larder.clone();
        let waiting = std::thread::spawn(move || other.call(["BLPOP", "jobs", "60"]));
        while larder.instance().waiting() == 0 {
            std::thread::yield_now();
        }
        larder.db().lists().push_back("jobs", "one").unwrap();
        let expected = Value::Array(vec![Value::Bulk(b"jobs".to_vec()), Value::Bulk(b"one".to_vec())]);
        assert_eq!(waiting.join().unwrap(), Ok(expected));
        assert_eq!(larder.call(["BLPOP", "jobs", "0.001"]), Ok(Value::NullArray));
    }

    #[test]
    fn errors_are_errors_and_connections_have_a_state() {
        let larder = Larder::new();
        assert!(larder.call(["NOSUCH"]).is_err() && larder.call(Vec::<&str>::new()).is_err());
        let mut connection = larder.connect();
        connection.call(["SELECT", "3"]).unwrap();
        connection.call(["SET", "a", "1"]).unwrap();
        assert_eq!(larder.call(["GET", "a"]), Ok(Value::Null));
        assert_eq!(larder.db_at(3).unwrap().strings().get("a").unwrap(), Some(b"1".to_vec()));
        assert!(connection.next_message(Duration::ZERO).is_none());
        assert!(larder.db_at(16).is_err());
    }

    #[test]
    fn a_call_notices_nothing_of_those_before_it() {
        let larder = Larder::new();
        let id = |larder: &Larder| larder.call(["CLIENT", "ID"]).unwrap();
        let first = id(&larder);
        larder.call(["SET", "a", "1"]).unwrap();
        assert!(larder.call(["INCR", "a", "b"]).is_err());
        assert_eq!(id(&larder), first);
        for line in [
            "SELECT 3",
            "MULTI",
            "WATCH a",
            "SUBSCRIBE news",
            "PSUBSCRIBE n*",
            "HELLO 2",
            "CLIENT SETNAME me",
            "CLIENT SETINFO lib-name me",
            "CLIENT NO-TOUCH on",
            "CLIENT NO-EVICT on",
            "CLIENT TRACKING on",
            "CLIENT REPLY off",
            "MONITOR",
            "QUIT",
        ] {
            let before = id(&larder);
            // Some are answered with silence.
            let _ = larder.call(line.split(' '));
            assert_ne!(id(&larder), before, "{line}");
            assert_eq!(larder.call(["GET", "a"]), Ok(Value::Bulk(b"1".to_vec())), "{line}");
            assert_eq!(larder.instance().clients().len(), 1, "{line}");
        }
        // Who was ended while nobody used it is not asked again.
        let idle = larder.instance().clients().list();
        idle.iter().for_each(|client| client.kill());
        assert_eq!(larder.call(["PING"]), Ok(Value::Status("PONG".into())));
    }

    #[test]
    fn calls_of_many_threads_each_have_a_connection() {
        let larder = Larder::new();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        larder.call(["INCR", "n"]).unwrap();
                    }
                });
            }
        });
        assert_eq!(larder.db().strings().get("n"), Ok(Some(b"4000".to_vec())));
        assert!(larder.instance().clients().len() <= 16);
        assert!(larder.instance().clients().list().iter().all(|client| client.has(AUTHENTICATED)));
    }
}
