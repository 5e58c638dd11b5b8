//! Random numbers for sampling and for choosing members: fast, seeded, not secret.
//!
//! `SplitMix64` (Steele, Lea, Flood, OOPSLA 2014): one word of state, passes the usual tests, and a seed repeats a run.

/// A seeded generator.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A generator that repeats itself for the same seed.
    pub fn seeded(seed: u64) -> Rng {
        Rng(seed)
    }

    /// A seed from the operating system's randomness.
    pub fn entropy() -> u64 {
        use std::hash::{BuildHasher, Hasher, RandomState};
        let mut hasher = RandomState::new().build_hasher();
        hasher.write_u8(1);
        hasher.finish()
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not zero.
    pub fn below(&mut self, bound: usize) -> usize {
        // Multiply and shift (Lemire): no division, and a bias no sample of ours can see.
        ((u128::from(self.next_u64()) * bound as u128) >> 64) as usize
    }
}
