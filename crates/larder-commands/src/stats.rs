//! What an instance counts: commands, errors, slow commands, latency events.

use crate::client::Client;
use crate::error::Error;
use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

/// What was counted at a moment.
#[derive(Clone, Copy, Debug)]
struct Look {
    at_ms: u64,
    commands: u64,
    input_bytes: u64,
    output_bytes: u64,
}

/// What SAVE and BGSAVE have done.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Saved {
    /// How often.
    pub(crate) saves: u64,
    /// Changes until the last one.
    pub(crate) changes: u64,
    /// When it was: Unix time in seconds.
    pub(crate) seconds: Option<u64>,
}

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
    /// Reads that gave something.
    pub reads: AtomicU64,
    /// Writes that took something.
    pub writes: AtomicU64,
    /// Clients closed because all of them together took too much memory.
    pub evicted_clients: AtomicU64,
    /// Clients closed because they read too slowly.
    pub output_limit_disconnections: AtomicU64,
    /// Replies that were errors.
    pub error_replies: AtomicU64,
    /// Large values of which `UNLINK` and `FLUSHALL ASYNC` said that nobody should wait for their end.
    pub lazyfreed_objects: AtomicU64,
    /// The most bytes of data there were whenever somebody looked.
    pub peak_bytes: AtomicU64,
    errors: Mutex<BTreeMap<String, u64>>,
    saved: Mutex<Saved>,
    /// What was counted at the last looks at the clock, for rates.
    looks: Mutex<VecDeque<Look>>,
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

    /// What was saved last.
    pub(crate) fn saved(&self) -> Saved {
        *self.saved.lock()
    }

    /// Notes that everything was saved, all these changes.
    pub(crate) fn note_saved(&self, changes: u64, seconds: u64) {
        let mut saved = self.saved.lock();
        *saved = Saved { saves: saved.saves + 1, changes, seconds: Some(seconds) };
    }

    /// Commands per second of late, from what was counted between the looks.
    pub fn commands_per_second(&self, now_ms: u64) -> u64 {
        let (before, now) = self.look(now_ms);
        per_second(before, now, |look| look.commands) as u64
    }

    /// Kilobytes per second of late, read and written.
    pub fn kilobytes_per_second(&self, now_ms: u64) -> (f64, f64) {
        let (before, now) = self.look(now_ms);
        let rate = |of: fn(&Look) -> u64| per_second(before, now, of) / 1_024.0;
        (rate(|look| look.input_bytes), rate(|look| look.output_bytes))
    }

    /// Takes a look, and gives the oldest one still remembered and this one.
    fn look(&self, now_ms: u64) -> (Look, Look) {
        const WINDOW_MS: u64 = 1_600;
        let now = Look {
            at_ms: now_ms,
            commands: self.commands.load(Ordering::Relaxed),
            input_bytes: self.input_bytes.load(Ordering::Relaxed),
            output_bytes: self.output_bytes.load(Ordering::Relaxed),
        };
        let mut looks = self.looks.lock();
        looks.push_back(now);
        while looks.len() > 2
            && looks.front().is_some_and(|look| now_ms.saturating_sub(look.at_ms) > WINDOW_MS)
        {
            looks.pop_front();
        }
        (looks.front().copied().unwrap_or(now), now)
    }

    /// Forgets everything.
    pub fn reset(&self) {
        for count in [
            &self.commands,
            &self.connections,
            &self.rejected_connections,
            &self.input_bytes,
            &self.output_bytes,
            &self.reads,
            &self.writes,
            &self.evicted_clients,
            &self.output_limit_disconnections,
            &self.error_replies,
            &self.lazyfreed_objects,
        ] {
            count.store(0, Ordering::Relaxed);
        }
        self.errors.lock().clear();
        self.looks.lock().clear();
    }
}

fn per_second(before: Look, now: Look, of: fn(&Look) -> u64) -> f64 {
    let seconds = now.at_ms.saturating_sub(before.at_ms) as f64 / 1_000.0;
    if seconds == 0.0 { 0.0 } else { of(&now).saturating_sub(of(&before)) as f64 / seconds }
}

/// Times in microseconds, counted by powers of two: exact enough for quantiles. Its counts are allocated with the first
/// time, since most commands are never called.
#[derive(Debug, Default)]
pub struct Histogram(OnceLock<Box<[AtomicU64; Histogram::BUCKETS]>>);

impl Histogram {
    /// Bucket `n` counts what took up to 2^n microseconds; the last one also what took longer.
    pub const BUCKETS: usize = 31;

    #[inline]
    pub(crate) fn add(&self, usec: u64, weight: u64) {
        let bucket = (64 - usec.saturating_sub(1).leading_zeros() as usize).min(Histogram::BUCKETS - 1);
        self.0.get_or_init(Box::default)[bucket].fetch_add(weight, Ordering::Relaxed);
    }

    /// Whether any time was counted.
    #[inline]
    pub(crate) fn has_begun(&self) -> bool {
        self.0.get().is_some()
    }

    /// How many times were counted.
    pub fn total(&self) -> u64 {
        self.counts().sum()
    }

    fn buckets(&self) -> impl Iterator<Item = &AtomicU64> {
        self.0.get().into_iter().flat_map(|buckets| buckets.iter())
    }

    fn counts(&self) -> impl Iterator<Item = u64> {
        self.buckets().map(|count| count.load(Ordering::Relaxed))
    }

    /// Upper bounds in microseconds, each with how many took no longer, where a bound has any of its own.
    pub fn cumulative(&self) -> Vec<(u64, u64)> {
        let mut seen = 0;
        let mut bounds = Vec::new();
        for (bucket, count) in self.counts().enumerate() {
            seen += count;
            if count != 0 {
                bounds.push((1 << bucket, seen));
            }
        }
        bounds
    }

    /// An upper bound in microseconds of what so many per cent of the calls took; 0 where there were none.
    pub fn percentile_us(&self, percent: f64) -> u64 {
        let bounds = self.cumulative();
        let wanted = (self.total() as f64 * percent / 100.0).ceil();
        let found = bounds.iter().find(|(_, seen)| *seen as f64 >= wanted);
        found.or(bounds.last()).map_or(0, |(bound, _)| *bound)
    }

    pub(crate) fn reset(&self) {
        self.buckets().for_each(|count| count.store(0, Ordering::Relaxed));
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
    fn times_are_counted_by_powers_of_two() {
        let histogram = Histogram::default();
        assert_eq!((histogram.total(), histogram.percentile_us(50.0)), (0, 0));
        for usec in [0, 1, 2, 3, 4, 5, 1_000, u64::MAX] {
            histogram.add(usec, 1);
        }
        assert_eq!(histogram.cumulative(), [(1, 2), (2, 3), (4, 5), (8, 6), (1_024, 7), (1 << 30, 8)]);
        assert_eq!((histogram.percentile_us(50.0), histogram.percentile_us(75.0)), (4, 8));
        histogram.reset();
        assert_eq!(histogram.total(), 0);
    }

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
