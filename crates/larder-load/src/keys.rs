//! Which key comes next. Keys are numbers here; whoever sends them makes names of them.

use crate::Random;
use crate::zipf::Zipf;
use std::fmt;
use std::str::FromStr;

/// How often which key is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    /// All equally often.
    Uniform,
    /// One after the other, round and round.
    Sequential,
    /// By Zipf's law: the key of rank `r` in proportion to `1 / r^exponent`.
    Zipf(f64),
    /// By Zipf's law, and a third of the accesses go over all keys one after the other, as reports and crawlers do.
    Scans(f64),
    /// By Zipf's law, and what is popular changes: every [`Keys::STEP`] accesses, each rank goes to the next key.
    Shifting(f64),
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Distribution::Uniform => f.write_str("uniform"),
            Distribution::Sequential => f.write_str("sequential"),
            Distribution::Zipf(exponent) => write!(f, "zipf:{exponent}"),
            Distribution::Scans(exponent) => write!(f, "scans:{exponent}"),
            Distribution::Shifting(exponent) => write!(f, "shifting:{exponent}"),
        }
    }
}

impl FromStr for Distribution {
    type Err = String;

    /// `uniform`, `sequential`, `zipf`, `zipf:0.7`, `scans:0.99`, `shifting:0.99`; 0.99 where no exponent is given.
    fn from_str(text: &str) -> Result<Distribution, String> {
        let (name, exponent) = text.split_once(':').map_or((text, None), |(name, rest)| (name, Some(rest)));
        let of = |make: fn(f64) -> Distribution| {
            let number =
                exponent.unwrap_or("0.99").parse().ok().filter(|number| (0.0..=10.0).contains(number));
            number
                .map(make)
                .ok_or_else(|| format!("'{text}': the exponent is a number from 0 to 10, like zipf:0.99"))
        };
        match name {
            "zipf" => of(Distribution::Zipf),
            "scans" => of(Distribution::Scans),
            "shifting" => of(Distribution::Shifting),
            "uniform" if exponent.is_none() => Ok(Distribution::Uniform),
            "sequential" if exponent.is_none() => Ok(Distribution::Sequential),
            "uniform" | "sequential" => Err(format!("'{text}': {name} takes no exponent")),
            _ => Err(format!(
                "'{text}' is no distribution; there are uniform, sequential, zipf:EXPONENT, scans:EXPONENT and \
                 shifting:EXPONENT"
            )),
        }
    }
}

/// An endless sequence of keys `0..count`.
#[derive(Clone, Debug)]
pub struct Keys {
    distribution: Distribution,
    count: u64,
    zipf: Zipf,
    random: Random,
    /// The next key of a walk.
    place: u64,
    drawn: u64,
}

impl Keys {
    /// Accesses between two steps of [`Distribution::Shifting`].
    pub const STEP: u64 = 200;

    /// Part `part` of `parts` of a load on `count` keys, neither of them zero: walks of different parts begin in
    /// different places and cover everything together.
    pub fn new(distribution: Distribution, count: u64, seed: u64, (part, parts): (u64, u64)) -> Keys {
        let exponent = match distribution {
            Distribution::Zipf(exponent)
            | Distribution::Scans(exponent)
            | Distribution::Shifting(exponent) => exponent,
            Distribution::Uniform | Distribution::Sequential => 0.0,
        };
        let place = (u128::from(count) * u128::from(part) / u128::from(parts)) as u64;
        let random = Random::new(seed ^ (part + 1).wrapping_mul(0xa076_1d64_78bd_642f));
        Keys { distribution, count, zipf: Zipf::new(count, exponent), random, place, drawn: 0 }
    }

    /// How many keys there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The next key.
    #[inline]
    pub fn draw(&mut self) -> u64 {
        match self.distribution {
            Distribution::Uniform => self.random.below(self.count),
            Distribution::Sequential => self.walk(),
            Distribution::Zipf(_) => self.zipf.next(&mut self.random),
            Distribution::Scans(_) => {
                if self.random.below(3) == 0 {
                    self.walk()
                } else {
                    self.zipf.next(&mut self.random)
                }
            }
            Distribution::Shifting(_) => {
                let shift = self.drawn / Keys::STEP;
                self.drawn += 1;
                (self.zipf.next(&mut self.random) + shift) % self.count
            }
        }
    }

    #[inline]
    fn walk(&mut self) -> u64 {
        let key = self.place;
        self.place = if key + 1 == self.count { 0 } else { key + 1 };
        key
    }
}

#[cfg(test)]
mod tests {
    use super::{Distribution, Keys};

    fn drawn(distribution: Distribution, count: u64, times: usize) -> Vec<u64> {
        let mut keys = Keys::new(distribution, count, 11, (0, 1));
        (0..times).map(|_| keys.draw()).collect()
    }

    #[test]
    fn a_distribution_is_read_as_it_is_written() {
        for text in ["uniform", "sequential", "zipf:0.7", "scans:1.2", "shifting:0.99"] {
            assert_eq!(text.parse::<Distribution>().expect(text).to_string(), text);
        }
        assert_eq!("zipf".parse(), Ok(Distribution::Zipf(0.99)));
        for bad in ["", "zipf:", "zipf:x", "zipf:-1", "zipf:nan", "uniform:1", "gauss"] {
            assert!(bad.parse::<Distribution>().is_err(), "{bad}");
        }
    }

    #[test]
    fn walks_of_several_parts_cover_every_key_once() {
        let mut seen = vec![0; 10];
        for part in 0..3 {
            let mut keys = Keys::new(Distribution::Sequential, 10, 0, (part, 3));
            let steps = 10 * (part + 1) / 3 - 10 * part / 3;
            (0..steps).for_each(|_| seen[keys.draw() as usize] += 1);
        }
        assert_eq!(seen, [1; 10]);
        assert_eq!(drawn(Distribution::Sequential, 3, 5), [0, 1, 2, 0, 1]);
    }

    #[test]
    fn every_key_is_in_range_and_the_seed_repeats_them() {
        for text in ["uniform", "sequential", "zipf:0.99", "scans:0.99", "shifting:0.99"] {
            let distribution = text.parse().expect(text);
            let keys = drawn(distribution, 50, 20_000);
            assert!(keys.iter().all(|key| *key < 50), "{text}");
            assert_eq!(keys, drawn(distribution, 50, 20_000), "{text}");
            assert!((0..50).all(|key| keys.contains(&key)), "{text}");
        }
    }

    #[test]
    fn scans_take_a_third_and_what_is_popular_shifts() {
        const KEYS: u64 = 1_000_000;
        let scans = drawn(Distribution::Scans(3.0), KEYS, 30_000);
        let walked = scans.iter().filter(|key| **key > 5_000).count();
        assert!(
            (4_000..6_000).contains(&walked),
            "{walked} of 30,000 beyond 5,000, where a third walks to 10,000"
        );
        let shifting = drawn(Distribution::Shifting(4.0), KEYS, 100 * Keys::STEP as usize);
        let most_of = |at: usize| {
            let step = &shifting[at * Keys::STEP as usize..][..Keys::STEP as usize];
            step.iter().filter(|key| **key == at as u64).count()
        };
        assert!(most_of(0) > 150 && most_of(99) > 150, "{} and {} of 200", most_of(0), most_of(99));
    }
}
