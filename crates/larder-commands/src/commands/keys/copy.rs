//! `COPY`: copies a value to another key, in another database if you like.

use super::move_key::{int32, same_object};
use crate::prelude::*;

pub(crate) static COPY: Command = Command {
    name: "copy",
    summary: "Copies the value of a key, with its deadline, to another key.",
    since: "6.2.0",
    group: Group::Keys,
    complexity: "O(N) in the size of the value",
    arity: -3,
    flags: WRITE | DENYOOM,
    keys: &[KeySpec::at(1, RO | ACCESS), KeySpec::at(2, OW | UPDATE)],
    args: &[
        Arg::key("source"),
        Arg::key_of("destination", 1),
        Arg::int("destination-db").token("DB").optional(),
        Arg::word("replace", "REPLACE").optional(),
    ],
    examples: &[
        "COPY nothing b",
        "SET a 1 EX 100",
        "COPY a b",
        "TTL b",
        "SET a 2",
        "COPY a b",
        "COPY a b REPLACE",
        "GET b",
        "COPY a a DB 3",
        "COPY a a",
        "COPY a b DB 99",
        "COPY a b DB x",
        "COPY a b TWICE",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let mut replace = false;
    let mut db = cx.db();
    let mut options = args.options(3);
    while let Some(option) = options.next() {
        match () {
            () if is(option, "REPLACE") => replace = true,
            () if is(option, "DB") => {
                let index = usize::try_from(int32(options.int()?)?).map_err(|_| Error::DB_INDEX)?;
                if index != 0 {
                    cx.instance
                        .cluster
                        .forbid("Copying to another database is not allowed in cluster mode")?;
                }
                db = DbIndex::new(index)?;
            }
            () => return Err(Error::SYNTAX),
        }
    }
    let from = cx.key(args.at(1));
    let to = cx.key_in(db, args.at(2));
    if from.db == to.db && from.bytes == to.bytes {
        return Err(same_object());
    }
    let way = cx.way_through(&args.from(1)[..1])?;
    if way == Way::Elsewhere {
        return Ok(Outcome::Elsewhere);
    }
    let mut goes = cx.view.get(&from)?.is_some() && (replace || !cx.view.exists(&to)?);
    let mut copy = None;
    if goes && way == Way::InSlices {
        copy = cx.view.copy_in_slices(&from)?;
        goes = cx.view.exists(&from)? && (replace || !cx.view.exists(&to)?);
    }
    if goes {
        // Removed rather than overwritten: the copy is a new key, which has not been used yet.
        cx.view.remove(&to)?;
        if let Some(copy) = copy {
            let deadline = cx.view.peek(&from)?.and_then(|entry| entry.deadline());
            cx.view.put_object(&to, copy, deadline.map_or(Expiry::Never, Expiry::At))?;
        } else {
            cx.view.copy(&from, &to)?;
        }
        cx.view.report(&to, "copy_to", Class::GENERIC)?;
    }
    out.int(i64::from(goes));
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn a_copied_list_serves_those_who_wait_for_it() {
        let house = House::new();
        let (mut waiter, mut guest) = (house.guest(), house.guest());
        assert_eq!(waiter.says("BLPOP b 0"), "(waits)");
        guest.says("RPUSH a 1 2");
        assert_eq!(guest.says("COPY a b"), "(1)");
        assert_eq!(waiter.hears(), "[\"b\" \"1\"]");
        assert_eq!(guest.says("LLEN a"), "(2)");
        assert_eq!(guest.says("LLEN b"), "(1)");
    }

    #[test]
    fn a_copy_of_a_key_without_deadline_loses_the_one_it_replaces() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("SET a 1");
        guest.says("SET b 2 EX 10");
        guest.says("COPY a b REPLACE");
        assert_eq!(guest.says("TTL b"), "(-1)");
    }
}
