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

fn run_info(cx: &mut Cx<'_>, args: Args<'_>, out: &mut dyn Reply) -> Result<Outcome> {
    describe(cx, args, std::slice::from_ref(&cx.session.client), out);
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
    describe(cx, args, &clients, out);
    Ok(Done)
}

fn describe(cx: &Cx<'_>, args: Args<'_>, clients: &[Arc<Client>], out: &mut dyn Reply) {
    // Of this client, the command that runs is this one.
    let me = &cx.session.client;
    me.keep_line(args.0);
    let lines: String = clients.iter().map(|client| line(cx.instance, client)).collect();
    me.keep_line(&[]);
    out.verbatim("txt", lines.as_bytes());
}

/// The flags of a client as letters.
fn letters(client: &Client) -> String {
    let has = |flags| client.has(flags);
    let letters = [
        (has(client_flags::MONITOR), 'O'),
        (has(client_flags::PUBSUB), 'P'),
        (has(client_flags::MULTI), 'x'),
        (has(client_flags::BLOCKED | client_flags::PAUSED), 'b'),
        (has(client_flags::TRACKING), 't'),
        (has(client_flags::BROKEN_REDIRECT), 'R'),
        (has(client_flags::BROADCAST), 'B'),
        (client.is_dirty(), 'd'),
        (client.is_killed(), 'A'),
        (has(client_flags::UNIX), 'U'),
        (has(client_flags::NO_EVICT), 'e'),
        (has(client_flags::NO_TOUCH), 'T'),
    ];
    let letters: String = letters.iter().filter(|(set, _)| *set).map(|(_, letter)| *letter).collect();
    if letters.is_empty() { "N".into() } else { letters }
}

/// What `CLIENT LIST` says of a client.
pub(crate) fn line(instance: &Instance, client: &Client) -> String {
    let now = instance.engine().now_ms();
    let seconds = |then: u64| now.saturating_sub(then) / 1_000;
    let names = client.names.read().clone();
    let [sub, psub, ssub] = client.subscriptions.each_ref().map(|count| count.load(Relaxed));
    let command = instance.table().get(client.last_command.load(Relaxed));
    let unread = client.reply_bytes.load(Relaxed);
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
    let _ = write!(
        text,
        " qbuf={} qbuf-free={} argv-mem={} multi-mem={} rbs={} rbp={}",
        client.query_bytes.load(Relaxed),
        client.query_free_bytes.load(Relaxed),
        client.line_bytes(),
        client.queued_bytes.load(Relaxed),
        client.reply_room_bytes.load(Relaxed),
        client.reply_peak_bytes.load(Relaxed),
    );
    // What Redis has in a list behind its buffer is the mailbox here.
    let _ = write!(
        text,
        " obl={unread} oll={} omem={} tot-mem={} events={}",
        client.mail_len(),
        client.mail_bytes(),
        client.used_bytes(),
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
    use crate::testing::{Guest, House};

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
        assert_eq!(b.says("CLIENT LIST ID 2 9 2").matches("id=2").count(), 2);
        assert_eq!(b.says("CLIENT LIST TYPE replica"), "=txt:");
    }
    /// The value of a field of a client's line.
    fn field(line: &str, name: &str) -> String {
        let found = line.split(' ').find_map(|part| part.strip_prefix(&format!("{name}=")));
        found.unwrap_or_else(|| panic!("no {name} in {line}")).to_string()
    }

    #[test]
    fn a_line_tells_what_a_transaction_holds_and_what_became_of_it() {
        let house = House::new();
        let (mut a, mut b) = (house.guest(), house.guest());
        let see = |b: &mut Guest, name: &str| field(&b.says("CLIENT LIST ID 1"), name);
        a.says("WATCH k");
        assert_eq!(see(&mut b, "flags"), "N");
        b.says("SET k 1");
        assert_eq!(see(&mut b, "flags"), "d");
        a.says("MULTI");
        a.says("SET other value");
        assert_eq!((see(&mut b, "flags").as_str(), see(&mut b, "multi").as_str()), ("xd", "1"));
        assert!(see(&mut b, "multi-mem").parse::<usize>().is_ok_and(|bytes| bytes > "SETothervalue".len()));
        assert_eq!(a.says("EXEC"), "nil[]");
        assert_eq!((see(&mut b, "flags").as_str(), see(&mut b, "multi-mem").as_str()), ("N", "0"));
        a.says("MULTI");
        a.says("CLIENT INFO");
        let inside = a.says("EXEC");
        assert_eq!((field(&inside, "flags").as_str(), field(&inside, "multi").as_str()), ("x", "1"));
        assert_eq!(see(&mut b, "multi"), "-1");
        a.says("WATCH k");
        b.says("SET k 2");
        a.says("UNWATCH");
        assert_eq!(see(&mut b, "flags"), "N");
    }

    #[test]
    fn a_line_tells_what_waits() {
        let house = House::new();
        let (mut a, mut b) = (house.guest(), house.guest());
        let see = |b: &mut Guest, name: &str| field(&b.says("CLIENT LIST ID 1"), name);
        assert_eq!(field(&b.says("CLIENT INFO"), "argv-mem"), "10");
        a.says("BLPOP key 0");
        assert_eq!((see(&mut b, "flags").as_str(), see(&mut b, "argv-mem").as_str()), ("b", "9"));
        b.says("RPUSH key x");
        assert_eq!((see(&mut b, "flags").as_str(), see(&mut b, "argv-mem").as_str()), ("N", "0"));
        let idle = see(&mut b, "tot-mem").parse::<usize>().expect("a number");
        assert!(idle > 200, "{idle}");
        a.hears();
        a.says("SUBSCRIBE c");
        assert_eq!(see(&mut b, "oll"), "0");
        b.says("PUBLISH c 0123456789");
        b.says("PUBLISH c 0123456789");
        assert_eq!(see(&mut b, "oll"), "2");
        assert!(see(&mut b, "omem").parse::<usize>().is_ok_and(|bytes| bytes > 20));
        assert!(see(&mut b, "tot-mem").parse::<usize>().is_ok_and(|bytes| bytes > idle + 20));
    }

    #[test]
    fn whoever_speaks_is_not_idle() {
        let house = House::new();
        let (mut a, mut b) = (house.guest(), house.guest());
        a.says("PING");
        house.advance_ms(30_000);
        assert_eq!(field(&a.says("CLIENT INFO"), "idle"), "0");
        assert_eq!(field(&b.says("CLIENT LIST ID 1"), "age"), "30");
        house.advance_ms(5_000);
        assert_eq!(field(&b.says("CLIENT LIST ID 1"), "idle"), "5");
    }
}
