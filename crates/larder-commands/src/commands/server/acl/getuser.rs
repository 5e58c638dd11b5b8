//! `ACL GETUSER`: describes a user.

use crate::prelude::*;
use crate::users::Selector;

pub(super) static GETUSER: Command = Command {
    name: "getuser",
    summary: "Describes a user.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(N) in the number of rules",
    arity: 3,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    args: &[Arg::string("username")],
    examples: &["ACL GETUSER default", "ACL GETUSER nobody"],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let Some(user) = cx.instance.users.find(args.at(2)) else {
        out.null();
        return Ok(Done);
    };
    let rules = user.rules();
    let flags = rules.flags();
    out.map(6);
    out.bulk(b"flags");
    out.set(flags.len());
    flags.iter().for_each(|flag| out.bulk(flag.as_bytes()));
    out.bulk(b"passwords");
    out.array(rules.passwords.len());
    rules.passwords.iter().for_each(|digest| out.bulk(digest.as_bytes()));
    let (own, others) =
        rules.selectors.split_first().map_or((None, &[][..]), |(own, rest)| (Some(own), rest));
    own.into_iter().for_each(|own| write_selector(own, out));
    out.bulk(b"selectors");
    out.array(others.len());
    for selector in others {
        out.map(3);
        write_selector(selector, out);
    }
    Ok(Done)
}

fn write_selector(selector: &Selector, out: &mut dyn Reply) {
    out.bulk(b"commands");
    out.bulk(selector.describe_commands().as_bytes());
    out.bulk(b"keys");
    out.bulk(&selector.describe_keys());
    out.bulk(b"channels");
    out.bulk(&selector.describe_channels());
}
