//! The one key extractor: which words of a command line are keys. Access rules, locks, the executor and `COMMAND
//! GETKEYS` all ask here, so that a key that is checked and a key that is used are the same key.

use crate::args::is;
use crate::spec::{Begin, Command, Find, KeySpec, Reach, access};
use larder_core::value::string::parse_int;

/// The number of keys makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadKeys;

/// Positions of the keys with what is done to each, in the order of the line.
pub fn positions(command: &Command, words: &[&[u8]], found: &mut Vec<(usize, u32)>) -> Result<(), BadKeys> {
    for spec in command.keys {
        let before = found.len();
        of_spec(spec, words, found)?;
        if spec.access & access::VARIABLE != 0
            && let Some(access_of) = command.access_of
        {
            let does = access_of(words);
            found[before..].iter_mut().for_each(|(_, access)| *access = does);
        }
    }
    if let Some(more) = command.more_keys {
        more(words, found);
    }
    Ok(())
}

fn of_spec(spec: &KeySpec, words: &[&[u8]], found: &mut Vec<(usize, u32)>) -> Result<(), BadKeys> {
    let begin = match spec.begin {
        Begin::Index(index) => usize::from(index),
        Begin::Keyword(word, from) => match keyword(words, word, from) {
            Some(at) => at + 1,
            None => return Ok(()),
        },
        Begin::Unknown => return Ok(()),
    };
    if begin >= words.len() {
        return Ok(());
    }
    let (first, last, step) = match spec.find {
        Find::Range { last, step, limit } => {
            let last = if last >= 0 {
                begin + last as usize
            } else if limit > 1 {
                let rest = words.len() - begin;
                begin + (rest / usize::from(limit)).saturating_sub(1)
            } else {
                words.len().saturating_sub(usize::from(last.unsigned_abs()))
            };
            (begin, last, step)
        }
        Find::Numkeys { at, first, step } => {
            let count = words.get(begin + usize::from(at)).and_then(|word| parse_int(word)).ok_or(BadKeys)?;
            let count = usize::try_from(count).map_err(|_| BadKeys)?;
            let first = begin + usize::from(first);
            if count == 0 {
                return Ok(());
            }
            let last = count.checked_sub(1).and_then(|n| n.checked_mul(usize::from(step))).ok_or(BadKeys)?;
            let last = first.checked_add(last).filter(|last| *last < words.len()).ok_or(BadKeys)?;
            (first, last, step)
        }
        Find::Unknown => return Ok(()),
    };
    let mut at = first;
    while at <= last && at < words.len() {
        found.push((at, spec.access));
        at += usize::from(step.max(1));
    }
    Ok(())
}

/// Where a keyword stands, looked for from a word on, or backwards from one counted from the end.
fn keyword(words: &[&[u8]], word: &str, from: i8) -> Option<usize> {
    if let Ok(from) = usize::try_from(from) {
        return words.iter().skip(from).position(|w| is(w, word)).map(|at| from + at);
    }
    let last = words.len().checked_sub(usize::from(from.unsigned_abs()))?;
    words.get(..=last)?.iter().rposition(|w| is(w, word))
}

/// The position of the only key, where a command has exactly one and always at the same place.
pub(crate) fn single(command: &Command) -> Option<u8> {
    if !matches!(command.reach, Reach::Keys) {
        return None;
    }
    match (command.keys, command.more_keys) {
        ([KeySpec { begin: Begin::Index(at), find: Find::Range { last: 0, .. }, access }], None)
            if access & access::NOT_KEY == 0 =>
        {
            Some(*at)
        }
        _ => None,
    }
}

/// First key, last key and step, as older clients read them from `COMMAND`.
pub fn legacy_range(command: &Command) -> (i64, i64, i64) {
    let mut range: Option<(i64, i64, i64)> = None;
    for spec in command.keys {
        let (Begin::Index(at), Find::Range { last, step, .. }) = (spec.begin, spec.find) else { continue };
        let at = i64::from(at);
        let last = if last < 0 { i64::from(last) } else { at + i64::from(last) };
        range = match range {
            None => Some((at, last, i64::from(step))),
            // Keys that follow each other make one range.
            Some((first, until, step)) if until >= 0 && at == until + 1 => Some((first, last, step)),
            other => other,
        };
    }
    range.unwrap_or((0, 0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(command: &Command, line: &str) -> Result<Vec<usize>, BadKeys> {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let mut found = Vec::new();
        positions(command, &words, &mut found)?;
        Ok(found.into_iter().map(|(at, _)| at).collect())
    }

    static EVERY: Command = Command { keys: &[KeySpec::range(1, -1, 2, access::RW)], ..Command::DEFAULT };
    static SOME: Command = Command { keys: &[KeySpec::range(1, -2, 1, access::RW)], ..Command::DEFAULT };
    static COUNTED: Command =
        Command { keys: &[KeySpec::at(1, access::OW), KeySpec::numkeys(2, access::RO)], ..Command::DEFAULT };
    static STREAMS: Command = Command {
        keys: &[KeySpec {
            access: access::RO,
            begin: Begin::Keyword("STREAMS", 1),
            find: Find::Range { last: -1, step: 1, limit: 2 },
        }],
        ..Command::DEFAULT
    };

    static BACKWARDS: Command = Command {
        keys: &[KeySpec {
            access: access::RW,
            begin: Begin::Keyword("KEYS", -2),
            find: Find::Range { last: -1, step: 1, limit: 0 },
        }],
        ..Command::DEFAULT
    };

    #[test]
    fn ranges_and_counts() {
        assert_eq!(keys(&EVERY, "mset a 1 b 2"), Ok(vec![1, 3]));
        assert_eq!(keys(&SOME, "blpop a b 0"), Ok(vec![1, 2]));
        assert_eq!(keys(&COUNTED, "zunionstore d 2 a b weights 1 2"), Ok(vec![1, 3, 4]));
        assert_eq!(keys(&COUNTED, "zunionstore d 9223372036854775807 a b"), Err(BadKeys));
        assert_eq!(keys(&COUNTED, "zunionstore d -1 a b"), Err(BadKeys));
        assert_eq!(keys(&COUNTED, "zunionstore d x a b"), Err(BadKeys));
        assert_eq!(keys(&STREAMS, "xread count 2 streams a b 0 0"), Ok(vec![4, 5]));
        assert_eq!(keys(&BACKWARDS, "migrate h p keys 0 1 copy keys a b"), Ok(vec![8, 9]));
        assert_eq!(keys(&BACKWARDS, "migrate keys"), Ok(vec![]));
    }
}
