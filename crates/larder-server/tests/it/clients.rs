//! What one connection does to others, and to the server, over real sockets.

use crate::harness::{Client, Larder, PATIENCE, Redis, shown};
use larder_resp::Value;
use std::time::Instant;

#[test]
fn a_pause_holds_writes_up_and_keeps_their_order() {
    let larder = Larder::start(&[]);
    let (mut a, mut b) = (larder.client(), larder.client());
    assert_eq!(a.says("CLIENT PAUSE 100000 WRITE"), "OK");
    // Held up in the middle of a pipeline: nothing behind it may overtake it.
    for line in ["GET k", "SET k 1", "INCR k", "GET k", "PING"] {
        b.send(line);
    }
    assert_eq!(shown(&b.receive()), "nil");
    while !a.says("CLIENT LIST").contains("flags=b") {
        std::thread::yield_now();
    }
    assert_eq!(a.says("GET k"), "nil");
    assert_eq!(a.says("CLIENT UNPAUSE"), "OK");
    let rest: Vec<String> = (0..4).map(|_| shown(&b.receive())).collect();
    assert_eq!(rest, ["OK", "(2)", "\"2\"", "PONG"]);
}

#[test]
fn a_pause_holds_scripts_up_that_may_write() {
    let larder = Larder::start(&[]);
    let (mut a, mut b, mut c) = (larder.client(), larder.client(), larder.client());
    assert_eq!(a.says("CLIENT PAUSE 100000 WRITE"), "OK");
    // New scripts: they would be run on another thread.
    b.send_words(&["EVAL", "return redis.call('SET', KEYS[1], 1)", "1", "k"]);
    b.send("GET k");
    while !a.says("CLIENT LIST").contains("flags=b") {
        std::thread::yield_now();
    }
    c.send_words(&["EVAL", "#!lua flags=no-writes\nreturn redis.call('GET', KEYS[1])", "1", "k"]);
    assert_eq!(shown(&c.receive()), "nil");
    assert_eq!(a.says("CLIENT UNPAUSE"), "OK");
    assert_eq!(shown(&b.receive()), "OK");
    assert_eq!(shown(&b.receive()), "\"1\"");
}

#[test]
fn a_pause_ends_by_itself() {
    let larder = Larder::start(&[]);
    let (mut a, mut b) = (larder.client(), larder.client());
    assert_eq!(a.says("CLIENT PAUSE 30 ALL"), "OK");
    assert_eq!(b.says("SET k 1"), "OK");
    assert_eq!(a.says("GET k"), "\"1\"");
}

#[test]
fn who_is_killed_is_gone_and_who_kills_itself_hears_of_it() {
    let larder = Larder::start(&[]);
    let (mut a, mut b, mut c) = (larder.client(), larder.client(), larder.client());
    let id = b.says("CLIENT ID").trim_matches(['(', ')']).to_string();
    assert_eq!(a.says(&format!("CLIENT KILL ID {id}")), "(1)");
    assert!(b.try_receive().is_none());
    c.says("SUBSCRIBE news");
    assert_eq!(a.says("CLIENT KILL TYPE pubsub SKIPME no"), "(1)");
    assert!(c.try_receive().is_none());
    let address = a.stream.local_addr().expect("an address");
    assert_eq!(a.says(&format!("CLIENT KILL {address}")), "OK");
    assert!(a.try_receive().is_none());
}

#[test]
fn a_blocked_client_is_unblocked_from_outside_and_from_a_transaction() {
    let larder = Larder::start(&[]);
    let (mut a, mut b) = (larder.client(), larder.client());
    let id = b.says("CLIENT ID").trim_matches(['(', ')']).to_string();
    let wait_until_blocked = |a: &mut Client| {
        while !a.says("INFO clients").contains("blocked_clients:1") {
            std::thread::yield_now();
        }
    };
    b.send("BLPOP k 0");
    wait_until_blocked(&mut a);
    assert_eq!(a.says(&format!("CLIENT UNBLOCK {id}")), "(1)");
    assert_eq!(shown(&b.receive()), "nil");
    b.send("BLPOP k 0");
    wait_until_blocked(&mut a);
    for line in ["MULTI", "GET k", &format!("CLIENT UNBLOCK {id} ERROR")] {
        a.says(line);
    }
    assert_eq!(a.says("EXEC"), "[nil (1)]");
    assert_eq!(shown(&b.receive()), "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
}

#[test]
fn monitors_see_what_others_do_in_either_protocol() {
    let larder = Larder::start(&[]);
    let (mut a, mut b) = (larder.client(), larder.client());
    b.says("HELLO 3");
    for watcher in [&mut a, &mut b] {
        assert_eq!(watcher.says("MONITOR"), "OK");
    }
    larder.client().says("SET k v");
    for watcher in [&mut a, &mut b] {
        let line = loop {
            // The other watcher's own MONITOR and HELLO may be seen first.
            let line = shown(&watcher.receive());
            if line.contains("SET") {
                break line;
            }
        };
        assert!(line.ends_with(r#"] \"SET\" \"k\" \"v\""#) && line.contains("[0 127.0.0.1:"), "{line}");
    }
}

#[test]
fn settings_are_written_back_and_the_process_is_known() {
    let folder = std::env::temp_dir().join(format!("larder-rewrite-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("larder.conf");
    std::fs::write(&file, "# mine\ntimeout 5\n").expect("written");
    let larder = Larder::start(&[("timeout", "5")]);
    let mut client = larder.client();
    assert_eq!(client.says("CONFIG REWRITE"), "-ERR The server is running without a config file");
    larder.server.set_config_file(&file);
    assert_eq!(client.says("CONFIG SET timeout 7 maxmemory 1gb"), "OK");
    assert_eq!(client.says("CONFIG REWRITE"), "OK");
    let text = std::fs::read_to_string(&file).expect("read");
    assert!(text.starts_with("# mine\ntimeout 7\n") && text.contains("\nmaxmemory 1073741824\n"), "{text}");
    assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 1, "nothing is left beside it");
    std::fs::remove_dir_all(&folder).expect("removed");
    let info = client.says("INFO");
    assert!(info.contains(&format!("process_id:{}", std::process::id())), "{info}");
    assert!(info.contains(&format!("tcp_port:{}", larder.address.port())), "{info}");
}

#[test]
fn reads_and_writes_are_counted() {
    let larder = Larder::start(&[]);
    let mut client = larder.client();
    for line in ["CONFIG RESETSTAT", "PING", "PING"] {
        client.says(line);
    }
    let stats = client.says("INFO stats");
    for line in ["total_reads_processed:3\\r", "total_writes_processed:3\\r"] {
        assert!(stats.contains(line), "{line} in {stats}");
    }
}

#[test]
fn shutdown_ends_the_connection_and_the_server() {
    let larder = Larder::start(&[]);
    let mut client = larder.client();
    assert_eq!(
        client.says("SHUTDOWN SAVE"),
        "-ERR there are no snapshots yet: Larder keeps these data in memory only"
    );
    client.send("SHUTDOWN NOSAVE");
    assert_eq!(client.try_receive(), None::<Value>);
    larder.server.stop();
    assert!(std::net::TcpStream::connect(larder.address).is_err());
}

#[test]
fn answers_may_be_turned_off() {
    let larder = Larder::start(&[]);
    let mut client = larder.client();
    for line in
        ["CLIENT REPLY OFF", "SET k 1", "NOSUCH", "CLIENT REPLY ON", "CLIENT REPLY SKIP", "SET k 2", "GET k"]
    {
        client.send(line);
    }
    assert_eq!(shown(&client.receive()), "OK");
    assert_eq!(shown(&client.receive()), "\"2\"");
}

/// The number of a connection.
fn id_of(client: &mut Client) -> String {
    client.says("CLIENT ID").trim_matches(['(', ')']).to_string()
}

/// The fields of a client's line in which servers must agree.
fn fields(line: &str) -> String {
    const COMPARED: [&str; 12] =
        ["name", "flags", "db", "sub", "psub", "ssub", "multi", "qbuf", "argv-mem", "cmd", "user", "resp"];
    let known = |field: &&str| field.split_once('=').is_some_and(|(name, _)| COMPARED.contains(&name));
    // With Redis 7.0 the last field is one of these, and a line end follows it.
    line.trim_end_matches('"').trim_end_matches("\\n").split(' ').filter(known).collect::<Vec<_>>().join(" ")
}

/// Has one client say lines and then another, and gives what the other sees of the first as soon as `enough` of it.
///
/// A client is looked at while another thread may still be serving it, so single fields settle one after the other.
fn seen(
    clients: [Client; 2],
    by_one: &str,
    by_other: &str,
    command: &str,
    enough: impl Fn(&str) -> bool,
) -> String {
    let [mut one, mut other] = clients;
    let (id, others) = (id_of(&mut one), id_of(&mut other));
    let until = |other: &mut Client, enough: &dyn Fn(&str) -> bool| {
        let began = Instant::now();
        loop {
            let line = fields(&other.says(&format!("CLIENT LIST ID {id}")));
            if enough(&line) || began.elapsed() > PATIENCE {
                return line;
            }
            std::thread::yield_now();
        }
    };
    by_one.split(';').for_each(|line| one.send(&line.replace("OTHER", &others)));
    until(&mut other, &|line| line.contains(&format!(" cmd={command} ")));
    by_other.split(';').filter(|line| !line.is_empty()).for_each(|line| drop(other.says(line)));
    until(&mut other, &enough)
}

/// Whether Larder comes to describe a client as Redis does that has these flags after its last command.
fn is_seen_alike(larder: &Larder, redis: &Redis, lines: [&str; 2], flags: &str, command: &str) {
    let [by_one, by_other] = lines;
    let settled = format!(" flags={flags} ");
    let theirs =
        seen([redis.client(), redis.client()], by_one, by_other, command, |line| line.contains(&settled));
    let ours = seen([larder.client(), larder.client()], by_one, by_other, command, |line| line == theirs);
    assert_eq!(ours, theirs, "{by_one}");
}

#[test]
fn a_client_is_described_as_redis_describes_it() {
    let Some(redis) = Redis::start(&[]) else { return };
    let larder = Larder::start(&[]);
    for (by_one, by_other, flags, command) in [
        ("PING", "", "N", "ping"),
        ("NOSUCH", "", "N", "NULL"),
        ("GET", "", "N", "get"),
        ("HELLO 3 SETNAME me;SELECT 5", "", "N", "select"),
        ("SUBSCRIBE a b;PSUBSCRIBE p*;SSUBSCRIBE s", "", "P", "ssubscribe"),
        ("MULTI;SET k 1;GET k", "", "x", "get"),
        ("MULTI;SET k 1;EXEC", "", "N", "exec"),
        ("MULTI;SET k;DISCARD", "", "N", "discard"),
        ("MULTI;SET k 1;RESET", "", "N", "reset"),
        ("WATCH k;MULTI", "SET k 1", "xd", "multi"),
        ("WATCH k;UNWATCH", "SET k 1", "N", "unwatch"),
        ("MONITOR", "", "O", "monitor"),
        ("BLPOP nothing 0", "", "b", "blpop"),
        ("BLPOP nothing 0", "RPUSH nothing x", "N", "blpop"),
        ("HELLO 3;CLIENT TRACKING ON BCAST", "", "tB", "client|tracking"),
        ("CLIENT TRACKING ON REDIRECT OTHER;CLIENT NO-EVICT ON", "", "te", "client|no-evict"),
        ("CLIENT TRACKING ON;CLIENT TRACKING OFF", "", "N", "client|tracking"),
    ] {
        is_seen_alike(&larder, &redis, [by_one, by_other], flags, command);
    }
    for mut client in [larder.client(), redis.client()] {
        client.says("CLIENT PAUSE 100000 WRITE");
    }
    for (line, flags, command) in [("SET k longer", "b", "set"), ("PING", "N", "ping")] {
        is_seen_alike(&larder, &redis, [line, ""], flags, command);
    }
}

#[test]
fn answers_are_turned_off_and_on_as_in_redis() {
    let Some(redis) = Redis::start(&[]) else { return };
    let larder = Larder::start(&[]);
    for protocol in ["HELLO 2", "HELLO 3"] {
        for lines in [
            "CLIENT REPLY SKIP;CLIENT REPLY SKIP;PING;PING",
            "CLIENT REPLY SKIP;NOSUCH;GET",
            "CLIENT REPLY OFF;CLIENT REPLY SKIP;PING;CLIENT REPLY ON;PING",
            "CLIENT REPLY OFF;CLIENT REPLY maybe;CLIENT REPLY ON",
            "CLIENT REPLY ON;CLIENT REPLY OFF;MULTI;SET k 1;EXEC;CLIENT REPLY ON;GET k",
            "CLIENT REPLY SKIP;MULTI;SET k 2;EXEC;GET k",
            "CLIENT REPLY OFF;SET k 3;RESET;GET k",
        ] {
            let answers = |mut client: Client| {
                client.says(protocol);
                lines.split(';').for_each(|line| client.send(line));
                client.send("ECHO end");
                let mut answers = Vec::new();
                while answers.last().is_none_or(|answer| answer != "\"end\"") {
                    answers.push(shown(&client.receive()));
                }
                answers
            };
            assert_eq!(answers(larder.client()), answers(redis.client()), "{protocol}: {lines}");
        }
    }
}
