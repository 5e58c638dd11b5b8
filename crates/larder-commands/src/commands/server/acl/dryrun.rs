//! `ACL DRYRUN`: asks whether a user might.

use crate::prelude::*;

pub(super) static DRYRUN: Command = Command {
    name: "dryrun",
    summary: "Says whether a user may run a command line, without running it.",
    since: "7.0.0",
    group: Group::Server,
    complexity: "O(1).",
    arity: -4,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    args: &[Arg::string("username"), Arg::string("command"), Arg::string("arg").multiple().optional()],
    examples: &[
        "ACL DRYRUN default get a",
        "ACL DRYRUN nobody get a",
        "ACL DRYRUN default nosuch",
        "ACL DRYRUN default get",
        "ACL SETUSER ann +@all -incr %R~r* %W~w* ~k* &c*",
        "ACL DRYRUN ann incr k",
        "ACL DRYRUN ann get w",
        "ACL DRYRUN ann get k",
        "ACL DRYRUN ann copy r w",
        "ACL DRYRUN ann copy w r",
        "ACL DRYRUN ann publish c x",
        "ACL DRYRUN ann subscribe c d",
        "ACL DRYRUN ann psubscribe c*",
        "ACL DRYRUN ann psubscribe c",
        "ACL DRYRUN ann auth x",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let unknown = |what: &str, name: &[u8]| {
        Error::general(format_args!("{what} '{}' not found", String::from_utf8_lossy(name)))
    };
    let user = cx.instance.users.find(args.at(2)).ok_or_else(|| unknown("User", args.at(2)))?;
    let line = args.from(3);
    let entry = cx.instance.table().resolve(line).ok_or_else(|| unknown("Command", args.at(3)))?;
    if !entry.command.takes(line.len()) {
        return Err(Error::arity(&entry.full_name));
    }
    match user.may(entry, line) {
        Ok(()) => out.ok(),
        Err(denied) => out.bulk(denied.sentence(&user, entry, line).as_bytes()),
    }
    Ok(Done)
}
