//! `FUNCTION`: libraries of functions.

use crate::help::help;
use crate::prelude::*;
use crate::script::verbs;
use crate::spec::acl;

pub(crate) static FUNCTION: Command = Command {
    name: "function",
    summary: "Loads libraries of functions, lists and removes them.",
    since: "7.0.0",
    group: Group::Scripting,
    complexity: "That of the subcommand",
    arity: -2,
    acl_without: acl::SCRIPTING,
    sub: &[&DELETE, &DUMP, &FLUSH, &HELP, &KILL, &LIST, &LOAD, &RESTORE, &STATS],
    ..Command::DEFAULT
};

static DELETE: Command = Command {
    name: "delete",
    summary: "Removes a library.",
    since: "7.0.0",
    group: Group::Scripting,
    arity: 3,
    flags: WRITE | NOSCRIPT,
    args: &[Arg::string("library-name")],
    examples: &[
        r##"FUNCTION LOAD REPLACE "#!lua name=shop\nredis.register_function('sell', function() return 1 end)""##,
        "FUNCTION DELETE shop",
        "FUNCTION DELETE shop",
        "FCALL sell 0",
    ],
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    run: verbs::function_delete,
    ..Command::DEFAULT
};

static DUMP: Command = Command {
    name: "dump",
    summary: "Gives all libraries as bytes that FUNCTION RESTORE understands.",
    since: "7.0.0",
    group: Group::Scripting,
    complexity: "O(N) in the length of the libraries' texts",
    arity: 2,
    flags: NOSCRIPT,
    examples: &[
        "FUNCTION FLUSH",
        "FUNCTION DUMP",
        r##"FUNCTION LOAD "#!lua name=l\nredis.register_function('f', function() end)""##,
        "FUNCTION DUMP",
    ],
    run: verbs::function_dump,
    ..Command::DEFAULT
};

static FLUSH: Command = Command {
    name: "flush",
    summary: "Removes all libraries.",
    since: "7.0.0",
    group: Group::Scripting,
    complexity: "O(N) in the number of functions",
    arity: -2,
    flags: WRITE | NOSCRIPT,
    args: &[Arg::one_of("async", &[Arg::word("async", "ASYNC"), Arg::word("sync", "SYNC")]).optional()],
    examples: &["FUNCTION FLUSH", "FUNCTION FLUSH SYNC", "FUNCTION FLUSH SOON", "FUNCTION FLUSH SYNC x"],
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    run: verbs::function_flush,
    ..Command::DEFAULT
};

static HELP: Command = Command {
    name: "help",
    summary: "Names the subcommands.",
    since: "7.0.0",
    group: Group::Scripting,
    arity: 2,
    flags: LOADING | STALE,
    run: |_, _, out| help(out, &FUNCTION),
    ..Command::DEFAULT
};

static KILL: Command = Command {
    name: "kill",
    summary: "Stops the function that runs for too long, unless it has written.",
    since: "7.0.0",
    group: Group::Scripting,
    arity: 2,
    flags: NOSCRIPT | ALLOW_BUSY,
    examples: &["FUNCTION KILL"],
    tips: &["request_policy:all_shards", "response_policy:one_succeeded"],
    run: verbs::kill,
    ..Command::DEFAULT
};

static LIST: Command = Command {
    name: "list",
    summary: "Lists libraries with their functions.",
    since: "7.0.0",
    group: Group::Scripting,
    complexity: "O(N) in the number of functions",
    arity: -2,
    flags: NOSCRIPT,
    args: &[
        Arg::string("library-name-pattern").token("LIBRARYNAME").optional(),
        Arg::word("withcode", "WITHCODE").optional(),
    ],
    examples: &[
        "FUNCTION FLUSH",
        concat!(
            r##"FUNCTION LOAD "#!lua name=shop\nredis.register_function{function_name='left', "##,
            r##"callback=function(keys) return 1 end, flags={'no-writes'}, description='How many are left'}""##,
        ),
        "FUNCTION LIST",
        "FUNCTION LIST LIBRARYNAME s*p WITHCODE",
        "FUNCTION LIST LIBRARYNAME x*",
        "FUNCTION LIST LIBRARYNAME",
        "FUNCTION LIST X",
        "FUNCTION FLUSH",
        "FUNCTION LIST",
    ],
    tips: &["nondeterministic_output_order"],
    run: verbs::function_list,
    ..Command::DEFAULT
};

static LOAD: Command = Command {
    name: "load",
    summary: "Loads a library: its text says its name and registers its functions.",
    since: "7.0.0",
    group: Group::Scripting,
    complexity: "That of the library's text",
    arity: -3,
    flags: WRITE | DENYOOM | NOSCRIPT,
    args: &[Arg::word("replace", "REPLACE").optional(), Arg::string("function-code")],
    examples: &[
        "FUNCTION FLUSH",
        r##"FUNCTION LOAD "#!lua name=shop\nredis.register_function('sell', function() return 1 end)""##,
        r##"FUNCTION LOAD "#!lua name=shop\nredis.register_function('sell', function() return 2 end)""##,
        r##"FUNCTION LOAD REPLACE "#!lua name=shop\nredis.register_function('sell', function() return 2 end)""##,
        "FCALL sell 0",
        r##"FUNCTION LOAD replace REPLACE "#!lua name=shop\nredis.register_function('sell', function() end)""##,
        r##"FUNCTION LOAD "#!lua name=other\nredis.register_function('sell', function() return 2 end)""##,
        r#"FUNCTION LOAD "return 1""#,
        r##"FUNCTION LOAD "#!lua name=other""##,
        r##"FUNCTION LOAD "#!js name=other\nx""##,
        r##"FUNCTION LOAD "#!lua name=other\nlocal x = 1""##,
        r##"FUNCTION LOAD "#!lua name=other\nredis.call('PING')""##,
        r##"FUNCTION LOAD "#!lua name=other\nlocal each = ipairs""##,
        r##"FUNCTION LOAD "#!lua name=other\nlocal all = _G""##,
        r##"FUNCTION LOAD "#!lua name=other\nlocal kind = redis.REPL_ALL""##,
        r##"FUNCTION LOAD "#!lua name=other\nlocal s = ('a'):rep(redis.LOG_NOTICE)""##,
        r##"FUNCTION LOAD "#!lua name=other\nredis.register_function('a b', function() end)""##,
        r##"FUNCTION LOAD KEEP "#!lua name=other\nx""##,
        "FUNCTION FLUSH",
    ],
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    run: verbs::function_load,
    ..Command::DEFAULT
};

static RESTORE: Command = Command {
    name: "restore",
    summary: "Loads the libraries of FUNCTION DUMP.",
    since: "7.0.0",
    group: Group::Scripting,
    complexity: "That of the libraries' texts",
    arity: -3,
    flags: WRITE | DENYOOM | NOSCRIPT,
    args: &[
        Arg::string("serialized-value"),
        Arg::one_of(
            "policy",
            &[Arg::word("flush", "FLUSH"), Arg::word("append", "APPEND"), Arg::word("replace", "REPLACE")],
        )
        .optional(),
    ],
    examples: &[
        "FUNCTION FLUSH",
        concat!(
            r##"FUNCTION RESTORE "\xf59#!lua name=l\nredis.register_function('f', function() end)"##,
            r##"\x0a\x00\x9ccta\x88c\x82\xe9""##,
        ),
        "FUNCTION LIST",
        concat!(
            r##"FUNCTION RESTORE "\xf59#!lua name=l\nredis.register_function('f', function() end)"##,
            r##"\x0a\x00\x9ccta\x88c\x82\xe9""##,
        ),
        concat!(
            r##"FUNCTION RESTORE "\xf59#!lua name=l\nredis.register_function('f', function() end)"##,
            r##"\x0a\x00\x9ccta\x88c\x82\xe9" REPLACE"##,
        ),
        r##"FUNCTION LOAD REPLACE "#!lua name=l\nredis.register_function('g', function() end)""##,
        r##"FUNCTION LOAD "#!lua name=m\nredis.register_function('f', function() end)""##,
        concat!(
            r##"FUNCTION RESTORE "\xf59#!lua name=l\nredis.register_function('f', function() end)"##,
            r##"\x0a\x00\x9ccta\x88c\x82\xe9" REPLACE"##,
        ),
        "FUNCTION STATS",
        r#"FUNCTION RESTORE "\x0a\x00]\x9b\x5c@\x0f\x7f\xa2\xda" APPEND"#,
        r#"FUNCTION RESTORE "\x00\x05hello\x0a\x00cr\xdfve4 \x0a""#,
        "FUNCTION RESTORE bytes",
        "FUNCTION RESTORE bytes KEEP",
        "FUNCTION RESTORE bytes FLUSH FLUSH",
        r#"FUNCTION RESTORE "\x0a\x00]\x9b\x5c@\x0f\x7f\xa2\xda" FLUSH"#,
        "FUNCTION LIST",
    ],
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    run: verbs::function_restore,
    ..Command::DEFAULT
};

static STATS: Command = Command {
    name: "stats",
    summary: "Says which function is running for too long, and how many there are.",
    since: "7.0.0",
    group: Group::Scripting,
    arity: 2,
    flags: NOSCRIPT | ALLOW_BUSY,
    examples: &["FUNCTION FLUSH", "FUNCTION STATS"],
    tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
    run: verbs::function_stats,
    ..Command::DEFAULT
};
