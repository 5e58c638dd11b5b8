//! One user's conversation: connecting, logging in, and the state a reconnection has to restore.
//!
//! A connection that has gone away while the user was thinking is noticed before a command is sent, and renewed. One
//! that breaks after a command was sent is reported: the command may have been executed, and sending it again could do
//! it twice.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use larder_resp::Value;

use crate::args::{Address, Login, Options, Proto};
use crate::embedded::Embedded;
use crate::failure::Failure;
use crate::transport::{self, Error, Socket, Transport};

/// A conversation, connected or not.
pub(crate) struct Session {
    address: Address,
    login: Login,
    interrupt: Option<Arc<AtomicBool>>,
    transport: Option<Box<dyn Transport>>,
    /// The engine of this process, once there is one: it outlives connections.
    larder: Option<larder::Larder>,
    in_transaction: bool,
    /// Messages that came between replies and have yet to be shown.
    pushes: VecDeque<Value>,
}

impl Session {
    /// A session that is not connected yet. A true `interrupt` ends any wait.
    pub(crate) fn new(options: &Options, interrupt: Option<Arc<AtomicBool>>) -> Self {
        Self {
            address: options.address.clone(),
            login: options.login.clone(),
            interrupt,
            transport: None,
            larder: None,
            in_transaction: false,
            pushes: VecDeque::new(),
        }
    }

    /// Connects and logs in. What the server refuses is printed and left to the next command, as it may well work.
    pub(crate) fn open(&mut self) -> Result<(), Failure> {
        self.close();
        if self.address == Address::Embedded {
            let larder = self.larder.get_or_insert_default();
            let embedded = Embedded::connect(larder.instance(), self.interrupt.clone());
            self.transport = Some(Box::new(embedded));
            return self.welcome();
        }
        let socket = Socket::connect(&self.address, self.interrupt.clone()).map_err(|error| {
            let text = transport::system_text(&error);
            Failure::Connect(format!("Could not connect to {}: {text}", self.place()))
        })?;
        self.transport = Some(Box::new(socket));
        self.welcome()
    }

    fn welcome(&mut self) -> Result<(), Failure> {
        for warning in self.greet()? {
            eprintln!("{warning}");
        }
        Ok(())
    }

    fn greet(&mut self) -> Result<Vec<String>, Error> {
        let mut warnings = Vec::new();
        let Login { user, password, db, proto } = self.login.clone();
        let mut say = |name: &str, args: &[&[u8]]| {
            let reply = self.exchange(args)?;
            if let Some(error) = reply.error() {
                warnings.push(format!("{name} failed: {}", String::from_utf8_lossy(error)));
            }
            Ok::<_, Error>(())
        };
        if let Some(password) = &password {
            match &user {
                Some(user) => say("AUTH", &[b"AUTH", user.as_bytes(), password.as_bytes()])?,
                None => say("AUTH", &[b"AUTH", password.as_bytes()])?,
            }
        }
        if db > 0 {
            let number = db.to_string();
            say(&format!("SELECT {db}"), &[b"SELECT", number.as_bytes()])?;
        }
        if proto == Some(Proto::Resp3) {
            say("HELLO 3", &[b"HELLO", b"3"])?;
        }
        Ok(warnings)
    }

    /// Hangs up.
    pub(crate) fn close(&mut self) {
        self.transport = None;
        self.in_transaction = false;
        self.pushes.clear();
    }

    /// Sets another address and connects to it.
    pub(crate) fn move_to(&mut self, host: String, port: u16) -> Result<(), Failure> {
        self.address = Address::Tcp { host, port };
        self.open()
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.transport.is_some()
    }

    /// Makes sure that there is a connection, with a new one if need be; but a transaction is lost with the old one,
    /// and what was meant for it must not run outside.
    pub(crate) fn revive(&mut self) -> Result<(), Failure> {
        if self.transport.as_mut().is_some_and(|transport| transport.is_open()) {
            return Ok(());
        }
        if self.in_transaction {
            self.close();
            return Err(Error::Closed.into());
        }
        self.open()
    }

    /// The connection.
    pub(crate) fn transport(&mut self) -> Result<&mut dyn Transport, Error> {
        match &mut self.transport {
            Some(transport) => Ok(transport.as_mut()),
            None => Err(Error::Closed),
        }
    }

    /// Sends a command and waits for its reply. Messages that come before it wait for [`next_push`](Self::next_push).
    pub(crate) fn call(&mut self, args: &[Vec<u8>]) -> Result<Value, Error> {
        let words: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
        let outcome = self.exchange(&words);
        match &outcome {
            Ok(reply) => self.note(&words, reply),
            Err(_) => self.close(),
        }
        outcome
    }

    /// Sends several commands at once and waits for all replies.
    pub(crate) fn call_all(&mut self, commands: &[Vec<&[u8]>]) -> Result<Vec<Value>, Error> {
        for command in commands {
            self.transport()?.send(command)?;
        }
        commands.iter().map(|_| self.reply()).collect()
    }

    fn exchange(&mut self, args: &[&[u8]]) -> Result<Value, Error> {
        self.transport()?.send(args)?;
        self.reply()
    }

    fn reply(&mut self) -> Result<Value, Error> {
        loop {
            match self.transport()?.receive()? {
                push @ Value::Push(_) => self.pushes.push_back(push),
                reply => return Ok(reply),
            }
        }
    }

    /// A message that came between replies.
    pub(crate) fn next_push(&mut self) -> Option<Value> {
        self.pushes.pop_front()
    }

    /// Keeps the state that the prompt shows and a reconnection restores.
    fn note(&mut self, args: &[&[u8]], reply: &Value) {
        let Some(name) = args.first() else { return };
        let refused = reply.error().is_some();
        match name.to_ascii_lowercase().as_slice() {
            // Also one that fails has ended the transaction, unless there was none.
            b"exec" | b"discard" => self.in_transaction = false,
            _ if refused => {}
            b"multi" => self.in_transaction = true,
            _ if self.in_transaction => {}
            b"select" => {
                let db = args.get(1).and_then(|db| std::str::from_utf8(db).ok()?.parse().ok());
                self.login.db = db.unwrap_or(self.login.db);
            }
            b"hello" => match args.get(1).copied() {
                Some(b"3") => self.login.proto = Some(Proto::Resp3),
                Some(b"2") => self.login.proto = Some(Proto::Resp2),
                _ => {}
            },
            b"auth" => {
                let text = |word: &&[u8]| String::from_utf8(word.to_vec()).ok();
                self.login.user = if args.len() > 2 { text(&args[1]) } else { None };
                self.login.password = args.last().and_then(text);
            }
            b"reset" => {
                self.login.db = 0;
                self.login.proto = None;
            }
            _ => {}
        }
    }

    /// Host and port, or the socket's path.
    fn place(&self) -> String {
        match &self.address {
            Address::Tcp { host, port } if host.contains(':') => format!("[{host}]:{port}"),
            Address::Tcp { host, port } => format!("{host}:{port}"),
            Address::Socket(path) => path.display().to_string(),
            Address::Embedded => "embedded".to_owned(),
        }
    }

    /// The prompt: place, database and transaction.
    pub(crate) fn prompt(&self) -> String {
        if !self.is_connected() {
            return "not connected> ".to_owned();
        }
        let mut prompt = self.place();
        if matches!(self.address, Address::Socket(_)) {
            prompt.insert_str(0, "larder ");
        }
        if self.login.db > 0 {
            let _ = write!(prompt, "[{}]", self.login.db);
        }
        if self.in_transaction {
            prompt.push_str("(TX)");
        }
        prompt + "> "
    }
}
