//! Names of entries: a time and a number that tells apart what came within the same millisecond.

use std::fmt;

/// The id of an entry. Ids of a stream only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// Unix time in milliseconds, unless the user said otherwise.
    pub ms: u64,
    /// The number within the millisecond.
    pub seq: u64,
}

impl StreamId {
    /// The lowest id. No entry has it.
    pub const MIN: StreamId = StreamId { ms: 0, seq: 0 };

    /// The highest id.
    pub const MAX: StreamId = StreamId { ms: u64::MAX, seq: u64::MAX };

    /// An id.
    pub const fn new(ms: u64, seq: u64) -> StreamId {
        StreamId { ms, seq }
    }

    /// The one after this; `None` after the last.
    pub fn next(self) -> Option<StreamId> {
        match (self.seq.checked_add(1), self.ms.checked_add(1)) {
            (Some(seq), _) => Some(StreamId { seq, ..self }),
            (None, Some(ms)) => Some(StreamId { ms, seq: 0 }),
            (None, None) => None,
        }
    }

    /// The one before this; `None` before the first.
    pub fn previous(self) -> Option<StreamId> {
        match (self.seq.checked_sub(1), self.ms.checked_sub(1)) {
            (Some(seq), _) => Some(StreamId { seq, ..self }),
            (None, Some(ms)) => Some(StreamId { ms, seq: u64::MAX }),
            (None, None) => None,
        }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_step_over_milliseconds_and_end() {
        for (id, next) in [((1, 2), (1, 3)), ((1, u64::MAX), (2, 0)), ((0, 0), (0, 1))] {
            let (id, next) = (StreamId::new(id.0, id.1), StreamId::new(next.0, next.1));
            assert_eq!((id.next(), next.previous()), (Some(next), Some(id)));
        }
        assert_eq!((StreamId::MAX.next(), StreamId::MIN.previous()), (None, None));
        assert_eq!(StreamId::new(5, 7).to_string(), "5-7");
    }
}
