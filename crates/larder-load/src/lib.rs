//! What a load is made of: which keys are asked for and how often, how large values are, and how long answers took.
//!
//! The load generator, the benches and the comparisons with rivals all draw from here, so that "Zipf 0.99" means the
//! same traffic everywhere. It does no I/O, reads no clock, and depends on nothing.
//!
//! - [`Distribution`], [`Keys`]: which key comes next.
//! - [`Sizes`]: how large a value is.
//! - [`Histogram`]: times, and what share of them was below which.
//! - [`Random`]: numbers that a seed repeats.
#![forbid(unsafe_code)]

mod histogram;
mod keys;
mod random;
mod sizes;
mod zipf;

pub use histogram::Histogram;
pub use keys::{Distribution, Keys};
pub use random::Random;
pub use sizes::Sizes;
