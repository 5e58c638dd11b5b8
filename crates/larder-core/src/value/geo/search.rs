//! Searching the places of a sorted set.

use super::nearest;
use super::{Area, Position};
use crate::value::score::ScoreBound;
use crate::value::zset::Zset;

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
        let ranks = self.area.cells().map(|cell| {
            let (from, below) = cell.scores();
            zset.ranks_by_score(ScoreBound::Incl(from), ScoreBound::Excl(below)).len()
        });
        ranks.sum::<usize>().min(most)
    }

    /// The places found. O(N + log M) for N places in the squares of the map around the area, and M in the set.
    pub fn run<'z>(&self, zset: &'z Zset) -> Vec<Found<'z>> {
        let most = self.count.filter(|_| self.any).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        if most == 0 || self.count == Some(0) {
            return found;
        }
        'cells: for cell in self.area.cells() {
            let (from, below) = cell.scores();
            let ranks = zset.ranks_by_score(ScoreBound::Incl(from), ScoreBound::Excl(below));
            for (member, score) in zset.range(ranks) {
                let position = Position::of_score(score);
                if let Some(distance_m) = self.area.distance_m(position) {
                    found.push(Found { member, score, position, distance_m });
                    if found.len() >= most {
                        break 'cells;
                    }
                }
            }
        }
        let order = if self.order == Order::Any && self.count.is_some() && !self.any {
            Order::NearestFirst
        } else {
            self.order
        };
        let count = self.count.unwrap_or(usize::MAX);
        match order {
            Order::Any => {}
            Order::NearestFirst => nearest::sort(&mut found, count, |found| found.distance_m),
            Order::FarthestFirst => nearest::sort(&mut found, count, |found| -found.distance_m),
        }
        found.truncate(count);
        found
    }
}
