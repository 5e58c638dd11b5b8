//! A few byte strings one after the other in one allocation: the small form of hashes and sets. Entries of streams are
//! written in the same way.
//!
//! ```text
//! length 1 or 5 | text        or        form 1 | number, 1 to 8 bytes
//! ```
//! Texts of numbers are kept as numbers where that is shorter; what a text becomes depends on the text alone, so
//! looking one up compares bytes and reads no number. Looking up walks over what comes before, which for a hundred
//! short ones is quicker than hashing, and there is no pointer to any of them.

use super::string::{Str, parse_int};

/// The bits of a head that say how many bytes follow. A walk waits for them at every step, so one mask gives them.
const LEN: u8 = 0x7f;
/// Set in the head of a number.
const INT: u8 = 0x80;
/// The head of a text that is longer than these bits can say; four bytes of length follow.
const LONG: u8 = 0x7f;
/// Bytes before a longer text.
const LONG_HEAD: usize = 5;

/// A text on its way in, or one that is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Word<'w> {
    /// As it is.
    Text(&'w [u8]),
    /// The number that it is the text of: so many of these bytes.
    Int(u8, [u8; 8]),
}

impl<'w> Word<'w> {
    /// As a number where that is shorter.
    #[inline]
    pub(crate) fn compact(text: &'w [u8]) -> Word<'w> {
        parse_int(text).filter(|_| text.len() > 1).map_or(Word::Text(text), Word::int)
    }

    fn int(n: i64) -> Word<'w> {
        let bits = 64 - if n < 0 { (!n).leading_zeros() } else { n.leading_zeros() };
        // One more bit for the sign.
        Word::Int((bits / 8 + 1) as u8, n.to_le_bytes())
    }

    #[inline]
    fn head(&self) -> u8 {
        match self {
            Word::Text(text) if text.len() >= usize::from(LONG) => LONG,
            Word::Text(text) => text.len() as u8,
            Word::Int(width, _) => INT | width,
        }
    }

    #[inline]
    fn body(&self) -> &[u8] {
        match self {
            Word::Text(text) => text,
            Word::Int(width, bytes) => &bytes[..usize::from(*width)],
        }
    }

    /// Bytes that it takes.
    pub(crate) fn size(&self) -> usize {
        self.body().len() + if self.head() == LONG { LONG_HEAD } else { 1 }
    }

    /// Writes it at the end.
    pub(crate) fn append_to(&self, bytes: &mut Vec<u8>) {
        let at = bytes.len();
        bytes.resize(at + self.size(), 0);
        self.write(&mut bytes[at..]);
    }

    /// Writes it to where it has room.
    fn write(&self, to: &mut [u8]) {
        let body = self.body();
        to[0] = self.head();
        if self.head() == LONG {
            to[1..LONG_HEAD].copy_from_slice(&(body.len() as u32).to_le_bytes());
        }
        let start = to.len() - body.len();
        to[start..].copy_from_slice(body);
    }
}

/// One of those in a [`Packed`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item<'p> {
    /// Its position.
    pub(crate) at: usize,
    end: usize,
    head: u8,
    body: &'p [u8],
}

impl<'p> Item<'p> {
    /// The bytes of one that went in as [`Word::Text`].
    #[inline]
    pub(crate) fn text(self) -> &'p [u8] {
        self.body
    }

    /// Whether this word went in.
    #[inline]
    pub(crate) fn is(&self, word: &Word<'_>) -> bool {
        self.head == word.head() && self.body == word.body()
    }

    /// What went in.
    #[inline]
    pub(crate) fn value(self) -> Str<'p> {
        if self.head & INT == 0 {
            return Str::Bytes(self.body);
        }
        let mut bytes = [0; 8];
        bytes[..self.body.len()].copy_from_slice(self.body);
        // The topmost bit is the sign: shifted up and down again, it fills the rest.
        let unused = 64 - 8 * self.body.len();
        Str::Int(i64::from_le_bytes(bytes) << unused >> unused)
    }
}

/// Byte strings in one allocation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Packed {
    bytes: Vec<u8>,
    len: u32,
}

impl Packed {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// Bytes on the heap.
    pub(crate) fn used_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// All of them.
    pub(crate) fn iter(&self) -> Iter<'_> {
        self.iter_from(0)
    }

    /// Those from a position on.
    #[inline]
    fn iter_from(&self, at: usize) -> Iter<'_> {
        Iter { bytes: &self.bytes, at }
    }

    /// The first that equals this word, looking at every `stride`-th.
    #[inline]
    pub(crate) fn find(&self, word: Word<'_>, stride: usize) -> Option<Item<'_>> {
        let (head, body) = (word.head(), word.body());
        let mut at = 0;
        loop {
            // Where the head is the one that is looked for, the length is known before the head has been read: the
            // processor goes on with it meanwhile. That is why the others are passed on a way of their own.
            if *self.bytes.get(at)? == head {
                let (start, end) = span(&self.bytes, at)?;
                let found = self.bytes.get(start..end)?;
                if found == body {
                    return Some(Item { at, end, head, body: found });
                }
                at = end;
            } else {
                at = span(&self.bytes, at)?.1;
            }
            for _ in 1..stride {
                at = span(&self.bytes, at)?.1;
            }
        }
    }

    /// The one after this.
    #[inline]
    pub(crate) fn after(&self, item: Item<'_>) -> Option<Item<'_>> {
        self.iter_from(item.end).next()
    }

    /// Adds one at the end.
    pub(crate) fn push(&mut self, word: Word<'_>) {
        let at = self.bytes.len();
        self.open(at, at, word.size());
        word.write(&mut self.bytes[at..]);
        self.len += 1;
    }

    /// Puts another in the place of the one at a position.
    pub(crate) fn replace(&mut self, at: usize, word: Word<'_>) {
        let Some(end) = self.iter_from(at).next().map(|item| item.end) else { return };
        self.open(at, end, word.size());
        word.write(&mut self.bytes[at..at + word.size()]);
    }

    /// Removes `count` of them from a position on.
    pub(crate) fn remove(&mut self, at: usize, count: usize) {
        let (mut end, mut removed) = (at, 0);
        for item in self.iter_from(at).take(count) {
            end = item.end;
            removed += 1;
        }
        self.len -= removed;
        self.open(at, end, 0);
    }

    /// Makes what lies from `at` to `end` as long as `size`.
    fn open(&mut self, at: usize, end: usize, size: usize) {
        let (old, new) = (self.bytes.len(), self.bytes.len() - (end - at) + size);
        if new > old {
            if new > self.bytes.capacity() {
                // Small things grow by what they need: doubling would waste most where most of them are small.
                self.bytes.reserve_exact(new - old + old / 4);
            }
            self.bytes.resize(new, 0);
        }
        self.bytes.copy_within(end..old, at + size);
        self.bytes.truncate(new);
        if self.bytes.capacity() > 64 && new < self.bytes.capacity() / 2 {
            self.bytes.shrink_to_fit();
        }
    }
}

/// Walks over [`Packed`].
#[derive(Clone, Debug)]
pub(crate) struct Iter<'p> {
    bytes: &'p [u8],
    at: usize,
}

impl<'p> Iter<'p> {
    /// Over words that were written one after the other.
    pub(crate) fn over(bytes: &'p [u8]) -> Iter<'p> {
        Iter { bytes, at: 0 }
    }

    /// Where the next one begins.
    pub(crate) fn place(&self) -> usize {
        self.at
    }
}

impl<'p> Iterator for Iter<'p> {
    type Item = Item<'p>;

    #[inline]
    fn next(&mut self) -> Option<Item<'p>> {
        let at = self.at;
        let (start, end) = span(self.bytes, at)?;
        self.at = end;
        Some(Item { at, end, head: *self.bytes.get(at)?, body: self.bytes.get(start..end)? })
    }
}

/// Where the body of the one at a position starts and ends.
#[inline]
fn span(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let len = bytes.get(at)? & LEN;
    if len == LONG {
        let len = bytes.get(at + 1..at + LONG_HEAD)?.try_into().ok().map(u32::from_le_bytes)?;
        return Some((at + LONG_HEAD, at + LONG_HEAD + len as usize));
    }
    Some((at + 1, at + 1 + usize::from(len)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text() -> impl Strategy<Value = Vec<u8>> {
        let len = prop_oneof![0..4_usize, 0..40_usize, 120..134_usize, 255..258_usize];
        let n = prop_oneof![
            -200..200_i64,
            (0..64_u32, -2..3_i64).prop_map(|(bit, n)| (1_i64 << bit).wrapping_add(n))
        ];
        prop_oneof![
            (any::<u8>(), len).prop_map(|(byte, len)| vec![byte % 4; len]),
            (n, any::<bool>())
                .prop_map(|(n, minus)| (if minus { n.wrapping_neg() } else { n }).to_string().into_bytes()),
            prop::sample::select(vec!["007", "-0", "+1", "1 ", "9223372036854775808"]).prop_map(Into::into),
        ]
    }

    /// All odd ones are kept as they are, as the fields of a hash would be.
    fn word(index: usize, text: &[u8]) -> Word<'_> {
        if index % 2 == 1 { Word::Text(text) } else { Word::compact(text) }
    }

    proptest! {
        #[test]
        fn behaves_as_a_list_of_strings(
            steps in prop::collection::vec((0..5_u8, text(), any::<prop::sample::Index>()), 1..80),
        ) {
            let mut packed = Packed::default();
            let mut model: Vec<Vec<u8>> = Vec::new();
            for (step, text, which) in steps {
                let index = if model.is_empty() { 0 } else { which.index(model.len()) };
                let at = packed.iter().nth(index).map(|item| item.at);
                match (step, at) {
                    (0, Some(at)) => {
                        packed.replace(at, word(index, &text));
                        model[index] = text;
                    }
                    (1, Some(at)) => {
                        // Two at a time, so that odd ones stay odd.
                        packed.remove(at, 2);
                        model.drain(index..(index + 2).min(model.len()));
                    }
                    (2, Some(_)) => {
                        let text = if which.index(2) == 0 { &text } else { &model[index] };
                        let found = packed.find(Word::compact(text), 2).map(|item| item.at);
                        let expected = model.iter().step_by(2).position(|one| one == text);
                        let expected = expected.and_then(|pair| packed.iter().nth(2 * pair)).map(|item| item.at);
                        prop_assert_eq!(found, expected);
                    }
                    _ => {
                        packed.push(word(model.len(), &text));
                        model.push(text);
                    }
                }
                prop_assert_eq!(packed.len(), model.len());
                let all: Vec<_> = packed.iter().map(|item| item.value().to_vec()).collect();
                prop_assert_eq!(&all, &model);
                let odd = packed.iter().skip(1).step_by(2).map(|item| item.text().to_vec());
                prop_assert!(odd.eq(model.iter().skip(1).step_by(2).cloned()));
                prop_assert!(packed.used_bytes() <= (packed.bytes.len() * 2 + 64).max(64));
            }
        }
    }

    #[test]
    fn numbers_are_as_narrow_as_they_can_be() {
        for (text, size) in [
            ("7", 2),
            ("127", 2),
            ("128", 3),
            ("-128", 2),
            ("-129", 3),
            ("32767", 3),
            ("32768", 4),
            ("1700000000000", 7),
            ("9223372036854775807", 9),
            ("-9223372036854775808", 9),
            ("0123", 5),
        ] {
            let mut packed = Packed::default();
            packed.push(Word::compact(text.as_bytes()));
            assert_eq!(packed.bytes.len(), size, "{text}");
            assert_eq!(packed.iter().next().map(|item| item.value().to_vec()), Some(text.into()));
        }
    }
}
