//! `ZADD`, `ZINCRBY`: give members scores, or add to them.

use crate::prelude::*;
use larder_core::value::score::parse_score;
use larder_core::value::zset::{Inserted, Zset};
use larder_core::{Edit, Missing};
use smallvec::SmallVec;

pub(crate) static ZADD: Command = Command {
    name: "zadd",
    element: 3,
    summary: "Gives members of a sorted set scores, and says how many members are new.",
    since: "1.2.0",
    group: Group::SortedSets,
    complexity: "O(M log(N)): M members given, N in the set",
    arity: -4,
    flags: WRITE | DENYOOM | FAST,
    keys: &[KeySpec::at(1, RW | UPDATE)],
    args: &[
        Arg::key("key"),
        Arg::one_of("condition", &[Arg::word("nx", "NX"), Arg::word("xx", "XX")]).optional().since("3.0.2"),
        Arg::one_of("comparison", &[Arg::word("gt", "GT"), Arg::word("lt", "LT")]).optional().since("6.2.0"),
        Arg::word("change", "CH").optional().since("3.0.2"),
        Arg::word("increment", "INCR").optional().since("3.0.2"),
        Arg::block("score_member", &[Arg::double("score"), Arg::string("member")]).multiple(),
    ],
    examples: &[
        "ZADD board 10 ada 20 bob",
        "ZADD board NX 5 ada 30 cat",
        "ZADD board XX CH 15 ada 1 dan",
        "ZADD board GT CH 12 ada 25 bob",
        "ZADD board INCR 2.5 ada",
        "ZADD board NX INCR 1 ada",
        "ZRANGE board 0 -1 WITHSCORES",
        "ZADD board NX XX 1 ada",
        "ZADD board x ada",
        "ZADD board 1",
        "SET s x",
        "ZADD s 1 ada",
    ],
    history: &[
        ("2.4.0", "Takes several members."),
        ("3.0.2", "`XX`, `NX`, `CH` and `INCR`."),
        ("6.2.0", "`GT` and `LT`."),
    ],
    run: |cx, args, out| run(cx, args, out, false),
    ..Command::DEFAULT
};

pub(crate) static ZINCRBY: Command = Command {
    name: "zincrby",
    element: 3,
    summary: "Adds to the score of a member, which counts as zero if there is none.",
    since: "1.2.0",
    group: Group::SortedSets,
    complexity: "O(log(N)) in the members of the set",
    arity: 4,
    flags: WRITE | DENYOOM | FAST,
    keys: &[KeySpec::at(1, RW | ACCESS | UPDATE)],
    args: &[Arg::key("key"), Arg::int("increment"), Arg::string("member")],
    examples: &[
        "ZINCRBY board 5 ada",
        "ZINCRBY board -1.5 ada",
        "ZINCRBY board inf ada",
        "ZINCRBY board -inf ada",
        "ZINCRBY board x ada",
        "SET s x",
        "ZINCRBY s 1 ada",
    ],
    run: |cx, args, out| run(cx, args, out, true),
    ..Command::DEFAULT
};

/// What stands before the scores.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "six words, each of which is there or not")]
struct Rules {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
    changed: bool,
    increment: bool,
}

impl Rules {
    /// Reads them, and gives the words after them.
    fn read(args: Args<'_>, increment: bool) -> Result<(Rules, &[&[u8]])> {
        let mut rules = Rules { increment, ..Rules::default() };
        let mut options = args.options(2);
        loop {
            match () {
                () if options.accept("NX") => rules.nx = true,
                () if options.accept("XX") => rules.xx = true,
                () if options.accept("GT") => rules.gt = true,
                () if options.accept("LT") => rules.lt = true,
                () if options.accept("CH") => rules.changed = true,
                () if options.accept("INCR") => rules.increment = true,
                () => break,
            }
        }
        let pairs = options.rest();
        if pairs.is_empty() || !pairs.len().is_multiple_of(2) {
            return Err(Error::SYNTAX);
        }
        if rules.nx && rules.xx {
            return Err(Error::general("XX and NX options at the same time are not compatible"));
        }
        if u8::from(rules.nx) + u8::from(rules.gt) + u8::from(rules.lt) > 1 {
            return Err(Error::general("GT, LT, and/or NX options at the same time are not compatible"));
        }
        if rules.increment && pairs.len() > 2 {
            return Err(Error::general("INCR option supports a single increment-element pair"));
        }
        Ok((rules, pairs))
    }

    /// Whether a member that has a score now may get another.
    fn allow(self, now: f64, then: f64) -> bool {
        !(self.nx || self.gt && then <= now || self.lt && then >= now)
    }

    /// Gives one member its score. `None` where the rules forbid it.
    fn set(self, edit: &mut Edit<'_, Zset>, member: &[u8], score: f64) -> Result<Option<(Inserted, f64)>> {
        let plain = !(self.nx || self.xx || self.gt || self.lt || self.increment);
        let mut score = score;
        if !plain {
            match edit.score(member) {
                Some(now) => {
                    score += if self.increment && !self.nx { now } else { 0.0 };
                    if score.is_nan() {
                        return Err(Error::general("resulting score is not a number (NaN)"));
                    }
                    if !self.allow(now, score) {
                        return Ok(None);
                    }
                }
                None if self.xx => return Ok(None),
                None => {}
            }
        }
        Ok(Some((edit.collection.insert(&edit.tools, member, score), score)))
    }
}

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, increment: bool) -> Result<Outcome> {
    let (rules, pairs) = Rules::read(args, increment)?;
    let scores: Option<SmallVec<[f64; 4]>> =
        pairs.iter().step_by(2).map(|score| parse_score(score)).collect();
    let scores = scores.ok_or(Error::NOT_FLOAT)?;
    let missing = if rules.xx { Missing::Skip } else { Missing::Create };
    let key = cx.key(args.at(1));
    let done = cx.view.edit::<Zset, Result<_>>(&key, missing, |edit| {
        let (mut added, mut updated, mut last) = (0, 0, None);
        for (pair, score) in pairs.chunks_exact(2).zip(scores) {
            if let Some((inserted, score)) = rules.set(edit, pair[1], score)? {
                added += usize::from(inserted == Inserted::Added);
                updated += usize::from(inserted == Inserted::Updated);
                last = Some(score);
            }
        }
        if added + updated > 0 {
            edit.report(if rules.increment { "zincr" } else { "zadd" });
        }
        Ok((added, updated, last))
    })?;
    let (added, updated, last) = done.transpose()?.unwrap_or_default();
    match last {
        Some(score) if rules.increment => out.double(score),
        None if rules.increment => out.null(),
        _ => out.count(if rules.changed { added + updated } else { added }),
    }
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn errors_come_in_the_order_of_redis() {
        let mut guest = House::new().guest();
        for (line, answer) in [
            ("ZADD z NX XX 1", "-ERR syntax error"),
            ("ZADD z NX XX x m", "-ERR XX and NX options at the same time are not compatible"),
            ("ZADD z GT NX x m", "-ERR GT, LT, and/or NX options at the same time are not compatible"),
            ("ZADD z LT GT x m", "-ERR GT, LT, and/or NX options at the same time are not compatible"),
            ("ZADD z INCR 1 a x b", "-ERR INCR option supports a single increment-element pair"),
            ("ZADD z 1 a x b", "-ERR value is not a valid float"),
            ("ZADD z nan a", "-ERR value is not a valid float"),
            ("ZINCRBY z NX a", "-ERR syntax error"),
            ("EXISTS z", "(0)"),
        ] {
            assert_eq!(guest.says(line), answer, "{line}");
        }
    }

    #[test]
    fn conditions_hold_for_increments_too() {
        let mut guest = House::new().guest();
        for (line, answer) in [
            ("ZADD z XX INCR 1 a", "nil"),
            ("EXISTS z", "(0)"),
            ("ZADD z INCR 1 a", ",1"),
            ("ZADD z GT INCR -1 a", "nil"),
            ("ZADD z LT INCR -1 a", ",0"),
            ("ZADD z GT INCR 0 a", "nil"),
            ("ZADD z INCR 0 a", ",0"),
            ("ZADD z NX INCR 5 b", ",5"),
            ("ZADD z inf a", "(0)"),
            ("ZADD z NX INCR -inf a", "nil"),
            ("ZADD z INCR -inf a", "-ERR resulting score is not a number (NaN)"),
            ("ZADD z CH inf a 6 b 7 c", "(2)"),
        ] {
            assert_eq!(guest.says(line), answer, "{line}");
        }
    }
}
