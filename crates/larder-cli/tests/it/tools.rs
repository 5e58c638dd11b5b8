//! The tools, the streams and the options, and where they differ from `redis-cli` on purpose.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Stdio};

use crate::server::{LARDER, Server, client, is_installed, run};

/// A client that goes on until it is dropped, and the lines it prints.
struct Following {
    process: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Following {
    fn start(server: &Server, args: &[&str]) -> Self {
        let port = server.port.to_string();
        let mut command = client(LARDER, &[&["-p", &port], args].concat());
        let mut process = command.stdin(Stdio::null()).spawn().expect("the client starts");
        let lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        Self { process, lines }
    }

    fn next(&mut self, count: usize) -> Vec<String> {
        self.lines.by_ref().take(count).map(|line| line.expect("text")).collect()
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn unknown_options_name_the_nearest_and_end_with_2() {
    let output = run(LARDER, &["cli", "--patern", "x", "--scan"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("unknown option '--patern'; did you mean '--pattern'?"), "{text}");
    let output = run(LARDER, &["-u", "rediss://localhost"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("TLS"), "{output:?}");
}

#[test]
fn pipe_counts_replies_and_errors_as_redis_cli_does() {
    let Some(server) = Server::start(&[]) else { return };
    let mut many = Vec::new();
    for number in 0..50_000 {
        many.extend_from_slice(format!("SET key:{number} {number}\r\n").as_bytes());
    }
    let big = format!("*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n$3000000\r\n{}\r\n", "x".repeat(3_000_000));
    for input in [
        &b""[..],
        b"SET a 1\r\n*1\r\n$4\r\nPING\r\nNOSUCH\r\nINCR a",
        &many,
        &[big.as_bytes(), &b"*2\r\n$3\r\nGET\r\n$3\r\nbig\r\n".repeat(20)].concat(),
    ] {
        let ours = server.run(LARDER, &["--pipe"], input);
        if is_installed("redis-cli") {
            let theirs = server.run("redis-cli", &["--pipe"], input);
            assert_eq!(String::from_utf8_lossy(&ours.stdout), String::from_utf8_lossy(&theirs.stdout));
            assert_eq!(String::from_utf8_lossy(&ours.stderr), String::from_utf8_lossy(&theirs.stderr));
            assert_eq!(ours.status.code(), theirs.status.code());
        }
    }
    assert_eq!(server.larder(&["DBSIZE"]), "50002\n");
    assert_eq!(server.larder(&["STRLEN", "big"]), "3000000\n");
}

#[test]
fn pipe_says_where_its_input_is_cut_off() {
    let Some(server) = Server::start(&[]) else { return };
    let output = server.run(LARDER, &["--pipe"], b"SET a 1\r\n*2\r\n$3\r\nGET\r\n$1");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("Byte 9: the input ends within a command"), "{text}");
}

#[test]
fn keys_are_listed_whatever_their_bytes() {
    let Some(server) = Server::start(&[]) else { return };
    server.larder(&["--quoted-input", "SET", "\"a\\x00b\"", "v"]);
    assert_eq!(server.larder(&["--scan"]), "a\0b\n");
    assert_eq!(server.larder(&["--scan", "--no-raw"]), "\"a\\x00b\"\n");
    assert_eq!(server.larder(&["--scan", "--quoted-pattern", "\"a\\x00?\""]), "a\0b\n");
    assert_eq!(server.larder(&["--scan", "--pattern", "b*"]), "");
}

#[test]
fn the_largest_keys_are_found() {
    let Some(server) = Server::start(&[]) else { return };
    let mut commands =
        "RPUSH l 1 2 3\nSADD s a b\nHSET h f v\nZADD z 1 m\nXADD x * f v\nSET big 12345\n".to_owned();
    let small: Vec<String> = (0..500).map(|number| format!("SET k{number} 1\n")).collect();
    commands.push_str(&small.concat());
    server.run(LARDER, &["--pipe"], commands.as_bytes());
    let report = server.larder(&["--bigkeys"]);
    for line in [
        "Sampled 506 keys in the keyspace!",
        "Biggest   list found '\"l\"' has 3 items",
        "Biggest string found '\"big\"' has 5 bytes",
        "501 strings with 505 bytes (99.01% of keys, avg size 1.01)",
        "1 sets with 2 members (00.20% of keys, avg size 2.00)",
    ] {
        assert!(report.lines().any(|found| found == line), "{line} is not in\n{report}");
    }
    let report = server.larder(&["--memkeys", "--pattern", "l"]);
    assert!(report.contains("Sampled 1 keys"), "{report}");
    assert!(report.contains("Biggest   list found '\"l\"' has "), "{report}");
    let report = server.larder(&["--memkeys-samples", "2", "--pattern", "[lx]"]);
    assert!(report.contains("Sampled 2 keys"), "{report}");
}

#[test]
fn latency_is_one_line_for_programs() {
    let Some(server) = Server::start(&[]) else { return };
    let line = server.larder(&["--latency", "-i", "0.05"]);
    let figures: Vec<f64> = line.split_whitespace().map(|figure| figure.parse().expect("a number")).collect();
    assert!(
        matches!(figures[..], [min, max, avg, count] if min <= avg && avg <= max && count >= 1.0),
        "{line}"
    );
    assert_eq!(server.larder(&["--latency", "-i", "0.05", "--csv"]).matches(',').count(), 3);
    let mut history = Following::start(&server, &["--latency-history", "-i", "0.02"]);
    assert_eq!(history.next(2).len(), 2);
}

#[test]
fn figures_come_a_line_at_a_time() {
    let Some(server) = Server::start(&[]) else { return };
    server.larder(&["SET", "a", "1"]);
    let mut stat = Following::start(&server, &["--stat", "-i", "0.02"]);
    let lines = stat.next(4);
    assert!(lines[0].starts_with("------- data ------"), "{lines:?}");
    assert!(lines[1].starts_with("keys       mem      clients"), "{lines:?}");
    let columns: Vec<&str> = lines[3].split_whitespace().collect();
    assert_eq!((columns[0], columns[2], columns[3]), ("1", "1", "0"), "{lines:?}");
    assert_eq!(columns[5], "(+1)", "{lines:?}");
}

#[test]
fn messages_are_shown_as_they_come() {
    let Some(server) = Server::start(&[]) else { return };
    for (form, begin, message) in [
        (&["--raw"][..], "subscribe|ch|1", "message|ch|hello"),
        (
            &["--no-raw", "-3"],
            "Reading messages... (press Ctrl-C to quit)|1) \"subscribe\"|2) \"ch\"|3) (integer) 1",
            "1) \"message\"|2) \"ch\"|3) \"hello\"",
        ),
        (
            &["--json"],
            "Reading messages... (press Ctrl-C to quit)|[\"subscribe\",\"ch\",1]",
            "[\"message\",\"ch\",\"hello\"]",
        ),
    ] {
        let mut subscriber = Following::start(&server, &[form, &["SUBSCRIBE", "ch"]].concat());
        assert_eq!(subscriber.next(begin.split('|').count()).join("|"), begin);
        assert_eq!(server.larder(&["PUBLISH", "ch", "hello"]), "1\n");
        assert_eq!(subscriber.next(message.split('|').count()).join("|"), message);
    }
    let mut monitor = Following::start(&server, &["MONITOR"]);
    assert_eq!(monitor.next(1), ["OK"]);
    server.larder(&["GET", "x"]);
    assert!(monitor.next(1)[0].ends_with("] \"GET\" \"x\""));
}

#[test]
fn a_stream_that_the_server_ends_is_an_error() {
    let Some(server) = Server::start(&[]) else { return };
    let mut subscriber = Following::start(&server, &["SUBSCRIBE", "ch"]);
    assert_eq!(subscriber.next(3).len(), 3);
    server.larder(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    let mut text = String::new();
    let stderr = subscriber.process.stderr.as_mut().expect("piped");
    stderr.read_to_string(&mut text).expect("text");
    assert_eq!(text, "Error: Server closed the connection\n");
    assert_eq!(subscriber.process.wait().expect("ends").code(), Some(1));
}

#[test]
fn typed_lines_go_on_over_a_new_connection() {
    let Some(server) = Server::start(&[]) else { return };
    let lines = b"SELECT 3\nHELLO 3\nSET a 1\nCLIENT KILL TYPE normal SKIPME no\nGET a\nHGETALL none\n";
    let output = server.run(LARDER, &["--no-raw"], lines);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.ends_with("OK\n(integer) 1\n\"1\"\n(empty hash)\n"), "{text}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_lost_transaction_does_not_run_outside() {
    let Some(server) = Server::start(&[]) else { return };
    let port = server.port.to_string();
    let mut process =
        client(LARDER, &["-p", &port]).stdin(Stdio::piped()).spawn().expect("the client starts");
    let mut stdin = process.stdin.take().expect("piped");
    let mut lines = BufReader::new(process.stdout.take().expect("piped")).lines();
    let mut say = |line: &str| stdin.write_all(line.as_bytes()).expect("the client listens");
    say("MULTI\nINCR a\n");
    assert_eq!(
        [lines.next(), lines.next()].map(|line| line.expect("a line").expect("text")),
        ["OK", "QUEUED"]
    );
    server.larder(&["CLIENT", "KILL", "TYPE", "normal"]);
    say("INCR a\nGET a\nEXEC\n");
    drop(stdin);
    let rest: Vec<String> = lines.map(|line| line.expect("text")).collect();
    assert_eq!(rest, ["", "ERR EXEC without MULTI", ""]);
    let output = process.wait_with_output().expect("ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "Error: Server closed the connection\n");
}

#[test]
fn help_comes_from_the_server() {
    let Some(server) = Server::start(&[]) else { return };
    let output = server.run(LARDER, &[], b"help set\nhelp @nosuch\nhelp config get\n");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("  SET key value [NX|XX] [GET] [EX seconds|PX milliseconds|"), "{text}");
    assert!(text.contains("  CONFIG GET parameter [parameter ...]\n"), "{text}");
    assert!(text.contains("No help for @nosuch."), "{text}");
}

#[test]
fn unix_sockets_urls_and_the_environment_lead_to_the_server() {
    let path = std::env::temp_dir().join(format!("larder-cli-{}.sock", std::process::id()));
    let path = path.to_str().expect("text");
    let Some(server) = Server::start(&["--unixsocket", path, "--requirepass", "p@w"]) else { return };
    let url = format!("redis://:p%40w@127.0.0.1:{}/1", server.port);
    let on = |args: &[&str]| String::from_utf8(run(LARDER, args, b"").stdout).expect("text");
    assert_eq!(on(&["-u", &url, "SET", "a", "1"]), "OK\n");
    assert_eq!(on(&["-s", path, "-a", "p@w", "-n", "1", "GET", "a"]), "1\n");
    assert_eq!(on(&["-u", &format!("unix://:p%40w@{path}?db=1"), "GET", "a"]), "1\n");
    let mut command = client(LARDER, &["cli", "-n", "1", "GET", "a"]);
    command
        .env("LARDER_PORT", server.port.to_string())
        .env("REDISCLI_AUTH", "p@w")
        .env("REDIS_HOST", "127.0.0.1");
    let output = command.output().expect("runs");
    assert_eq!(output.stdout, b"1\n");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn scripts_take_keys_and_arguments() {
    let Some(server) = Server::start(&[]) else { return };
    let path = std::env::temp_dir().join(format!("larder-cli-{}.lua", std::process::id()));
    std::fs::write(&path, "return {KEYS[1], ARGV[1], ARGV[2]}").expect("writable");
    let name = path.to_str().expect("text");
    assert_eq!(server.larder(&["--eval", name, "k", ",", "a", "b"]), "k\na\nb\n");
    assert_eq!(server.larder(&["--eval", name]), "\n");
    std::fs::remove_file(&path).expect("removable");
    assert_eq!(server.run(LARDER, &["--eval", name], b"").status.code(), Some(1));
}

#[test]
fn a_server_goes_on_when_nobody_reads_what_it_prints() {
    let path = std::env::temp_dir().join(format!("larder-quiet-{}.sock", std::process::id()));
    let words = ["serve", "--port", "0", "--unixsocket", path.to_str().expect("text")];
    let mut server = client(LARDER, &words).spawn().expect("the server starts");
    drop((server.stdout.take(), server.stderr.take()));
    let path = path.to_str().expect("text");
    let mut answer = String::new();
    while answer.is_empty() {
        answer = String::from_utf8(run(LARDER, &["-s", path, "PING"], b"").stdout).expect("text");
    }
    assert_eq!(answer, "PONG\n");
    run(LARDER, &["-s", path, "SHUTDOWN", "NOSAVE"], b"");
    assert!(server.wait().expect("it ends").success());
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let Some(server) = Server::start(&[]) else { return };
    let port = server.port.to_string();
    let mut process = client(LARDER, &["-p", &port, "-r", "-1", "PING"]).spawn().expect("the client starts");
    let mut first = [0; 5];
    process.stdout.take().expect("piped").read_exact(&mut first).expect("a reply");
    assert_eq!(&first, b"PONG\n");
    let mut text = String::new();
    process.stderr.take().expect("piped").read_to_string(&mut text).expect("text");
    assert_eq!(text, "");
    process.wait().expect("ends");
}
