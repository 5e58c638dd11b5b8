//! Lists: a sequence of byte strings, made for its two ends.
//!
//! A short list is one block of bytes. A long one is a deque of such blocks, each as large as
//! `list-max-listpack-size` says; an element that is larger than that has a block for itself. Pushing and popping touch
//! the block at their end only. An index is found by counting through the blocks from the nearer end: a million short
//! elements are some two thousand blocks, which is about a microsecond.

use super::list_block::{Block, size_of_element};
use super::{Collection, Kind, Object};
use crate::keyspace::KeyHasher;
use crate::options::ValueLimits;
use std::collections::VecDeque;
use std::ops::Range;

/// A list.
#[derive(Clone, Debug)]
pub struct List {
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    One(Block),
    Many(Box<Blocks>),
}

/// Blocks in a row, none of them empty.
#[derive(Debug)]
struct Blocks {
    row: VecDeque<Block>,
    len: usize,
    /// Bytes on the heap of all blocks.
    block_bytes: usize,
    limit: Limit,
}

/// What Redis counts for a block itself.
const HEADER: usize = 7;

impl Clone for Blocks {
    /// A copied block has no spare room, so its bytes are counted again.
    fn clone(&self) -> Blocks {
        let row = self.row.clone();
        let block_bytes = row.iter().map(Block::used_bytes).sum();
        Blocks { row, len: self.len, block_bytes, limit: self.limit }
    }
}

/// Up to where a block takes more.
#[derive(Clone, Copy, Debug)]
struct Limit {
    bytes: usize,
    elements: usize,
}

impl Limit {
    fn of(limits: &ValueLimits) -> Limit {
        match limits.list_max_listpack_size {
            // A limit by elements still keeps blocks of long ones from becoming slow to edit.
            n @ 1.. => Limit { bytes: 8 << 10, elements: usize::try_from(n).unwrap_or(usize::MAX) },
            n => Limit { bytes: (4 << 10) << (-1 - n).clamp(0, 4), elements: usize::MAX },
        }
    }

    /// Whether a block has room for one more: reckoned as Redis does, the header of its blocks included, so that the
    /// forms change at the same element.
    fn takes(self, block: &Block, element: &[u8]) -> bool {
        block.len() < self.elements && block.size() + HEADER + element.len() <= self.bytes
    }

    fn half(self) -> Limit {
        Limit { bytes: self.bytes / 2, elements: self.elements / 2 }
    }

    fn holds(self, bytes: usize, elements: usize) -> bool {
        bytes <= self.bytes && elements <= self.elements
    }
}

impl Blocks {
    /// Changes a block, and keeps account of its bytes.
    fn change<R>(&mut self, at: usize, change: impl FnOnce(&mut Block) -> R) -> R {
        let block = &mut self.row[at];
        let (bytes, len) = (block.used_bytes(), block.len());
        let result = change(block);
        self.block_bytes = self.block_bytes - bytes + block.used_bytes();
        self.len = self.len - len + block.len();
        result
    }

    fn add(&mut self, at: usize, block: Block) {
        self.block_bytes += block.used_bytes();
        self.len += block.len();
        self.row.insert(at, block);
    }

    fn discard(&mut self, at: usize) {
        if let Some(block) = self.row.remove(at) {
            self.block_bytes -= block.used_bytes();
            self.len -= block.len();
        }
    }

    fn push_back(&mut self, element: &[u8]) {
        let blocks = self.row.len();
        if let Some(last) = self.row.back() {
            if self.limit.takes(last, element) {
                return self.change(blocks - 1, |block| block.push_back(element));
            }
            self.change(blocks - 1, Block::shrink);
        }
        let mut block = Block::default();
        block.push_back(element);
        self.add(blocks, block);
    }

    fn push_front(&mut self, element: &[u8]) {
        if let Some(first) = self.row.front() {
            if self.limit.takes(first, element) {
                return self.change(0, |block| block.push_front(element));
            }
            self.change(0, Block::shrink);
        }
        let mut block = Block::default();
        block.push_front(element);
        self.add(0, block);
    }

    /// Inserts before the element at an index within a block.
    fn insert(&mut self, at: usize, index: usize, element: &[u8]) {
        let limit = self.limit;
        if limit.takes(&self.row[at], element) {
            return self.change(at, |block| block.insert(block.place(index), element));
        }
        let right = self.change(at, |block| {
            let place = block.place(index);
            (index > 0).then(|| block.split_off(place, index))
        });
        let mut block = Block::default();
        block.push_back(element);
        match right {
            None => self.add(at, block),
            Some(right) => {
                self.add(at + 1, block);
                if right.len() > 0 {
                    self.add(at + 2, right);
                }
                self.settle(at + 2);
                self.settle(at + 1);
            }
        }
        self.settle(at);
    }

    /// Drops a block that became empty, or joins it with a neighbour if both are small by now.
    fn settle(&mut self, at: usize) {
        let Some(block) = self.row.get(at) else { return };
        if block.len() == 0 {
            return self.discard(at);
        }
        for left in [at, at.wrapping_sub(1)] {
            let (Some(a), Some(b)) = (self.row.get(left), self.row.get(left.wrapping_add(1))) else {
                continue;
            };
            if self.limit.half().holds(a.size() + b.size(), a.len() + b.len()) {
                let right = self.row[left + 1].clone();
                self.discard(left + 1);
                self.change(left, |block| block.append(&right));
                return;
            }
        }
    }
}

/// Where something is: which block, and the place in it.
type At = (usize, usize);

impl List {
    /// An empty one.
    pub fn new() -> List {
        List { form: Form::One(Block::default()) }
    }

    /// How many elements there are.
    #[inline]
    pub fn len(&self) -> usize {
        match &self.form {
            Form::One(block) => block.len(),
            Form::Many(many) => many.len,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of the form, as Redis 7.2 has it.
    pub fn encoding(&self) -> &'static str {
        match self.form {
            Form::One(_) => "listpack",
            Form::Many(_) => "quicklist",
        }
    }

    /// Bytes on the heap. O(1).
    #[inline]
    pub fn used_bytes(&self) -> usize {
        match &self.form {
            Form::One(block) => block.used_bytes(),
            Form::Many(many) => {
                size_of::<Blocks>() + many.row.capacity() * size_of::<Block>() + many.block_bytes
            }
        }
    }

    fn blocks(&self) -> usize {
        match &self.form {
            Form::One(_) => 1,
            Form::Many(many) => many.row.len(),
        }
    }

    #[inline]
    fn block(&self, at: usize) -> &Block {
        match &self.form {
            Form::One(block) => block,
            Form::Many(many) => &many.row[at],
        }
    }

    /// The block with an index up to `len`, and the index within it.
    fn locate(&self, mut index: usize) -> (usize, usize) {
        let last = self.blocks() - 1;
        if index < self.len() / 2 {
            let mut at = 0;
            while at < last && index >= self.block(at).len() {
                index -= self.block(at).len();
                at += 1;
            }
            (at, index)
        } else {
            let mut behind = self.len() - index;
            let mut at = last;
            while at > 0 && behind > self.block(at).len() {
                behind -= self.block(at).len();
                at -= 1;
            }
            (at, self.block(at).len() - behind.min(self.block(at).len()))
        }
    }

    fn place_of(&self, index: usize) -> At {
        let (at, index) = self.locate(index);
        (at, self.block(at).place(index))
    }

    /// The element at an index. O(blocks).
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        if index >= self.len() {
            return None;
        }
        let (at, place) = self.place_of(index);
        Some(self.block(at).at(place).0)
    }

    /// The elements of a range of indices, from either end. O(blocks) to begin, then O(1) each.
    pub fn range(&self, indices: Range<usize>) -> Elements<'_> {
        let end = indices.end.min(self.len());
        let start = indices.start.min(end);
        Elements { list: self, indices: start..end, front: None, back: None }
    }

    /// All elements.
    pub fn iter(&self) -> Elements<'_> {
        self.range(0..self.len())
    }

    /// Becomes a deque of blocks, so that blocks can be added.
    fn many(&mut self, limit: Limit) -> &mut Blocks {
        if let Form::One(block) = &mut self.form {
            let block = std::mem::take(block);
            let mut many = Blocks { row: VecDeque::new(), len: 0, block_bytes: 0, limit };
            if block.len() > 0 {
                many.add(0, block);
            }
            self.form = Form::Many(Box::new(many));
        }
        match &mut self.form {
            Form::Many(many) => {
                many.limit = limit;
                many
            }
            Form::One(_) => unreachable!("it became many above"),
        }
    }

    /// Becomes one block again where little is left. Half of the limit, so that a list at its edge does not change
    /// forms all the time.
    fn shrink(&mut self) {
        let Form::Many(many) = &mut self.form else { return };
        let limit = many.limit.half();
        if many.row.len() == 1 && limit.holds(many.row[0].size(), many.row[0].len()) {
            self.form = Form::One(std::mem::take(&mut many.row[0]));
        }
    }

    /// Adds an element at the end. O(1).
    pub fn push_back(&mut self, limits: &ValueLimits, element: &[u8]) {
        let limit = Limit::of(limits);
        match &mut self.form {
            Form::One(block) if limit.takes(block, element) => block.push_back(element),
            _ => self.many(limit).push_back(element),
        }
    }

    /// Adds an element at the front. O(1).
    pub fn push_front(&mut self, limits: &ValueLimits, element: &[u8]) {
        let limit = Limit::of(limits);
        match &mut self.form {
            Form::One(block) if limit.takes(block, element) => block.push_front(element),
            _ => self.many(limit).push_front(element),
        }
    }

    /// Takes the first element. O(1).
    pub fn pop_front(&mut self) -> Option<Vec<u8>> {
        self.take_front(<[u8]>::to_vec)
    }

    /// Takes the last element. O(1).
    pub fn pop_back(&mut self) -> Option<Vec<u8>> {
        self.take_back(<[u8]>::to_vec)
    }

    /// Shows the first element to `look`, then removes it. O(1).
    pub fn take_front<R>(&mut self, look: impl FnOnce(&[u8]) -> R) -> Option<R> {
        self.take(|_| 0, |block| block.take_front(look))
    }

    /// Shows the last element to `look`, then removes it. O(1).
    pub fn take_back<R>(&mut self, look: impl FnOnce(&[u8]) -> R) -> Option<R> {
        self.take(|blocks| blocks - 1, |block| block.take_back(look))
    }

    fn take<R>(
        &mut self,
        which: impl FnOnce(usize) -> usize,
        take: impl FnOnce(&mut Block) -> Option<R>,
    ) -> Option<R> {
        let taken = match &mut self.form {
            Form::One(block) => take(block)?,
            Form::Many(many) => {
                let at = which(many.row.len());
                let taken = many.change(at, take)?;
                many.settle(at);
                taken
            }
        };
        if self.is_empty() {
            *self = List::new();
        } else {
            self.shrink();
        }
        Some(taken)
    }

    /// Inserts before the element at an index; at `len`, at the end. `false` if there is no such index. O(blocks).
    pub fn insert(&mut self, limits: &ValueLimits, index: usize, element: &[u8]) -> bool {
        let len = self.len();
        if index == len {
            self.push_back(limits, element);
        } else if index == 0 {
            self.push_front(limits, element);
        } else if index < len {
            let limit = Limit::of(limits);
            match &mut self.form {
                Form::One(block) if limit.takes(block, element) => {
                    block.insert(block.place(index), element);
                }
                _ => {
                    let (at, index) = self.locate(index);
                    self.many(limit).insert(at, index, element);
                }
            }
        }
        index <= len
    }

    /// Puts another element at an index; `false` if there is no such index. O(blocks).
    pub fn set(&mut self, limits: &ValueLimits, index: usize, element: &[u8]) -> bool {
        if index >= self.len() {
            return false;
        }
        if self.len() == 1 {
            *self = List::new();
            self.push_back(limits, element);
            return true;
        }
        let limit = Limit::of(limits);
        let (at, within) = self.locate(index);
        let block = self.block(at);
        let (old, _) = block.at(block.place(within));
        let size = block.size() - size_of_element(old) + size_of_element(element);
        let fits = block.len() == 1 || limit.holds(size, block.len());
        match &mut self.form {
            Form::One(block) if fits => block.replace(within, element),
            Form::Many(many) if fits => {
                many.change(at, |block| block.replace(within, element));
                many.settle(at);
                self.shrink();
            }
            _ => {
                self.insert(limits, index, element);
                self.remove_range(index + 1..index + 2);
            }
        }
        true
    }

    /// Removes a range of indices, and says how many elements it had. O(blocks), plus the length of two blocks.
    pub fn remove_range(&mut self, indices: Range<usize>) -> usize {
        let end = indices.end.min(self.len());
        let start = indices.start.min(end);
        let removed = end - start;
        if removed == self.len() {
            *self = List::new();
            return removed;
        }
        if removed == 0 {
            return 0;
        }
        let (first, from) = self.locate(start);
        match &mut self.form {
            Form::One(block) => block.remove(block.place(start)..block.place(end), removed),
            Form::Many(many) => {
                let (mut at, mut from, mut left) = (first, from, removed);
                while left > 0 {
                    let len = many.row[at].len();
                    let here = left.min(len - from);
                    if here == len {
                        many.discard(at);
                    } else {
                        many.change(at, |block| {
                            block.remove(block.place(from)..block.place(from + here), here);
                        });
                        at += 1;
                    }
                    left -= here;
                    from = 0;
                }
                many.settle(at);
                many.settle(first);
            }
        }
        self.shrink();
        removed
    }

    /// Keeps only a range of indices. O(blocks), plus the length of two blocks.
    pub fn trim(&mut self, keep: Range<usize>) {
        if keep.start >= keep.end || keep.start >= self.len() {
            *self = List::new();
            return;
        }
        self.remove_range(keep.end.min(self.len())..self.len());
        self.remove_range(0..keep.start);
    }

    /// The indices where an element stands. The first `rank - 1` matches are skipped, counted from the end if `rank`
    /// is negative; at most `count` matches are given (0: all) and at most `len_max` elements looked at (0: all).
    pub fn positions(&self, element: &[u8], rank: i64, count: usize, len_max: usize) -> Vec<usize> {
        let skip = usize::try_from(rank.unsigned_abs().saturating_sub(1)).unwrap_or(usize::MAX);
        let most = |n: usize| if n == 0 { usize::MAX } else { n };
        let len = self.len();
        let found = |elements: &mut dyn Iterator<Item = (usize, &[u8])>| {
            elements
                .take(most(len_max))
                .filter(|(_, other)| *other == element)
                .map(|(index, _)| index)
                .skip(skip)
                .take(most(count))
                .collect()
        };
        if rank < 0 {
            found(&mut self.iter().rev().enumerate().map(|(i, other)| (len - 1 - i, other)))
        } else {
            found(&mut self.iter().enumerate())
        }
    }

    /// Inserts beside the first element that equals `pivot`, before or after it. `false` if there is none. O(n).
    pub fn insert_beside(
        &mut self,
        limits: &ValueLimits,
        pivot: &[u8],
        before: bool,
        element: &[u8],
    ) -> bool {
        let Some(index) = self.iter().position(|other| other == pivot) else { return false };
        self.insert(limits, if before { index } else { index + 1 }, element)
    }

    /// Removes elements that equal this one: the first `count`, or the last `-count` if it is negative, or all if it is
    /// zero. Says how many there were. O(n).
    pub fn remove(&mut self, count: i64, element: &[u8]) -> usize {
        let most = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        let mut indices = self.positions(element, if count < 0 { -1 } else { 1 }, most, 0);
        if count >= 0 {
            indices.reverse();
        }
        // From the end, neighbours together: what comes before stays where it is.
        let mut rest = &indices[..];
        while let Some(last) = rest.first() {
            let run = rest.iter().enumerate().take_while(|(i, index)| *index + i == *last).count();
            self.remove_range(last + 1 - run..last + 1);
            rest = &rest[run..];
        }
        indices.len()
    }
}

impl Default for List {
    fn default() -> Self {
        List::new()
    }
}

impl<'l> IntoIterator for &'l List {
    type Item = &'l [u8];
    type IntoIter = Elements<'l>;

    fn into_iter(self) -> Elements<'l> {
        self.iter()
    }
}

/// Elements of a range of indices, in order.
#[derive(Clone, Debug)]
pub struct Elements<'l> {
    list: &'l List,
    indices: Range<usize>,
    /// Where the next element begins.
    front: Option<At>,
    /// Where the next element from the back ends.
    back: Option<At>,
}

impl<'l> Iterator for Elements<'l> {
    type Item = &'l [u8];

    #[inline]
    fn next(&mut self) -> Option<&'l [u8]> {
        if self.indices.is_empty() {
            return None;
        }
        let (mut at, mut place) = self.front.unwrap_or_else(|| self.list.place_of(self.indices.start));
        while place == self.list.block(at).end() {
            at += 1;
            place = self.list.block(at).start();
        }
        let (element, next) = self.list.block(at).at(place);
        self.front = Some((at, next));
        self.indices.start += 1;
        Some(element)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.indices.len(), Some(self.indices.len()))
    }
}

impl<'l> DoubleEndedIterator for Elements<'l> {
    #[inline]
    fn next_back(&mut self) -> Option<&'l [u8]> {
        if self.indices.is_empty() {
            return None;
        }
        let (mut at, mut place) = self.back.unwrap_or_else(|| self.list.place_of(self.indices.end));
        while place == self.list.block(at).start() {
            at -= 1;
            place = self.list.block(at).end();
        }
        let (element, previous) = self.list.block(at).before(place);
        self.back = Some((at, previous));
        self.indices.end -= 1;
        Some(element)
    }
}

impl ExactSizeIterator for Elements<'_> {}

impl Collection for List {
    const KIND: Kind = Kind::List;

    fn empty(_: &KeyHasher) -> List {
        List::new()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn into_object(self) -> Object {
        Object::List(self)
    }

    fn of(object: &Object) -> Option<&List> {
        match object {
            Object::List(list) => Some(list),
            _ => None,
        }
    }

    fn of_mut(object: &mut Object) -> Option<&mut List> {
        match object {
            Object::List(list) => Some(list),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn limits(size: i64) -> ValueLimits {
        ValueLimits { list_max_listpack_size: size, ..ValueLimits::default() }
    }

    /// Elements that meet each other; some long ones, some with a length of four bytes, some too large for a block.
    fn element(n: u8) -> Vec<u8> {
        let len = match n {
            0 => 0,
            1 => 253,
            2 => 254,
            3 => 300,
            4 => 3_000,
            5 => 70_000,
            _ => return (n % 20).to_string().into_bytes(),
        };
        vec![b'x'; len]
    }

    /// Everything the list claims about itself.
    fn agree(list: &List, model: &[Vec<u8>]) {
        assert_eq!(list.len(), model.len());
        assert!(list.iter().eq(model.iter().map(|element| &element[..])));
        assert!(list.iter().rev().eq(model.iter().rev().map(|element| &element[..])));
        if let Form::Many(many) = &list.form {
            assert!(!many.row.is_empty() && many.row.iter().all(|block| block.len() > 0));
            assert_eq!(many.len, many.row.iter().map(Block::len).sum::<usize>());
            assert_eq!(many.block_bytes, many.row.iter().map(Block::used_bytes).sum::<usize>());
            for block in &many.row {
                assert!(
                    block.len() == 1 || many.limit.holds(block.size().saturating_sub(HEADER), block.len())
                );
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn behaves_as_a_vector(
            size in prop::sample::select(vec![-2, -1, 1, 2, 3, 10]),
            steps in prop::collection::vec((0..24_u8, any::<u8>(), any::<prop::sample::Index>(), 0..12_usize), 1..800),
        ) {
            let limits = limits(size);
            let (mut list, mut model) = (List::new(), Vec::<Vec<u8>>::new());
            for (step, n, index, few) in steps {
                let element = element(n);
                let index = index.index(model.len() + 1);
                let inside = index < model.len();
                match step {
                    0..=5 => { list.push_back(&limits, &element); model.push(element); }
                    6..=11 => { list.push_front(&limits, &element); model.insert(0, element); }
                    12 => assert_eq!(list.pop_front(), (!model.is_empty()).then(|| model.remove(0))),
                    13 => assert_eq!(list.pop_back(), model.pop()),
                    14..=16 => { assert!(list.insert(&limits, index, &element)); model.insert(index, element); }
                    17 => {
                        assert_eq!(list.set(&limits, index, &element), inside);
                        if inside { model[index] = element; }
                    }
                    18 => {
                        let end = (index + few).min(model.len());
                        assert_eq!(list.remove_range(index..index + few), end - index);
                        model.drain(index..end);
                    }
                    19 => {
                        let pivot = tests::element(n.wrapping_add(3));
                        let found = model.iter().position(|other| *other == pivot);
                        let before = few % 2 == 0;
                        assert_eq!(list.insert_beside(&limits, &pivot, before, &element), found.is_some());
                        if let Some(found) = found { model.insert(found + usize::from(!before), element); }
                    }
                    20 => {
                        let count = few as i64 - 6;
                        let mut left = if count == 0 { usize::MAX } else { count.unsigned_abs() as usize };
                        let len = model.len();
                        let mut keep = |other: &Vec<u8>| {
                            let goes = left > 0 && *other == element;
                            left -= usize::from(goes);
                            !goes
                        };
                        if count < 0 {
                            model.reverse();
                            model.retain(&mut keep);
                            model.reverse();
                        } else {
                            model.retain(&mut keep);
                        }
                        assert_eq!(list.remove(count, &element), len - model.len());
                    }
                    21 if few == 0 => {
                        let end = (index + 40).min(model.len());
                        list.trim(index..index + 40);
                        model = model[index..end].to_vec();
                    }
                    _ => assert_eq!(list.get(index), model.get(index).map(|element| &element[..])),
                }
                agree(&list, &model);
            }
            agree(&list.clone(), &model);
            for start in 0..model.len().min(30) {
                let end = model.len() - start / 2;
                prop_assert!(list.range(start..end).eq(model[start..end.max(start)].iter().map(|e| &e[..])));
                let expected = model[start..end.max(start)].iter().rev();
                prop_assert!(list.range(start..end).rev().eq(expected.map(|element| &element[..])));
            }
        }

        #[test]
        fn positions_are_what_a_look_at_all_gives(
            elements in prop::collection::vec(6..12_u8, 0..200),
            rank in -5..6_i64, count in 0..5_usize, len_max in 0..80_usize,
        ) {
            let mut list = List::new();
            for n in &elements {
                list.push_back(&limits(7), &element(*n));
            }
            let mut expected: Vec<usize> = (0..elements.len()).collect();
            if rank < 0 {
                expected.reverse();
            }
            expected.truncate(if len_max == 0 { usize::MAX } else { len_max });
            expected.retain(|index| elements[*index] == 8);
            let skip = (rank.unsigned_abs() as usize).saturating_sub(1).min(expected.len());
            expected.drain(..skip);
            expected.truncate(if count == 0 { usize::MAX } else { count });
            prop_assert_eq!(list.positions(&element(8), rank, count, len_max), expected);
        }
    }

    #[test]
    fn forms_change_where_redis_changes_them() {
        let three = limits(3);
        let mut list = List::new();
        for n in 10..13 {
            list.push_back(&three, &element(n));
            assert_eq!(list.encoding(), "listpack");
        }
        list.push_front(&three, &element(13));
        assert_eq!(list.encoding(), "quicklist");
        list.pop_back();
        list.pop_back();
        assert_eq!((list.len(), list.encoding()), (2, "quicklist"));
        list.pop_back();
        assert_eq!((list.len(), list.encoding()), (1, "listpack"));

        let mut list = List::new();
        list.push_back(&limits(-2), &[b'x'; 8_180]);
        assert_eq!(list.encoding(), "listpack");
        list.set(&limits(-2), 0, &[b'x'; 8_193]);
        assert_eq!(list.encoding(), "quicklist");
        list.set(&limits(-2), 0, b"short");
        assert_eq!(list.encoding(), "listpack");
    }

    #[test]
    fn a_queue_stays_small_and_short_lists_are_small() {
        let limits = limits(-2);
        let mut list = List::new();
        for n in 0..10_u32 {
            list.push_back(&limits, format!("element:{n:04}").as_bytes());
        }
        assert!(size_of::<List>() + list.used_bytes() <= 32 + 180, "{}", list.used_bytes());
        for n in 0..100_000_u32 {
            list.push_back(&limits, format!("element:{n:04}").as_bytes());
            list.pop_front();
        }
        assert_eq!(list.len(), 10);
        assert!(list.used_bytes() < 1_000, "{}", list.used_bytes());
        for n in 0..100_000_u32 {
            list.push_front(&limits, &n.to_le_bytes());
        }
        let per_element = list.used_bytes() as f64 / list.len() as f64;
        assert!(per_element < 6.3, "{per_element}");
    }
}
