//! Hostile arguments: every word of every example replaced by what programs get wrong. Whatever the answer, the server
//! goes on, and where Redis answers too, it answers the same kind of thing.

use crate::examples::fuzzy;
use crate::harness::{Client, Larder, Redis, shown};
use larder_commands::spec::flags;
use larder_commands::{Entry, Table};
use larder_resp::{Value, split_arguments};
use std::cmp::Ordering;
use std::fmt::Write;

const HOSTILE: &[&[u8]] = &[
    b"",
    b"0",
    b"-0",
    b"-1",
    b"1.5",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"9223372036854775808",
    b"18446744073709551616",
    b"4294967296",
    b"2147483648",
    b"nan",
    b"inf",
    b"-inf",
    b"1e400",
    b"0x10",
    b" 1",
    b"\xff\xfe",
    b"a\0b\r\n",
    b"*",
    b"[",
];

/// These answer later, or not at all, or end the connection or the server.
fn is_left_out(name: &str, flags_of: u32) -> bool {
    const NAMES: &[&str] = &[
        "subscribe",
        "psubscribe",
        "ssubscribe",
        "unsubscribe",
        "punsubscribe",
        "sunsubscribe",
        "monitor",
        "quit",
        "reset",
        "hello",
        "shutdown",
        "debug",
        "client",
        "multi",
        "exec",
        "auth",
        "wait",
        "waitaof",
        "config",
        "failover",
        "sync",
        "psync",
        "replicaof",
        "slaveof",
        "latency",
        "memory",
        "acl",
        "save",
        "bgsave",
        "bgrewriteaof",
        "slowlog",
        "lolwut",
    ];
    flags_of & flags::BLOCKING != 0 || NAMES.iter().any(|left_out| name.split('|').next() == Some(left_out))
}

fn kind(value: &Value) -> String {
    match value {
        Value::Error(text) => {
            let text = String::from_utf8_lossy(text);
            text.split(' ').next().unwrap_or_default().to_string()
        }
        _ => "answer".into(),
    }
}

/// A line in words.
type Line = Vec<Vec<u8>>;

/// The lines that a command's examples become when each of their words is replaced in turn.
fn lines(examples: &[&str]) -> Vec<(Vec<Line>, Line)> {
    let mut all = Vec::new();
    let examples: Vec<Line> =
        examples.iter().map(|line| split_arguments(line.as_bytes()).expect("balanced quotes")).collect();
    for (at, words) in examples.iter().enumerate() {
        for word in 1..words.len() {
            for hostile in HOSTILE {
                let mut line = words.clone();
                line[word] = hostile.to_vec();
                all.push((examples[..at].to_vec(), line));
            }
        }
    }
    all
}

#[test]
fn nothing_that_is_asked_ends_the_server() {
    let larder = Larder::start(&[]);
    let mut client = larder.client();
    for entry in larder.server.instance().table().all() {
        if is_left_out(&entry.full_name, entry.command.flags) {
            continue;
        }
        for (_, line) in lines(entry.command.examples) {
            client.send_words(&line);
            let reply = client.try_receive();
            assert!(reply.is_some(), "the connection ended at {line:?}");
        }
        larder.flush();
    }
    assert_eq!(client.says("PING"), "PONG");
}

/// Takes minutes: run by hand, `cargo test -p larder-server --test it hostile -- --ignored`. `LARDER_EXAMPLES=name`
/// picks commands.
#[test]
#[ignore = "a search for differences, not a check"]
fn hostile_arguments_are_answered_as_redis_answers_them() {
    let Some(redis) = Redis::start(&[]) else { return };
    let larder = Larder::start(&[]);
    let only = std::env::var("LARDER_EXAMPLES").ok();
    let (mut ours, mut theirs) = (larder.client(), redis.client());
    let mut report = String::new();
    for entry in larder.server.instance().table().all() {
        let name = &*entry.full_name;
        let wanted = only.as_ref().is_none_or(|only| only.split(',').any(|only| name.starts_with(only)));
        if !wanted || is_left_out(name, entry.command.flags) {
            continue;
        }
        for (before, line) in lines(entry.command.examples) {
            larder.flush();
            theirs.call("FLUSHALL");
            for line in before.iter().chain([&line]) {
                ours.send_words(line);
                theirs.send_words(line);
                let (a, b) = (ours.receive(), theirs.receive());
                if line == before.last().unwrap_or(line) {
                    continue;
                }
                if kind(&a) != kind(&b) || (matches!(a, Value::Error(_)) && shown(&a) != shown(&b)) {
                    let text: Vec<String> = line.iter().map(|word| word.escape_ascii().to_string()).collect();
                    let _ = writeln!(
                        report,
                        "{}\n  redis:  {}\n  larder: {}",
                        text.join(" "),
                        shown(&b),
                        shown(&a)
                    );
                }
            }
        }
    }
    assert!(report.is_empty(), "{report}");
}

/// Numbers at the borders of what programs keep them in, and texts that are numbers only to some.
const BORDERS: &[&str] = &[
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "-9223372036854775809",
    "1e400",
    "nan",
    "inf",
    "-inf",
    "-0",
    "+1",
    " 1",
    "1 ",
    "",
    "0x10",
    "1e3",
    "18446744073709551615",
    "4294967296",
    "536870913",
    "9223372036854775806",
    "-1e400",
    "+inf",
    "01",
];

/// More memory than all of this may take beyond what it took at the start: half a gigabyte is the longest string.
const GROWTH_BYTES_MAX: u64 = 1 << 30;

/// What the lines below find.
const FURNITURE: &[&str] = &[
    "SET k 5",
    "SET text 0123456789",
    "SET other 13579",
    "RPUSH l a b a c a",
    "RPUSH numbers 3 1 2",
    "HSET h a 1 b 2 c 3",
    "SADD s a b c",
    "SADD t b c d",
    "ZADD z 1 a 2 b 3 c",
    "ZADD y 2 b 3 c 4 d",
    "XADD x 1-1 a 1",
    "XADD x 2-1 b 2",
    "XGROUP CREATE x g 0",
    "XREADGROUP GROUP g c COUNT 1 STREAMS x >",
    "GEOADD places 13 38 a 15 37 b",
];

/// Where numbers stand in command lines: `#` and each number are replaced, one at a time; `#` otherwise means 1.
const PLACES: &[&str] = &[
    "SET k v EX #",
    "SET k v PX #",
    "SET k v EXAT #",
    "SET k v PXAT #",
    "SETEX k # v",
    "PSETEX k # v",
    "GETEX k EX #",
    "GETEX k PX #",
    "GETEX k EXAT #",
    "GETEX k PXAT #",
    "EXPIRE k #",
    "PEXPIRE k #",
    "EXPIREAT k #",
    "PEXPIREAT k #",
    "EXPIRE k # NX",
    "EXPIRE k # XX",
    "EXPIRE k # GT",
    "EXPIRE k # LT",
    "INCRBY k #",
    "DECRBY k #",
    "INCRBYFLOAT k #",
    "SETRANGE text # x",
    "SETRANGE none # x",
    "SETRANGE text 536870911 #",
    "GETRANGE text # #",
    "SUBSTR text # #",
    "SETBIT none # 1",
    "SETBIT k 1 #",
    "GETBIT text #",
    "BITCOUNT text # #",
    "BITCOUNT text # # BIT",
    "BITPOS text # # #",
    "BITPOS text 1 # # BIT",
    "BITFIELD none SET u8 # 1",
    "BITFIELD k SET u8 0 #",
    "BITFIELD k GET u8 # INCRBY i64 0 #",
    "BITFIELD none OVERFLOW SAT INCRBY i64 # #",
    "BITFIELD none OVERFLOW FAIL INCRBY u63 0 #",
    "BITFIELD_RO text GET u8 #",
    "LCS text other MINMATCHLEN #",
    "LCS text other IDX MINMATCHLEN # WITHMATCHLEN",
    "LPOS l a RANK #",
    "LPOS l a COUNT #",
    "LPOS l a COUNT 0 MAXLEN #",
    "LPOP l #",
    "RPOP l #",
    "LINDEX l #",
    "LSET l # x",
    "LRANGE l # #",
    "LTRIM l # #",
    "LREM l # a",
    "LMPOP # l none LEFT",
    "LMPOP 1 l LEFT COUNT #",
    "BLPOP l #",
    "BRPOP l #",
    "BLMOVE l m LEFT LEFT #",
    "BRPOPLPUSH l m #",
    "BLMPOP # 1 l LEFT",
    "BLMPOP 1 # l LEFT COUNT #",
    "HINCRBY h a #",
    "HINCRBYFLOAT h a #",
    "HRANDFIELD h #",
    "HRANDFIELD h # WITHVALUES",
    "HSCAN h # COUNT #",
    "SPOP s #",
    "SRANDMEMBER s #",
    "SSCAN s # COUNT #",
    "SINTERCARD # s t",
    "SINTERCARD 2 s t LIMIT #",
    "ZADD z # a",
    "ZADD z INCR # a",
    "ZADD z GT # a",
    "ZINCRBY z # a",
    "ZCOUNT z # #",
    "ZCOUNT z (# +inf",
    "ZRANGE z # #",
    "ZRANGE z # # BYSCORE LIMIT # #",
    "ZRANGE z # # REV BYSCORE",
    "ZRANGE z - + BYLEX LIMIT # #",
    "ZRANGEBYSCORE z # # LIMIT # #",
    "ZREVRANGEBYSCORE z # # LIMIT # #",
    "ZRANGEBYLEX z - + LIMIT # #",
    "ZREVRANGE z # #",
    "ZRANGESTORE w z # #",
    "ZREMRANGEBYRANK z # #",
    "ZREMRANGEBYSCORE z # #",
    "ZPOPMIN z #",
    "ZPOPMAX z #",
    "ZMPOP # z MIN",
    "ZMPOP 1 z MAX COUNT #",
    "BZPOPMIN z #",
    "BZPOPMAX z #",
    "BZMPOP # 1 z MIN",
    "BZMPOP 1 1 z MIN COUNT #",
    "ZRANDMEMBER z #",
    "ZRANDMEMBER z # WITHSCORES",
    "ZSCAN z # COUNT #",
    "ZUNION # z y",
    "ZUNION 2 z y WEIGHTS # 2 WITHSCORES",
    "ZINTER # z y",
    "ZDIFF # z y",
    "ZUNIONSTORE w 2 z y WEIGHTS 1 # AGGREGATE MAX",
    "ZINTERSTORE w # z y",
    "ZINTERCARD # z y",
    "ZINTERCARD 2 z y LIMIT #",
    "XADD x MAXLEN # 3-1 a b",
    "XADD x MAXLEN ~ 1 LIMIT # 3-1 a b",
    "XADD x MINID # 3-1 a b",
    "XADD x # a b",
    "XADD x 3-# a b",
    "XADD x #-* a b",
    "XTRIM x MAXLEN #",
    "XTRIM x MAXLEN ~ 1 LIMIT #",
    "XTRIM x MINID #",
    "XRANGE x # #",
    "XRANGE x (# +",
    "XRANGE x - + COUNT #",
    "XREVRANGE x + - COUNT #",
    "XREAD COUNT # STREAMS x 0",
    "XREAD STREAMS x #",
    "XREAD BLOCK # STREAMS x 0",
    "XREADGROUP GROUP g c COUNT # STREAMS x >",
    "XREADGROUP GROUP g c STREAMS x #",
    "XACK x g #",
    "XDEL x #",
    "XSETID x #",
    "XSETID x 5-1 ENTRIESADDED # MAXDELETEDID #",
    "XGROUP CREATE x f # ENTRIESREAD #",
    "XGROUP SETID x g # ENTRIESREAD #",
    "XPENDING x g IDLE # - + 1",
    "XPENDING x g - + #",
    "XPENDING x g # # 1",
    "XCLAIM x g d # 1-1",
    "XCLAIM x g d 0 1-1 IDLE #",
    "XCLAIM x g d 0 1-1 TIME #",
    "XCLAIM x g d 0 1-1 RETRYCOUNT #",
    "XCLAIM x g d 0 1-1 LASTID #",
    "XCLAIM x g d 0 #",
    "XAUTOCLAIM x g d # 0",
    "XAUTOCLAIM x g d 0 # COUNT #",
    "XINFO STREAM x FULL COUNT #",
    "SORT numbers LIMIT # #",
    "SORT_RO numbers LIMIT # #",
    "SCAN # COUNT #",
    "COPY k copy DB #",
    "MOVE k #",
    "SELECT #",
    "SWAPDB # #",
    "OBJECT FREQ #",
    "ACL LOG #",
    "ACL GENPASS #",
    "CLIENT UNBLOCK #",
    "CLIENT KILL ID #",
    "CLIENT LIST ID #",
    "CLIENT TRACKING ON REDIRECT #",
    "CLIENT NO-EVICT #",
    "HELLO #",
    "WAIT # #",
    "PFADD p #",
    "SETNX none #",
    "APPEND k #",
    "GEOADD places # 1 c",
    "GEOADD places 1 # c",
    "GEORADIUS places # # # m",
    "GEOSEARCH places FROMLONLAT # # BYRADIUS # m COUNT #",
    "GEOSEARCH places FROMLONLAT 1 1 BYBOX # # m",
    "RESTORE none # x",
    "ZLEXCOUNT z [# (#",
    "ZREMRANGEBYLEX z # #",
    "ZADD z XX CH # a # b",
    "LPOS l # RANK 1 COUNT # MAXLEN #",
    "XCLAIM x g d 0 1-1 IDLE # TIME #",
    "EVAL return 1 #",
    "EVALSHA x # k",
    "FCALL f # k",
    "LATENCY HISTOGRAM #",
    "COMMAND GETKEYS XREAD COUNT # STREAMS a b",
    "CLUSTER KEYSLOT #",
];

/// What is left of it afterwards.
const LEFT: &[&str] = &[
    "GET k",
    "TTL k",
    "STRLEN text",
    "STRLEN none",
    "LRANGE l 0 -1",
    "HMGET h a b c",
    "SCARD s",
    "ZRANGE z 0 -1 WITHSCORES",
    "ZCARD w",
    "XRANGE x - +",
    "XPENDING x g",
    "EXISTS k none copy w",
];

/// The lines that stand before each of these.
const CLEAN: [&str; 2] = ["SELECT 0", "FLUSHALL"];

fn words(line: &str) -> Line {
    split_arguments(line.as_bytes()).expect("balanced quotes")
}

/// Lines of which one has a number at its border.
struct Border {
    lines: Vec<Line>,
    at: usize,
}

impl Border {
    /// A command that would wait does not inside a transaction.
    fn new(before: &[Line], numbered: Vec<Line>, after: &[Line], waits: bool) -> Border {
        let mut lines: Vec<Line> =
            CLEAN.iter().map(|line| words(line)).chain(before.iter().cloned()).collect();
        let at = lines.len();
        for line in numbered {
            if waits {
                lines.extend([words("MULTI"), line, words("EXEC")]);
            } else {
                lines.push(line);
            }
        }
        lines.extend_from_slice(after);
        Border { lines, at }
    }
}

/// Each of these lines beside what stands before and after it; all at once where they change nothing.
fn borders(entry: &Entry, before: &[Line], numbered: Vec<Line>, after: &[Line]) -> Vec<Border> {
    let waits = entry.command.is(flags::BLOCKING) || entry.command.name == "wait";
    if entry.command.is(flags::READONLY) {
        return vec![Border::new(before, numbered, &[], waits)];
    }
    numbered.into_iter().map(|line| Border::new(before, vec![line], after, waits)).collect()
}

/// The command's own lines among its examples, and strings for it, with each of their numbers replaced in turn.
fn borders_of_examples(entry: &Entry) -> Vec<Border> {
    let examples: Vec<Line> = entry.command.examples.iter().map(|line| words(line)).collect();
    let is_number = |word: &[u8]| std::str::from_utf8(word).is_ok_and(|word| word.parse::<f64>().is_ok());
    let own = entry.full_name.split('|').next().unwrap_or_default().as_bytes();
    let is_own = |line: &Line| line[0].eq_ignore_ascii_case(own) || line[0].eq_ignore_ascii_case(b"SET");
    let mut all = Vec::new();
    for (at, line) in examples.iter().enumerate().filter(|(_, line)| is_own(line)) {
        let places = (1..line.len()).filter(|place| is_number(&line[*place]));
        let numbered = places.flat_map(|place| {
            BORDERS.iter().map(move |border| {
                let mut line = line.clone();
                line[place] = border.as_bytes().to_vec();
                line
            })
        });
        // A string for a command that only reads is a change.
        let reads = line[0].eq_ignore_ascii_case(own);
        let (before, after) = (&examples[..at], &examples[at + 1..]);
        if reads {
            all.extend(borders(entry, before, numbered.collect(), after));
        } else {
            all.extend(numbered.map(|line| Border::new(before, vec![line], after, false)));
        }
    }
    all
}

fn borders_of_places(table: &Table) -> Vec<Border> {
    let lines = |lines: &[&str]| lines.iter().map(|line| words(line)).collect::<Vec<Line>>();
    let (before, after) = (lines(FURNITURE), lines(LEFT));
    let mut all = Vec::new();
    for line in PLACES {
        let parts: Vec<&str> = line.split(' ').collect();
        let mut numbered = Vec::new();
        for place in (1..parts.len()).filter(|place| parts[*place].contains('#')) {
            for border in BORDERS {
                let word = |(at, part): (usize, &&str)| {
                    part.replace('#', if at == place { border } else { "1" }).into_bytes()
                };
                numbered.push(parts.iter().enumerate().map(word).collect());
            }
        }
        let entry = table.find(parts[0].as_bytes()).expect("a command");
        all.extend(borders(entry, &before, numbered, &after));
    }
    all
}

fn float(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Commands whose answers are chosen by chance, have no order, or have figures of their own.
const LOOSE: &[&str] = &[
    "client",
    "hello",
    "hrandfield",
    "hscan",
    "keys",
    "object",
    "scan",
    "smembers",
    "spop",
    "srandmember",
    "sscan",
    "xinfo",
    "xpending",
    "zrandmember",
    "zscan",
];

/// Whether two answers say the same, as far as they can: what is loose has its kind and its length only, what depends
/// on the time has its sign, and fractions are those of 64 bits: Redis 7.2 writes them shorter than 7.0.
fn says_the_same(line: &Line, ours: &Value, theirs: &Value) -> bool {
    let name = String::from_utf8_lossy(&line[0]).to_ascii_lowercase();
    match (ours, theirs) {
        _ if shown(ours) == shown(theirs) => true,
        (Value::Integer(ours), Value::Integer(theirs)) if name.contains("ttl") || name.contains("expire") => {
            ours.signum() == theirs.signum()
        }
        (Value::Array(ours), Value::Array(theirs)) | (Value::Set(ours), Value::Set(theirs)) => {
            let is_loose = LOOSE.contains(&&*name);
            let same = |(ours, theirs)| is_loose || says_the_same(line, ours, theirs);
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(same)
        }
        (Value::Map(ours), Value::Map(theirs)) => {
            let is_loose = LOOSE.contains(&&*name);
            let mut pairs = ours.iter().zip(theirs);
            ours.len() == theirs.len()
                && pairs.all(|(ours, theirs)| is_loose || says_the_same(line, &ours.1, &theirs.1))
        }
        // Where Redis computes a zero with a sign, it forgets that when it stores it.
        (Value::Double(ours), Value::Double(theirs)) => ours.partial_cmp(theirs).is_some_and(Ordering::is_eq),
        (Value::Bulk(ours), Value::Bulk(theirs)) => float(ours).is_some() && float(ours) == float(theirs),
        // Redis 7.2 has these as we do.
        (Value::Error(ours), _) if ours == b"ERR timeout is out of range" => true,
        (Value::Error(_), _) => name == "lpos" && line.contains(&i64::MIN.to_string().into_bytes()),
        (Value::Bulk(ours), _) => ours == b"listpack" && name == "object",
        _ => false,
    }
}

fn answers(client: &mut Client, border: &Border) -> Vec<Value> {
    client.send_all(&border.lines);
    let answer =
        |line| client.try_receive().unwrap_or_else(|| panic!("the connection ended at {line:?} or before"));
    border.lines.iter().map(answer).collect()
}

/// The lines that are answered otherwise.
fn differences(border: &Border, ours: &[Value], theirs: &[Value]) -> String {
    let text = |line: &Line| {
        let words: Vec<String> = line.iter().map(|word| format!("\"{}\"", word.escape_ascii())).collect();
        words.join(" ")
    };
    let mut report = String::new();
    for (at, line) in border.lines.iter().enumerate().skip(border.at) {
        if !says_the_same(line, &ours[at], &theirs[at]) {
            let asked = if line[0] == b"EXEC" { at - 1 } else { border.at };
            let (first, line) = (text(&border.lines[asked]), text(line));
            let (ours, theirs) = (shown(&ours[at]), shown(&theirs[at]));
            let _ = writeln!(report, "{first}\n  {line}\n  redis:  {theirs}\n  larder: {ours}");
        }
    }
    report
}

fn rss_bytes(client: &mut Client) -> u64 {
    let info = shown(&client.call("INFO memory"));
    let (_, rest) = info.split_once("used_memory_rss:").expect("a figure");
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().expect("a number")
}

/// Compares both servers on what `borders_of` makes of the table. Where there is no other one, ours has to answer and
/// to stay small.
fn compare(hello: &str, borders_of: impl Fn(&Table) -> Vec<Border>) {
    let redis = Redis::start(&[]);
    let larder = Larder::start(&[]);
    let (mut ours, mut theirs) = (larder.client(), redis.as_ref().map(Redis::client));
    for client in [Some(&mut ours), theirs.as_mut()].into_iter().flatten() {
        client.says(hello);
    }
    let at_start = rss_bytes(&mut ours);
    let mut report = String::new();
    let borders = borders_of(larder.server.instance().table());
    assert!(!borders.is_empty(), "nothing to compare");
    for (at, border) in borders.iter().enumerate() {
        let answered = answers(&mut ours, border);
        if let Some(theirs) = &mut theirs {
            report += &differences(border, &answered, &answers(theirs, border));
        }
        if at % 16 == 0 || at == borders.len() - 1 {
            let grown = rss_bytes(&mut ours).saturating_sub(at_start);
            assert!(grown < GROWTH_BYTES_MAX, "{grown} bytes more than at the start");
        }
    }
    assert!(report.is_empty(), "{report}");
}

#[test]
fn numbers_at_their_borders_are_answered_as_redis_answers_them() {
    compare("HELLO 2", borders_of_places);
}

#[test]
fn numbers_at_their_borders_are_answered_as_redis_answers_them_in_resp3() {
    compare("HELLO 3", borders_of_places);
}

/// Takes minutes: run by hand, as the search above; `LARDER_EXAMPLES=name` picks commands.
#[test]
#[ignore = "a search for differences, not a check"]
fn numbers_of_examples_at_their_borders_are_answered_as_redis_answers_them() {
    let only = std::env::var("LARDER_EXAMPLES").ok();
    let wanted =
        |name: &str| only.as_ref().is_none_or(|only| only.split(',').any(|only| name.starts_with(only)));
    compare("HELLO 2", |table| {
        let wanted = table.all().iter().filter(|entry| {
            let (name, flags_of) = (&*entry.full_name, entry.command.flags & !flags::BLOCKING);
            wanted(name) && !fuzzy(name) && !is_left_out(name, flags_of)
        });
        wanted.flat_map(borders_of_examples).collect()
    });
}
