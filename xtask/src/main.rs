//! Code generation, tidiness and the whole check.
fn main() {}
