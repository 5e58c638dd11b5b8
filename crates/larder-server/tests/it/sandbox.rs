//! Scripts that want out: none keeps a server for itself, and none changes what another user's scripts find.

use crate::harness::{Client, Larder, shown};
use crate::scripts::{eval, until_answered};

/// Scripts that never end, by every trick there is.
const ENDLESS: &str = include_str!("endless.lua");

#[test]
fn whatever_a_script_does_it_is_killed_when_somebody_says_so() {
    let larder = Larder::start(&[("busy-reply-threshold", "1")]);
    let (mut runner, mut other) = (larder.client(), larder.client());
    for endless in ENDLESS.split("\n----\n") {
        runner.send_words(&["EVAL", endless, "0"]);
        until_answered(&mut other, "SCRIPT KILL", |answer| answer == "OK");
        let answer = shown(&runner.receive());
        assert!(answer.starts_with("-ERR Script killed by user with SCRIPT KILL"), "{endless}: {answer}");
        assert_eq!(eval(&mut runner, "return 1", &[]), "(1)");
    }
}

/// Lua's compiler goes through all the jumps to a place for each that it adds.
#[test]
fn what_would_be_compiled_for_ever_is_refused() {
    let larder = Larder::start(&[]);
    let mut client = larder.client();
    let tangled = [
        format!("local a if a then {} end", "elseif a then a = 1 ".repeat(60_000)),
        format!("local a while true do {} end", "if a then break end ".repeat(60_000)),
        format!("local a return {} a", "a or ".repeat(60_000)),
        format!("local a return {} a", "a and ".repeat(60_000)),
    ];
    for text in &tangled {
        let answer = eval(&mut client, text, &[]);
        assert!(answer.contains("control structure too long"), "{answer}");
        client.send_words(&["SCRIPT", "LOAD", text]);
        assert!(shown(&client.receive()).contains("control structure too long"));
        let library = format!("#!lua name=tangled\n{text}");
        client.send_words(&["FUNCTION", "LOAD", &library]);
        assert!(shown(&client.receive()).contains("control structure too long"));
        let within = "return {loadstring(ARGV[1])}";
        assert_eq!(eval(&mut client, within, &["0", text]), "[]");
    }
    let much = format!("local a = 1 return {} a", "a and ".repeat(10_000));
    assert_eq!(eval(&mut client, &much, &[]), "(1)");
}

/// Ways to change what others find. Each is tried as it is, and in scripts that end badly afterwards.
const POISONS: &[&str] = &[
    "x = 1",
    "rawset(_G, 'x', 1)",
    "_G.print = error",
    "getmetatable('').__index = function() return 'mine' end",
    "getmetatable('').__add = function() return 'mine' end",
    "rawset(getmetatable(''), '__add', function() return 'mine' end)",
    "rawset(getmetatable('').__index, 'upper', error)",
    "table.insert(getmetatable(''), 'x') table.insert(getmetatable('').__index, 'x')",
    "getmetatable(nil).__index = 1",
    "getmetatable(1).__index = 1",
    "getmetatable(print).__index = 1",
    "getmetatable(cjson.null).__index = 1",
    "getmetatable(redis).__index = {}",
    "getmetatable(_G).__index = {}",
    "table.sort(string) table.insert(string, error) table.insert(redis, error) table.insert(_G, 'x')",
    "for _, t in pairs(_G) do pcall(table.insert, t, 'x') pcall(rawset, t, 'x', 1) end",
    "for _, t in pairs(_G) do pcall(setmetatable, t, {__index = error}) end",
    "for n, f in pairs(string) do pcall(rawset, string, n, error) string[n] = nil end",
    "redis.call = error",
    "setmetatable(redis, nil)",
    "cjson.encode_max_depth(1) cjson.decode_max_depth(1) cjson.encode_number_precision(1)",
    "cjson.encode_sparse_array(true, 1, 1) cjson.encode_invalid_numbers('null')",
    "cjson.new().encode_max_depth(1)",
    "redis.setresp(3)",
    "redis.set_repl(redis.REPL_NONE)",
    "math.randomseed(1) math.random = 1",
    "collectgarbage('stop') collectgarbage('setpause', 1)",
    "setfenv(1, {})",
    "getfenv(0).x = 1",
    "debug.setmetatable(nil, {__index = error})",
    "coroutine.wrap(function() x = 1 end)()",
    "loadstring('x = 1')()",
    "string.gsub('a', 'a', function() x = 1 end)",
    "table.sort({2, 1}, function() x = 1 end)",
    "KEYS[1] = 'mine' ARGV[1] = 'mine' KEYS = nil",
];

/// How a script ends that has poisoned something: well, with an error, without memory, with too many instructions.
const ENDS: [&str; 5] = [
    "return 1",
    "error('x')",
    "local s = 'x' while true do s = s .. s end",
    "while true do end",
    "local function f() return f() + 1 end return f()",
];

/// What somebody else finds.
const LOOK: &str = "local found = {} for name in pairs(_G) do found[#found + 1] = name end
    for _, t in pairs(_G) do
        if type(t) == 'table' then found[#found + 1] = #t for name in pairs(t) do found[#found + 1] = name end end
    end
    local seen = {} for _, name in ipairs(found) do seen[#seen + 1] = tostring(name) end table.sort(seen)
    return {table.concat(seen, ' '), #KEYS, #ARGV, ('a'):upper(), tostring(pcall(function() return 'a' + 1 end)),
        tostring(pcall(function() return ('a').x.y end)), tostring(pcall(function() local x return x.y end)),
        tostring(pcall(function() return (1).x end)), cjson.encode({{{1.23456789}}}), cjson.encode({[9] = 1}),
        cjson.encode(cjson.decode('[[[1]]]')), tostring(rawget(_G, 'x')),
        redis.call('HGETALL', 'hash'), tostring(redis.acl_check_cmd('set', 'k', 'v'))}";

/// What a user finds in each of the ways to run something.
fn finds(client: &mut Client) -> [String; 3] {
    client.send_words(&["SCRIPT", "LOAD", LOOK]);
    let digest = shown(&client.receive()).replace('"', "");
    [eval(client, LOOK, &[]), client.says(&format!("EVALSHA {digest} 0")), client.says("FCALL look 0")]
}

#[test]
fn what_one_user_poisons_another_does_not_meet() {
    // Everything on one thread, and so on the same machines.
    let larder = Larder::start(&[
        ("io-threads", "1"),
        ("script-memory-max", "16mb"),
        ("script-instructions-max", "1000000"),
    ]);
    let (mut attacker, mut victim) = (larder.client(), larder.client());
    attacker.says("HSET hash f v");
    let look = LOOK.replace("KEYS", "keys").replace("ARGV", "args");
    let mut load = |name: &str, body: &str| {
        let library =
            format!("#!lua name={name}\nredis.register_function('{name}', function(keys, args) {body} end)");
        attacker.send_words(&["FUNCTION", "LOAD", "REPLACE", &library]);
        assert_eq!(shown(&attacker.receive()), format!("\"{name}\""), "{body}");
    };
    load("look", &look);
    for (n, poison) in POISONS.iter().enumerate() {
        load(&format!("poison{n}"), &poison.replace("KEYS", "keys").replace("ARGV", "args"));
    }
    for (user, rule) in [("mallory", "+@all"), ("victim", "+@all -set")] {
        assert_eq!(attacker.says(&format!("ACL SETUSER {user} on nopass ~* &* {rule}")), "OK");
    }
    assert_eq!(attacker.says("AUTH mallory x"), "OK");
    assert_eq!(victim.says("AUTH victim x"), "OK");
    let clean = finds(&mut victim);
    assert!(clean.iter().all(|found| found.starts_with("[\"")), "{clean:?}");
    for (n, poison) in POISONS.iter().enumerate() {
        for end in ENDS {
            let answer =
                eval(&mut attacker, &format!("pcall(function() {poison} end) {end}"), &["1", "k", "a"]);
            assert_eq!(finds(&mut victim), clean, "after {poison} {end}: {answer}");
        }
        let answers =
            [eval(&mut attacker, poison, &["1", "k", "a"]), attacker.says(&format!("FCALL poison{n} 1 k a"))];
        assert_eq!(finds(&mut victim), clean, "after {poison}: {answers:?}");
    }
}
