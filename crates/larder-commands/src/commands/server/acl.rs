//! `ACL`: who may do what. There is one user, who may do everything; the rules for more users come later.

use crate::help::help;
use crate::prelude::*;
use crate::spec::acl;
use sha2::{Digest, Sha256};
use std::fmt::Write;

pub(crate) static ACL: Command = Command {
    name: "acl",
    summary: "Shows users and their rules.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "That of the subcommand",
    arity: -2,
    sub: &[
        &CAT, &DELUSER, &DRYRUN, &GENPASS, &GETUSER, &HELP, &LIST, &LOAD, &LOG, &SAVE, &SETUSER, &USERS,
        &WHOAMI,
    ],
    ..Command::DEFAULT
};

static CAT: Command = Command {
    name: "cat",
    summary: "Names the categories of commands, or the commands of one.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(1), or O(N) in the number of commands",
    arity: -2,
    flags: NOSCRIPT | LOADING | STALE,
    args: &[Arg::string("categoryname").optional()],
    examples: &["ACL CAT", "ACL CAT nosuch", "ACL CAT a b"],
    run: run_cat,
    ..Command::DEFAULT
};

static DELUSER: Command = Command {
    name: "deluser",
    summary: "Would remove users.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(N) in the number of names",
    arity: -3,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    args: &[Arg::string("username").multiple()],
    examples: &["ACL DELUSER default", "ACL DELUSER nobody"],
    partial: Some("there is only the default user yet"),
    run: run_deluser,
    ..Command::DEFAULT
};

static DRYRUN: Command = Command {
    name: "dryrun",
    summary: "Says whether a user may run a command line, without running it.",
    since: "7.0.0",
    group: Group::Server,
    complexity: "O(1).",
    arity: -4,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    args: &[Arg::string("username"), Arg::string("command"), Arg::string("arg").multiple().optional()],
    examples: &[
        "ACL DRYRUN default get a",
        "ACL DRYRUN nobody get a",
        "ACL DRYRUN default nosuch",
        "ACL DRYRUN default get",
    ],
    partial: Some("there is only the default user yet"),
    run: run_dryrun,
    ..Command::DEFAULT
};

static GENPASS: Command = Command {
    name: "genpass",
    summary: "Returns a random password of so many bits, in hexadecimal digits.",
    since: "6.0.0",
    group: Group::Server,
    arity: -2,
    flags: NOSCRIPT | LOADING | STALE,
    args: &[Arg::int("bits").optional()],
    examples: &["ACL GENPASS", "ACL GENPASS 5", "ACL GENPASS 0", "ACL GENPASS 4097", "ACL GENPASS x"],
    run: run_genpass,
    ..Command::DEFAULT
};

static GETUSER: Command = Command {
    name: "getuser",
    summary: "Describes a user.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(N) in the number of rules",
    arity: 3,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    args: &[Arg::string("username")],
    examples: &["ACL GETUSER default", "ACL GETUSER nobody"],
    run: run_getuser,
    ..Command::DEFAULT
};

static HELP: Command = Command {
    name: "help",
    summary: "Names the subcommands.",
    since: "6.0.0",
    group: Group::Server,
    arity: 2,
    flags: LOADING | STALE,
    run: |_, _, out| help(out, &ACL),
    ..Command::DEFAULT
};

static LIST: Command = Command {
    name: "list",
    summary: "Describes every user by the rules that would make it.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(N) in the number of users",
    arity: 2,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    examples: &["ACL LIST"],
    run: run_list,
    ..Command::DEFAULT
};

static LOAD: Command = Command {
    name: "load",
    summary: "Would read the users from a file.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(N) in the number of users",
    arity: 2,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    examples: &["ACL LOAD"],
    partial: Some("there is only the default user yet"),
    run: no_file,
    ..Command::DEFAULT
};

static LOG: Command = Command {
    name: "log",
    summary: "Returns what was refused of late: nothing, while everything is allowed.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(N) in the number of entries",
    arity: -2,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    args: &[Arg::one_of("operation", &[Arg::int("count"), Arg::word("reset", "RESET")]).optional()],
    examples: &["ACL LOG RESET", "ACL LOG", "ACL LOG 5", "ACL LOG x"],
    partial: Some("there is only the default user yet"),
    run: run_log,
    ..Command::DEFAULT
};

static SAVE: Command = Command {
    name: "save",
    summary: "Would write the users to a file.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(N) in the number of users",
    arity: 2,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    examples: &["ACL SAVE"],
    partial: Some("there is only the default user yet"),
    run: no_file,
    ..Command::DEFAULT
};

static SETUSER: Command = Command {
    name: "setuser",
    summary: "Would make or change a user.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(N) in the number of rules",
    arity: -3,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    args: &[Arg::string("username"), Arg::string("rule").multiple().optional()],
    partial: Some("there is only the default user yet"),
    run: |_, _, _| Err(Error::NOT_SUPPORTED),
    ..Command::DEFAULT
};

static USERS: Command = Command {
    name: "users",
    summary: "Names the users.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(N) in the number of users",
    arity: 2,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    examples: &["ACL USERS"],
    run: |_, _, out| {
        out.array(1);
        out.bulk(USER.as_bytes());
        Ok(Done)
    },
    ..Command::DEFAULT
};

static WHOAMI: Command = Command {
    name: "whoami",
    summary: "Names the user of this connection.",
    since: "6.0.0",
    group: Group::Server,
    arity: 2,
    flags: NOSCRIPT | LOADING | STALE,
    examples: &["ACL WHOAMI"],
    run: |cx, _, out| {
        out.bulk(cx.session.client.names.read().user.as_bytes());
        Ok(Done)
    },
    ..Command::DEFAULT
};

/// The only user there is.
const USER: &str = "default";

fn run_cat(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    match args.from(2) {
        [] => {
            out.array(acl::NAMES.len());
            acl::NAMES.iter().for_each(|(_, name)| out.bulk(name.as_bytes()));
        }
        [name] => {
            let category = acl::NAMES.iter().find(|(_, known)| is(name, known)).map(|(bit, _)| *bit);
            let category = category.ok_or_else(|| {
                Error::general(format_args!("Unknown category '{}'", String::from_utf8_lossy(name)))
            })?;
            let all = cx.instance.table().all().iter();
            let found: Vec<_> = all.filter(|entry| entry.command.categories() & category != 0).collect();
            out.array(found.len());
            found.iter().for_each(|entry| out.bulk(entry.full_name.as_bytes()));
        }
        _ => return Err(Error::unknown_arguments(args.at(1), "ACL")),
    }
    Ok(Done)
}

fn run_deluser(_: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    if args.from(2).iter().any(|name| *name == USER.as_bytes()) {
        return Err(Error::general("The 'default' user cannot be removed"));
    }
    out.int(0);
    Ok(Done)
}

fn run_dryrun(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let unknown = |what: &str, name: &[u8]| {
        Error::general(format_args!("{what} '{}' not found", String::from_utf8_lossy(name)))
    };
    if args.at(2) != USER.as_bytes() {
        return Err(unknown("User", args.at(2)));
    }
    let line = args.from(3);
    let entry = cx.instance.table().resolve(line).ok_or_else(|| unknown("Command", args.at(3)))?;
    if !entry.command.takes(line.len()) {
        return Err(Error::arity(&entry.full_name));
    }
    out.ok();
    Ok(Done)
}

fn run_genpass(_: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let bits = match args.from(2) {
        [] => 256,
        [_] => args.int(2)?,
        _ => return Err(Error::unknown_arguments(args.at(1), "ACL")),
    };
    if !(1..=4_096).contains(&bits) {
        return Err(Error::general(
            "ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096",
        ));
    }
    let digits = (bits as usize).div_ceil(4);
    let mut bytes = vec![0; digits.div_ceil(2)];
    // The engine's random numbers are not for secrets.
    getrandom::fill(&mut bytes).map_err(|_| Error::general("the system has no random numbers to give"))?;
    let mut password = hex(&bytes);
    password.truncate(digits);
    out.bulk(password.as_bytes());
    Ok(Done)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The digest that stands for the password, if there is one.
fn password_digest(cx: &Cx<'_>) -> Option<String> {
    cx.instance.settings().password().map(|password| hex(&Sha256::digest(password.as_bytes())))
}

fn run_getuser(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    if args.at(2) != USER.as_bytes() {
        out.null_array();
        return Ok(Done);
    }
    let digest = password_digest(cx);
    out.map(6);
    out.bulk(b"flags");
    out.set(1 + usize::from(digest.is_none()));
    out.bulk(b"on");
    if digest.is_none() {
        out.bulk(b"nopass");
    }
    out.bulk(b"passwords");
    out.array(usize::from(digest.is_some()));
    digest.iter().for_each(|digest| out.bulk(digest.as_bytes()));
    for (name, rule) in [("commands", "+@all"), ("keys", "~*"), ("channels", "&*")] {
        out.bulk(name.as_bytes());
        out.bulk(rule.as_bytes());
    }
    out.bulk(b"selectors");
    out.array(0);
    Ok(Done)
}

fn run_list(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let password = password_digest(cx).map_or("nopass".into(), |digest| format!("#{digest}"));
    out.array(1);
    out.bulk(format!("user {USER} on {password} ~* &* +@all").as_bytes());
    Ok(Done)
}

fn run_log(_: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    match args.from(2) {
        [] => out.array(0),
        [word] if is(word, "RESET") => out.ok(),
        [_] => {
            args.int(2)?;
            out.array(0);
        }
        _ => return Err(Error::unknown_arguments(args.at(1), "ACL")),
    }
    Ok(Done)
}

fn no_file(_: &mut Cx<'_>, _: Args<'_>, _: &mut dyn Reply) -> Result<Outcome> {
    Err(Error::general("There is no ACL file: the default user and its password are all there is yet."))
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn the_password_shows_as_its_digest() {
        let house = House::new();
        let mut guest = house.guest();
        assert_eq!(guest.says("ACL LIST"), "[\"user default on nopass ~* &* +@all\"]");
        guest.says("CONFIG SET requirepass foo");
        let digest = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
        assert!(
            guest.says("ACL LIST").contains(digest) && guest.says("ACL GETUSER default").contains(digest)
        );
    }

    #[test]
    fn passwords_are_as_long_as_asked_for_and_differ() {
        let house = House::new();
        let mut guest = house.guest();
        for (bits, digits) in [("1", 1), ("5", 2), ("256", 64), ("4096", 1_024)] {
            let line = format!("ACL GENPASS {bits}");
            assert_eq!(guest.says(&line).len(), digits + 2, "{bits}");
        }
        assert_ne!(guest.says("ACL GENPASS"), guest.says("ACL GENPASS"));
    }
}
