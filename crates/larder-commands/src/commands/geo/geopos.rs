//! `GEOPOS`: the places of members.

use super::units::write_position;
use crate::prelude::*;
use larder_core::value::geo::Position;
use larder_core::value::zset::Zset;

pub(crate) static GEOPOS: Command = Command {
    name: "geopos",
    summary: "Returns the longitudes and latitudes of members.",
    since: "3.2.0",
    group: Group::Geo,
    complexity: "O(M) in the number of members asked for",
    arity: -2,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[Arg::key("key"), Arg::string("member").multiple()],
    examples: &[
        "GEOADD sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania",
        "GEOPOS sicily Palermo Atlantis Catania",
        "GEOPOS sicily",
        "GEOPOS none Palermo",
        "ZADD scores -5 a 1.5 b 1e300 c inf d",
        "GEOPOS scores a b c d",
        "SET s x",
        "GEOPOS s Palermo",
    ],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        let zset = cx.view.collection::<Zset>(&key)?;
        let members = args.from(2);
        out.array(members.len());
        for member in members {
            match zset.and_then(|zset| zset.score(member)) {
                Some(score) => write_position(out, Position::of_score(score)),
                None => out.null_array(),
            }
        }
        Ok(Done)
    },
    ..Command::DEFAULT
};
