//! An engine as one environment has it open: the object behind `open()`.
//!
//! Closing it ends what was opened through it; the engine itself goes with the last who has it open. Whatever is called
//! afterwards is an error.

use crate::boundary::{Call, Failure, Outcome, bind, methods};
use crate::connection::Connected;
use crate::engine::Shared;
use crate::home::Home;
use crate::js::Env;
use crate::reply::Bulks;
use crate::subscription::Subscribed;
use crate::{serving, strings};
use larder::{Db, Protocol, Space};
use std::cell::{Ref, RefCell};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

const CLOSED: Failure = Failure::Closed("the engine is closed");

/// See the module.
pub(crate) struct Opened {
    pub(crate) home: Rc<Home>,
    live: RefCell<Option<Live>>,
    /// The connection for calls that stand alone. It never has a state that lasts.
    own: RefCell<Option<Rc<Connected>>>,
    connections: RefCell<Vec<Weak<Connected>>>,
    subscriptions: RefCell<Vec<Weak<Subscribed>>>,
    pub(crate) servers: RefCell<Vec<u64>>,
}

/// What is there while it is open.
pub(crate) struct Live {
    pub(crate) shared: Arc<Shared>,
    pub(crate) db: Db,
}

impl Opened {
    pub(crate) fn new(home: &Rc<Home>, shared: Arc<Shared>) -> Result<Rc<Opened>, Failure> {
        home.door()?;
        let db = shared.larder.db();
        Ok(Rc::new(Opened {
            home: home.clone(),
            live: RefCell::new(Some(Live { shared, db })),
            own: RefCell::default(),
            connections: RefCell::default(),
            subscriptions: RefCell::default(),
            servers: RefCell::default(),
        }))
    }

    /// The object for JavaScript.
    pub(crate) fn functions(self: &Rc<Opened>, env: Env) -> Outcome {
        let functions = methods!(Opened:
            c"get" => strings::get,
            c"getBuffer" => strings::get_buffer,
            c"getInto" => strings::get_into,
            c"set" => strings::set,
            c"incr" => strings::incr,
            c"mget" => strings::mget,
            c"mgetBuffer" => strings::mget_buffer,
            c"del" => strings::del,
            c"call" => |call| alone(call, Bulks::Strings),
            c"callBuffer" => |call| alone(call, Bulks::Buffers),
            c"publish" => |call| publish(call, Space::Channel),
            c"spublish" => |call| publish(call, Space::Shard),
            c"connect" => connect,
            c"subscription" => Subscribed::open,
            c"serve" => serving::serve,
            c"tick" => tick,
            c"advanceClock" => advance_clock,
            c"handle" => |call| call.env.string(call.this.live()?.shared.handle().as_bytes()),
            c"isClosed" => |call| call.env.boolean(call.this.live().is_err()),
            c"close" => close,
            c"end" => end,
        );
        bind(env, self, functions)
    }

    /// What is there, unless it was closed.
    #[inline]
    pub(crate) fn live(&self) -> Result<Ref<'_, Live>, Failure> {
        let live = Ref::filter_map(self.live.borrow(), Option::as_ref).map_err(|_| CLOSED)?;
        if live.shared.is_ended() { Err(CLOSED) } else { Ok(live) }
    }

    /// The connection for calls that stand alone.
    pub(crate) fn own(&self) -> Result<Rc<Connected>, Failure> {
        let mut own = self.own.borrow_mut();
        if let Some(connected) = own.as_ref().filter(|connected| !connected.is_ended()) {
            return Ok(connected.clone());
        }
        let made = Connected::new(&self.home, self.live()?.shared.clone(), Protocol::Resp3)?;
        *own = Some(made.clone());
        Ok(made)
    }

    pub(crate) fn adopt_subscription(&self, subscribed: &Rc<Subscribed>) {
        let mut all = self.subscriptions.borrow_mut();
        all.retain(|other| other.strong_count() > 0);
        all.push(Rc::downgrade(subscribed));
    }

    /// Ends everything that was opened through it.
    pub(crate) fn close(&self) {
        let live = self.live.take();
        if let Some(own) = self.own.take() {
            own.end();
        }
        let connections = self.connections.take();
        connections.iter().filter_map(Weak::upgrade).for_each(|connected| connected.end());
        let subscriptions = self.subscriptions.take();
        subscriptions.iter().filter_map(Weak::upgrade).for_each(|subscribed| subscribed.end());
        let servers = self.servers.take();
        if let Some(live) = &live {
            drop(servers.into_iter().map(|number| live.shared.take_server(number)).collect::<Vec<_>>());
        }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.close();
    }
}

/// `call(word, …)`: a command that stands alone.
fn alone(call: &Call<'_, Opened>, bulks: Bulks) -> Outcome {
    let words = call.this.home.words(call, 0)?;
    run_alone(call, &words.slices(), bulks)
}

/// Runs a command that stands alone.
pub(crate) fn run_alone(call: &Call<'_, Opened>, words: &[&[u8]], bulks: Bulks) -> Outcome {
    let own = call.this.own()?;
    let outcome = own.run_at_once(call.env, words, bulks);
    // Whose commands they are is such a state, too.
    let is_login = words.first().is_some_and(|name| name.eq_ignore_ascii_case(b"AUTH"));
    if own.has_state() || is_login {
        // Whatever state it has, the next call shall not find it.
        call.this.own.borrow_mut().take();
        own.end();
        outcome?;
        let name = words.first().map(|name| String::from_utf8_lossy(name).to_ascii_uppercase());
        return Err(Failure::Argument(format!(
            "{} is about the calls that follow, and a call here stands alone: open a connection for it with connect()",
            name.unwrap_or_default()
        )));
    }
    outcome
}

/// `publish(channel, payload)`: how many subscriptions it reached.
fn publish(call: &Call<'_, Opened>, space: Space) -> Outcome {
    let words = call.this.home.words(call, 0)?;
    if words.len() != 2 {
        return Err(Failure::argument("a channel and a message are wanted"));
    }
    let reached = call.this.live()?.shared.larder.topics().publish(space, words.get(0), words.get(1));
    call.env.count(reached)
}

/// `connect(protocol)`: the object of a connection.
fn connect(call: &Call<'_, Opened>) -> Outcome {
    let protocol = match call.given(0)? {
        Some(protocol) if call.env.number(protocol)? < 3.0 => Protocol::Resp2,
        _ => Protocol::Resp3,
    };
    let connected = Connected::new(&call.this.home, call.this.live()?.shared.clone(), protocol)?;
    let functions = connected.functions(call.env)?;
    let mut all = call.this.connections.borrow_mut();
    all.retain(|other| other.strong_count() > 0);
    all.push(Rc::downgrade(&connected));
    Ok(functions)
}

fn tick(call: &Call<'_, Opened>) -> Outcome {
    let removed = call.this.live()?.shared.larder.instance().engine().tick();
    call.env.count(removed)
}

fn advance_clock(call: &Call<'_, Opened>) -> Outcome {
    let ms = call.env.number(call.wanted(0, "a number of milliseconds")?)?;
    let live = call.this.live()?;
    let Some(clock) = &live.shared.clock else {
        return Err(Failure::argument("the engine was not opened with the option clock: 'manual'"));
    };
    if !(ms >= 0.0 && ms.is_finite()) {
        return Err(Failure::argument("a time is a number of milliseconds from 0 on"));
    }
    clock.advance(Duration::from_millis(ms as u64));
    call.env.undefined()
}

fn close(call: &Call<'_, Opened>) -> Outcome {
    call.this.close();
    call.env.undefined()
}

/// `end()`: ends the engine for everybody who has it open.
fn end(call: &Call<'_, Opened>) -> Outcome {
    let shared = call.this.live.borrow().as_ref().map(|live| live.shared.clone());
    if let Some(shared) = shared {
        shared.end();
    }
    call.this.close();
    call.env.undefined()
}
