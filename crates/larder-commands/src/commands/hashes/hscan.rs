//! `HSCAN`: a hash in pieces.

use crate::prelude::*;
use crate::scan_options::{ScanOptions, cursor, takes_long};
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
        Arg::word("novalues", "NOVALUES").optional().since("7.4.0"),
    ],
    history: &[("7.4.0", "Added the `NOVALUES` flag.")],
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
        "HSCAN s 0 NOSUCH",
        "HSCAN none 0 NOSUCH",
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
    let visited = cx.view.collection::<Hash>(&key)?.map(|hash| -> Result<(u64, bool)> {
        let options = ScanOptions::read_of_hash(args, 3)?;
        let next = hash.scan(cursor, options.count, |field, value| {
            if options.matches(field) {
                let value = (!options.no_values).then(|| value.to_vec());
                found.push((field.to_vec(), value));
            }
        });
        Ok((next, options.no_values))
    });
    let (next, no_values) = visited.transpose()?.unwrap_or_default();
    out.array(2);
    out.bulk(next.to_string().as_bytes());
    out.array(found.len() * if no_values { 1 } else { 2 });
    for (field, value) in found {
        out.bulk(&field);
        if let Some(value) = value {
            out.bulk(&value);
        }
    }
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn fields_can_be_had_without_their_values() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("HSET user name Ada age 36");
        assert_eq!(guest.says("HSCAN user 0 NOVALUES"), "[\"0\" [\"name\" \"age\"]]");
        assert_eq!(guest.says("HSCAN user 0 MATCH a* NOVALUES COUNT 3"), "[\"0\" [\"age\"]]");
        guest.says("SADD s 1");
        assert_eq!(guest.says("SSCAN s 0 NOVALUES"), "-ERR syntax error");
    }
}
