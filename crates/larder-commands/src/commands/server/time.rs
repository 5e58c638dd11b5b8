//! `TIME`: what time it is for the server.

use crate::prelude::*;

pub(crate) static TIME: Command = Command {
    name: "time",
    summary: "Returns Unix time: seconds, and the microseconds beyond.",
    since: "2.6.0",
    group: Group::Server,
    flags: LOADING | STALE | FAST,
    tips: &["nondeterministic_output"],
    examples: &["TIME"],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let us = cx.instance.engine().clock().wall_us();
    out.array(2);
    out.bulk((us / 1_000_000).to_string().as_bytes());
    out.bulk((us % 1_000_000).to_string().as_bytes());
    Ok(Done)
}
