//! Members with their scores in replies, straight from the sorted set to the reply.

use crate::prelude::*;

/// How members are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    with_scores: bool,
    nested: bool,
}

impl Shape {
    /// What most commands do: scores follow their members, which RESP3 has in pairs.
    pub(crate) fn of(out: &dyn Reply, with_scores: bool) -> Shape {
        Shape { with_scores, nested: with_scores && out.protocol() == Protocol::Resp3 }
    }

    /// Pairs in either protocol.
    pub(crate) const PAIRS: Shape = Shape { with_scores: true, nested: true };

    /// Scores follow their members in either protocol.
    pub(crate) const FLAT: Shape = Shape { with_scores: true, nested: false };

    /// Announces so many members.
    pub(crate) fn begin(self, out: &mut dyn Reply, count: usize) {
        out.array(if self.with_scores && !self.nested { count * 2 } else { count });
    }

    /// Writes one.
    pub(crate) fn one(self, out: &mut dyn Reply, member: &[u8], score: f64) {
        if self.nested {
            out.array(2);
        }
        out.bulk(member);
        if self.with_scores {
            out.double(score);
        }
    }

    /// Writes all.
    pub(crate) fn all<'z>(
        self,
        out: &mut dyn Reply,
        members: impl ExactSizeIterator<Item = (&'z [u8], f64)>,
    ) {
        self.begin(out, members.len());
        for (member, score) in members {
            self.one(out, member, score);
        }
    }
}
