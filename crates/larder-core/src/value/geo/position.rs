//! One place: its coordinates, its score, and how far it is from another.

use super::cell::{Cell, STEP_MAX};

/// The radius of the earth in metres, as a sphere.
pub(super) const EARTH_RADIUS_M: f64 = 6_372_797.560_856;
/// Beyond these latitudes the map (web Mercator, which is a square) has no room.
pub(super) const LATITUDE_MAX: f64 = 85.051_128_78;
pub(super) const LONGITUDE_MAX: f64 = 180.0;
/// The letters of the public geohash, in the order of their values.
const LETTERS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";

const RADIANS_PER_DEGREE: f64 = std::f64::consts::PI / 180.0;

pub(super) fn radians(degrees: f64) -> f64 {
    degrees * RADIANS_PER_DEGREE
}

/// A division, where [`f64::to_degrees`] multiplies: the last bit differs.
pub(super) fn degrees(radians: f64) -> f64 {
    radians / RADIANS_PER_DEGREE
}

/// A place, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    longitude: f64,
    latitude: f64,
}

impl Position {
    /// `None` where it is not on the map: longitudes go from -180 to 180, latitudes from -85.05112878 to 85.05112878.
    pub fn new(longitude: f64, latitude: f64) -> Option<Position> {
        let on_map = (-LONGITUDE_MAX..=LONGITUDE_MAX).contains(&longitude)
            && (-LATITUDE_MAX..=LATITUDE_MAX).contains(&latitude);
        on_map.then_some(Position { longitude, latitude })
    }

    /// Degrees east of Greenwich.
    pub fn longitude(self) -> f64 {
        self.longitude
    }

    /// Degrees north of the equator.
    pub fn latitude(self) -> f64 {
        self.latitude
    }

    /// The score under which it is kept. It is exact to within 0.6 metres.
    pub fn score(self) -> f64 {
        Cell::around(self, STEP_MAX).bits() as f64
    }

    /// The place of a score: the middle of the smallest square that the score stands for. Any number gives some place.
    pub fn of_score(score: f64) -> Position {
        let square = Cell::of_bits(whole(score)).square(LATITUDE_MAX);
        let middle = |min: f64, max: f64, most: f64| min.midpoint(max).clamp(-most, most);
        Position {
            longitude: middle(square.west, square.east, LONGITUDE_MAX),
            latitude: middle(square.south, square.north, LATITUDE_MAX),
        }
    }

    /// How far away another place is, in metres, by the haversine formula (R. W. Sinnott, "Virtues of the Haversine",
    /// Sky and Telescope 68/2, 1984).
    pub fn distance_m(self, other: Position) -> f64 {
        let v = ((radians(other.longitude) - radians(self.longitude)) / 2.0).sin();
        if v == 0.0 {
            return latitude_distance_m(self.latitude, other.latitude);
        }
        let (from, to) = (radians(self.latitude), radians(other.latitude));
        let u = ((to - from) / 2.0).sin();
        2.0 * EARTH_RADIUS_M * (u * u + from.cos() * to.cos() * v * v).sqrt().asin()
    }

    /// The public geohash in eleven letters (G. Niemeyer, 2008), which cuts latitudes up to the poles. The 52 bits are
    /// ten letters; the eleventh is always `0`.
    pub fn geohash(self) -> [u8; 11] {
        let bits = Cell::within(self, STEP_MAX, 90.0).bits();
        let mut text = [LETTERS[0]; 11];
        for (letter, shift) in text.iter_mut().zip((2..=47).rev().step_by(5)) {
            *letter = LETTERS[(bits >> shift) as usize & 31];
        }
        text
    }
}

/// How far apart two latitudes are on a meridian, in metres.
pub(super) fn latitude_distance_m(a: f64, b: f64) -> f64 {
    EARTH_RADIUS_M * (radians(b) - radians(a)).abs()
}

/// A score as a whole number, as x86 converts it: any score can be asked for its place, and those that no place has
/// must lead to the same one as in Redis.
fn whole(score: f64) -> u64 {
    const HALF: f64 = (1_u64 << 63) as f64;
    let signed = |score: f64| if (-HALF..HALF).contains(&score) { score as i64 } else { i64::MIN };
    if score < HALF { signed(score) as u64 } else { signed(score - HALF) as u64 ^ 1 << 63 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(longitude: f64, latitude: f64) -> Position {
        Position::new(longitude, latitude).expect("it is on the map")
    }

    #[test]
    fn scores_and_distances_are_those_of_redis() {
        let (palermo, catania) = (at(13.361_389, 38.115_556), at(15.087_269, 37.502_669));
        assert_eq!(palermo.score(), 3_479_099_956_230_698.0);
        assert_eq!(catania.score(), 3_479_447_370_796_909.0);
        let (palermo, catania) = (Position::of_score(palermo.score()), Position::of_score(catania.score()));
        assert_eq!(palermo.longitude(), 13.361_389_338_970_184);
        assert_eq!(palermo.latitude(), 38.115_556_395_496_3);
        assert_eq!(format!("{:.4}", palermo.distance_m(catania)), "166274.1516");
        assert_eq!(&palermo.geohash(), b"sqc8b49rny0");
        assert_eq!(&catania.geohash(), b"sqdtr74hyu0");
    }

    #[test]
    fn the_edges_of_the_map_are_on_it() {
        assert_eq!(at(180.0, LATITUDE_MAX).score(), 13_510_798_882_111_488.0);
        assert_eq!(at(-180.0, -LATITUDE_MAX).score(), 0.0);
        for (longitude, latitude) in [(180.1, 0.0), (0.0, 85.1), (f64::NAN, 0.0), (0.0, f64::NEG_INFINITY)] {
            assert_eq!(Position::new(longitude, latitude), None);
        }
    }

    #[test]
    fn a_place_is_found_again_within_its_smallest_square() {
        let mut rng = crate::Rng::seeded(1);
        for _ in 0..10_000 {
            let mut degrees = |most: f64| (rng.below(2_000_001) as f64 / 1_000_000.0 - 1.0) * most;
            let place = at(degrees(LONGITUDE_MAX), degrees(LATITUDE_MAX));
            let kept = Position::of_score(place.score());
            assert!(place.distance_m(kept) < 0.6, "{place:?} {kept:?}");
            assert!(
                (place.longitude - kept.longitude).abs() < 3e-6
                    && (place.latitude - kept.latitude).abs() < 2e-6
            );
        }
    }

    #[test]
    fn every_score_has_a_place() {
        for score in [-5.0, 1.5, 1e300, -1e300, f64::INFINITY, f64::NEG_INFINITY, 1.844_674_407_370_955_2e19]
        {
            let place = Position::of_score(score);
            assert!(Position::new(place.longitude, place.latitude).is_some(), "{score}: {place:?}");
        }
        assert_eq!((whole(-5.0), whole(1.5), whole(HALF)), (u64::MAX - 4, 1, 1 << 63));
        assert_eq!((whole(f64::INFINITY), whole(-1e300)), (0, 1 << 63));
    }

    const HALF: f64 = (1_u64 << 63) as f64;
}
