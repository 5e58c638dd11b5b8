//! Subscribers: connections that listen to the channel `bench` and count what they are told.

use super::connections::{Connections, Ear};
use crate::args::{Address, Login};
use crate::failure::Failure;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// How often they look up when nothing comes.
const GLANCE: Duration = Duration::from_millis(20);

/// What the subscribers and those who wait for them share.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Subscriptions that the server has confirmed.
    pub(super) subscribed: AtomicU64,
    /// Messages.
    pub(super) messages: AtomicU64,
    pub(super) stop: AtomicBool,
}

/// Listens until told to stop.
pub(super) fn listen(address: &Address, login: &Login, count: usize, heard: &Heard) -> Result<(), Failure> {
    let Connections { sockets, mut states } = Connections::open(address, login, count)?;
    let mut ear = Ear::new(&sockets);
    for (at, state) in states.iter_mut().enumerate() {
        state.out.extend_from_slice(b"*2\r\n$9\r\nSUBSCRIBE\r\n$5\r\nbench\r\n");
        ear.flush(at, &sockets[at], state)?;
    }
    while !heard.stop.load(Ordering::Relaxed) {
        if !ear.wait(GLANCE)? {
            continue;
        }
        for (at, state) in states.iter_mut().enumerate() {
            if !ear.is_ready(at) {
                continue;
            }
            let mut news = 0;
            ear.read(&sockets[at], &mut state.replies, |_| news += 1)?;
            if let Some(error) = state.replies.first_error.take() {
                return Err(Failure::Refused(error.into_bytes()));
            }
            // The first reply of each is the confirmation.
            if news > 0 && state.answered == 0 {
                state.answered = 1;
                news -= 1;
                heard.subscribed.fetch_add(1, Ordering::Relaxed);
            }
            heard.messages.fetch_add(news, Ordering::Relaxed);
        }
    }
    Ok(())
}
