//! Long words of commands: each arrives in a buffer of its own, and is the value that is kept.
//!
//! A value of a hundred megabytes would otherwise be copied each time its buffer grows, once more into the keyspace,
//! and under a lock. Room for all of it is asked for at once, but only when a part of it has come: memory that was
//! never written to is not there yet, so what a client takes still grows with what it has sent.

use larder_resp::Awaited;
use std::sync::Arc;

/// A long word that has not arrived entirely.
#[derive(Debug)]
pub(crate) struct Bulk {
    argument: usize,
    /// What has arrived of it.
    pub(crate) bytes: Vec<u8>,
    /// With the line end behind it.
    whole_len: usize,
}

impl Bulk {
    /// Words from this length on have a buffer of their own.
    pub(crate) const LEN_MIN: usize = 128 * 1024;
    /// When so much of them is there.
    const ARRIVED_MIN: usize = 64 * 1024;

    /// Takes what has arrived of a word out of the input, whose unfinished command begins at `at`. `None` if that is
    /// too little, or all of it (it has come while the client's command before this one was at work), or there is no
    /// room.
    pub(crate) fn begin(input: &mut Vec<u8>, at: usize, awaited: &Awaited) -> Option<Bulk> {
        let arrived = input.get(at + awaited.start..)?;
        let whole_len = awaited.len + 2;
        if arrived.len() < Bulk::ARRIVED_MIN || arrived.len() >= whole_len {
            return None;
        }
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(whole_len).ok()?;
        bytes.extend_from_slice(arrived);
        input.truncate(at + awaited.start);
        Some(Bulk { argument: awaited.argument, bytes, whole_len })
    }

    /// How many bytes are missing.
    pub(crate) fn left(&self) -> usize {
        self.whole_len - self.bytes.len()
    }

    /// The word, and its place in the command.
    pub(crate) fn end(mut self) -> (usize, Arc<Vec<u8>>) {
        self.bytes.truncate(self.whole_len - 2);
        (self.argument, Arc::new(self.bytes))
    }
}

/// A word that outlives its buffer.
#[derive(Debug)]
enum OwnedWord {
    Short(Box<[u8]>),
    Long(Arc<Vec<u8>>),
}

/// A line of words that outlives its buffer.
#[derive(Debug)]
pub(crate) struct OwnedLine(Vec<OwnedWord>);

impl OwnedLine {
    /// Copies the words that are not among these already.
    pub(crate) fn of(words: &[&[u8]], bulks: &[Arc<Vec<u8>>]) -> OwnedLine {
        let owned = |word: &&[u8]| match bulks.iter().find(|bytes| std::ptr::eq(bytes.as_slice(), *word)) {
            Some(bytes) => OwnedWord::Long(bytes.clone()),
            None => OwnedWord::Short(Box::from(*word)),
        };
        OwnedLine(words.iter().map(owned).collect())
    }

    pub(crate) fn words(&self) -> Vec<&[u8]> {
        let words = self.0.iter().map(|word| match word {
            OwnedWord::Short(bytes) => &**bytes,
            OwnedWord::Long(bytes) => bytes.as_slice(),
        });
        words.collect()
    }

    /// The long ones.
    pub(crate) fn bulks(&self) -> Vec<Arc<Vec<u8>>> {
        let long = |word: &OwnedWord| match word {
            OwnedWord::Short(_) => None,
            OwnedWord::Long(bytes) => Some(bytes.clone()),
        };
        self.0.iter().filter_map(long).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_moves_into_its_own_buffer_when_some_of_it_is_there() {
        let awaited = Awaited { argument: 2, start: 7, len: 200_000 };
        let mut input = b"PING\r\nheader:".to_vec();
        input.resize(6 + 7 + Bulk::ARRIVED_MIN - 1, b'x');
        assert!(Bulk::begin(&mut input, 6, &awaited).is_none(), "too little is there");
        input.push(b'x');
        let whole = Awaited { len: Bulk::ARRIVED_MIN - 2, ..awaited };
        assert!(Bulk::begin(&mut input, 6, &whole).is_none(), "all of it is there");
        let mut bulk = Bulk::begin(&mut input, 6, &awaited).expect("enough is there");
        assert_eq!(input, b"PING\r\nheader:");
        assert_eq!(bulk.left(), 200_002 - Bulk::ARRIVED_MIN);
        bulk.bytes.resize(200_000, b'x');
        bulk.bytes.extend_from_slice(b"\r\n");
        assert_eq!(bulk.left(), 0);
        let (argument, bytes) = bulk.end();
        assert_eq!((argument, bytes.len()), (2, 200_000));
        assert!(bytes.iter().all(|byte| *byte == b'x'));
    }

    #[test]
    fn a_line_copies_only_what_is_short() {
        let long = Arc::new(vec![b'x'; 9]);
        let line = OwnedLine::of(&[b"SET", b"key", &long, b"xxxxxxxxx"], std::slice::from_ref(&long));
        assert_eq!(line.words(), [&b"SET"[..], b"key", b"xxxxxxxxx", b"xxxxxxxxx"]);
        assert_eq!(line.bulks().len(), 1);
        assert!(std::ptr::eq(line.words()[2], long.as_slice()));
    }
}
