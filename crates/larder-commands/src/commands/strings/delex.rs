//! `DELEX`: removes a key on a condition, such as a lock that is only let go by whoever holds it.
//! Written after its page in the documentation of Redis 8.4. What is wrong with a condition is told only where there is
//! a string to hold it against: a key that is not there is just not removed.

use super::condition::{Asked, COMPARISONS};
use crate::prelude::*;

pub(crate) static DELEX: Command = Command {
    name: "delex",
    summary: "Removes a key if it holds this string, or another one; or whatever it holds.",
    since: "8.4.0",
    group: Group::Strings,
    complexity: "O(1) for IFEQ and IFNE, O(N) in the length of the string for IFDEQ and IFDNE",
    arity: -2,
    flags: WRITE | FAST,
    keys: &[KeySpec::at(1, RW | DELETE)],
    args: &[Arg::key("key"), Arg::one_of("condition", &COMPARISONS).optional()],
    examples: &[
        "SET lock token",
        "DELEX lock IFEQ other",
        "DELEX lock IFEQ token",
        "DELEX lock IFNE token",
        "SET page text",
        "DIGEST page",
        "DELEX page IFDNE 8ae6b42bcc2ec7e8",
        "DELEX page IFDEQ 0",
        "LPUSH list x",
        "DELEX list IFEQ x",
        "DELEX list",
    ],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let key = cx.key(args.at(1));
    let goes = match args.len() {
        2 => true,
        4 => is_meant(cx, &key, args)?,
        _ => return Err(Error::arity("delex")),
    };
    let removed = goes && cx.view.remove(&key)?;
    if removed {
        cx.view.report(&key, "del", Class::GENERIC)?;
    }
    out.int(i64::from(removed));
    Ok(Done)
}

/// Whether the key is there and the condition holds of it.
fn is_meant(cx: &mut Cx<'_>, key: &Key<'_>, args: Args<'_>) -> Result<bool> {
    let Some(entry) = cx.view.peek(key)? else { return Ok(false) };
    if entry.string().is_err() {
        return Err(Error::general("Key should be of string type if conditions are specified"));
    }
    match Asked::comparison(args.at(2), &mut args.options(3))? {
        Some(asked) => asked.holds(cx, key),
        None => Err(Error::general("Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE")),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn only_what_is_meant_goes() {
        let house = House::new();
        let mut guest = house.guest();
        for (line, expected) in [
            ("SET k 10", "OK"),
            ("DELEX k IFEQ 010", "(0)"),
            ("DELEX k IFNE 10", "(0)"),
            ("DELEX k IFEQ 10", "(1)"),
            ("DELEX k IFNE 10", "(0)"),
            ("DELEX k IFEQ 10 IFNE 10", "-ERR wrong number of arguments for 'delex' command"),
            ("DELEX k IFEQ", "-ERR wrong number of arguments for 'delex' command"),
            ("DELEX k FORCE", "-ERR wrong number of arguments for 'delex' command"),
            ("DELEX k FORCE 10", "(0)"),
            ("DELEX k IFDEQ 10", "(0)"),
            ("SET k hello", "OK"),
            ("DELEX k FORCE 10", "-ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE"),
            ("DELEX k IFDEQ 10", "-ERR must be exactly 16 hexadecimal characters"),
            ("DELEX k IFDEQ zzzzzzzzzzzzzzzz", "(0)"),
            ("DIGEST k", "\"9555e8555c62dcfd\""),
            ("DELEX k IFDNE 9555E8555C62DCFD", "(0)"),
            ("DELEX k IFDEQ 0000000000000000", "(0)"),
            ("DELEX k IFDEQ 9555E8555C62DCFD", "(1)"),
            ("DIGEST k", "nil"),
            ("RPUSH list x", "(1)"),
            ("DELEX list", "(1)"),
        ] {
            assert_eq!(guest.says(line), expected, "{line}");
        }
        guest.says("RPUSH list x");
        for line in ["DELEX list IFEQ x", "DELEX list IFDNE 0000000000000000", "DELEX list FORCE x"] {
            let text = "-ERR Key should be of string type if conditions are specified";
            assert_eq!(guest.says(line), text, "{line}");
        }
        assert!(guest.says("DIGEST list").starts_with("-WRONGTYPE"));
    }
}
