//! `GEORADIUS`, `GEORADIUS_RO`: who is near a place. Older forms of `GEOSEARCH`.

use super::asked::{COUNT, Form, ORDER, WITH_COORD, WITH_DIST, WITH_HASH, search};
use super::units::UNIT;
use crate::prelude::*;
use crate::spec::{Begin, Find};

/// The key that a word introduces. Of several the last counts: `stored_key` finds it.
pub(super) const fn stored(word: &'static str, from: i8) -> KeySpec {
    let find = Find::Range { last: 0, step: 1, limit: 0 };
    KeySpec { access: OW | UPDATE, begin: Begin::Keyword(word, from), find }
}

/// Adds the key in which the result is stored, where a line says `STORE` more than once. Which words are options and
/// which are their values is told as the command itself does.
pub(super) fn stored_key(words: &[&[u8]], from: usize, found: &mut Vec<(usize, u32)>) {
    let (mut at, mut stored) = (from, None);
    while let Some(word) = words.get(at) {
        at += match () {
            () if is(word, "COUNT") => 2,
            () if is(word, "STORE") || is(word, "STOREDIST") => {
                stored = Some(at + 1).filter(|at| *at < words.len());
                2
            }
            () => 1,
        };
    }
    let known = |at: usize| found.iter().any(|(known, _)| *known == at);
    found.extend(stored.filter(|at| !known(*at)).map(|at| (at, OW | UPDATE)));
}

const NEAR: Command = Command {
    group: Group::Geo,
    complexity: "O(N+log(M)): N members in the squares of the map around the circle, M in the set",
    arity: -6,
    ..Command::DEFAULT
};

const COUNT_ANY: Arg = Arg::block(
    "count",
    &[Arg::int("count").token("COUNT"), Arg::word("any", "ANY").optional().since("6.2.0")],
)
.optional();

const PLACE_WORDS: &[Arg] = &[
    Arg::key("key"),
    Arg::double("longitude"),
    Arg::double("latitude"),
    Arg::double("radius"),
    UNIT,
    WITH_COORD,
    WITH_DIST,
    WITH_HASH,
    COUNT_ANY,
    ORDER,
    Arg::key_of("key", 1).token("STORE").optional(),
    Arg::key_of("key", 2).token("STOREDIST").optional(),
];

const MEMBER_WORDS: &[Arg] = &[
    Arg::key("key"),
    Arg::string("member"),
    Arg::double("radius"),
    UNIT,
    WITH_COORD,
    WITH_DIST,
    WITH_HASH,
    COUNT,
    ORDER,
    Arg::key_of("key", 1).token("STORE").optional(),
    Arg::key_of("key", 2).token("STOREDIST").optional(),
];

/// The words of a form that only reads: all but the last two, which store.
const fn unstored(words: &'static [Arg]) -> &'static [Arg] {
    words.split_at(words.len() - 2).0
}

pub(crate) static GEORADIUS: Command = Command {
    name: "georadius",
    summary: "Returns the members near a place, or stores them.",
    since: "3.2.0",
    flags: WRITE | DENYOOM,
    keys: &[KeySpec::at(1, RO | ACCESS), stored("STORE", 6), stored("STOREDIST", 6)],
    more_keys: Some(|words, found| stored_key(words, 6, found)),
    args: PLACE_WORDS,
    examples: &[
        "GEOADD sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 13.583333 37.316667 Agrigento",
        "GEORADIUS sicily 15 37 200 km",
        "GEORADIUS sicily 15 37 200 km WITHDIST WITHCOORD WITHHASH DESC",
        "GEORADIUS sicily 15 37 200 km COUNT 1",
        "GEORADIUS sicily 15 37 200 km COUNT 1 ANY",
        "GEORADIUS sicily 15 37 200 km STORE near",
        "ZRANGE near 0 -1 WITHSCORES",
        "GEORADIUS sicily 15 37 200 mi STOREDIST near",
        "ZRANGE near 0 -1",
        "GEORADIUS sicily 15 37 200 km WITHDIST STORE near",
        "GEORADIUS none 15 37 200 km",
        "GEORADIUS none 15 37 200 km STORE near",
        "EXISTS near",
        "SET s x",
        "GEORADIUS s 15 37 200 km",
    ],
    history: &[("6.2.0", "`ANY` for `COUNT`."), ("7.0.0", "Units in upper case.")],
    deprecated: Some(("6.2.0", "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument")),
    run: |cx, args, out| search(cx, args, out, Form::Radius { stores: true }),
    ..NEAR
};

pub(crate) static GEORADIUS_RO: Command = Command {
    name: "georadius_ro",
    summary: "Returns the members near a place.",
    since: "3.2.10",
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: unstored(PLACE_WORDS),
    examples: &[
        "GEOADD sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania",
        "GEORADIUS_RO sicily 15 37 200 km ASC WITHDIST",
        "GEORADIUS_RO sicily 15 37 200 km STORE near",
    ],
    history: &[("6.2.0", "`ANY` for `COUNT`.")],
    deprecated: Some(("6.2.0", "`GEOSEARCH` with the `BYRADIUS` argument")),
    run: |cx, args, out| search(cx, args, out, Form::Radius { stores: false }),
    ..NEAR
};

const NEAR_MEMBER: Command = Command { arity: -5, ..NEAR };

pub(crate) static GEORADIUSBYMEMBER: Command = Command {
    name: "georadiusbymember",
    summary: "Returns the members near another member, or stores them.",
    since: "3.2.0",
    flags: WRITE | DENYOOM,
    keys: &[KeySpec::at(1, RO | ACCESS), stored("STORE", 5), stored("STOREDIST", 5)],
    more_keys: Some(|words, found| stored_key(words, 5, found)),
    args: MEMBER_WORDS,
    examples: &[
        "GEOADD sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 13.583333 37.316667 Agrigento",
        "GEORADIUSBYMEMBER sicily Agrigento 100 km",
        "GEORADIUSBYMEMBER sicily Agrigento 100 km WITHDIST ASC",
        "GEORADIUSBYMEMBER sicily Agrigento 100 km STOREDIST near",
        "ZRANGE near 0 -1",
        "GEORADIUSBYMEMBER sicily Atlantis 100 km",
        "GEORADIUSBYMEMBER none Atlantis x y",
    ],
    history: &[("7.0.0", "Units in upper case.")],
    deprecated: Some((
        "6.2.0",
        "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments",
    )),
    run: |cx, args, out| search(cx, args, out, Form::RadiusByMember { stores: true }),
    ..NEAR_MEMBER
};

pub(crate) static GEORADIUSBYMEMBER_RO: Command = Command {
    name: "georadiusbymember_ro",
    summary: "Returns the members near another member.",
    since: "3.2.10",
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: unstored(MEMBER_WORDS),
    examples: &[
        "GEOADD sicily 13.361389 38.115556 Palermo 13.583333 37.316667 Agrigento",
        "GEORADIUSBYMEMBER_RO sicily Agrigento 100 km WITHCOORD DESC",
        "GEORADIUSBYMEMBER_RO sicily Agrigento 100 km STOREDIST near",
    ],
    deprecated: Some(("6.2.0", "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments")),
    run: |cx, args, out| search(cx, args, out, Form::RadiusByMember { stores: false }),
    ..NEAR_MEMBER
};

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn every_key_that_may_be_written_is_found() {
        let mut guest = House::new().guest();
        for (line, keys) in [
            ("GEORADIUS k 0 0 1 m", "\"k\""),
            ("GEORADIUS k 0 0 1 m STORE a STOREDIST b", "\"k\" \"a\" \"b\""),
            ("GEORADIUS k 0 0 1 m STORE a STORE b", "\"k\" \"a\" \"b\""),
            ("GEORADIUS k 0 0 1 m STORE STORE STORE b", "\"k\" \"STORE\" \"b\""),
            ("GEORADIUS k 0 0 1 m STORE", "\"k\""),
            ("GEORADIUSBYMEMBER k STORE 1 m STORE a", "\"k\" \"a\""),
            ("GEOSEARCHSTORE a k FROMMEMBER m BYRADIUS 1 m", "\"a\" \"k\""),
        ] {
            assert_eq!(guest.says(&format!("COMMAND GETKEYS {line}")), format!("[{keys}]"), "{line}");
        }
        guest.says("GEOADD k 0 0 m");
        assert_eq!(guest.says("GEORADIUS k 0 0 1 m STORE a STORE b STOREDIST c STORE d"), "(1)");
        assert_eq!(guest.says("EXISTS a b c"), "(0)");
        assert_eq!(guest.says("EXISTS d"), "(1)");
    }
}
