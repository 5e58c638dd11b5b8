//! A few byte strings one after the other in one allocation: the small form of hashes and sets.
//!
//! Each is preceded by its length in one byte, or in five if it is longer than 250. Looking one up walks over those
//! before it, which for a hundred short ones is quicker than hashing, and there is no pointer to any of them.

/// Lengths up to this take one byte.
const SHORT_MAX: usize = 250;
/// Marks a length of four bytes.
const LONG: u8 = 255;

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

    /// All of them, each with its position.
    pub(crate) fn iter(&self) -> Iter<'_> {
        Iter { bytes: &self.bytes, at: 0, left: self.len }
    }

    /// The position of the first that equals this one, looking at every `stride`-th.
    pub(crate) fn find(&self, text: &[u8], stride: usize) -> Option<usize> {
        self.iter().step_by(stride).find(|(_, found)| *found == text).map(|(at, _)| at)
    }

    /// The one at a position, and the position after it.
    pub(crate) fn at(&self, at: usize) -> Option<(&[u8], usize)> {
        let (start, len) = header(&self.bytes, at)?;
        Some((self.bytes.get(start..start + len)?, start + len))
    }

    /// Adds one at the end.
    pub(crate) fn push(&mut self, text: &[u8]) {
        // Small things grow by what they need: doubling would waste most where most of them are small.
        let needed = text.len() + if text.len() > SHORT_MAX { 5 } else { 1 };
        if self.bytes.capacity() - self.bytes.len() < needed {
            self.bytes.reserve_exact(needed + self.bytes.len() / 4);
        }
        write_header(&mut self.bytes, text.len());
        self.bytes.extend_from_slice(text);
        self.len += 1;
    }

    /// Puts another in the place of the one at a position.
    pub(crate) fn replace(&mut self, at: usize, text: &[u8]) {
        let Some((_, end)) = self.at(at) else { return };
        let mut new = Vec::with_capacity(text.len() + 5);
        write_header(&mut new, text.len());
        new.extend_from_slice(text);
        self.bytes.splice(at..end, new);
    }

    /// Removes `count` of them from a position on.
    pub(crate) fn remove(&mut self, at: usize, count: usize) {
        let mut end = at;
        for _ in 0..count {
            let Some((_, next)) = self.at(end) else { break };
            end = next;
            self.len -= 1;
        }
        self.bytes.drain(at..end);
        if self.bytes.capacity() > 64 && self.bytes.len() < self.bytes.capacity() / 2 {
            self.bytes.shrink_to_fit();
        }
    }
}

fn write_header(bytes: &mut Vec<u8>, len: usize) {
    if len > SHORT_MAX {
        bytes.push(LONG);
        bytes.extend_from_slice(&(len as u32).to_le_bytes());
    } else {
        bytes.push(len as u8);
    }
}

/// Where the text at a position starts, and its length.
fn header(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    match *bytes.get(at)? {
        LONG => {
            let len = bytes.get(at + 1..at + 5)?.try_into().ok().map(u32::from_le_bytes)?;
            Some((at + 5, len as usize))
        }
        len => Some((at + 1, usize::from(len))),
    }
}

/// Walks over [`Packed`].
#[derive(Clone, Debug)]
pub(crate) struct Iter<'p> {
    bytes: &'p [u8],
    at: usize,
    left: u32,
}

impl<'p> Iterator for Iter<'p> {
    type Item = (usize, &'p [u8]);

    #[inline]
    fn next(&mut self) -> Option<(usize, &'p [u8])> {
        let at = self.at;
        let (start, len) = header(self.bytes, at)?;
        self.at = start + len;
        self.left -= 1;
        Some((at, self.bytes.get(start..start + len)?))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text() -> impl Strategy<Value = Vec<u8>> {
        let len = prop_oneof![0..4_usize, 0..40_usize, 248..260_usize];
        (any::<u8>(), len).prop_map(|(byte, len)| vec![byte % 4; len])
    }

    proptest! {
        #[test]
        fn behaves_as_a_list_of_strings(
            steps in prop::collection::vec((0..4_u8, text(), any::<prop::sample::Index>()), 1..60),
        ) {
            let mut packed = Packed::default();
            let mut model: Vec<Vec<u8>> = Vec::new();
            for (step, text, which) in steps {
                let position = |packed: &Packed, index: usize| packed.iter().nth(index).map(|(at, _)| at);
                match step {
                    0 | 1 => {
                        packed.push(&text);
                        model.push(text);
                    }
                    2 if !model.is_empty() => {
                        let index = which.index(model.len());
                        let at = position(&packed, index).unwrap();
                        packed.replace(at, &text);
                        model[index] = text;
                    }
                    3 if !model.is_empty() => {
                        let index = which.index(model.len());
                        let at = position(&packed, index).unwrap();
                        let count = (model.len() - index).min(2);
                        packed.remove(at, count);
                        model.drain(index..index + count);
                    }
                    _ => {
                        let found = packed.find(&text, 1).map(|at| packed.at(at).unwrap().0.to_vec());
                        prop_assert_eq!(found, model.iter().find(|one| **one == text).cloned());
                    }
                }
                prop_assert_eq!(packed.len(), model.len());
                prop_assert_eq!(packed.iter().map(|(_, text)| text.to_vec()).collect::<Vec<_>>(), model.clone());
            }
        }
    }
}
