//! Slots: which one a key falls into, which keys fall into one, and who owns them, which is this node.

use super::{CLUSTER_COMMAND, MANAGING};
use crate::cluster::{SLOTS, slot_of};
use crate::commands::keys::keys_matching::SLICE;
use crate::prelude::*;
use larder_core::ScanCursor;

pub(super) static ADDSLOTS: Command = Command {
    name: "addslots",
    summary: "Would assign slots to this node, which owns every one.",
    since: "3.0.0",
    complexity: "O(1)",
    arity: -3,
    args: &[Arg::int("slot").multiple()],
    partial: Some("this one node owns every slot"),
    run: run_addslots,
    ..MANAGING
};

pub(super) static ADDSLOTSRANGE: Command = Command {
    name: "addslotsrange",
    summary: "Would assign ranges of slots to this node, which owns every one.",
    since: "7.0.0",
    complexity: "O(1)",
    arity: -4,
    args: &[Arg::block("start-slot_end-slot", &[Arg::int("start-slot"), Arg::int("end-slot")]).multiple()],
    partial: Some("this one node owns every slot"),
    run: run_addslotsrange,
    ..MANAGING
};

pub(super) static COUNTKEYSINSLOT: Command = Command {
    name: "countkeysinslot",
    reach: Reach::Everything,
    summary: "Counts the keys of a slot.",
    since: "3.0.0",
    complexity: "O(N) in the number of all keys",
    arity: 3,
    flags: STALE,
    args: &[Arg::int("slot")],
    run: run_countkeysinslot,
    ..CLUSTER_COMMAND
};

pub(super) static DELSLOTS: Command = Command {
    name: "delslots",
    summary: "Would take slots from this node, which keeps every one.",
    since: "3.0.0",
    complexity: "O(1)",
    arity: -3,
    args: &[Arg::int("slot").multiple()],
    partial: Some("this one node owns every slot"),
    run: run_delslots,
    ..MANAGING
};

pub(super) static DELSLOTSRANGE: Command = Command {
    name: "delslotsrange",
    summary: "Would take ranges of slots from this node, which keeps every one.",
    since: "7.0.0",
    complexity: "O(1)",
    arity: -4,
    args: &[Arg::block("start-slot_end-slot", &[Arg::int("start-slot"), Arg::int("end-slot")]).multiple()],
    partial: Some("this one node owns every slot"),
    run: run_delslotsrange,
    ..MANAGING
};

pub(super) static FLUSHSLOTS: Command = Command {
    name: "flushslots",
    summary: "Would take all slots from this node, which keeps every one.",
    since: "3.0.0",
    arity: 2,
    examples: &["CLUSTER FLUSHSLOTS"],
    partial: Some("this one node owns every slot"),
    run: |cx, _, _| cx.instance.cluster.needed().and(Err(keeps_all())),
    ..MANAGING
};

pub(super) static GETKEYSINSLOT: Command = Command {
    name: "getkeysinslot",
    reach: Reach::Everything,
    summary: "Returns keys of a slot.",
    since: "3.0.0",
    complexity: "O(N) in the number of all keys",
    arity: 4,
    flags: STALE,
    args: &[Arg::int("slot"), Arg::int("count")],
    tips: &["nondeterministic_output"],
    run: run_getkeysinslot,
    ..CLUSTER_COMMAND
};

pub(super) static KEYSLOT: Command = Command {
    name: "keyslot",
    summary: "Returns the slot that a key falls into.",
    since: "3.0.0",
    complexity: "O(N) in the length of the key",
    arity: 3,
    flags: STALE,
    args: &[Arg::string("key")],
    examples: &["CLUSTER KEYSLOT somekey", "CLUSTER KEYSLOT {user}:1", "CLUSTER KEYSLOT"],
    run: run_keyslot,
    ..CLUSTER_COMMAND
};

pub(super) static SETSLOT: Command = Command {
    name: "setslot",
    summary: "Would assign a slot to a node, or begin to move it; there is only this node.",
    since: "3.0.0",
    arity: -4,
    args: &[
        Arg::int("slot"),
        Arg::one_of(
            "subcommand",
            &[
                Arg::string("node-id").token("IMPORTING"),
                Arg::string("node-id").token("MIGRATING"),
                Arg::string("node-id").token("NODE"),
                Arg::word("stable", "STABLE"),
            ],
        ),
    ],
    partial: Some("this one node owns every slot"),
    run: run_setslot,
    ..MANAGING
};

fn keeps_all() -> Error {
    Error::general("this node is the only one, and keeps every slot")
}

fn slot(word: &[u8]) -> Result<i64> {
    let slot = parse_int(word).filter(|slot| (0..i64::from(SLOTS)).contains(slot));
    slot.ok_or_else(|| Error::general("Invalid or out of range slot"))
}

/// Pairs of slots, the second no less than the first.
fn ranges(args: Args<'_>, name: &str) -> Result<Vec<i64>> {
    let words = args.from(2);
    if !words.len().is_multiple_of(2) {
        return Err(Error::arity(name));
    }
    let mut firsts = Vec::new();
    for pair in words.chunks_exact(2) {
        let (first, last) = (slot(pair[0])?, slot(pair[1])?);
        if first > last {
            return Err(Error::general(format_args!(
                "start slot number {first} is greater than end slot number {last}"
            )));
        }
        firsts.push(first);
    }
    Ok(firsts)
}

fn is_busy(slot: i64) -> Error {
    Error::general(format_args!("Slot {slot} is already busy"))
}

fn run_addslots(cx: &mut Cx<'_>, args: Args<'_>, _: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.needed()?;
    let slots: Result<Vec<i64>> = args.from(2).iter().map(|word| slot(word)).collect();
    Err(is_busy(slots?[0]))
}

fn run_addslotsrange(cx: &mut Cx<'_>, args: Args<'_>, _: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.needed()?;
    Err(is_busy(ranges(args, "cluster|addslotsrange")?[0]))
}

fn run_delslots(cx: &mut Cx<'_>, args: Args<'_>, _: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.needed()?;
    args.from(2).iter().try_for_each(|word| slot(word).map(drop))?;
    Err(keeps_all())
}

fn run_delslotsrange(cx: &mut Cx<'_>, args: Args<'_>, _: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.needed()?;
    ranges(args, "cluster|delslotsrange")?;
    Err(keeps_all())
}

fn run_keyslot(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.needed()?;
    out.int(i64::from(slot_of(args.at(2))));
    Ok(Done)
}

/// Calls a function with each key of a slot, until it says that it has enough.
fn each_key(cx: &mut Cx<'_>, slot: u16, mut found: impl FnMut(&[u8]) -> bool) -> Result<()> {
    let (db, mut cursor, mut more) = (cx.db(), ScanCursor::START, true);
    loop {
        cursor = cx.view.scan(db, cursor, SLICE, |entry| {
            more = more && (slot_of(entry.key()) != slot || found(entry.key()));
        })?;
        if !more || cursor == ScanCursor::START {
            return Ok(());
        }
    }
}

fn run_countkeysinslot(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.needed()?;
    let slot = args.int(2)?;
    if !(0..i64::from(SLOTS)).contains(&slot) {
        return Err(Error::general("Invalid slot"));
    }
    let mut count = 0;
    each_key(cx, slot as u16, |_| {
        count += 1;
        true
    })?;
    out.count(count);
    Ok(Done)
}

fn run_getkeysinslot(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.needed()?;
    let (slot, most) = (args.int(2)?, args.int(3)?);
    if !(0..i64::from(SLOTS)).contains(&slot) || most < 0 {
        return Err(Error::general("Invalid slot or number of keys"));
    }
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut keys: Vec<Box<[u8]>> = Vec::new();
    if most != 0 {
        each_key(cx, slot as u16, |key| {
            keys.push(key.into());
            keys.len() < most
        })?;
    }
    out.array(keys.len());
    keys.iter().for_each(|key| out.bulk(key));
    Ok(Done)
}

fn run_setslot(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.needed()?;
    slot(args.at(2))?;
    let me = |node: &[u8]| node == cx.instance.cluster.node_id.as_bytes();
    let node = |node: &[u8]| String::from_utf8_lossy(node).into_owned();
    match args.from(3) {
        [what] if is(what, "STABLE") => {}
        [what, id] if is(what, "NODE") && me(id) => {}
        [what, id] if is(what, "NODE") => {
            return Err(Error::general(format_args!("Unknown node {}", node(id))));
        }
        [what, id] if is(what, "MIGRATING") && me(id) => return Err(keeps_all()),
        [what, _] if is(what, "IMPORTING") => {
            let slot = String::from_utf8_lossy(args.at(2)).into_owned();
            return Err(Error::general(format_args!("I'm already the owner of hash slot {slot}")));
        }
        [what, id] if is(what, "MIGRATING") => {
            return Err(Error::general(format_args!("I don't know about node {}", node(id))));
        }
        _ => {
            return Err(Error::general(
                "Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP",
            ));
        }
    }
    out.ok();
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn keys_are_found_by_their_slot() {
        let house = House::with(&[("cluster-enabled", "yes")]);
        let mut guest = house.guest();
        guest.says("MSET {foo}1 a {foo}2 b {foo}3 c");
        guest.says("SET bar d");
        assert_eq!(guest.says("CLUSTER KEYSLOT {foo}1"), "(12182)");
        assert_eq!(guest.says("CLUSTER COUNTKEYSINSLOT 12182"), "(3)");
        assert_eq!(guest.says("CLUSTER COUNTKEYSINSLOT 0"), "(0)");
        assert_eq!(guest.says("CLUSTER GETKEYSINSLOT 12182 2").matches("{foo}").count(), 2);
        assert_eq!(guest.says("CLUSTER GETKEYSINSLOT 12182 9").matches("{foo}").count(), 3);
        assert_eq!(guest.says("CLUSTER GETKEYSINSLOT 12182 0"), "[]");
        for (line, answer) in [
            ("CLUSTER COUNTKEYSINSLOT 16384", "-ERR Invalid slot"),
            ("CLUSTER GETKEYSINSLOT 0 -1", "-ERR Invalid slot or number of keys"),
            ("CLUSTER ADDSLOTS 0", "-ERR Slot 0 is already busy"),
            ("CLUSTER ADDSLOTS 16384", "-ERR Invalid or out of range slot"),
            ("CLUSTER ADDSLOTSRANGE 2 1", "-ERR start slot number 2 is greater than end slot number 1"),
            (
                "CLUSTER ADDSLOTSRANGE 0 1 2",
                "-ERR wrong number of arguments for 'cluster|addslotsrange' command",
            ),
            ("CLUSTER DELSLOTS 0", "-ERR this node is the only one, and keeps every slot"),
            ("CLUSTER SETSLOT 1 STABLE", "OK"),
            ("CLUSTER SETSLOT 1 NODE x", "-ERR Unknown node x"),
        ] {
            assert_eq!(guest.says(line), answer, "{line}");
        }
    }
}
