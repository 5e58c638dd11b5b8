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
    and_me: bool,
}

impl<'a> Filter<'a> {
    fn read(users: &Users, mut words: &[&'a [u8]]) -> Result<Filter<'a>> {
        let mut filter = Filter::default();
        while let [option, rest @ ..] = words {
            let [value, rest @ ..] = rest else { return Err(Error::SYNTAX) };
            words = rest;
            match () {
                () if is(option, "ID") => {
                    let id = parse_int(value).and_then(|id| u64::try_from(id).ok()).filter(|id| *id > 0);
                    filter.id = Some(id.ok_or_else(|| Error::general("client-id should be greater than 0"))?);
                }
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

    fn passes(&self, client: &Client, me: u64) -> bool {
        let same = |wanted: Option<&[u8]>, text: &str| wanted.is_none_or(|wanted| wanted == text.as_bytes());
        self.id.is_none_or(|id| id == client.id)
            && self.kind.is_none_or(|kind| kind == Type::of(client))
            && same(self.addr, &client.origin.addr)
            && same(self.laddr, &client.origin.laddr)
            && same(self.user, &client.names.read().user)
            && (self.and_me || client.id != me)
    }
}

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let old = args.len() == 3;
    let filter = if old {
        Filter { addr: Some(args.at(2)), and_me: true, ..Filter::default() }
    } else {
        Filter::read(&cx.instance.users, args.from(2))?
    };
    let me = cx.session.client.id;
    let mut killed = 0;
    for client in cx.instance.clients().list() {
        if !filter.passes(&client, me) {
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
