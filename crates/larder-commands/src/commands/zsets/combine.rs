//! Sorted sets together, plain sets among them with score one for each member: what `ZUNION`, `ZINTER`, `ZDIFF` and
//! their relatives share.
//!
//! Errors come in the order in which Redis finds them: the number of keys, the types of the keys, the options.

use super::members::Shape;
use super::store::store;
use crate::prelude::*;
use larder_core::value::Object;
use larder_core::value::combine::{Aggregate, Input, Scored, difference, intersection, union};
use larder_core::value::score::parse_score;
use larder_core::value::zset::Zset;

/// The arguments that weigh the inputs.
pub(crate) const WEIGHTS: Arg = Arg::int("weight").token("WEIGHTS").multiple().optional();
/// The arguments that say how scores become one.
pub(crate) const AGGREGATE: Arg =
    Arg::one_of("aggregate", &[Arg::word("sum", "SUM"), Arg::word("min", "MIN"), Arg::word("max", "MAX")])
        .token("AGGREGATE")
        .optional();

/// In which way sorted sets become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Union,
    Intersection,
    Difference,
}

/// `[WEIGHTS weight …] [AGGREGATE SUM|MIN|MAX] [WITHSCORES]`.
#[derive(Debug, Default)]
struct Options {
    weights: Vec<f64>,
    aggregate: Aggregate,
    with_scores: bool,
}

impl Options {
    fn read(args: Args<'_>, at: usize, keys: usize, how: How, replies: bool) -> Result<Options> {
        let mut read = Options::default();
        let mut options = args.options(at);
        while let Some(option) = options.next() {
            match () {
                () if how != How::Difference && is(option, "WEIGHTS") => {
                    let words = options.take_words(keys).ok_or(Error::SYNTAX)?;
                    let weights: Option<_> = words.iter().map(|word| parse_score(word)).collect();
                    read.weights = weights.ok_or_else(|| Error::general("weight value is not a float"))?;
                }
                () if how != How::Difference && is(option, "AGGREGATE") => {
                    let word = options.value()?;
                    read.aggregate = match () {
                        () if is(word, "SUM") => Aggregate::Sum,
                        () if is(word, "MIN") => Aggregate::Min,
                        () if is(word, "MAX") => Aggregate::Max,
                        () => return Err(Error::SYNTAX),
                    };
                }
                () if replies && is(option, "WITHSCORES") => read.with_scores = true,
                () => return Err(Error::SYNTAX),
            }
        }
        Ok(read)
    }
}

/// Reads the number of keys at `at`, and gives the keys.
pub(crate) fn keys<'a>(cx: &Cx<'_>, args: Args<'a>, at: usize) -> Result<&'a [&'a [u8]]> {
    let count = args.int(at)?;
    if count < 1 {
        let name = cx.entry.command.name;
        return Err(Error::general(format_args!("at least 1 input key is needed for '{name}' command")));
    }
    usize::try_from(count).ok().and_then(|count| args.from(at + 1).get(..count)).ok_or(Error::SYNTAX)
}

/// What these keys hold.
pub(crate) fn inputs<'c>(cx: &'c mut Cx<'_>, words: &[&[u8]]) -> Result<Vec<Input<'c>>> {
    let keys: Vec<Key<'_>> = words.iter().map(|word| cx.key(word)).collect();
    let entries = cx.view.entries(&keys)?.into_iter();
    let inputs = entries.map(|entry| {
        let source = entry.map(|entry| match entry.object() {
            Some(Object::Zset(zset)) => Ok(zset as &dyn Scored),
            Some(Object::Set(set)) => Ok(set as &dyn Scored),
            _ => Err(Error::WRONG_TYPE),
        });
        source.transpose().map(Input::new)
    });
    inputs.collect()
}

/// Makes one sorted set of those that the arguments name, their number at `at`. Says whether scores are asked for.
fn combined(cx: &mut Cx<'_>, args: Args<'_>, at: usize, how: How, replies: bool) -> Result<(Zset, bool)> {
    let keys = keys(cx, args, at)?;
    let tools = cx.view.tools();
    let mut inputs = inputs(cx, keys)?;
    let options = Options::read(args, at + 1 + keys.len(), keys.len(), how, replies)?;
    for (input, weight) in inputs.iter_mut().zip(options.weights) {
        input.weight = weight;
    }
    let result = match how {
        How::Union => union(&tools, &inputs, options.aggregate),
        How::Intersection => intersection(&tools, &inputs, options.aggregate),
        How::Difference => difference(&tools, &inputs),
    };
    Ok((result, options.with_scores))
}

/// Answers with the members of the result.
pub(crate) fn reply_combined(
    cx: &mut Cx<'_>,
    args: Args<'_>,
    out: &mut dyn Reply,
    how: How,
) -> Result<Outcome> {
    let sources = keys(cx, args, 1)?;
    if cx.forbids_all(sources)? {
        return Ok(Outcome::Elsewhere);
    }
    let (result, with_scores) = combined(cx, args, 1, how, true)?;
    Shape::of(out, with_scores).all(out, result.iter());
    Ok(Done)
}

/// Stores the result.
pub(crate) fn store_combined(
    cx: &mut Cx<'_>,
    args: Args<'_>,
    out: &mut dyn Reply,
    how: How,
) -> Result<Outcome> {
    let sources = keys(cx, args, 2)?;
    if cx.forbids_all(sources)? {
        return Ok(Outcome::Elsewhere);
    }
    let (result, _) = combined(cx, args, 2, how, false)?;
    let event = match how {
        How::Union => "zunionstore",
        How::Intersection => "zinterstore",
        How::Difference => "zdiffstore",
    };
    store(cx, args.at(1), result, event, out)
}
