//! Sorted sets together, plain sets among them with score one for each member: what `ZUNION`, `ZINTER`, `ZDIFF` and
//! their relatives share.
//!
//! Errors come in the order in which Redis finds them: the number of keys, the types of the keys, the options.

use super::members::Shape;
use super::store::store;
use crate::prelude::*;
use larder_core::value::Object;
pub(crate) use larder_core::value::combine::Combination as How;
use larder_core::value::combine::{
    Aggregate, Input, Partial, Scored, Shared, difference, intersection, union,
};
use larder_core::value::score::parse_score;
use larder_core::value::zset::Zset;
use larder_core::{Entry, Slice, View};

/// The arguments that weigh the inputs.
pub(crate) const WEIGHTS: Arg = Arg::int("weight").token("WEIGHTS").multiple().optional();
/// The arguments that say how scores become one.
pub(crate) const AGGREGATE: Arg =
    Arg::one_of("aggregate", &[Arg::word("sum", "SUM"), Arg::word("min", "MIN"), Arg::word("max", "MAX")])
        .token("AGGREGATE")
        .optional();

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
    as_inputs(cx.view.entries(&keys)?)
}

fn as_inputs(entries: Vec<Option<Entry<'_>>>) -> Result<Vec<Input<'_>>> {
    let inputs = entries.into_iter().map(|entry| {
        let source = entry.map(|entry| match entry.object() {
            Some(Object::Zset(zset)) => Ok(zset as &dyn Scored),
            Some(Object::Set(set)) => Ok(set as &dyn Scored),
            _ => Err(Error::WRONG_TYPE),
        });
        source.transpose().map(Input::new)
    });
    inputs.collect()
}

/// What the arguments name: keys, their number at `at`, and options.
struct Asked<'a> {
    how: How,
    keys: &'a [&'a [u8]],
    options: Options,
}

impl<'a> Asked<'a> {
    /// Counts the reads of the keys, too.
    fn read(cx: &mut Cx<'_>, args: Args<'a>, at: usize, how: How, replies: bool) -> Result<Asked<'a>> {
        let keys = keys(cx, args, at)?;
        inputs(cx, keys)?;
        let options = Options::read(args, at + 1 + keys.len(), keys.len(), how, replies)?;
        Ok(Asked { how, keys, options })
    }

    fn weigh(&self, inputs: &mut [Input<'_>]) {
        for (input, weight) in inputs.iter_mut().zip(&self.options.weights) {
            input.weight = *weight;
        }
    }

    /// Makes one sorted set of them.
    fn combined(&self, cx: &mut Cx<'_>) -> Result<Zset> {
        let (tools, aggregate) = (cx.view.tools(), self.options.aggregate);
        let keys: Vec<Key<'_>> = self.keys.iter().map(|word| cx.key(word)).collect();
        let mut inputs = as_inputs(cx.view.peek_all(&keys)?)?;
        self.weigh(&mut inputs);
        Ok(match self.how {
            How::Union => union(&tools, &inputs, aggregate),
            How::Intersection => intersection(&tools, &inputs, aggregate),
            How::Difference => difference(&tools, &inputs),
        })
    }

    /// Goes on with one that is made in slices.
    fn go_on(&self, view: &mut View<'_>, keys: &[Key<'_>], partial: &mut Partial) -> Result<bool> {
        let tools = view.tools();
        let mut inputs = as_inputs(view.peek_all(keys)?)?;
        self.weigh(&mut inputs);
        Ok(partial.go_on(self.how, &tools, &inputs, self.options.aggregate, &mut Slice::default()))
    }
}

/// Answers with the members of the result.
pub(crate) fn reply_combined(
    cx: &mut Cx<'_>,
    args: Args<'_>,
    out: &mut dyn Reply,
    how: How,
) -> Result<Outcome> {
    let sources = keys(cx, args, 1)?;
    let way = cx.way_through(sources)?;
    if way == Way::Elsewhere {
        return Ok(Outcome::Elsewhere);
    }
    let asked = Asked::read(cx, args, 1, how, true)?;
    let result = if way == Way::InSlices {
        let (tools, keys) = (cx.view.tools(), sources.iter().map(|word| cx.key(word)).collect::<Vec<_>>());
        let go_on = |view: &mut View<'_>, partial: &mut Partial| asked.go_on(view, &keys, partial);
        cx.read_in_slices(args, &keys, go_on)?.into_zset(&tools)
    } else {
        asked.combined(cx)?
    };
    Shape::of(out, asked.options.with_scores).all(out, result.iter());
    Ok(Done)
}

/// How many members all of these keys have, counted up to a limit (0 for no limit) and in slices.
pub(crate) fn shared_in_slices(
    cx: &mut Cx<'_>,
    args: Args<'_>,
    words: &[&[u8]],
    limit: usize,
) -> Result<usize> {
    let keys: Vec<Key<'_>> = words.iter().map(|word| cx.key(word)).collect();
    let most = if limit == 0 { usize::MAX } else { limit };
    let shared = cx.read_in_slices(args, &keys, |view, shared: &mut Shared| {
        let inputs = as_inputs(view.peek_all(&keys)?)?;
        Ok(shared.go_on(&inputs, &mut Slice::default()) || shared.count() >= most)
    })?;
    Ok(shared.count().min(most))
}

/// Stores the result.
pub(crate) fn store_combined(
    cx: &mut Cx<'_>,
    args: Args<'_>,
    out: &mut dyn Reply,
    how: How,
) -> Result<Outcome> {
    let sources = keys(cx, args, 2)?;
    let way = cx.way_through(sources)?;
    if way == Way::Elsewhere {
        return Ok(Outcome::Elsewhere);
    }
    let asked = Asked::read(cx, args, 2, how, false)?;
    let result = if way == Way::InSlices {
        let (tools, keys) = (cx.view.tools(), sources.iter().map(|word| cx.key(word)).collect::<Vec<_>>());
        let go_on = |view: &mut View<'_>, partial: &mut Partial| asked.go_on(view, &keys, partial);
        cx.view.in_slices_then(&keys, go_on, |partial| Ok::<_, Error>(partial.into_zset(&tools)))?
    } else {
        asked.combined(cx)?
    };
    let event = match how {
        How::Union => "zunionstore",
        How::Intersection => "zinterstore",
        How::Difference => "zdiffstore",
    };
    store(cx, args.at(1), result, event, out)
}
