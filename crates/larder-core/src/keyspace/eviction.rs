//! Which entries go when memory is short.

use std::fmt;

/// An eviction policy, by Redis' names; `s3fifo` is Larder's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Policy {
    /// Nothing goes: writes that need memory are refused.
    #[default]
    NoEviction,
    /// Any key, by S3-FIFO.
    AllkeysS3Fifo,
    /// Keys with a deadline, by S3-FIFO.
    VolatileS3Fifo,
    /// Any key, the one not used for longest among some.
    AllkeysLru,
    /// Keys with a deadline, the one not used for longest among some.
    VolatileLru,
    /// Any key, the one used least among some.
    AllkeysLfu,
    /// Keys with a deadline, the one used least among some.
    VolatileLfu,
    /// Any key.
    AllkeysRandom,
    /// Any key with a deadline.
    VolatileRandom,
    /// The key with the nearest deadline among some.
    VolatileTtl,
}

impl Policy {
    /// Every policy with its name.
    pub const ALL: [(Policy, &'static str); 10] = [
        (Policy::NoEviction, "noeviction"),
        (Policy::AllkeysS3Fifo, "allkeys-s3fifo"),
        (Policy::VolatileS3Fifo, "volatile-s3fifo"),
        (Policy::AllkeysLru, "allkeys-lru"),
        (Policy::VolatileLru, "volatile-lru"),
        (Policy::AllkeysLfu, "allkeys-lfu"),
        (Policy::VolatileLfu, "volatile-lfu"),
        (Policy::AllkeysRandom, "allkeys-random"),
        (Policy::VolatileRandom, "volatile-random"),
        (Policy::VolatileTtl, "volatile-ttl"),
    ];

    /// The policy of this name.
    pub fn named(name: &str) -> Option<Policy> {
        Policy::ALL.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(policy, _)| *policy)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Policy::ALL.iter().find(|(policy, _)| *policy == self).map_or("noeviction", |(_, name)| name)
    }

    /// Whether reads leave a trace.
    #[inline]
    pub(crate) fn tracks_access(self) -> bool {
        !matches!(self, Policy::AllkeysRandom | Policy::VolatileRandom | Policy::VolatileTtl)
    }

    /// The access bits of a new entry.
    pub(crate) fn fresh(self, seconds: u32) -> u32 {
        match self {
            Policy::AllkeysS3Fifo | Policy::VolatileS3Fifo | Policy::AllkeysLfu | Policy::VolatileLfu => 0,
            _ => seconds & 0x00ff_ffff,
        }
    }

    /// The access bits after one more use.
    #[inline]
    pub(crate) fn touched(self, touch: u32, seconds: u32) -> u32 {
        match self {
            // S3-FIFO counts up to three uses, and after that writes nothing.
            Policy::AllkeysS3Fifo | Policy::VolatileS3Fifo => {
                if touch & 3 == 3 {
                    touch
                } else {
                    touch + 1
                }
            }
            Policy::AllkeysLfu | Policy::VolatileLfu => touch.saturating_add(1).min(255),
            _ => seconds & 0x00ff_ffff,
        }
    }

    pub(crate) fn from_index(index: u32) -> Policy {
        Policy::ALL.get(index as usize).map_or(Policy::NoEviction, |(policy, _)| *policy)
    }

    pub(crate) fn index(self) -> u32 {
        Policy::ALL.iter().position(|(policy, _)| *policy == self).unwrap_or(0) as u32
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
