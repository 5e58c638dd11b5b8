//! `HGETALL`, `HKEYS`, `HVALS`: all of a hash.

use crate::byte_list::ByteList;
use crate::prelude::*;
use larder_core::Slice;
use larder_core::value::hash::Hash;
use larder_core::value::string::Str;

const BASE: Command = Command {
    since: "2.0.0",
    group: Group::Hashes,
    complexity: "O(N) in the number of fields",
    arity: 2,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[Arg::key("key")],
    ..Command::DEFAULT
};

pub(crate) static HGETALL: Command = Command {
    name: "hgetall",
    summary: "Returns all fields with their values.",
    tips: &["nondeterministic_output_order"],
    examples: &["HGETALL user", "HSET user name Ada age 36", "HGETALL user", "SET s x", "HGETALL s"],
    run: |cx, args, out| run(cx, args, out, Wanted::Both),
    ..BASE
};

pub(crate) static HKEYS: Command = Command {
    name: "hkeys",
    summary: "Returns all fields.",
    tips: &["nondeterministic_output_order"],
    examples: &["HKEYS user", "HSET user name Ada age 36", "HKEYS user"],
    run: |cx, args, out| run(cx, args, out, Wanted::Fields),
    ..BASE
};

pub(crate) static HVALS: Command = Command {
    name: "hvals",
    summary: "Returns all values.",
    tips: &["nondeterministic_output_order"],
    examples: &["HVALS user", "HSET user name Ada age 36", "HVALS user"],
    run: |cx, args, out| run(cx, args, out, Wanted::Values),
    ..BASE
};

/// What of a hash is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Fields,
    Values,
    Both,
}

impl Wanted {
    fn begin(self, out: &mut dyn Reply, len: usize) {
        if self == Wanted::Both { out.map(len) } else { out.array(len) }
    }

    /// What is asked for of a field, in the order of the reply.
    fn each<'h>(self, field: &'h [u8], value: Str<'h>, mut visit: impl FnMut(Str<'h>)) {
        if self != Wanted::Values {
            visit(Str::Bytes(field));
        }
        if self != Wanted::Fields {
            visit(value);
        }
    }
}

#[inline]
fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, wanted: Wanted) -> Result<Outcome> {
    let (key, haste) = (cx.key(args.at(1)), cx.haste());
    let hash = cx.view.collection::<Hash>(&key)?;
    let len = hash.map_or(0, Hash::len);
    match haste.way(len) {
        Way::AtOnce => {}
        Way::Elsewhere => return cx.leave(&key),
        Way::InSlices => return in_slices(cx, args, out, wanted),
    }
    wanted.begin(out, len);
    if let Some(hash) = hash {
        hash.each(|field, value| {
            wanted.each(field, value, |word| out.string(word));
            true
        });
    }
    Ok(Done)
}

fn in_slices(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, wanted: Wanted) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    let (words, _) = cx.read_in_slices(args, &[key], |view, (words, cursor): &mut (ByteList, u64)| {
        let Some(entry) = view.peek(&key)? else { return Ok(true) };
        let hash: &Hash = entry.collection()?;
        *cursor = Slice::default().walk(*cursor, |slice, cursor| {
            hash.scan(cursor, Slice::STEP, |field, value| {
                wanted.each(field, value, |word| words.push_part(word, slice));
            })
        });
        Ok(*cursor == 0)
    })?;
    wanted.begin(out, if wanted == Wanted::Both { words.len() / 2 } else { words.len() });
    words.write(out);
    Ok(Done)
}
