//! `BITFIELD`, `BITFIELD_RO`: numbers of any width within a string.

use super::bits::{get_many, set_many};
use crate::prelude::*;
use larder_core::Missing;
use larder_core::limits::STRING_LEN_MAX;
use larder_core::value::string::{IntText, extended};

const ENCODING_OFFSET: [Arg; 2] = [Arg::string("encoding"), Arg::int("offset")];

pub(crate) static BITFIELD: Command = Command {
    name: "bitfield",
    summary: "Reads, sets and increments numbers of any width within a string.",
    since: "3.2.0",
    group: Group::Bitmaps,
    complexity: "O(1) for each operation",
    arity: -2,
    flags: WRITE | DENYOOM,
    keys: &[KeySpec::at(1, RW | ACCESS | UPDATE | VARIABLE)],
    access_of: Some(|words| {
        let writes = words.iter().skip(2).any(|word| is(word, "SET") || is(word, "INCRBY"));
        if writes { RW | ACCESS | UPDATE } else { RO | ACCESS }
    }),
    args: &[
        Arg::key("key"),
        Arg::one_of(
            "operation",
            &[
                Arg::block("encoding_offset", &ENCODING_OFFSET).token("GET"),
                Arg::block(
                    "write",
                    &[
                        Arg::one_of(
                            "wrap_sat_fail",
                            &[Arg::word("wrap", "WRAP"), Arg::word("sat", "SAT"), Arg::word("fail", "FAIL")],
                        )
                        .token("OVERFLOW")
                        .optional(),
                        Arg::one_of(
                            "write_operation",
                            &[
                                Arg::block(
                                    "encoding_offset_value",
                                    &[Arg::string("encoding"), Arg::int("offset"), Arg::int("value")],
                                )
                                .token("SET"),
                                Arg::block(
                                    "encoding_offset_increment",
                                    &[Arg::string("encoding"), Arg::int("offset"), Arg::int("increment")],
                                )
                                .token("INCRBY"),
                            ],
                        ),
                    ],
                ),
            ],
        )
        .multiple()
        .optional(),
    ],
    examples: &[
        "BITFIELD f INCRBY i5 100 1 GET u4 0",
        "BITFIELD f SET u8 0 255 GET u8 0 GET i8 0",
        "BITFIELD f INCRBY u2 100 1 OVERFLOW SAT INCRBY u2 102 1",
        "BITFIELD f OVERFLOW FAIL INCRBY u2 102 5",
        "BITFIELD f OVERFLOW SAT INCRBY i8 0 200 INCRBY i8 0 -300",
        "BITFIELD f OVERFLOW WRAP INCRBY i8 0 300",
        "BITFIELD f SET i64 #1 -1 GET i64 64 GET u63 65",
        "BITFIELD f GET u64 0",
        "BITFIELD f GET i65 0",
        "BITFIELD f GET x8 0",
        "BITFIELD f GET u8 -1",
        "BITFIELD f GET u8 #x",
        "BITFIELD f OVERFLOW NEVER GET u8 0",
        "BITFIELD f SET u8 0 x",
        "BITFIELD f NOSUCH u8 0",
        "BITFIELD f GET u8",
        "BITFIELD f",
        "BITFIELD none GET u8 0",
        "EXISTS none",
        "LPUSH l x",
        "BITFIELD l GET u8 0",
    ],
    run,
    ..Command::DEFAULT
};

pub(crate) static BITFIELD_RO: Command = Command {
    name: "bitfield_ro",
    summary: "Reads numbers of any width within a string.",
    since: "6.0.0",
    group: Group::Bitmaps,
    complexity: "O(1) for each operation",
    arity: -2,
    flags: READONLY | FAST,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[
        Arg::key("key"),
        Arg::block("encoding_offset", &ENCODING_OFFSET).token("GET").multiple_token().optional(),
    ],
    examples: &[
        "SET a ab",
        "BITFIELD_RO a GET u8 0 GET u8 8 GET i16 0",
        "BITFIELD_RO a SET u8 0 1",
        "BITFIELD_RO a SET u8 0 1 GET u65 0",
        "BITFIELD_RO a GET u8 4294967295",
        "BITFIELD_RO a",
    ],
    run,
    ..Command::DEFAULT
};

/// A kind of number.
#[derive(Clone, Copy, Debug)]
struct Encoding {
    signed: bool,
    bits: u32,
}

impl Encoding {
    fn read(word: &[u8]) -> Result<Encoding> {
        let bad = || {
            Error::general(
                "Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.",
            )
        };
        let (first, digits) = word.split_first().ok_or_else(bad)?;
        let signed = match first {
            b'i' => true,
            b'u' => false,
            _ => return Err(bad()),
        };
        let bits = parse_int(digits).and_then(|n| u32::try_from(n).ok()).ok_or_else(bad)?;
        if bits == 0 || bits > if signed { 64 } else { 63 } {
            Err(bad())
        } else {
            Ok(Encoding { signed, bits })
        }
    }

    fn offset(self, word: &[u8], writes: bool) -> Result<usize> {
        let bad = || Error::general("bit offset is not an integer or out of range");
        let (digits, unit) = match word.strip_prefix(b"#") {
            Some(digits) => (digits, self.bits as usize),
            None => (word, 1),
        };
        let n = parse_int(digits).and_then(|n| usize::try_from(n).ok()).ok_or_else(bad)?;
        let offset = n.checked_mul(unit).ok_or_else(bad)?;
        // A read may begin at the last bit; what it finds beyond is 0.
        let end = if writes { offset.checked_add(self.bits as usize).ok_or_else(bad)? } else { offset + 1 };
        if offset >= STRING_LEN_MAX * 8 || end > STRING_LEN_MAX * 8 { Err(bad()) } else { Ok(offset) }
    }

    fn least(self) -> i128 {
        if self.signed { -(1 << (self.bits - 1)) } else { 0 }
    }

    fn most(self) -> i128 {
        if self.signed { (1 << (self.bits - 1)) - 1 } else { (1 << self.bits) - 1 }
    }

    fn get(self, bytes: &[u8], offset: usize) -> i64 {
        self.wrapped(i128::from(get_many(bytes, offset, self.bits))) as i64
    }

    fn put(self, bytes: &mut [u8], offset: usize, n: i64) {
        set_many(bytes, offset, self.bits, n as u64);
    }

    /// The number that these lowest bits are.
    fn wrapped(self, n: i128) -> i128 {
        let low = n & ((1 << self.bits) - 1);
        if self.signed && low > self.most() { low - (1 << self.bits) } else { low }
    }

    /// What becomes of a number that may not fit; `None` where it shall fail.
    fn fitted(self, n: i128, overflow: Overflow) -> Option<i64> {
        if (self.least()..=self.most()).contains(&n) {
            return Some(n as i64);
        }
        match overflow {
            Overflow::Wrap => Some(self.wrapped(n) as i64),
            Overflow::Sat => Some(if n < self.least() { self.least() } else { self.most() } as i64),
            Overflow::Fail => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Overflow {
    Wrap,
    Sat,
    Fail,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Get,
    Set(i64),
    Add(i64),
}

/// What is done, to what, where, and what about overflow.
type Operation = (Step, Encoding, usize, Overflow);

fn read(args: Args<'_>, read_only: bool) -> Result<Vec<Operation>> {
    let mut operations = Vec::new();
    let mut overflow = Overflow::Wrap;
    let mut words = args.options(2);
    while let Some(word) = words.next() {
        if is(word, "OVERFLOW") && !words.rest().is_empty() {
            overflow = match words.value()? {
                word if is(word, "WRAP") => Overflow::Wrap,
                word if is(word, "SAT") => Overflow::Sat,
                word if is(word, "FAIL") => Overflow::Fail,
                _ => return Err(Error::general("Invalid OVERFLOW type specified")),
            };
            continue;
        }
        let needed = if is(word, "GET") { 2 } else { 3 };
        if !(is(word, "GET") || is(word, "SET") || is(word, "INCRBY")) || words.rest().len() < needed {
            return Err(Error::SYNTAX);
        }
        let encoding = Encoding::read(words.value()?)?;
        let offset = encoding.offset(words.value()?, needed == 3)?;
        let step = match word {
            word if is(word, "GET") => Step::Get,
            word if is(word, "SET") => Step::Set(words.int()?),
            _ => Step::Add(words.int()?),
        };
        operations.push((step, encoding, offset, overflow));
    }
    if read_only && operations.iter().any(|(step, ..)| !matches!(step, Step::Get)) {
        return Err(Error::general("BITFIELD_RO only supports the GET subcommand"));
    }
    Ok(operations)
}

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let operations = read(args, !cx.entry.command.is(WRITE))?;
    let key = cx.key(args.at(1));
    let writes = operations.iter().filter(|(step, ..)| !matches!(step, Step::Get));
    let needed = writes.map(|(_, encoding, offset, _)| (offset + encoding.bits as usize).div_ceil(8)).max();
    let Some(needed) = needed else {
        let mut text = IntText::new();
        let value = cx.view.string(&key)?;
        let bytes = value.as_ref().map_or(&[][..], |value| value.as_bytes(&mut text));
        out.array(operations.len());
        operations.iter().for_each(|(_, encoding, offset, _)| out.int(encoding.get(bytes, *offset)));
        return Ok(Done);
    };
    let (replies, changed) = match cx.way_to_write(&key, Some(needed.saturating_sub(1)), 1)? {
        Way::AtOnce => {
            let edited = cx.view.edit_bytes(&key, Missing::Create, |bytes| {
                let grows = bytes.len() < needed;
                if grows {
                    bytes.resize(needed, 0);
                }
                apply_all(bytes, &operations, grows)
            })?;
            edited.unwrap_or_default()
        }
        Way::Elsewhere => return Ok(Outcome::Elsewhere),
        Way::InSlices => cx.view.remake_bytes(&key, |old| {
            let old = old.unwrap_or_default();
            let mut bytes = extended(old, needed);
            let applied = apply_all(&mut bytes, &operations, old.len() < needed);
            Ok::<_, Error>((bytes, applied))
        })?,
    };
    if changed {
        cx.view.report(&key, "setbit", Class::STRING)?;
    }
    out.array(replies.len());
    for reply in replies {
        match reply {
            Some(n) => out.int(n),
            None => out.null(),
        }
    }
    Ok(Done)
}

/// What the operations answer, and whether any is a change.
fn apply_all(bytes: &mut [u8], operations: &[Operation], grown: bool) -> (Vec<Option<i64>>, bool) {
    let mut changed = false;
    let apply = |operation| {
        let (reply, change) = apply(bytes, operation, grown)?;
        changed |= change;
        Some(reply)
    };
    let replies = operations.iter().map(apply).collect();
    (replies, changed)
}

/// What one operation answers, and whether it counts as a change: it wrote to what was not there before, or another
/// number.
fn apply(
    bytes: &mut [u8],
    (step, encoding, offset, overflow): &Operation,
    grown: bool,
) -> Option<(i64, bool)> {
    let old = encoding.get(bytes, *offset);
    let wanted = match step {
        Step::Get => return Some((old, false)),
        // What does not fit an unsigned number is taken by its bits.
        Step::Set(n) if !encoding.signed => i128::from(*n as u64),
        Step::Set(n) => i128::from(*n),
        Step::Add(n) => i128::from(old) + i128::from(*n),
    };
    let new = encoding.fitted(wanted, *overflow)?;
    encoding.put(bytes, *offset, new);
    Some((if matches!(step, Step::Add(_)) { new } else { old }, grown || old != new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_comes_back_as_it_was_put(signed: bool, bits in 1..65_u32, offset in 0..40_usize, n: i64) {
            let encoding = Encoding { signed, bits: if signed { bits } else { bits.min(63) } };
            let n = encoding.wrapped(i128::from(n)) as i64;
            let mut bytes = vec![0xa5; 16];
            encoding.put(&mut bytes, offset, n);
            prop_assert_eq!(encoding.get(&bytes, offset), n);
        }
    }
}
