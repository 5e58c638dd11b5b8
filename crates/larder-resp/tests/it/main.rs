//! Properties of the codec, over generated values, streams and cuts.
//!
//! The seed is fixed so that a run is repeatable; `PROPTEST_RNG_SEED=n PROPTEST_CASES=n cargo test -p larder-resp`
//! looks elsewhere.

mod replies;
mod requests;

use proptest::prelude::ProptestConfig;
use proptest::test_runner::RngSeed;

/// The configuration of all properties.
fn repeatable() -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    match config.rng_seed {
        RngSeed::Random => ProptestConfig { rng_seed: RngSeed::Fixed(0x1a_4de4), ..config },
        RngSeed::Fixed(_) => config,
    }
}

/// `wire` in pieces, whose lengths are taken from `lengths` over and over.
fn pieces<'w>(mut wire: &'w [u8], lengths: &[usize]) -> Vec<&'w [u8]> {
    let mut pieces = Vec::new();
    for &length in lengths.iter().cycle() {
        if wire.is_empty() {
            break;
        }
        let (piece, rest) = wire.split_at(length.clamp(1, wire.len()));
        pieces.push(piece);
        wire = rest;
    }
    pieces
}
