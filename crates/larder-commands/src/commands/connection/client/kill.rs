//! `CLIENT KILL`: ends connections, by address or by filters.

use super::list::Type;
use crate::client::Client;
use crate::prelude::*;
use crate::users::Users;

pub(super) static KILL: Command = Command {
    name: "kill",
    summary: "Ends connections: the one with an address, or all that pass every filter given.",
    since: "2.4.0",
    group: Group::Connection,
    complexity: "O(N) in the number of clients",
    arity: -3,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    args: &[Arg::one_of(
        "filter",
        &[
            Arg::string("ip:port").deprecated("2.8.12"),
            Arg::one_of(
                "new-format",
                &[
                    Arg::int("client-id").token("ID").optional().since("2.8.12"),
                    Arg::one_of(
                        "normal_master_slave_pubsub",
                        &[
                            Arg::word("normal", "NORMAL"),
                            Arg::word("master", "MASTER").since("3.2.0"),
                            Arg::word("slave", "SLAVE"),
                            Arg::word("replica", "REPLICA").since("5.0.0"),
                            Arg::word("pubsub", "PUBSUB"),
                        ],
                    )
                    .token("TYPE")
                    .optional()
                    .since("2.8.12"),
                    Arg::string("username").token("USER").optional(),
                    Arg::string("ip:port").token("ADDR").optional(),
                    Arg::string("ip:port").token("LADDR").optional().since("6.2.0"),
                    Arg::string("yes/no").token("SKIPME").optional(),
                    Arg::int("maxage").token("MAXAGE").optional().since("7.4.0"),
                ],
            )
            .multiple(),
        ],
    )],
    examples: &[
        "CLIENT KILL 1.2.3.4:5",
        "CLIENT KILL ID 99999",
        "CLIENT KILL ID 0",
        "CLIENT KILL ID x",
        "CLIENT KILL TYPE pubsub",
        "CLIENT KILL TYPE x",
        "CLIENT KILL USER nobody",
        "CLIENT KILL ADDR 1.2.3.4:5 LADDR 1.2.3.4:5",
        "CLIENT KILL SKIPME maybe",
        "CLIENT KILL ID 1 TYPE",
    ],
    run,
    ..Command::DEFAULT
};

#[derive(Default)]
struct Filter<'a> {
    id: Option<u64>,
    kind: Option<Type>,
    addr: Option<&'a [u8]>,
    laddr: Option<&'a [u8]>,
    user: Option<&'a [u8]>,
    /// Connected for so many seconds or longer.
    age_min: Option<u64>,
    and_me: bool,
}

impl<'a> Filter<'a> {
    fn read(users: &Users, mut words: &[&'a [u8]]) -> Result<Filter<'a>> {
        let mut filter = Filter::default();
        while let [option, rest @ ..] = words {
            let [value, rest @ ..] = rest else { return Err(Error::SYNTAX) };
            words = rest;
            match () {
                () if is(option, "ID") => filter.id = Some(positive(value, "client-id")?),
                () if is(option, "MAXAGE") => filter.age_min = Some(age(value)?),
                () if is(option, "TYPE") => filter.kind = Some(Type::parse(value)?),
                () if is(option, "ADDR") => filter.addr = Some(value),
                () if is(option, "LADDR") => filter.laddr = Some(value),
                () if is(option, "USER") => {
                    if users.find(value).is_none() {
                        let user = String::from_utf8_lossy(value);
                        return Err(Error::general(format_args!("No such user '{user}'")));
                    }
                    filter.user = Some(value);
                }
                () if is(option, "SKIPME") && is(value, "yes") => filter.and_me = false,
                () if is(option, "SKIPME") && is(value, "no") => filter.and_me = true,
                () => return Err(Error::SYNTAX),
            }
        }
        Ok(filter)
    }

    fn passes(&self, client: &Client, me: u64, now_ms: u64) -> bool {
        let age = now_ms.saturating_sub(client.since_ms) / 1_000;
        let same = |wanted: Option<&[u8]>, text: &str| wanted.is_none_or(|wanted| wanted == text.as_bytes());
        self.id.is_none_or(|id| id == client.id)
            && self.kind.is_none_or(|kind| kind == Type::of(client))
            && same(self.addr, &client.origin.addr)
            && same(self.laddr, &client.origin.laddr)
            && same(self.user, &client.names.read().user)
            && self.age_min.is_none_or(|age_min| age >= age_min)
            && (self.and_me || client.id != me)
    }
}

fn age(word: &[u8]) -> Result<u64> {
    if parse_int(word).is_none() {
        return Err(Error::general("maxage is not an integer or out of range"));
    }
    positive(word, "maxage")
}

fn positive(word: &[u8], name: &str) -> Result<u64> {
    let n = parse_int(word).and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0);
    n.ok_or_else(|| Error::general(format_args!("{name} should be greater than 0")))
}

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let old = args.len() == 3;
    let filter = if old {
        Filter { addr: Some(args.at(2)), and_me: true, ..Filter::default() }
    } else {
        Filter::read(&cx.instance.users, args.from(2))?
    };
    let (me, now_ms) = (cx.session.client.id, cx.instance.engine().now_ms());
    let mut killed = 0;
    for client in cx.instance.clients().list() {
        if !filter.passes(&client, me, now_ms) {
            continue;
        }
        killed += 1;
        if client.id == me {
            // It hears of it first.
            cx.session.closing = true;
        } else {
            client.kill();
        }
    }
    match (old, killed) {
        (true, 0) => return Err(Error::general("No such client")),
        (true, _) => out.ok(),
        (false, _) => out.int(killed),
    }
    Ok(Done)
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn every_filter_chooses_and_all_given_must_hold() {
        let house = House::new();
        let mut old = house.guest();
        house.advance_ms(5_000);
        let (mut listener, mut me) = (house.guest(), house.guest());
        listener.says("SUBSCRIBE c");
        for (line, answer) in [
            ("CLIENT KILL MAXAGE 6", "(0)"),
            ("CLIENT KILL MAXAGE 0", "-ERR maxage should be greater than 0"),
            ("CLIENT KILL MAXAGE long", "-ERR maxage is not an integer or out of range"),
            ("CLIENT KILL MAXAGE 5 TYPE pubsub", "(0)"),
            ("CLIENT KILL MAXAGE 5 ID 2", "(0)"),
            ("CLIENT KILL ID 3", "(0)"),
            ("CLIENT KILL ID 2 TYPE normal", "(0)"),
            ("CLIENT KILL LADDR 127.0.0.1:3", "(0)"),
            ("CLIENT KILL USER default TYPE replica", "(0)"),
            ("CLIENT KILL maxage 5 LADDR 127.0.0.1:2 ADDR 127.0.0.1:1 USER default", "(1)"),
            ("CLIENT KILL TYPE pubsub SKIPME YES", "(1)"),
        ] {
            assert_eq!(me.says(line), answer, "{line}");
        }
        // Neither has noticed yet.
        let lines = me.says("CLIENT LIST ID 1 2");
        assert!(lines.contains(" flags=A ") && lines.contains(" flags=PA "), "{lines}");
        drop((old.says("PING"), listener));
    }
}
