//! `ACL`: who may do what.

mod deluser;
mod dryrun;
mod file;
mod getuser;
mod list;
mod log;
mod setuser;

use self::{
    deluser::DELUSER, dryrun::DRYRUN, file::LOAD, file::SAVE, getuser::GETUSER, list::LIST, list::USERS,
};
use self::{log::LOG, setuser::SETUSER};
use crate::help::help;
use crate::prelude::*;
use crate::spec::acl;
use std::fmt::Write;

pub(crate) static ACL: Command = Command {
    name: "acl",
    summary: "Shows users and their rules, and changes them.",
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

static WHOAMI: Command = Command {
    name: "whoami",
    summary: "Names the user of this connection.",
    since: "6.0.0",
    group: Group::Server,
    arity: 2,
    flags: NOSCRIPT | LOADING | STALE,
    examples: &["ACL WHOAMI"],
    run: |cx, _, out| {
        out.bulk(&cx.session.user.name);
        Ok(Done)
    },
    ..Command::DEFAULT
};

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

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn the_password_shows_as_its_digest() {
        let house = House::new();
        let mut guest = house.guest();
        assert_eq!(guest.says("ACL LIST"), "[\"user default on nopass sanitize-payload ~* &* +@all\"]");
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
