//! `ROLE`: which part the server plays in replication.

use crate::prelude::*;
use crate::spec::acl;

pub(crate) static ROLE: Command = Command {
    name: "role",
    summary: "Says which part the server plays in replication: it is the primary, and alone.",
    since: "2.8.12",
    group: Group::Server,
    flags: NOSCRIPT | LOADING | STALE | FAST,
    acl: acl::ADMIN | acl::DANGEROUS,
    examples: &["ROLE"],
    run,
    ..Command::DEFAULT
};

fn run(_: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    out.array(3);
    out.bulk(b"master");
    out.int(0);
    out.array(0);
    Ok(Done)
}
