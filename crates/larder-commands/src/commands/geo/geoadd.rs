//! `GEOADD`: gives members of a sorted set places.

use super::units::position;
use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::zset::{Inserted, Zset};

pub(crate) static GEOADD: Command = Command {
    name: "geoadd",
    summary: "Gives members of a sorted set places on the earth, and says how many members are new.",
    since: "3.2.0",
    group: Group::Geo,
    complexity: "O(M log(N)): M members given, N in the set",
    arity: -5,
    flags: WRITE | DENYOOM,
    keys: &[KeySpec::at(1, RW | UPDATE)],
    args: &[
        Arg::key("key"),
        Arg::one_of("condition", &[Arg::word("nx", "NX"), Arg::word("xx", "XX")]).optional().since("6.2.0"),
        Arg::word("change", "CH").optional().since("6.2.0"),
        Arg::block(
            "longitude_latitude_member",
            &[Arg::double("longitude"), Arg::double("latitude"), Arg::string("member")],
        )
        .multiple(),
    ],
    examples: &[
        "GEOADD sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania",
        "GEOADD sicily CH XX 13.36 38.12 Palermo 13.58 37.32 Agrigento",
        "GEOADD sicily NX 0 0 Palermo 13.58 37.32 Agrigento",
        "ZRANGE sicily 0 -1 WITHSCORES",
        "GEOADD sicily NX XX 13.58 37.32 Agrigento",
        "GEOADD sicily 13.58 37.32",
        "GEOADD sicily x 37.32 Agrigento",
        "GEOADD sicily 181 37.32 Agrigento",
        "SET s x",
        "GEOADD s 13.58 37.32 Agrigento",
    ],
    history: &[("6.2.0", "`CH`, `NX` and `XX`.")],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let (mut new_only, mut known_only, mut count_changed) = (false, false, false);
    let mut options = args.options(2);
    loop {
        match () {
            () if options.accept("NX") => new_only = true,
            () if options.accept("XX") => known_only = true,
            () if options.accept("CH") => count_changed = true,
            () => break,
        }
    }
    let places = options.rest();
    if !places.len().is_multiple_of(3) || places.is_empty() || new_only && known_only {
        return Err(Error::SYNTAX);
    }
    let scored: Result<Vec<(f64, &[u8])>> =
        places.chunks_exact(3).map(|place| Ok((position(place[0], place[1])?.score(), place[2]))).collect();
    let scored = scored?;
    let missing = if known_only { Missing::Skip } else { Missing::Create };
    let key = cx.key(args.at(1));
    let counted = cx.view.edit::<Zset, _>(&key, missing, |edit| {
        let (mut added, mut updated) = (0, 0);
        for (score, member) in scored {
            let known = (new_only || known_only) && edit.score(member).is_some();
            if known && new_only || !known && known_only {
                continue;
            }
            match edit.collection.insert(&edit.tools, member, score) {
                Inserted::Added => added += 1,
                Inserted::Updated => updated += 1,
                Inserted::Same => {}
            }
        }
        if added + updated > 0 {
            edit.report("zadd");
        }
        (added, updated)
    })?;
    let (added, updated) = counted.unwrap_or_default();
    out.count(if count_changed { added + updated } else { added });
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn errors_change_nothing_and_come_in_the_order_of_redis() {
        let mut guest = House::new().guest();
        for (line, answer) in [
            ("GEOADD g NX XX 1 2 a", "-ERR syntax error"),
            ("GEOADD g NX CH NX", "-ERR syntax error"),
            ("GEOADD g 1 2 a 3 4", "-ERR syntax error"),
            ("GEOADD g 1 2 a x 181 b", "-ERR value is not a valid float"),
            ("GEOADD g 1 2 a 181 nan b", "-ERR value is not a valid float"),
            ("GEOADD g 1 2 a 181 0 b", "-ERR invalid longitude,latitude pair 181.000000,0.000000"),
            ("GEOADD g 1 2 a -inf 1e3 b", "-ERR invalid longitude,latitude pair -inf,1000.000000"),
            ("EXISTS g", "(0)"),
            ("GEOADD g XX 1 2 a", "(0)"),
            ("EXISTS g", "(0)"),
            ("GEOADD g ch 1 2 a 1 2 a 2 1 a", "(2)"),
        ] {
            assert_eq!(guest.says(line), answer, "{line}");
        }
    }
}
