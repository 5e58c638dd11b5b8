//! `DUMP`, `RESTORE`, `MIGRATE`: values as bytes, for another place. They need the codec of RDB files.

use crate::prelude::*;
use crate::spec::{Begin, Find};

const MISSING: &str = "Answers an error: values cannot be serialised yet.";

const ANY: Command = Command {
    group: Group::Keys,
    partial: Some(MISSING),
    run: |_, _, _| Err(Error::NOT_SUPPORTED),
    ..Command::DEFAULT
};

pub(crate) static DUMP: Command = Command {
    name: "dump",
    summary: "Gives the value of a key as bytes that RESTORE understands.",
    since: "2.6.0",
    complexity: "O(N) in the size of the value",
    arity: 2,
    flags: READONLY,
    keys: &[KeySpec::at(1, RO | ACCESS)],
    args: &[Arg::key("key")],
    tips: &["nondeterministic_output"],
    ..ANY
};

pub(crate) static RESTORE: Command = Command {
    name: "restore",
    summary: "Makes a key from the bytes of DUMP.",
    since: "2.6.0",
    complexity: "O(N) in the size of the value",
    arity: -4,
    flags: WRITE | DENYOOM,
    acl: crate::spec::acl::DANGEROUS,
    keys: &[KeySpec::at(1, OW | UPDATE)],
    args: &[
        Arg::key("key"),
        Arg::int("ttl"),
        Arg::string("serialized-value"),
        Arg::word("replace", "REPLACE").optional().since("3.0.0"),
        Arg::word("absttl", "ABSTTL").optional().since("5.0.0"),
        Arg::int("seconds").token("IDLETIME").optional().since("5.0.0"),
        Arg::int("frequency").token("FREQ").optional().since("5.0.0"),
    ],
    history: &[
        ("3.0.0", "Added the `REPLACE` modifier."),
        ("5.0.0", "Added the `ABSTTL` modifier."),
        ("5.0.0", "Added the `IDLETIME` and `FREQ` options."),
    ],
    ..ANY
};

pub(crate) static MIGRATE: Command = Command {
    name: "migrate",
    summary: "Moves keys to another server.",
    since: "2.6.0",
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
    ..ANY
};

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn what_is_missing_says_so_after_its_words_are_counted() {
        let house = House::new();
        let mut guest = house.guest();
        for line in ["DUMP k", "RESTORE k 0 bytes", "MIGRATE 127.0.0.1 1 k 0 10"] {
            assert_eq!(guest.says(line), "-ERR This feature is not supported by Larder yet");
        }
        assert_eq!(guest.says("DUMP"), "-ERR wrong number of arguments for 'dump' command");
        assert_eq!(guest.says("RESTORE k 0"), "-ERR wrong number of arguments for 'restore' command");
    }
}
