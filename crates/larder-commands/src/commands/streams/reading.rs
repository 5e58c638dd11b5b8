//! What XREAD and XREADGROUP have in common: their options, and their keys, which follow the options.

use crate::prelude::*;
use crate::spec::{Begin, Find};
use larder_core::value::stream::StreamId;
use std::ops::Range;

/// Where keys are said to be.
pub(crate) const fn key_spec(from: i8) -> KeySpec {
    KeySpec {
        access: RO | ACCESS,
        begin: Begin::Keyword("STREAMS", from),
        find: Find::Range { last: -1, step: 1, limit: 2 },
    }
}

/// Where keys are: the word STREAMS may be the name of a group as well.
pub(crate) fn keys_of(words: &[&[u8]], found: &mut Vec<(usize, u32)>) {
    found.clear();
    let mut at = 1;
    while let Some(word) = words.get(at) {
        match () {
            () if is(word, "BLOCK") || is(word, "COUNT") => at += 2,
            () if is(word, "GROUP") => at += 3,
            () if is(word, "NOACK") => at += 1,
            () => {
                let rest = words.len() - at - 1;
                if is(word, "STREAMS") && rest.is_multiple_of(2) {
                    found.extend((at + 1..at + 1 + rest / 2).map(|key| (key, RO | ACCESS)));
                }
                return;
            }
        }
    }
}

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    args: Args<'a>,
    /// Entries of each stream at most.
    pub(crate) count: usize,
    /// Whether to wait if there is nothing.
    pub(crate) blocks: bool,
    /// For how long; `None` for ever.
    timeout_ms: Option<u64>,
    /// The group and the consumer.
    pub(crate) group: Option<(&'a [u8], &'a [u8])>,
    /// Entries are not to become pending.
    pub(crate) noack: bool,
    /// Where the keys are; as many ids follow.
    pub(crate) keys: Range<usize>,
}

impl<'a> Asked<'a> {
    pub(crate) fn read(args: Args<'a>, of_group: bool) -> Result<Asked<'a>> {
        let only = |option| {
            Error::general(format_args!(
                "The {option} option is only supported by XREADGROUP. You called XREAD instead."
            ))
        };
        let mut asked = Asked {
            args,
            count: usize::MAX,
            blocks: false,
            timeout_ms: None,
            group: None,
            noack: false,
            keys: 0..0,
        };
        let mut options = args.options(1);
        while let Some(option) = options.next() {
            let more = options.rest().len();
            match () {
                () if is(option, "BLOCK") && more > 0 => {
                    asked.timeout_ms = timeout_ms(options.value()?)?;
                    asked.blocks = true;
                }
                () if is(option, "COUNT") && more > 0 => asked.count = super::ids::count(options.int()?),
                () if is(option, "STREAMS") && more > 0 => {
                    if !more.is_multiple_of(2) {
                        return Err(Error::general(
                            "Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.",
                        ));
                    }
                    let first = args.len() - more;
                    asked.keys = first..first + more / 2;
                    break;
                }
                () if is(option, "GROUP") && more >= 2 => {
                    asked.group = Some((options.value()?, options.value()?));
                    if !of_group {
                        return Err(only("GROUP"));
                    }
                }
                () if is(option, "NOACK") => {
                    asked.noack = true;
                    if !of_group {
                        return Err(only("NOACK"));
                    }
                }
                () => return Err(Error::SYNTAX),
            }
        }
        if asked.keys.is_empty() {
            return Err(Error::SYNTAX);
        }
        Ok(asked)
    }

    /// The keys, each with its position and what stands for its id.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (usize, &'a [u8], &'a [u8])> {
        let (args, len) = (self.args, self.keys.len());
        self.keys.clone().map(move |at| (at, args.at(at), args.at(at + len)))
    }

    /// Nothing is there: it waits, or says so. Where an id depends on the present, the one that it has now is kept.
    pub(crate) fn nothing(&self, above: &[StreamId], out: &mut dyn Reply) -> Outcome {
        if !self.blocks {
            out.null_array();
            return Done;
        }
        let pinned = self.pairs().zip(above).filter(|((.., word), _)| matches!(*word, b"$" | b"+"));
        let len = self.keys.len();
        Outcome::Wait(Wait {
            keys: self.keys.clone().collect(),
            timeout_ms: self.timeout_ms,
            empty: Empty::NullArray,
            pinned: pinned.map(|((at, ..), id)| (at + len, id.to_string().into_bytes().into())).collect(),
        })
    }
}

/// Reads a timeout in milliseconds; `None` for zero, which is for ever.
fn timeout_ms(word: &[u8]) -> Result<Option<u64>> {
    /// Later than any clock will show.
    const MS_MAX: i64 = i64::MAX / 2;
    let ms = parse_int(word).ok_or_else(|| Error::general("timeout is not an integer or out of range"))?;
    if ms < 0 {
        return Err(Error::TIMEOUT_NEGATIVE);
    }
    if ms > MS_MAX {
        return Err(Error::general("timeout is out of range"));
    }
    Ok(u64::try_from(ms).ok().filter(|ms| *ms != 0))
}

/// Announces so many streams: pairs of a key and its entries.
pub(crate) fn begin(out: &mut dyn Reply, streams: usize) {
    match out.protocol() {
        Protocol::Resp2 => out.array(streams),
        Protocol::Resp3 => out.map(streams),
    }
}

/// Begins one of them.
pub(crate) fn begin_stream(out: &mut dyn Reply, key: &[u8]) {
    if out.protocol() == Protocol::Resp2 {
        out.array(2);
    }
    out.bulk(key);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_after_the_options() {
        for (line, expected) in [
            ("xread streams a b 0 0", vec![2, 3]),
            ("xread count streams streams a 0", vec![4]),
            ("xreadgroup group streams streams streams a >", vec![5]),
            ("xreadgroup noack group g c block 0 streams a >", vec![8]),
            ("xread streams a", vec![]),
            ("xread what streams a 0", vec![]),
            ("xread streams", vec![]),
        ] {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            let mut found = vec![(1, 0)];
            keys_of(&words, &mut found);
            assert_eq!(found.into_iter().map(|(at, _)| at).collect::<Vec<_>>(), expected, "{line}");
        }
    }
}
