//! `WAIT`, `WAITAOF`: until replicas, or the journal, have what was written before.
//!
//! Nothing is replicated yet, so no reply could become larger by waiting: both answer at once.

use crate::prelude::*;

pub(crate) static WAIT: Command = Command {
    name: "wait",
    summary: "Waits until replicas have what was written before, and tells how many have it.",
    since: "3.0.0",
    group: Group::Keys,
    complexity: "O(1)",
    arity: 3,
    flags: NOSCRIPT,
    acl: crate::spec::acl::CONNECTION,
    acl_without: crate::spec::acl::KEYSPACE,
    args: &[Arg::int("numreplicas"), Arg::int("timeout")],
    tips: &["request_policy:all_shards", "response_policy:agg_min"],
    examples: &["WAIT 0 0", "SET a 1", "WAIT 0 100", "WAIT x 0", "WAIT 0 x", "WAIT 0 -1"],
    partial: Some("There is no replication yet: it always answers 0, and at once."),
    run: |_, args, out| {
        args.int(1)?;
        timeout(args.at(2))?;
        out.int(0);
        Ok(Done)
    },
    ..Command::DEFAULT
};

pub(crate) static WAITAOF: Command = Command {
    name: "waitaof",
    summary: "Waits until what was written before is in the journal, here and on replicas.",
    since: "7.2.0",
    group: Group::Keys,
    complexity: "O(1)",
    arity: 4,
    flags: NOSCRIPT,
    acl: crate::spec::acl::CONNECTION,
    acl_without: crate::spec::acl::KEYSPACE,
    args: &[Arg::int("numlocal"), Arg::int("numreplicas"), Arg::int("timeout")],
    examples: &["WAITAOF 0 0 0", "WAITAOF 1 0 0", "WAITAOF 2 0 0", "WAITAOF 0 -1 0", "WAITAOF 0 0 -1"],
    partial: Some("There is no replication yet: it always answers that no replica has it, and at once."),
    run: wait_for_journal,
    ..Command::DEFAULT
};

fn timeout(text: &[u8]) -> Result<()> {
    match parse_int(text) {
        None => Err(Error::general("timeout is not an integer or out of range")),
        Some(..0) => Err(Error::TIMEOUT_NEGATIVE),
        Some(_) => Ok(()),
    }
}

fn wait_for_journal(_: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let local = args.int(1)?;
    if !(0..=1).contains(&local) {
        return Err(Error::general("value is out of range, value must between 0 and 1"));
    }
    if args.int(2)? < 0 {
        return Err(Error::NOT_POSITIVE);
    }
    timeout(args.at(3))?;
    if local == 1 {
        return Err(Error::general(
            "WAITAOF cannot be used when numlocal is set but appendonly is disabled.",
        ));
    }
    out.array(2);
    out.int(0);
    out.int(0);
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn nobody_waits_for_replicas_that_do_not_exist() {
        let house = House::new();
        let mut guest = house.guest();
        assert_eq!(guest.says("WAIT 3 0"), "(0)");
        assert_eq!(guest.says("WAITAOF 0 3 0"), "[(0) (0)]");
    }
}
