//! `HSCAN`: a hash in pieces.

use crate::prelude::*;
use crate::scan_options::ScanOptions;
use larder_core::value::hash::Hash;

pub(crate) static HSCAN: Command = Command {
    name: "hscan",
    summary: "Visits the fields of a hash in pieces.",
    since: "2.8.0",
    group: Group::Hashes,
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
        "HSET user name Ada age 36",
        "HSCAN user 0",
        "HSCAN user 0 MATCH n* COUNT 5",
        "HSCAN none 0",
        "HSCAN user x",
        "HSCAN user 0 COUNT 0",
        "HSCAN user 0 NOSUCH",
        "SET s x",
        "HSCAN s 0",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let options = ScanOptions::read(args, 2)?;
    let key = cx.key(args.at(1));
    let mut found = Vec::new();
    let next = cx.view.collection::<Hash>(&key)?.map_or(0, |hash| {
        hash.scan(options.cursor, options.count, |field, value| {
            if options.matches(field) {
                found.push((field.to_vec(), value.to_vec()));
            }
        })
    });
    out.array(2);
    out.bulk(next.to_string().as_bytes());
    out.array(found.len() * 2);
    for (field, value) in found {
        out.bulk(&field);
        out.bulk(&value);
    }
    Ok(Done)
}
