//! `SINTER`, `SUNION`, `SDIFF`, their `STORE` forms, and `SINTERCARD`: sets together.

use crate::byte_list::ByteList;
use crate::prelude::*;
use larder_core::value::combine::Combination as How;
use larder_core::value::set::{Place, Set, difference, intersection, union};
use larder_core::value::string::{IntText, Str};
use larder_core::value::{Collection, Object};
use larder_core::{Entry, Slice, View};

const READ: Command = Command {
    since: "1.0.0",
    group: Group::Sets,
    complexity: "O(N) in the members of all sets",
    arity: -2,
    flags: READONLY,
    keys: &[KeySpec::range(1, -1, 1, RO | ACCESS)],
    args: &[Arg::key("key").multiple()],
    ..Command::DEFAULT
};

const STORE: Command = Command {
    since: "1.0.0",
    group: Group::Sets,
    complexity: "O(N) in the members of all sets",
    arity: -3,
    flags: WRITE | DENYOOM,
    keys: &[KeySpec::at(1, OW | UPDATE), KeySpec::range(2, -1, 1, RO | ACCESS)],
    args: &[Arg::key("destination"), Arg::key_of("key", 1).multiple()],
    ..Command::DEFAULT
};

pub(crate) static SINTER: Command = Command {
    name: "sinter",
    summary: "Returns the members that all of these sets have.",
    complexity: "O(N*M): N members of the smallest set, M sets",
    tips: &["nondeterministic_output_order"],
    examples: &[
        "SADD a 1 2 3",
        "SADD b 2 3 4",
        "SINTER a b",
        "SINTER a none",
        "SET x 1",
        "SINTER a x",
        "SINTER none x",
    ],
    run: |cx, args, out| read(cx, args, out, How::Intersection),
    ..READ
};

pub(crate) static SUNION: Command = Command {
    name: "sunion",
    summary: "Returns the members that any of these sets has.",
    tips: &["nondeterministic_output_order"],
    examples: &["SADD a 1 2 3", "SADD b 2 3 4", "SUNION a b", "SUNION none", "SET x 1", "SUNION a x"],
    run: |cx, args, out| read(cx, args, out, How::Union),
    ..READ
};

pub(crate) static SDIFF: Command = Command {
    name: "sdiff",
    summary: "Returns the members of the first set that none of the others has.",
    tips: &["nondeterministic_output_order"],
    examples: &[
        "SADD a 1 2 3",
        "SADD b 2",
        "SDIFF a b",
        "SDIFF a",
        "SDIFF none a",
        "SDIFF a a",
        "SET x 1",
        "SDIFF a x",
    ],
    run: |cx, args, out| read(cx, args, out, How::Difference),
    ..READ
};

pub(crate) static SINTERSTORE: Command = Command {
    name: "sinterstore",
    summary: "Stores the members that all of these sets have.",
    keys: &[KeySpec::at(1, RW | UPDATE), KeySpec::range(2, -1, 1, RO | ACCESS)],
    examples: &[
        "SADD a 1 2 3",
        "SADD b 2 3 4",
        "SINTERSTORE d a b",
        "SMEMBERS d",
        "SINTERSTORE d a none",
        "EXISTS d",
    ],
    run: |cx, args, out| store(cx, args, out, How::Intersection),
    ..STORE
};

pub(crate) static SUNIONSTORE: Command = Command {
    name: "sunionstore",
    summary: "Stores the members that any of these sets has.",
    examples: &[
        "SADD a 1 2",
        "SADD b 2 3",
        "SET d x",
        "SUNIONSTORE d a b",
        "SMEMBERS d",
        "SUNIONSTORE a a b",
        "SMEMBERS a",
    ],
    run: |cx, args, out| store(cx, args, out, How::Union),
    ..STORE
};

pub(crate) static SDIFFSTORE: Command = Command {
    name: "sdiffstore",
    summary: "Stores the members of the first set that none of the others has.",
    examples: &["SADD a 1 2 3", "SADD b 2", "SDIFFSTORE d a b", "SMEMBERS d", "SDIFFSTORE d b a", "EXISTS d"],
    run: |cx, args, out| store(cx, args, out, How::Difference),
    ..STORE
};

pub(crate) static SINTERCARD: Command = Command {
    name: "sintercard",
    summary: "Says how many members all of these sets have.",
    since: "7.0.0",
    complexity: "O(N*M): N members of the smallest set, M sets",
    arity: -3,
    keys: &[KeySpec::numkeys(1, RO | ACCESS)],
    args: &[Arg::int("numkeys"), Arg::key("key").multiple(), Arg::int("limit").token("LIMIT").optional()],
    examples: &[
        "SADD a 1 2 3",
        "SADD b 2 3 4",
        "SINTERCARD 2 a b",
        "SINTERCARD 2 a b LIMIT 1",
        "SINTERCARD 2 a b LIMIT 0",
        "SINTERCARD 0 a",
        "SINTERCARD x a",
        "SINTERCARD 3 a b",
        "SINTERCARD 1 a LIMIT -1",
        "SINTERCARD 1 a LIMIT x",
        "SINTERCARD 1 a NOSUCH 1",
        "SINTERCARD 1 a LIMIT",
    ],
    run: sintercard,
    ..READ
};

/// The sets of keys; a key that holds something else is an error.
fn sets<'c>(cx: &'c mut Cx<'_>, words: &[&[u8]]) -> Result<Vec<Option<&'c Set>>> {
    let keys = keys(cx, words);
    as_sets(cx.view.entries(&keys)?)
}

fn keys<'k>(cx: &Cx<'_>, words: &[&'k [u8]]) -> Vec<Key<'k>> {
    words.iter().map(|word| cx.key(word)).collect()
}

fn as_sets(entries: Vec<Option<Entry<'_>>>) -> Result<Vec<Option<&Set>>> {
    let sets: std::result::Result<Vec<_>, _> =
        entries.into_iter().map(|entry| entry.map(|entry| entry.collection()).transpose()).collect();
    Ok(sets?)
}

/// Goes on with a combination that is gone through in slices. Says whether that was all.
fn visit_slice(
    view: &mut View<'_>,
    keys: &[Key<'_>],
    how: How,
    place: &mut Place,
    visit: impl FnMut(Str<'_>),
) -> Result<bool> {
    let sets = as_sets(view.peek_all(keys)?)?;
    Ok(how.visit_slice(&sets, place, &mut Slice::default(), visit))
}

fn combine(sets: &[Option<&Set>], how: How, mut visit: impl FnMut(Str<'_>)) {
    match how {
        How::Intersection => intersection(sets, |member| {
            visit(member);
            true
        }),
        How::Difference => difference(sets.first().copied().flatten(), &sets[1..], visit),
        How::Union => union(sets, visit),
    }
}

/// How to go about combining the sets of these keys: an intersection takes as long as the smallest.
fn way(cx: &mut Cx<'_>, words: &[&[u8]], how: How) -> Result<Way> {
    if how != How::Intersection {
        return cx.way_through(words);
    }
    let haste = cx.haste();
    let mut least = usize::MAX;
    // Most sets are small, and then nothing more is to be asked.
    for word in words {
        least = least.min(cx.parts_of(word)?);
        if haste.way(least.saturating_mul(words.len())) == Way::AtOnce {
            return Ok(Way::AtOnce);
        }
    }
    Ok(haste.way(least.saturating_mul(words.len())))
}

/// Counts the reads of keys that are looked at in slices from here on, and fails if one holds something else.
fn count_reads(cx: &mut Cx<'_>, words: &[&[u8]]) -> Result<()> {
    sets(cx, words).map(drop)
}

fn read(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, how: How) -> Result<Outcome> {
    let words = args.from(1);
    let mut members = ByteList::default();
    match way(cx, words, how)? {
        Way::AtOnce => {
            combine(&sets(cx, words)?, how, |member| members.push(member.as_bytes(&mut IntText::new())));
        }
        Way::Elsewhere => return Ok(Outcome::Elsewhere),
        Way::InSlices => {
            count_reads(cx, words)?;
            let keys = keys(cx, words);
            (members, _) =
                cx.read_in_slices(args, &keys, |view, (members, place): &mut (ByteList, Place)| {
                    let add = |member: Str<'_>| members.push(member.as_bytes(&mut IntText::new()));
                    visit_slice(view, &keys, how, place, add)
                })?;
        }
    }
    out.set(members.len());
    members.write(out);
    Ok(Done)
}

fn store(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, how: How) -> Result<Outcome> {
    let words = args.from(2);
    let tools = cx.view.tools();
    let mut result = Set::new();
    match way(cx, words, how)? {
        Way::AtOnce => combine(&sets(cx, words)?, how, |member| {
            result.insert(&tools, member.as_bytes(&mut IntText::new()));
        }),
        Way::Elsewhere => return Ok(Outcome::Elsewhere),
        Way::InSlices => {
            count_reads(cx, words)?;
            let keys = keys(cx, words);
            (result, _) = cx.view.in_slices(&keys, |view, (result, place): &mut (Set, Place)| {
                visit_slice(view, &keys, how, place, |member| {
                    result.insert(&tools, member.as_bytes(&mut IntText::new()));
                })
            })?;
        }
    }
    let key = cx.key(args.at(1));
    let len = result.len();
    if len == 0 {
        if cx.view.remove(&key)? {
            cx.view.report(&key, "del", Class::GENERIC)?;
        }
    } else {
        let object: Object = result.into_object();
        cx.view.put_object(&key, object, Expiry::Never)?;
        let event = match how {
            How::Intersection => "sinterstore",
            How::Union => "sunionstore",
            How::Difference => "sdiffstore",
        };
        cx.view.report(&key, event, Class::SET)?;
    }
    out.count(len);
    Ok(Done)
}

fn sintercard(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let bad = || Error::general("numkeys should be greater than 0");
    let keys =
        parse_int(args.at(1)).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0).ok_or_else(bad)?;
    if keys > args.len() - 2 {
        return Err(Error::general("Number of keys can't be greater than number of args"));
    }
    let mut limit = 0;
    let mut options = args.options(2 + keys);
    while let Some(option) = options.next() {
        if !is(option, "LIMIT") {
            return Err(Error::SYNTAX);
        }
        let negative = || Error::general("LIMIT can't be negative");
        limit = parse_int(options.value()?).and_then(|n| usize::try_from(n).ok()).ok_or_else(negative)?;
    }
    let words = &args.from(2)[..keys];
    let mut count = 0;
    match if limit == 0 { way(cx, words, How::Intersection)? } else { Way::AtOnce } {
        Way::AtOnce => intersection(&sets(cx, words)?, |_| {
            count += 1;
            count != limit
        }),
        Way::Elsewhere => return Ok(Outcome::Elsewhere),
        Way::InSlices => {
            count_reads(cx, words)?;
            let keys = self::keys(cx, words);
            (count, _) = cx.read_in_slices(args, &keys, |view, (count, place): &mut (usize, Place)| {
                visit_slice(view, &keys, How::Intersection, place, |_| *count += 1)
            })?;
        }
    }
    out.count(count);
    Ok(Done)
}
