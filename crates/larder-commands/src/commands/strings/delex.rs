//! `DELEX`: removes a key on a condition, such as a lock that is only let go by whoever holds it.
//! Written after its page in the documentation of Redis 8.4.

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
    let mut asked = None;
    let mut options = args.options(2);
    while let Some(option) = options.next() {
        let comparison = Asked::comparison(option, &mut options)?;
        if comparison.is_none() || asked.is_some() {
            return Err(Error::SYNTAX);
        }
        asked = comparison;
    }
    let key = cx.key(args.at(1));
    let goes = match asked {
        Some(asked) => asked.holds(cx, &key)?,
        None => true,
    };
    let removed = goes && cx.view.remove(&key)?;
    if removed {
        cx.view.report(&key, "del", Class::GENERIC)?;
    }
    out.int(i64::from(removed));
    Ok(Done)
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
            ("DELEX k IFEQ 10 IFNE 10", "-ERR syntax error"),
            ("DELEX k IFEQ", "-ERR syntax error"),
            ("DELEX k FORCE", "-ERR syntax error"),
            ("DELEX k IFDEQ 10", "-ERR a digest must be 16 hexadecimal digits"),
            ("SET k hello", "OK"),
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
        for line in ["DELEX list IFEQ x", "DELEX list IFDNE 0000000000000000", "DIGEST list"] {
            assert!(guest.says(line).starts_with("-WRONGTYPE"), "{line}");
        }
    }
}
