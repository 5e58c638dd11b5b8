//! `SWAPDB`: two databases change places, for everybody at once.

use crate::prelude::*;
use crate::session::Afterwards;
use crate::spec::acl;

pub(crate) static SWAPDB: Command = Command {
    name: "swapdb",
    summary: "Exchanges the contents of two databases.",
    since: "4.0.0",
    group: Group::Server,
    complexity: "O(N) in the number of clients that wait or watch",
    arity: 3,
    flags: WRITE | FAST,
    acl: acl::DANGEROUS | acl::KEYSPACE,
    reach: Reach::Everything,
    args: &[Arg::int("index1"), Arg::int("index2")],
    examples: &[
        "SET a 1",
        "SWAPDB 0 1",
        "GET a",
        "SELECT 1",
        "GET a",
        "SWAPDB 1 1",
        "SWAPDB x 1",
        "SWAPDB 0 x",
        "SWAPDB 0 16",
        "SWAPDB -1 0",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.forbid("SWAPDB is not allowed in cluster mode")?;
    let number = |at: usize, which: &str| {
        let number = parse_int(args.at(at)).and_then(|n| i32::try_from(n).ok());
        number.ok_or_else(|| Error::general(format_args!("invalid {which} DB index")))
    };
    let (a, b) = (number(1, "first")?, number(2, "second")?);
    let db = |n: i32| Ok::<_, Error>(DbIndex::new(usize::try_from(n).map_err(|_| Error::DB_INDEX)?)?);
    let (a, b) = (db(a)?, db(b)?);
    cx.view.swap(a, b)?;
    // Every key may have another value now.
    cx.session.afterwards.push(Afterwards::Flushed);
    out.ok();
    Ok(Done)
}
