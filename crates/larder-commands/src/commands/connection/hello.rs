//! `HELLO`: chooses the protocol, and may log in and give a name on the way.

use super::names::valid_name;
use crate::prelude::*;

/// The version of Redis whose language this is: clients decide by it what they may send.
pub(crate) const REDIS_VERSION: &str = "7.2.4";

pub(crate) static HELLO: Command = Command {
    name: "hello",
    summary: "Chooses the protocol, may log in and give the connection a name, and says who answers.",
    since: "6.0.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: -1,
    flags: NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY,
    args: &[Arg::block(
        "arguments",
        &[
            Arg::int("protover"),
            Arg::block("username_password", &[Arg::string("username"), Arg::string("password")])
                .token("AUTH")
                .optional(),
            Arg::string("clientname").token("SETNAME").optional(),
        ],
    )
    .optional()],
    examples: &[
        "HELLO",
        "HELLO 3",
        "HELLO 2",
        "HELLO 4",
        "HELLO three",
        "HELLO 3 NOSUCH",
        "HELLO 3 AUTH somebody secret",
        "HELLO 3 SETNAME me",
        "HELLO 3 AUTH default any SETNAME me",
        "HELLO 3 SETNAME",
    ],
    history: &[("6.2.0", "The version may be left out.")],
    run,
    ..Command::DEFAULT
};

fn run(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let mut protocol = cx.session.protocol();
    let mut name = None;
    let mut login = None;
    if let Some(version) = args.from(1).first() {
        let bad = || Error::general("Protocol version is not an integer or out of range");
        protocol = match parse_int(version).ok_or_else(bad)? {
            2 => Protocol::Resp2,
            3 => Protocol::Resp3,
            _ => return Err(Error::new("NOPROTO unsupported protocol version")),
        };
        let mut options = args.options(2);
        while let Some(option) = options.next() {
            let bad = || {
                Error::general(format_args!(
                    "Syntax error in HELLO option '{}'",
                    String::from_utf8_lossy(option)
                ))
            };
            if is(option, "AUTH") {
                let [user, password] = *options.take_words(2).ok_or_else(bad)? else { return Err(bad()) };
                login = Some((user, password));
            } else if is(option, "SETNAME") {
                name = Some(options.next().ok_or_else(bad)?);
            } else {
                return Err(bad());
            }
        }
    }
    if let Some((user, password)) = login {
        cx.instance.log_in(cx.session, user, password, args.at(0))?;
    }
    if !cx.session.authenticated {
        return Err(Error::new(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH \
             <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the \
             same time",
        ));
    }
    if let Some(name) = name {
        cx.session.client.names.write().name = valid_name(name)?;
    }
    cx.session.set_protocol(protocol);
    out.set_protocol(protocol);
    out.map(7);
    for (field, value) in [("server", "redis"), ("version", REDIS_VERSION)] {
        out.bulk(field.as_bytes());
        out.bulk(value.as_bytes());
    }
    out.bulk(b"proto");
    out.int(i64::from(protocol.number()));
    out.bulk(b"id");
    out.int(cx.session.client.id as i64);
    for (field, value) in [("mode", cx.instance.cluster.mode()), ("role", "master")] {
        out.bulk(field.as_bytes());
        out.bulk(value.as_bytes());
    }
    out.bulk(b"modules");
    out.array(0);
    Ok(Done)
}
