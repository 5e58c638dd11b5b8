//! A message: made once when it is published, shared by everybody who receives it.
//!
//! A thousand subscribers cost a thousand increments of one count: the payload is copied once, and whoever first needs
//! the message encoded for a protocol leaves the encoding in it for the others.

use crate::sync::Arc;
use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

/// Where a name belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Space {
    /// Channels.
    Channel,
    /// Glob patterns over the names of channels.
    Pattern,
    /// Shard channels: apart from channels, and no pattern sees them.
    Shard,
}

/// One of two encodings that a message can carry. Who encodes says which is which: RESP2 and RESP3, say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// The first.
    First,
    /// The second.
    Second,
}

/// A message as a subscriber receives it. Cloning it copies a pointer.
#[derive(Clone)]
pub struct Message(Arc<Parts>);

/// What a message consists of.
pub struct Parts {
    /// The channel it was published to.
    pub channel: Arc<[u8]>,
    /// What was published.
    pub payload: Arc<[u8]>,
    /// The pattern through which it is received; `None` for a subscription to the channel itself.
    pub pattern: Option<Arc<[u8]>>,
    /// The number of this message: one more than that of the message before it on the same channel or, if it is
    /// received through a pattern, among all messages that matched the pattern. A subscriber that sees a number
    /// skipped has lost a message. Numbers start anywhere, but never repeat: a channel whose last subscriber left
    /// and that is subscribed to again goes on with greater ones.
    pub seq: u64,
    /// [`Space::Shard`] if it was published to a shard channel, else [`Space::Channel`].
    pub space: Space,
    encodings: [OnceLock<Box<[u8]>>; 2],
}

impl Message {
    pub(crate) fn new(
        space: Space,
        channel: Arc<[u8]>,
        payload: Arc<[u8]>,
        pattern: Option<Arc<[u8]>>,
        seq: u64,
    ) -> Message {
        Message(Arc::new(Parts { channel, payload, pattern, seq, space, encodings: Default::default() }))
    }

    /// The message encoded. The first who asks encodes it; those who ask meanwhile wait for that.
    ///
    /// ```
    /// use larder_core::{Encoding, Engine, QueueOptions, Space};
    /// let engine = Engine::new();
    /// let subscription = engine.topics().subscribe(Space::Channel, b"news", QueueOptions::default());
    /// engine.topics().publish(Space::Channel, b"news", b"rain");
    /// let message = subscription.recv()?;
    /// let line = message.encoded(Encoding::First, |parts| [&parts.payload, &b"\r\n"[..]].concat());
    /// assert_eq!(line, b"rain\r\n");
    /// # Ok::<(), larder_core::Closed>(())
    /// ```
    pub fn encoded(&self, encoding: Encoding, encode: impl FnOnce(&Parts) -> Vec<u8>) -> &[u8] {
        let slot = match encoding {
            Encoding::First => &self.0.encodings[0],
            Encoding::Second => &self.0.encodings[1],
        };
        slot.get_or_init(|| encode(&self.0).into_boxed_slice())
    }

    /// Bytes that a queue counts for this message: payload and channel, and what goes with them.
    pub fn bytes(&self) -> usize {
        const REST: usize = size_of::<Message>() + size_of::<Parts>();
        REST + self.channel.len() + self.payload.len()
    }
}

impl Deref for Message {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("channel", &String::from_utf8_lossy(&self.channel))
            .field("pattern", &self.pattern.as_deref().map(String::from_utf8_lossy))
            .field("seq", &self.seq)
            .field("space", &self.space)
            .field("payload_len", &self.payload.len())
            .finish_non_exhaustive()
    }
}
