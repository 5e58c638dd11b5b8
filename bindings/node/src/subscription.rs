//! Subscriptions: a queue in the engine, bounded by the subscriber's choice, that JavaScript empties in batches.
//!
//! The queue is the engine's own; only its bell is ours. That a publisher waits for a slow subscriber is not offered
//! here: a thread that publishes what it itself receives would wait for itself for ever.

use crate::boundary::{Call, Failure, Outcome, bind, methods};
use crate::door::Bell;
use crate::home::{self, Home};
use crate::js::Env;
use crate::opened::Opened;
use crate::words::Words;
use larder::{Closed, Overflow, QueueOptions, Space, Subscription};
use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// See the module.
pub(crate) struct Subscribed {
    home: Rc<Home>,
    subscription: RefCell<Option<Arc<Subscription>>>,
    bell: Arc<Bell>,
    number: u32,
}

const CLOSED: Failure = Failure::Closed("the subscription is closed");

impl Subscribed {
    /// `subscription(lenMax, bytesMax, overflow)`: an object that is subscribed to nothing yet. 0 stands for a default.
    pub(crate) fn open(call: &Call<'_, Opened>) -> Outcome {
        let (env, home) = (call.env, &call.this.home);
        let mut options = QueueOptions::default();
        let whole = |at, what| Ok::<_, Failure>(env.number(call.wanted(at, what)?)? as usize);
        let (len_max, bytes_max) = (whole(0, "queueLength")?, whole(1, "queueBytes")?);
        if len_max != 0 {
            options.len_max = len_max;
        }
        if bytes_max != 0 {
            options.bytes_max = bytes_max;
        }
        options.overflow = match home::text(call, call.wanted(2, "overflow")?)?.as_str() {
            "disconnect" => Overflow::Disconnect,
            "drop-newest" => Overflow::DropNewest,
            "drop-oldest" => Overflow::DropOldest,
            other => return Err(Failure::Argument(format!("overflow cannot be {other}"))),
        };
        let number = home.number();
        let bell = Bell::new(number, &home.door()?);
        let shared = call.this.live()?.shared.clone();
        let subscription = Arc::new(shared.larder.topics().subscription(options));
        shared.add_subscription(&subscription);
        let subscribed = Rc::new(Subscribed {
            home: home.clone(),
            subscription: RefCell::new(Some(subscription)),
            bell,
            number,
        });
        call.this.adopt_subscription(&subscribed);
        subscribed.functions(env)
    }

    fn functions(self: &Rc<Subscribed>, env: Env) -> Outcome {
        let functions = methods!(Subscribed:
            c"add" => |call| change(call, Subscription::add),
            c"remove" => |call| change(call, Subscription::remove),
            c"take" => take,
            c"lost" => lost,
            c"end" => |call| { call.this.end(); call.env.undefined() },
        );
        let object = bind(env, self, functions)?;
        env.set(object, c"number", env.count(self.number as usize)?)?;
        Ok(object)
    }

    /// Ends it; what is queued is gone.
    pub(crate) fn end(&self) {
        if let Some(subscription) = self.subscription.take() {
            subscription.close();
        }
        self.bell.ring();
    }
}

/// `add(space, name)` and `remove(space, name)`: whether that changed anything.
fn change(call: &Call<'_, Subscribed>, change: fn(&Subscription, Space, &[u8]) -> bool) -> Outcome {
    let space = match home::text(call, call.wanted(0, "the space")?)?.as_str() {
        "channel" => Space::Channel,
        "pattern" => Space::Pattern,
        _ => Space::Shard,
    };
    let mut words = Words::new(&call.this.home);
    words.push(call.env, call.wanted(1, "a name")?)?;
    let subscription = call.this.subscription.borrow();
    call.env.boolean(change(subscription.as_ref().ok_or(CLOSED)?, space, words.get(0)))
}

/// `take(buffers, max)`: what has come, oldest first, as channel, payload, pattern or null, number; and so on for each
/// message. When nothing is left and nothing will come, why: `'closed'` or `'too slow'`.
fn take(call: &Call<'_, Subscribed>) -> Outcome {
    let env = call.env;
    let as_buffers = env.is_true(call.wanted(0, "whether buffers")?)?;
    let max = env.number(call.wanted(1, "how many")?)? as usize;
    let mut messages = Vec::new();
    // Whoever finds nothing leaves the bell there, to be rung by the next message.
    let waker = Waker::from(call.this.bell.clone());
    let mut cx = Context::from_waker(&waker);
    let ended = {
        let subscription = call.this.subscription.borrow();
        let Some(subscription) = subscription.as_ref() else { return env.string(b"closed") };
        loop {
            if messages.len() >= max {
                // The rest comes in its turn.
                call.this.bell.ring();
                break None;
            }
            match pin!(subscription.recv_async()).poll(&mut cx) {
                Poll::Ready(Ok(message)) => messages.push(message),
                Poll::Pending => break None,
                Poll::Ready(Err(reason)) => break Some(reason),
            }
        }
    };
    if let (Some(reason), true) = (ended, messages.is_empty()) {
        return env.string(if reason == Closed::TooSlow { b"too slow" } else { b"closed" });
    }
    if ended.is_some() {
        call.this.bell.ring();
    }
    let array = env.array(4 * messages.len())?;
    for (at, message) in messages.iter().enumerate() {
        let payload = if as_buffers { env.buffer(&message.payload) } else { env.string(&message.payload) };
        let pattern = match &message.pattern {
            Some(pattern) => env.string(pattern)?,
            None => env.null()?,
        };
        env.set_element(array, 4 * at, env.string(&message.channel)?)?;
        env.set_element(array, 4 * at + 1, payload?)?;
        env.set_element(array, 4 * at + 2, pattern)?;
        env.set_element(array, 4 * at + 3, env.double(message.seq as f64)?)?;
    }
    Ok(array)
}

fn lost(call: &Call<'_, Subscribed>) -> Outcome {
    let subscription = call.this.subscription.borrow();
    call.env.double(subscription.as_ref().map_or(0, |subscription| subscription.lost()) as f64)
}
