//! `SCAN`: the keys of a database, some at a time.
//!
//! A cursor is a position in the order of the keys' hashes, which growing and shrinking tables keep: a key that is
//! there from the first call to the last is given exactly once.

use super::keys_matching::SLICE;
use super::type_name;
use crate::byte_list::ByteList;
use crate::prelude::*;
use larder_core::value::string::IntText;
use larder_core::{Entry, ScanCursor, glob};

pub(crate) static SCAN: Command = Command {
    name: "scan",
    summary: "Lists keys in portions, with a cursor that says where to go on.",
    since: "2.8.0",
    group: Group::Keys,
    complexity: "O(COUNT) for each call, O(N) for the whole database",
    arity: -2,
    flags: READONLY,
    reach: Reach::Stripes,
    args: &[
        Arg::int("cursor"),
        Arg::pattern("pattern").token("MATCH").optional(),
        Arg::int("count").token("COUNT").optional(),
        Arg::string("type").token("TYPE").optional().since("6.0.0"),
    ],
    tips: &["nondeterministic_output", "request_policy:special"],
    examples: &[
        "SCAN 0",
        "SET user:1 a",
        "SCAN 0 MATCH user:* COUNT 1000",
        "SCAN 0 MATCH visit:* COUNT 1000",
        "SCAN 0 COUNT 1000 TYPE string",
        "SCAN 0 COUNT 1000 TYPE list",
        "SCAN 0 COUNT 0",
        "SCAN 0 COUNT x",
        "SCAN 0 MATCH",
        "SCAN x",
        "SCAN 0 SOON 1",
    ],
    history: &[("6.0.0", "Added the `TYPE` subcommand.")],
    run,
    ..Command::DEFAULT
};

/// Reads a cursor as generously as Redis: a sign, then digits that fit 64 bits; nothing at all is zero.
pub(crate) fn cursor(text: &[u8]) -> Result<u64> {
    let negative = text.first() == Some(&b'-');
    let digits = text.strip_prefix(if negative { b"-" } else { b"+" }).unwrap_or(text);
    if digits.is_empty() && !text.is_empty() {
        return Err(Error::CURSOR);
    }
    let mut n = 0_u64;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return Err(Error::CURSOR);
        }
        n = n.checked_mul(10).and_then(|n| n.checked_add(u64::from(digit - b'0'))).ok_or(Error::CURSOR)?;
    }
    Ok(if negative { n.wrapping_neg() } else { n })
}

#[derive(Default)]
struct Filter<'a> {
    pattern: Option<&'a [u8]>,
    kind: Option<&'a [u8]>,
}

impl Filter<'_> {
    fn takes(&self, entry: &Entry<'_>) -> bool {
        self.pattern.is_none_or(|pattern| glob::matches(pattern, entry.key()))
            && self.kind.is_none_or(|kind| is(kind, type_name::name_of(entry.kind())))
    }
}

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let mut at = ScanCursor::from_u64(cursor(args.at(1))?);
    let mut filter = Filter::default();
    let mut left = 10;
    let mut options = args.options(2);
    while let Some(option) = options.next() {
        match () {
            () if is(option, "MATCH") => {
                filter.pattern = Some(options.value()?).filter(|pattern| *pattern != b"*");
            }
            () if is(option, "TYPE") => filter.kind = Some(options.value()?),
            () if is(option, "COUNT") => {
                left = usize::try_from(options.int()?).map_err(|_| Error::SYNTAX)?;
                if left == 0 {
                    return Err(Error::SYNTAX);
                }
            }
            () => return Err(Error::SYNTAX),
        }
    }
    let (db, haste) = (cx.db(), cx.haste());
    if haste.forbids(left) && haste.forbids(cx.view.len(db)?) {
        return Ok(Outcome::Elsewhere);
    }
    let mut found = ByteList::default();
    loop {
        // A large count is walked in slices, between which others get at the stripe.
        at = cx.view.scan(db, at, left.min(SLICE), |entry| {
            if filter.takes(&entry) {
                found.push(entry.key());
            }
        })?;
        left -= left.min(SLICE);
        if left == 0 || at == ScanCursor::START {
            break;
        }
    }
    out.array(2);
    out.bulk(cursor_text(at, &mut IntText::new()));
    out.array(found.len());
    found.write(out);
    Ok(Done)
}

/// A cursor fits in 40 bits.
fn cursor_text(cursor: ScanCursor, text: &mut IntText) -> &[u8] {
    text.write(cursor.to_u64() as i64)
}

#[cfg(test)]
mod tests {
    use super::cursor;
    use crate::testing::{Guest, House};
    use std::collections::BTreeMap;

    #[test]
    fn cursors_are_read_as_strtoul_reads_them() {
        for (text, n) in [("", 0), ("0", 0), ("+7", 7), ("-1", u64::MAX), ("18446744073709551615", u64::MAX)]
        {
            assert_eq!(cursor(text.as_bytes()), Ok(n), "{text}");
        }
        for text in ["x", " 1", "1 ", "-", "18446744073709551616", "0x10"] {
            assert!(cursor(text.as_bytes()).is_err(), "{text}");
        }
    }

    /// One call of SCAN: the next cursor and the keys.
    fn portion(guest: &mut Guest, cursor: &str, options: &str) -> (String, Vec<String>) {
        let reply = guest.says(&format!("SCAN {cursor}{options}"));
        let mut words = reply.split('"').skip(1).step_by(2).map(String::from);
        (words.next().expect("a cursor"), words.collect())
    }

    #[test]
    fn a_few_keys_come_at_once_however_many_there_were() {
        let house = House::new();
        let mut guest = house.guest();
        for emptied in ["FLUSHDB", "each by itself"] {
            (0..5_000).for_each(|n| drop(guest.says(&format!("SET key:{n} 1"))));
            match emptied {
                "FLUSHDB" => drop(guest.says("FLUSHDB")),
                _ => (0..5_000).for_each(|n| drop(guest.says(&format!("DEL key:{n}")))),
            }
            guest.says("SET foo 1");
            assert_eq!(guest.says("SCAN 0 MATCH f*"), "[\"0\" [\"foo\"]]", "{emptied}");
        }
    }

    #[test]
    fn every_key_that_stays_is_given_once_while_others_come_and_go() {
        for (growing, options) in [(true, ""), (false, " COUNT 100"), (false, " COUNT 3000")] {
            let house = House::new();
            let mut guest = house.guest();
            for i in 0..1_000 {
                guest.says(&format!("SET stays:{i} v"));
            }
            for i in 0..10_000 {
                guest.says(&format!("SET goes:{i} v"));
            }
            let mut seen: BTreeMap<String, usize> = BTreeMap::new();
            let (mut cursor, mut step) = (String::from("0"), 0);
            loop {
                let (next, keys) = portion(&mut guest, &cursor, options);
                for key in keys {
                    *seen.entry(key).or_default() += 1;
                }
                cursor = next;
                if cursor == "0" {
                    break;
                }
                for i in 0..40 {
                    let n = step * 40 + i;
                    if growing {
                        guest.says(&format!("SET comes:{n} v"));
                    } else {
                        guest.says(&format!("DEL goes:{n}"));
                    }
                }
                step += 1;
            }
            let stays = seen.iter().filter(|(key, _)| key.starts_with("stays:"));
            assert_eq!(stays.filter(|(_, times)| **times == 1).count(), 1_000, "{growing} {options}");
            assert!(seen.values().all(|times| *times == 1), "{growing} {options}");
        }
    }

    #[test]
    fn a_portion_is_about_as_large_as_asked_for() {
        let house = House::new();
        let mut guest = house.guest();
        for i in 0..10_000 {
            guest.says(&format!("SET key:{i} v"));
        }
        let (_, keys) = portion(&mut guest, "0", "");
        assert!((10..40).contains(&keys.len()), "{}", keys.len());
        let (_, keys) = portion(&mut guest, "0", " COUNT 1000");
        assert!((1_000..1_100).contains(&keys.len()), "{}", keys.len());
        let (cursor, keys) = portion(&mut guest, "0", " COUNT 9223372036854775807");
        assert_eq!((cursor.as_str(), keys.len()), ("0", 10_000));
    }
}
