//! `GEODIST`: how far two members are from each other.

use super::units::{UNIT, unit, write_distance};
use crate::prelude::*;
use larder_core::value::geo::Position;
use larder_core::value::zset::Zset;

pub(crate) static GEODIST: Command = Command {
    name: "geodist",
    summary: "Returns the distance between the places of two members.",
    since: "3.2.0",
    group: Group::Geo,
    arity: -4,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[Arg::key("key"), Arg::string("member1"), Arg::string("member2"), UNIT.optional()],
    examples: &[
        "GEOADD sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania",
        "GEODIST sicily Palermo Catania",
        "GEODIST sicily Palermo Catania km",
        "GEODIST sicily Palermo Catania FT",
        "GEODIST sicily Palermo Catania mi",
        "GEODIST sicily Palermo Atlantis",
        "GEODIST none Palermo Catania",
        "GEODIST none Palermo Catania parsec",
        "GEODIST none Palermo Catania km twice",
        "SET s x",
        "GEODIST s Palermo Catania",
    ],
    run: |cx, args, out| {
        let metres = match args.from(4) {
            [] => 1.0,
            [word] => unit(word)?,
            _ => return Err(Error::SYNTAX),
        };
        let key = cx.key(args.at(1));
        let zset = cx.view.collection::<Zset>(&key)?;
        let place = |member| zset.and_then(|zset| zset.score(member)).map(Position::of_score);
        match (place(args.at(2)), place(args.at(3))) {
            (Some(from), Some(to)) => write_distance(out, from.distance_m(to) / metres),
            _ => out.null(),
        }
        Ok(Done)
    },
    ..Command::DEFAULT
};
