//! The service from outside, with a clock that is moved by hand.

use larder::{Larder, ManualClock};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// Status and whole text of the answer.
fn ask(address: SocketAddr, request: &str, session: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let cookie = if session.is_empty() { String::new() } else { format!("cookie: session={session}\r\n") };
    let head =
        format!("{request} HTTP/1.1\r\nhost: here\r\n{cookie}connection: close\r\ncontent-length: 0\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, answer)
}

fn log_in(address: SocketAddr, user: &str) -> String {
    let (status, answer) = ask(address, &format!("POST /login?user={user}"), "");
    assert_eq!(status, 200, "{answer}");
    let session = answer.split("session=").nth(1).and_then(|rest| rest.split(';').next());
    session.expect("a cookie").to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn sessions_live_and_die_and_rates_are_limited() {
    let clock = Arc::new(ManualClock::new());
    let larder = Larder::builder().clock(clock.clone()).build();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let service = larder_example_sessions::service(&larder);
    let serving = tokio::spawn(async move { axum::serve(listener, service).await });
    let asking = tokio::task::spawn_blocking(move || {
        assert_eq!(ask(address, "GET /me", "").0, 401);
        assert_eq!(ask(address, "GET /me", "made-up").0, 401);
        let ada = log_in(address, "ada");
        assert!(ask(address, "GET /me", &ada).1.ends_with("ada 1\n"));
        // Each use gives it half an hour more.
        clock.advance(Duration::from_mins(20));
        assert!(ask(address, "GET /me", &ada).1.ends_with("ada 2\n"));
        clock.advance(Duration::from_mins(20));
        assert!(ask(address, "GET /me", &ada).1.ends_with("ada 3\n"));
        clock.advance(Duration::from_mins(30));
        assert_eq!(ask(address, "GET /me", &ada).0, 401);

        let (one, two) = (log_in(address, "bob"), log_in(address, "bob"));
        assert!(ask(address, "POST /logout/all", &one).1.ends_with("2 ended\n"));
        assert_eq!(ask(address, "GET /me", &two).0, 401);
        let three = log_in(address, "bob");
        let (status, answer) = ask(address, "POST /login?user=bob", "");
        assert_eq!(status, 429);
        assert!(answer.contains("retry-after: 20"), "{answer}");
        clock.advance(Duration::from_secs(20));
        log_in(address, "bob");
        assert_eq!(ask(address, "POST /logout", &three).0, 200);
        assert_eq!(ask(address, "GET /me", &three).0, 401);
    });
    asking.await.expect("every answer was right");
    serving.abort();
    assert!(larder.db().keys().count().expect("counted") > 0);
}
