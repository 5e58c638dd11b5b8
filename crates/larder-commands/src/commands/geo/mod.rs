//! Places on the earth, kept in sorted sets.
//! The list is written by `cargo xtask codegen`.

pub(crate) mod asked;
pub(crate) mod geoadd;
pub(crate) mod geodist;
pub(crate) mod geohash;
pub(crate) mod geopos;
pub(crate) mod georadius;
pub(crate) mod geosearch;
pub(crate) mod units;
