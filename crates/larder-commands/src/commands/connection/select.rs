//! `SELECT`: chooses the database.

use crate::prelude::*;

pub(crate) static SELECT: Command = Command {
    name: "select",
    summary: "Chooses the database of this connection.",
    since: "1.0.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: 2,
    flags: LOADING | STALE | FAST,
    args: &[Arg::int("index")],
    examples: &["SELECT 1", "SET a 1", "SELECT 0", "GET a", "SELECT 16", "SELECT one"],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let index = parse_int(args.at(1)).ok_or(Error::NOT_INTEGER)?;
    if i32::try_from(index).is_err() {
        return Err(Error::general("value is out of range, value must between -2147483648 and 2147483647"));
    }
    let index = usize::try_from(index).map_err(|_| Error::DB_INDEX)?;
    if index != 0 {
        cx.instance.cluster.forbid("SELECT is not allowed in cluster mode")?;
    }
    cx.session.select(DbIndex::new(index)?);
    out.ok();
    Ok(Done)
}
