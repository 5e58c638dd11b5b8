//! `ZSCAN`: a sorted set in pieces.

use crate::prelude::*;
use crate::scan_options::{ScanOptions, cursor, takes_long};
use larder_core::value::score::ScoreText;
use larder_core::value::zset::Zset;

pub(crate) static ZSCAN: Command = Command {
    name: "zscan",
    summary: "Visits the members of a sorted set in pieces.",
    since: "2.8.0",
    group: Group::SortedSets,
    complexity: "O(1) for each call, O(N) for all of them",
    arity: -3,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[
        Arg::key("key"),
        Arg::int("cursor"),
        Arg::pattern("pattern").token("MATCH").optional(),
        Arg::int("count").token("COUNT").optional(),
    ],
    tips: &["nondeterministic_output"],
    examples: &[
        "ZADD board 10 ada 20.5 bob",
        "ZSCAN board 0",
        "ZSCAN board 0 MATCH a* COUNT 5",
        "ZSCAN none 0",
        "ZSCAN board x",
        "ZSCAN board 0 COUNT 0",
        "ZSCAN board 0 NOSUCH",
        "SET s x",
        "ZSCAN s 0",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let cursor = cursor(args.at(2))?;
    if takes_long(cx, args)? {
        return Ok(Outcome::Elsewhere);
    }
    let key = cx.key(args.at(1));
    // The next cursor stands before the members and is known after them.
    let (mut bytes, mut found) = (Vec::new(), Vec::new());
    let next = cx.view.collection::<Zset>(&key)?.map(|zset| -> Result<u64> {
        let options = ScanOptions::read(args, 3)?;
        Ok(zset.scan(cursor, options.count, |member, score| {
            if options.matches(member) {
                bytes.extend_from_slice(member);
                found.push((bytes.len(), score));
            }
        }))
    });
    let next = next.transpose()?.unwrap_or(0);
    out.array(2);
    out.bulk(next.to_string().as_bytes());
    out.array(found.len() * 2);
    let mut start = 0;
    for (end, score) in found {
        out.bulk(&bytes[start..end]);
        // Text in either protocol, as Redis has it.
        out.bulk(ScoreText::new().write(score));
        start = end;
    }
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;
    use std::collections::BTreeSet;

    #[test]
    fn a_large_set_is_visited_whole() {
        let mut guest = House::new().guest();
        for n in 0..500 {
            guest.says(&format!("ZADD z {n}.5 m{n}"));
        }
        let (mut cursor, mut seen, mut calls) = (String::from("0"), BTreeSet::new(), 0);
        loop {
            let reply = guest.says(&format!("ZSCAN z {cursor} COUNT 20"));
            let words: Vec<&str> =
                reply.split(['[', ']', ' ', '"']).filter(|word| !word.is_empty()).collect();
            for pair in words[1..].chunks(2) {
                assert_eq!(format!("m{}", pair[1].trim_end_matches(".5")), pair[0]);
                seen.insert(pair[0].to_string());
            }
            cursor = words[0].to_string();
            calls += 1;
            if cursor == "0" {
                break;
            }
        }
        assert_eq!(seen.len(), 500);
        assert!(calls > 10, "{calls}");
    }
}
