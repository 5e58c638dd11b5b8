//! Union, intersection and difference of sorted sets and of whatever else has members, read as scores.
//!
//! A plain set takes part with score one for each member. Inputs are taken in the order of their sizes, smallest first:
//! that makes an intersection cheap, and it is the order in which Redis adds scores up, which shows in their last bit.

use super::member_table::MemberTable;
use super::zset::Zset;
use crate::keyspace::{Slice, Tools};

/// Something with members that have scores.
pub trait Scored {
    /// How many members there are.
    fn len(&self) -> usize;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The score of a member.
    fn score_of(&self, member: &[u8]) -> Option<f64>;
    /// Visits members until `visit` says `false`.
    fn each(&self, visit: &mut dyn FnMut(&[u8], f64) -> bool);
    /// Visits about `count` members from a cursor on, and gives the next cursor; 0 when done.
    fn visit_some(&self, cursor: u64, count: usize, visit: &mut dyn FnMut(&[u8], f64)) -> u64;
}

impl Scored for Zset {
    fn len(&self) -> usize {
        Zset::len(self)
    }

    fn score_of(&self, member: &[u8]) -> Option<f64> {
        self.score(member)
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], f64) -> bool) {
        for (member, score) in self {
            if !visit(member, score) {
                return;
            }
        }
    }

    fn visit_some(&self, cursor: u64, count: usize, visit: &mut dyn FnMut(&[u8], f64)) -> u64 {
        let (start, len) = (cursor as usize, Zset::len(self));
        let end = start.saturating_add(count).min(len);
        self.range(start.min(end)..end).for_each(|(member, score)| visit(member, score));
        if end == len { 0 } else { end as u64 }
    }
}

/// In which way sets become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Combination {
    /// What all of them have.
    Intersection,
    /// What any of them has.
    Union,
    /// What the first has and none of the others.
    Difference,
}

/// How scores of one member from several inputs become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Aggregate {
    /// Their sum.
    #[default]
    Sum,
    /// The least.
    Min,
    /// The greatest.
    Max,
}

impl Aggregate {
    /// Where infinities of both signs meet, the result is zero.
    fn of(self, a: f64, b: f64) -> f64 {
        match self {
            Aggregate::Sum => number(a + b),
            Aggregate::Min => {
                if b < a {
                    b
                } else {
                    a
                }
            }
            Aggregate::Max => {
                if b > a {
                    b
                } else {
                    a
                }
            }
        }
    }
}

fn number(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score }
}

/// An input and its weight. A key that does not exist is no input of a union, and makes an intersection empty.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The members; `None` for none.
    pub source: Option<&'a dyn Scored>,
    /// What each score is multiplied by.
    pub weight: f64,
}

impl<'a> Input<'a> {
    /// An input with weight one.
    pub fn new(source: Option<&'a dyn Scored>) -> Input<'a> {
        Input { source, weight: 1.0 }
    }
}

impl std::fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input")
            .field("len", &self.source.map(Scored::len))
            .field("weight", &self.weight)
            .finish()
    }
}

/// The inputs by size; those that do not exist have none.
fn by_size<'a>(inputs: &[Input<'a>]) -> Vec<Input<'a>> {
    let mut sorted = inputs.to_vec();
    sorted.sort_by_key(|input| input.source.map_or(0, Scored::len));
    sorted
}

/// Every member of any input. O(n log n) of the members in all.
pub fn union(tools: &Tools<'_>, inputs: &[Input<'_>], aggregate: Aggregate) -> Zset {
    let mut result = MemberTable::new(tools.hasher);
    for input in by_size(inputs) {
        let Some(source) = input.source else { continue };
        source.each(&mut |member, score| {
            unite(&mut result, member, number(input.weight * score), aggregate);
            true
        });
    }
    Zset::from_table(result, &tools.limits)
}

fn unite(result: &mut MemberTable, member: &[u8], score: f64, aggregate: Aggregate) {
    match result.find(member) {
        Some(handle) => {
            let score = aggregate.of(result.score(handle), score);
            result.set_score(handle, score + 0.0);
        }
        None => {
            result.insert(member, score + 0.0);
        }
    }
}

/// The members that all inputs have. O(n k), with n the size of the smallest of k inputs.
pub fn intersection(tools: &Tools<'_>, inputs: &[Input<'_>], aggregate: Aggregate) -> Zset {
    let mut result = MemberTable::new(tools.hasher);
    each_in_all(inputs, aggregate, &mut |member, score| {
        result.insert(member, score + 0.0);
        true
    });
    Zset::from_table(result, &tools.limits)
}

/// How many members all inputs have, counted up to `limit` (0 for no limit).
pub fn intersection_len(inputs: &[Input<'_>], limit: usize) -> usize {
    let mut count = 0;
    each_in_all(inputs, Aggregate::Sum, &mut |_, _| {
        count += 1;
        count != limit
    });
    count
}

fn each_in_all(inputs: &[Input<'_>], aggregate: Aggregate, visit: &mut dyn FnMut(&[u8], f64) -> bool) {
    let sorted = by_size(inputs);
    let Some((smallest, others)) = sorted.split_first() else { return };
    let Some(source) = smallest.source else { return };
    source.each(&mut |member, score| {
        let score = common(number(smallest.weight * score), others, member, aggregate);
        score.is_none_or(|score| visit(member, score))
    });
}

/// The score of a member of the first input, if all others have it.
fn common(first: f64, others: &[Input<'_>], member: &[u8], aggregate: Aggregate) -> Option<f64> {
    others.iter().try_fold(first, |total, input| {
        let score = input.source?.score_of(member)?;
        Some(aggregate.of(total, input.weight * score))
    })
}

/// The members that all inputs have, counted in slices.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shared {
    count: usize,
    cursor: u64,
}

impl Shared {
    /// Goes on, as far as a slice allows; the inputs are to be those of the slices before. Says whether that was all.
    pub fn go_on(&mut self, inputs: &[Input<'_>], slice: &mut Slice) -> bool {
        let sorted = by_size(inputs);
        let Some((smallest, others)) = sorted.split_first() else { return true };
        let Some(source) = smallest.source else { return true };
        while slice.left() > 0 {
            self.cursor = source.visit_some(self.cursor, Partial::STEP, &mut |member, score| {
                slice.add(member.len());
                others.iter().for_each(|_| slice.add(0));
                self.count += usize::from(common(score, others, member, Aggregate::Sum).is_some());
            });
            slice.add(0);
            if self.cursor == 0 {
                return true;
            }
        }
        false
    }

    /// How many there are, among those gone through.
    pub fn count(&self) -> usize {
        self.count
    }
}

/// A combination that is put together in slices.
#[derive(Default)]
pub struct Partial {
    members: Option<MemberTable>,
    /// The input that is gone through, of those in the order of their sizes, and how far.
    input: usize,
    cursor: u64,
}

impl Partial {
    /// Members that are asked for at a time: finding the first of them takes as long as several.
    const STEP: usize = 32;

    /// Goes on, as far as a slice allows; the inputs are to be those of the slices before. Says whether that was all.
    pub fn go_on(
        &mut self,
        how: Combination,
        tools: &Tools<'_>,
        inputs: &[Input<'_>],
        aggregate: Aggregate,
        slice: &mut Slice,
    ) -> bool {
        let sorted = if how == Combination::Difference { inputs.to_vec() } else { by_size(inputs) };
        let members = self.members.get_or_insert_with(|| MemberTable::new(tools.hasher));
        loop {
            let Some((input, others)) = sorted.get(self.input..).and_then(<[_]>::split_first) else {
                return true;
            };
            let mut add = |member: &[u8], score: f64| {
                slice.add(member.len());
                let weighed = number(input.weight * score);
                match how {
                    Combination::Union => unite(members, member, weighed, aggregate),
                    Combination::Intersection => {
                        others.iter().for_each(|_| slice.add(0));
                        if let Some(score) = common(weighed, others, member, aggregate) {
                            members.insert(member, score + 0.0);
                        }
                    }
                    Combination::Difference => {
                        others.iter().for_each(|_| slice.add(0));
                        let mut others = others.iter().filter_map(|input| input.source);
                        if !others.any(|other| other.score_of(member).is_some()) {
                            members.insert(member, score);
                        }
                    }
                }
            };
            self.cursor =
                input.source.map_or(0, |source| source.visit_some(self.cursor, Partial::STEP, &mut add));
            slice.add(0);
            if self.cursor == 0 {
                if how != Combination::Union {
                    return true;
                }
                self.input += 1;
            }
            if slice.left() == 0 {
                return false;
            }
        }
    }

    /// The whole. O(n log n).
    pub fn into_zset(self, tools: &Tools<'_>) -> Zset {
        let members = self.members.unwrap_or_else(|| MemberTable::new(tools.hasher));
        Zset::from_table(members, &tools.limits)
    }
}

impl std::fmt::Debug for Partial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Partial")
            .field("len", &self.members.as_ref().map(MemberTable::len))
            .finish_non_exhaustive()
    }
}

/// The members of the first input that no other has, with the scores they have there.
pub fn difference(tools: &Tools<'_>, inputs: &[Input<'_>]) -> Zset {
    let mut result = MemberTable::new(tools.hasher);
    if let Some((Input { source: Some(first), .. }, others)) = inputs.split_first() {
        let others: Vec<&dyn Scored> = others.iter().filter_map(|input| input.source).collect();
        first.each(&mut |member, score| {
            if !others.iter().any(|other| other.score_of(member).is_some()) {
                result.insert(member, score);
            }
            true
        });
    }
    Zset::from_table(result, &tools.limits)
}
