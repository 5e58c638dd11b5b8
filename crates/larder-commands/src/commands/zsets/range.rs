//! Ranges of sorted sets as commands write them: by rank, by score, by member. Each becomes a range of ranks, so a
//! count is a subtraction and an offset costs nothing.

use crate::prelude::*;
use larder_core::value::score::{LexBound, ScoreBound};
use larder_core::value::zset::Zset;
use std::ops::Range;

/// By what a range is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Rank,
    Score,
    Lex,
}

/// Two ends of a range.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Span<'a> {
    Rank(i64, i64),
    Score(ScoreBound, ScoreBound),
    Lex(LexBound<'a>, LexBound<'a>),
}

impl<'a> Span<'a> {
    /// Reads both ends, the lower first.
    pub(crate) fn read(order: Order, min: &'a [u8], max: &'a [u8]) -> Result<Span<'a>> {
        match order {
            Order::Rank => {
                let end = |word| parse_int(word).ok_or(Error::NOT_INTEGER);
                Ok(Span::Rank(end(min)?, end(max)?))
            }
            Order::Score => {
                let end = |word| score_bound(word).ok_or(Error::RANGE_NOT_FLOAT);
                Ok(Span::Score(end(min)?, end(max)?))
            }
            Order::Lex => {
                let end = |word| LexBound::parse(word).ok_or(Error::RANGE_NOT_STRING);
                Ok(Span::Lex(end(min)?, end(max)?))
            }
        }
    }

    /// The ranks it means, counted from the lowest score.
    pub(crate) fn ranks(self, zset: &Zset) -> Range<usize> {
        match self {
            Span::Rank(start, stop) => {
                let len = zset.len() as i64;
                let from_start = |rank: i64| if rank < 0 { len.saturating_add(rank) } else { rank };
                let (start, stop) = (from_start(start).max(0), from_start(stop).min(len - 1));
                if start > stop { 0..0 } else { start as usize..stop as usize + 1 }
            }
            Span::Score(min, max) => zset.ranks_by_score(min, max),
            Span::Lex(min, max) => zset.ranks_by_lex(min, max),
        }
    }
}

/// Reads one end of a range of scores. As in Redis, space before the number is passed over, and no text is zero.
fn score_bound(word: &[u8]) -> Option<ScoreBound> {
    let (exclusive, text) = match word.strip_prefix(b"(") {
        Some(text) => (true, text),
        None => (false, word),
    };
    let start = text.iter().position(|byte| !matches!(byte, b' ' | b'\t'..=b'\r'));
    let bound = match start {
        None if text.is_empty() => ScoreBound::Incl(0.0),
        // A second parenthesis is no number.
        Some(start) if text[start] != b'(' => ScoreBound::parse(&text[start..])?,
        _ => return None,
    };
    Some(match bound {
        ScoreBound::Incl(score) if exclusive => ScoreBound::Excl(score),
        bound => bound,
    })
}

/// What a command of the `ZRANGE` family has settled by its name; the rest is for its options.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub(crate) order: Option<Order>,
    pub(crate) reverse: Option<bool>,
    /// Whether there may be scores in the reply.
    pub(crate) replies: bool,
}

/// `min max [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    span: Span<'a>,
    reverse: bool,
    limit: Option<(i64, i64)>,
    pub(crate) with_scores: bool,
}

impl<'a> Asked<'a> {
    /// Reads them, the first end at `at`.
    pub(crate) fn read(args: Args<'a>, at: usize, form: Form) -> Result<Asked<'a>> {
        let (mut order, mut reverse, mut limit, mut with_scores) = (form.order, form.reverse, None, false);
        let mut options = args.options(at + 2);
        while let Some(option) = options.next() {
            match () {
                () if form.replies && is(option, "WITHSCORES") => with_scores = true,
                () if is(option, "LIMIT") && options.rest().len() >= 2 => {
                    limit = Some((options.int()?, options.int()?));
                }
                () if reverse.is_none() && is(option, "REV") => reverse = Some(true),
                () if order.is_none() && is(option, "BYLEX") => order = Some(Order::Lex),
                () if order.is_none() && is(option, "BYSCORE") => order = Some(Order::Score),
                () => return Err(Error::SYNTAX),
            }
        }
        let (order, reverse) = (order.unwrap_or(Order::Rank), reverse.unwrap_or(false));
        if order == Order::Rank && limit.take().is_some_and(|(_, count)| count != -1) {
            return Err(Error::general(
                "syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
            ));
        }
        if order == Order::Lex && with_scores {
            return Err(Error::general("syntax error, WITHSCORES not supported in combination with BYLEX"));
        }
        // Backwards, the higher end stands first; ranks are counted from the end instead.
        let (first, second) = (args.at(at), args.at(at + 1));
        let span = if reverse && order != Order::Rank {
            Span::read(order, second, first)?
        } else {
            Span::read(order, first, second)?
        };
        Ok(Asked { span, reverse, limit, with_scores })
    }

    /// The ranks it means, and whether they are to be gone through from the end.
    pub(crate) fn ranks(&self, zset: &Zset) -> (Range<usize>, bool) {
        let mut ranks = self.span.ranks(zset);
        if self.reverse && matches!(self.span, Span::Rank(..)) {
            ranks = zset.len() - ranks.end..zset.len() - ranks.start;
        }
        if let Some((offset, count)) = self.limit {
            // An offset below zero passes by everything, a count below zero means all.
            let skipped = usize::try_from(offset).unwrap_or(usize::MAX).min(ranks.len());
            let taken = usize::try_from(count).unwrap_or(usize::MAX).min(ranks.len() - skipped);
            let start = if self.reverse { ranks.end - skipped - taken } else { ranks.start + skipped };
            ranks = start..start + taken;
        }
        (ranks, self.reverse)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn bounds_are_read_as_redis_reads_them() {
        let mut guest = House::new().guest();
        guest.says("ZADD z 0 a 1 b 5 c");
        for (min, answer) in [
            ("", "(3)"),
            (" 1", "(2)"),
            ("(", "(2)"),
            ("( 1", "(1)"),
            ("\t\r(1", "-ERR min or max is not a float"),
            ("((1", "-ERR min or max is not a float"),
            (" ", "-ERR min or max is not a float"),
            ("1 ", "-ERR min or max is not a float"),
            ("-1e400", "(3)"),
            ("(inf", "(0)"),
        ] {
            assert_eq!(guest.says_words(&[b"ZCOUNT", b"z", min.as_bytes(), b"5"]), answer, "{min:?}");
        }
    }

    /// Every range of every kind against a plain list of the same members.
    #[test]
    fn ranges_are_slices_of_the_list() {
        let mut guest = House::new().guest();
        let names = ["a", "b", "c", "d", "e"];
        for (score, name) in names.iter().enumerate() {
            guest.says(&format!("ZADD z {score} {name}"));
            guest.says(&format!("ZADD same 0 {name}"));
        }
        let shown = |names: &[&str]| {
            format!("[{}]", names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(" "))
        };
        for start in -7..7_i64 {
            for stop in -7..7_i64 {
                let at = |n: i64| if n < 0 { n + 5 } else { n };
                let within = |n: usize| (at(start)..=at(stop)).contains(&(n as i64));
                let forwards: Vec<&str> = (0..5).filter(|n| within(*n)).map(|n| names[n]).collect();
                let backwards: Vec<&str> = (0..5).filter(|n| within(*n)).map(|n| names[4 - n]).collect();
                assert_eq!(guest.says(&format!("ZRANGE z {start} {stop}")), shown(&forwards));
                assert_eq!(guest.says(&format!("ZRANGE z {start} {stop} REV")), shown(&backwards));
                assert_eq!(guest.says(&format!("ZREVRANGE z {start} {stop}")), shown(&backwards));
            }
        }
        for offset in -1..7_i64 {
            for count in -1..7_i64 {
                let limited = |reverse: bool| {
                    let mut of: Vec<&str> = names[1..4].to_vec();
                    if reverse {
                        of.reverse();
                    }
                    let skipped = usize::try_from(offset).unwrap_or(99);
                    shown(&of.into_iter().skip(skipped).take(count as usize).collect::<Vec<_>>())
                };
                let limit = format!("LIMIT {offset} {count}");
                for (line, reverse) in [
                    (format!("ZRANGE z 1 (4 BYSCORE {limit}"), false),
                    (format!("ZRANGE z (4 1 BYSCORE REV {limit}"), true),
                    (format!("ZRANGEBYSCORE z 1 3 {limit}"), false),
                    (format!("ZREVRANGEBYSCORE z 3 (0 {limit}"), true),
                    (format!("ZRANGE same (a [d BYLEX {limit}"), false),
                    (format!("ZRANGE same (e [b REV BYLEX {limit}"), true),
                    (format!("ZRANGEBYLEX same [b (e {limit}"), false),
                    (format!("ZREVRANGEBYLEX same [d (a {limit}"), true),
                ] {
                    assert_eq!(guest.says(&line), limited(reverse), "{line}");
                }
            }
        }
    }
}
