//! `MOVE`: puts a key into another database.

use crate::prelude::*;

pub(crate) static MOVE: Command = Command {
    name: "move",
    summary: "Puts a key into another database, unless it exists there.",
    since: "1.0.0",
    group: Group::Keys,
    complexity: "O(1)",
    arity: 3,
    flags: WRITE | FAST,
    keys: &[KeySpec::at(1, RW | ACCESS | UPDATE)],
    args: &[Arg::key("key"), Arg::int("db")],
    examples: &[
        "MOVE nothing 1",
        "SET k v EX 100",
        "MOVE k 1",
        "EXISTS k",
        "SET k other",
        "MOVE k 1",
        "SELECT 1",
        "TTL k",
        "MOVE k 1",
        "MOVE k 99",
        "MOVE k x",
        "MOVE k -1",
        "MOVE k 999999999999",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    cx.instance.cluster.forbid("MOVE is not allowed in cluster mode")?;
    let db = int32(args.int(2)?)?;
    let db = DbIndex::new(usize::try_from(db).map_err(|_| Error::DB_INDEX)?)?;
    if db == cx.db() {
        return Err(same_object());
    }
    let from = cx.key(args.at(1));
    let to = cx.key_in(db, args.at(1));
    let goes = cx.view.exists(&from)? && !cx.view.exists(&to)?;
    if goes {
        cx.view.rename(&from, &to)?;
        cx.view.report(&from, "move_from", Class::GENERIC)?;
        cx.view.report(&to, "move_to", Class::GENERIC)?;
    }
    out.int(i64::from(goes));
    Ok(Done)
}

/// What Redis keeps in a C int.
pub(crate) fn int32(n: i64) -> Result<i32> {
    i32::try_from(n).map_err(|_| {
        let (min, max) = (i32::MIN, i32::MAX);
        Error::general(format_args!("value is out of range, value must between {min} and {max}"))
    })
}

/// A key would be copied or moved onto itself.
pub(crate) fn same_object() -> Error {
    Error::new("ERR source and destination objects are the same")
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn a_moved_list_serves_those_who_wait_in_the_other_database() {
        let house = House::new();
        let (mut waiter, mut guest) = (house.guest(), house.guest());
        waiter.says("SELECT 3");
        assert_eq!(waiter.says("BLPOP k 0"), "(waits)");
        guest.says("RPUSH k 1");
        assert_eq!(guest.says("MOVE k 3"), "(1)");
        assert_eq!(waiter.hears(), "[\"k\" \"1\"]");
    }

    #[test]
    fn the_deadline_moves_with_the_key() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("SET k v PX 500");
        guest.says("MOVE k 1");
        guest.says("SELECT 1");
        house.advance_ms(499);
        assert_eq!(guest.says("GET k"), "\"v\"");
        house.advance_ms(1);
        assert_eq!(guest.says("EXISTS k"), "(0)");
    }
}
