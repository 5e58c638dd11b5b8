//! `ZRANDMEMBER`: some members.

use super::members::Shape;
use crate::choose::{Choice, choose_in_slices, on_copy, random_count, repeated};
use crate::prelude::*;
use larder_core::Rng;
use larder_core::value::zset::Zset;

pub(crate) static ZRANDMEMBER: Command = Command {
    name: "zrandmember",
    summary: "Returns some members, with their scores if you like.",
    since: "6.2.0",
    group: Group::SortedSets,
    complexity: "O(N) in the number of members returned",
    arity: -2,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[
        Arg::key("key"),
        Arg::block("options", &[Arg::int("count"), Arg::word("withscores", "WITHSCORES").optional()])
            .optional(),
    ],
    tips: &["nondeterministic_output"],
    examples: &[
        "ZRANDMEMBER none",
        "ZRANDMEMBER none 3",
        "ZADD board 10 ada",
        "ZRANDMEMBER board",
        "ZRANDMEMBER board 5 WITHSCORES",
        "ZRANDMEMBER board -2 WITHSCORES",
        "ZRANDMEMBER board 0",
        "ZRANDMEMBER board x",
        "ZRANDMEMBER board 1 NOSUCH",
        "ZRANDMEMBER board -9223372036854775808",
        "ZRANDMEMBER board -9223372036854775807 WITHSCORES",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    let mut rng = cx.view.tools().rng;
    if args.len() == 2 {
        let member = cx.view.collection::<Zset>(&key)?.and_then(|zset| zset.sample(&mut rng));
        out.bulk_or_null(member.map(|(member, _)| member));
        return Ok(Done);
    }
    let count = random_count(args.at(2))?;
    let with_scores = match *args.from(3) {
        [] => false,
        [word] if is(word, "WITHSCORES") => true,
        _ => return Err(Error::SYNTAX),
    };
    if with_scores && count.unsigned_abs() > i64::MAX as u64 / 2 {
        return Err(Error::OUT_OF_RANGE);
    }
    let haste = cx.haste();
    let Some(zset) = cx.view.collection::<Zset>(&key)? else {
        out.array(0);
        return Ok(Done);
    };
    let shape = Shape::of(out, with_scores);
    let most = if count < 0 { repeated(count.unsigned_abs())? } else { zset.len().min(count as usize) };
    let choice = Choice::of(count, zset.len());
    match haste.way(most) {
        Way::AtOnce => some_of(zset, choice, most, &mut rng, shape, out),
        Way::Elsewhere => return cx.leave(&key),
        Way::InSlices if choice == Choice::AmongAll => {
            on_copy::<Zset>(cx, args, &key, |copy| match copy {
                Some(zset) => some_of(zset, choice, most, &mut rng, shape, out),
                None => out.array(0),
            })?;
        }
        Way::InSlices => {
            let chosen = choose_in_slices(cx, args, &key, (choice, most), Zset::len, |zset, rng, add| {
                if let Some((member, score)) = zset.sample(rng) {
                    add(member, &score.to_ne_bytes());
                }
            })?;
            shape.begin(out, chosen.len());
            for (member, score) in chosen.iter() {
                shape.one(out, member, score.try_into().map_or(0.0, f64::from_ne_bytes));
            }
        }
    }
    Ok(Done)
}

/// Answers with so many members, chosen at random.
fn some_of(zset: &Zset, choice: Choice, count: usize, rng: &mut Rng, shape: Shape, out: &mut dyn Reply) {
    let count = if choice == Choice::Repeated { count } else { count.min(zset.len()) };
    shape.begin(out, count);
    if choice == Choice::Repeated {
        for _ in 0..count {
            if let Some((member, score)) = zset.sample(rng) {
                shape.one(out, member, score);
            }
        }
    } else {
        zset.sample_distinct(rng, count, |member, score| shape.one(out, member, score));
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::House;
    use std::collections::BTreeSet;

    #[test]
    fn members_are_distinct_unless_repetitions_are_asked_for() {
        let mut guest = House::new().guest();
        for n in 0..9 {
            guest.says(&format!("ZADD z {n} m{n}"));
        }
        let mut members = |line: &str| -> Vec<String> {
            guest.says(line).trim_matches(['[', ']']).split(' ').map(String::from).collect()
        };
        for count in 1..12 {
            let distinct = members(&format!("ZRANDMEMBER z {count}"));
            assert_eq!(distinct.len(), count.min(9));
            assert_eq!(distinct.iter().collect::<BTreeSet<_>>().len(), count.min(9));
            assert_eq!(members(&format!("ZRANDMEMBER z -{count}")).len(), count);
            assert_eq!(members(&format!("ZRANDMEMBER z -{count} WITHSCORES")).len(), count * 2);
        }
        assert_eq!(guest.says("ZRANDMEMBER z -9223372036854775807"), "-ERR value is out of range");
    }
}
