//! The same commands through `redis-cli` and through `larder`: the output must be the same, byte for byte.
//!
//! Where the two differ on purpose, another test says how.

use std::process::Output;

use crate::server::{LARDER, Server, is_installed};

/// The forms of output; each command line is run in all of them.
const FORMS: &[&[&str]] = &[
    &[],
    &["--no-raw"],
    &["--no-raw", "-3"],
    &["--raw", "-3"],
    &["--csv"],
    &["--csv", "-3"],
    &["--json"],
    &["--json", "-2"],
    &["--quoted-json"],
    &["-d", ",", "-D", ";"],
];

/// Command lines that read, or leave the same state behind when they are run twice.
const COMMANDS: &[&[&str]] = &[
    &["PING"],
    &["PING", "\""],
    &["ping", "ab\\\n\r\t\u{7}\u{8}\u{c}\u{1}é\u{7f}"],
    &["GET", "text"],
    &["GET", "bytes"],
    &["GET", "missing"],
    &["STRLEN", "text"],
    &["LRANGE", "list", "0", "-1"],
    &["LRANGE", "missing", "0", "-1"],
    &["HGETALL", "hash"],
    &["HGETALL", "missing"],
    &["SMEMBERS", "set"],
    &["SMEMBERS", "missing"],
    &["ZRANGE", "zset", "0", "-1", "WITHSCORES"],
    &["ZSCORE", "zset", "a"],
    &["XRANGE", "stream", "-", "+"],
    &["XREAD", "STREAMS", "stream", "0"],
    &["XINFO", "STREAM", "stream", "FULL"],
    &["MGET", "text", "missing", "text"],
    &["INCR", "text"],
    &["NOSUCH", "a", "b"],
    &["GET"],
    &["EXEC"],
    &["SUBSCRIBE"],
    &["CONFIG", "GET", "max*"],
    &["COMMAND", "DOCS", "SET", "GET"],
    &["COMMAND", "INFO", "GET", "NOSUCH"],
    &["COMMAND", "COUNT"],
    &["MEMORY", "DOCTOR"],
    &["LATENCY", "DOCTOR"],
    &["LOLWUT", "VERSION", "5", "20", "4", "2"],
    &["CLIENT", "LIST", "ID", "999999"],
    &["CLUSTER", "INFO"],
    &["EVAL", "return {1,{2,{3,'x',{}},{4}},'y',false,{err='E oops'},{ok='fine'},{{{}}}}", "0"],
    &["EVAL", "local t={} for i=1,120 do t[i]={i,{i}} end return t", "0"],
    &["EVAL", "redis.setresp(3) return {map={a={map={b=1}}}}", "0"],
    &["EVAL", "redis.setresp(3) return {map={a={1},b={1,2},c={{1}},d={{{},{}}},e={map={f={1,2}}}}}", "0"],
    &["EVAL", "redis.setresp(3) return {map={v={{verbatim_string={format='txt',string='a\nb'}}}}}", "0"],
    &["EVAL", "redis.setresp(3) return {{map={a={}}}, {set={x=true}}, true, {double=1.5}}", "0"],
    &["DEBUG", "PROTOCOL", "string"],
    &["DEBUG", "PROTOCOL", "integer"],
    &["DEBUG", "PROTOCOL", "double"],
    &["DEBUG", "PROTOCOL", "null"],
    &["DEBUG", "PROTOCOL", "array"],
    &["DEBUG", "PROTOCOL", "set"],
    &["DEBUG", "PROTOCOL", "map"],
    &["DEBUG", "PROTOCOL", "push"],
    &["DEBUG", "PROTOCOL", "verbatim"],
    &["DEBUG", "PROTOCOL", "true"],
    &["DEBUG", "PROTOCOL", "false"],
    &["-e", "NOSUCH"],
    &["-e", "PING"],
    &["-r", "3", "PING"],
    &["-r", "0", "PING"],
    &["-n", "2", "DBSIZE"],
    &["-x", "SET", "from-stdin"],
    &["-X", "TAG", "SET", "from-tag", "TAG"],
    &["--quoted-input", "SET", "\"a\\x00b\"", "'q r'"],
    &["--show-pushes", "yes", "-3", "DEBUG", "PROTOCOL", "push"],
    &["SET", "-n", "--raw"],
];

/// Lines typed into a client without a terminal.
const LINES: &[&str] = &[
    "SET a 1\nGET a\n\"unbalanced\n\n  \n# remark\n2 PING\n5\nGET 'a b'\n",
    "HELLO 3\nHGETALL hash\nDEBUG PROTOCOL map\nDEBUG PROTOCOL push\nHELLO 2\nHGETALL hash\n",
    "MULTI\nGET text\nNOSUCH\nEXEC\nDISCARD\nSELECT 3\nGET text\nSELECT 99\n",
    "PING\nquit\nPING\n",
    "PING\nEXIT",
    "SET k \"\\x00\\xff\"\nGET k\nSET k caf\u{e9}\nGET k",
    "CLIENT KILL TYPE normal SKIPME yes\nINFO nosuch\n",
];

fn fill(server: &Server) {
    let commands = "SET text 'plain text'\nSET bytes \"a\\x00\\xff\\n\"\nRPUSH list a b c d e f g h i j k\n\
        HSET hash f1 v1 f2 v2\nSADD set 1\nZADD zset 1.5 a 2 b\nXADD stream 1-1 a b\nXADD stream 2-1 c d\n";
    let output = server.run(LARDER, &[], commands.as_bytes());
    assert!(output.status.success(), "{output:?}");
}

fn assert_same(ours: &Output, theirs: &Output, what: &dyn std::fmt::Debug) {
    assert_eq!(ours.stdout.escape_ascii().to_string(), theirs.stdout.escape_ascii().to_string(), "{what:?}");
    assert_eq!(ours.status.code(), theirs.status.code(), "{what:?}");
    assert_eq!(ours.stderr.is_empty(), theirs.stderr.is_empty(), "{what:?}: {ours:?} {theirs:?}");
}

#[test]
fn replies_look_the_same_in_each_form() {
    let Some(server) = Server::start(&[]).filter(|_| is_installed("redis-cli")) else { return };
    fill(&server);
    for form in FORMS {
        for command in COMMANDS {
            let exclude_each_other = form.contains(&"-2") && command.contains(&"-3");
            // There, `redis-cli` forgets to escape the quotation mark, and no program can read the result.
            let is_mended = form.contains(&"--quoted-json") && command.contains(&"\"");
            if exclude_each_other || is_mended {
                continue;
            }
            let args = [*form, *command].concat();
            let theirs = server.run("redis-cli", &args, b"from\nstdin");
            assert_same(&server.run(LARDER, &args, b"from\nstdin"), &theirs, &args);
        }
    }
}

#[test]
fn typed_lines_are_answered_the_same() {
    let Some(server) = Server::start(&[]).filter(|_| is_installed("redis-cli")) else { return };
    fill(&server);
    for form in FORMS {
        for lines in LINES {
            // The number of a connection differs from run to run.
            let without_id = |mut output: Output| {
                let text = output.stdout.escape_ascii().to_string();
                output.stdout = text.split("id").next().unwrap_or_default().into();
                output
            };
            let theirs = server.run("redis-cli", form, lines.as_bytes());
            let ours = server.run(LARDER, form, lines.as_bytes());
            if lines.contains("HELLO") {
                assert_same(&without_id(ours), &without_id(theirs), &(form, lines));
            } else {
                assert_same(&ours, &theirs, &(form, lines));
            }
        }
    }
}

#[test]
fn keys_are_listed_the_same() {
    let Some(server) = Server::start(&[]).filter(|_| is_installed("redis-cli")) else { return };
    fill(&server);
    server.larder(&["DEL", "bytes"]);
    for form in [&["--scan"][..], &["--scan", "--no-raw"], &["--scan", "--pattern", "*s*", "-i", "0.001"]] {
        let theirs = server.run("redis-cli", form, b"");
        assert_same(&server.run(LARDER, form, b""), &theirs, &form);
    }
}

#[test]
fn wrong_addresses_and_logins_fail_the_same_way() {
    let Some(server) = Server::start(&["--requirepass", "pw"]).filter(|_| is_installed("redis-cli")) else {
        return;
    };
    let good = format!("redis://default:pw@127.0.0.1:{}/3", server.port);
    let bad = format!("redis://joe:no@127.0.0.1:{}/3", server.port);
    for args in [
        &["PING"][..],
        &["-a", "wrong", "PING"],
        &["-a", "pw", "PING"],
        &["-a", "pw", "--no-auth-warning", "-n", "2", "DBSIZE"],
        &["-a", "pw", "-n", "99", "PING"],
        &["--user", "default", "--pass", "pw", "ACL", "WHOAMI"],
        &["--user", "default", "ACL", "WHOAMI"],
        &["-u", &good, "DBSIZE"],
        &["-u", &bad, "DBSIZE"],
        &["-h", "127.0.0.1", "-p", "1", "PING"],
        &["-s", "/nonexistent", "PING"],
    ] {
        let theirs = server.run("redis-cli", args, b"");
        assert_same(&server.run(LARDER, args, b""), &theirs, &args);
    }
}
