//! `RENAME`, `RENAMENX`: give a value another key. The deadline goes with the value.

use crate::prelude::*;

pub(crate) static RENAME: Command = Command {
    name: "rename",
    summary: "Gives a value another key, replacing what that one held.",
    since: "1.0.0",
    group: Group::Keys,
    complexity: "O(1)",
    arity: 3,
    flags: WRITE,
    keys: &[KeySpec::at(1, RW | ACCESS | DELETE), KeySpec::at(2, OW | UPDATE)],
    args: &[Arg::key("key"), Arg::key_of("newkey", 1)],
    examples: &[
        "RENAME nothing a",
        "SET a 1 EX 100",
        "SET b 2",
        "RENAME a b",
        "GET b",
        "TTL b",
        "EXISTS a",
        "RENAME b b",
    ],
    run: |cx, args, out| {
        run(cx, args, true)?;
        out.ok();
        Ok(Done)
    },
    ..Command::DEFAULT
};

pub(crate) static RENAMENX: Command = Command {
    name: "renamenx",
    summary: "Gives a value another key, unless that one exists.",
    since: "1.0.0",
    group: Group::Keys,
    complexity: "O(1)",
    arity: 3,
    flags: WRITE | FAST,
    keys: &[KeySpec::at(1, RW | ACCESS | DELETE), KeySpec::at(2, OW | INSERT)],
    args: &[Arg::key("key"), Arg::key_of("newkey", 1)],
    examples: &[
        "RENAMENX nothing a",
        "SET a 1",
        "SET b 2",
        "RENAMENX a b",
        "RENAMENX a c",
        "GET c",
        "RENAMENX c c",
    ],
    history: &[(
        "3.2.0",
        "The command no longer returns an error when source and destination names are the same.",
    )],
    run: |cx, args, out| {
        out.int(i64::from(run(cx, args, false)?));
        Ok(Done)
    },
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, replace: bool) -> Result<bool> {
    let (from, to) = (cx.key(args.at(1)), cx.key(args.at(2)));
    if !cx.view.exists(&from)? {
        return Err(Error::NO_SUCH_KEY);
    }
    if from.bytes == to.bytes || !replace && cx.view.exists(&to)? {
        return Ok(false);
    }
    cx.view.rename(&from, &to)?;
    cx.view.report(&from, "rename_from", Class::GENERIC)?;
    cx.view.report(&to, "rename_to", Class::GENERIC)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn a_renamed_list_serves_those_who_wait_for_its_new_name() {
        let house = House::new();
        let (mut waiter, mut guest) = (house.guest(), house.guest());
        assert_eq!(waiter.says("BLPOP b 0"), "(waits)");
        guest.says("RPUSH a 1 2");
        assert_eq!(guest.says("RENAME a b"), "OK");
        assert_eq!(waiter.hears(), "[\"b\" \"1\"]");
        assert_eq!(guest.says("LRANGE b 0 -1"), "[\"2\"]");
    }

    #[test]
    fn a_watched_key_changes_whichever_end_of_the_renaming_it_is() {
        let house = House::new();
        for watched in ["a", "b"] {
            let (mut watcher, mut guest) = (house.guest(), house.guest());
            guest.says("SET a 1");
            watcher.says(&format!("WATCH {watched}"));
            guest.says("RENAME a b");
            watcher.says("MULTI");
            assert_eq!(watcher.says("EXEC"), "nil[]", "{watched}");
        }
    }
}
