//! Values that go from one server to another with `DUMP` and `RESTORE`: between Larder and a real Redis in both
//! directions, and from somebody who writes nonsense.
//!
//! `LARDER_SEED=n` chooses other values.

use crate::harness::{Client, Larder, Redis, shown};
use larder_core::Rng;
use larder_resp::Value;

type Line = Vec<Vec<u8>>;

fn seed() -> u64 {
    std::env::var("LARDER_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

fn call(client: &mut Client, words: &[&[u8]]) -> Value {
    client.send_words(words);
    client.receive()
}

fn payload(client: &mut Client, key: &[u8]) -> Vec<u8> {
    match call(client, &[b"DUMP", key]) {
        Value::Bulk(payload) => payload,
        other => panic!("DUMP says {}", shown(&other)),
    }
}

/// A text of any kind that collections tell apart.
fn text(rng: &mut Rng) -> Vec<u8> {
    match rng.below(8) {
        0 => Vec::new(),
        1 | 2 => (rng.next_u64() as i64 >> rng.below(64)).to_string().into_bytes(),
        3 => format!("word {} ", rng.below(50)).repeat(rng.below(30)).into_bytes(),
        4 => (0..rng.below(90)).map(|_| rng.next_u64() as u8).collect(),
        5 => b"0.5".to_vec(),
        _ => format!("m{}", rng.below(1_000)).into_bytes(),
    }
}

fn line(words: &[&str]) -> Line {
    words.iter().map(|word| word.as_bytes().to_vec()).collect()
}

/// Commands that make a value of some kind and size under the key `k`.
fn value(rng: &mut Rng) -> Vec<Line> {
    let len = [1, 3, 20, 200, 700][rng.below(5)];
    let verb = ["SET", "RPUSH", "SADD", "ZADD", "HSET", "XADD"][rng.below(6)];
    let numbers_only = rng.below(3) == 0;
    if verb == "XADD" {
        return stream(rng, len);
    }
    let mut words = line(&[verb, "k"]);
    for n in 0..if verb == "SET" { 1 } else { len } {
        let member = if numbers_only { (n * n).to_string().into_bytes() } else { text(rng) };
        match verb {
            "ZADD" => {
                let score = [n as f64, n as f64 / 7.0, f64::INFINITY, -3e60][rng.below(4)];
                words.extend([score.to_string().into_bytes(), member]);
            }
            "HSET" => words.extend([member, text(rng)]),
            _ => words.push(member),
        }
    }
    vec![words]
}

fn stream(rng: &mut Rng, len: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for n in 1..=len {
        let mut words = line(&["XADD", "k", &format!("{}-{}", n * 10, rng.below(3))]);
        if rng.below(9) == 0 {
            words.extend([text(rng), text(rng)]);
        }
        words.extend([b"name".to_vec(), text(rng)]);
        lines.push(words);
    }
    lines.push(line(&["XGROUP", "CREATE", "k", "g", "0"]));
    lines.push(line(&["XGROUP", "CREATE", "k", "h", &format!("{}-0", len * 5), "ENTRIESREAD", "3"]));
    for consumer in ["ada", "bob"] {
        let count = (1 + rng.below(len)).to_string();
        let words = ["XREADGROUP", "GROUP", "g", consumer, "COUNT", &count, "STREAMS", "k", ">"];
        lines.push(line(&words));
    }
    for n in 0..rng.below(len) {
        let id = format!("{}-{}", 10 * (1 + rng.below(len)), rng.below(3));
        lines.push(match n % 3 {
            0 => line(&["XDEL", "k", &id]),
            1 => line(&["XACK", "k", "g", &id]),
            _ => line(&["XCLAIM", "k", "g", "bob", "0", &id, "TIME", "1600000000000", "RETRYCOUNT", "7"]),
        });
    }
    lines
}

/// Everything that commands tell of a key, without what depends on how it is kept.
fn told(client: &mut Client, key: &str) -> String {
    let kind = client.says(&format!("TYPE {key}"));
    let items = |value: Value| match value {
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>(),
        other => vec![shown(&other)],
    };
    match kind.as_str() {
        "string" => client.says(&format!("GET {key}")),
        "list" => client.says(&format!("LRANGE {key} 0 -1")),
        "set" => {
            let mut members = items(client.call(&format!("SMEMBERS {key}")));
            members.sort();
            members.join(" ")
        }
        // The text of a score is another one in Redis 7.0, the number is the same.
        "zset" => {
            let pairs = items(client.call(&format!("ZRANGE {key} 0 -1 WITHSCORES")));
            let pairs = pairs.chunks(2).map(|pair| {
                let score: f64 = pair[1].trim_matches('"').parse().expect("a score");
                format!("{} {score}", pair[0])
            });
            pairs.collect::<Vec<_>>().join(" ")
        }
        "hash" => {
            let pairs = items(client.call(&format!("HGETALL {key}")));
            let mut pairs: Vec<_> = pairs.chunks(2).collect();
            pairs.sort();
            format!("{pairs:?}")
        }
        "stream" => told_of_stream(client, key),
        other => panic!("{other}"),
    }
}

fn told_of_stream(client: &mut Client, key: &str) -> String {
    let Value::Array(parts) = client.call(&format!("XINFO STREAM {key} FULL COUNT 0")) else {
        panic!("a list")
    };
    let ours = ["\"radix-tree-keys\"", "\"radix-tree-nodes\""];
    let kept = parts.chunks(2).filter(|pair| !ours.contains(&shown(&pair[0]).as_str()));
    let told: Vec<String> = kept.map(|pair| pair.iter().map(shown).collect::<Vec<_>>().join(" ")).collect();
    // When a consumer was last active is from Redis 7.2, and later ones count otherwise how far a group is behind that
    // stands before all entries.
    let later = ["\"active-time\"", "\"lag\""];
    let told = told.join("\n");
    let parts: Vec<&str> = told.split(' ').collect();
    let mut shown = Vec::new();
    let mut at = 0;
    while at < parts.len() {
        if later.contains(&parts[at]) {
            at += 2;
        } else {
            shown.push(parts[at]);
            at += 1;
        }
    }
    shown.join(" ")
}

/// Restores a payload under a key.
fn restore(client: &mut Client, key: &str, payload: &[u8]) -> String {
    shown(&call(client, &[b"RESTORE", key.as_bytes(), b"0", payload]))
}

/// There and back, and the value is what it was, on either side. Redis is told to look closely at what it is given.
#[test]
fn values_go_from_redis_to_larder_and_back_and_the_other_way_round() {
    const VALUES: usize = 160;
    let Some(server) = Redis::start(&["--sanitize-dump-payload", "yes"]) else { return };
    let house = Larder::start(&[]);
    let (mut redis, mut larder) = (server.client(), house.client());
    let seed = seed();
    let mut rng = Rng::seeded(seed);
    for case in 0..VALUES {
        let from_redis = case % 2 == 0;
        let why = format!("LARDER_SEED={seed}, case {case}, from Redis: {from_redis}");
        let (from, to) = if from_redis { (&mut redis, &mut larder) } else { (&mut larder, &mut redis) };
        from.call("FLUSHALL");
        to.call("FLUSHALL");
        for words in value(&mut rng) {
            let words: Vec<&[u8]> = words.iter().map(|word| &**word).collect();
            call(from, &words);
        }
        let there = payload(from, b"k");
        assert_eq!(restore(to, "k", &there), "OK", "{why}");
        let expected = told(from, "k");
        assert_eq!(told(to, "k"), expected, "{why}: there");
        let back = payload(to, b"k");
        assert_eq!(restore(from, "again", &back), "OK", "{why}");
        assert_eq!(told(from, "again"), expected, "{why}: back");
        if from_redis {
            let digests = redis.call("DEBUG DIGEST-VALUE k again");
            let Value::Array(digests) = &digests else { panic!("{}", shown(&digests)) };
            assert_eq!(shown(&digests[0]), shown(&digests[1]), "{why}: digests");
        }
    }
}

#[test]
fn functions_go_from_redis_to_larder_and_back() {
    let Some(server) = Redis::start(&[]) else { return };
    let house = Larder::start(&[]);
    let (mut redis, mut larder) = (server.client(), house.client());
    for name in ["shop", "bank"] {
        let comment = "-- the same words again and again, so that they are compressed\n".repeat(9);
        let text = format!(
            "#!lua name={name}\n{comment}redis.register_function('{name}_f', function() return 7 end)"
        );
        call(&mut redis, &[b"FUNCTION", b"LOAD", text.as_bytes()]);
    }
    let dumped = |client: &mut Client| match client.call("FUNCTION DUMP") {
        Value::Bulk(payload) => payload,
        other => panic!("{}", shown(&other)),
    };
    let listed = |client: &mut Client| {
        let Value::Array(libraries) = client.call("FUNCTION LIST WITHCODE") else { panic!("a list") };
        let mut libraries: Vec<String> = libraries.iter().map(shown).collect();
        libraries.sort();
        libraries
    };
    let theirs = dumped(&mut redis);
    assert_eq!(shown(&call(&mut larder, &[b"FUNCTION", b"RESTORE", &theirs])), "OK");
    assert_eq!(larder.says("FCALL bank_f 0"), "(7)");
    let before = listed(&mut redis);
    assert_eq!(listed(&mut larder), before);
    let ours = dumped(&mut larder);
    redis.call("FUNCTION FLUSH");
    assert_eq!(shown(&call(&mut redis, &[b"FUNCTION", b"RESTORE", &ours])), "OK");
    assert_eq!(redis.says("FCALL shop_f 0"), "(7)");
    assert_eq!(listed(&mut redis), before);
}

/// What is said to a key after a payload that was changed at random. Whatever it holds, everything is answered.
const TRAFFIC: &[&str] = &[
    "TYPE k",
    "OBJECT ENCODING k",
    "GET k",
    "APPEND k x",
    "INCR k",
    "PFCOUNT k",
    "PFADD k a b",
    "LRANGE k 0 -1",
    "LINDEX k -1",
    "LPUSH k x",
    "LINSERT k BEFORE a y",
    "LREM k 0 a",
    "RPOP k",
    "SMEMBERS k",
    "SADD k 5 x",
    "SREM k a 1",
    "SPOP k",
    "ZRANGE k 0 -1 WITHSCORES",
    "ZRANK k a",
    "ZADD k 3 a",
    "ZINCRBY k -2 b",
    "ZREMRANGEBYRANK k 0 0",
    "ZPOPMAX k",
    "HGETALL k",
    "HSET k f w g x",
    "HINCRBY k n 1",
    "HTTL k FIELDS 2 f g",
    "HPEXPIRE k 100000 FIELDS 1 g",
    "HPERSIST k FIELDS 1 f",
    "HDEL k f 1",
    "HRANDFIELD k 5 WITHVALUES",
    "XRANGE k - +",
    "XREVRANGE k + -",
    "XINFO STREAM k FULL",
    "XPENDING k g - + 10",
    "XAUTOCLAIM k g cy 0 0",
    "XREADGROUP GROUP g ada COUNT 3 STREAMS k >",
    "XREADGROUP GROUP g bob STREAMS k 0",
    "XADD k * f v",
    "XACK k g 1-0 3-0",
    "XDEL k 4-0 5-1",
    "XGROUP DELCONSUMER k g ada",
    "XTRIM k MAXLEN 1",
    "SORT k ALPHA",
    "COPY k c REPLACE",
    "DUMP k",
];

fn bodies() -> Vec<Vec<u8>> {
    let digits = include_str!("../../../larder-rdb/tests/payloads.txt")
        .lines()
        .filter(|line| line.len() >= 24 && line.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let body = |digits: &str| {
        let (pairs, _) = digits.as_bytes().as_chunks::<2>();
        let byte = |pair: &[u8; 2]| u8::from_str_radix(&String::from_utf8_lossy(pair), 16).expect("digits");
        let payload: Vec<u8> = pairs.iter().map(byte).collect();
        payload[..payload.len() - 10].to_vec()
    };
    digits.map(body).collect()
}

#[test]
fn a_key_made_of_nonsense_with_a_right_checksum_is_as_sound_as_any() {
    const CASES: usize = 1_500;
    let house = Larder::start(&[]);
    let mut client = house.client();
    let seed = seed();
    let mut rng = Rng::seeded(seed);
    let bodies = bodies();
    assert!(bodies.len() > 30);
    let mut sound = 0;
    for case in 0..CASES {
        let mut body = bodies[case % bodies.len()].clone();
        for _ in 0..=rng.below(2) {
            let at = rng.below(body.len());
            body[at] =
                [body[at] ^ 1 << rng.below(8), body[at].wrapping_add(1), rng.next_u64() as u8][rng.below(3)];
        }
        let payload = larder_rdb::seal(body, 12);
        let why = || format!("LARDER_SEED={seed}, case {case}: {payload:02x?}");
        client.send("DEL k");
        client.send_words(&[&b"RESTORE"[..], b"k", b"0", &payload]);
        assert!(client.try_receive().is_some(), "{}", why());
        match client.try_receive().as_ref().map(shown).as_deref() {
            Some("-ERR Bad data format") => continue,
            Some("OK") => sound += 1,
            other => panic!("{other:?}: {}", why()),
        }
        TRAFFIC.iter().for_each(|line| client.send(line));
        let answers = TRAFFIC.iter().map_while(|_| client.try_receive());
        assert_eq!(answers.count(), TRAFFIC.len(), "the connection is closed: {}", why());
    }
    assert!((CASES / 20..CASES).contains(&sound), "{sound}");
    assert_eq!(client.says("PING"), "PONG");
}
