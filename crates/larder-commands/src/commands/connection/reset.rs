//! `RESET`: puts the connection back to where it began.

use crate::prelude::*;

pub(crate) static RESET: Command = Command {
    name: "reset",
    summary: "Puts the connection back to where it began: no transaction, subscription, name or login.",
    since: "6.2.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: 1,
    flags: NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY | NO_QUEUE | WHILE_SUBSCRIBED,
    examples: &["SELECT 3", "MULTI", "RESET", "EXEC", "SUBSCRIBE a", "RESET", "ECHO free"],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.reset(cx.session);
    cx.session.select(DbIndex::default());
    cx.session.set_protocol(Protocol::Resp2);
    out.set_protocol(Protocol::Resp2);
    cx.session.client.names.write().name.clear();
    let user = cx.instance.users.default().clone();
    cx.session.authenticated = user.needs_no_password();
    cx.session.client.names.write().user = String::from_utf8_lossy(&user.name).into_owned();
    cx.session.user = user;
    out.status("RESET");
    Ok(Done)
}
