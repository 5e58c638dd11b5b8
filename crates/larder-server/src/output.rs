//! What waits to be written to a client: bytes of its own, and long strings that it shares with the keyspace.
//!
//! A reply of a hundred megabytes is not copied: the string is kept by reference beside the bytes, at the place where
//! it belongs, and the socket takes it from there. So is a long reply that another thread has written. Nothing here is
//! larger than what waits, and what was shared is let go of as soon as it is written.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

/// Strings from this length on are shared. A shorter one is copied faster than it takes a write of its own.
pub(crate) const SHARED_LEN_MIN: usize = 64 * 1024;

/// A part of shared bytes that waits.
#[derive(Debug)]
struct Piece {
    /// It belongs here, before the byte of the output at this place.
    at: usize,
    bytes: Arc<Vec<u8>>,
    /// What of it is not written yet.
    left: Range<usize>,
}

/// Shared bytes that belong between the bytes of an output.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    list: VecDeque<Piece>,
    /// Bytes that are not written yet.
    len: usize,
}

impl Pieces {
    /// Adds bytes behind everything in the output, which is so long.
    pub(crate) fn push(&mut self, at: usize, bytes: Arc<Vec<u8>>) {
        let left = 0..bytes.len();
        self.push_part(at, bytes, left);
    }

    fn push_part(&mut self, at: usize, bytes: Arc<Vec<u8>>, left: Range<usize>) {
        if !left.is_empty() {
            self.len += left.len();
            self.list.push_back(Piece { at, bytes, left });
        }
    }

    /// How many bytes wait.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// What is to be written next of an output of which so much is written.
    #[inline]
    pub(crate) fn next<'o>(&'o self, output: &'o [u8], written: usize) -> &'o [u8] {
        match self.list.front() {
            None => &output[written..],
            Some(piece) if piece.at > written => &output[written..piece.at],
            Some(piece) => &piece.bytes[piece.left.clone()],
        }
    }

    /// So many bytes of that were written. Gives the shared bytes that are done with.
    #[inline]
    pub(crate) fn advance(&mut self, written: &mut usize, len: usize) -> Option<Arc<Vec<u8>>> {
        let Some(piece) = self.list.front_mut().filter(|piece| piece.at == *written) else {
            *written += len;
            return None;
        };
        piece.left.start += len;
        self.len -= len;
        if piece.left.is_empty() { self.list.pop_front().map(|piece| piece.bytes) } else { None }
    }

    /// Takes the shared bytes of all that waits: nobody reads it any more.
    pub(crate) fn give_up(&mut self) -> impl Iterator<Item = Arc<Vec<u8>>> {
        std::mem::take(self).list.into_iter().map(|piece| piece.bytes)
    }

    /// So many bytes were removed from the beginning of the output.
    pub(crate) fn shift(&mut self, len: usize) {
        self.list.iter_mut().for_each(|piece| piece.at -= len);
    }

    /// So many bytes were put before everything that waits.
    pub(crate) fn make_room(&mut self, len: usize) {
        self.list.iter_mut().for_each(|piece| piece.at += len);
    }

    /// Adds another output behind this one. Where that is long, its bytes are not copied either.
    pub(crate) fn append(&mut self, output: &mut Vec<u8>, other: Vec<u8>, pieces: Pieces) {
        if other.len() < SHARED_LEN_MIN && pieces.list.is_empty() {
            output.extend_from_slice(&other);
            return;
        }
        let (at, other) = (output.len(), Arc::new(other));
        let mut from = 0;
        for piece in pieces.list {
            self.push_part(at, other.clone(), from..piece.at);
            from = piece.at;
            self.push_part(at, piece.bytes, piece.left);
        }
        let end = other.len();
        self.push_part(at, other, from..end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes everything, at most so many bytes at once.
    fn written(output: &[u8], pieces: &mut Pieces, most: usize) -> (Vec<u8>, usize) {
        let (mut all, mut at, mut done) = (Vec::new(), 0, 0);
        while output.len() - at + pieces.len() > 0 {
            let next = pieces.next(output, at);
            let len = next.len().min(most);
            assert!(len > 0);
            all.extend_from_slice(&next[..len]);
            done += usize::from(pieces.advance(&mut at, len).is_some());
        }
        (all, done)
    }

    fn shared(text: &str) -> Arc<Vec<u8>> {
        Arc::new(text.as_bytes().to_vec())
    }

    #[test]
    fn shared_bytes_are_written_where_they_belong() {
        for most in [1, 2, 3, 100] {
            let (mut output, mut pieces) = (b"one ".to_vec(), Pieces::default());
            pieces.push(output.len(), shared("two"));
            pieces.push(output.len(), shared("three"));
            output.extend_from_slice(b" four");
            pieces.push(output.len(), shared(""));
            pieces.push(output.len(), shared("!"));
            assert_eq!(pieces.len(), 9);
            assert_eq!(written(&output, &mut pieces, most), (b"one twothree four!".to_vec(), 3));
            assert_eq!(pieces.len(), 0);
        }
    }

    #[test]
    fn what_was_written_elsewhere_is_put_behind() {
        for long in [3, SHARED_LEN_MIN] {
            let (mut output, mut pieces) = (b"<".to_vec(), Pieces::default());
            pieces.push(1, shared("own"));
            let (mut other, mut others) = (vec![b'x'; long], Pieces::default());
            others.push(0, shared("first"));
            others.push(2, shared("second"));
            others.push(long, shared("last"));
            other.extend_from_slice(b">");
            pieces.append(&mut output, other, others);
            pieces.append(&mut output, b"end".to_vec(), Pieces::default());
            let (all, _) = written(&output, &mut pieces, 7);
            let expected = format!("<ownfirstxxsecond{}last>end", "x".repeat(long - 2));
            assert!(all == expected.as_bytes(), "{long}");
        }
    }

    #[test]
    fn places_follow_what_is_removed() {
        let (mut output, mut pieces) = (b"abcdef".to_vec(), Pieces::default());
        pieces.push(4, shared("-"));
        output.drain(..3);
        pieces.shift(3);
        assert_eq!(written(&output, &mut pieces, 1).0, b"d-ef");
    }
}
