//! The keyed hash of keys. One 64-bit hash serves three: its high bits choose the stripe, its low bits the bucket, the
//! bits between them are the tag in the bucket.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};

/// Hashes keys with a secret of this engine, so that nobody outside can choose keys that collide.
#[derive(Clone)]
pub struct KeyHasher(Kind);

#[derive(Clone)]
enum Kind {
    /// foldhash, quality variant: a few nanoseconds, seeded.
    Fast(foldhash::quality::SeedableRandomState),
    /// SipHash-1-3: made against an attacker who can measure.
    Hardened(RandomState),
}

impl KeyHasher {
    /// The default hash, seeded by `seed` and by a secret of the process.
    pub(crate) fn fast(seed: u64) -> KeyHasher {
        let shared = foldhash::SharedSeed::global_random();
        KeyHasher(Kind::Fast(foldhash::quality::SeedableRandomState::with_seed(seed, shared)))
    }

    /// The default hash with nothing random but `seed`: for runs that must repeat.
    pub(crate) fn repeatable(seed: u64) -> KeyHasher {
        let shared = foldhash::SharedSeed::global_fixed();
        KeyHasher(Kind::Fast(foldhash::quality::SeedableRandomState::with_seed(seed, shared)))
    }

    /// SipHash-1-3 with a key from the operating system.
    pub(crate) fn hardened() -> KeyHasher {
        KeyHasher(Kind::Hardened(RandomState::new()))
    }

    /// The hash of a key.
    #[inline]
    pub fn hash(&self, key: &[u8]) -> u64 {
        match &self.0 {
            Kind::Fast(state) => finish(state, key),
            Kind::Hardened(state) => finish(state, key),
        }
    }
}

#[inline]
fn finish(state: &impl BuildHasher, key: &[u8]) -> u64 {
    let mut hasher = state.build_hasher();
    hasher.write(key);
    hasher.finish()
}

impl fmt::Debug for KeyHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Fast(_) => "KeyHasher(fast)",
            Kind::Hardened(_) => "KeyHasher(hardened)",
        })
    }
}
