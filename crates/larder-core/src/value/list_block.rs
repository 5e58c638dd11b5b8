//! Some elements of a list, in one run of bytes that is read from either end.
//!
//! ```text
//! room | length, bytes, length | length, bytes, length | ... | room
//! ```
//! The length stands on both sides of an element, in one byte while it is short, so that a walk can start anywhere
//! between two elements and go either way. There is room at both ends, so pushing and popping move nothing.

use std::ops::Range;

/// The last byte of a long length, the other four of which stand on its inner side.
const LONG: u8 = 0xfe;

/// Elements in a row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    bytes: Vec<u8>,
    /// Where the first element begins; before it there is room.
    start: u32,
    len: u32,
}

/// Bytes that a length takes.
#[inline]
fn width(len: usize) -> usize {
    if len < usize::from(LONG) { 1 } else { 5 }
}

/// Bytes that an element takes.
#[inline]
pub(crate) fn size_of_element(element: &[u8]) -> usize {
    element.len() + 2 * width(element.len())
}

fn write(element: &[u8], to: &mut [u8]) {
    let (width, len) = (width(element.len()), element.len());
    if width == 1 {
        (to[0], to[len + 1]) = (len as u8, len as u8);
    } else {
        let bytes = (len as u32).to_le_bytes();
        to[0] = LONG;
        to[1..5].copy_from_slice(&bytes);
        to[5 + len..9 + len].copy_from_slice(&bytes);
        to[9 + len] = LONG;
    }
    to[width..width + len].copy_from_slice(element);
}

impl Block {
    /// How many elements there are.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// Bytes that the elements take.
    #[inline]
    pub(crate) fn size(&self) -> usize {
        self.bytes.len() - self.start as usize
    }

    /// Bytes on the heap.
    #[inline]
    pub(crate) fn used_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// The place of the first element.
    #[inline]
    pub(crate) fn start(&self) -> usize {
        self.start as usize
    }

    /// The place behind the last element.
    #[inline]
    pub(crate) fn end(&self) -> usize {
        self.bytes.len()
    }

    /// The element that begins at a place, and the place behind it.
    #[inline]
    pub(crate) fn at(&self, place: usize) -> (&[u8], usize) {
        let bytes = &self.bytes[place..];
        let (width, len) = match bytes[0] {
            LONG => (5, u32::from_le_bytes([bytes[1], bytes[2], bytes[3], bytes[4]]) as usize),
            len => (1, usize::from(len)),
        };
        (&bytes[width..width + len], place + len + 2 * width)
    }

    /// The element that ends at a place, and the place where it begins.
    #[inline]
    pub(crate) fn before(&self, place: usize) -> (&[u8], usize) {
        let bytes = &self.bytes[..place];
        let (width, len) = match bytes[place - 1] {
            LONG => {
                let len = &bytes[place - 5..place - 1];
                (5, u32::from_le_bytes([len[0], len[1], len[2], len[3]]) as usize)
            }
            len => (1, usize::from(len)),
        };
        (&bytes[place - width - len..place - width], place - len - 2 * width)
    }

    /// The place of an element, or behind the last one, found from the nearer end.
    pub(crate) fn place(&self, index: usize) -> usize {
        if index <= self.len() / 2 {
            (0..index).fold(self.start(), |place, _| self.at(place).1)
        } else {
            (index..self.len()).fold(self.end(), |place, _| self.before(place).1)
        }
    }

    /// Makes room for more bytes at the end.
    fn reserve(&mut self, more: usize) {
        if self.bytes.capacity() - self.bytes.len() >= more {
            return;
        }
        if self.start() > self.size() {
            self.bytes.drain(..self.start as usize);
            self.start = 0;
        }
        if self.bytes.capacity() - self.bytes.len() < more {
            self.bytes.reserve_exact(more + spare(self.size()));
        }
    }

    pub(crate) fn push_back(&mut self, element: &[u8]) {
        let size = size_of_element(element);
        self.reserve(size);
        let old = self.bytes.len();
        self.bytes.resize(old + size, 0);
        write(element, &mut self.bytes[old..]);
        self.len += 1;
    }

    pub(crate) fn push_front(&mut self, element: &[u8]) {
        let size = size_of_element(element);
        if self.start() < size {
            let (content, room) = (self.size(), size + spare(self.size()));
            let mut moved = Vec::with_capacity(room + content);
            moved.resize(room, 0);
            moved.extend_from_slice(&self.bytes[self.start()..]);
            (self.bytes, self.start) = (moved, room as u32);
        }
        self.start -= size as u32;
        let start = self.start();
        write(element, &mut self.bytes[start..start + size]);
        self.len += 1;
    }

    /// Inserts before the element at a place.
    pub(crate) fn insert(&mut self, place: usize, element: &[u8]) {
        if place == self.end() {
            return self.push_back(element);
        }
        if place == self.start() {
            return self.push_front(element);
        }
        let after_start = place - self.start();
        let size = size_of_element(element);
        self.reserve(size);
        let (place, old) = (self.start() + after_start, self.bytes.len());
        self.bytes.resize(old + size, 0);
        self.bytes.copy_within(place..old, place + size);
        write(element, &mut self.bytes[place..place + size]);
        self.len += 1;
    }

    /// Removes the elements between two places, `count` of them.
    pub(crate) fn remove(&mut self, places: Range<usize>, count: usize) {
        self.len -= count as u32;
        if places.start == self.start() {
            self.start = places.end as u32;
        } else if places.end == self.end() {
            self.bytes.truncate(places.start);
        } else {
            self.bytes.drain(places);
        }
        if self.len == 0 {
            self.bytes.clear();
            self.start = 0;
        }
        if self.bytes.capacity() > 4 * self.size() + 64 {
            self.shrink();
        }
    }

    /// Shows the first element, then removes it.
    pub(crate) fn take_front<R>(&mut self, look: impl FnOnce(&[u8]) -> R) -> Option<R> {
        if self.len == 0 {
            return None;
        }
        let (element, end) = self.at(self.start());
        let looked = look(element);
        self.remove(self.start()..end, 1);
        Some(looked)
    }

    /// Shows the last element, then removes it.
    pub(crate) fn take_back<R>(&mut self, look: impl FnOnce(&[u8]) -> R) -> Option<R> {
        if self.len == 0 {
            return None;
        }
        let (element, start) = self.before(self.end());
        let looked = look(element);
        self.remove(start..self.end(), 1);
        Some(looked)
    }

    /// Puts another element at an index.
    pub(crate) fn replace(&mut self, index: usize, element: &[u8]) {
        let place = self.place(index);
        self.remove(place..self.at(place).1, 1);
        self.insert(self.place(index), element);
    }

    /// Gives spare room back.
    pub(crate) fn shrink(&mut self) {
        self.bytes.drain(..self.start as usize);
        self.start = 0;
        self.bytes.shrink_to_fit();
    }

    /// Takes the elements from a place on, of which `count` stay before it.
    pub(crate) fn split_off(&mut self, place: usize, count: usize) -> Block {
        let right = Block { bytes: self.bytes[place..].to_vec(), start: 0, len: self.len - count as u32 };
        self.bytes.truncate(place);
        self.len = count as u32;
        self.shrink();
        right
    }

    /// Appends the elements of another block.
    pub(crate) fn append(&mut self, right: &Block) {
        self.reserve(right.size());
        self.bytes.extend_from_slice(&right.bytes[right.start()..]);
        self.len += right.len;
    }
}

/// How much more than needed a block of this size takes when it has to grow.
fn spare(size: usize) -> usize {
    if size < 1_024 { size / 4 + 8 } else { size / 2 }
}
