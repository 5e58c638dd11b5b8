//! `SCRIPT`: the scripts that the server knows.

use crate::help::help;
use crate::prelude::*;
use crate::script::verbs;
use crate::spec::acl;

pub(crate) static SCRIPT: Command = Command {
    name: "script",
    summary: "Loads scripts, forgets them, and stops the one that runs.",
    since: "2.6.0",
    group: Group::Scripting,
    complexity: "That of the subcommand",
    arity: -2,
    acl_without: acl::SCRIPTING,
    sub: &[&DEBUG, &EXISTS, &FLUSH, &HELP, &KILL, &LOAD, &SHOW],
    ..Command::DEFAULT
};

static DEBUG: Command = Command {
    name: "debug",
    summary: "Sets how scripts are debugged: here they are not.",
    since: "3.2.0",
    group: Group::Scripting,
    arity: 3,
    flags: NOSCRIPT,
    args: &[Arg::one_of(
        "mode",
        &[Arg::word("yes", "YES"), Arg::word("sync", "SYNC"), Arg::word("no", "NO")],
    )],
    examples: &["SCRIPT DEBUG NO", "SCRIPT DEBUG MAYBE"],
    partial: Some("Scripts cannot be stepped through: only `NO` is accepted."),
    run: verbs::script_debug,
    ..Command::DEFAULT
};

static EXISTS: Command = Command {
    name: "exists",
    summary: "Says which of these digests are of scripts that the server knows.",
    since: "2.6.0",
    group: Group::Scripting,
    complexity: "O(1) for each digest",
    arity: -3,
    flags: NOSCRIPT,
    args: &[Arg::string("sha1").multiple()],
    examples: &[r#"SCRIPT LOAD "return 1""#, "SCRIPT EXISTS e0e1f9fabfc9d4800c877a703b823ac0578ff8db abc"],
    tips: &["request_policy:all_shards", "response_policy:agg_logical_and"],
    run: verbs::script_exists,
    ..Command::DEFAULT
};

static FLUSH: Command = Command {
    name: "flush",
    summary: "Forgets all scripts.",
    since: "2.6.0",
    group: Group::Scripting,
    complexity: "O(N) in the number of scripts",
    arity: -2,
    flags: NOSCRIPT,
    args: &[Arg::one_of("async", &[Arg::word("async", "ASYNC"), Arg::word("sync", "SYNC")])
        .optional()
        .since("6.2.0")],
    examples: &[
        r#"SCRIPT LOAD "return 1""#,
        "SCRIPT FLUSH SYNC",
        "SCRIPT EXISTS e0e1f9fabfc9d4800c877a703b823ac0578ff8db",
        "SCRIPT FLUSH SOON",
        "SCRIPT FLUSH ASYNC x",
    ],
    history: &[("6.2.0", "Takes ASYNC or SYNC.")],
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    run: verbs::script_flush,
    ..Command::DEFAULT
};

static HELP: Command = Command {
    name: "help",
    summary: "Names the subcommands.",
    since: "5.0.0",
    group: Group::Scripting,
    arity: 2,
    flags: LOADING | STALE,
    run: |_, _, out| help(out, &SCRIPT),
    ..Command::DEFAULT
};

static KILL: Command = Command {
    name: "kill",
    summary: "Stops the script that runs for too long, unless it has written.",
    since: "2.6.0",
    group: Group::Scripting,
    arity: 2,
    flags: NOSCRIPT | ALLOW_BUSY,
    examples: &["SCRIPT KILL"],
    tips: &["request_policy:all_shards", "response_policy:one_succeeded"],
    run: verbs::kill,
    ..Command::DEFAULT
};

static LOAD: Command = Command {
    name: "load",
    summary: "Makes a script known, and returns its SHA-1 digest.",
    since: "2.6.0",
    group: Group::Scripting,
    complexity: "O(N) in the length of the script",
    arity: 3,
    flags: NOSCRIPT | STALE,
    args: &[Arg::string("script")],
    examples: &[r#"SCRIPT LOAD "return 1""#, r#"SCRIPT LOAD "retur 1""#],
    tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
    run: verbs::script_load,
    ..Command::DEFAULT
};

static SHOW: Command = Command {
    name: "show",
    summary: "Returns the text of a script.",
    since: "8.0.0",
    group: Group::Scripting,
    arity: 3,
    flags: NOSCRIPT,
    args: &[Arg::string("sha1")],
    examples: &[
        r#"SCRIPT LOAD "return 1""#,
        "SCRIPT SHOW e0e1f9fabfc9d4800c877a703b823ac0578ff8db",
        "SCRIPT SHOW abc",
    ],
    run: verbs::script_show,
    ..Command::DEFAULT
};
