//! `SCARD`, `SISMEMBER`, `SMISMEMBER`, `SMEMBERS`: look at a set.

use crate::byte_list::ByteList;
use crate::prelude::*;
use larder_core::Slice;
use larder_core::value::set::Set;

const BASE: Command = Command {
    since: "1.0.0",
    group: Group::Sets,
    arity: 3,
    flags: READONLY | FAST,
    keys: &[KeySpec::at(1, RO)],
    args: &[Arg::key("key"), Arg::string("member")],
    ..Command::DEFAULT
};

pub(crate) static SCARD: Command = Command {
    name: "scard",
    summary: "Says how many members a set has.",
    arity: 2,
    args: &[Arg::key("key")],
    examples: &["SCARD s", "SADD s a b", "SCARD s", "SET x 1", "SCARD x"],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        out.count(cx.view.collection::<Set>(&key)?.map_or(0, Set::len));
        Ok(Done)
    },
    ..BASE
};

pub(crate) static SISMEMBER: Command = Command {
    name: "sismember",
    element: 2,
    summary: "Says whether this is a member of a set.",
    examples: &["SADD s a 1", "SISMEMBER s a", "SISMEMBER s 1", "SISMEMBER s 01", "SISMEMBER none a"],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        let is = cx.view.collection::<Set>(&key)?.is_some_and(|set| set.contains(args.at(2)));
        out.int(i64::from(is));
        Ok(Done)
    },
    ..BASE
};

pub(crate) static SMISMEMBER: Command = Command {
    name: "smismember",
    element: 2,
    summary: "Says of each of these whether it is a member of a set.",
    since: "6.2.0",
    complexity: "O(N) in the number of members",
    arity: -3,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[Arg::key("key"), Arg::string("member").multiple()],
    examples: &["SADD s a b", "SMISMEMBER s a x b", "SMISMEMBER none a", "SET x 1", "SMISMEMBER x a"],
    run: |cx, args, out| {
        let key = cx.key(args.at(1));
        let set = cx.view.collection::<Set>(&key)?;
        out.array(args.len() - 2);
        for member in args.from(2) {
            out.int(i64::from(set.is_some_and(|set| set.contains(member))));
        }
        Ok(Done)
    },
    ..BASE
};

pub(crate) static SMEMBERS: Command = Command {
    name: "smembers",
    summary: "Returns all members of a set.",
    complexity: "O(N) in the number of members",
    arity: 2,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[Arg::key("key")],
    tips: &["nondeterministic_output_order"],
    examples: &["SMEMBERS none", "SADD n 3 1 2", "SMEMBERS n", "SET x 1", "SMEMBERS x"],
    run: |cx, args, out| {
        let (key, haste) = (cx.key(args.at(1)), cx.haste());
        let set = cx.view.collection::<Set>(&key)?;
        match haste.way(set.map_or(0, Set::len)) {
            Way::AtOnce => {}
            Way::Elsewhere => return cx.leave(&key),
            Way::InSlices => return members_in_slices(cx, args, out),
        }
        out.set(set.map_or(0, Set::len));
        if let Some(set) = set {
            set.each(|member| {
                out.string(member);
                true
            });
        }
        Ok(Done)
    },
    ..BASE
};

fn members_in_slices(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    let (members, _) = cx.read_in_slices(args, &[key], |view, (members, cursor): &mut (ByteList, u64)| {
        let Some(entry) = view.peek(&key)? else { return Ok(true) };
        let set: &Set = entry.collection()?;
        *cursor = Slice::default().walk(*cursor, |slice, cursor| {
            set.scan(cursor, Slice::STEP, |member| members.push_part(member, slice))
        });
        Ok(*cursor == 0)
    })?;
    out.set(members.len());
    members.write(out);
    Ok(Done)
}
