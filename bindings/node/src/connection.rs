//! Connections without a socket: commands one after the other, with the state that some of them have.
//!
//! A command that waits keeps no thread: its call gives `undefined`, and when its reply has come, or its engine has
//! ended, a bell rings at the door and JavaScript asks again (`poll`). JavaScript keeps the time for it too.

use crate::boundary::{Call, Failure, Outcome, bind, methods};
use crate::door::{Bell, Ringing};
use crate::engine::Shared;
use crate::home::Home;
use crate::js::{Env, Js};
use crate::reply::{self, Bulks, Noted};
use larder::{Protocol, Value};
use larder_commands::{Blocked, Client, Flow, Item, Origin, Reply, Session, client_flags};
use smallvec::SmallVec;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

const CLOSED: Failure = Failure::Closed("the connection is closed");

/// See the module.
pub(crate) struct Connected {
    home: Rc<Home>,
    shared: Arc<Shared>,
    session: RefCell<Option<Session>>,
    client: Arc<Client>,
    bell: Arc<Bell>,
    number: u32,
    waiting: RefCell<Option<Waiting>>,
    /// What has come and was not asked for yet.
    messages: RefCell<VecDeque<Noted>>,
    /// What it speaks when it has no state.
    protocol: Protocol,
    is_ending: Cell<bool>,
}

/// What a command waits for.
enum Waiting {
    /// A key, or the end of its time.
    Key(Blocked),
    /// The end of `CLIENT PAUSE`: nothing was done yet, and the words are to be given again.
    Pause(Vec<Vec<u8>>, u64),
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.end();
    }
}

impl Connected {
    pub(crate) fn new(
        home: &Rc<Home>,
        shared: Arc<Shared>,
        protocol: Protocol,
    ) -> Result<Rc<Connected>, Failure> {
        let (number, instance) = (home.number(), shared.larder.instance());
        let bell = Bell::new(number, &home.door()?);
        let origin = Origin { addr: "embedded:0".into(), laddr: "embedded:0".into(), unix: false, fd: -1 };
        let mut session = instance.connect(origin, Box::new(Ringing(bell.clone())));
        instance.trust(&mut session);
        session.set_protocol(protocol);
        let client = session.client.clone();
        // Whoever ends the engine ends the clients it sees; one that came later sees that it has ended.
        if shared.is_ended() {
            client.kill();
        }
        Ok(Rc::new(Connected {
            home: home.clone(),
            shared,
            session: RefCell::new(Some(session)),
            client,
            bell,
            number,
            waiting: RefCell::default(),
            messages: RefCell::default(),
            protocol,
            is_ending: Cell::new(false),
        }))
    }

    /// The object for JavaScript.
    pub(crate) fn functions(self: &Rc<Connected>, env: Env) -> Outcome {
        let functions = methods!(Connected:
            c"call" => |call| begin(call, Bulks::Strings),
            c"callBuffer" => |call| begin(call, Bulks::Buffers),
            c"callAtOnce" => |call| at_once(call, Bulks::Strings),
            c"callAtOnceBuffer" => |call| at_once(call, Bulks::Buffers),
            c"poll" => poll,
            c"waitMs" => wait_ms,
            c"messages" => messages,
            c"hasState" => |call| call.env.boolean(call.this.has_state()),
            c"isEnded" => |call| call.env.boolean(call.this.is_ended()),
            c"end" => |call| { call.this.end(); call.env.undefined() },
        );
        let object = bind(env, self, functions)?;
        env.set(object, c"number", env.count(self.number as usize)?)?;
        Ok(object)
    }

    /// Ends it, and with it its subscriptions, its transaction and what it waits for.
    pub(crate) fn end(&self) {
        self.is_ending.set(true);
        if let Some(session) = self.session.take() {
            // In this order: those who look at the list of clients see nobody who is about to go.
            self.client.kill();
            self.shared.larder.instance().disconnect(session);
        }
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.is_ending.get() || self.client.is_killed()
    }

    /// Whether what was called last will still matter to what is called next.
    pub(crate) fn has_state(&self) -> bool {
        let session = self.session.borrow();
        let Some(session) = session.as_ref() else { return false };
        let flags = [client_flags::MONITOR, client_flags::TRACKING, client_flags::NO_TOUCH];
        session.transaction.is_some()
            || session.mark.is_some()
            || session.is_subscribed()
            || session.closing
            || session.db().get() != 0
            || session.protocol() != self.protocol
            || session.answers != larder_commands::Answers::On
            || flags.iter().any(|flag| self.client.has(*flag))
    }

    /// Runs a command, or finds that it waits: then there is nothing to be given yet.
    fn run(&self, env: Env, words: &[&[u8]], bulks: Bulks) -> Result<Option<Js>, Failure> {
        if words.is_empty() {
            return Err(Failure::argument("a command is wanted"));
        }
        if self.waiting.borrow().is_some() {
            return Err(Failure::Waits("the command before still waits".into()));
        }
        let reply = self.take_mail();
        debug_assert!(reply.is_none(), "nothing waits");
        if self.is_ended() {
            return Err(CLOSED);
        }
        let mut session = self.session.borrow_mut();
        let session = session.as_mut().ok_or(CLOSED)?;
        let protocol = session.protocol();
        let mut noted = self.home.note(protocol);
        let instance = self.shared.larder.instance();
        let flow = instance.execute_borrowed(session, words, &mut noted);
        instance.end_batch(session);
        match flow {
            // Its session is never in haste.
            Flow::Next | Flow::Elsewhere => {}
            // The reply is the last there is.
            Flow::Close => self.is_ending.set(true),
            Flow::Blocked(blocked) => {
                self.waiting.replace(Some(Waiting::Key(blocked)));
                return Ok(None);
            }
            Flow::Paused(ms) => {
                let words = words.iter().map(|word| word.to_vec()).collect();
                self.waiting.replace(Some(Waiting::Pause(words, ms)));
                return Ok(None);
            }
        }
        self.give(env, noted, bulks, protocol).map(Some)
    }

    /// The value of a reply. What was written before it is no reply: messages that came, or confirmations of
    /// subscriptions, of which there may be several.
    fn give(&self, env: Env, noted: Noted, bulks: Bulks, protocol: Protocol) -> Outcome {
        let Some(last) = noted.len().checked_sub(1) else { return env.null() };
        for place in 0..last {
            self.messages.borrow_mut().push_back(noted.single(place));
        }
        if let Some(error) = reply::error_of(noted.at(last)) {
            return Err(Failure::Reply(error));
        }
        let made = reply::make(env, &self.home, &noted, last, bulks, protocol);
        self.home.give_back(noted);
        made
    }

    /// Runs a command that must not wait.
    pub(crate) fn run_at_once(&self, env: Env, words: &[&[u8]], bulks: Bulks) -> Outcome {
        if let Some(value) = self.run(env, words, bulks)? {
            return Ok(value);
        }
        let name = String::from_utf8_lossy(words.first().copied().unwrap_or_default()).to_ascii_uppercase();
        match self.waiting.take() {
            // Somebody may have served it already: then there is a reply.
            Some(Waiting::Key(blocked)) if !self.shared.larder.instance().stop_waiting(blocked.id) => {
                let value = self.take_mail().unwrap_or(Value::Null);
                self.reply_of(env, &value, bulks)
            }
            Some(Waiting::Pause(..)) => {
                Err(Failure::Waits(format!("{name} is held up by CLIENT PAUSE: callAsync waits for its end")))
            }
            _ => Err(Failure::Waits(format!(
                "{name} finds nothing and would have to wait, which nothing may do here: callAsync waits"
            ))),
        }
    }

    fn reply_of(&self, env: Env, value: &Value, bulks: Bulks) -> Outcome {
        if let Value::Error(error) = value {
            return Err(Failure::Reply(error.clone()));
        }
        reply::make(env, &self.home, &Noted::of(value), 0, bulks, self.protocol)
    }

    /// Sorts what is in the mailbox: messages are kept, the reply of a command that waited is given.
    fn take_mail(&self) -> Option<Value> {
        let mut reply = None;
        for item in self.client.take_mail() {
            let noted = match item {
                Item::Reply(value) => {
                    reply = Some(value);
                    continue;
                }
                Item::Value(value) => Noted::of(&value),
                Item::Message(message) => {
                    let mut noted = Noted::default();
                    noted.message(&message);
                    noted
                }
            };
            self.messages.borrow_mut().push_back(noted);
        }
        self.client.written();
        reply
    }
}

fn begin(call: &Call<'_, Connected>, bulks: Bulks) -> Outcome {
    let words = call.this.home.words(call, 0)?;
    match call.this.run(call.env, &words.slices(), bulks)? {
        Some(value) => Ok(value),
        None => call.env.undefined(),
    }
}

fn at_once(call: &Call<'_, Connected>, bulks: Bulks) -> Outcome {
    let words = call.this.home.words(call, 0)?;
    call.this.run_at_once(call.env, &words.slices(), bulks)
}

/// `poll(timeIsUp, buffers)`: the reply of the command that waits, or `undefined` if it is still waiting.
fn poll(call: &Call<'_, Connected>) -> Outcome {
    let (env, this) = (call.env, call.this);
    let time_is_up = env.is_true(call.wanted(0, "whether the time is up")?)?;
    let bulks =
        if env.is_true(call.wanted(1, "whether buffers")?)? { Bulks::Buffers } else { Bulks::Strings };
    let waiting = this.waiting.take();
    match waiting {
        None => env.undefined(),
        Some(Waiting::Pause(words, _)) => {
            let words: SmallVec<[&[u8]; 8]> = words.iter().map(Vec::as_slice).collect();
            match this.run(env, &words, bulks)? {
                Some(value) => Ok(value),
                None => env.undefined(),
            }
        }
        Some(Waiting::Key(blocked)) => {
            let instance = this.shared.larder.instance();
            if let Some(reply) = this.take_mail() {
                return this.reply_of(env, &reply, bulks);
            }
            if this.is_ended() {
                // It may have been served in the last moment; nothing comes after that.
                instance.stop_waiting(blocked.id);
                let reply = this.take_mail().ok_or(CLOSED)?;
                return this.reply_of(env, &reply, bulks);
            }
            if time_is_up && instance.stop_waiting(blocked.id) {
                let mut noted = this.home.note(this.protocol);
                blocked.empty.write(&mut noted);
                return this.give(env, noted, bulks, this.protocol);
            }
            this.waiting.replace(Some(Waiting::Key(blocked)));
            env.undefined()
        }
    }
}

/// `waitMs()`: for how many milliseconds the command that waits does so at most; -1 for ever.
fn wait_ms(call: &Call<'_, Connected>) -> Outcome {
    let ms = match &*call.this.waiting.borrow() {
        Some(Waiting::Key(blocked)) => blocked.timeout_ms.map_or(-1.0, |ms| ms as f64),
        Some(Waiting::Pause(_, ms)) => *ms as f64,
        None => 0.0,
    };
    call.env.double(ms)
}

/// `messages(buffers, max)`: what has come, oldest first.
fn messages(call: &Call<'_, Connected>) -> Outcome {
    let (env, this) = (call.env, call.this);
    let bulks =
        if env.is_true(call.wanted(0, "whether buffers")?)? { Bulks::Buffers } else { Bulks::Strings };
    let max = env.number(call.wanted(1, "how many")?)? as usize;
    // A reply stays where it is: whoever waits for it asks for it.
    if this.waiting.borrow().is_none() {
        this.take_mail();
    }
    let taken: Vec<Noted> = {
        let mut messages = this.messages.borrow_mut();
        let count = messages.len().min(max);
        messages.drain(..count).collect()
    };
    let array = env.array(taken.len())?;
    for (at, noted) in taken.iter().enumerate() {
        let value = reply::make(env, &this.home, noted, 0, bulks, this.protocol)?;
        env.set_element(array, at, value)?;
    }
    if !this.messages.borrow().is_empty() {
        // The rest comes in its turn, so that one talkative channel does not stop everything else.
        this.bell.ring();
    }
    Ok(array)
}
