//! `MIGRATE`: moves keys to another server. Not offered: a store that lives in somebody's process does not open
//! connections on a client's word. What it says of a line that would move nothing is what Redis says.

use crate::prelude::*;
use crate::spec::{Begin, Find};

pub(crate) static MIGRATE: Command = Command {
    name: "migrate",
    summary: "Moves keys to another server.",
    since: "2.6.0",
    group: Group::Keys,
    complexity: "O(N) in the size of the values, here and there",
    arity: -6,
    flags: WRITE,
    acl: crate::spec::acl::DANGEROUS,
    keys: &[
        KeySpec::at(3, RW | ACCESS | DELETE),
        KeySpec {
            access: RW | ACCESS | DELETE | INCOMPLETE,
            begin: Begin::Keyword("KEYS", -2),
            find: Find::Range { last: -1, step: 1, limit: 0 },
        },
    ],
    more_keys: Some(what_keys_tells),
    args: &[
        Arg::string("host"),
        Arg::int("port"),
        Arg::one_of("key_or_empty_string", &[Arg::key("key"), Arg::word("empty_string", "")]),
        Arg::int("destination-db"),
        Arg::int("timeout"),
        Arg::word("copy", "COPY").optional().since("3.0.0"),
        Arg::word("replace", "REPLACE").optional().since("3.0.0"),
        Arg::one_of(
            "authentication",
            &[
                Arg::string("password").token("AUTH").optional().since("4.0.7"),
                Arg::block("username_password", &[Arg::string("username"), Arg::string("password")])
                    .token("AUTH2")
                    .optional()
                    .since("6.0.0"),
            ],
        )
        .optional(),
        Arg::key_of("key", 1).token("KEYS").optional().multiple().since("3.0.6"),
    ],
    history: &[
        ("3.0.0", "Added the `COPY` and `REPLACE` options."),
        ("3.0.6", "Added the `KEYS` option."),
        ("4.0.7", "Added the `AUTH` option."),
        ("6.0.0", "Added the `AUTH2` option."),
    ],
    tips: &["nondeterministic_output"],
    partial: Some(
        "Looks at its words and at its keys, and answers an error if there are any: DUMP and RESTORE move them.",
    ),
    examples: &[
        "MIGRATE 127.0.0.1 1 nothing 0 10",
        "MIGRATE 127.0.0.1 1 \"\" 0 10 KEYS a b",
        "MIGRATE 127.0.0.1 1 \"\" 0 10 COPY REPLACE KEYS",
        "MIGRATE 127.0.0.1 1 nothing x 10",
        "MIGRATE 127.0.0.1 1 nothing 0 x",
        "MIGRATE 127.0.0.1 1 nothing 0 10 AUTH",
        "MIGRATE 127.0.0.1 1 nothing 0 10 AUTH2 name",
        "MIGRATE 127.0.0.1 1 nothing 0 10 AUTH p AUTH2 name p COPY",
        "MIGRATE 127.0.0.1 1 nothing 0 10 KEYS b",
        "MIGRATE 127.0.0.1 1 nothing 0 10 MOVE",
    ],
    run,
    ..Command::DEFAULT
};

/// Looks at the line itself: an empty word in the usual place stands for no key, and after `KEYS` stand only keys.
fn what_keys_tells(words: &[&[u8]], found: &mut Vec<(usize, u32)>) {
    found.retain(|(at, _)| *at != 3 || !words[3].is_empty());
    found.iter_mut().for_each(|(_, access)| *access &= !INCOMPLETE);
}

/// The keys that a line names.
fn keys(args: Args<'_>) -> Result<Vec<&[u8]>> {
    let mut options = args.options(6);
    while let Some(option) = options.next() {
        match () {
            () if is(option, "COPY") || is(option, "REPLACE") => {}
            () if is(option, "AUTH") => {
                options.value()?;
            }
            () if is(option, "AUTH2") => {
                options.take_words(2).ok_or(Error::SYNTAX)?;
            }
            () if is(option, "KEYS") => {
                if !args[3].is_empty() {
                    return Err(Error::general(
                        "When using MIGRATE KEYS option, the key argument must be set to the empty string",
                    ));
                }
                return Ok(options.rest().to_vec());
            }
            () => return Err(Error::SYNTAX),
        }
    }
    Ok(vec![args.at(3)])
}

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let keys = keys(args)?;
    args.int(5)?;
    args.int(4)?;
    for key in keys {
        if cx.view.get(&cx.key(key))?.is_some() {
            return Err(Error::general("MIGRATE is not offered: DUMP a key here and RESTORE it there"));
        }
    }
    out.status("NOKEY");
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn keys_are_told_as_the_line_means_them() {
        let house = House::new();
        let mut guest = house.guest();
        let several = "MIGRATE 127.0.0.1 1 \"\" 0 10 KEYS a b";
        for (line, keys) in [
            ("GETKEYS MIGRATE 127.0.0.1 1 a 0 10", "[\"a\"]".to_string()),
            (&format!("GETKEYS {several}"), "[\"a\" \"b\"]".to_string()),
            (
                &format!("GETKEYSANDFLAGS {several}"),
                "[[\"a\" ~[RW access delete]] [\"b\" ~[RW access delete]]]".to_string(),
            ),
        ] {
            assert_eq!(guest.says(&format!("COMMAND {line}")), keys, "{line}");
        }
    }

    #[test]
    fn a_key_stays_where_it_is() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("SET k v");
        let refused = "-ERR MIGRATE is not offered: DUMP a key here and RESTORE it there";
        assert_eq!(guest.says("MIGRATE 127.0.0.1 1 k 0 10"), refused);
        assert_eq!(guest.says("MIGRATE 127.0.0.1 1 \"\" 0 10 KEYS nothing k"), refused);
        assert_eq!(guest.says("GET k"), "\"v\"");
    }
}
