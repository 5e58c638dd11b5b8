//! `EVAL`, `EVALSHA` and `FCALL`, with their forms that promise not to write.

use crate::prelude::*;
use crate::script::verbs;

const KEYS: [Arg; 3] =
    [Arg::int("numkeys"), Arg::key("key").multiple().optional(), Arg::string("arg").multiple().optional()];
const WRITES: &[KeySpec] = &[KeySpec::numkeys(2, RW | ACCESS | UPDATE)];
const READS: &[KeySpec] = &[KeySpec::numkeys(2, RO | ACCESS)];
const FLAGS: u32 = NOSCRIPT | STALE | SKIP_MONITOR | NO_MANDATORY_KEYS;

pub(crate) static EVAL: Command = Command {
    name: "eval",
    summary: "Runs a script in Lua: atomically, on the server.",
    since: "2.6.0",
    group: Group::Scripting,
    complexity: "That of the script",
    arity: -3,
    flags: FLAGS | MAY_REPLICATE,
    keys: WRITES,
    reach: Reach::Stripes,
    args: &[Arg::string("script"), KEYS[0], KEYS[1], KEYS[2]],
    examples: &[
        r#"EVAL "return {KEYS[1], ARGV[1]}" 1 a b"#,
        r#"EVAL "return redis.call('INCRBY', KEYS[1], ARGV[1])" 1 n 5"#,
        r#"EVAL "return {1.9, 'x', true, false, {ok='FINE'}, nil, 7}" 0"#,
        r#"EVAL "return redis.pcall('NOSUCH')" 0"#,
        r#"EVAL "return redis.call('INCR', 'l')" 0"#,
        r#"EVAL "redis.call('LPUSH', 'l', 1) return redis.call('INCR', 'l')" 0"#,
        r#"EVAL "x = 1" 0"#,
        r#"EVAL "return x" 0"#,
        r#"EVAL "retur 1" 0"#,
        r#"EVAL "return 1" x"#,
        r#"EVAL "return 1" -1"#,
        r#"EVAL "return 1" 2 a"#,
        r#"EVAL "return cjson.encode({a={1,2}})" 0"#,
    ],
    run: verbs::eval,
    ..Command::DEFAULT
};

pub(crate) static EVAL_RO: Command = Command {
    name: "eval_ro",
    summary: "Runs a script that only reads.",
    since: "7.0.0",
    group: Group::Scripting,
    complexity: "That of the script",
    arity: -3,
    flags: FLAGS | READONLY,
    keys: READS,
    reach: Reach::Stripes,
    args: &[Arg::string("script"), KEYS[0], KEYS[1], KEYS[2]],
    examples: &[
        "SET a 1",
        r#"EVAL_RO "return redis.call('GET', KEYS[1])" 1 a"#,
        r#"EVAL_RO "return redis.call('SET', KEYS[1], 2)" 1 a"#,
    ],
    run: verbs::eval,
    ..Command::DEFAULT
};

pub(crate) static EVALSHA: Command = Command {
    name: "evalsha",
    summary: "Runs a script that the server knows, by its SHA-1 digest.",
    since: "2.6.0",
    group: Group::Scripting,
    complexity: "That of the script",
    arity: -3,
    flags: FLAGS | MAY_REPLICATE,
    keys: WRITES,
    reach: Reach::Stripes,
    args: &[Arg::string("sha1"), KEYS[0], KEYS[1], KEYS[2]],
    examples: &[
        r#"SCRIPT LOAD "return 1""#,
        "EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0",
        "EVALSHA E0E1F9FABFC9D4800C877A703B823AC0578FF8DB 0",
        "EVALSHA ffffffffffffffffffffffffffffffffffffffff 0",
        "EVALSHA abc 0",
        "EVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db x",
    ],
    run: verbs::evalsha,
    ..Command::DEFAULT
};

pub(crate) static EVALSHA_RO: Command = Command {
    name: "evalsha_ro",
    summary: "Runs a script that the server knows and that only reads.",
    since: "7.0.0",
    group: Group::Scripting,
    complexity: "That of the script",
    arity: -3,
    flags: FLAGS | READONLY,
    keys: READS,
    reach: Reach::Stripes,
    args: &[Arg::string("sha1"), KEYS[0], KEYS[1], KEYS[2]],
    examples: &[
        r#"SCRIPT LOAD "return 1""#,
        "EVALSHA_RO e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0",
        "EVALSHA_RO ffffffffffffffffffffffffffffffffffffffff 0",
    ],
    run: verbs::evalsha,
    ..Command::DEFAULT
};

pub(crate) static FCALL: Command = Command {
    name: "fcall",
    summary: "Calls a function of a library.",
    since: "7.0.0",
    group: Group::Scripting,
    complexity: "That of the function",
    arity: -3,
    flags: FLAGS | MAY_REPLICATE,
    keys: WRITES,
    reach: Reach::Stripes,
    args: &[Arg::string("function"), KEYS[0], KEYS[1], KEYS[2]],
    examples: &[
        concat!(
            r##"FUNCTION LOAD REPLACE "#!lua name=shop\nredis.register_function('sell', function(keys, args) "##,
            r##"return redis.call('DECRBY', keys[1], args[1]) end)""##,
        ),
        "FCALL sell 1 apples 3",
        "FCALL nosuch 0",
        "FCALL sell x",
        "FCALL sell -1",
        "FCALL sell 2 apples",
        "FUNCTION DELETE shop",
    ],
    run: verbs::fcall,
    ..Command::DEFAULT
};

pub(crate) static FCALL_RO: Command = Command {
    name: "fcall_ro",
    summary: "Calls a function that only reads.",
    since: "7.0.0",
    group: Group::Scripting,
    complexity: "That of the function",
    arity: -3,
    flags: FLAGS | READONLY,
    keys: READS,
    reach: Reach::Stripes,
    args: &[Arg::string("function"), KEYS[0], KEYS[1], KEYS[2]],
    examples: &[
        concat!(
            r##"FUNCTION LOAD REPLACE "#!lua name=shop\nredis.register_function{function_name='left', "##,
            r##"callback=function(keys) return redis.call('GET', keys[1]) end, "##,
            r##"flags={'no-writes'}}\nredis.register_function('sell', function(keys) return redis.call('DECR', "##,
            r##"keys[1]) end)""##,
        ),
        "FCALL_RO left 1 apples",
        "FCALL_RO sell 1 apples",
        "FUNCTION DELETE shop",
    ],
    run: verbs::fcall,
    ..Command::DEFAULT
};
