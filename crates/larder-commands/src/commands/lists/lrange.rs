//! `LRANGE`: elements of a range.

use super::ends::range;
use crate::byte_list::ByteList;
use crate::prelude::*;
use larder_core::Slice;
use larder_core::value::list::List;
use larder_core::value::string::Str;

pub(crate) static LRANGE: Command = Command {
    name: "lrange",
    summary: "Returns the elements from one index to another; negative indices count from the end.",
    since: "1.0.0",
    group: Group::Lists,
    complexity: "O(S+N): S blocks to the first element from the nearer end, N elements",
    arity: 4,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[Arg::key("key"), Arg::int("start"), Arg::int("stop")],
    examples: &[
        "RPUSH list a b c d",
        "LRANGE list 0 -1",
        "LRANGE list -3 2",
        "LRANGE list 3 1",
        "LRANGE list -100 100",
        "LRANGE list 9 10",
        "LRANGE none 0 -1",
        "LRANGE list a b",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let (start, stop) = (args.int(2)?, args.int(3)?);
    let (key, haste) = (cx.key(args.at(1)), cx.haste());
    match cx.view.collection::<List>(&key)? {
        None => out.array(0),
        Some(list) => {
            let range = range(start, stop, list.len());
            match haste.way(range.len()) {
                Way::AtOnce => {}
                Way::Elsewhere => return cx.leave(&key),
                Way::InSlices => return in_slices(cx, args, out, (start, stop)),
            }
            out.array(range.len());
            list.range(range).for_each(|element| out.bulk(element));
        }
    }
    Ok(Done)
}

fn in_slices(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply, indices: (i64, i64)) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    let elements = cx.read_in_slices(args, &[key], |view, elements: &mut ByteList| {
        let Some(entry) = view.peek(&key)? else { return Ok(true) };
        let list: &List = entry.collection()?;
        let (mut slice, whole) = (Slice::default(), range(indices.0, indices.1, list.len()));
        for element in list.range(whole.start + elements.len()..whole.end) {
            if slice.left() == 0 {
                return Ok(false);
            }
            elements.push_part(Str::Bytes(element), &mut slice);
        }
        Ok(true)
    })?;
    out.array(elements.len());
    elements.write(out);
    Ok(Done)
}
