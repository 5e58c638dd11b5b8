//! Places on the earth, kept as the scores of a sorted set.
//!
//! A longitude and a latitude are each cut into 2^26 steps and their bits woven together (G. M. Morton, "A computer
//! oriented geodetic data base", IBM, 1966): 52 bits, which a score holds exactly. Places near each other mostly have
//! scores near each other, and a square of the map is a range of scores. So a place needs no index of its own: a search
//! looks at a square around its centre and at the eight around that, each a range of the sorted set.
//!
//! Everything here is arithmetic on values. It is done step by step in the order in which Redis does it, because the
//! last digit of a distance and the order of a search's results depend on that, and programs compare both.

mod area;
mod cell;
mod nearest;
mod position;
mod search;

pub use area::{Area, Shape};
pub use position::Position;
pub use search::{Found, Order, Search, SearchPlace};
