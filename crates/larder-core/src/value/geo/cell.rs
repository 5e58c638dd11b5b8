//! Squares of the map: the world cut into 2^step columns and as many rows.

use super::position::{LATITUDE_MAX, LONGITUDE_MAX, Position};

/// The finest cut, of which a score is made.
pub(super) const STEP_MAX: u32 = 26;

/// One square of a cut. A place on the eastern or northern edge of the map is in a column or row just beyond the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    column: u32,
    row: u32,
    step: u32,
}

/// The sides of a square, in degrees.
#[derive(Clone, Copy, Debug)]
pub(super) struct Square {
    pub(super) west: f64,
    pub(super) east: f64,
    pub(super) south: f64,
    pub(super) north: f64,
}

impl Cell {
    /// The square that a place is in.
    pub(super) fn around(place: Position, step: u32) -> Cell {
        Cell::within(place, step, LATITUDE_MAX)
    }

    /// The same on a map up to other latitudes.
    pub(super) fn within(place: Position, step: u32, latitude_max: f64) -> Cell {
        let steps = f64::from(1_u32 << step);
        let part = |degrees: f64, most: f64| ((degrees + most) / (most + most) * steps) as u32;
        Cell {
            column: part(place.longitude(), LONGITUDE_MAX),
            row: part(place.latitude(), latitude_max),
            step,
        }
    }

    /// The smallest square of these bits.
    pub(super) fn of_bits(bits: u64) -> Cell {
        Cell { column: every_other(bits >> 1), row: every_other(bits), step: STEP_MAX }
    }

    /// The bits of column and row woven together, those of the row first.
    pub(super) fn bits(self) -> u64 {
        spread(self.row) | spread(self.column) << 1
    }

    /// The scores of the places in it: from the first to below the second.
    pub(super) fn scores(self) -> (f64, f64) {
        let (bits, shift) = (self.bits(), 2 * (STEP_MAX - self.step));
        ((bits << shift) as f64, ((bits + 1) << shift) as f64)
    }

    /// The square so many columns and rows away, around the world where the map ends.
    pub(super) fn neighbour(self, columns: i32, rows: i32) -> Cell {
        let mask = (1_u32 << self.step) - 1;
        let moved = |at: u32, by: i32| if by == 0 { at } else { at.wrapping_add_signed(by) & mask };
        Cell { column: moved(self.column, columns), row: moved(self.row, rows), step: self.step }
    }

    /// Its sides, on a map up to these latitudes.
    pub(super) fn square(self, latitude_max: f64) -> Square {
        let steps = f64::from(1_u32 << self.step);
        let side = |at: u32, most: f64| f64::from(at) / steps * (most + most) - most;
        Square {
            west: side(self.column, LONGITUDE_MAX),
            east: side(self.column.wrapping_add(1), LONGITUDE_MAX),
            south: side(self.row, latitude_max),
            north: side(self.row.wrapping_add(1), latitude_max),
        }
    }
}

/// The bits of a number, each with a zero before it ("Interleave bits by Binary Magic Numbers", S. E. Anderson, Bit
/// Twiddling Hacks).
fn spread(n: u32) -> u64 {
    let mut bits = u64::from(n);
    bits = (bits | bits << 16) & 0x0000_ffff_0000_ffff;
    bits = (bits | bits << 8) & 0x00ff_00ff_00ff_00ff;
    bits = (bits | bits << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    bits = (bits | bits << 2) & 0x3333_3333_3333_3333;
    (bits | bits << 1) & 0x5555_5555_5555_5555
}

/// Every other bit, from the lowest on: what [`spread`] spread.
fn every_other(bits: u64) -> u32 {
    let mut bits = bits & 0x5555_5555_5555_5555;
    bits = (bits | bits >> 1) & 0x3333_3333_3333_3333;
    bits = (bits | bits >> 2) & 0x0f0f_0f0f_0f0f_0f0f;
    bits = (bits | bits >> 4) & 0x00ff_00ff_00ff_00ff;
    bits = (bits | bits >> 8) & 0x0000_ffff_0000_ffff;
    (bits | bits >> 16) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_woven_and_taken_apart() {
        for n in [0, 1, 0xffff_ffff, 0x0123_4567, 1 << 26] {
            assert_eq!(every_other(spread(n)), n);
            assert_eq!(every_other(spread(n) << 1), 0);
        }
        assert_eq!(Cell { column: 0b11, row: 0b00, step: 2 }.bits(), 0b1010);
    }

    #[test]
    fn the_world_is_round() {
        let corner = Cell { column: 0, row: 3, step: 2 };
        assert_eq!(corner.neighbour(-1, 1), Cell { column: 3, row: 0, step: 2 });
        // Who is beyond the last column stays there until it moves.
        let beyond = Cell { column: 4, row: 1, step: 2 };
        assert_eq!(beyond.neighbour(0, 1).column, 4);
        assert_eq!((beyond.neighbour(1, 0).column, beyond.neighbour(-1, 0).column), (1, 3));
    }

    #[test]
    fn a_square_is_a_range_of_scores() {
        let place = Position::new(13.361_389, 38.115_556).expect("it is on the map");
        for step in 1..=STEP_MAX {
            let cell = Cell::around(place, step);
            let (from, below) = cell.scores();
            assert!((from..below).contains(&place.score()));
            let square = cell.square(LATITUDE_MAX);
            assert!((square.west..square.east).contains(&13.361_389));
            assert!((square.south..square.north).contains(&38.115_556));
        }
    }
}
