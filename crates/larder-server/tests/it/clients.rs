//! What one connection does to others, and to the server, over real sockets.

use crate::harness::{Larder, shown};
use larder_resp::Value;

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
    let wait_until_blocked = |a: &mut crate::harness::Client| {
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
fn shutdown_ends_the_connection_and_the_server() {
    let larder = Larder::start(&[]);
    let mut client = larder.client();
    assert_eq!(client.says("SHUTDOWN SAVE"), "-ERR This feature is not supported by Larder yet");
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
