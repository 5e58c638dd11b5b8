//! `CLIENT LIST`, `CLIENT INFO`: who is connected, one line each.

use crate::client::{Client, client_flags};
use crate::instance::Instance;
use crate::prelude::*;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

pub(super) static INFO: Command = Command {
    name: "info",
    summary: "Describes this connection in one line.",
    since: "6.2.0",
    group: Group::Connection,
    arity: 2,
    flags: NOSCRIPT | LOADING | STALE,
    tips: &["nondeterministic_output"],
    examples: &["CLIENT INFO"],
    run: run_info,
    ..Command::DEFAULT
};

pub(super) static LIST: Command = Command {
    name: "list",
    summary: "Describes connections: all of them, those of a type, or those of some numbers.",
    since: "2.4.0",
    group: Group::Connection,
    complexity: "O(N) in the number of clients",
    arity: -2,
    flags: ADMIN | NOSCRIPT | LOADING | STALE,
    args: &[
        Arg::one_of(
            "normal_master_replica_pubsub",
            &[
                Arg::word("normal", "NORMAL"),
                Arg::word("master", "MASTER"),
                Arg::word("replica", "REPLICA"),
                Arg::word("pubsub", "PUBSUB"),
            ],
        )
        .token("TYPE")
        .optional()
        .since("5.0.0"),
        Arg::block("id", &[Arg::int("client-id").multiple()]).token("ID").optional().since("6.2.0"),
    ],
    tips: &["nondeterministic_output"],
    examples: &[
        "CLIENT LIST",
        "CLIENT LIST TYPE normal",
        "CLIENT LIST TYPE master",
        "CLIENT LIST TYPE x",
        "CLIENT LIST ID 99999 99998",
        "CLIENT LIST ID x",
        "CLIENT LIST ID",
        "CLIENT LIST x y",
    ],
    run: run_list,
    ..Command::DEFAULT
};

/// What kind of client it is: Redis' types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Normal,
    Master,
    Replica,
    Pubsub,
}

impl Type {
    pub(super) fn parse(word: &[u8]) -> Result<Type> {
        let known = [
            ("NORMAL", Type::Normal),
            ("MASTER", Type::Master),
            ("SLAVE", Type::Replica),
            ("REPLICA", Type::Replica),
            ("PUBSUB", Type::Pubsub),
        ];
        known.into_iter().find(|(name, _)| is(word, name)).map(|(_, kind)| kind).ok_or_else(|| {
            Error::general(format_args!("Unknown client type '{}'", String::from_utf8_lossy(word)))
        })
    }

    pub(super) fn of(client: &Client) -> Type {
        if client.has(client_flags::PUBSUB) { Type::Pubsub } else { Type::Normal }
    }
}

fn run_info(cx: &mut Cx<'_>, _: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    out.verbatim("txt", line(cx.instance, &cx.session.client).as_bytes());
    Ok(Done)
}

fn run_list(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    let clients: Vec<Arc<Client>> = match args.from(2) {
        [] => cx.instance.clients().list(),
        [option, kind] if is(option, "TYPE") => {
            let kind = Type::parse(kind)?;
            cx.instance.clients().list().into_iter().filter(|client| Type::of(client) == kind).collect()
        }
        [option, ids @ ..] if is(option, "ID") && !ids.is_empty() => {
            let bad = || Error::general("Invalid client ID");
            let ids: Result<Vec<i64>> = ids.iter().map(|id| parse_int(id).ok_or_else(bad)).collect();
            let known = |id: i64| u64::try_from(id).ok().and_then(|id| cx.instance.clients().get(id));
            ids?.into_iter().filter_map(known).collect()
        }
        _ => return Err(Error::SYNTAX),
    };
    let lines: String = clients.iter().map(|client| line(cx.instance, client)).collect();
    out.verbatim("txt", lines.as_bytes());
    Ok(Done)
}

/// The flags of a client as letters.
fn letters(client: &Client) -> String {
    const LETTERS: [(u32, char); 10] = [
        (client_flags::MONITOR, 'O'),
        (client_flags::PUBSUB, 'P'),
        (client_flags::MULTI, 'x'),
        (client_flags::BLOCKED | client_flags::PAUSED, 'b'),
        (client_flags::TRACKING, 't'),
        (client_flags::BROKEN_REDIRECT, 'R'),
        (client_flags::BROADCAST, 'B'),
        (client_flags::UNIX, 'U'),
        (client_flags::NO_EVICT, 'e'),
        (client_flags::NO_TOUCH, 'T'),
    ];
    let letters: String =
        LETTERS.iter().filter(|(flag, _)| client.has(*flag)).map(|(_, letter)| *letter).collect();
    if letters.is_empty() { "N".into() } else { letters }
}

/// What `CLIENT LIST` says of a client.
pub(crate) fn line(instance: &Instance, client: &Client) -> String {
    let now = instance.engine().now_ms();
    let seconds = |then: u64| now.saturating_sub(then) / 1_000;
    let names = client.names.read().clone();
    let [sub, psub, ssub] = client.subscriptions.each_ref().map(|count| count.load(Relaxed));
    let command = instance.table().get(client.last_command.load(Relaxed));
    let (query, unread, mail) =
        (client.query_bytes.load(Relaxed), client.reply_bytes.load(Relaxed), client.mail_bytes());
    let origin = &client.origin;
    let mut text = format!("id={} addr={} laddr={} fd={}", client.id, origin.addr, origin.laddr, origin.fd);
    let _ = write!(
        text,
        " name={} age={} idle={} flags={} db={} sub={sub} psub={psub} ssub={ssub} multi={}",
        names.name,
        seconds(client.since_ms),
        seconds(client.active_ms.load(Relaxed)),
        letters(client),
        client.db().get(),
        client.queued.load(Relaxed),
    );
    // There is no memory for arguments or replies apart from these buffers.
    let _ = write!(
        text,
        " qbuf={query} qbuf-free=0 argv-mem=0 multi-mem=0 rbs={unread} rbp={unread} obl={unread} oll=0 omem={mail} \
         tot-mem={} events={}",
        query + unread + mail,
        if unread > 0 { "rw" } else { "r" },
    );
    let _ = writeln!(
        text,
        " cmd={} user={} redir={} resp={} lib-name={} lib-ver={}",
        command.map_or("NULL", |entry| &entry.full_name),
        names.user,
        client.redirect.load(Relaxed),
        client.protocol().number(),
        names.lib_name,
        names.lib_ver,
    );
    text
}

#[cfg(test)]
mod tests {
    use crate::testing::House;

    #[test]
    fn a_line_tells_what_a_client_does() {
        let house = House::new();
        let (mut a, mut b) = (house.guest(), house.guest());
        a.says("CLIENT SETNAME a");
        a.says("CLIENT SETINFO LIB-NAME lib");
        a.says("SELECT 3");
        a.says("SUBSCRIBE x y");
        house.advance_ms(61_000);
        let text = b.says("CLIENT LIST TYPE pubsub");
        for part in [
            "id=1 ",
            "name=a ",
            "age=61 ",
            "idle=61 ",
            "flags=P ",
            "db=3 ",
            "sub=2 ",
            "cmd=subscribe ",
            "lib-name=lib ",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(b.says("CLIENT LIST ID 2 9 2").matches("id=2").count() == 2);
        assert_eq!(b.says("CLIENT LIST TYPE replica"), "=txt:");
    }
}
