//! `BITCOUNT`, `BITPOS`: how many bits, and where.

use super::bits::{Unit, bit, count, get, position};
use crate::prelude::*;
use larder_core::value::string::IntText;

pub(crate) static BITCOUNT: Command = Command {
    name: "bitcount",
    summary: "Counts the bits that are set, of a whole string or of a range of bytes or bits.",
    since: "2.6.0",
    group: Group::Bitmaps,
    complexity: "O(N) in the bytes looked at",
    arity: -2,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[
        Arg::key("key"),
        Arg::block(
            "index",
            &[
                Arg::int("start"),
                Arg::int("end"),
                Arg::one_of("index_unit", &[Arg::word("byte", "BYTE"), Arg::word("bit", "BIT")])
                    .optional()
                    .since("7.0.0"),
            ],
        )
        .optional(),
    ],
    examples: &[
        "SET a foobar",
        "BITCOUNT a",
        "BITCOUNT a 0 0",
        "BITCOUNT a 1 1 BYTE",
        "BITCOUNT a 5 30 BIT",
        "BITCOUNT a -2 -1",
        "BITCOUNT a -1 -2",
        "BITCOUNT a -20 -30",
        "BITCOUNT a 9 10",
        "BITCOUNT none",
        "BITCOUNT a 1",
        "BITCOUNT a 1 x",
        "BITCOUNT a 1 2 WORD",
        "LPUSH l x",
        "BITCOUNT l",
    ],
    history: &[("7.0.0", "Takes BYTE or BIT.")],
    run: bitcount,
    ..Command::DEFAULT
};

pub(crate) static BITPOS: Command = Command {
    name: "bitpos",
    summary: "Says where the first bit that is set, or clear, stands.",
    since: "2.8.7",
    group: Group::Bitmaps,
    complexity: "O(N) in the bytes looked at",
    arity: -3,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[
        Arg::key("key"),
        Arg::int("bit"),
        Arg::block(
            "index",
            &[
                Arg::int("start"),
                Arg::block(
                    "end_index",
                    &[
                        Arg::int("end"),
                        Arg::one_of("index_unit", &[Arg::word("byte", "BYTE"), Arg::word("bit", "BIT")])
                            .optional()
                            .since("7.0.0"),
                    ],
                )
                .optional(),
            ],
        )
        .optional(),
    ],
    examples: &[
        "SET a \"\\xff\\xf0\\x00\"",
        "BITPOS a 0",
        "BITPOS a 1",
        "BITPOS a 1 2",
        "BITPOS a 0 1",
        "BITPOS a 1 7 15 BIT",
        "BITPOS a 0 -1 -1 BYTE",
        "SET ones \"\\xff\\xff\"",
        "BITPOS ones 0",
        "BITPOS ones 0 0 -1",
        "BITPOS ones 0 1",
        "BITPOS none 0",
        "BITPOS none 1",
        "BITPOS a 2",
        "BITPOS a 1 2 3 WORD",
        "BITPOS a 1 -2 -3",
        "BITPOS a 1 -20 -30",
        "BITPOS a 1 x",
        "SET empty \"\"",
        "BITPOS empty 0",
        "BITPOS empty 1 0 -1",
    ],
    history: &[("7.0.0", "Takes BYTE or BIT.")],
    run: bitpos,
    ..Command::DEFAULT
};

// Both read everything they are told before they look for the key, as Redis does from 7.2 on: 7.0 finds nothing wrong
// with a range of a key that is not there.

fn bitcount(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let range = match *args.from(2) {
        [] => None,
        [_, _] | [_, _, _] => {
            let (start, end) = (args.int(2)?, args.int(3)?);
            Some((start, end, Unit::read(args.from(4).first())?))
        }
        _ => return Err(Error::SYNTAX),
    };
    if cx.forbids_all(&args.from(1)[..1])? {
        return Ok(Outcome::Elsewhere);
    }
    let key = cx.key(args.at(1));
    if let Some(bytes) = cx.keep_long(args, &key)? {
        out.count(count_within(&bytes, range));
        return Ok(Done);
    }
    let value = cx.view.string(&key)?;
    out.count(value.map_or(0, |value| count_within(value.as_bytes(&mut IntText::new()), range)));
    Ok(Done)
}

fn count_within(bytes: &[u8], range: Option<(i64, i64, Unit)>) -> usize {
    let bits = match range {
        None => return count(bytes),
        // Both before the beginning would come to the first byte.
        Some((start, end, _)) if start < 0 && end < 0 && start > end => None,
        Some((start, end, unit)) => unit.bits(start, end, bytes.len()),
    };
    let Some((first, last)) = bits else { return 0 };
    let mut counted = count(&bytes[first / 8..=last / 8]);
    counted -= (first / 8 * 8..first).filter(|at| get(bytes, *at)).count();
    counted - (last + 1..last / 8 * 8 + 8).filter(|at| get(bytes, *at)).count()
}

fn bitpos(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    parse_int(args.at(2)).ok_or(Error::NOT_INTEGER)?;
    let wanted = bit(args.at(2), "ERR The bit argument must be 1 or 0.")?;
    let (start, end, unit, has_end) = match *args.from(3) {
        [] => (0, -1, Unit::Byte, false),
        [_] => (args.int(3)?, -1, Unit::Byte, false),
        [_, _] | [_, _, _] => {
            let start = args.int(3)?;
            let unit = Unit::read(args.from(5).first())?;
            (start, args.int(4)?, unit, true)
        }
        _ => return Err(Error::SYNTAX),
    };
    if cx.forbids_all(&args.from(1)[..1])? {
        return Ok(Outcome::Elsewhere);
    }
    let key = cx.key(args.at(1));
    let found = |bytes: &[u8]| {
        let (first, last) = unit.bits(start, end, bytes.len())?;
        // A string goes on with zeros for ever, unless its end was named.
        let behind = (!wanted && !has_end).then_some(bytes.len() * 8);
        position(bytes, wanted, first, last).or(behind)
    };
    let at = if let Some(bytes) = cx.keep_long(args, &key)? {
        found(&bytes)
    } else {
        match cx.view.string(&key)? {
            Some(value) => found(value.as_bytes(&mut IntText::new())),
            None => (!wanted).then_some(0),
        }
    };
    match at {
        Some(at) => out.count(at),
        None => out.int(-1),
    }
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn a_range_is_read_before_the_key_is_looked_for() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("LPUSH l x");
        for key in ["none", "l"] {
            for (line, expected) in [
                ("BITCOUNT KEY 1", "-ERR syntax error"),
                ("BITCOUNT KEY 1 x", "-ERR value is not an integer or out of range"),
                ("BITCOUNT KEY -1 -2 WORD", "-ERR syntax error"),
                ("BITPOS KEY 1 x", "-ERR value is not an integer or out of range"),
                ("BITPOS KEY 1 1 x WORD", "-ERR syntax error"),
            ] {
                assert_eq!(guest.says(&line.replace("KEY", key)), expected, "{line}");
            }
        }
    }
}
