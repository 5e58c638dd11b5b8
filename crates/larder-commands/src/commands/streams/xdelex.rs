//! `XDELEX`, `XACKDEL`: delete entries with a say in what becomes of groups' references to them.

use super::ids;
use super::trimming::{CONDITION, references};
use crate::prelude::*;
use larder_core::Missing;
use larder_core::value::stream::{Deleted, References, Stream, StreamId};

const IDS: Arg = Arg::block("ids", &[Arg::int("numids"), Arg::string("id").multiple()]).token("IDS");

const BASE: Command = Command {
    since: "8.2.0",
    group: Group::Streams,
    complexity: "O(G*log(N)) for each entry, G being the groups",
    flags: WRITE | FAST,
    keys: &[KeySpec::at(1, RW | DELETE)],
    ..Command::DEFAULT
};

pub(crate) static XDELEX: Command = Command {
    name: "xdelex",
    summary: "Deletes entries, with their references or only if no group needs them any more.",
    arity: -5,
    args: &[Arg::key("key"), CONDITION.optional(), IDS],
    examples: &[
        "XADD s 1-1 a 1",
        "XADD s 1-2 a 2",
        "XGROUP CREATE s g 0",
        "XREADGROUP GROUP g c COUNT 1 STREAMS s >",
        "XDELEX s ACKED IDS 3 1-1 1-2 9-9",
        "XDELEX s DELREF IDS 1 1-1",
        "XPENDING s g",
        "XDELEX none IDS 2 1-1 1-2",
        "XDELEX s IDS 0 1-1",
        "XDELEX s IDS 2 1-1",
    ],
    run: run_xdelex,
    ..BASE
};

pub(crate) static XACKDEL: Command = Command {
    name: "xackdel",
    summary: "Acknowledges entries and deletes them, or does so once no group needs them any more.",
    arity: -6,
    args: &[Arg::key("key"), Arg::string("group"), CONDITION.optional(), IDS],
    examples: &[
        "XADD s 1-1 a 1",
        "XADD s 1-2 a 2",
        "XGROUP CREATE s g 0",
        "XGROUP CREATE s h 0",
        "XREADGROUP GROUP g c STREAMS s >",
        "XACKDEL s g ACKED IDS 1 1-1",
        "XACKDEL s g KEEPREF IDS 2 1-2 9-9",
        "XRANGE s - +",
        "XACKDEL s nosuch IDS 1 1-1",
    ],
    run: run_xackdel,
    ..BASE
};

/// Reads `[KEEPREF | DELREF | ACKED] IDS numids id …`, in either order.
fn read(args: Args<'_>, at: usize) -> Result<(References, Vec<StreamId>)> {
    let (mut policy, mut ids) = (None, None);
    let mut options = args.options(at);
    while let Some(option) = options.next() {
        match references(option) {
            Some(references) if policy.is_none() => policy = Some(references),
            None if is(option, "IDS") && ids.is_none() => {
                let bad = || Error::general("Number of IDs must be a positive integer");
                let count = parse_int(options.value()?).and_then(|n| usize::try_from(n).ok());
                let count = count.filter(|count| *count > 0).ok_or_else(bad)?;
                let words = options.take_words(count).ok_or_else(|| {
                    Error::general("The `numids` parameter must match the number of arguments")
                })?;
                ids = Some(ids::all(words)?);
            }
            _ => return Err(Error::SYNTAX),
        }
    }
    Ok((policy.unwrap_or_default(), ids.ok_or(Error::SYNTAX)?))
}

/// Deletes what `goes` says, and writes what became of each.
fn run(
    cx: &mut Cx<'_>,
    key: &[u8],
    (references, ids): &(References, Vec<StreamId>),
    out: &mut dyn Reply,
    mut goes: impl FnMut(&mut Stream, StreamId) -> bool,
) -> Result<Outcome> {
    let outcomes = cx.view.edit::<Stream, _>(&cx.key(key), Missing::Skip, |edit| {
        let delete = |id: &StreamId| {
            if !goes(edit, *id) {
                return Deleted::Missing;
            }
            edit.delete(*id, *references)
        };
        let outcomes: Vec<Deleted> = ids.iter().map(delete).collect();
        if outcomes.contains(&Deleted::Yes) {
            edit.report("xdel");
        }
        outcomes
    })?;
    out.array(ids.len());
    for at in 0..ids.len() {
        out.int(match outcomes.as_ref().map_or(Deleted::Missing, |outcomes| outcomes[at]) {
            Deleted::Missing => -1,
            Deleted::Yes => 1,
            Deleted::Needed => 2,
        });
    }
    Ok(Done)
}

fn run_xdelex(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let asked = read(args, 2)?;
    run(cx, args.at(1), &asked, out, |_, _| true)
}

fn run_xackdel(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let asked = read(args, 3)?;
    run(cx, args.at(1), &asked, out, |stream, id| {
        stream.edit_group(args.at(2), |_, group| group.acknowledge(id)).unwrap_or(false)
    })
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn each_entry_is_answered_for() {
        let house = House::new();
        let mut guest = house.guest();
        for line in ["XADD s 1-1 a 1", "XADD s 1-2 a 2", "XADD s 1-3 a 3", "XGROUP CREATE s g 0"] {
            guest.says(line);
        }
        assert_eq!(guest.says("XDELEX s ACKED IDS 2 1-1 9-9"), "[(2) (-1)]");
        guest.says("XREADGROUP GROUP g c STREAMS s >");
        assert_eq!(guest.says("XDELEX s IDS 1 1-1 ACKED"), "[(2)]");
        assert_eq!(guest.says("XACKDEL s g ACKED IDS 2 1-1 1-1"), "[(1) (-1)]");
        guest.says("XGROUP CREATE s h 1-1");
        assert_eq!(guest.says("XACKDEL s g ACKED IDS 1 1-2"), "[(2)]");
        assert_eq!(guest.says("XDELEX s DELREF IDS 1 1-3"), "[(1)]");
        assert_eq!(guest.says("XPENDING s g"), "[(0) nil nil nil[]]");
        assert_eq!(guest.says("XRANGE s - +"), "[[\"1-2\" [\"a\" \"2\"]]]");
        assert_eq!(guest.says("XDELEX none IDS 2 1 2"), "[(-1) (-1)]");
        assert_eq!(guest.says("XACKDEL s nosuch IDS 1 1-2"), "[(-1)]");
        assert_eq!(guest.says("XDELEX s IDS x 1"), "-ERR Number of IDs must be a positive integer");
        assert!(guest.says("XDELEX s IDS 2 1").starts_with("-ERR The `numids` parameter"));
        assert_eq!(guest.says("XDELEX s IDS 1 1 2"), "-ERR syntax error");
    }
}
