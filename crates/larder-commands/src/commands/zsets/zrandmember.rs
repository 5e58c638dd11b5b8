//! `ZRANDMEMBER`: some members.

use super::members::Shape;
use crate::choose::{random_count, repeated};
use crate::prelude::*;
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
    let most = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if cx.haste().forbids(most) && (count < 0 || cx.forbids_all(&args.from(1)[..1])?) {
        return Ok(Outcome::Elsewhere);
    }
    let Some(zset) = cx.view.collection::<Zset>(&key)? else {
        out.array(0);
        return Ok(Done);
    };
    let shape = Shape::of(out, with_scores);
    if count < 0 {
        let count = repeated(count.unsigned_abs())?;
        shape.begin(out, count);
        for _ in 0..count {
            if let Some((member, score)) = zset.sample(&mut rng) {
                shape.one(out, member, score);
            }
        }
        return Ok(Done);
    }
    let count = usize::try_from(count).unwrap_or(usize::MAX).min(zset.len());
    shape.begin(out, count);
    zset.sample_distinct(&mut rng, count, |member, score| shape.one(out, member, score));
    Ok(Done)
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
