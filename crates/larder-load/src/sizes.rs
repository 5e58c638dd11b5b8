//! How large values are: always the same, or anything between two sizes.

use crate::Random;
use std::str::FromStr;

/// Sizes in bytes, each in the range equally likely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// The smallest.
    pub min: usize,
    /// The largest.
    pub max: usize,
}

impl Sizes {
    /// Values beyond this are no load but a test of memory; Redis' own limit is 512 MiB.
    const MAX: usize = 64 << 20;

    /// The next size.
    #[inline]
    pub fn next(self, random: &mut Random) -> usize {
        if self.min == self.max {
            return self.min;
        }
        self.min + random.below((self.max - self.min + 1) as u64) as usize
    }
}

impl FromStr for Sizes {
    type Err = String;

    /// `64`, or `16-1024`.
    fn from_str(text: &str) -> Result<Sizes, String> {
        let number = |text: &str| text.parse::<usize>().ok().filter(|size| *size <= Sizes::MAX);
        let (min, max) = text.split_once('-').unwrap_or((text, text));
        match (number(min), number(max)) {
            (Some(min), Some(max)) if min <= max => Ok(Sizes { min, max }),
            _ => Err(format!("'{text}' is not a size in bytes up to {}, like 64 or 16-1024", Sizes::MAX)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Sizes;
    use crate::Random;

    #[test]
    fn sizes_are_numbers_or_ranges() {
        assert_eq!("64".parse(), Ok(Sizes { min: 64, max: 64 }));
        assert_eq!("0-3".parse(), Ok(Sizes { min: 0, max: 3 }));
        for bad in ["", "-", "5-3", "1-", "x", "-4", "64k", "999999999999"] {
            assert!(bad.parse::<Sizes>().is_err(), "{bad}");
        }
        let mut random = Random::new(3);
        let sizes: Vec<usize> = (0..200).map(|_| Sizes { min: 2, max: 4 }.next(&mut random)).collect();
        assert!((2..=4).all(|size| sizes.contains(&size)) && sizes.iter().all(|size| (2..=4).contains(size)));
    }
}
