//! `XGROUP`: groups of consumers and the consumers in them.

use super::groups::{self, no_group_of_key};
use super::ids;
use crate::help::help;
use crate::prelude::*;
use larder_core::value::stream::{Group as Consumers, Stream, StreamId};
use larder_core::{Edit, Missing};

pub(crate) static XGROUP: Command = Command {
    name: "xgroup",
    summary: "Manages groups of consumers.",
    since: "5.0.0",
    group: Group::Streams,
    complexity: "That of the subcommand",
    arity: -2,
    acl_without: crate::spec::acl::STREAM,
    sub: &[&CREATE, &CREATECONSUMER, &DELCONSUMER, &DESTROY, &HELP, &SETID],
    ..Command::DEFAULT
};

const BASE: Command =
    Command { since: "5.0.0", group: Group::Streams, arity: 5, flags: WRITE, ..Command::DEFAULT };

const ID: Arg = Arg::one_of("id", &[Arg::string("id"), Arg::word("new_id", "$")]);
const ENTRIES_READ: Arg = Arg::int("entries_read").token("ENTRIESREAD").optional();

static CREATE: Command = Command {
    name: "create",
    summary: "Makes a group that has read a stream up to an id.",
    arity: -5,
    flags: WRITE | DENYOOM,
    keys: &[KeySpec::at(2, RW | INSERT)],
    args: &[
        Arg::key("key"),
        Arg::string("groupname"),
        ID,
        Arg::word("mkstream", "MKSTREAM").optional(),
        ENTRIES_READ,
    ],
    history: &[("7.0.0", "Takes ENTRIESREAD.")],
    examples: &[
        "XGROUP CREATE s g $",
        "XGROUP CREATE s g $ MKSTREAM",
        "XGROUP CREATE s g 0",
        "XADD s 1-1 a 1",
        "XGROUP CREATE s h $ ENTRIESREAD 1",
        "XINFO GROUPS s",
        "XGROUP CREATE s i 0 ENTRIESREAD -2",
        "XGROUP CREATE s i 0 WHAT",
        "XGROUP CREATE s i x",
        "SET t x",
        "XGROUP CREATE t g 0",
        "XGROUP NOSUCH s g",
    ],
    run: create,
    ..BASE
};

static SETID: Command = Command {
    name: "setid",
    summary: "Sets up to which id a group has read.",
    arity: -5,
    keys: &[KeySpec::at(2, RW | UPDATE)],
    args: &[Arg::key("key"), Arg::string("groupname"), ID, ENTRIES_READ],
    history: &[("7.0.0", "Takes ENTRIESREAD.")],
    examples: &[
        "XADD s 1-1 a 1",
        "XGROUP CREATE s g $",
        "XGROUP SETID s g 0 ENTRIESREAD 0",
        "XREADGROUP GROUP g c STREAMS s >",
        "XGROUP SETID s g -",
        "XGROUP SETID s g $",
        "XINFO GROUPS s",
        "XGROUP SETID s other 0",
        "XGROUP SETID none g 0",
        "XGROUP SETID s g 0 MKSTREAM",
    ],
    run: setid,
    ..BASE
};

static DESTROY: Command = Command {
    name: "destroy",
    summary: "Removes a group.",
    complexity: "O(N) in the number of entries that are pending",
    arity: 4,
    keys: &[KeySpec::at(2, RW | DELETE)],
    args: &[Arg::key("key"), Arg::string("groupname")],
    examples: &[
        "XGROUP CREATE s g $ MKSTREAM",
        "XGROUP DESTROY s g",
        "XGROUP DESTROY s g",
        "XGROUP DESTROY none g",
        "EXISTS s",
    ],
    run: destroy,
    ..BASE
};

static CREATECONSUMER: Command = Command {
    name: "createconsumer",
    summary: "Makes a consumer in a group.",
    since: "6.2.0",
    flags: WRITE | DENYOOM,
    keys: &[KeySpec::at(2, RW | INSERT)],
    args: &[Arg::key("key"), Arg::string("groupname"), Arg::string("consumername")],
    examples: &[
        "XGROUP CREATE s g $ MKSTREAM",
        "XGROUP CREATECONSUMER s g c",
        "XGROUP CREATECONSUMER s g c",
        "XGROUP CREATECONSUMER s other c",
        "XGROUP CREATECONSUMER none g c",
    ],
    run: createconsumer,
    ..BASE
};

static DELCONSUMER: Command = Command {
    name: "delconsumer",
    summary: "Removes a consumer from a group. Returns how many entries it had pending.",
    complexity: "O(N) in the number of entries that it had pending",
    keys: &[KeySpec::at(2, RW | DELETE)],
    args: &[Arg::key("key"), Arg::string("groupname"), Arg::string("consumername")],
    examples: &[
        "XADD s 1-1 a 1",
        "XGROUP CREATE s g 0",
        "XREADGROUP GROUP g c STREAMS s >",
        "XGROUP DELCONSUMER s g c",
        "XGROUP DELCONSUMER s g c",
        "XPENDING s g",
        "XGROUP DELCONSUMER s other c",
    ],
    run: delconsumer,
    ..BASE
};

static HELP: Command = Command {
    name: "help",
    summary: "Names the subcommands.",
    arity: 2,
    flags: LOADING | STALE,
    run: |_, _, out| help(out, &XGROUP),
    ..BASE
};

fn no_key() -> Error {
    Error::general(
        "The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM \
         option to create an empty stream automatically.",
    )
}

/// What may stand after the id.
struct After {
    missing: Missing,
    entries_read: Option<i64>,
}

impl After {
    fn read(args: Args<'_>, may_create: bool) -> Result<After> {
        let mut after = After { missing: Missing::Skip, entries_read: None };
        let mut options = args.options(5);
        while let Some(option) = options.next() {
            match () {
                () if may_create && is(option, "MKSTREAM") => after.missing = Missing::Create,
                () if is(option, "ENTRIESREAD") && !options.rest().is_empty() => {
                    let read = options.int()?;
                    if read < -1 {
                        return Err(Error::general("value for ENTRIESREAD must be positive or -1"));
                    }
                    after.entries_read = Some(read).filter(|read| *read >= 0);
                }
                () => return Err(Error::unknown_arguments(args.at(1), "XGROUP")),
            }
        }
        Ok(after)
    }
}

/// Checks that the key holds a stream.
fn last_id(cx: &mut Cx<'_>, args: Args<'_>, missing: Missing) -> Result<StreamId> {
    match cx.view.collection::<Stream>(&cx.key(args.at(2)))? {
        Some(stream) => Ok(stream.log().last_id()),
        None if missing == Missing::Create => Ok(StreamId::MIN),
        None => Err(no_key()),
    }
}

/// Edits a group that must exist.
fn edit_group<R>(
    cx: &mut Cx<'_>,
    args: Args<'_>,
    edit: impl FnOnce(&mut Edit<'_, Stream>) -> Option<R>,
) -> Result<R> {
    let edited = cx.view.edit::<Stream, _>(&cx.key(args.at(2)), Missing::Skip, edit)?;
    edited.ok_or_else(no_key)?.ok_or_else(|| no_group_of_key(args.at(2), args.at(3)))
}

fn create(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let after = After::read(args, true)?;
    let last = last_id(cx, args, after.missing)?;
    if args.len() > 8 {
        return Err(Error::unknown_arguments(args.at(1), "XGROUP"));
    }
    let id = if args.at(4) == b"$" { last } else { ids::strict(args.at(4), 0)? };
    let added = cx.view.edit::<Stream, _>(&cx.key(args.at(2)), after.missing, |edit| {
        let added = edit.add_group(args.at(3), Consumers::new(id, after.entries_read));
        if added {
            edit.report("xgroup-create");
        }
        added
    })?;
    if added != Some(true) {
        return Err(Error::new("BUSYGROUP Consumer Group name already exists"));
    }
    out.ok();
    Ok(Done)
}

fn setid(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let after = After::read(args, false)?;
    let last = last_id(cx, args, Missing::Skip)?;
    edit_group(cx, args, |edit| edit.group(args.at(3)).map(drop))?;
    if !matches!(args.len(), 5 | 7) {
        return Err(Error::unknown_arguments(args.at(1), "XGROUP"));
    }
    let id = if args.at(4) == b"$" { last } else { ids::loose(args.at(4), 0)? };
    edit_group(cx, args, |edit| {
        edit.edit_group(args.at(3), |_, group| {
            group.last_id = id;
            group.entries_read = after.entries_read;
        })?;
        edit.report("xgroup-setid");
        Some(())
    })?;
    out.ok();
    Ok(Done)
}

fn destroy(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let destroyed = cx.view.edit::<Stream, _>(&cx.key(args.at(2)), Missing::Skip, |edit| {
        let destroyed = edit.remove_group(args.at(3));
        if destroyed {
            edit.report("xgroup-destroy");
        }
        destroyed
    })?;
    out.int(i64::from(destroyed.ok_or_else(no_key)?));
    Ok(Done)
}

fn createconsumer(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let now = groups::Now::of(cx);
    let created = edit_group(cx, args, |edit| {
        let existed = edit.group(args.at(3))?.find(args.at(4)).is_some();
        if !existed {
            groups::consumer(edit, args.at(3), args.at(4), now.ms)?;
        }
        Some(!existed)
    })?;
    out.int(i64::from(created));
    Ok(Done)
}

fn delconsumer(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let pending = edit_group(cx, args, |edit| {
        let pending = edit.edit_group(args.at(3), |_, group| group.remove(args.at(4)))?;
        if pending.is_some() {
            edit.report("xgroup-delconsumer");
        }
        Some(pending.unwrap_or(0))
    })?;
    out.count(pending);
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn changes_are_told_as_events_of_streams() {
        let house = House::new();
        let (mut guest, mut listener) = (house.guest(), house.guest());
        house.instance.configure(&[("notify-keyspace-events", "Et")]).expect("a valid setting");
        listener.says("PSUBSCRIBE *");
        for line in [
            "XADD s 1-1 a 1",
            "XADD s MAXLEN 1 1-2 a 1",
            "XGROUP CREATE s g 0",
            "XREADGROUP GROUP g c STREAMS s >",
            "XGROUP CREATECONSUMER s g c",
            "XGROUP CREATECONSUMER s g d",
            "XCLAIM s g e 0 1-2",
            "XGROUP DELCONSUMER s g nobody",
            "XGROUP DELCONSUMER s g d",
            "XGROUP SETID s g 0",
            "XDEL s 9-9",
            "XDEL s 1-2",
            "XTRIM s MAXLEN 0",
            "XSETID s 7-7",
            "XGROUP DESTROY s g",
        ] {
            guest.says(line);
        }
        let heard = listener.hears();
        let events: Vec<&str> =
            heard.split('"').filter_map(|text| text.strip_prefix("__keyevent@0__:")).collect();
        assert_eq!(
            events,
            [
                "xadd",
                "xadd",
                "xtrim",
                "xgroup-create",
                "xgroup-createconsumer",
                "xgroup-createconsumer",
                "xgroup-createconsumer",
                "xgroup-delconsumer",
                "xgroup-setid",
                "xdel",
                "xsetid",
                "xgroup-destroy",
            ]
        );
    }
}
