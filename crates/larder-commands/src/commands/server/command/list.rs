//! `COMMAND LIST`: the names of commands.

use crate::prelude::*;
use crate::spec::acl;
use crate::table::Entry;
use larder_core::glob;

pub(super) static LIST: Command = Command {
    name: "list",
    summary: "Names the commands, all of them or those of a category, of a module or of a pattern.",
    since: "7.0.0",
    group: Group::Server,
    complexity: "O(N) in the number of commands",
    arity: -2,
    flags: LOADING | STALE,
    acl: acl::CONNECTION,
    args: &[Arg::one_of(
        "filterby",
        &[
            Arg::string("module-name").token("MODULE"),
            Arg::string("category").token("ACLCAT"),
            Arg::pattern("pattern").token("PATTERN"),
        ],
    )
    .token("FILTERBY")
    .optional()],
    tips: &["nondeterministic_output_order"],
    examples: &[
        "COMMAND LIST FILTERBY PATTERN lpo?",
        "COMMAND LIST FILTERBY MODULE x",
        "COMMAND LIST FILTERBY ACLCAT nosuch",
        "COMMAND LIST FILTERBY",
        "COMMAND LIST FILTERBY x y",
        "COMMAND LIST x",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let all = cx.instance.table().all().iter();
    let found: Vec<&Entry> = match args.from(2) {
        [] => all.collect(),
        [filter, kind, value] if is(filter, "FILTERBY") => match () {
            // There are no modules.
            () if is(kind, "MODULE") => Vec::new(),
            () if is(kind, "ACLCAT") => {
                let wanted = acl::NAMES.iter().find(|(_, name)| is(value, name)).map_or(0, |(bit, _)| *bit);
                all.filter(|entry| entry.command.categories() & wanted != 0).collect()
            }
            () if is(kind, "PATTERN") => {
                all.filter(|entry| glob::matches_ignore_case(value, entry.full_name.as_bytes())).collect()
            }
            () => return Err(Error::SYNTAX),
        },
        _ => return Err(Error::SYNTAX),
    };
    out.array(found.len());
    found.iter().for_each(|entry| out.bulk(entry.full_name.as_bytes()));
    Ok(Done)
}
