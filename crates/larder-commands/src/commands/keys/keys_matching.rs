//! `KEYS`: every key that matches a pattern.
//!
//! The walk lets each stripe go after a bounded number of entries, so nobody waits long for a client that asks for a
//! million keys; a key that is there from beginning to end is in the reply once. What was found of a stripe is dropped
//! as soon as it is written.

use crate::byte_list::ByteList;
use crate::prelude::*;
use larder_core::{ScanCursor, glob};

pub(crate) static KEYS: Command = Command {
    name: "keys",
    summary: "Lists the keys that match a pattern. SCAN does it in portions.",
    since: "1.0.0",
    group: Group::Keys,
    complexity: "O(N) in the number of keys of the database",
    arity: 2,
    flags: READONLY,
    acl: crate::spec::acl::DANGEROUS,
    reach: Reach::Stripes,
    args: &[Arg::pattern("pattern")],
    tips: &["request_policy:all_shards", "nondeterministic_output_order"],
    examples: &[
        "KEYS *",
        "SET user:1 a",
        "SET user:2 b",
        "SET visit:1 c",
        "KEYS user:?",
        "KEYS *1",
        "KEYS [x-z]*",
    ],
    run,
    ..Command::DEFAULT
};

/// Entries looked at under one lock.
pub(crate) const SLICE: usize = 512;

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let pattern = args.at(1);
    let all = pattern == b"*";
    let db = cx.db();
    let haste = cx.haste();
    if haste.forbids(usize::MAX) && haste.forbids(cx.view.len(db)?) {
        return Ok(Outcome::Elsewhere);
    }
    let mut found: Vec<ByteList> = Vec::new();
    let mut cursor = ScanCursor::START;
    loop {
        let mut list = ByteList::default();
        cursor = cx.view.scan(db, cursor, SLICE, |entry| {
            if all || glob::matches(pattern, entry.key()) {
                list.push(entry.key());
            }
        })?;
        found.push(list);
        if cursor == ScanCursor::START {
            break;
        }
    }
    out.array(found.iter().map(ByteList::len).sum());
    for list in found {
        list.write(out);
    }
    Ok(Done)
}
