//! What a search looks within: a circle or a box around a place, and the squares of the map that cover it.

use super::cell::{Cell, Square};
use super::position::{EARTH_RADIUS_M, LATITUDE_MAX, Position, degrees, latitude_distance_m, radians};

/// Half the side of the map, in metres.
const MAP_HALF_M: f64 = 20_037_726.37;

/// A form, in metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// Everything up to this far away.
    Circle {
        /// Up to this far.
        radius_m: f64,
    },
    /// A box that stands upright on the map.
    Box {
        /// From west to east, through the middle.
        width_m: f64,
        /// From south to north.
        height_m: f64,
    },
}

/// A form around a place. Lengths below zero make an area in which nothing is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// The middle.
    pub center: Position,
    /// The form.
    pub shape: Shape,
}

impl Area {
    /// Everything up to so many metres away.
    pub fn circle(center: Position, radius_m: f64) -> Area {
        Area { center, shape: Shape::Circle { radius_m } }
    }

    /// A box of this width and height in metres, around its middle.
    pub fn rectangle(center: Position, width_m: f64, height_m: f64) -> Area {
        Area { center, shape: Shape::Box { width_m, height_m } }
    }

    /// How far a place is from the middle, in metres, if it is within.
    ///
    /// Between places opposite each other rounding can make the sine of half the way more than one, and the distance no
    /// number. Redis counts such a place as within, since nothing says that it is beyond.
    pub fn distance_m(&self, place: Position) -> Option<f64> {
        let beyond = |distance_m: f64, most: f64| distance_m > most;
        match self.shape {
            Shape::Circle { radius_m } => {
                Some(self.center.distance_m(place)).filter(|distance| !beyond(*distance, radius_m))
            }
            Shape::Box { width_m, height_m } => {
                let up = latitude_distance_m(place.latitude(), self.center.latitude());
                if beyond(up, height_m / 2.0) {
                    return None;
                }
                // Widths are measured at the latitude of the place.
                let across = Position::new(self.center.longitude(), place.latitude())?;
                (!beyond(place.distance_m(across), width_m / 2.0)).then(|| self.center.distance_m(place))
            }
        }
    }

    /// From the middle to the sides, in metres, and to the farthest point.
    fn reach_m(&self) -> (f64, f64, f64) {
        match self.shape {
            Shape::Circle { radius_m } => (radius_m, radius_m, radius_m),
            Shape::Box { width_m, height_m } => {
                let (width, height) = (width_m / 2.0, height_m / 2.0);
                (width, height, (width * width + height * height).sqrt())
            }
        }
    }

    /// The sides of the box around it, in degrees: not where it is on the earth if it goes beyond a pole or the date
    /// line.
    fn bounds(&self) -> Square {
        let (width_m, height_m, _) = self.reach_m();
        let Area { center, .. } = self;
        let up = degrees(height_m / EARTH_RADIUS_M);
        // Degrees of longitude are shortest on the side towards the pole.
        let poleward = if center.latitude() < 0.0 { center.latitude() - up } else { center.latitude() + up };
        let aside = degrees(width_m / EARTH_RADIUS_M / radians(poleward).cos());
        Square {
            west: center.longitude() - aside,
            east: center.longitude() + aside,
            south: center.latitude() - up,
            north: center.latitude() + up,
        }
    }

    /// The squares that cover it, in the order in which they are looked through: the middle, then those beside it. A
    /// square that is the same as the one before (in a cut into very few) is there once.
    pub(super) fn cells(&self) -> impl Iterator<Item = Cell> {
        const AROUND: [(i32, i32); 8] =
            [(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)];
        let bounds = self.bounds();
        let mut step = finest_step(self.reach_m().2, self.center.latitude());
        let mut middle = Cell::around(self.center, step);
        if step > 1 && !covers(middle, &bounds) {
            step -= 1;
            middle = Cell::around(self.center, step);
        }
        let square = middle.square(LATITUDE_MAX);
        // Where the middle square reaches beyond the bounds, what lies on that side of it is left out.
        let needed = move |(columns, rows): &(i32, i32)| {
            step < 2
                || !(*rows < 0 && square.south < bounds.south
                    || *rows > 0 && square.north > bounds.north
                    || *columns < 0 && square.west < bounds.west
                    || *columns > 0 && square.east > bounds.east)
        };
        let mut last = None;
        let around = AROUND.into_iter().filter(needed).filter_map(move |(columns, rows)| {
            let cell = Some(middle.neighbour(columns, rows));
            let new = cell != last;
            last = cell;
            cell.filter(|_| new)
        });
        std::iter::once(middle).chain(around)
    }
}

/// The finest cut in which a square and its eight neighbours cover most areas of this reach.
fn finest_step(reach_m: f64, latitude: f64) -> u32 {
    if reach_m == 0.0 {
        return super::cell::STEP_MAX;
    }
    let (mut step, mut reach_m) = (1, reach_m);
    while reach_m < MAP_HALF_M {
        reach_m *= 2.0;
        step += 1;
    }
    // Towards the poles a degree of longitude is short, so squares must be larger.
    let polar = i32::from(latitude.abs() > 66.0) + i32::from(latitude.abs() > 80.0);
    (step - 2 - polar).clamp(1, super::cell::STEP_MAX as i32) as u32
}

/// Whether a square and its neighbours reach as far as these bounds. Each neighbour is asked for its own outer side, as
/// it stands on the map.
fn covers(middle: Cell, bounds: &Square) -> bool {
    let beside = |columns, rows| middle.neighbour(columns, rows).square(LATITUDE_MAX);
    !(beside(0, 1).north < bounds.north
        || beside(0, -1).south > bounds.south
        || beside(1, 0).east < bounds.east
        || beside(-1, 0).west > bounds.west)
}
