//! Searching the places of a sorted set.

use super::cell::Cell;
use super::nearest;
use super::{Area, Position};
use crate::keyspace::Slice;
use crate::value::score::ScoreBound;
use crate::value::zset::Zset;
use std::ops::Range;

/// A place that was found.
#[derive(Clone, Copy, Debug)]
pub struct Found<'z> {
    /// Whose place it is.
    pub member: &'z [u8],
    /// Its score.
    pub score: f64,
    /// Where it is.
    pub position: Position,
    /// How far from the middle of the area, in metres.
    pub distance_m: f64,
}

/// Where a search in slices goes on.
#[derive(Clone, Copy, Debug, Default)]
pub struct SearchPlace {
    cell: usize,
    /// So many of this cell were looked at.
    done: usize,
    found: usize,
}

/// In which order places are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As they are come upon, which means nothing.
    #[default]
    Any,
    /// The nearest first.
    NearestFirst,
    /// The farthest first.
    FarthestFirst,
}

/// What is searched for. Made with [`Search::within`], then narrowed.
///
/// ```
/// use larder_core::value::geo::{Area, Position, Search};
/// let here = Position::new(13.4, 52.5).unwrap();
/// let search = Search::within(Area::circle(here, 2_000.0)).nearest_first().at_most(10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Search {
    area: Area,
    order: Order,
    count: Option<usize>,
    any: bool,
}

impl Search {
    /// Every place in an area, in no order.
    pub fn within(area: Area) -> Search {
        Search { area, order: Order::Any, count: None, any: false }
    }

    /// In this order.
    #[must_use]
    pub fn in_order(self, order: Order) -> Search {
        Search { order, ..self }
    }

    /// The nearest first.
    #[must_use]
    pub fn nearest_first(self) -> Search {
        self.in_order(Order::NearestFirst)
    }

    /// The farthest first.
    #[must_use]
    pub fn farthest_first(self) -> Search {
        self.in_order(Order::FarthestFirst)
    }

    /// At most so many: the first ones of the order; where there is no order, the nearest.
    #[must_use]
    pub fn at_most(self, count: usize) -> Search {
        Search { count: Some(count), any: false, ..self }
    }

    /// At most so many, whichever are come upon first: the order is then only among these. Cheaper than
    /// [`Search::at_most`] where many places are within the area.
    #[must_use]
    pub fn any_of(self, count: usize) -> Search {
        Search { count: Some(count), any: true, ..self }
    }

    /// About how many places [`Search::run`] looks at. O(log M) for M places in the set.
    pub fn looks_at(&self, zset: &Zset) -> usize {
        /// The squares of the map are larger than the area between them, though seldom by so much.
        const SQUARES: usize = 16;
        let most = self.count.filter(|_| self.any).map_or(usize::MAX, |count| count.saturating_mul(SQUARES));
        self.area.cells().map(|cell| ranks(zset, &cell).len()).sum::<usize>().min(most)
    }

    /// The places found. O(N + log M) for N places in the squares of the map around the area, and M in the set.
    pub fn run<'z>(&self, zset: &'z Zset) -> Vec<Found<'z>> {
        let most = self.count.filter(|_| self.any).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        if most == 0 || self.count == Some(0) {
            return found;
        }
        'cells: for cell in self.area.cells() {
            for (member, score) in zset.range(ranks(zset, &cell)) {
                if let Some(place) = self.look(member, score) {
                    found.push(place);
                    if found.len() >= most {
                        break 'cells;
                    }
                }
            }
        }
        self.arrange(&mut found, |found| found.distance_m);
        found
    }

    /// Visits what [`Search::run`] finds, in no order, a slice at a time. Says whether that was all; then the places
    /// are to be arranged.
    pub fn visit_slice(
        &self,
        zset: &Zset,
        place: &mut SearchPlace,
        slice: &mut Slice,
        mut visit: impl FnMut(Found<'_>),
    ) -> bool {
        let most = self.count.filter(|count| self.any || *count == 0).unwrap_or(usize::MAX);
        for cell in self.area.cells().skip(place.cell) {
            let ranks = ranks(zset, &cell);
            for (member, score) in zset.range(ranks.start + place.done..ranks.end) {
                if place.found >= most {
                    return true;
                }
                if slice.left() == 0 {
                    return false;
                }
                place.done += 1;
                slice.add(member.len());
                if let Some(found) = self.look(member, score) {
                    place.found += 1;
                    visit(found);
                }
            }
            (place.cell, place.done) = (place.cell + 1, 0);
        }
        true
    }

    /// The place of a member, if it is within the area.
    fn look<'z>(&self, member: &'z [u8], score: f64) -> Option<Found<'z>> {
        let position = Position::of_score(score);
        let distance_m = self.area.distance_m(position)?;
        Some(Found { member, score, position, distance_m })
    }

    /// Brings places that were visited into the order that is asked for, and leaves out those that are too many.
    pub fn arrange<T>(&self, found: &mut Vec<T>, distance_m: impl Fn(&T) -> f64) {
        let order = if self.order == Order::Any && self.count.is_some() && !self.any {
            Order::NearestFirst
        } else {
            self.order
        };
        let count = self.count.unwrap_or(usize::MAX);
        match order {
            Order::Any => {}
            Order::NearestFirst => nearest::sort(found, count, distance_m),
            Order::FarthestFirst => nearest::sort(found, count, |found| -distance_m(found)),
        }
        found.truncate(count);
    }
}

/// The ranks of the members within a square of the map.
fn ranks(zset: &Zset, cell: &Cell) -> Range<usize> {
    let (from, below) = cell.scores();
    zset.ranks_by_score(ScoreBound::Incl(from), ScoreBound::Excl(below))
}
