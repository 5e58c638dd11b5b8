//! `GEOHASH`: the places of members as public geohashes.

use crate::prelude::*;
use larder_core::value::geo::Position;
use larder_core::value::zset::Zset;

pub(crate) static GEOHASH: Command = Command {
    name: "geohash",
    summary: "Returns the places of members as geohashes, the text that maps on the web know.",
    since: "3.2.0",
    group: Group::Geo,
    complexity: "O(M) in the number of members asked for",
    arity: -2,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[Arg::key("key"), Arg::string("member").multiple()],
    examples: &[
        "GEOADD sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania",
        "GEOHASH sicily Palermo Atlantis Catania",
        "GEOHASH sicily",
        "GEOHASH none Palermo",
        "GEOADD edges 180 85.05112878 a -180 -85.05112878 b 0 0 c",
        "GEOHASH edges a b c",
        "SET s x",
        "GEOHASH s Palermo",
    ],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        let zset = cx.view.collection::<Zset>(&key)?;
        let members = args.from(2);
        out.array(members.len());
        for member in members {
            match zset.and_then(|zset| zset.score(member)) {
                Some(score) => out.bulk(&Position::of_score(score).geohash()),
                None => out.null(),
            }
        }
        Ok(Done)
    },
    ..Command::DEFAULT
};
