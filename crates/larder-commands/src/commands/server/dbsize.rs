//! `DBSIZE`: how many keys there are.

use crate::prelude::*;
use crate::spec::acl;

pub(crate) static DBSIZE: Command = Command {
    name: "dbsize",
    summary: "Returns the number of keys of the database.",
    group: Group::Server,
    flags: READONLY | FAST,
    acl: acl::KEYSPACE,
    reach: Reach::Stripes,
    tips: &["request_policy:all_shards", "response_policy:agg_sum"],
    examples: &["DBSIZE", "MSET a 1 b 2", "DBSIZE", "SELECT 1", "DBSIZE", "DBSIZE x"],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let len = cx.view.len(cx.db())?;
    out.count(len);
    Ok(Done)
}
