//! What a run counts, for each operation of the mix.

use super::replies::Outcome;
use larder_load::Histogram;
use std::time::Duration;

/// One operation's figures.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures {
    pub(super) nulls: u64,
    pub(super) errors: u64,
    pub(super) ns: Histogram,
}

/// All operations' figures.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) operations: Vec<Figures>,
    count: u64,
    /// From the first request to the last reply.
    pub(super) elapsed: Duration,
    pub(super) first_error: Option<String>,
}

impl Tally {
    pub(super) fn new(operations: usize) -> Tally {
        Tally { operations: vec![Figures::default(); operations], ..Tally::default() }
    }

    #[inline]
    pub(super) fn add(&mut self, which: u8, outcome: Outcome, ns: u64) {
        let figures = &mut self.operations[usize::from(which)];
        figures.ns.add(ns);
        self.count += 1;
        match outcome {
            Outcome::Value => {}
            Outcome::Null => figures.nulls += 1,
            Outcome::Error => figures.errors += 1,
        }
    }

    /// Replies.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn errors(&self) -> u64 {
        self.operations.iter().map(|figures| figures.errors).sum()
    }

    /// Adds another thread's. They run at the same time, so the longest time counts.
    pub(super) fn merge(&mut self, other: Tally) {
        for (own, other) in self.operations.iter_mut().zip(&other.operations) {
            own.nulls += other.nulls;
            own.errors += other.errors;
            own.ns.merge(&other.ns);
        }
        self.count += other.count;
        self.elapsed = self.elapsed.max(other.elapsed);
        self.first_error = self.first_error.take().or(other.first_error);
    }

    /// All operations together.
    pub(super) fn all(&self) -> Figures {
        let mut all = Figures::default();
        for figures in &self.operations {
            all.nulls += figures.nulls;
            all.errors += figures.errors;
            all.ns.merge(&figures.ns);
        }
        all
    }
}
