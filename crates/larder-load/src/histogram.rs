//! A histogram whose buckets grow with what they hold: 128 of them for each power of two, so a value is known to within
//! 0.8 % whatever its size, in 58 KiB, and adding one is a shift and an addition.

/// Counts of values, nanoseconds for instance.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Vec<u64>,
    count: u64,
    sum: u128,
    min: u64,
    max: u64,
}

/// Bits of a value that its bucket tells.
const BITS: u32 = 7;
const BUCKETS: usize = ((64 - BITS as usize) + 1) << BITS;

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram { counts: vec![0; BUCKETS], count: 0, sum: 0, min: u64::MAX, max: 0 }
    }
}

fn bucket(value: u64) -> usize {
    let shift = (u64::BITS - BITS - 1).saturating_sub(value.leading_zeros());
    ((shift as usize) << BITS) + (value >> shift) as usize
}

/// The largest value of a bucket.
fn last_of(bucket: usize) -> u64 {
    let shift = (bucket >> BITS).saturating_sub(1);
    let top = (bucket - (shift << BITS)) as u64;
    (top << shift) | ((1 << shift) - 1)
}

impl Histogram {
    /// Counts a value.
    #[inline]
    pub fn add(&mut self, value: u64) {
        self.counts[bucket(value)] += 1;
        self.count += 1;
        self.sum += u128::from(value);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// Adds what another has counted.
    pub fn merge(&mut self, other: &Histogram) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(own, other)| *own += other);
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// How many values.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their mean; 0 where there are none.
    pub fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum as f64 / self.count as f64 }
    }

    /// The smallest, exactly; 0 where there are none.
    pub fn min(&self) -> u64 {
        if self.count == 0 { 0 } else { self.min }
    }

    /// The largest, exactly.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// What this share of the values, `0.0..=1.0`, does not exceed; up to 0.8 % too large, never too small.
    pub fn quantile(&self, share: f64) -> u64 {
        let wanted = ((share * self.count as f64).ceil() as u64).clamp(1, self.count.max(1));
        let mut seen = 0;
        for (at, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return last_of(at).min(self.max);
            }
        }
        self.max
    }
}

#[cfg(test)]
mod tests {
    use super::{BUCKETS, Histogram, bucket, last_of};
    use crate::Random;

    #[test]
    fn buckets_meet_and_none_is_wider_than_it_may_be() {
        let mut values: Vec<u64> = (0..2_000).collect();
        values.extend(
            (7..63).flat_map(|power| [(1 << power) - 1, 1 << power, (1 << power) + 1, 3 << (power - 1)]),
        );
        values.extend([u64::MAX - 1, u64::MAX]);
        for value in values {
            let at = bucket(value);
            assert!(at < BUCKETS && last_of(at) >= value, "{value} in {at}");
            assert!(at == 0 || last_of(at - 1) < value, "{value} in {at}");
            assert!((last_of(at) - value) as f64 <= value as f64 / 128.0, "{value} in {at}");
        }
    }

    #[test]
    fn quantiles_are_those_of_the_sorted_values() {
        let (mut random, mut histogram) = (Random::new(5), Histogram::default());
        let mut values: Vec<u64> = (0..10_000).map(|_| random.bits() >> (random.below(40) + 20)).collect();
        values.iter().for_each(|value| histogram.add(*value));
        values.sort_unstable();
        for share in [0.0, 0.001, 0.5, 0.9, 0.99, 0.999, 1.0] {
            let exact = values[((share * 10_000.0_f64).ceil() as usize).max(1) - 1];
            let found = histogram.quantile(share);
            assert!(
                found >= exact && found as f64 <= exact as f64 * 1.008 + 1.0,
                "{share}: {found} for {exact}"
            );
        }
        assert_eq!((histogram.min(), histogram.max()), (values[0], values[9_999]));
        let mean = values.iter().map(|value| *value as f64).sum::<f64>() / 10_000.0;
        assert!((histogram.mean() - mean).abs() < mean * 1e-9);
    }

    #[test]
    fn two_halves_make_the_whole() {
        let (mut left, mut right, mut whole) =
            (Histogram::default(), Histogram::default(), Histogram::default());
        for value in 0..1_000 {
            if value % 3 == 0 { &mut left } else { &mut right }.add(value * value);
            whole.add(value * value);
        }
        left.merge(&right);
        for share in [0.1, 0.5, 0.99] {
            assert_eq!(left.quantile(share), whole.quantile(share));
        }
        assert_eq!((left.count(), left.max()), (whole.count(), whole.max()));
    }

    #[test]
    fn nothing_counted_is_nothing_said() {
        let histogram = Histogram::default();
        assert_eq!(
            (histogram.quantile(0.99), histogram.min(), histogram.max(), histogram.count()),
            (0, 0, 0, 0)
        );
        assert!(histogram.mean() < f64::MIN_POSITIVE);
    }
}
