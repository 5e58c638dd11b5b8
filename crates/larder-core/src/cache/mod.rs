//! What caches and services need beside values: things that would otherwise be scripts.

mod limiter;

pub use limiter::{Limiter, Rate, Verdict};
