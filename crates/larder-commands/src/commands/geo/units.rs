//! Coordinates and lengths as words of a line, and back: what all commands about places read and write.

use crate::prelude::*;
use larder_core::value::geo::Position;
use larder_core::value::score::parse_score;

/// The argument that names a unit.
pub(super) const UNIT: Arg = Arg::one_of(
    "unit",
    &[Arg::word("m", "M"), Arg::word("km", "KM"), Arg::word("ft", "FT"), Arg::word("mi", "MI")],
);

/// Reads a longitude and a latitude.
pub(super) fn position(longitude: &[u8], latitude: &[u8]) -> Result<Position> {
    let longitude = parse_score(longitude).ok_or(Error::NOT_FLOAT)?;
    let latitude = parse_score(latitude).ok_or(Error::NOT_FLOAT)?;
    Position::new(longitude, latitude).ok_or_else(|| {
        Error::general(format_args!("invalid longitude,latitude pair {longitude:.6},{latitude:.6}"))
    })
}

/// Reads a unit: so many metres.
pub(super) fn unit(word: &[u8]) -> Result<f64> {
    const UNITS: [(&str, f64); 4] = [("M", 1.0), ("KM", 1_000.0), ("FT", 0.3048), ("MI", 1_609.34)];
    let known = UNITS.iter().find(|(name, _)| is(word, name)).map(|(_, metres)| *metres);
    known.ok_or_else(|| Error::general("unsupported unit provided. please use M, KM, FT, MI"))
}

/// Reads a number that an error calls by this name.
pub(super) fn length(word: &[u8], name: &str) -> Result<f64> {
    parse_score(word).ok_or_else(|| Error::general(format_args!("need numeric {name}")))
}

/// Writes a place: two numbers with as many decimals as Redis gives, which are more than would tell it from others.
pub(super) fn write_position(out: &mut dyn Reply, position: Position) {
    out.array(2);
    for degrees in [position.longitude(), position.latitude()] {
        let text = format!("{degrees:.17}");
        out.decimal(degrees, text.trim_end_matches('0').trim_end_matches('.'));
    }
}

/// Writes a distance: text in either protocol.
pub(super) fn write_distance(out: &mut dyn Reply, distance: f64) {
    if distance.is_nan() {
        return out.bulk(if distance.is_sign_negative() { b"-nan" } else { b"nan" });
    }
    out.bulk(format!("{distance:.4}").as_bytes());
}
