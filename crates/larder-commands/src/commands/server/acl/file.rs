//! `ACL LOAD` and `ACL SAVE`: the users in the file that the setting `aclfile` names.

use crate::prelude::*;

const BASE: Command = Command {
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(N) in the number of users",
    arity: 2,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    ..Command::DEFAULT
};

pub(super) static LOAD: Command = Command {
    name: "load",
    summary: "Reads the users from their file: all of them, or none if something is wrong with it.",
    examples: &["ACL LOAD"],
    run: |cx, _, out| {
        let path = path(cx)?;
        cx.instance.load_user_file(&path).map_err(Error::general)?;
        out.ok();
        Ok(Done)
    },
    ..BASE
};

pub(super) static SAVE: Command = Command {
    name: "save",
    summary: "Writes the users to their file.",
    examples: &["ACL SAVE"],
    run: |cx, _, out| {
        let path = path(cx)?;
        let lines = cx.instance.users.describe();
        let text = lines.iter().flat_map(|line| line.iter().chain(b"\n")).copied().collect::<Vec<u8>>();
        let written = cx.instance.host().write_users(&path, &text);
        written.map_err(|why| {
            Error::general(format_args!("There was an error trying to save the ACLs: {why}"))
        })?;
        out.ok();
        Ok(Done)
    },
    ..BASE
};

fn path(cx: &Cx<'_>) -> Result<String> {
    let path = cx.instance.settings().text("aclfile");
    if path.is_empty() {
        return Err(Error::general(
            "This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL \
             SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in \
             order to store users in the Redis configuration.",
        ));
    }
    Ok(path)
}
