//! Scripts from outside: what they can and cannot reach, how they are stopped, and that they are atomic.

use crate::harness::{Client, Larder, PATIENCE, Redis, shown};
use larder_resp::encode_command;
use std::io::Write;
use std::thread;
use std::time::Instant;

/// Scripts whose replies are compared with those of a real server, in both protocols.
const COMPARED: &str = include_str!("scripts.lua");

/// Says a line again and again until it is answered in a certain way; a hang fails.
pub(crate) fn until_answered(client: &mut Client, line: &str, is: impl Fn(&str) -> bool) -> String {
    let began = Instant::now();
    loop {
        let answer = client.says(line);
        if is(&answer) {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "{line}: {answer}");
        thread::yield_now();
    }
}

/// Kills the script of somebody else that was quick before. For a moment it may not run: it begins again on a thread of
/// its own once it is not quick any more.
fn kill_script(client: &mut Client) {
    until_answered(client, "SCRIPT KILL", |answer| answer == "OK");
}

pub(crate) fn eval(client: &mut Client, script: &str, keys_and_args: &[&str]) -> String {
    let mut words = vec!["EVAL", script];
    if keys_and_args.is_empty() {
        words.push("0");
    }
    words.extend(keys_and_args);
    client.send_words(&words);
    shown(&client.receive())
}

#[test]
fn scripts_are_answered_as_redis_answers_them() {
    let Some(redis) = Redis::start(&[]) else { return };
    let larder = Larder::start(&[]);
    for hello in ["HELLO 2", "HELLO 3"] {
        let (mut ours, mut theirs) = (larder.client(), redis.client());
        for client in [&mut ours, &mut theirs] {
            client.says(hello);
            client.says("FLUSHALL");
            client.says("SET s abc");
            client.says("RPUSH l a b c");
            client.says("ZADD z 1.5 a 2 b");
            client.says("HSET h a 1 b 2");
        }
        for script in COMPARED.split("\n----\n") {
            let answers =
                [&mut ours, &mut theirs].map(|client| eval(client, script, &["2", "k1", "k2", "a1", "a2"]));
            assert_eq!(answers[0], answers[1], "{hello}: {script}");
        }
    }
}

/// Scripts in the manner of well-known libraries, each with the calls that are made of it.
const LIVED: &str = include_str!("script_life.lua");

#[test]
fn scripts_of_limiters_locks_and_queues_are_answered_as_redis_answers_them() {
    let Some(redis) = Redis::start(&[]) else { return };
    let larder = Larder::start(&[]);
    for hello in ["HELLO 2", "HELLO 3"] {
        let mut both = [larder.client(), redis.client()];
        for client in &mut both {
            client.says(hello);
            client.says("FLUSHALL");
            client.says("ZADD schedule 10 first 20 second");
        }
        for script in LIVED.split("\n----\n") {
            let calls = script.lines().filter_map(|line| line.strip_prefix("--> "));
            for call in calls {
                let (keys, args) = call.split_once('|').expect("keys, a bar, arguments");
                let keys: Vec<&str> = keys.split_whitespace().collect();
                let count = keys.len().to_string();
                let answers = both.each_mut().map(|client| {
                    client.send_words(&["SCRIPT", "LOAD", script]);
                    let digest = shown(&client.receive()).replace('"', "");
                    let mut words = vec!["EVALSHA", &digest, &count];
                    words.extend(keys.iter().copied().chain(args.split_whitespace()));
                    client.send_words(&words);
                    shown(&client.receive())
                });
                assert_eq!(answers[0], answers[1], "{hello}: {call} of\n{script}");
                assert!(!answers[0].starts_with('-'), "{}: {call} of\n{script}", answers[0]);
            }
        }
    }
}

#[test]
fn the_globals_are_those_that_are_allowed() {
    let larder = Larder::start(&[]);
    let mut client = larder.client();
    let listed = "local names = {} for name in pairs(_G) do names[#names + 1] = name end table.sort(names) \
        return table.concat(names, ' ')";
    assert_eq!(
        eval(&mut client, listed, &[]),
        "\"ARGV KEYS _G _VERSION assert bit cjson cmsgpack collectgarbage coroutine error gcinfo getmetatable ipairs \
         load \
         loadstring math next os pairs pcall rawequal rawget rawset redis select server setmetatable string struct \
         table tonumber tostring type unpack xpcall\""
    );
    let of_os = "local names = {} for name in pairs(os) do names[#names + 1] = name end return names";
    assert_eq!(eval(&mut client, of_os, &[]), "[\"clock\"]");
}

/// One user tries to leave something behind; another one looks.
#[test]
fn nothing_is_left_behind_for_other_scripts() {
    let larder = Larder::start(&[]);
    let (mut attacker, mut victim) = (larder.client(), larder.client());
    let attacks = [
        "x = 1",
        "_G.x = 1",
        "rawset(_G, 'x', 1)",
        "_G._G.x = 1",
        "string.format = function() return 'mine' end",
        "rawset(string, 'format', 1)",
        "getmetatable('').__index = function() return 'mine' end",
        "getmetatable('').__index.format = 1",
        "setmetatable(_G, {})",
        "setmetatable(string, {})",
        "getmetatable(_G).__index.x = 1",
        "redis.call = function() return 'mine' end",
        "table.insert(redis, 'x')",
        "table.insert(string, 1, 'x')",
        "table.sort(_G)",
        "local n, t = pairs(string) t.format = 1",
        "for k, v in pairs(_G) do if type(v) == 'table' then rawset(v, 'x', 1) end end",
        "redis.call('SET', 'seen', tostring(cjson)) cjson.encode_max_depth(1)",
        "cjson.encode_number_precision(1)",
        "math.random = nil",
        "math.randomseed(7)",
        "collectgarbage('stop')",
        "local f = loadstring('x = 1') f()",
        "load(function() return nil end)",
        "local co = coroutine.create(function() y = 1 end) return select(2, coroutine.resume(co))",
        "xpcall(function() error() end, function() x = 1 end)",
        "return loadstring(string.dump(function() x = 1 end))()",
        "return loadstring('\\27Lua\\81')()",
        "return newproxy(true)",
        "return getfenv()",
        "return debug.getinfo(1)",
        "return require('os')",
        "return os.execute('true')",
        "return io.open('/etc/passwd')",
        "return package.loadlib('a', 'b')",
        "return dofile('/etc/passwd')",
    ];
    let look = "return {tostring(rawget(_G, 'x')), tostring(rawget(_G, 'y')), string.format('%d', 3), ('a'):upper(), \
        #redis, #string, cjson.encode({{{1.25}}}), redis.call('ECHO', 'fine'), tostring(math.random() < 1)}";
    let clean = eval(&mut victim, look, &[]);
    assert_eq!(clean, "[\"nil\" \"nil\" \"3\" \"A\" (0) (0) \"[[[1.25]]]\" \"fine\" \"true\"]");
    for attack in attacks {
        let answer = eval(&mut attacker, attack, &[]);
        assert_eq!(eval(&mut victim, look, &[]), clean, "after {attack}: {answer}");
        assert_eq!(eval(&mut attacker, look, &[]), clean, "after {attack}: {answer}");
    }
    // A script that was harmless at first.
    let late = "if ARGV[1] == 'bad' then table.insert(redis, 'x') table.insert(string, 1, 'x') end return 1";
    assert_eq!(eval(&mut attacker, late, &["0", "good"]), "(1)");
    for client in [&mut attacker, &mut victim] {
        eval(client, late, &["0", "bad"]);
    }
    assert_eq!(eval(&mut victim, look, &[]), clean);
    assert_eq!(eval(&mut attacker, look, &[]), clean);
    for refused in ["return newproxy(true)", "return getfenv()", "return os.execute('true')", "x = 1"] {
        assert!(eval(&mut attacker, refused, &[]).starts_with("-ERR user_script:1: "), "{refused}");
    }
}

/// Scripts that would exhaust a machine, and a part of what each is answered.
const EXHAUSTING: &[(&str, &str)] = &[
    ("return string.rep('x', 1e9)", "not enough memory"),
    ("local s = 'x' while true do s = s .. s end", "not enough memory"),
    ("local t = {} for n = 1, 1e9 do t[n] = {} end", "not enough memory"),
    ("local t = {} for n = 1, 7998 do t[n] = n end return redis.call('RPUSH', 'list', unpack(t))", "(7998)"),
    ("local t = {} for n = 1, 7998 do t[n] = n end return #redis.call('MGET', unpack(t))", "(7998)"),
    (
        "local t = {} for n = 1, 8000 do t[n] = n end return redis.call('MGET', unpack(t))",
        "too many results to unpack",
    ),
    ("while true do end", "instructions"),
    ("while true do pcall(function() while true do end end) end", "instructions"),
    ("local function f() return f() + 1 end return f()", "stack overflow"),
    ("local function f() return pcall(f) end return f()", ""),
    ("local t = {} for n = 1, 1e4 do t = {t} end return t", "stack limit"),
    ("local t = {} t[1] = t return t", "stack limit"),
    ("local t = {} for n = 1, 1e4 do t = {t} end return cjson.encode(t)", "excessive nesting"),
    (
        "local t = {('x'):rep(1e5)} for n = 1, 50 do t = {t, t, t, t} end return cjson.encode(t)",
        "not enough memory",
    ),
    (
        "local t = {('x'):rep(1e5)} for n = 1, 12 do t = {t, t, t, t, t, t} end return cmsgpack.pack(t)",
        "not enough memory",
    ),
    ("return cjson.decode(string.rep('[', 1e5))", "too many nested"),
    ("return cmsgpack.unpack(string.rep('\\145', 1e5))", "Bad data format"),
    ("return #cmsgpack.unpack(string.rep('\\145', 900) .. '\\1')", "(1)"),
    ("return cmsgpack.unpack(string.rep('\\161a', 1e5))", "too many values"),
    ("local t = {} for n = 1, 1e4 do t['k' .. n] = 'v' .. n end return #cjson.encode(t)", "(157"),
    ("local t = {} for n = 1, 1e4 do t['k' .. n] = {'v' .. n} end return #cjson.encode(t)", "(177"),
    ("local t = {} for n = 1, 1e4 do t['k' .. n] = 'v' .. n end return #cmsgpack.pack(t)", "(11"),
    (
        "local t = {} for n = 1, 1e4 do t[n] = 'k' .. n end return redis.call('DEL', unpack(t, 1, 7900))",
        "(0)",
    ),
    ("local t = {} for n = 1, 1e4 do t[n] = 'k' .. n end return redis.call('DEL', unpack(t, 1, 7980))", ""),
    (
        "local t = {} for n = 1, 1e4 do t[n] = 'k' .. n end return redis.call('DEL', unpack(t))",
        "too many results",
    ),
    ("return cjson.decode('[' .. string.rep('\"a\",', 1e4) .. '1]')[10001]", "(1)"),
    ("return cmsgpack.unpack('\\221\\255\\255\\255\\255')", "Missing bytes"),
    ("return cjson.decode('[' .. string.rep('[],', 4e5) .. '1]')", "not enough memory"),
    ("return cmsgpack.unpack('\\221\\0\\6\\26\\128' .. string.rep('\\144', 4e5))", "not enough memory"),
    (
        "local t = 1 for n = 1, 900 do t = {t} end \
         return #coroutine.wrap(function() return cjson.encode(cjson.decode(cjson.encode(t))) end)()",
        "(1801)",
    ),
    (
        "local function deep(n) if n == 0 then return redis.call('ECHO', 'deep') end return (deep(n - 1)) end \
         return coroutine.wrap(function() return deep(150) end)()",
        "\"deep\"",
    ),
    ("return unpack({}, 1, 1e8)", "too many results"),
    ("return string.format('%99999d', 1)", "invalid format"),
    ("return bit.tohex(65535, -2147483648)", "0000FFFF"),
    ("return struct.pack('>I2147483647', '10')", "integral size"),
    ("return struct.unpack('>I2147483647', '10')", "integral size"),
    ("return struct.size('c2147483647c2147483647c2147483647')", "("),
    ("return redis.call('SETRANGE', 'k', 1e9, 'x')", "ERR"),
    ("return redis.call('SETBIT', 'k', 1e12, 1)", "ERR"),
    ("return {string.find('', string.rep('(', 40))}", "too many captures"),
    ("return {unpack({}, 0, 2147483647)}", "too many results"),
    ("return {unpack({}, -1, 2147483646)}", "too many results"),
    ("return {unpack({}, -2147483648, 2147483647)}", "too many results"),
    ("return {unpack({}, 2147483647, 2147483647)}", "too many results"),
    ("return {unpack({}, 0/0, 2147483647)}", "too many results"),
    ("return {unpack({}, -1/0, 1/0)}", "too many results"),
    ("table.insert({}, -2147483648, 1)", "position out of bounds"),
    // Patterns that go back and forth for ever, or deeper than there is stack.
    ("return string.find(('a'):rep(60), ('a?'):rep(60) .. ('a'):rep(60))", "instructions"),
    ("return ('('):rep(1e6):match('%b()')", "instructions"),
    ("return string.find(('a'):rep(1e5), ('a?'):rep(1e5))", "pattern too complex"),
    ("return string.find(('a'):rep(1e6), ('a'):rep(5e5) .. 'b', 1, true)", "nil"),
    ("return (('x'):rep(1e5):gsub('x', ('y'):rep(1e5)))", "not enough memory"),
    ("return ('x'):gsub('x', function() while true do end end)", "instructions"),
    ("return ('x'):gsub('x', function() error('within') end)", "user_script:1: within"),
    ("return string.rep('', 1e9)", "\"\""),
    ("return #string.rep('x', -1e9)", "(0)"),
    ("return {pcall(string.rep, 'x', 1e9)}", "not enough memory"),
    ("local ok = pcall(function() local s = 'x' while true do s = s .. s end end) return ok", "nil"),
    ("return xpcall(error, function() while true do end end)", "instructions"),
    ("local function f() while true do end end return xpcall(f, f)", "instructions"),
    ("local function f() return coroutine.wrap(f)() end return f()", "stack overflow"),
    ("local t = {} for n = 1, 1e7 do t[n] = coroutine.create(f or type) end", "user_script:1:"),
    ("local t = {} for n = 1, 1e7 do t[n] = coroutine.create(function() end) end", "not enough memory"),
    (
        "local c = coroutine.wrap(function() while true do coroutine.yield() end end) while true do c() end",
        "instructions",
    ),
    ("error(setmetatable({}, {__tostring = function() error('x') end}))", "ERR unknown error"),
    (
        "local t = setmetatable({}, {__tostring = function(t) return tostring(t) end}) return tostring(t)",
        "stack overflow",
    ),
    ("local t = {} setmetatable(t, {__index = t}) return t.x", "loop in gettable"),
    ("table.sort({3, 2, 1, 4}, function() while true do end end)", "instructions"),
    (
        "local t = {} for n = 1, 100 do t[n] = n end table.sort(t, function() return true end)",
        "invalid order function",
    ),
    ("return load(function() return 'local x = 1 ' end)", ""),
    ("return loadstring(('('):rep(1e5))", "nil"),
    ("return loadstring(('local x = {'):rep(1e4))", "nil"),
    ("return loadstring('return 1', ('n'):rep(1e5) .. '\\0x')()", "(1)"),
    ("return #string.format('%99.99f', 1e300)", "(401)"),
    ("return struct.pack(('i'):rep(1e5), unpack({}, 1, 100))", "number expected"),
    ("return struct.unpack('c0', 'x', -1)", "data string too short"),
    ("return #struct.pack('c0', ('x'):rep(1e6))", "(1000000)"),
    ("return bit.lshift(1, -2147483649) + bit.tobit(1/0) * 0", "("),
];

#[test]
fn what_exhausts_a_machine_is_an_error() {
    let larder = Larder::start(&[("script-memory-max", "16mb"), ("script-instructions-max", "4000000")]);
    let mut client = larder.client();
    for (script, says) in EXHAUSTING {
        let answer = eval(&mut client, script, &[]);
        assert!(answer.contains(says), "{script}: {answer}");
        assert_eq!(
            eval(&mut client, "return redis.call('ECHO', 'alive')", &[]),
            "\"alive\"",
            "after {script}"
        );
    }
}

#[test]
fn a_script_that_does_not_end_is_killed_and_others_are_told() {
    let larder = Larder::start(&[("busy-reply-threshold", "1")]);
    let (mut runner, mut other) = (larder.client(), larder.client());
    // As many more as it takes for all workers to have one.
    let mut more: Vec<Client> = (0..4).map(|_| larder.client()).collect();
    assert_eq!(other.says("SCRIPT KILL"), "-NOTBUSY No scripts in execution right now.");
    for endless in ["while true do end", "while true do pcall(function() while true do end end) end"] {
        runner.send_words(&["EVAL", endless, "0"]);
        let busy = "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";
        until_answered(&mut other, "PING", |answer| answer == busy);
        for client in &mut more {
            assert_eq!(client.says("GET k"), busy);
            assert_eq!(client.says("FUNCTION KILL"), busy);
        }
        // Whoever comes now is let in, and may end it.
        assert_eq!(larder.client().says("PING"), busy);
        assert_eq!(larder.client().says("SCRIPT KILL"), "OK");
        let answer = shown(&runner.receive());
        assert!(answer.contains("Script killed by user with SCRIPT KILL"), "{answer}");
        assert_eq!(until_answered(&mut other, "PING", |answer| answer != busy), "PONG");
        assert_eq!(eval(&mut runner, "return 1", &[]), "(1)");
    }
}

/// Who asks before a script is slow is answered once it is, or has ended.
#[test]
fn a_kill_waits_for_what_runs_to_end_or_to_be_slow() {
    let larder = Larder::start(&[("busy-reply-threshold", "500")]);
    let (mut runner, mut other) = (larder.client(), larder.client());
    runner.send_words(&["EVAL", "while true do end", "0"]);
    // Refused only until it has begun.
    let answer = until_answered(&mut other, "SCRIPT KILL", |answer| !answer.starts_with("-NOTBUSY"));
    assert_eq!(answer, "OK");
    let answer = shown(&runner.receive());
    assert!(answer.contains("Script killed by user with SCRIPT KILL"), "{answer}");
    assert_eq!(other.says("SCRIPT KILL"), "-NOTBUSY No scripts in execution right now.");
}

#[test]
fn a_script_that_has_written_is_not_killed() {
    let larder = Larder::start(&[("busy-reply-threshold", "1"), ("script-instructions-max", "100000000")]);
    let (mut runner, mut other) = (larder.client(), larder.client());
    runner.send_words(&["EVAL", "redis.call('SET', KEYS[1], 1) while true do end", "1", "k"]);
    let answer = until_answered(&mut other, "SCRIPT KILL", |answer| !answer.starts_with("-NOTBUSY"));
    assert!(answer.starts_with("-UNKILLABLE Sorry the script already executed write commands"), "{answer}");
    let answer = shown(&runner.receive());
    assert!(answer.contains("more instructions than script-instructions-max"), "{answer}");
    assert_eq!(until_answered(&mut other, "GET k", |answer| !answer.starts_with("-BUSY")), "\"1\"");
}

/// Nobody can stop such a script, but the server can end all the same.
#[test]
fn a_server_ends_even_if_a_script_does_not() {
    let larder = Larder::start(&[("busy-reply-threshold", "1")]);
    let (mut runner, mut other) = (larder.client(), larder.client());
    runner.send_words(&["EVAL", "redis.call('SET', KEYS[1], 1) while true do pcall(error) end", "1", "k"]);
    let answer = until_answered(&mut other, "SCRIPT KILL", |answer| !answer.starts_with("-NOTBUSY"));
    assert!(answer.starts_with("-UNKILLABLE"), "{answer}");
    larder.server.stop();
}

#[test]
fn functions_are_killed_by_their_own_command() {
    let larder = Larder::start(&[("busy-reply-threshold", "1")]);
    let (mut runner, mut other) = (larder.client(), larder.client());
    let library = "#!lua name=lib\nredis.register_function('endless', function() while true do end end)";
    runner.send_words(&["FUNCTION", "LOAD", library]);
    assert_eq!(shown(&runner.receive()), "\"lib\"");
    runner.send("FCALL endless 1 k x");
    // Nothing runs only until it has begun: then the answer waits until the function is slow.
    let stats = until_answered(&mut other, "FUNCTION STATS", |answer| answer.contains("duration_ms"));
    assert!(stats.contains("\"endless\" \"command\" [\"FCALL\" \"endless\" \"1\" \"k\" \"x\"]"), "{stats}");
    let busy = "-BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.";
    assert_eq!(other.says("PING"), busy);
    assert_eq!(other.says("FUNCTION KILL"), "OK");
    assert!(shown(&runner.receive()).contains("Script killed by user"));
}

/// A script that was quick so far runs where it was read. When it does not end there, the others of that thread go on,
/// and are answered as with Redis what needs the script's keys; nothing of what they watch or wait for keeps them.
#[test]
fn a_script_that_was_quick_and_does_not_end_keeps_nobody_from_stopping_it() {
    let larder = Larder::start(&[("busy-reply-threshold", "1"), ("io-threads", "1")]);
    let [
        mut runner,
        mut other,
        mut executing,
        mut queuing,
        mut unwatching,
        mut discarding,
        mut gone,
        mut waiting,
    ] = std::array::from_fn(|_| larder.client());
    let script = "redis.call('GET', KEYS[1]) while ARGV[1] == 'on' do end return 'done'";
    for _ in 0..20 {
        assert_eq!(eval(&mut runner, script, &["1", "k", "off"]), "\"done\"");
    }
    for client in [&mut executing, &mut unwatching, &mut discarding, &mut gone] {
        assert_eq!(client.says("WATCH k"), "OK");
    }
    for client in [&mut executing, &mut discarding, &mut queuing] {
        assert_eq!(client.says("MULTI"), "OK");
        assert_eq!(client.says("GET b"), "QUEUED");
    }
    waiting.send("BLPOP list k2 0");
    runner.send_words(&["EVAL", script, "1", "k", "on"]);
    let busy = "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";
    until_answered(&mut other, "GET k", |answer| answer == busy);
    let executed = "-EXECABORT Transaction discarded because of: BUSY Redis is busy running a script. You can only \
                    call SCRIPT KILL or SHUTDOWN NOSAVE.";
    assert_eq!(executing.says("EXEC"), executed);
    assert_eq!(executing.says("EXEC"), "-ERR EXEC without MULTI");
    assert_eq!(unwatching.says("UNWATCH"), "OK");
    assert_eq!(discarding.says("DISCARD"), "OK");
    drop(gone);
    // Nor is one executed that needs none of these keys.
    assert_eq!(queuing.says("EXEC"), executed);
    assert_eq!(queuing.says("MULTI"), "OK");
    assert_eq!(queuing.says("GET b"), busy);
    assert_eq!(queuing.says("EXEC"), executed);
    assert_eq!(queuing.says("GET b"), "nil");
    for line in ["INFO", "DBSIZE", "SCAN 0", "KEYS *", "FLUSHALL", "CONFIG SET maxmemory 1gb", "RANDOMKEY"] {
        assert_eq!(other.says(line), busy, "{line}");
    }
    assert_eq!(other.says("RPUSH k2 x"), "(1)");
    assert_eq!(shown(&waiting.receive()), "[\"k2\" \"x\"]");
    kill_script(&mut other);
    assert!(shown(&runner.receive()).contains("Script killed by user with SCRIPT KILL"));
    assert_eq!(until_answered(&mut other, "SET k 1", |answer| answer != busy), "OK");
    // What was put off has been done: nobody watches the key any more, and those who do now are told.
    assert_eq!(unwatching.says("WATCH k"), "OK");
    assert_eq!(other.says("SET k 2"), "OK");
    assert_eq!(unwatching.says("MULTI"), "OK");
    assert_eq!(unwatching.says("EXEC"), "nil");
}

/// A waiter whose other key a slow script holds is served when that ends.
#[test]
fn who_waits_for_a_key_that_a_slow_script_holds_is_served_in_the_end() {
    let larder = Larder::start(&[("busy-reply-threshold", "1")]);
    let [mut runner, mut other, mut waiting] = std::array::from_fn(|_| larder.client());
    let script = "redis.call('GET', KEYS[1]) while ARGV[1] == 'on' do end return 'done'";
    for _ in 0..20 {
        assert_eq!(eval(&mut runner, script, &["1", "held", "off"]), "\"done\"");
    }
    waiting.send("BLPOP held free 0");
    until_answered(&mut other, "INFO clients", |answer| answer.contains("blocked_clients:1"));
    runner.send_words(&["EVAL", script, "1", "held", "on"]);
    until_answered(&mut other, "GET held", |answer| answer.starts_with("-BUSY"));
    assert_eq!(other.says("RPUSH free x"), "(1)");
    kill_script(&mut other);
    assert_eq!(shown(&waiting.receive()), "[\"free\" \"x\"]");
}

/// A script that has proven to keep to its declared keys holds only these.
#[test]
fn a_slow_script_keeps_only_those_waiting_who_want_its_keys() {
    let larder = Larder::start(&[("busy-reply-threshold", "1")]);
    let (mut runner, mut other) = (larder.client(), larder.client());
    let script = "redis.call('GET', KEYS[1]) while ARGV[1] == 'on' do end return 'done'";
    for _ in 0..20 {
        assert_eq!(eval(&mut runner, script, &["1", "a", "off"]), "\"done\"");
    }
    runner.send_words(&["EVAL", script, "1", "a", "on"]);
    until_answered(&mut other, "GET a", |answer| answer.starts_with("-BUSY"));
    assert_eq!(other.says("GET b"), "nil");
    assert_eq!(other.says("PING"), "PONG");
    assert_eq!(eval(&mut other, script, &["1", "b", "off"]), "\"done\"");
    kill_script(&mut other);
    assert!(shown(&runner.receive()).contains("killed"));
    until_answered(&mut other, "GET a", |answer| answer == "nil");
}

/// Scripts move money between accounts that they declare, and between some that they do not, at times only after they
/// have written: none is lost, and nobody waits for ever.
#[test]
fn scripts_are_atomic_whatever_keys_they_use() {
    const ACCOUNTS: usize = 30;
    const ROUNDS: usize = 200;
    let larder = Larder::start(&[]);
    let declared = "redis.call('DECR', KEYS[1]) redis.call('INCR', KEYS[2])";
    let undeclared = "redis.call('DECR', ARGV[1]) redis.call('INCR', ARGV[2])";
    let straying =
        "redis.call('DECR', KEYS[1]) redis.call('INCR', ARGV[1] == 'stray' and ARGV[2] or KEYS[2])";
    let sum = "local sum = 0 for _, key in ipairs(KEYS) do sum = sum + (redis.call('GET', key) or 0) end return sum";
    let name = |n: usize| format!("account:{}", n % ACCOUNTS);
    thread::scope(|scope| {
        for worker in 0..8_usize {
            let mut client = larder.client();
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let (from, to) = (name(round * 7 + worker), name(round * 11 + worker * 3 + 1));
                    let (from, to) = (from.as_str(), to.as_str());
                    // A script of its own for each round of some, so that scripts go on straying for the first time.
                    let fresh = format!("{straying} -- {worker} {}", round / 20);
                    let answer = match round % 4 {
                        0 => eval(&mut client, declared, &["2", from, to]),
                        1 => eval(&mut client, undeclared, &["0", from, to]),
                        2 => eval(&mut client, &fresh, &["2", from, to, "stay"]),
                        _ => eval(&mut client, &fresh, &["2", from, to, "stray", to]),
                    };
                    let both = "another script did so, too";
                    assert!(answer == "nil" || answer.contains(both), "{answer}");
                    if answer.contains(both) {
                        // It had written its first half: the second is made up for.
                        client.says(&format!("INCR {to}"));
                    }
                }
            });
        }
    });
    let names: Vec<String> = (0..ACCOUNTS).map(name).collect();
    let count = ACCOUNTS.to_string();
    let words: Vec<&str> = std::iter::once(count.as_str()).chain(names.iter().map(String::as_str)).collect();
    assert_eq!(eval(&mut larder.client(), sum, &words), "(0)");
}

#[test]
fn scripts_work_with_everything_else() {
    let larder = Larder::start(&[("notify-keyspace-events", "KA")]);
    let (mut client, mut other) = (larder.client(), larder.client());
    // Those who wait are served by what a script pushes.
    other.send("BLPOP queue 0");
    until_answered(&mut client, "INFO clients", |answer| answer.contains("blocked_clients:1"));
    assert_eq!(eval(&mut client, "return redis.call('RPUSH', KEYS[1], 'x')", &["1", "queue"]), "(1)");
    assert_eq!(shown(&other.receive()), "[\"queue\" \"x\"]");
    // Commands that would wait do not.
    assert_eq!(eval(&mut client, "return redis.call('BLPOP', KEYS[1], 0)", &["1", "queue"]), "nil");
    // Transactions take scripts.
    assert_eq!(client.says("MULTI"), "OK");
    for line in ["SET n 1", "EVAL \"return redis.call('INCR', 'n')\" 0", "GET n"] {
        assert_eq!(client.says(line), "QUEUED");
    }
    assert_eq!(client.says("EXEC"), "[OK (2) \"2\"]");
    // A watch sees what a script changes, and listeners hear of it.
    other.says("WATCH n");
    let mut listener = larder.client();
    listener.says("SUBSCRIBE __keyspace@0__:n");
    assert_eq!(eval(&mut client, "return redis.call('SET', 'n', 5)", &[]), "OK");
    assert_eq!(shown(&listener.receive()), "[\"message\" \"__keyspace@0__:n\" \"set\"]");
    other.says("MULTI");
    assert_eq!(other.says("EXEC"), "nil");
    // The database that a script selects is its own.
    assert_eq!(eval(&mut client, "redis.call('SELECT', 1) return redis.call('SET', 'k', 1)", &[]), "OK");
    assert_eq!(client.says("GET k"), "nil");
    assert_eq!(client.says("SELECT 1"), "OK");
    assert_eq!(client.says("GET k"), "\"1\"");
    // Whoever monitors sees the commands of scripts.
    let mut monitor = larder.client();
    monitor.says("MONITOR");
    eval(&mut client, "redis.call('SET', 'm', 1)", &[]);
    let seen = [shown(&monitor.receive()), shown(&monitor.receive())].join(" ");
    let (by_client, by_script) = (r#"\"EVAL\""#, r#"[1 lua] \"SET\" \"m\" \"1\""#);
    assert!(seen.contains(by_client) && seen.contains(by_script), "{seen}");
    // A call is shown even if there is nothing to call: clients try EVALSHA first.
    let missing = format!("EVALSHA {} 0", "f".repeat(40));
    for line in [&missing, "EVALSHA short 0", "FCALL nobody 0", "EVAL nonsense( 0"] {
        client.says(line);
        let (name, told) = (line.split(' ').next().unwrap(), shown(&monitor.receive()));
        assert!(told.contains(&format!("\\\"{name}\\\"")), "{line}: {told}");
    }
}

#[test]
fn scripts_that_were_only_evaluated_are_forgotten_in_time() {
    let larder = Larder::start(&[]);
    let mut client = larder.client();
    let loaded = client.says("SCRIPT LOAD \"return 'kept'\"");
    for n in 0..600 {
        assert_eq!(eval(&mut client, &format!("return {n}"), &[]), format!("({n})"));
    }
    assert!(client.says("INFO memory").contains("number_of_cached_scripts:501"));
    assert_eq!(client.says(&format!("EVALSHA {loaded} 0")), "\"kept\"");
    assert_eq!(client.says("SCRIPT FLUSH"), "OK");
    assert!(client.says(&format!("EVALSHA {loaded} 0")).starts_with("-NOSCRIPT"));
}

/// More than the stack of a machine has places.
#[test]
fn there_may_be_any_number_of_scripts() {
    const SCRIPTS: usize = 9_000;
    let larder = Larder::start(&[]);
    let mut client = larder.client();
    for n in 0..SCRIPTS {
        client.send_words(&["SCRIPT", "LOAD", &format!("return {n}")]);
    }
    for n in 0..SCRIPTS {
        let digest = shown(&client.receive());
        assert_eq!(digest.len(), 42, "{n}: {digest}");
    }
    assert_eq!(eval(&mut client, "return 8999", &[]), "(8999)");
    assert!(client.says("INFO memory").contains(&format!("number_of_cached_scripts:{SCRIPTS}")));
}

/// Functions and scripts do not meet, nor do two libraries.
#[test]
fn functions_leave_nothing_behind() {
    let larder = Larder::start(&[]);
    let mut client = larder.client();
    let mut load = |text: &str| {
        client.send_words(&["FUNCTION", "LOAD", text]);
        shown(&client.receive())
    };
    let bad = "#!lua name=bad\nlocal kept = redis\nredis.register_function('attack', function(keys, args)
        pcall(table.insert, kept, 'x') pcall(table.insert, string, 1, 'x') pcall(table.sort, kept)
        return {pcall(function() kept.call = 1 end), pcall(rawset, string, 'format', 1), pcall(function() y = 1 end)}
    end)";
    assert_eq!(load(bad), "\"bad\"");
    let good = "#!lua name=good\nredis.register_function{function_name='look', callback=function()
        return {#redis, #string, string.format('%d', 3), tostring(rawget(_G, 'y'))}
    end, flags={'no-writes'}}";
    assert_eq!(load(good), "\"good\"");
    for tries in
        ["#!lua name=t1\nx = 1", "#!lua name=t2\nredis.call('SET', 'k', 1)", "#!lua name=t3\nstring.x = 1"]
    {
        assert!(load(tries).starts_with("-ERR Error registering functions: "), "{tries}");
    }
    let clean = client.says("FCALL look 0");
    assert_eq!(clean, "[(0) (0) \"3\" \"nil\"]");
    let attacked = client.says("FCALL attack 0");
    assert!(attacked.starts_with("[nil "), "{attacked}");
    assert_eq!(client.says("FCALL look 0"), clean);
    let look = "return {#redis, #string, string.format('%d', 3), tostring(rawget(_G, 'y'))}";
    assert_eq!(eval(&mut client, look, &[]), clean);
}

#[test]
fn a_library_sees_only_what_registers_functions_until_they_are_called() {
    let larder = Larder::start(&[]);
    let mut client = larder.client();
    let mut load = |text: &str| {
        client.send_words(&["FUNCTION", "LOAD", text]);
        shown(&client.receive())
    };
    for name in ["tonumber", "_G", "string", "cjson", "os", "KEYS"] {
        let answer = load(&format!("#!lua name=early\nlocal kept = {name}"));
        let missing =
            "-ERR Error registering functions: ERR user_function:2: Script attempted to access nonexistent";
        assert!(answer.starts_with(missing) && answer.contains(name), "{answer}");
    }
    let late = "#!lua name=late\nredis.register_function('sees', function(keys, args)
        return type(_G[args[1]])
    end)";
    assert_eq!(load(late), "\"late\"");
    assert_eq!(client.says("FCALL sees 0 tonumber"), "\"function\"");
    assert_eq!(client.says("FCALL sees 0 cjson"), "\"table\"");
    let without = client.says("FCALL sees 0 os");
    assert!(
        without.starts_with("-ERR user_function:3: Script attempted to access nonexistent global"),
        "{without}"
    );
    assert_eq!(eval(&mut client, "return type(os)", &[]), "\"table\"");
}

/// Such clients are brought together on one worker. What they have sent, what is half sent, and who they are goes with
/// them.
#[test]
fn clients_whose_scripts_stray_lose_nothing_when_another_worker_goes_on_with_them() {
    const CLIENTS: usize = 6;
    const BATCHES: usize = 40;
    const STRAYS: &str = "return redis.call('INCR', KEYS[1] .. ':undeclared')";
    let larder = Larder::start(&[("io-threads", "3")]);
    thread::scope(|scope| {
        for n in 0..CLIENTS {
            let mut client = larder.client();
            scope.spawn(move || {
                let (id, key) = (client.says("CLIENT ID"), format!("client:{n}"));
                client.says("SELECT 1");
                let mut bytes = Vec::new();
                encode_command(&["EVAL", STRAYS, "1", &key], &mut bytes);
                for batch in 0..BATCHES {
                    // Two commands and the beginning of a third, whose rest comes after the replies to them.
                    let cut = 1 + batch * (bytes.len() - 2) / BATCHES;
                    client.stream.write_all(&[&*bytes, &bytes, &bytes[..cut]].concat()).expect("written");
                    let replies = [client.receive(), client.receive()].map(|reply| shown(&reply));
                    assert_eq!(replies, [3 * batch + 1, 3 * batch + 2].map(|count| format!("({count})")));
                    client.stream.write_all(&bytes[cut..]).expect("written");
                    assert_eq!(shown(&client.receive()), format!("({})", 3 * batch + 3));
                }
                assert_eq!(client.says("CLIENT ID"), id);
            });
        }
    });
    let mut client = larder.client();
    client.says("SELECT 1");
    assert_eq!(client.says("DBSIZE"), format!("({CLIENTS})"));
}
