//! `GEOSEARCH`, `GEOSEARCHSTORE`: who is within a circle or a box.

use super::asked::{COUNT, Form, ORDER, WITH_COORD, WITH_DIST, WITH_HASH, search};
use super::units::UNIT;
use crate::prelude::*;

const FROM: Arg = Arg::one_of(
    "from",
    &[
        Arg::string("member").token("FROMMEMBER"),
        Arg::block("longitude_latitude", &[Arg::double("longitude"), Arg::double("latitude")])
            .token("FROMLONLAT"),
    ],
);

const BY: Arg = Arg::one_of(
    "by",
    &[
        Arg::block("circle", &[Arg::double("radius").token("BYRADIUS"), UNIT]),
        Arg::block("box", &[Arg::double("width").token("BYBOX"), Arg::double("height"), UNIT]),
    ],
);

const WITHIN: Command = Command {
    since: "6.2.0",
    group: Group::Geo,
    complexity: "O(N+log(M)): N members in the squares of the map around the form, M in the set",
    history: &[("7.0.0", "Units in upper case.")],
    ..Command::DEFAULT
};

pub(crate) static GEOSEARCH: Command = Command {
    name: "geosearch",
    summary: "Returns the members within a circle or a box around a place or another member.",
    arity: -7,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[Arg::key("key"), FROM, BY, ORDER, COUNT, WITH_COORD, WITH_DIST, WITH_HASH],
    examples: &[
        "GEOADD sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 13.583333 37.316667 Agrigento",
        "GEOSEARCH sicily FROMLONLAT 15 37 BYRADIUS 200 km",
        "GEOSEARCH sicily FROMLONLAT 15 37 BYBOX 400 400 km ASC WITHCOORD WITHDIST",
        "GEOSEARCH sicily FROMMEMBER Palermo BYRADIUS 100 mi DESC WITHDIST WITHHASH",
        "GEOSEARCH sicily FROMMEMBER Palermo BYRADIUS 500 km COUNT 2",
        "GEOSEARCH sicily FROMMEMBER Palermo BYRADIUS 500 km COUNT 2 ANY",
        "GEOSEARCH sicily FROMMEMBER Palermo BYRADIUS 500 km ANY",
        "GEOSEARCH sicily FROMMEMBER Atlantis BYRADIUS 500 km",
        "GEOSEARCH none FROMMEMBER Atlantis BYRADIUS 500 km",
        "GEOSEARCH sicily FROMMEMBER Palermo FROMLONLAT 15 37 BYRADIUS 500 km",
        "GEOSEARCH sicily FROMMEMBER Palermo ASC WITHDIST WITHHASH",
        "GEOSEARCH sicily BYRADIUS 500 km WITHDIST WITHHASH",
        "SET s x",
        "GEOSEARCH s FROMLONLAT 15 37 BYRADIUS 200 km",
    ],
    run: |cx, args, out| search(cx, args, out, Form::Search),
    ..WITHIN
};

pub(crate) static GEOSEARCHSTORE: Command = Command {
    name: "geosearchstore",
    summary: "Stores the members within a circle or a box as another sorted set.",
    arity: -8,
    flags: WRITE | DENYOOM,
    keys: &[KeySpec::at(1, OW | UPDATE), KeySpec::at(2, RO | ACCESS)],
    args: &[
        Arg::key("destination"),
        Arg::key_of("source", 1),
        FROM,
        BY,
        ORDER,
        COUNT,
        Arg::word("storedist", "STOREDIST").optional(),
    ],
    examples: &[
        "GEOADD sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 13.583333 37.316667 Agrigento",
        "GEOSEARCHSTORE near sicily FROMLONLAT 15 37 BYBOX 400 400 km COUNT 2",
        "GEOSEARCH near FROMLONLAT 15 37 BYBOX 400 400 km ASC WITHCOORD WITHDIST",
        "GEOSEARCHSTORE near sicily FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST",
        "ZRANGE near 0 -1",
        "GEOSEARCHSTORE near sicily FROMLONLAT 15 37 BYRADIUS 200 km WITHDIST",
        "GEOSEARCHSTORE near none FROMLONLAT 15 37 BYRADIUS 200 km",
        "EXISTS near",
        "SET s x",
        "GEOSEARCHSTORE near s FROMLONLAT 15 37 BYRADIUS 200 km",
    ],
    run: |cx, args, out| search(cx, args, out, Form::SearchStore),
    ..WITHIN
};
