//! What an instance counts: commands, errors, slow commands, latency events.

use crate::client::Client;
use crate::error::Error;
use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

/// Counts since the start, or since `CONFIG RESETSTAT`.
#[derive(Debug, Default)]
pub struct Stats {
    /// Commands that were executed.
    pub commands: AtomicU64,
    /// Connections that were accepted.
    pub connections: AtomicU64,
    /// Connections that were refused.
    pub rejected_connections: AtomicU64,
    /// Bytes read from sockets.
    pub input_bytes: AtomicU64,
    /// Bytes written to sockets.
    pub output_bytes: AtomicU64,
    /// Clients closed because they read too slowly.
    pub output_limit_disconnections: AtomicU64,
    /// Replies that were errors.
    pub error_replies: AtomicU64,
    errors: Mutex<BTreeMap<String, u64>>,
    /// Commands at the last looks at the clock, for a rate.
    rate: Mutex<VecDeque<(u64, u64)>>,
}

impl Stats {
    /// Counts an error reply.
    pub fn count_error(&self, error: &Error) {
        /// More codes than this are somebody's doing (scripts make their own), and are counted as one.
        const CODES_MAX: usize = 128;
        self.error_replies.fetch_add(1, Ordering::Relaxed);
        let mut errors = self.errors.lock();
        let code = if errors.len() >= CODES_MAX && !errors.contains_key(error.code()) {
            "OTHER"
        } else {
            error.code()
        };
        *errors.entry(code.to_string()).or_default() += 1;
    }

    /// Errors by code.
    pub fn errors(&self) -> BTreeMap<String, u64> {
        self.errors.lock().clone()
    }

    /// Commands per second of late, from the commands counted between the looks.
    pub fn commands_per_second(&self, now_ms: u64) -> u64 {
        const WINDOW_MS: u64 = 1_600;
        let mut rate = self.rate.lock();
        let commands = self.commands.load(Ordering::Relaxed);
        rate.push_back((now_ms, commands));
        while rate.len() > 2 && rate.front().is_some_and(|(then, _)| now_ms.saturating_sub(*then) > WINDOW_MS)
        {
            rate.pop_front();
        }
        match rate.front() {
            Some((then, before)) if now_ms > *then => {
                commands.saturating_sub(*before).saturating_mul(1_000) / (now_ms - then)
            }
            _ => 0,
        }
    }

    /// Forgets everything.
    pub fn reset(&self) {
        for count in [
            &self.commands,
            &self.connections,
            &self.rejected_connections,
            &self.input_bytes,
            &self.output_bytes,
            &self.output_limit_disconnections,
            &self.error_replies,
        ] {
            count.store(0, Ordering::Relaxed);
        }
        self.errors.lock().clear();
        self.rate.lock().clear();
    }
}

/// One slow command.
#[derive(Clone, Debug)]
pub struct SlowCommand {
    /// Counts up.
    pub id: u64,
    /// Unix time.
    pub seconds: u64,
    /// How long it took.
    pub usec: u64,
    /// The command line, shortened.
    pub words: Vec<Vec<u8>>,
    /// Who sent it.
    pub addr: String,
    /// What the client calls itself.
    pub name: String,
}

/// The slow log: the last commands that took longer than a limit.
#[derive(Debug)]
pub struct Slowlog {
    /// In microseconds; below 0 for never.
    pub threshold_us: AtomicI64,
    /// How many are kept.
    pub len_max: AtomicUsize,
    next: AtomicU64,
    log: Mutex<VecDeque<SlowCommand>>,
}

impl Default for Slowlog {
    fn default() -> Self {
        Slowlog {
            threshold_us: AtomicI64::new(10_000),
            len_max: AtomicUsize::new(128),
            next: AtomicU64::new(0),
            log: Mutex::default(),
        }
    }
}

impl Slowlog {
    /// Whether a command that took so long belongs into the log.
    #[inline]
    pub(crate) fn wants(&self, usec: u64) -> bool {
        let threshold = self.threshold_us.load(Ordering::Relaxed);
        threshold >= 0 && usec >= threshold as u64
    }

    pub(crate) fn add(&self, words: Vec<Vec<u8>>, usec: u64, wall_us: u64, client: &Client) {
        let entry = SlowCommand {
            id: self.next.fetch_add(1, Ordering::Relaxed),
            seconds: wall_us / 1_000_000,
            usec,
            words,
            addr: client.origin.addr.clone(),
            name: client.names.read().name.clone(),
        };
        let mut log = self.log.lock();
        log.push_front(entry);
        log.truncate(self.len_max.load(Ordering::Relaxed));
    }

    /// The last ones, the newest first.
    pub fn last(&self, count: usize) -> Vec<SlowCommand> {
        self.log.lock().iter().take(count).cloned().collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.log.lock().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.log.lock().is_empty()
    }

    /// Empties the log.
    pub fn reset(&self) {
        self.log.lock().clear();
    }
}

/// The words of a command as the slow log and MONITOR may show them: shortened, and without secrets.
pub(crate) fn shortened(words: &[&[u8]]) -> Vec<Vec<u8>> {
    const WORDS_MAX: usize = 32;
    const LEN_MAX: usize = 128;
    let word = |word: &&[u8]| match word.len() {
        len if len > LEN_MAX => {
            let mut text = word[..LEN_MAX].to_vec();
            text.extend(format!("... ({} more bytes)", len - LEN_MAX).bytes());
            text
        }
        _ => word.to_vec(),
    };
    if words.len() <= WORDS_MAX {
        return words.iter().map(word).collect();
    }
    let mut some: Vec<_> = words[..WORDS_MAX - 1].iter().map(word).collect();
    some.push(format!("... ({} more arguments)", words.len() - (WORDS_MAX - 1)).into_bytes());
    some
}

/// Latency events: what took longer than `latency-monitor-threshold`, by kind, and for each kind the worst of each
/// second of late.
#[derive(Debug, Default)]
pub struct Latency {
    /// In milliseconds; 0 for off.
    pub threshold_ms: AtomicU64,
    events: Mutex<BTreeMap<&'static str, LatencyEvents>>,
}

/// The events of one kind.
#[derive(Clone, Debug, Default)]
pub struct LatencyEvents {
    /// Unix time and milliseconds, the oldest first.
    pub samples: VecDeque<(u64, u64)>,
    /// The worst ever, in milliseconds.
    pub max_ms: u64,
}

impl Latency {
    const SAMPLES_MAX: usize = 160;

    pub(crate) fn record(&self, event: &'static str, ms: u64, wall_us: u64) {
        let threshold = self.threshold_ms.load(Ordering::Relaxed);
        if threshold == 0 || ms < threshold {
            return;
        }
        let seconds = wall_us / 1_000_000;
        let mut events = self.events.lock();
        let events = events.entry(event).or_default();
        events.max_ms = events.max_ms.max(ms);
        match events.samples.back_mut() {
            Some((then, worst)) if *then == seconds => *worst = ms.max(*worst),
            _ => events.samples.push_back((seconds, ms)),
        }
        if events.samples.len() > Latency::SAMPLES_MAX {
            events.samples.pop_front();
        }
    }

    /// The events by kind.
    pub fn events(&self) -> BTreeMap<&'static str, LatencyEvents> {
        self.events.lock().clone()
    }

    /// Forgets events of these kinds, or of all where none is named. Says how many kinds there were.
    pub fn reset(&self, kinds: &[&[u8]]) -> usize {
        let mut events = self.events.lock();
        let before = events.len();
        events.retain(|kind, _| !kinds.is_empty() && !kinds.iter().any(|named| crate::args::is(named, kind)));
        before - events.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_shortened() {
        let long = [b'x'; 200];
        let words: Vec<&[u8]> = std::iter::repeat_n(&long[..], 40).collect();
        let short = shortened(&words);
        assert_eq!(short.len(), 32);
        assert!(short[0].ends_with(b"... (72 more bytes)"));
        assert_eq!(short[31], b"... (9 more arguments)");
    }

    #[test]
    fn a_second_keeps_its_worst() {
        let latency = Latency::default();
        latency.record("command", 5, 1_000_000);
        assert!(latency.events().is_empty(), "off by default");
        latency.threshold_ms.store(3, Ordering::Relaxed);
        latency.record("command", 5, 1_000_000);
        latency.record("command", 9, 1_500_000);
        latency.record("command", 2, 1_600_000);
        assert_eq!(latency.events()["command"].samples, [(1, 9)]);
        assert_eq!(latency.reset(&[b"other"]), 0);
        assert_eq!(latency.reset(&[]), 1);
    }
}
