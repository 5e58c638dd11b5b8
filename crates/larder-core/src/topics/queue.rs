//! The queue of a subscription: bounded, with a choice of what happens when it is full.
//!
//! A mutex around a ring, not a channel from a library: it measured twice as fast, the oldest message can be dropped
//! from the publisher's side, and the receiver is woken when a batch is complete instead of at its first message.

use super::message::Message;
use crate::limits::{QUEUE_BYTES_MAX, QUEUE_LEN_MAX};
use crate::sync::{AtomicBool, Condvar, Mutex, MutexGuard, Ordering};
use std::collections::VecDeque;
use std::fmt;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// What happens to a message when the queue of a subscription is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// The subscription ends, as Redis ends a client that does not read. What is queued can still be received.
    #[default]
    Disconnect,
    /// The new message is lost.
    DropNewest,
    /// The oldest messages are lost.
    DropOldest,
    /// The message is queued, and its publisher waits until the queue has room. So the queue grows beyond its limit by
    /// the message of each publisher that waits. Dangerous: a receiver that stops stops all who publish to it, which
    /// may be connections of a server, and one that publishes what it itself receives may wait for itself.
    Block,
}

/// How the queue of a subscription is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueOptions {
    /// Messages it holds; at least one.
    pub len_max: usize,
    /// Bytes it holds. An empty queue takes any message.
    pub bytes_max: usize,
    /// What happens beyond.
    pub overflow: Overflow,
}

impl Default for QueueOptions {
    fn default() -> Self {
        QueueOptions { len_max: QUEUE_LEN_MAX, bytes_max: QUEUE_BYTES_MAX, overflow: Overflow::default() }
    }
}

/// Why a subscription receives nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Closed {
    /// Its queue was full: see [`Overflow::Disconnect`].
    TooSlow,
    /// The engine is gone, or the subscription was closed.
    Ended,
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Closed::TooSlow => "the subscription was closed because its queue was full",
            Closed::Ended => "the subscription has ended",
        })
    }
}

impl std::error::Error for Closed {}

#[derive(Default)]
struct State {
    messages: VecDeque<Message>,
    bytes: usize,
    lost: u64,
    closed: Option<Closed>,
    /// Receivers that sleep.
    receiving: usize,
    /// Tasks that wait.
    wakers: Vec<Waker>,
    /// Publishers that sleep.
    blocked: usize,
}

impl State {
    #[inline]
    fn push(&mut self, message: Message, bytes: usize) {
        self.bytes += bytes;
        self.messages.push_back(message);
    }

    fn pop(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.bytes -= message.bytes();
        Some(message)
    }
}

pub(super) struct Queue {
    options: QueueOptions,
    /// Whether anybody may wait to be woken. Set under the lock by who found nothing there; whoever delivered under
    /// the lock since then sees it without.
    awaited: AtomicBool,
    state: Mutex<State>,
    filled: Condvar,
    emptied: Condvar,
}

impl Queue {
    pub(super) fn new(options: QueueOptions) -> Queue {
        let options = QueueOptions { len_max: options.len_max.max(1), ..options };
        Queue {
            options,
            awaited: AtomicBool::new(false),
            state: Mutex::default(),
            filled: Condvar::new(),
            emptied: Condvar::new(),
        }
    }

    /// Whether it is full for so many more bytes.
    #[inline]
    fn is_full(&self, state: &State, more: usize) -> bool {
        !state.messages.is_empty()
            && (state.messages.len() >= self.options.len_max || state.bytes + more > self.options.bytes_max)
    }

    /// Whether it holds more than it should: only where publishers are to wait.
    fn is_over(&self, state: &State) -> bool {
        let len = state.messages.len();
        state.closed.is_none()
            && (len > self.options.len_max || (len > 1 && state.bytes > self.options.bytes_max))
    }

    /// Takes a message or does what is to be done when the queue is full. Wakes nobody.
    #[inline]
    pub(super) fn deliver(&self, message: Message) {
        let mut state = self.state.lock();
        if state.closed.is_some() {
            state.lost += 1;
            return;
        }
        let more = message.bytes();
        if self.is_full(&state, more) {
            match self.options.overflow {
                Overflow::Block => {}
                Overflow::DropNewest => {
                    state.lost += 1;
                    return;
                }
                Overflow::Disconnect => {
                    state.lost += 1;
                    state.closed = Some(Closed::TooSlow);
                    return;
                }
                Overflow::DropOldest => return self.replace_oldest(state, message),
            }
        }
        state.push(message, more);
    }

    #[cold]
    fn replace_oldest(&self, mut state: MutexGuard<'_, State>, message: Message) {
        let more = message.bytes();
        let mut lost = Vec::new();
        while self.is_full(&state, more)
            && let Some(oldest) = state.pop()
        {
            lost.push(oldest);
        }
        state.lost += lost.len() as u64;
        state.push(message, more);
        drop(state);
        // Payloads are freed with the lock open.
        drop(lost);
    }

    /// Wakes those who wait for what was delivered. Called by who delivered it.
    #[inline]
    pub(super) fn wake(&self) {
        if self.awaited.load(Ordering::Relaxed) {
            self.wake_waiting();
        }
    }

    #[cold]
    fn wake_waiting(&self) {
        let mut state = self.state.lock();
        if state.messages.is_empty() && state.closed.is_none() {
            return;
        }
        // Who is woken and finds nothing says again that it waits.
        self.awaited.store(false, Ordering::Relaxed);
        if state.receiving > 0 {
            self.filled.notify_all();
        }
        if !state.wakers.is_empty() {
            let wakers = std::mem::take(&mut state.wakers);
            drop(state);
            wakers.into_iter().for_each(Waker::wake);
        }
    }

    /// Whether publishers wait for room.
    pub(super) fn is_blocking(&self) -> bool {
        self.options.overflow == Overflow::Block
    }

    /// Whether a publisher has to wait now.
    pub(super) fn is_over_limit(&self) -> bool {
        self.is_over(&self.state.lock())
    }

    /// Waits until there is room.
    pub(super) fn wait_for_room(&self) {
        let mut state = self.state.lock();
        while self.is_over(&state) {
            state.blocked += 1;
            self.emptied.wait(&mut state);
            state.blocked -= 1;
        }
    }

    pub(super) fn close(&self, reason: Closed) {
        let mut state = self.state.lock();
        state.closed.get_or_insert(reason);
        self.filled.notify_all();
        self.emptied.notify_all();
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    fn took(&self, state: &State) {
        if state.blocked > 0 && !self.is_over(state) {
            self.emptied.notify_all();
        }
    }

    pub(super) fn try_recv(&self) -> Result<Option<Message>, Closed> {
        self.take(&mut self.state.lock())
    }

    /// A message, or the task is woken when there may be one. Tasks that wait together are woken together: what each
    /// finds depends on who is first.
    pub(super) fn poll_recv(&self, cx: &mut Context<'_>) -> Poll<Result<Message, Closed>> {
        let mut state = self.state.lock();
        if let Some(received) = self.take(&mut state).transpose() {
            return Poll::Ready(received);
        }
        if !state.wakers.iter().any(|waker| waker.will_wake(cx.waker())) {
            state.wakers.push(cx.waker().clone());
        }
        self.awaited.store(true, Ordering::Relaxed);
        Poll::Pending
    }

    fn take(&self, state: &mut State) -> Result<Option<Message>, Closed> {
        match (state.pop(), state.closed) {
            (Some(message), _) => {
                self.took(state);
                Ok(Some(message))
            }
            (None, Some(reason)) => Err(reason),
            (None, None) => Ok(None),
        }
    }

    pub(super) fn recv(&self) -> Result<Message, Closed> {
        let mut state = self.state.lock();
        loop {
            if let Some(message) = self.take(&mut state)? {
                return Ok(message);
            }
            state.receiving += 1;
            self.awaited.store(true, Ordering::Relaxed);
            self.filled.wait(&mut state);
            state.receiving -= 1;
        }
    }

    pub(super) fn recv_timeout(&self, timeout: Duration) -> Result<Option<Message>, Closed> {
        let mut state = self.state.lock();
        loop {
            if let Some(message) = self.take(&mut state)? {
                return Ok(Some(message));
            }
            state.receiving += 1;
            self.awaited.store(true, Ordering::Relaxed);
            let waited = self.filled.wait_for(&mut state, timeout);
            state.receiving -= 1;
            if waited.timed_out() {
                return self.take(&mut state);
            }
        }
    }

    pub(super) fn drain_into(&self, messages: &mut Vec<Message>) -> Result<usize, Closed> {
        let mut state = self.state.lock();
        let count = state.messages.len();
        if let (0, Some(reason)) = (count, state.closed) {
            return Err(reason);
        }
        messages.extend(state.messages.drain(..));
        state.bytes = 0;
        self.took(&state);
        Ok(count)
    }

    pub(super) fn len(&self) -> usize {
        self.state.lock().messages.len()
    }

    pub(super) fn bytes(&self) -> usize {
        let state = self.state.lock();
        size_of::<Queue>() + state.bytes + state.messages.capacity() * size_of::<Message>()
    }

    pub(super) fn lost(&self) -> u64 {
        self.state.lock().lost
    }

    /// Receivers and publishers that sleep: tests wait for them instead of for a time.
    #[cfg(test)]
    pub(super) fn sleepers(&self) -> (usize, usize) {
        let state = self.state.lock();
        (state.receiving, state.blocked)
    }
}
