//! Figures counted by powers of two: nothing is allocated, writers share nothing but counters, and quantiles are right
//! to a factor of two.

use crate::sync::{AtomicU64, Ordering};

/// Counts of figures. Bucket `n` has those below 2^n and not below half of it; the last one also the greater ones.
#[derive(Debug)]
pub(crate) struct Histogram<const BUCKETS: usize> {
    buckets: [AtomicU64; BUCKETS],
    max: AtomicU64,
}

impl<const BUCKETS: usize> Default for Histogram<BUCKETS> {
    fn default() -> Self {
        Histogram { buckets: [const { AtomicU64::new(0) }; BUCKETS], max: AtomicU64::new(0) }
    }
}

impl<const BUCKETS: usize> Histogram<BUCKETS> {
    pub(crate) fn record(&self, figure: u64, times: usize) {
        let bucket = (64 - figure.leading_zeros() as usize).min(BUCKETS - 1);
        self.buckets[bucket].fetch_add(times as u64, Ordering::Relaxed);
        self.max.fetch_max(figure, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> [u64; BUCKETS] {
        std::array::from_fn(|i| self.buckets[i].load(Ordering::Relaxed))
    }

    pub(crate) fn max(&self) -> u64 {
        self.max.load(Ordering::Relaxed)
    }

    /// An upper bound of what `part` of `whole` figures stayed below; 0 where there are none.
    pub(crate) fn quantile(&self, part: u64, whole: u64) -> u64 {
        let counts = self.counts();
        let wanted = (counts.iter().sum::<u64>() * part).div_ceil(whole);
        let mut seen = 0;
        for (bucket, count) in counts.iter().enumerate() {
            seen += count;
            if seen >= wanted && seen > 0 {
                return ((1 << bucket) - 1).min(self.max());
            }
        }
        self.max()
    }

    pub(crate) fn reset(&self) {
        self.buckets.iter().chain([&self.max]).for_each(|count| count.store(0, Ordering::Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use super::Histogram;

    #[test]
    fn figures_lie_in_the_bucket_of_their_length_and_quantiles_bound_them() {
        let figures = Histogram::<4>::default();
        assert_eq!((figures.quantile(99, 100), figures.max()), (0, 0));
        figures.record(0, 1);
        figures.record(1, 1);
        figures.record(3, 5);
        figures.record(1_000, 1);
        assert_eq!(figures.counts(), [1, 1, 5, 1]);
        assert_eq!([1, 4, 8].map(|part| figures.quantile(part, 8)), [0, 3, 7]);
        assert_eq!(figures.max(), 1_000);
        figures.reset();
        assert_eq!((figures.counts(), figures.max()), ([0; 4], 0));
    }
}
