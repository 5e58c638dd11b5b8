//! An engine in this process, behind the same [`Transport`] as a server: commands are executed where they are sent, and
//! their replies are encoded and decoded as if they had travelled, so that they look the same.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use larder_commands::{Blocked, Flow, Instance, Item, Origin, Reply as _, Wake};
use larder_resp::{Decoder, Value};
use larder_server::RespReply;

use crate::transport::{Error, Transport};

/// Wakes the thread that waits for a reply.
#[derive(Clone, Debug, Default)]
struct Bell(Arc<(Mutex<bool>, Condvar)>);

impl Bell {
    /// Waits until it rings, or for so long.
    fn wait(&self, most: Duration) {
        let (rung, bell) = &*self.0;
        let rung = rung.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut rung, _) =
            bell.wait_timeout_while(rung, most, |rung| !*rung).unwrap_or_else(PoisonError::into_inner);
        *rung = false;
    }
}

impl Wake for Bell {
    fn wake(&self) {
        let (rung, bell) = &*self.0;
        *rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        bell.notify_one();
    }
}

/// A connection to an engine of this process.
pub(crate) struct Embedded {
    instance: Arc<Instance>,
    session: Option<larder_commands::Session>,
    bell: Bell,
    decoder: Decoder,
    replies: Vec<u8>,
    /// Position in `replies` of the first byte that no reply has used.
    used: usize,
    /// Commands behind one that waits.
    queue: VecDeque<Vec<Vec<u8>>>,
    blocked: Option<(Blocked, Option<Instant>)>,
    closing: bool,
    interrupt: Option<Arc<AtomicBool>>,
    patience: Option<Duration>,
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            self.instance.disconnect(session);
        }
    }
}

impl Embedded {
    /// How often a waiting client looks up.
    const GLANCE: Duration = Duration::from_millis(100);

    pub(crate) fn connect(instance: &Arc<Instance>, interrupt: Option<Arc<AtomicBool>>) -> Self {
        let bell = Bell::default();
        let origin = Origin { addr: "embedded:0".into(), laddr: "embedded:0".into(), unix: false, fd: -1 };
        let session = instance.connect(origin, Box::new(bell.clone()));
        Self {
            instance: instance.clone(),
            session: Some(session),
            bell,
            decoder: Decoder::default(),
            replies: Vec::new(),
            used: 0,
            queue: VecDeque::new(),
            blocked: None,
            closing: false,
            interrupt,
            patience: None,
        }
    }

    /// Executes what is queued, until a command waits or says goodbye.
    fn work(&mut self) {
        let Some(session) = self.session.as_mut() else { return };
        while self.blocked.is_none() && !self.closing {
            let Some(command) = self.queue.pop_front() else { break };
            let words: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
            let mut out = RespReply::new(&mut self.replies, session.protocol());
            match self.instance.execute(session, &words, &mut out) {
                // Its session is never in haste.
                Flow::Next | Flow::Elsewhere => {}
                Flow::Close => self.closing = true,
                // It is tried again at the next glance.
                Flow::Paused(_) => {
                    self.queue.push_front(command);
                    break;
                }
                Flow::Blocked(blocked) => {
                    let until = blocked
                        .timeout_ms
                        .and_then(|ms| Instant::now().checked_add(Duration::from_millis(ms)));
                    self.blocked = Some((blocked, until));
                }
            }
        }
        self.instance.end_batch(session);
        let mut out = RespReply::new(&mut self.replies, session.protocol());
        for item in session.client.take_mail() {
            match item {
                Item::Message(message) => out.message(&message),
                Item::Value(value) => value.write(&mut out),
                Item::Reply(value) => {
                    value.write(&mut out);
                    self.blocked = None;
                }
            }
        }
        session.client.written();
        if let Some((blocked, Some(until))) = self.blocked
            && Instant::now() >= until
            && self.instance.stop_waiting_in_vain(blocked.id)
        {
            blocked.empty.write(&mut out);
            self.blocked = None;
        }
    }
}

impl Transport for Embedded {
    fn send(&mut self, args: &[&[u8]]) -> Result<(), Error> {
        if !args.is_empty() {
            self.queue.push_back(args.iter().map(|word| word.to_vec()).collect());
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.work();
        Ok(())
    }

    fn receive(&mut self) -> Result<Value, Error> {
        let began = Instant::now();
        loop {
            if let Some(value) = self.decoder.next(&self.replies, &mut self.used).map_err(Error::Decode)? {
                return Ok(value);
            }
            self.replies.clear();
            self.used = 0;
            self.work();
            if !self.replies.is_empty() {
                continue;
            }
            if self.closing {
                return Err(Error::Closed);
            }
            if self.interrupt.as_ref().is_some_and(|flag| flag.load(Ordering::Relaxed)) {
                return Err(Error::Interrupted);
            }
            if self.patience.is_some_and(|patience| began.elapsed() >= patience) {
                return Err(Error::TimedOut);
            }
            let until = self.blocked.as_ref().and_then(|(_, until)| *until);
            let left = until.map_or(Self::GLANCE, |until| until.saturating_duration_since(Instant::now()));
            self.bell.wait(left.min(Self::GLANCE));
        }
    }

    fn set_patience(&mut self, patience: Option<Duration>) -> Result<(), Error> {
        self.patience = patience;
        Ok(())
    }

    fn is_open(&mut self) -> bool {
        !self.closing
    }
}

#[cfg(test)]
mod tests {
    use super::Embedded;
    use crate::transport::{Error, Transport};
    use larder_resp::Value;
    use std::time::Duration;

    #[test]
    fn commands_are_answered_in_order_and_waiting_ends() {
        let larder = larder::Larder::new();
        let mut embedded = Embedded::connect(larder.instance(), None);
        for words in [&[&b"SET"[..], b"a", b"1"][..], &[b"BLPOP", b"list", b"0.001"], &[b"INCR", b"a"]] {
            embedded.send(words).expect("sent");
        }
        let replies: Vec<Value> = (0..3).map(|_| embedded.receive().expect("a reply")).collect();
        assert_eq!(replies, [Value::Simple(b"OK".to_vec()), Value::Null, Value::Integer(2)]);
        embedded.set_patience(Some(Duration::ZERO)).expect("set");
        assert!(matches!(embedded.receive(), Err(Error::TimedOut)));
        embedded.send(&[b"QUIT"]).expect("sent");
        assert!(embedded.receive().is_ok() && matches!(embedded.receive(), Err(Error::Closed)));
    }
}
