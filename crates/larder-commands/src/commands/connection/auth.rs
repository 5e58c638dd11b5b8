//! `AUTH`: logs in.

use crate::prelude::*;

pub(crate) static AUTH: Command = Command {
    name: "auth",
    summary: "Logs in with a password, or with a name and a password.",
    since: "1.0.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: -2,
    flags: NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY,
    args: &[Arg::string("username").optional().since("6.0.0"), Arg::string("password")],
    examples: &["AUTH secret", "AUTH somebody secret", "AUTH default any", "AUTH a b c", "AUTH"],
    history: &[("6.0.0", "Takes a name.")],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let (user, password) = match *args.from(1) {
        [password] => {
            if cx.instance.users.default().rules().any_password {
                return Err(Error::general(
                    "AUTH <password> called without any password configured for the default user. Are you sure your \
                     configuration is correct?",
                ));
            }
            (&b"default"[..], password)
        }
        [user, password] => (user, password),
        _ => return Err(Error::SYNTAX),
    };
    cx.instance.log_in(cx.session, user, password, args.at(0))?;
    out.ok();
    Ok(Done)
}
