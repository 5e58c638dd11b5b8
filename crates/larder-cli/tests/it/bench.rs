//! The load generator from outside: against the project's own server, a real Redis where one is installed, and an
//! engine in its own process.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};

use crate::server::{LARDER, Server, client, run};

/// `larder serve` for the length of a test.
struct Larder {
    process: Child,
    port: String,
}

impl Drop for Larder {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Larder {
    fn start(settings: &[&str]) -> Larder {
        // Somebody may take the port between our letting it go and the server's binding it. Then try another.
        for _ in 0..20 {
            let port = TcpListener::bind("127.0.0.1:0")
                .and_then(|socket| socket.local_addr())
                .expect("a port")
                .port();
            let port = port.to_string();
            let mut command = Command::new(LARDER);
            command.args(["serve", "--port", &port]).args(settings).stdin(Stdio::null());
            let mut process =
                command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
            let lines = BufReader::new(process.stdout.take().expect("piped")).lines();
            // The last line of the greeting, and what waits for a Redis looks for in its log.
            let ready = " * Ready to accept connections";
            let is_there = lines.map_while(Result::ok).any(|line| line.contains(ready));
            let larder = Larder { process, port };
            if is_there {
                return larder;
            }
        }
        panic!("larder serve does not start");
    }

    fn bench(&self, line: &str) -> Output {
        let words: Vec<&str> = ["bench", "--port", &self.port].into_iter().chain(line.split(' ')).collect();
        run(LARDER, &words, b"")
    }

    fn says(&self, line: &str) -> String {
        let words: Vec<&str> = ["-p", &self.port].into_iter().chain(line.split(' ')).collect();
        String::from_utf8(run(LARDER, &words, b"").stdout).expect("text").trim().to_owned()
    }
}

/// What `--json` prints, if it was a success.
fn json(output: &Output) -> serde_json::Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn every_request_is_answered_and_counted_once() {
    let larder = Larder::start(&[]);
    let found =
        json(&larder.bench("-n 10007 -c 7 -P 5 --threads 3 --keys 500 --fill --mix get:3,incr:1 --json"));
    assert_eq!(found["all"]["replies"], 10_007);
    assert_eq!((&found["all"]["errors"], &found["all"]["nulls"]), (&0.into(), &0.into()));
    let [get, incr] = found["operations"].as_array().expect("operations").as_slice() else {
        panic!("{found}")
    };
    assert_eq!(get["replies"].as_u64().unwrap_or(0) + incr["replies"].as_u64().unwrap_or(0), 10_007);
    let latency = &get["latency_us"];
    let figures: Vec<f64> = ["min", "p50", "p90", "p99", "p99.9", "max"]
        .iter()
        .map(|name| latency[*name].as_f64().expect("a number"))
        .collect();
    assert!(figures.is_sorted() && figures[0] > 0.0, "{latency}");
    // The server counted the same: every key is there once, and what was counted adds up.
    assert_eq!(larder.says("STRLEN key:000000000499"), "64");
    let sum = "local sum = 0 for key = 0, 499 do \
               sum = sum + (redis.call('GET', ('counter:key:%012d'):format(key)) or 0) end return sum";
    let output = run(LARDER, &["-p", &larder.port, "EVAL", sum, "0"], b"");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), incr["replies"].to_string());
}

#[test]
fn an_open_loop_asks_when_it_is_due() {
    let larder = Larder::start(&[]);
    let found = json(&larder.bench("--rate 2000 --duration 0.5 -c 3 --mix ping --json"));
    // Not one more than were due, whatever the machine does; fewer where it was busy elsewhere.
    let replies = found["all"]["replies"].as_u64().expect("a number");
    assert!((1..=1_001).contains(&replies), "{replies}");
    let found = json(&larder.bench("--rate 1000000 -n 3000 -c 2 -P 1 --mix ping --json"));
    // So fast, all are due at once; the last has waited for almost all the time there is.
    let seconds = found["seconds"].as_f64().expect("a number");
    let max = found["all"]["latency_us"]["max"].as_f64().expect("a number") / 1e6;
    assert!(found["all"]["replies"] == 3_000 && max > (seconds - 0.003) * 0.5, "{max} s of {seconds} s");
}

#[test]
fn errors_are_counted_shown_and_end_with_1() {
    let larder = Larder::start(&[]);
    larder.says("SET list 1");
    let output = larder.bench("-n 20 -c 2 LPUSH list {value}");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("note: 20 replies were errors, the first: WRONGTYPE"), "{text}");
    let output = run(LARDER, &["bench", "--port", "1", "-n", "1"], b"");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        (output.status.code(), text.contains("Could not connect to 127.0.0.1:1")),
        (Some(1), true),
        "{text}"
    );
    let output = larder.bench("--durations 5");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(text.contains("did you mean '--duration'?") && text.contains("larder bench --help"), "{text}");
}

#[test]
fn users_sockets_and_databases_are_reached() {
    let path = std::env::temp_dir().join(format!("larder-bench-{}.sock", std::process::id()));
    let path = path.to_str().expect("text");
    let larder = Larder::start(&["--password", "p@w", "--unixsocket", path]);
    let refused = larder.bench("-n 1 -c 1 --pass wrong");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("WRONGPASS"), "{refused:?}");
    let output =
        run(LARDER, &["bench", "--unix", path, "-a", "p@w", "--db", "3", "-n", "9", "--mix", "set"], b"");
    assert!(output.status.success(), "{output:?}");
    let mut command = client(LARDER, &["-p", &larder.port, "-n", "3", "--no-raw", "DBSIZE"]);
    let found = command.env("LARDER_PASSWORD", "p@w").output().expect("runs");
    let keys = String::from_utf8_lossy(&found.stdout).trim().replace("(integer) ", "").parse::<u64>();
    assert!(keys.as_ref().is_ok_and(|keys| (1..=9).contains(keys)), "{keys:?}");
    let _ = std::fs::remove_file(path);
}

#[test]
fn what_is_published_is_delivered_to_every_subscriber() {
    let larder = Larder::start(&[]);
    let found = json(&larder.bench("--mix publish -c 1 -P 16 -n 320 --subscribers 10 --json"));
    assert_eq!((&found["delivered"], &found["all"]["replies"]), (&3_200.into(), &320.into()));
}

#[test]
fn an_engine_in_the_process_takes_the_same_load() {
    let line =
        "bench --embedded --threads 2 -n 5000 --keys 100 --fill --mix get:1,set:1 --value-size 0-300 --json";
    let found = json(&run(LARDER, &line.split(' ').collect::<Vec<_>>(), b""));
    assert_eq!((&found["all"]["replies"], &found["all"]["nulls"]), (&5_000.into(), &0.into()));
    let refused = run(LARDER, &["bench", "--embedded", "-n", "5", "BLPOP", "nothing", "0"], b"");
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("blpop does not answer at once"),
        "{refused:?}"
    );
}

#[test]
fn another_server_is_asked_in_the_same_words() {
    let Some(server) = Server::start(&[]) else { return };
    let port = server.port.to_string();
    for operations in
        ["get,set,mget,mset,lpush,lrange,rpop,sadd,hset,hget,zadd,zpopmin,del,setex,incr,ping", "fetch"]
    {
        let line = [
            "bench", "--port", &port, "-n", "4000", "-P", "8", "--keys", "50", "--json", "--mix", operations,
        ];
        let found = json(&run(LARDER, &line, b""));
        assert_eq!(found["all"]["replies"], 4_000, "{found}");
    }
}
