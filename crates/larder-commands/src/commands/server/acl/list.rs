//! `ACL LIST` and `ACL USERS`: who there is.

use crate::prelude::*;

const BASE: Command = Command {
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(N) in the number of users",
    arity: 2,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    ..Command::DEFAULT
};

pub(super) static LIST: Command = Command {
    name: "list",
    summary: "Describes every user by the rules that would make it.",
    examples: &[
        "ACL LIST",
        "CONFIG SET requirepass foo",
        "ACL LIST",
        "CONFIG SET requirepass \"\"",
        "ACL LIST",
    ],
    run: |cx, _, out| {
        let lines = cx.instance.users.describe();
        out.array(lines.len());
        lines.iter().for_each(|line| out.bulk(line));
        Ok(Done)
    },
    ..BASE
};

pub(super) static USERS: Command = Command {
    name: "users",
    summary: "Names the users.",
    examples: &["ACL USERS"],
    run: |cx, _, out| {
        let users = cx.instance.users.list();
        out.array(users.len());
        users.iter().for_each(|user| out.bulk(&user.name));
        Ok(Done)
    },
    ..BASE
};
