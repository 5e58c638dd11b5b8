//! `SLOWLOG`: the last commands that took long.

use crate::help::help;
use crate::prelude::*;

pub(crate) static SLOWLOG: Command = Command {
    name: "slowlog",
    summary: "Shows the commands that took long.",
    since: "2.2.12",
    group: Group::Server,
    complexity: "That of the subcommand",
    arity: -2,
    sub: &[&GET, &HELP, &LEN, &RESET],
    ..Command::DEFAULT
};

static GET: Command = Command {
    name: "get",
    summary: "Returns the last slow commands: number, time, microseconds, words, address and name of the client.",
    since: "2.2.12",
    group: Group::Server,
    complexity: "O(N) in the number of entries",
    arity: -2,
    flags: ADMIN | LOADING | STALE,
    args: &[Arg::int("count").optional()],
    tips: &["request_policy:all_nodes", "nondeterministic_output"],
    examples: &[
        "SLOWLOG RESET",
        "SLOWLOG GET",
        "SLOWLOG GET -1",
        "SLOWLOG GET -2",
        "SLOWLOG GET x",
        "SLOWLOG GET 1 2",
    ],
    run: run_get,
    ..Command::DEFAULT
};

static HELP: Command = Command {
    name: "help",
    summary: "Names the subcommands.",
    since: "6.2.0",
    group: Group::Server,
    arity: 2,
    flags: LOADING | STALE,
    run: |_, _, out| help(out, &SLOWLOG),
    ..Command::DEFAULT
};

static LEN: Command = Command {
    name: "len",
    summary: "Says how many slow commands are remembered.",
    since: "2.2.12",
    group: Group::Server,
    arity: 2,
    flags: ADMIN | LOADING | STALE,
    tips: &["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"],
    examples: &["SLOWLOG RESET", "SLOWLOG LEN"],
    run: |cx, _, out| {
        out.count(cx.instance.slowlog.len());
        Ok(Done)
    },
    ..Command::DEFAULT
};

static RESET: Command = Command {
    name: "reset",
    summary: "Forgets the slow commands.",
    since: "2.2.12",
    group: Group::Server,
    complexity: "O(N) in the number of entries",
    arity: 2,
    flags: ADMIN | LOADING | STALE,
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    examples: &["SLOWLOG RESET"],
    run: |cx, _, out| {
        cx.instance.slowlog.reset();
        out.ok();
        Ok(Done)
    },
    ..Command::DEFAULT
};

fn run_get(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let count = match args.from(2) {
        [] => 10,
        [count] => parse_int(count)
            .filter(|count| *count >= -1)
            .ok_or_else(|| Error::general("count should be greater than or equal to -1"))?,
        _ => return Err(Error::unknown_arguments(args.at(1), "SLOWLOG")),
    };
    let found = cx.instance.slowlog.last(usize::try_from(count).unwrap_or(usize::MAX));
    out.array(found.len());
    for slow in found {
        out.array(6);
        out.int(slow.id as i64);
        out.int(slow.seconds as i64);
        out.int(slow.usec as i64);
        out.array(slow.words.len());
        slow.words.iter().for_each(|word| out.bulk(word));
        out.bulk(slow.addr.as_bytes());
        out.bulk(slow.name.as_bytes());
    }
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn commands_are_logged_without_their_passwords() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("CLIENT SETNAME me");
        guest.says("CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 2");
        guest.says("SLOWLOG RESET");
        guest.says("SET a 1");
        guest.says("AUTH default secret");
        let log = guest.says("SLOWLOG GET");
        assert!(log.contains("[\"AUTH\" \"(redacted)\" \"(redacted)\"] \"127.0.0.1:1\" \"me\"]"), "{log}");
        assert!(log.contains("\"SET\" \"a\" \"1\"") && !log.contains("secret"), "{log}");
        assert_eq!(guest.says("SLOWLOG LEN"), "(2)");
    }

    #[test]
    fn a_command_that_waits_is_logged_and_counted_when_it_is_served() {
        let house = House::new();
        let (mut waiter, mut guest) = (house.guest(), house.guest());
        guest.says("CONFIG SET slowlog-log-slower-than 0");
        waiter.says("CLIENT SETNAME waiter");
        guest.says("SLOWLOG RESET");
        assert_eq!(waiter.says("BLPOP l 0"), "(waits)");
        assert!(!guest.says("SLOWLOG GET").contains("BLPOP"));
        assert!(!guest.says("INFO commandstats").contains("blpop"));
        guest.says("RPUSH l 1");
        let log = guest.says("SLOWLOG GET");
        assert!(log.contains("[\"BLPOP\" \"l\" \"0\"] \"127.0.0.1:1\" \"waiter\"]"), "{log}");
        assert!(guest.says("INFO commandstats").contains("cmdstat_blpop:calls=1,"));
    }

    #[test]
    fn no_password_of_any_command_is_logged() {
        let house = House::new();
        let mut guest = house.guest();
        guest.says("CONFIG SET slowlog-log-slower-than 0");
        for line in [
            "HELLO 2 AUTH default SECRET SETNAME me",
            "CONFIG SET timeout 0 requirepass SECRET",
            "CONFIG SET requirepass \"\"",
            "ACL SETUSER other on >SECRET",
            "MIGRATE 127.0.0.1 1 key 0 10 AUTH SECRET",
            "MIGRATE 127.0.0.1 1 key 0 10 COPY AUTH2 default SECRET",
        ] {
            guest.says(line);
        }
        let log = guest.says("SLOWLOG GET -1");
        assert!(log.contains("HELLO") && log.contains("MIGRATE") && log.contains("requirepass"), "{log}");
        assert!(!log.contains("SECRET"), "{log}");
    }
}
