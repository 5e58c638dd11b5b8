//! What a row is meant to reach, and whether it does.

use super::Row;
use super::report::figure;

/// A bound on Larder's figure in a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Target {
    /// At most this share of the best rival's.
    OfBest(f64),
    /// At most this share of this rival's.
    Of(f64, &'static str),
    /// At most so much.
    Most(f64),
    /// At least so much.
    Least(f64),
}

impl Target {
    /// As it stands in the report.
    pub(super) fn text(self) -> String {
        match self {
            Target::OfBest(share) => format!("≤ {share} ×"),
            Target::Of(share, rival) => format!("≤ {share} × {rival}"),
            Target::Most(bound) => format!("≤ {}", figure(bound)),
            Target::Least(bound) => format!("≥ {}", figure(bound)),
        }
    }

    /// Whether Larder reaches it; none where something was not measured.
    pub(super) fn is_met(self, row: &Row) -> Option<bool> {
        let own = row.figures.first().map(|(_, figures)| figures.median()).filter(|own| !own.is_nan())?;
        Some(match self {
            Target::OfBest(share) => own <= share * row.best_rival()?,
            Target::Of(share, rival) => own <= share * row.median_of(rival)?,
            Target::Most(bound) => own <= bound,
            Target::Least(bound) => own >= bound,
        })
    }
}

impl Row {
    /// The medians of the others. A column that is Larder's in another manner is no rival.
    pub(super) fn rivals(&self) -> impl Iterator<Item = f64> {
        let others = self.figures.iter().skip(1).filter(|(name, _)| !name.starts_with("larder"));
        others.map(|(_, figures)| figures.median()).filter(|median| !median.is_nan())
    }

    /// The least of them.
    pub(super) fn best_rival(&self) -> Option<f64> {
        self.rivals().min_by(f64::total_cmp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_met_or_missed_or_not_measured() {
        let mut row = Row::new("GET", &[]);
        for target in [Target::OfBest(1.0), Target::Most(1.0)] {
            assert_eq!(target.is_met(&row), None);
        }
        row.add("larder", 2.0);
        assert_eq!((Target::OfBest(0.5).is_met(&row), Target::Most(2.0).is_met(&row)), (None, Some(true)));
        row.add("slow", 9.0);
        row.add("fast", 4.0);
        assert_eq!(
            (Target::OfBest(0.5).is_met(&row), Target::OfBest(0.49).is_met(&row)),
            (Some(true), Some(false))
        );
        assert_eq!(
            (Target::Of(0.2, "slow").is_met(&row), Target::Of(9.0, "none").is_met(&row)),
            (Some(false), None)
        );
        assert_eq!(
            (Target::Least(2.0).is_met(&row), Target::Least(2.1).is_met(&row)),
            (Some(true), Some(false))
        );
    }
}
