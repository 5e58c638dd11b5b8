//! `RANDOMKEY`: some key.

use crate::prelude::*;

pub(crate) static RANDOMKEY: Command = Command {
    name: "randomkey",
    summary: "Gives some key of the database.",
    since: "1.0.0",
    group: Group::Keys,
    complexity: "O(1)",
    arity: 1,
    flags: READONLY,
    reach: Reach::Stripes,
    tips: &["request_policy:all_shards", "nondeterministic_output"],
    examples: &["RANDOMKEY", "SET only 1", "RANDOMKEY"],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let db = cx.db();
    out.bulk_or_null(cx.view.random_key(db)?.as_deref());
    Ok(Done)
}
