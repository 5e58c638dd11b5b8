//! Places: members of a sorted set whose scores say where they are.

use super::Db;
use crate::error::Result;
use crate::value::geo::{Position, Search};
use crate::value::zset::{Inserted, Zset};

/// Places of a database. See [`Db::geo`].
#[derive(Clone, Copy, Debug)]
pub struct Geo<'d>(pub(super) &'d Db);

/// A place that was found, copied from its set.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Whose place it is.
    pub member: Vec<u8>,
    /// Where it is.
    pub position: Position,
    /// How far from the middle of what was searched, in metres.
    pub distance_m: f64,
}

impl Geo<'_> {
    /// Gives a member a place, or another one. Says whether the member is new. O(log N).
    ///
    /// ```
    /// # let db = larder_core::Engine::new().db();
    /// use larder_core::value::geo::{Area, Position, Search};
    /// let (palermo, catania) = (Position::new(13.361389, 38.115556), Position::new(15.087269, 37.502669));
    /// db.geo().add("sicily", "Palermo", palermo.unwrap())?;
    /// db.geo().add("sicily", "Catania", catania.unwrap())?;
    ///
    /// let here = Position::new(15.0, 37.0).unwrap();
    /// let near = db.geo().search("sicily", Search::within(Area::circle(here, 100_000.0)))?;
    /// assert_eq!(near[0].member, b"Catania");
    /// assert_eq!(db.geo().distance_m("sicily", "Palermo", "Catania")?.map(f64::round), Some(166_274.0));
    /// # Ok::<(), larder_core::Error>(())
    /// ```
    pub fn add(&self, key: impl AsRef<[u8]>, member: impl AsRef<[u8]>, position: Position) -> Result<bool> {
        self.0.grow::<Zset, _>(key.as_ref(), |edit| {
            let inserted = edit.collection.insert(&edit.tools, member.as_ref(), position.score());
            if !matches!(inserted, Inserted::Same) {
                edit.report("zadd");
            }
            matches!(inserted, Inserted::Added)
        })
    }

    /// Where a member is, to within 0.6 metres of where it was put. O(1).
    pub fn position(&self, key: impl AsRef<[u8]>, member: impl AsRef<[u8]>) -> Result<Option<Position>> {
        let score = self.0.look::<Zset, _>(key.as_ref(), |zset| zset.score(member.as_ref()))?;
        Ok(score.flatten().map(Position::of_score))
    }

    /// How far two members are from each other, in metres; `None` where one is missing. O(1).
    pub fn distance_m(
        &self,
        key: impl AsRef<[u8]>,
        from: impl AsRef<[u8]>,
        to: impl AsRef<[u8]>,
    ) -> Result<Option<f64>> {
        let places = self.0.look::<Zset, _>(key.as_ref(), |zset| {
            let place = |member| zset.score(member).map(Position::of_score);
            Some((place(from.as_ref())?, place(to.as_ref())?))
        })?;
        Ok(places.flatten().map(|(from, to)| from.distance_m(to)))
    }

    /// The places within an area. O(N + log M) for N places in the squares of the map around it, and M in the set.
    pub fn search(&self, key: impl AsRef<[u8]>, search: Search) -> Result<Vec<Place>> {
        let found = self.0.look::<Zset, _>(key.as_ref(), |zset| {
            let copied = search.run(zset).into_iter().map(|found| Place {
                member: found.member.to_vec(),
                position: found.position,
                distance_m: found.distance_m,
            });
            copied.collect()
        })?;
        Ok(found.unwrap_or_default())
    }

    /// Forgets the place of a member. Says whether it had one. O(log N).
    pub fn remove(&self, key: impl AsRef<[u8]>, member: impl AsRef<[u8]>) -> Result<bool> {
        self.0.zsets().remove(key, member)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::geo::Area;
    use crate::{Engine, Rng};

    /// What a search must find, told by looking at every place.
    #[test]
    fn a_search_finds_what_is_within_and_nothing_else() {
        let db = Engine::new().db();
        let mut rng = Rng::seeded(7);
        let mut degrees = |most: f64| (rng.below(2_000_001) as f64 / 1_000_000.0 - 1.0) * most;
        let mut place = || Position::new(degrees(179.0), degrees(70.0)).expect("it is on the map");
        let all: Vec<String> = (0..2_000).map(|n| format!("place:{n}")).collect();
        for member in &all {
            assert_eq!(db.geo().add("places", member, place()), Ok(true));
        }
        let positions: Vec<Position> =
            all.iter().map(|m| db.geo().position("places", m).unwrap().expect("it has one")).collect();
        for round in 0..200 {
            let radius_m = f64::from(1 + round) * 10_000.0;
            let area = match round % 2 {
                0 => Area::circle(place(), radius_m),
                _ => Area::rectangle(place(), radius_m, 2.0 * radius_m),
            };
            let mut expected: Vec<f64> = positions.iter().filter_map(|p| area.distance_m(*p)).collect();
            expected.sort_by(f64::total_cmp);
            let distances = |search: Search| -> Vec<f64> {
                db.geo()
                    .search("places", search)
                    .expect("a sorted set")
                    .iter()
                    .map(|p| p.distance_m)
                    .collect()
            };
            assert_eq!(distances(Search::within(area).nearest_first()), expected, "{area:?}");
            let nearest = distances(Search::within(area).at_most(3));
            assert_eq!(nearest, expected[..expected.len().min(3)]);
            assert_eq!(distances(Search::within(area).any_of(3)).len(), nearest.len());
            let mut farthest = distances(Search::within(area).farthest_first());
            farthest.reverse();
            assert_eq!(farthest, expected);
        }
        assert_eq!(db.geo().distance_m("places", "place:1", "nowhere"), Ok(None));
        assert_eq!(db.geo().remove("places", "place:1"), Ok(true));
        assert_eq!(db.geo().position("places", "place:1"), Ok(None));
    }
}
