//! Engines of this process, with Redis clients on them.
#![cfg(feature = "server")]

use larder::{Larder, Server};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

/// The first line of the reply to an inline command; `None` where the connection has ended.
fn ask<S: std::io::Read + Write>(stream: &mut S, line: &str) -> Option<String> {
    stream.write_all(format!("{line}\r\n").as_bytes()).ok()?;
    let mut reply = String::new();
    BufReader::with_capacity(1, stream).read_line(&mut reply).ok().filter(|bytes| *bytes > 0)?;
    Some(reply.trim_end().into())
}

fn client(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.addresses()[0]).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_mins(1))).expect("a timeout");
    stream
}

#[test]
fn engines_and_listeners_are_each_their_own() {
    let (one, two) = (Larder::new(), Larder::new());
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let doors = [one.serve_on(listener), one.serve_at("127.0.0.1:0"), two.serve_at("127.0.0.1:0")];
    let doors = doors.map(|door| door.expect("a server"));
    assert_eq!(ask(&mut client(&doors[0]), "INCRBY n 5").as_deref(), Some(":5"));
    assert_eq!(ask(&mut client(&doors[1]), "INCR n").as_deref(), Some(":6"));
    assert_eq!(ask(&mut client(&doors[2]), "INCR n").as_deref(), Some(":1"));
    assert_eq!(one.db().strings().get("n"), Ok(Some(b"6".to_vec())));
}

#[test]
fn dropping_a_server_closes_its_connections_and_leaves_the_data() {
    let larder = Larder::new();
    let (first, second) = (larder.serve_at("127.0.0.1:0").unwrap(), larder.serve_at("127.0.0.1:0").unwrap());
    let address = first.addresses()[0];
    let (mut lost, mut kept) = (client(&first), client(&second));
    assert_eq!(ask(&mut lost, "SET k v").as_deref(), Some("+OK"));
    assert_eq!(ask(&mut kept, "PING").as_deref(), Some("+PONG"));
    drop(first);
    assert_eq!(ask(&mut lost, "GET k"), None);
    assert!(TcpStream::connect(address).is_err());
    assert_eq!(ask(&mut kept, "STRLEN k").as_deref(), Some(":1"));
    // The address is free again.
    let again = larder.serve_on(TcpListener::bind(address).expect("a free port")).unwrap();
    assert_eq!(ask(&mut client(&again), "STRLEN k").as_deref(), Some(":1"));
}

#[test]
fn shutdown_closes_an_address_and_not_the_program() {
    let larder = Larder::new();
    let server = larder.serve_at("127.0.0.1:0").unwrap();
    let mut stream = client(&server);
    assert_eq!(ask(&mut stream, "SET k v").as_deref(), Some("+OK"));
    assert_eq!(ask(&mut stream, "SHUTDOWN NOSAVE"), None);
    drop(server);
    assert_eq!(larder.db().strings().get("k"), Ok(Some(b"v".to_vec())));
    assert!(larder.call(["SHUTDOWN"]).is_err());
}

#[test]
fn what_cannot_be_opened_says_why() {
    let larder = Larder::new();
    let server = larder.serve_at("127.0.0.1:0").unwrap();
    let taken = server.addresses()[0].to_string();
    let error = larder.serve_at(&taken).expect_err("it is taken").to_string();
    assert!(error.starts_with(&format!("{taken} is in use already")), "{error}");
    for (address, part) in [
        ("", "host:port or unix:/path is wanted"),
        ("127.0.0.1", "host:port or unix:/path is wanted"),
        ("127.0.0.1:99999", "host:port or unix:/path is wanted"),
        (":6379", "host:port or unix:/path is wanted"),
        ("unix:/no/such/folder/larder.sock", "cannot listen on /no/such/folder/larder.sock"),
    ] {
        let error = larder.serve_at(address).expect_err(address).to_string();
        assert!(error.contains(part), "{address}: {error}");
    }
}

#[test]
fn unix_sockets_are_doors_too() {
    let larder = Larder::builder().setting("unixsocketperm", "600").unwrap().build();
    let folder = std::env::temp_dir().join(format!("larder-serving-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (ours, theirs) = (folder.join("ours.sock"), folder.join("theirs.sock"));
    let server = larder.serve_at(&format!("unix:{}", ours.display())).unwrap();
    let given = larder.serve_on_unix(UnixListener::bind(&theirs).expect("a socket")).unwrap();
    assert_eq!(ask(&mut UnixStream::connect(&ours).unwrap(), "INCR n").as_deref(), Some(":1"));
    assert_eq!(ask(&mut UnixStream::connect(&theirs).unwrap(), "INCR n").as_deref(), Some(":2"));
    drop((server, given));
    assert!(!ours.exists() && theirs.exists());
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn a_password_and_other_settings_hold_for_clients() {
    let builder = Larder::builder().memory_max_bytes(64 << 20).setting("requirepass", "secret").unwrap();
    let larder = builder.setting("io-threads", "1").unwrap().build();
    let server = larder.serve_at("127.0.0.1:0").unwrap();
    let mut stream = client(&server);
    assert!(ask(&mut stream, "GET k").unwrap().starts_with("-NOAUTH"));
    assert_eq!(ask(&mut stream, "AUTH secret").as_deref(), Some("+OK"));
    let told = larder.call(["CONFIG", "GET", "maxmemory"]).unwrap();
    assert!(format!("{told:?}").contains("67108864") || format!("{told:?}").contains("54, 55"), "{told:?}");
}
