//! Union, intersection and difference of sorted sets and of whatever else has members, read as scores.
//!
//! A plain set takes part with score one for each member. Inputs are taken in the order of their sizes, smallest first:
//! that makes an intersection cheap, and it is the order in which Redis adds scores up, which shows in their last bit.

use super::member_table::MemberTable;
use super::zset::Zset;
use crate::keyspace::Tools;

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
            let score = number(input.weight * score);
            match result.find(member) {
                Some(handle) => {
                    let score = aggregate.of(result.score(handle), score);
                    result.set_score(handle, score + 0.0);
                }
                None => {
                    result.insert(member, score + 0.0);
                }
            }
            true
        });
    }
    Zset::from_table(result, &tools.limits)
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
        let first = number(smallest.weight * score);
        let score = others.iter().try_fold(first, |total, input| {
            let score = input.source?.score_of(member)?;
            Some(aggregate.of(total, input.weight * score))
        });
        score.is_none_or(|score| visit(member, score))
    });
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
