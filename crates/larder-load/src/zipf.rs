//! Zipf's law by rejection-inversion (Hörmann, Derflinger: "Rejection-inversion to generate variates from monotone
//! discrete distributions", 1996): exact for every exponent, nothing to set up or keep, and seldom more than one try.

use crate::Random;

/// Ranks `0..count`, rank `r` with a probability in proportion to `1 / (r + 1)^exponent`.
#[derive(Clone, Debug)]
pub(crate) struct Zipf {
    count: f64,
    exponent: f64,
    /// The integral at the ends of what is drawn from.
    low: f64,
    high: f64,
    /// Within this distance of a rank, no comparison is needed.
    sure: f64,
}

impl Zipf {
    pub(crate) fn new(count: u64, exponent: f64) -> Zipf {
        let mut zipf = Zipf { count: count as f64, exponent, low: 0.0, high: 0.0, sure: 0.0 };
        zipf.low = zipf.integral(1.5) - 1.0;
        zipf.high = zipf.integral(zipf.count + 0.5);
        zipf.sure = 2.0 - zipf.inverse(zipf.integral(2.5) - zipf.density(2.0));
        zipf
    }

    #[inline]
    pub(crate) fn next(&self, random: &mut Random) -> u64 {
        loop {
            let area = self.high + random.unit() * (self.low - self.high);
            let x = self.inverse(area);
            let rank = x.round().clamp(1.0, self.count);
            if rank - x <= self.sure || area >= self.integral(rank + 0.5) - self.density(rank) {
                return rank as u64 - 1;
            }
        }
    }

    fn density(&self, x: f64) -> f64 {
        (-self.exponent * x.ln()).exp()
    }

    /// The integral of the density from 1 to `x`, in a form that stays exact where the exponent is about 1.
    fn integral(&self, x: f64) -> f64 {
        let log = x.ln();
        let power = (1.0 - self.exponent) * log;
        if power.abs() < 1e-9 { log } else { log * power.exp_m1() / power }
    }

    fn inverse(&self, area: f64) -> f64 {
        let power = ((1.0 - self.exponent) * area).max(-1.0);
        let log = if power.abs() < 1e-9 { area } else { area * power.ln_1p() / power };
        log.exp()
    }
}

#[cfg(test)]
mod tests {
    use super::Zipf;
    use crate::Random;

    #[test]
    fn ranks_come_as_often_as_the_law_says() {
        const COUNT: u64 = 1_000;
        const DRAWN: u64 = 400_000;
        for exponent in [0.0, 0.7, 0.99, 1.0, 1.3, 2.5] {
            let zipf = Zipf::new(COUNT, exponent);
            let mut random = Random::new(7);
            let mut seen = vec![0_u64; COUNT as usize];
            (0..DRAWN).for_each(|_| seen[zipf.next(&mut random) as usize] += 1);
            let weight = |rank: u64| ((rank + 1) as f64).powf(-exponent);
            let all: f64 = (0..COUNT).map(weight).sum();
            for rank in [0, 1, 2, 9, 99, 999] {
                let expected = weight(rank) / all * DRAWN as f64;
                let slack = 5.0 * expected.sqrt() + 1.0;
                let found = seen[rank as usize] as f64;
                assert!((found - expected).abs() < slack, "{exponent}, rank {rank}: {found} for {expected}");
            }
        }
    }

    #[test]
    fn one_key_is_always_the_first() {
        let mut random = Random::new(1);
        assert!((0..100).all(|_| Zipf::new(1, 0.99).next(&mut random) == 0));
    }
}
