//! `SSCAN`: a set in pieces.

use crate::prelude::*;
use crate::scan_options::{ScanOptions, cursor, takes_long};
use larder_core::value::set::Set;
use larder_core::value::string::IntText;

pub(crate) static SSCAN: Command = Command {
    name: "sscan",
    summary: "Visits the members of a set in pieces.",
    since: "2.8.0",
    group: Group::Sets,
    complexity: "O(1) for each call, O(N) for all of them",
    arity: -3,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[
        Arg::key("key"),
        Arg::int("cursor"),
        Arg::pattern("pattern").token("MATCH").optional(),
        Arg::int("count").token("COUNT").optional(),
    ],
    tips: &["nondeterministic_output"],
    examples: &[
        "SADD n 1 2 3 12",
        "SSCAN n 0",
        "SSCAN n 0 MATCH 1* COUNT 2",
        "SSCAN none 0",
        "SSCAN n -1",
        "SSCAN n 0 COUNT",
        "SSCAN none 0 COUNT",
        "SSCAN none x COUNT",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let cursor = cursor(args.at(2))?;
    if takes_long(cx, args)? {
        return Ok(Outcome::Elsewhere);
    }
    let key = cx.key(args.at(1));
    let mut found = Vec::new();
    let next = cx.view.collection::<Set>(&key)?.map(|set| -> Result<u64> {
        let options = ScanOptions::read(args, 3)?;
        Ok(set.scan(cursor, options.count, |member| {
            let mut text = IntText::new();
            let bytes = member.as_bytes(&mut text);
            if options.matches(bytes) {
                found.push(bytes.to_vec());
            }
        }))
    });
    let next = next.transpose()?.unwrap_or(0);
    out.array(2);
    out.bulk(next.to_string().as_bytes());
    out.array(found.len());
    found.iter().for_each(|member| out.bulk(member));
    Ok(Done)
}
